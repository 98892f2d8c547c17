/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program and makes one of its system calls fail:
 *
 *	fault list COMMAND…                        lists them
 *	fault PROCESS NUMBER kill COMMAND…         SIGKILL before that call
 *	fault PROCESS NUMBER ENOMEM|… COMMAND…     that call fails without being made, except
 *	                                           close(): Linux closes even if it fails
 *
 * PROCESS 0 is the program, 1 its first child, and so on; NUMBER counts the calls of
 * each process from 1. For the program, counting begins with the first call of main(),
 * which checks descriptor 0: failures in the loader are not the program's.
 *
 * Writes to descriptor 3 what was done: "PROCESS NUMBER CALL", for a list once for each
 * call; nothing if the program ended before. Exits as the program does, with 128 plus the
 * signal if a signal killed it; with 125 if fault itself failed, with 124 if the program
 * left a process behind. Every process is traced to its end.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* After the C library's headers, whose names it shares. */
#include <linux/ptrace.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
		 PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)
#define LEFT_BEHIND_S 20
#define PROCESSES 1024

struct process {
	pid_t pid;
	bool counting, spoiled;
	unsigned long calls;
};

static struct process processes[PROCESSES];
static int nprocesses;
static pid_t program;
static FILE *said;

static bool list, killing, done;
static int wanted_process, wanted_errno;
static unsigned long wanted_call;

static void die(const char *what)
{
	fprintf(stderr, "fault: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* A child may stop before its parent reports it: then it is new here. */
static struct process *process_of(pid_t pid)
{
	for (int i = nprocesses; i-- > 0;)
		if (processes[i].pid == pid)
			return &processes[i];
	if (nprocesses == PROCESSES)
		die("too many processes");
	processes[nprocesses] = (struct process){ .pid = pid, .counting = nprocesses > 0 };
	return &processes[nprocesses++];
}

#if defined(__x86_64__)
static int no_call(pid_t pid)
{
	return (int)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L);
}
static int set_result(pid_t pid, long result)
{
	return (int)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), result);
}
#elif defined(__aarch64__)
static int no_call(pid_t pid)
{
	int none = -1;
	struct iovec part = { &none, sizeof(none) };

	return (int)ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &part);
}
static int set_result(pid_t pid, long result)
{
	struct user_regs_struct regs;
	struct iovec part = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &part) < 0)
		return -1;
	regs.regs[0] = (unsigned long long)result;
	return (int)ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &part);
}
#else
static int no_call(pid_t pid)
{
	(void)pid;
	errno = ENOSYS;
	return -1;
}
static int set_result(pid_t pid, long result)
{
	(void)result;
	return no_call(pid);
}
#endif

/* These cannot fail, or the kernel itself makes them. */
static bool cannot_fail(unsigned long long call)
{
	return call == SYS_exit_group || call == SYS_exit || call == SYS_rt_sigreturn ||
	       call == SYS_restart_syscall;
}

static void entered(struct process *process, const struct ptrace_syscall_info *info)
{
	int number = (int)(process - processes);

	if (!process->counting && info->entry.nr == SYS_fcntl && !info->entry.args[0] &&
	    info->entry.args[1] == F_GETFD)
		process->counting = true;
	if (!process->counting)
		return;
	process->calls++;
	if (list)
		fprintf(said, "%d %lu %llu\n", number, process->calls,
			(unsigned long long)info->entry.nr);
	if (list || done || number != wanted_process || process->calls != wanted_call)
		return;
	done = true;
	if (!killing && cannot_fail(info->entry.nr))
		return;
	fprintf(said, "%d %lu %llu %lld\n", number, process->calls,
		(unsigned long long)info->entry.nr, (long long)info->entry.args[0]);
	if (killing) {
		kill(process->pid, SIGKILL);
		return;
	}
	if (info->entry.nr != SYS_close && no_call(process->pid) < 0)
		die("cannot take a call back");
	process->spoiled = true;
}

/* Handles a stop of a traced process. Returns the signal to continue it with. */
static int stopped(struct process *process, int status)
{
	struct ptrace_syscall_info info;

	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof(info), &info) <= 0)
			return 0;
		if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
			entered(process, &info);
		} else if (process->spoiled) {
			process->spoiled = false;
			if (set_result(process->pid, -wanted_errno) < 0)
				die("cannot set a result");
		}
		return 0;
	}
	if (status >> 16 || WSTOPSIG(status) == SIGTRAP)
		return 0;
	/* The first stop of a child that was attached automatically. */
	if (WSTOPSIG(status) == SIGSTOP)
		return 0;
	return WSTOPSIG(status);
}

static void left_behind(int number)
{
	(void)number;
	_exit(124);
}

static int follow(void)
{
	int result = 125, status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		struct process *process;
		int number;

		if (pid < 0)
			continue;
		process = process_of(pid);
		if (!WIFSTOPPED(status)) {
			if (pid != program)
				continue;
			result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			signal(SIGALRM, left_behind);
			alarm(LEFT_BEHIND_S);
			continue;
		}
		number = stopped(process, status);
		ptrace(done && !process->spoiled ? PTRACE_CONT : PTRACE_SYSCALL, pid, NULL, (long)number);
	}
	return result;
}

static int errno_of(const char *name)
{
	static const struct { const char *name; int value; } known[] = {
		{ "ENOMEM", ENOMEM }, { "EPERM", EPERM }, { "EINTR", EINTR },
		{ "EAGAIN", EAGAIN }, { "ENOBUFS", ENOBUFS }, { "EIO", EIO },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name))
			return known[i].value;
	return 0;
}

int main(int argc, char *argv[])
{
	int status, first = 2;

	list = argc > 2 && !strcmp(argv[1], "list");
	if (!list) {
		if (argc < 5)
			return 125;
		wanted_process = atoi(argv[1]);
		wanted_call = strtoul(argv[2], NULL, 10);
		killing = !strcmp(argv[3], "kill");
		wanted_errno = killing ? 0 : errno_of(argv[3]);
		first = 4;
		if (!killing && !wanted_errno)
			return 125;
	}
	said = fdopen(3, "w");
	if (!said || fcntl(3, F_SETFD, FD_CLOEXEC) < 0)
		die("descriptor 3");
	setvbuf(said, NULL, _IOFBF, 1 << 16);
	program = fork();
	if (program < 0)
		die("fork");
	if (!program) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP))
			_exit(125);
		execv(argv[first], argv + first);
		_exit(125);
	}
	if (waitpid(program, &status, 0) != program || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, program, NULL, OPTIONS) < 0)
		die("cannot trace");
	process_of(program);
	ptrace(PTRACE_SYSCALL, program, NULL, NULL);
	status = follow();
	if (fflush(said))
		die("descriptor 3");
	return status;
}
