/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_HOST_FIREWALL_H
#define DOCKFW_HOST_FIREWALL_H

#include "flow.h"
#include "openings.h"
#include "policy.h"

/*
 * Whom the host's own firewall would let in, if the host itself had a service on a port
 * that Docker publishes ("host-firewall" in the configuration); and whom it would refuse in
 * open connections as well. Pure, except that it looks at the time limit.
 *
 * A packet is followed to the host instead of to the container: without Docker's
 * translation, and without the guard. Who perhaps gets in counts as not let in.
 */

/* Ports that are closed to somebody since a rule could not be decided. */
struct opening_doubt {
	enum family family;
	uint8_t proto;
	struct addrset ports; /* owned */
	struct decider by;    /* borrows from the world */
};

struct opening_doubts {
	struct opening_doubt *v; /* owned */
	size_t n, room;
};

void opening_doubts_clear(struct opening_doubts *doubts);

/*
 * With on-error = "close", nobody is let in where nothing filters INPUT.
 *
 * Fills in openings, and what is in doubt, for all published ports that the policy leaves to the host's firewall,
 * and for all interfaces that lead outside by the policy. Borrows from the world. Returns
 * 0, or -1 after reporting that the time is over; the caller clears both in any case.
 */
int openings_compute(const struct policy *policy, const struct world *world,
		     struct openings *openings, struct opening_doubts *doubts);

/* Whether the policy leaves the port to the host's firewall, on some interface. */
bool host_firewall_decides(const struct policy *policy, uint8_t proto, uint16_t port);

/* Who is let in to one port, from all sources. */
struct host_way {
	struct addrset in;    /* owned: for certain … */
	struct addrset maybe; /* … or perhaps */
	struct addrset relayed; /* those of them in whose place the host connects */
	struct addrset refused; /* by rules, for certain */
	struct decider open_by, closed_by, doubt;
	bool has_open_by, has_closed_by, has_doubt;
};
/* world is that of a struct host_world, of which the walker was made; the caller clears way. */
void host_way_find(struct walker *walker, const struct packet *packet, struct host_way *way);
void host_way_clear(struct host_way *way);

#endif
