/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WATCH_DOCKER_H
#define DOCKFW_WATCH_DOCKER_H

#include "docker_keep.h"
#include "observe.h"
#include "watch_matters.h"

/*
 * When a watch compares Docker's own chains with its copy, when it takes a new copy, and
 * when it brings back what is lost. All times are of clock_ms(); 0: none.
 */
struct watch_docker {
	struct docker_keep keep;
	uint64_t first_ms;   /* the first write to Docker's tables since the last comparison */
	uint64_t compare_ms; /* when to compare */
	uint64_t lost_ms;    /* since when something is lost */
	uint64_t unfinished_ms; /* since when it is not complete, without a loss */
	bool elsewhere;      /* the copy is of another backend than the one that was chosen last */
	bool unstored;       /* the copy cannot be stored for the next watch, which was reported */
	unsigned int vain;   /* restorations that were undone, in a row */
};
void watch_docker_clear(struct watch_docker *docker);

/* The backend in which that dockerd had the chains of the copy, or NULL if there is no copy. */
const struct backend_ops *watch_docker_backend(const struct watch_docker *docker, backend_list backends,
					       pid_t dockerd);

/* Whether it is a chain of the copy, which may have another name now. */
bool watch_docker_has(const struct watch_docker *docker, const struct change_of *of);
/* Somebody has written to Docker's chains, or to the builtin ones of its tables. */
void watch_docker_touched(struct watch_docker *docker);

/* What a look has done. The caller clears edits. */
struct watch_restored {
	struct edits edits; /* what was brought back; none: nothing */
	size_t left_out;
};

/*
 * Compares and restores if it is time to; lost is whether the check has found that Docker's
 * chains are gone. Returns 0, or -1 after reporting why: then it is time again in a moment.
 */
int watch_docker_look(struct watch_docker *docker, struct session *session, const struct dockerd *dockerd,
		      bool lost, struct watch_restored *restored);

#endif
