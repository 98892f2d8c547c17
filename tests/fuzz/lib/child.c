/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNTERS 65536
#define INPUT_MAX 65536
#define RUNS 2000 /* inputs of one child */

/* Counters that libFuzzer reads in addition to those of the compiler. */
static uint8_t shared[COUNTERS] __attribute__((section("__libfuzzer_extra_counters"), aligned(4096)));

struct place {
	uintptr_t pc, flags;
};
extern uint8_t __start___sancov_cntrs[] __attribute__((visibility("hidden")));
extern uint8_t __stop___sancov_cntrs[] __attribute__((visibility("hidden")));
extern const struct place __start___sancov_pcs[] __attribute__((visibility("hidden")));
extern const struct place __stop___sancov_pcs[] __attribute__((visibility("hidden")));

static volatile int *failed; /* shared by all */
static uint8_t *input;       /* shared by all */
static int said;             /* the original stderr */
static uintptr_t first, last; /* the program's own code */

static bool is_own(uintptr_t at)
{
	return at >= first && at <= last;
}

/*
 * Whether the innermost code that belongs neither to the sanitizer nor to libc is the
 * program's own.
 */
static bool is_ours(void)
{
	void *frames[64];
	int n = backtrace(frames, 64), i = 0;
	Dl_info self, info;

	dladdr((void *)child_setup, &self);
	/* This function and its caller; frames of the sanitizer may come before and after them. */
	while (i < n && !is_own((uintptr_t)frames[i]))
		i++;
	while (i < n && is_own((uintptr_t)frames[i]))
		i++;
	for (; i < n; i++) {
		if (is_own((uintptr_t)frames[i]))
			return true;
		if (dladdr(frames[i], &info) && info.dli_fbase != self.dli_fbase &&
		    !strstr(info.dli_fname, "libc.so") && !strstr(info.dli_fname, "ld-linux"))
			return false;
	}
	return true;
}

/*
 * The sanitizer, or a property that does not hold, has written an error to stderr, a
 * file in memory.
 */
static void on_death(void)
{
	char buffer[4096];
	off_t at = 0;
	ssize_t size;

	if (!is_ours())
		return;
	*failed = 1;
	while ((size = pread(STDERR_FILENO, buffer, sizeof(buffer), at)) > 0) {
		if (write(said, buffer, (size_t)size) != size)
			break;
		at += size;
	}
}

static void on_abort(int number)
{
	on_death();
	signal(number, SIG_DFL);
	raise(number);
}

void child_setup(void)
{
	/* backtrace() loads a library when it is first called. */
	void *frame[1];

	backtrace(frame, 1);
	said = dup(STDERR_FILENO);
	failed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	input = mmap(NULL, INPUT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (said < 0 || failed == MAP_FAILED || input == MAP_FAILED ||
	    mmap(shared, sizeof(shared), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != shared)
		abort();
	first = UINTPTR_MAX;
	for (const struct place *place = __start___sancov_pcs; place < __stop___sancov_pcs; place++) {
		first = place->pc < first ? place->pc : first;
		last = place->pc > last ? place->pc : last;
	}
	last += 4096;
}

/* ---- in the child ---- */

static void clear_counters(void)
{
	memset(__start___sancov_cntrs, 0, (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs));
}

/* libFuzzer has cleared the shared ones. */
static void share_counters(void)
{
	size_t n = (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs);

	memcpy(shared, __start___sancov_cntrs, n < COUNTERS ? n : COUNTERS);
}

static void __attribute__((noreturn)) serve(const struct child *child, int from, int to)
{
	int errors = memfd_create("errors", MFD_CLOEXEC);
	size_t size;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (errors < 0 || dup2(errors, STDERR_FILENO) < 0)
		_exit(1);
	__sanitizer_set_death_callback(on_death);
	signal(SIGABRT, on_abort);
	if (child->start)
		child->start();
	while (read(from, &size, sizeof(size)) == sizeof(size)) {
		if (ftruncate(STDERR_FILENO, 0) || lseek(STDERR_FILENO, 0, SEEK_SET))
			_exit(1);
		clear_counters();
		child->run(input, size);
		share_counters();
		if (write(to, "", 1) != 1)
			_exit(1);
	}
	_exit(0);
}

/* ---- in the parent ---- */

static void start(struct child *child)
{
	int there[2], back[2];

	if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
		abort();
	child->pid = fork();
	if (child->pid < 0)
		abort();
	if (!child->pid) {
		/* Only the parent may hold these, so that a child that ends is seen to end. */
		close(there[1]);
		close(back[0]);
		serve(child, there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	child->to = there[1];
	child->from = back[0];
	child->runs = 0;
}

static void stop(struct child *child)
{
	close(child->to);
	close(child->from);
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
}

void child_run(struct child *child, const uint8_t *data, size_t size)
{
	char done;

	if (size > INPUT_MAX)
		return;
	if (!child->pid)
		start(child);
	memcpy(input, data, size);
	if (write(child->to, &size, sizeof(size)) != sizeof(size) || read(child->from, &done, 1) != 1 ||
	    ++child->runs == RUNS)
		stop(child);
	if (*failed) {
		fprintf(stderr, "the program failed in a child, see above\n");
		abort();
	}
}
