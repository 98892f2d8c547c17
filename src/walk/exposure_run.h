/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_EXPOSURE_RUN_H
#define DOCKFW_EXPOSURE_RUN_H

#include "docker_ports.h"
#include "equivalence.h"
#include "exposure.h"
#include "own_places.h"

/* What the parts of one exposure_compute() share. */

struct compute {
	const struct policy *policy; /* or NULL */
	const struct world *world;
	const struct docker_ports *ports;
	/* The publish sections about the port that is walked, in order. */
	const struct publish_section **sections; /* owned */
	size_t nsections, room;
	struct exposure_list *list;
	struct equivalence equivalence[FAMILY_COUNT];
	struct own_places places[FAMILY_COUNT];
};

/* Fills in what all places of a port share. */
void exposure_describe(const struct compute *compute, const struct docker_port *port,
		       struct exposure *exposure);
/* Follows packets from every interface to the port at that address; adds the ways. */
void exposure_walk_port(struct compute *compute, const struct docker_port *port, addr_t host,
			struct exposure *exposure);
/* The same for a destination that is a range of addresses. */
void exposure_walk_range(struct compute *compute, const struct docker_port *port,
			 struct addrrange host, struct exposure *exposure);
/* The same from one class of interfaces or, unless it is NULL, from only one of its members. */
void exposure_walk_class(struct compute *compute, const struct docker_port *port,
			 struct addrrange host, const struct if_class *class,
			 const struct netif *only, struct exposure *exposure);
void exposure_add_host(struct exposure *exposure, struct addrrange host);
/* Whether an address has an entry of its own, which counts instead of one for every address. */
bool exposure_has_own_entry(const struct compute *compute, const struct docker_port *port,
			    struct addrrange host);
/* Takes the exposure over: merges it into one from first on that fares alike, or keeps it. */
struct exposure *exposure_join(struct exposure_list *list, size_t first, struct exposure *exposure);
/* Whether the same sources get in on each interface, whatever decides that. */
bool exposure_same_sources(const struct exposure *a, const struct exposure *b);
/*
 * direct: host is a container's own address, and nearby if it is private. A private
 * address of the host itself need not be nearby.
 */
bool exposure_is_nearby(enum family family, addr_t host, bool direct);
/* Derives from the ways who gets in, and what counts. */
void exposure_conclude(struct exposure *exposure, bool direct);
/* Takes it over; the pointer is valid until the next one is added. */
struct exposure *exposure_keep(struct exposure_list *list, const struct exposure *exposure);
/* Takes it over: the list has it, unless it is an extra one that is closed. */
void exposure_keep_open(struct exposure_list *list, struct exposure *exposure);

#endif
