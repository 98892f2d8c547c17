/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_HIDDEN_H
#define DOCKFW_CHECK_HIDDEN_H

#include "dockerd.h"
#include "finding.h"
#include "policy.h"

/* Whether dockerd and docker-proxy can be seen. Pure. */

/*
 * What is not known where processes of others are hidden, as a sentence, which the caller frees.
 * here: a dockerd of this network namespace may run; else only one elsewhere.
 */
char *hidden_text(bool here);
/*
 * Adds a finding if they are hidden: a warning, and of severity unknown if docker-proxy's ports
 * should be closed and cannot be known.
 */
void check_hidden(const struct policy *policy, const struct dockerd *dockerd,
		  struct findings *findings);

#endif
