/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_UNJUDGED_H
#define DOCKFW_UNJUDGED_H

#include <stdio.h>

#include "json.h"

/* What of Docker on this host neither --exposure nor --trace can judge. */

struct unjudged {
	char *elsewhere; /* owned: a sentence about a Docker elsewhere, or NULL */
};

/* Returns 0, or -1 after reporting why; the caller clears it in any case. */
int unjudged_read(struct unjudged *unjudged);
void unjudged_clear(struct unjudged *unjudged);

/* Reports the sentences as warnings. */
void unjudged_warn(const struct unjudged *unjudged);
/* The sentences, as an array. */
json_t *unjudged_json(const struct unjudged *unjudged);

#endif
