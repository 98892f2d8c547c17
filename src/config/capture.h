/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CAPTURE_H
#define DOCKFW_CAPTURE_H

#include <stdio.h>

#include "policy.h"
#include "ruleset.h"

/*
 * Writes a configuration that holds the live DOCKER-USER of the policy's
 * families and the user-defined chains that it leads to: a check of the host
 * against it finds the configured rules. The mark and Docker's closing RETURN
 * are left out. A rule that no configuration can hold is written as a comment,
 * with a warning. The snapshot must have those chains loaded.
 *
 * Returns -1 after reporting why if there is no DOCKER-USER or the rules cannot
 * be written as text. The caller checks whether out accepted everything.
 */
int capture(const struct policy *policy, const struct snapshot *snapshot, FILE *out);

#endif
