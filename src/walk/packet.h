/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PACKET_H
#define DOCKFW_PACKET_H

#include "addrset.h"
#include "netinfo.h"
#include "proto.h"

/*
 * The first packet of a new connection, as far as it is known: what is not
 * known for sure is a span of what it may be. Pure.
 */

enum conntrack {
	CT_NONE,      /* not seen by connection tracking (yet): INVALID to the matches */
	CT_NEW,
	CT_UNTRACKED,
};

struct mark {
	bool unknown;
	uint32_t value;
};

struct packet {
	enum family family;
	char in[IFNAMSIZ], out[IFNAMSIZ]; /* padded with NUL; out is empty before the routing */
	int in_index, out_index;          /* 0: not known */
	bool in_bridge;
	bool leaving;      /* in POSTROUTING, where kernels differ in what they say of in */
	uint8_t proto;
	struct addrrange dst;
	struct span sport, dport;
	struct span icmp_type, icmp_code;
	struct mark mark, ctmark;
	enum conntrack ct;
	bool dnat;                        /* its destination was changed */
	struct addrrange orig_dst;        /* before that */
	struct span orig_dport;           /* of ICMP: type and code */
	bool ttl_set;                     /* by a rule: what that does later is not followed */
};

bool packet_equal(const struct packet *a, const struct packet *b);

/* A packet that came in there and is for that address and port; all else as usual. */
void packet_init(struct packet *packet, enum family family, const struct netif *in, uint8_t proto,
		 addr_t dst, uint16_t dport);
/* The same, with the type and code of ICMP. */
void packet_icmp(struct packet *packet, uint8_t type, uint8_t code);
/* Connection tracking sees it: what it will be to the matches behind. */
void packet_track(struct packet *packet);

/*
 * Reads "from 203.0.113.200 in ens3 tcp 80", with "to ADDRESS" and "sport N",
 * "icmp" with a type or "TYPE/CODE", or "proto NUMBER". Without "to" the packet
 * is for the host's own address on that interface. Returns -1, said, where the
 * text is wrong.
 */
int packet_parse(const char *text, const struct netinfo *info, struct packet *packet, addr_t *src);

#endif
