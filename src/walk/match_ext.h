/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_MATCH_EXT_H
#define DOCKFW_MATCH_EXT_H

#include "netinfo.h"
#include "packet.h"

/*
 * Whether one match of a rule matches a packet, taking conditions on the source as met.
 * The functions do what the kernel's match functions do. A match on something that is
 * not known here (time, counters, payload, …) answers maybe, never no. Pure.
 */

enum answer { ANSWER_NO, ANSWER_MAYBE, ANSWER_YES };

static inline enum answer answer_and(enum answer a, enum answer b)
{
	return a < b ? a : b;
}

static inline enum answer answer_not(enum answer a)
{
	return (enum answer)(ANSWER_YES - a);
}

enum answer match_ext(const struct ext *ext, const struct packet *packet,
		      const struct netinfo *info);
/* The same for a tcp or udp match of a rule with either_port set; others as above. */
enum answer match_either_port(const struct ext *ext, const struct packet *packet,
			      const struct netinfo *info);

/*
 * The types that the frame of a packet may have, from PACKET_HOST on (linux/if_packet.h). The
 * kernel sets them from the address of the link layer. A neighbour may send what is for an
 * address of this host to all stations: this host takes it, but neither forwards it
 * (ip_forward(), ip6_forward()) nor lets it begin a connection of TCP. A bridge passes all on.
 */
struct span match_frame_types(const struct packet *packet, const struct netinfo *info);

/* Whether addr is of one of the types; dev as in netinfo_addr_type(). */
enum answer match_addr_types(enum family family, addr_t addr, uint16_t types, int dev,
			     const struct netinfo *info);
/* Whether a destination equals addr in the bits of mask. */
enum answer match_dst_masked(const struct packet *packet, const struct addrrange *dst, addr_t addr,
			     addr_t mask);

#endif
