/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_XT_MATCH_H
#define DOCKFW_XT_MATCH_H

#include "proto.h"
#include "rule.h"

/* Before them <net/if.h> and <netinet/in.h>, as the kernel's headers need it. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_iprange.h>

/*
 * What the kernel's structures of matches hold, whatever their revision. Each
 * function fills in what it is given and returns true where ext is that match, in
 * a form that is known here. Pure.
 */

bool xt_match_conntrack(const struct ext *ext, struct xt_conntrack_mtinfo3 *info);
bool xt_match_iprange(const struct ext *ext, struct xt_iprange_mtinfo *info);
bool xt_match_addrtype(const struct ext *ext, struct xt_addrtype_info_v1 *info);

/*
 * The connection states that the match demands, as bits XT_CONNTRACK_STATE_…: of
 * state, and of conntrack where it demands any. not: any but these.
 */
bool xt_match_states(const struct ext *ext, unsigned int *states, bool *not);

/* What tcp, udp, udplite, sctp and dccp demand. */
struct xt_ports {
	struct span source, dest; /* SPAN_ALL: no condition */
	bool not_source, not_dest;
	/* Of tcp: the flags in the mask are these, or are not; no condition: both 0. */
	uint8_t flag_mask, flags;
	bool not_flags;
	bool more; /* it has other conditions: options, types */
};
bool xt_match_ports(const struct ext *ext, struct xt_ports *ports);

/*
 * The destination ports that the rule is for, by all of its matches; SPAN_ALL
 * where it names none. False where they are not one span: excluded ones ("!
 * --dport 80"), several (multiport), or those of a rule that is opaque.
 */
bool xt_match_rule_dports(const struct rule *rule, struct span *ports);

#endif
