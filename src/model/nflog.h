/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFLOG_H
#define DOCKFW_NFLOG_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <string.h>

#include "rule.h"

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

static inline bool nflog_is_long(const struct ext *target)
{
	return !strcmp(target->name, "NFLOG") && !target->revision &&
	       target->size == NFLOG_LONG_SIZE;
}

#endif
