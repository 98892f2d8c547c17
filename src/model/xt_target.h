/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_XT_TARGET_H
#define DOCKFW_XT_TARGET_H

#include "addrset.h"
#include "proto.h"
#include "rule.h"

/* Before them <net/if.h> and <netinet/in.h>, which the headers above bring. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_NFLOG.h>

/* What the kernel's structures of targets hold, whatever their revision. Pure. */

/*
 * A prefix of -j NFLOG has 63 characters in x_tables and 127 in nf_tables. Where
 * it does not fit, iptables-nft has the data of the target in this longer form,
 * and so has a rule here.
 */
struct nflog_long {
	struct xt_nflog_info info;
	char more[NF_LOG_PREFIXLEN - sizeof(((struct xt_nflog_info *)0)->prefix)];
};
_Static_assert(offsetof(struct nflog_long, more) == sizeof(struct xt_nflog_info), "one prefix");

#define NFLOG_LONG_SIZE XT_ALIGN(sizeof(struct nflog_long))

bool nflog_is_long(const struct ext *target);

/*
 * The range of a target of NAT: of DNAT and REDIRECT in every revision, and of
 * others that have the structure. base_proto is 0 where the revision has none.
 * False where it is too short or has more than one range.
 */
bool xt_target_nat(const struct rule *rule, struct nf_nat_range2 *range);

/* What a DNAT target does. */
struct xt_dnat {
	bool has_addr, has_port;
	struct addrrange addr;
	struct span port;
	bool whole;   /* one address, one port at most, no map: always the same */
	uint16_t base;
	bool offset;  /* the port keeps its distance from base */
	bool random;  /* any port of the range */
};
/* False where the rule is opaque or its target is not DNAT, or not a known form of it. */
bool xt_target_dnat(const struct rule *rule, struct xt_dnat *dnat);

#endif
