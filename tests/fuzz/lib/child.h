/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FUZZ_CHILD_H
#define DOCKFW_FUZZ_CHILD_H

/*
 * Targets that fork, as the program does to use libxtables: what the children run
 * counts as covered, and what goes wrong in them is found. A child in which the
 * library itself fails is none of that: it is why there are children. Link with
 * --wrap=_exit.
 */

/* Once, from LLVMFuzzerInitialize(). */
void child_setup(void);
/* Behind each use of children: aborts, and says why, where the program failed in one. */
void child_check(void);

#endif
