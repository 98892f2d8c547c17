/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "diag.h"
#include "finding.h"
#include "util.h"

/* What handlers may read; set before they are. */
static pid_t main_pid;
static volatile sig_atomic_t to_plugin;

void setup_nagios(bool nagios)
{
	to_plugin = nagios;
}

void setup_child(void)
{
	main_pid = getpid();
}

/* ---- ends of the run ---- */

static void say(int fd, const char *text)
{
	ssize_t ignored = write(fd, text, strlen(text));

	(void)ignored;
}

/* Only with functions that are safe in a signal handler. A child says nothing. */
static _Noreturn void end_with(enum severity status, const char *why)
{
	if (getpid() == main_pid) {
		if (to_plugin) {
			say(STDOUT_FILENO, status == SEVERITY_WARNING ? "DOCKFW WARNING - " :
			    "DOCKFW UNKNOWN - ");
			say(STDOUT_FILENO, why);
		} else {
			say(STDERR_FILENO, "dockfw-check: ");
			say(STDERR_FILENO, why);
		}
	}
	_exit((int)status);
}

/*
 * A fault, or a library that aborts, still ends in a status that monitoring systems
 * understand. Nothing is half-written then: each write is a single system call.
 */
static void __attribute__((unused)) on_fault(int number)
{
	(void)number;
	end_with(SEVERITY_UNKNOWN, "terminated by a fault in the program or a library, or by too small "
		 "a limit of its memory or stack; the state is unknown\n");
}

static const char no_cpu_time[] = "the limit of CPU time (RLIMIT_CPU, ulimit -t) is used up; raise it\n";

static void on_cpu_limit(int number)
{
	(void)number;
	end_with(SEVERITY_UNKNOWN, no_cpu_time);
}

static void on_stop(int number)
{
	(void)number;
	end_with(SEVERITY_WARNING, "stopped by SIGTERM before it was finished; what was written is in force\n");
}

/*
 * Unlike one that is ignored, such a signal has its usual effect in programs that are run. Those that
 * are ignored are given back where one is run that is to be ended (systemctl.c).
 */
static void on_nothing(int number)
{
	(void)number;
}

/* ---- signals and timers ---- */

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

static void set_up_faults(void)
{
#ifndef __SANITIZE_ADDRESS__ /* it has its own handlers, which report more */
	/* An overflow of the stack leaves no room for a handler there. */
	static char fault_stack[64 * 1024];
	static const int faults[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP };
	const stack_t stack = { .ss_sp = fault_stack, .ss_size = sizeof(fault_stack) };

	sigaltstack(&stack, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		handle(faults[i], on_fault, SA_ONSTACK);
#endif
}

static void set_up_signals(void)
{
	static const int unwanted[] = { SIGALRM, SIGIO, SIGPROF, SIGPWR, SIGSTKFLT, SIGUSR1, SIGUSR2,
					SIGVTALRM, SIGXCPU };
	struct sigaction stop;
	sigset_t held;

	/* First, so that one that is pending is dropped and not delivered below. */
	for (size_t i = 0; i < ARRAY_SIZE(unwanted); i++)
		handle(unwanted[i], SIG_IGN, 0);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		handle(number, SIG_IGN, 0);
	set_up_faults();
	/* A write to a closed pipe or over the size limit is an error to report. */
	handle(SIGPIPE, on_nothing, SA_RESTART);
	handle(SIGXFSZ, on_nothing, SA_RESTART);
	handle(SIGXCPU, on_cpu_limit, 0);
	handle(SIGPROF, on_cpu_limit, 0); /* the timer of limit_cpu_time() */
	handle(SIGCHLD, SIG_DFL, 0);
	if (sigaction(SIGTERM, NULL, &stop) == 0 && stop.sa_handler != SIG_IGN)
		handle(SIGTERM, on_stop, 0);
	setup_stop_signals(&held);
	sigprocmask(SIG_SETMASK, &held, NULL);
}

void setup_stop_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

void setup_release_signals(void)
{
	sigset_t held;

	setup_stop_signals(&held);
	sigprocmask(SIG_UNBLOCK, &held, NULL);
}

/* They survive execve(2). */
static void clear_timers(void)
{
	const struct itimerval none = { 0 };

	setitimer(ITIMER_REAL, &none, NULL);
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	setitimer(ITIMER_PROF, &none, NULL);
}

/* ---- limits ---- */

/* Raises the soft limit to the hard one, but not above enough. */
static void raise_limit(int resource, rlim_t enough)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0 || limit.rlim_cur >= enough)
		return;
	limit.rlim_cur = limit.rlim_max < enough ? limit.rlim_max : enough;
	setrlimit(resource, &limit);
}

/*
 * The kernel's own signal at the hard limit is SIGKILL: end before it. The time is counted
 * at the ticks of the clock, and on a busy virtual machine with what others used meanwhile.
 */
#define CPU_MARGIN_US 500000

static int limit_cpu_time(void)
{
	struct rlimit limit;
	struct rusage used;
	struct itimerval timer = { 0 };
	int64_t left;

	if (getrlimit(RLIMIT_CPU, &limit) < 0 || limit.rlim_max > INT32_MAX ||
	    getrusage(RUSAGE_SELF, &used) < 0)
		return 0;
	left = ((int64_t)limit.rlim_max - used.ru_utime.tv_sec - used.ru_stime.tv_sec) * 1000000 -
	       used.ru_utime.tv_usec - used.ru_stime.tv_usec - CPU_MARGIN_US;
	if (left <= 0) {
		diag_error("%.*s", (int)strlen(no_cpu_time) - 1, no_cpu_time);
		return -1;
	}
	timer.it_value.tv_sec = left / 1000000;
	timer.it_value.tv_usec = left % 1000000;
	setitimer(ITIMER_PROF, &timer, NULL);
	return 0;
}

/* Without descriptors extensions and locales are missing, each with another message. */
#define FILES_NEEDED 32

static int check_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= FILES_NEEDED)
		return 0;
	diag_error("the limit of open files (RLIMIT_NOFILE, ulimit -n) is %lu; at least %d are needed",
		   (unsigned long)limit.rlim_cur, FILES_NEEDED);
	return -1;
}

static int set_up_limits(void)
{
	raise_limit(RLIMIT_AS, RLIM_INFINITY);
	raise_limit(RLIMIT_CPU, RLIM_INFINITY);
	raise_limit(RLIMIT_DATA, RLIM_INFINITY);
	raise_limit(RLIMIT_FSIZE, RLIM_INFINITY);
	raise_limit(RLIMIT_NPROC, RLIM_INFINITY);
	/* The usual limits are enough: higher ones change how programs behave. */
	raise_limit(RLIMIT_NOFILE, 1024);
	raise_limit(RLIMIT_STACK, 8 * 1024 * 1024);
	return check_files() || limit_cpu_time() ? -1 : 0;
}

int setup_process(void)
{
	main_pid = getpid();
	clear_timers();
	set_up_signals();
	/* Libraries open files: none may get a descriptor of the standard streams. */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) {
			diag_error("cannot open '/dev/null' in place of a closed stream: %s",
				   strerror(errno));
			return -1;
		}
	if (getauxval(AT_SECURE)) {
		diag_error("refusing to run set-user-ID or with file capabilities; run it as root");
		return -1;
	}
	return set_up_limits();
}
