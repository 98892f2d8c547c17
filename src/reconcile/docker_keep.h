/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_KEEP_H
#define DOCKFW_DOCKER_KEEP_H

#include <sys/types.h>

#include "docker_restore.h"
#include "session.h"

/* Docker's chains as they were when they were last complete, of one dockerd. */
struct docker_keep {
	struct snapshot *kept[FAMILY_COUNT]; /* owned; NULL: nothing is kept */
	struct proxies proxies; /* owned; those that ran then */
	pid_t dockerd;          /* whose chains they are */
	uint64_t started;       /* and when it was started, as struct dockerd has it */
	bool changed;           /* since it was stored */
};
void docker_keep_clear(struct docker_keep *keep);

enum docker_kept_state {
	KEPT_NOTHING,    /* there is no copy, and nothing that is complete */
	KEPT_UNFINISHED, /* not complete, but nothing of the copy is gone */
	KEPT_LOST,       /* something of the copy is gone */
	KEPT_NEW,        /* all is complete, and is the copy now */
};

/*
 * Compares what is there now with the copy. What is complete becomes the copy of its
 * family, unless something of another family is lost; with unfinished, also what only lacks
 * translations. Returns 0, or -1 after reporting why.
 */
int docker_keep_compare(struct docker_keep *keep, const struct session *session, bool unfinished,
			enum docker_kept_state *state);

/*
 * Brings back what is gone, in one transaction. Sets edits to what was written, and left_out
 * to the number of missing rules that are for something that does not exist any more. Returns
 * 0, or -1 after reporting why.
 */
int docker_keep_restore(const struct docker_keep *keep, struct session *session,
			struct edits *edits, size_t *left_out);

#endif
