/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_bridge.h"

#include <linux/rtnetlink.h>
#include <string.h>

/* Whether it is a prefix, and not every address. */
static bool is_prefix(const struct rule *rule, const struct address *address, unsigned int inverted)
{
	return !(rule->invert & inverted) && addr_load(rule->family, address->mask);
}

static bool has_interface(const struct interface *iface)
{
	return iface->mask[0];
}

static bool has_both_ends(const struct rule *rule)
{
	return is_prefix(rule, &rule->dst, INV_DST) &&
	       (is_prefix(rule, &rule->src, INV_SRC) ||
		(has_interface(&rule->in) && !(rule->invert & INV_IN)));
}

bool policy_has_both_ends(const struct policy *policy)
{
	for (size_t c = 0; c < policy->nchains; c++)
		for (int family = 0; family < FAMILY_COUNT; family++) {
			const struct wanted_rules *rules = &policy->chains[c]->rules[family];

			for (size_t i = 0; i < rules->n; i++)
				if (has_both_ends(rules->v[i].rule))
					return true;
		}
	return false;
}

/* The bridge on whose own network the whole prefix is, or NULL. */
static const struct netif *bridge_of(const struct netinfo *info, enum family family,
				     const struct address *address)
{
	addr_t lo = addr_load(family, address->addr), mask = addr_load(family, address->mask);
	addr_t hi = lo | (addr_max(family) & ~mask);
	const struct netroute *route = netinfo_lookup(info, family, RT_TABLE_MAIN, lo, 0);
	const struct netif *iface;

	if (!route || route->type != RTN_UNICAST || route->gateway || route->multipath ||
	    route->ambiguous || hi > netinfo_prefix_end(family, route->dst, route->length))
		return NULL;
	iface = netinfo_if_index(info, route->out);
	return iface && iface->bridge ? iface : NULL;
}

/* Whether packets of that bridge may meet the condition on an interface. */
static bool may_be(const struct interface *wanted, bool inverted, const struct netif *bridge)
{
	return !has_interface(wanted) || interface_matches(wanted, inverted, bridge->name);
}

const struct netif *rule_bridge(const struct netinfo *info, const struct rule *rule)
{
	const struct netif *bridge;

	if (!has_both_ends(rule))
		return NULL;
	bridge = bridge_of(info, rule->family, &rule->dst);
	if (!bridge || !may_be(&rule->in, rule->invert & INV_IN, bridge) ||
	    !may_be(&rule->out, rule->invert & INV_OUT, bridge))
		return NULL;
	/* The host's own address is not on another port of the bridge. */
	if (addr_load(rule->family, rule->dst.mask) == addr_max(rule->family) &&
	    netinfo_addr_type(info, rule->family, addr_load(rule->family, rule->dst.addr), 0) != RTN_UNICAST)
		return NULL;
	if (!is_prefix(rule, &rule->src, INV_SRC))
		return addr_load(rule->family, rule->src.mask) ? NULL : bridge;
	return bridge_of(info, rule->family, &rule->src) == bridge ? bridge : NULL;
}
