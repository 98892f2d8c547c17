/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_CHILD_H
#define DOCKFW_SPEC_CHILD_H

#include <sys/types.h>

#include "spec.h"

/* Its exit status where the child itself failed, which says nothing of the text at hand. */
#define SPEC_CHILD_FAILED 2

/*
 * What a fork of the program does from the text or rule at first on: answers
 * for each with records to out, each at_once or many together, of which a child
 * that crashes loses some. parent is who forked; errors becomes stderr.
 */
_Noreturn void spec_child_run(const struct spec_job *job, size_t first, bool at_once, int out,
			      int errors, pid_t parent);

#endif
