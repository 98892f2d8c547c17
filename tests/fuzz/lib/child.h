/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FUZZ_CHILD_H
#define DOCKFW_FUZZ_CHILD_H

/*
 * For targets that fork, as the program does to use libxtables: the code that children
 * run counts as covered, and errors in them are found. A child in which the library
 * itself fails is not an error: it is why there are children. Link with --wrap=_exit.
 */

/* Once, from LLVMFuzzerInitialize(). */
void child_setup(void);
/* After each use of children: aborts, and says why, if the program failed in one. */
void child_check(void);

#endif
