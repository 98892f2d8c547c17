/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_RESTORE_H
#define DOCKFW_DOCKER_RESTORE_H

#include "edit.h"
#include "netinfo.h"
#include "proxies.h"
#include "ruleset.h"

/*
 * Docker's own chains and jumps, brought back as they were when they were last complete.
 * dockerd writes them at its start and at firewalld's signal, and never notices that they are
 * gone. Pure.
 */

/* The tables of each family that dockerd writes to; the list ends with NULL. */
extern const char *const docker_tables[];

/*
 * Returns what of the family is Docker's: its chains, and its rules in builtin chains
 * (jumps to its chains, and what names its bridges in the forms that dockerd writes), with
 * these chains' policies. The snapshot has all of docker_tables with select_docker_all. The
 * caller frees it.
 */
struct snapshot *docker_kept(const struct snapshot *snapshot, enum family family);

/* Whether such a snapshot has all that dockerd has written for the family. */
enum docker_whole {
	DOCKER_NOWHERE,    /* it has no chain of Docker's */
	DOCKER_BROKEN,     /* chains or jumps are gone */
	DOCKER_UNFINISHED, /* a docker-proxy has no translation: dockerd is writing, or it is lost */
	DOCKER_WHOLE,
};
enum docker_whole docker_is_whole(const struct snapshot *snapshot, enum family family,
				  const struct proxies *proxies);

/* What rules can be for; everything is borrowed. */
struct docker_facts {
	const struct netinfo *info;
	const struct proxies *proxies; /* now */
	const struct proxies *before;  /* when the copy was taken */
};

struct docker_loss {
	/*
	 * Chains that dockerd has not removed itself, and rules of its own forms
	 * (docker_forms.h): any other rule may be somebody's who has taken it out again.
	 */
	size_t certain;
	size_t left_out; /* rules that are missing, and for something that does not exist any more */
};

/*
 * Adds the edits that bring back what is gone from the snapshot: chains, rules in their
 * order among those that are there, and FORWARD's policy if that was DROP. Nothing is lost
 * if no loss is certain; the edits then are about rules that dockerd may have removed.
 *
 * Left out is what names a bridge that does not exist any more, an address that no route
 * other than a default one leads to, a container whose docker-proxy has ended, a port that a
 * docker-proxy now takes for another container, and what could not be decoded.
 */
struct docker_loss docker_restore_plan(const struct snapshot *kept, const struct snapshot *snapshot,
				       const struct docker_facts *facts, struct edits *edits);

#endif
