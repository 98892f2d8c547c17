/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked in to measure coverage: _exit() would lose the counts, and so would a child
 * that may not write files.
 */
#include <stdbool.h>

int __wrap_spec_landlock(void);
int __wrap_spec_seccomp(bool sets);

int __wrap_spec_landlock(void)
{
	return 0;
}

int __wrap_spec_seccomp(bool sets)
{
	(void)sets;
	return 0;
}

void __gcov_dump(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
