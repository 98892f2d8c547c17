/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNTERS 65536

/* Counters that libFuzzer reads in addition to those of the compiler. */
static uint8_t shared[COUNTERS] __attribute__((section("__libfuzzer_extra_counters"), aligned(4096)));

struct place {
	uintptr_t pc, flags;
};
extern uint8_t __start___sancov_cntrs[] __attribute__((visibility("hidden")));
extern uint8_t __stop___sancov_cntrs[] __attribute__((visibility("hidden")));
extern const struct place __start___sancov_pcs[] __attribute__((visibility("hidden")));
extern const struct place __stop___sancov_pcs[] __attribute__((visibility("hidden")));

static bool in_child;
static volatile int *failed; /* shared by all */
static int said;             /* the original stderr */
static uintptr_t first, last; /* the program's own code */

void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	size_t n = (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs);

	for (size_t i = 0; in_child && i < n && i < COUNTERS; i++)
		if (__start___sancov_cntrs[i] > shared[i])
			shared[i] = __start___sancov_cntrs[i];
	__real__exit(status);
}

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

/* The sanitizer has found an error and written it to stderr, a file in memory. */
static void on_death(void)
{
	char buffer[4096];
	off_t at = 0;
	ssize_t size;

	if (!is_ours()) {
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
		__real__exit(1);
	}
	*failed = 1;
	while ((size = pread(STDERR_FILENO, buffer, sizeof(buffer), at)) > 0) {
		if (write(said, buffer, (size_t)size) != size)
			break;
		at += size;
	}
}

static void on_fork(void)
{
	in_child = true;
	memset(__start___sancov_cntrs, 0, (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs));
	__sanitizer_set_death_callback(on_death);
	signal(SIGABRT, SIG_DFL);
}

void child_setup(void)
{
	/* backtrace() loads a library when it is first called. */
	void *frame[1];

	backtrace(frame, 1);
	said = dup(STDERR_FILENO);
	failed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (said < 0 || failed == MAP_FAILED ||
	    mmap(shared, sizeof(shared), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != shared ||
	    pthread_atfork(NULL, NULL, on_fork))
		abort();
	first = UINTPTR_MAX;
	for (const struct place *place = __start___sancov_pcs; place < __stop___sancov_pcs; place++) {
		first = place->pc < first ? place->pc : first;
		last = place->pc > last ? place->pc : last;
	}
	last += 4096;
}

void child_check(void)
{
	if (!*failed)
		return;
	fprintf(stderr, "the program failed in a child, see above\n");
	abort();
}
