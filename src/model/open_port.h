/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OPEN_PORT_H
#define DOCKFW_OPEN_PORT_H

#include "proto.h"
#include "rule.h"
#include "util.h"

/*
 * Published ports that sources can reach which the configuration refuses: what a finding
 * about a chain means for the host. No I/O.
 */

/* So many sources of a port are named; the others are counted. */
#define OPEN_SOURCES 16

struct open_port {
	enum family family;
	uint8_t proto;
	struct span port;     /* on the host */
	struct strings hosts; /* the host's addresses, if it is not open on all of them */
	struct strings interfaces;
	bool anyone;          /* the world is among the sources */
	struct strings sources; /* else the first of them: addresses, prefixes, "a-b" … */
	size_t nsources;        /* … of so many */
	bool maybe;   /* it cannot be decided whether they get in */
	bool nearby;  /* only hosts on the same link, or that route to it, can send there */
	size_t rules, held; /* configured rules of DOCKER-USER that such packets meet; those there */
	char *why;    /* owned: a part of a sentence, if all are there; NULL: not known */
};

struct open_ports {
	struct open_port *v; /* owned; what is certain comes first */
	size_t n, room;
	bool known;          /* false: nobody has looked */
	bool cut;            /* the time ended, or something could not be read, before the end … */
	char *error;         /* … which is why; owned, or NULL: the time */
	size_t ports, done;  /* ports of which the configuration refuses sources; those followed */
	/*
	 * Families, as bits 1U << FAMILY_…, of which more may be open: packets cannot be
	 * followed there, or it is not known whom a configured rule would refuse.
	 */
	unsigned int unknown;
};

void open_port_clear(struct open_port *port);
/* Whether both are the same port of the same family. */
bool open_port_same(const struct open_port *a, const struct open_port *b);
void open_ports_clear(struct open_ports *open);
/* How many ports of the family (FAMILY_COUNT: of any) certainly are, or may be; each counts once. */
size_t open_ports_count(const struct open_ports *open, enum family family, bool maybe);

#endif
