/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_XT_MATCH_H
#define DOCKFW_XT_MATCH_H

#include "proto.h"
#include "rule.h"

/* The kernel's headers need <net/if.h> and <netinet/in.h> before them. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_iprange.h>

/*
 * The contents of the kernel's match structures, whatever their revision. Each
 * function fills in its result and returns true if ext is that match in a form that is
 * known here. Pure.
 */

bool xt_match_conntrack(const struct ext *ext, struct xt_conntrack_mtinfo3 *info);
bool xt_match_iprange(const struct ext *ext, struct xt_iprange_mtinfo *info);
bool xt_match_addrtype(const struct ext *ext, struct xt_addrtype_info_v1 *info);

/*
 * What the program's own rules match on in the connection of a packet. As the match
 * conntrack has it, with "! --ctstate DNAT" a packet that has no connection matches too,
 * whatever else is set; with all others it does not.
 */
struct xt_conntrack_want {
	enum { XT_DNAT_ANY, XT_DNAT_IS, XT_DNAT_IS_NOT } dnat; /* [!] --ctstate DNAT */
	enum { XT_DIRECTION_ANY, XT_DIRECTION_ORIGINAL, XT_DIRECTION_REPLY } direction; /* --ctdir */
	uint16_t port, last; /* --ctorigdstport, in host order; port 0: no condition */
};

/*
 * Appends the match, as libxtables makes it from those options. last may be 0 if it is
 * port.
 */
void xt_conntrack_add(struct rule *rule, const struct xt_conntrack_want *want);
/* Appends [!] --ctstate with these states, bits XT_CONNTRACK_STATE_…; as libxtables makes it. */
void xt_conntrack_add_states(struct rule *rule, unsigned int states, bool except);
/* Whether ext is, to the last byte, a match that xt_conntrack_add() makes; fills in want. */
bool xt_conntrack_read(const struct ext *ext, struct xt_conntrack_want *want);
/* Makes of such a match --ctstate INVALID,UNTRACKED: the packets that have no connection. */
void xt_conntrack_make_none(struct ext *ext);

/* What physdev matches on: the ports by which a packet comes into a bridge and leaves it. */
struct xt_physdev {
	struct {
		struct interface port;
		const char *name; /* of the port, in ext; NULL: no condition */
		bool not;
	} in, out;
	bool is;     /* it has --physdev-is-…, one of them not inverted */
	bool is_not; /* one of them inverted */
};
bool xt_match_physdev(const struct ext *ext, struct xt_physdev *physdev);

/*
 * The connection states that state, or conntrack with --ctstate, matches on, as bits
 * XT_CONNTRACK_STATE_…. except: all states but these.
 */
bool xt_match_states(const struct ext *ext, unsigned int *states, bool *except);

/* What tcp, udp, udplite, sctp and dccp match on. */
struct xt_ports {
	struct span source, dest; /* SPAN_ALL: no condition */
	bool not_source, not_dest;
	/* tcp: the flags in the mask must be these, or must not; both 0: no condition. */
	uint8_t flag_mask, flags;
	bool not_flags;
	bool more; /* it has further conditions: options, types */
};
bool xt_match_ports(const struct ext *ext, struct xt_ports *ports);

/*
 * Appends --dport first:last, as libxtables makes it, for the rule's protocol. False, and nothing
 * appended, if that is neither TCP nor UDP.
 */
bool xt_dports_add(struct rule *rule, uint16_t first, uint16_t last);

/*
 * The destination ports that the rule matches, by all of its matches; SPAN_ALL if it
 * has no such condition. False if they are not a single range: excluded ports
 * ("! --dport 80"), several (multiport), or an opaque rule.
 */
bool xt_match_rule_dports(const struct rule *rule, struct span *ports);

#endif
