/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WATCH_UNDONE_H
#define DOCKFW_WATCH_UNDONE_H

#include "edit.h"

/*
 * Whether the repairs of a watch stay. A repair was undone if the next one, soon after it, makes
 * one of its edits again: another program has taken back what it did. A repair of something
 * else was not, however soon it comes: dockerd that starts containers needs one for each. Pure.
 */

struct watch_undone {
	uint64_t at_ms;      /* the last repair, of clock_ms(); 0: none yet */
	unsigned int rounds; /* repairs in a row that were undone at once */
	uint64_t *made;      /* owned: its edits, as sorted hashes */
	size_t n;
};

/* Takes note of a repair with these edits, now. */
void watch_undone_note(struct watch_undone *undone, const struct edits *edits, uint64_t now);
/* When the next repair may be, of clock_ms(). */
uint64_t watch_undone_next(const struct watch_undone *undone);
void watch_undone_clear(struct watch_undone *undone);

#endif
