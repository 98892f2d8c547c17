/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OPENINGS_H
#define DOCKFW_OPENINGS_H

#include "addrset.h"

/* Whom the host's own firewall lets in to published ports (walk/host_firewall.h). No I/O. */

/*
 * Ports whose packets fare alike: those that come in on one interface for one of the
 * addresses, and who is let in. Sets are never empty.
 */
struct opening {
	enum family family;
	uint8_t proto;
	char in[IFNAMSIZ];     /* the interface */
	struct addrset ports;  /* owned, like the other two sets: of the host, as numbers */
	bool any_host;         /* every address of the host; then hosts is empty */
	struct addrset hosts;
	struct addrset sources;
	enum opening_kind {
		OPENING_LETS_IN,
		/*
		 * They are not let in: the host connects in their place (target_relays()), so that
		 * no packet of theirs is one of a new connection.
		 */
		OPENING_RELAYED,
		OPENING_CUT, /* they are not let in in open connections either: a ban before these */
	} kind;
};

struct openings {
	struct opening *v; /* owned */
	size_t n, room;
	/* Owned: of whom it is not known, at some address of the host (hosts is empty). */
	struct opening *undecided;
	size_t nundecided, undecided_room;
	/* Owned: the host's addresses, each of which has been looked at by itself if need be. */
	struct addrrange *own[FAMILY_COUNT];
	size_t nown[FAMILY_COUNT];
	/* Families (bits 1U << FAMILY_…) in which nothing filters INPUT … */
	unsigned int unfiltered;
	/* … and in which ports are translated that follow the host's own firewall. */
	unsigned int published;
	size_t nports; /* that were looked at: of one address or of all, in each family */
};

void openings_clear(struct openings *openings);

/* Adds those of whom it is not known whether they are let in to that port on that interface. */
void openings_undecided(const struct openings *openings, enum family family, uint8_t proto,
			const char *in, addr_t port, struct addrset *sources);

#endif
