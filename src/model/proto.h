/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PROTO_H
#define DOCKFW_PROTO_H

#include <stdbool.h>
#include <stdint.h>

/* The IP protocols that have a name here, and ports. Pure. */

/* A range of ports in host byte order, or of other 16-bit values; both ends are inclusive. */
struct span {
	uint16_t lo, hi;
};

/* Every port. */
#define SPAN_ALL ((struct span){ 0, UINT16_MAX })

bool span_equal(struct span a, struct span b);

/* Whether the protocol has ports. */
bool proto_has_ports(uint8_t proto);
/* Whether Docker can publish ports of the protocol: tcp, udp, sctp. */
bool proto_is_published(uint8_t proto);
/* "tcp", …, or the number if it has no name, in a static buffer. */
const char *proto_name(uint8_t proto);
/* Sets the protocol with that name ("icmpv6" also means "ipv6-icmp"); false if unknown. */
bool proto_by_name(const char *name, uint8_t *proto);

#endif
