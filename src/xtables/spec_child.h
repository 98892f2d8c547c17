/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_CHILD_H
#define DOCKFW_SPEC_CHILD_H

#include <sys/types.h>

#include "spec.h"

/* The exit status if the child itself failed, which says nothing about the current text. */
#define SPEC_CHILD_FAILED 2

/* The child's ends of what it shares with the process that forked. */
struct spec_ends {
	int out;     /* for records */
	int answers; /* to questions: one byte each */
	int errors;  /* becomes stderr */
	pid_t parent;
};

/*
 * Runs in a fork of the program, from the text or rule at first on, confined (see
 * spec_confine.h). Answers each with records: at_once, or many together, some of which
 * are lost if the child crashes.
 */
_Noreturn void spec_child_run(const struct spec_job *job, size_t first, bool at_once,
			      const struct spec_ends *ends);

#endif
