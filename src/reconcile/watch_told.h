/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WATCH_TOLD_H
#define DOCKFW_WATCH_TOLD_H

#include "finding.h"
#include "util.h"

/*
 * What a watch has reported as wrong, so that it reports what differs from that, whoever wrote;
 * and how often it does, so that what comes and goes does not fill the journal. Pure.
 */
struct watch_told {
	struct strings findings; /* owned: of the last report, but facts; none: nothing is wrong */
	uint64_t at_ms;          /* of the last report of a difference; 0: none */
	uint64_t due_ms;         /* the caller's: when to look for what is kept back; 0: nothing is */
	unsigned int rounds;     /* such reports in a row, each soon after the one before */
};

/* The pause after so many rounds in a row: none at first, then it doubles up to a limit. */
unsigned int watch_pause(unsigned int rounds);

/* Whether these findings, apart from facts, are not those that were reported last. */
bool watch_told_differs(const struct watch_told *told, const struct findings *findings);
/* The earliest time of a report that no writer causes; 0: at any time. */
uint64_t watch_told_next(const struct watch_told *told);
/* They are reported now; now is 0 if a writer is the cause, which is not counted. */
void watch_told_note(struct watch_told *told, const struct findings *findings, uint64_t now);
/* Nothing was reported, or what was is not wrong any more. */
void watch_told_forget(struct watch_told *told);

#endif
