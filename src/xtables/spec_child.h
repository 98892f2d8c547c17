/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_CHILD_H
#define DOCKFW_SPEC_CHILD_H

#include <sys/types.h>

#include "spec.h"

/* The exit status if the child itself failed, which says nothing about the current text. */
#define SPEC_CHILD_FAILED 2

/*
 * Runs in a fork of the program, from the text or rule at first on. Answers each
 * with records to out: at_once, or many together, some of which are lost if the
 * child crashes. parent is the process that forked; errors becomes stderr.
 */
_Noreturn void spec_child_run(const struct spec_job *job, size_t first, bool at_once, int out,
			      int errors, pid_t parent);

#endif
