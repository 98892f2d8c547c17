/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WATCH_COUNTS_H
#define DOCKFW_WATCH_COUNTS_H

#include <stdint.h>

#include "watch_event.h"

/* What a watch has counted since it began. No I/O. */

struct culprit_count {
	char name[16]; /* "": not known; of whoever has no entry of its own, "other" */
	uint64_t repairs, guard; /* after its writes: of the tables, of the guard */
};

struct watch_counts {
	/* Names are what processes call themselves: only so many are told apart. */
	struct culprit_count v[32];
	unsigned int n;
	uint64_t wrong_ms; /* in which something was wrong */
	uint64_t contested, storms;
	uint64_t looks, transactions; /* the caller's own; no event counts them */
};

/* Counts an event. */
void watch_counts_add(struct watch_counts *counts, const struct watch_event *event);

#endif
