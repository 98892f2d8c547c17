/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_UNJUDGED_H
#define DOCKFW_UNJUDGED_H

#include <stdio.h>

#include "json.h"
#include "policy.h"
#include "world.h"

/* What of Docker on this host neither --exposure nor --trace can judge: each a sentence. */

struct unjudged {
	char *elsewhere; /* owned: about a Docker elsewhere, or NULL */
	struct strings docker; /* about this host's own: that it is hidden; for --exposure, the rest */
};

/*
 * Reads whether a Docker is elsewhere, and whether processes are hidden, if the policy does not
 * ignore that. Returns 0, or -1 after reporting why; the caller clears it in any case.
 */
int unjudged_read(struct unjudged *unjudged, const struct policy *policy);
/*
 * Adds what is not known of this host's own Docker: families that the policy leaves out, though
 * Docker is in them; bridges while dockerd runs without its chains; ports that rules may publish
 * of which it cannot be read where they lead; and packets with a source route, which get to its
 * containers by another destination. world has the proxies.
 * Reports each as a warning. Returns 0, or -1 after reporting why it cannot be read.
 */
int unjudged_docker(struct unjudged *unjudged, const struct policy *policy,
		    const struct world *world);
void unjudged_clear(struct unjudged *unjudged);

/* Reports what unjudged_read() found as warnings. */
void unjudged_warn(const struct unjudged *unjudged);
/* The sentences, as an array. */
json_t *unjudged_json(const struct unjudged *unjudged);

#endif
