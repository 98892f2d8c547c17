/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WRITE_RATE_H
#define DOCKFW_WRITE_RATE_H

#include <stdint.h>

#include "table_change.h"

/* How often others write to nf_tables, and who does most of it. No I/O. */

struct write_rate {
	uint64_t total;      /* transactions */
	uint64_t begun_ms;   /* when the current second began */
	unsigned int writes; /* in it */
	uint64_t storm_ms;   /* the last second of a storm; 0: there was none */
	/* Who has the majority in the current second, if anybody has (Boyer and Moore). */
	pid_t pid;
	char name[16];
	unsigned int votes;
};

/*
 * Counts a transaction at that time of clock_ms(). Returns true if a storm begins with it: as
 * many as STORM_WRITES within a second, after STORM_OVER_MS without that.
 */
bool write_rate_add(struct write_rate *rate, const struct table_change *change, uint64_t now);

#endif
