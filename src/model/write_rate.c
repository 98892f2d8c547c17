/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "write_rate.h"

#include <string.h>

#include "patience.h"

static void vote(struct write_rate *rate, const struct table_change *change)
{
	if (rate->votes && !strcmp(rate->name, change->name)) {
		rate->votes++;
		rate->pid = change->pid;
	} else if (rate->votes) {
		rate->votes--;
	} else {
		rate->votes = 1;
		rate->pid = change->pid;
		memcpy(rate->name, change->name, sizeof(rate->name));
	}
}

bool write_rate_add(struct write_rate *rate, const struct table_change *change, uint64_t now)
{
	bool begins;

	if (now - rate->begun_ms >= 1000) {
		rate->begun_ms = now;
		rate->writes = rate->votes = 0;
	}
	rate->total++;
	vote(rate, change);
	if (++rate->writes != STORM_WRITES)
		return false;
	begins = !rate->storm_ms || now - rate->storm_ms >= STORM_OVER_MS;
	rate->storm_ms = now;
	return begins;
}
