/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FUZZ_CHILD_H
#define DOCKFW_FUZZ_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * For targets that use libxtables, which may crash: inputs are run in a child process,
 * many in each. The code that it runs counts as covered, and errors in it are found. A
 * child in which the library itself fails is not an error: that is why the program has
 * children, too. Then, and after some inputs, there is a new child, in which the library
 * has a fresh state.
 */
struct child {
	void (*start)(void); /* called first in each child; may be NULL */
	void (*run)(const uint8_t *data, size_t size);
	/* The rest is child_run()'s own, zero at first. */
	pid_t pid;
	int to, from;
	unsigned int runs;
};

/* Once, from LLVMFuzzerInitialize(). */
void child_setup(void);
/* Runs one input; aborts, after it has shown why, if the program failed on it. */
void child_run(struct child *child, const uint8_t *data, size_t size);

#endif
