/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CAPTURE_H
#define DOCKFW_CAPTURE_H

#include <stdio.h>

#include "policy.h"
#include "ruleset.h"

/*
 * Writes a configuration that holds the live DOCKER-USER of the policy's
 * families, and the chains of the user's own that it leads to: a host that is
 * checked with it has the configured rules. The mark and Docker's closing
 * RETURN are left out. A rule that no configuration can hold is written as a
 * remark, with a warning. The snapshot has those chains loaded.
 *
 * Returns -1, said, where there is no DOCKER-USER, or where the rules cannot be
 * written as text; whether out took it all is the caller's to ask.
 */
int capture(const struct policy *policy, const struct snapshot *snapshot, FILE *out);

#endif
