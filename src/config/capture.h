/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CAPTURE_H
#define DOCKFW_CAPTURE_H

#include <stdio.h>

#include "policy.h"
#include "ruleset.h"

enum captured {
	CAPTURED_FAILED,  /* the reason has been reported, and nothing was written */
	CAPTURED_WHOLE,   /* what matters; some rules that are left out may stay as they are */
	CAPTURED_NOTHING, /* DOCKER-USER has no rule */
	CAPTURED_NONE,    /* it has some, and none of them can be captured */
	/*
	 * A rule that is left out lets packets past captured ones that refuse. A repair from this
	 * configuration would move those before it, and so refuse these packets.
	 */
	CAPTURED_UNSAFE,
};

/*
 * Writes a configuration that holds the live DOCKER-USER of the policy's families and the
 * user-defined chains that it leads to: a check of the host against it finds the
 * configured rules. It is for both families. The mark and Docker's closing RETURN are
 * left out. A chain that others fill is declared as such (capture_chains.h). A rule that no
 * configuration can hold is written as a comment. Whatever the reader should look at is also
 * reported as a warning. All chains of filter but Docker's own must be loaded. Docker's own
 * tables, if there are any, show that it does not use DOCKER-USER.
 *
 * Fails if there is no DOCKER-USER, or if the text is not a configuration. The caller
 * checks whether out accepted everything.
 */
enum captured capture(const struct policy *policy, const struct snapshot *snapshot, FILE *out);

#endif
