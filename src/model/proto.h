/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PROTO_H
#define DOCKFW_PROTO_H

#include <stdbool.h>
#include <stdint.h>

/* The protocols of IP that have a name here, and ports. Pure. */

/* Ports in the order of the host, or whatever else fits 16 bits; both ends belong to it. */
struct span {
	uint16_t lo, hi;
};

/* Every port. */
#define SPAN_ALL ((struct span){ 0, UINT16_MAX })

bool span_equal(struct span a, struct span b);

/* Whether the protocol has ports. */
bool proto_has_ports(uint8_t proto);
/* Whether Docker can publish a port of it: tcp, udp, sctp. */
bool proto_is_published(uint8_t proto);
/* "tcp", …, or the number; a buffer of the function's own where it has no name. */
const char *proto_name(uint8_t proto);
/* The protocol of that name, "icmpv6" for "ipv6-icmp" too; false where there is none. */
bool proto_by_name(const char *name, uint8_t *proto);

#endif
