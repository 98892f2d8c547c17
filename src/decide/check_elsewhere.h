/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_ELSEWHERE_H
#define DOCKFW_CHECK_ELSEWHERE_H

#include "dockerd.h"
#include "finding.h"

/* A Docker whose ports this host's tables do not show. Pure. */

/* What is not known because of it, as a sentence, which the caller frees; NULL: there is none. */
char *elsewhere_text(const struct docker_elsewhere *elsewhere);
/* Adds a finding of severity unknown if there is one. */
void check_elsewhere(const struct docker_elsewhere *elsewhere, struct findings *findings);

#endif
