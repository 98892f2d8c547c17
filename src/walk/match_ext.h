/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_MATCH_EXT_H
#define DOCKFW_MATCH_EXT_H

/* In front of the kernel's headers: it brings <net/if.h>, which must come first. */
#include "match.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_iprange.h>

/* The matches themselves, each from the kernel's structure. */

static inline enum answer answer_and(enum answer a, enum answer b)
{
	return a < b ? a : b;
}

static inline enum answer answer_not(enum answer a)
{
	return (enum answer)(ANSWER_YES - a);
}

/* What one match says, all sources taken for right. */
enum answer match_ext(const struct ext *ext, const struct packet *packet,
		      const struct netinfo *info);

/* The same of a tcp or udp match of a rule with either_port set; of others as above. */
enum answer match_either_port(const struct ext *ext, const struct packet *packet,
			      const struct netinfo *info);

/* Each fills info in and returns true where ext is that match, in a revision known. */
bool match_conntrack_info(const struct ext *ext, struct xt_conntrack_mtinfo3 *info);
bool match_iprange_info(const struct ext *ext, struct xt_iprange_mtinfo *info);
bool match_addrtype_info(const struct ext *ext, struct xt_addrtype_info_v1 *info);
/* The destination ports of a tcp, udp or udplite match that are not inverted. */
bool match_one_dport(const struct ext *ext, struct span *ports);

/* Whether addr is of one of the types; dev as in netinfo_addr_type(). */
enum answer match_addr_types(enum family family, addr_t addr, uint16_t types, int dev,
			     const struct netinfo *info);
/* Whether a destination equals addr in the bits of mask. */
enum answer match_dst_masked(const struct packet *packet, const struct addrrange *dst, addr_t addr,
			     addr_t mask);

#endif
