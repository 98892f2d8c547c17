/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_XT_TARGET_H
#define DOCKFW_XT_TARGET_H

#include "addrset.h"
#include "proto.h"
#include "rule.h"

/* These need <net/if.h> and <netinet/in.h>, which the headers above include. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_NFLOG.h>

/* The contents of the kernel's target structures, whatever their revision. Pure. */

/*
 * The prefix of -j NFLOG has up to 63 characters in x_tables and 127 in nf_tables. If
 * it does not fit into x_tables' structure, iptables-nft stores the target's data in
 * this longer form, and so does a rule here.
 */
struct nflog_long {
	struct xt_nflog_info info;
	char more[NF_LOG_PREFIXLEN - sizeof(((struct xt_nflog_info *)0)->prefix)];
};
_Static_assert(offsetof(struct nflog_long, more) == sizeof(struct xt_nflog_info), "one prefix");

#define NFLOG_LONG_SIZE XT_ALIGN(sizeof(struct nflog_long))

bool nflog_is_long(const struct ext *target);

/*
 * Reads the range of a NAT target: of every revision of DNAT and REDIRECT, and of
 * others with the same structure. base_proto is 0 if the revision does not have it.
 * Returns false if the data is too short or has more than one range.
 */
bool xt_target_nat(const struct rule *rule, struct nf_nat_range2 *range);

/* What a DNAT target does. */
struct xt_dnat {
	bool has_addr, has_port;
	struct addrrange addr;
	struct span port;
	uint16_t base;
	bool offset;  /* the port keeps its distance from base */
	bool random;  /* any port of the range */
};
/* Returns false if the rule is opaque or its target is not a known form of DNAT. */
bool xt_target_dnat(const struct rule *rule, struct xt_dnat *dnat);

/*
 * Whether the target never accepts: it drops, or the packet continues with the next
 * rule. Any other target is assumed to be able to accept (NFQUEUE is).
 */
bool xt_target_never_accepts(const struct ext *target);

/* The only table in which the kernel takes a target of that name, or NULL: it has not only one. */
const char *xt_target_table(const char *name);

/*
 * What does not exist if the kernel knows the match or target of that name but not something
 * that its rule names, as the end of a sentence; NULL: a rule names nothing.
 */
const char *xt_object_missing(const char *name);

/* Makes it "-j REJECT", which answers that the port is unreachable, as libxtables makes it. */
void xt_target_set_reject(struct rule *rule);

/*
 * Whether the rule hands packets to a program, which accepts or drops them. One that it accepts
 * goes on to the next base chain: it has only left this one.
 */
bool rule_queues(const struct rule *rule);

#endif
