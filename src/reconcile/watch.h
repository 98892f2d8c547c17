/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WATCH_H
#define DOCKFW_WATCH_H

#include "observe.h"
#include "watch_docker.h"
#include "watch_event.h"
#include "watch_told.h"
#include "watch_undone.h"
#include "write_rate.h"

/*
 * Repairs as soon as something breaks. The caller has the loop: it waits on the descriptor,
 * takes what has come, and looks when a look is due. Nothing here waits for longer than the
 * kernel's answers.
 */

struct watch {
	/* From the caller. */
	struct session *session;
	unsigned int timeout; /* seconds, of each look */
	bool only_report;     /* write nothing */
	bool has_links;       /* changes of interfaces are announced: watch_hint_links() */
	void (*tell)(void *data, const struct watch_event *event);
	void (*add)(void *data, struct findings *findings); /* those that are not about the tables */
	void *data;

	struct changes *changes; /* owned; NULL: nothing announces changes */
	enum owning owns;        /* which tables belong to this process */
	bool took_guard;         /* the guard is to have this process as its owner, if it can have one */
	bool copy_failed;        /* the guard has no copy in some family, which was reported */
	struct state last;       /* what was read last; empty: nothing yet */
	struct writers writers;
	struct watch_docker docker;
	struct write_rate rate;
	uint64_t looks; /* how many there were */
	/* Of clock_ms(). 0: none. */
	uint64_t first_ms, latest_ms; /* the first and the latest change since the last look */
	uint64_t wrong_ms; /* the first change since it was right last */
	uint64_t again_ms; /* when to look again without a change */
	uint64_t unannounced_ms; /* when to look for what nothing announces; 0: never */
	uint64_t pace_ms;  /* no look before this because of changes alone */
	uint64_t failed_ms; /* no look at all before this */
	/* Of a backend that announces nothing: what it held, and when that was read last. */
	uint64_t digest, compared_ms;
	bool has_digest;
	bool was_wrong;
	struct watch_told told; /* of this configuration */
	struct watch_undone undone;
	bool chosen;      /* the backend, for the dockerd of the last look */
	pid_t dockerd;    /* 0: none ran */
	bool docker_lost; /* at the last look, Docker's chains were gone for certain */
};

/* Starts to listen. The caller fills in its part first, and closes the watch in any case. */
int watch_open(struct watch *watch);
void watch_close(struct watch *watch);

/*
 * Forgets what was read, and makes a look due: before the session's policy is replaced.
 */
void watch_forget(struct watch *watch);

/* The descriptor to wait on; -1: there is none. */
int watch_fd(const struct watch *watch);
/*
 * Takes what has been announced, and restores the guard at once if it was touched. Returns
 * 0, or -1 after reporting why; the watch can go on.
 */
int watch_take(struct watch *watch);
/* Whether changes are not announced, so that a hint from elsewhere is of use. */
bool watch_wants_hints(const struct watch *watch);
/* Somebody has probably written. */
void watch_hint(struct watch *watch);
/* An interface was made, renamed, changed or removed. */
void watch_hint_links(struct watch *watch);
/* The milliseconds until a look is due: 0: now; UINT_MAX: when a change comes. */
unsigned int watch_due(const struct watch *watch);
/*
 * Call it when a look is due. Whether it is needed: of a backend that announces nothing, this
 * first compares what it holds now, if that matters.
 */
bool watch_needs_look(struct watch *watch);
/* Reads, and repairs. Returns as watch_take(). */
int watch_look(struct watch *watch);

#endif
