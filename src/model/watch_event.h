/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WATCH_EVENT_H
#define DOCKFW_WATCH_EVENT_H

#include "edit.h"
#include "finding.h"
#include "writers.h"

/* What has happened, for whoever reports it. Everything is borrowed. */
enum watch_news {
	WATCH_GUARD,     /* the guard was restored */
	WATCH_REPAIRED,  /* the tables were */
	WATCH_RESTORED,  /* Docker's own chains were brought back */
	WATCH_WRONG,     /* what a repair does not mend */
	WATCH_CONTESTED, /* another program undoes each repair: the next one is later */
	WATCH_RIGHT,     /* nothing is wrong any more */
	WATCH_STORM,     /* other programs write very often */
	WATCH_FOREIGN,   /* another program has written, and all is right */
};

struct watch_event {
	enum watch_news news;
	const struct writers *writers;
	const struct edits *edits;        /* NULL: none */
	const struct findings *findings;  /* what was mended, or is left; NULL: not known */
	size_t left_out; /* WATCH_RESTORED: rules for what does not exist any more */
	unsigned int writes, within_ms; /* WATCH_STORM: so many transactions, in that time */
	unsigned int wrong_ms; /* 0: not known; from the first change that was seen to the end of the repair */
};

#endif
