/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PACKET_H
#define DOCKFW_PACKET_H

#include "addrset.h"
#include "netinfo.h"
#include "proto.h"

/*
 * The first packet of a new connection, or a later one, as far as it is known: what is not
 * certain is a span of possible values. Pure.
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

/* Whether a chain below IP sees the packet: then its device may not be the one of IP. */
enum packet_link { LINK_NONE, LINK_EXACT, LINK_VAGUE };

struct packet {
	enum family family;
	char in[IFNAMSIZ], out[IFNAMSIZ]; /* padded with NUL; out is empty before the routing */
	int in_index, out_index;          /* 0: unknown */
	bool in_bridge;
	enum packet_link link;
	bool leaving;      /* in POSTROUTING, where kernels differ on the incoming interface */
	uint8_t proto;
	struct addrrange dst;
	bool to_host;      /* dst is not one address, but that of this host, whichever it is */
	struct span sport, dport;
	struct span icmp_type, icmp_code;
	struct mark mark, ctmark;
	enum conntrack ct;
	bool established; /* with CT_NEW: a later packet of a connection that was opened */
	/*
	 * Connection tracking does not take it, but the host does: UDP over IPv6 with the length 0,
	 * which __udp6_lib_rcv() reads as a jumbogram.
	 */
	bool invalid;
	bool tracked;                     /* connection tracking has seen it, or has let it be */
	bool ct_template;                 /* a rule chose how it will be tracked */
	bool dnat;                        /* its destination was changed … */
	bool dnat_unsure;                 /* … or perhaps not: it was among the possible new ones */
	bool nat_settled;                 /* a rule has decided on its destination: no other will */
	struct addrrange orig_dst;        /* before that */
	struct span orig_dport;           /* likewise; for ICMP: type and code */
	bool ttl_set;                     /* by a rule; the consequences are not followed */
};

bool packet_equal(const struct packet *a, const struct packet *b);

/*
 * Makes a packet that came in on that interface, for that address and port. Everything
 * else has the usual value.
 */
void packet_init(struct packet *packet, enum family family, const struct netif *in, uint8_t proto,
		 addr_t dst, uint16_t dport);
/* Makes it a later packet, of which less is known: of a connection that the host answered. */
void packet_establish(struct packet *packet);
/* Sets the type and code of an ICMP packet. */
void packet_icmp(struct packet *packet, uint8_t type, uint8_t code);
/* Something may have changed it: its destination and marks become unknown. */
void packet_forget(struct packet *packet);
/* Whether nothing is known about its destination. */
bool packet_goes_anywhere(const struct packet *packet);
/* Connection tracking sees the packet: sets ct for the rules that come after it. */
void packet_track(struct packet *packet);
/*
 * A rule wants no tracking. The first rule that chooses wins: xt_ct_target() in xt_CT.c,
 * nft_notrack_eval() in nft_ct.c.
 */
void packet_notrack(struct packet *packet);
/*
 * A rule chooses how it is tracked. over: even after a rule that wants no tracking, as
 * nft_ct_set_zone_eval() in nft_ct.c does.
 */
void packet_ct_template(struct packet *packet, bool over);

/*
 * Reads "from 203.0.113.200 in ens3 tcp 80", with "to ADDRESS" and "sport N",
 * "icmp" with a type or "TYPE/CODE", or "proto NUMBER". Without "to" the packet
 * is for the host's own address on that interface. Returns 0, or -1 after reporting
 * what is wrong with the text.
 */
int packet_parse(const char *text, const struct netinfo *info, struct packet *packet, addr_t *src);

#endif
