/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xt_target.h"

#include <arpa/inet.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <string.h>

bool nflog_is_long(const struct ext *target)
{
	return ext_is(target, "NFLOG", 0) && target->size == NFLOG_LONG_SIZE;
}

bool xt_target_nat(const struct rule *rule, struct nf_nat_range2 *range)
{
	const struct ext *ext = &rule->target;
	struct nf_nat_ipv4_multi_range_compat compat;

	memset(range, 0, sizeof(*range));
	if (ext->revision == 0 && rule->family == FAMILY_IPV4) {
		if (!ext_get(ext, &compat, sizeof(compat)) || compat.rangesize != 1)
			return false;
		range->flags = compat.range[0].flags;
		range->min_addr.ip = compat.range[0].min_ip;
		range->max_addr.ip = compat.range[0].max_ip;
		range->min_proto = compat.range[0].min;
		range->max_proto = compat.range[0].max;
		return true;
	}
	if (ext->revision == 2)
		return ext_get(ext, range, sizeof(*range));
	return ext_get(ext, range, sizeof(struct nf_nat_range));
}

bool xt_target_dnat(const struct rule *rule, struct xt_dnat *dnat)
{
	struct nf_nat_range2 range;

	*dnat = (struct xt_dnat){ 0 };
	if (rule->opaque || rule->verdict != VERDICT_EXT || strcmp(rule->target.name, "DNAT") ||
	    !xt_target_nat(rule, &range))
		return false;
	dnat->has_addr = range.flags & NF_NAT_RANGE_MAP_IPS;
	dnat->has_port = range.flags & NF_NAT_RANGE_PROTO_SPECIFIED;
	dnat->addr.lo = addr_load(rule->family, &range.min_addr);
	dnat->addr.hi = addr_load(rule->family, &range.max_addr);
	dnat->port.lo = ntohs(range.min_proto.all);
	dnat->port.hi = ntohs(range.max_proto.all);
	dnat->offset = range.flags & NF_NAT_RANGE_PROTO_OFFSET;
	dnat->random = range.flags & NF_NAT_RANGE_PROTO_RANDOM_ALL;
	dnat->base = ntohs(range.base_proto.all);
	return true;
}

bool xt_target_never_accepts(const struct ext *target)
{
	static const char *const names[] = {
		"REJECT", "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "SET", "AUDIT", "TCPMSS",
		"CLASSIFY", "TRACE", "TEE", "CT", "NOTRACK", "DSCP", "TOS", "TTL", "HL", "ECN",
		"CONNSECMARK", "SECMARK", "IDLETIMER", "LED", "RATEEST", "CHECKSUM", "HMARK",
		"TCPOPTSTRIP",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(target->name, names[i]))
			return true;
	return false;
}

const char *xt_target_table(const char *name)
{
	static const struct {
		const char *name, *table;
	} rows[] = {
		{ "DNAT", "nat" }, { "SNAT", "nat" }, { "MASQUERADE", "nat" }, { "REDIRECT", "nat" },
		{ "NETMAP", "nat" }, { "DSCP", "mangle" }, { "TOS", "mangle" }, { "TTL", "mangle" },
		{ "HL", "mangle" }, { "ECN", "mangle" }, { "TPROXY", "mangle" },
		{ "CHECKSUM", "mangle" }, { "TCPOPTSTRIP", "mangle" }, { "CT", "raw" },
		{ "NOTRACK", "raw" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!strcmp(name, rows[i].name))
			return rows[i].table;
	return NULL;
}

const char *xt_object_missing(const char *name)
{
	if (!strcmp(name, "set") || !strcmp(name, "SET"))
		return "a set that it names does not exist (create it with ipset)";
	if (!strcmp(name, "nfacct"))
		return "the accounting object that it names does not exist (create it with "
		       "nfacct add)";
	if (!strcmp(name, "rateest"))
		return "an estimator that it names does not exist (a rule before it makes it with "
		       "-j RATEEST)";
	return NULL;
}

void xt_target_set_reject(struct rule *rule)
{
	union {
		uint8_t bytes[XT_ALIGN(sizeof(struct ipt_reject_info))];
		struct ipt_reject_info ipv4;
		struct ip6t_reject_info ipv6;
	} data = { { 0 } };

	if (rule->family == FAMILY_IPV4)
		data.ipv4.with = IPT_ICMP_PORT_UNREACHABLE;
	else
		data.ipv6.with = IP6T_ICMP6_PORT_UNREACH;
	rule_set_target(rule, "REJECT", 0, data.bytes, sizeof(data.bytes));
	rule->target.usersize = sizeof(data.bytes);
}

bool rule_queues(const struct rule *rule)
{
	if (rule_is_unknown(rule))
		return false;
	return rule->verdict == VERDICT_QUEUE ||
	       (rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "NFQUEUE"));
}
