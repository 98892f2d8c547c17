/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard_unconnected.h"

#include "xt_match.h"

struct rule *guard_unconnected_forward(const struct rule *rule)
{
	struct xt_conntrack_want want;
	struct rule *copy;

	for (size_t i = 0; i < rule->nmatches; i++) {
		if (!xt_conntrack_read(&rule->matches[i], &want))
			continue;
		/* Only the first one is written so. */
		if (want.dnat != XT_DNAT_IS_NOT)
			return NULL;
		copy = rule_copy(rule);
		xt_conntrack_make_none(&copy->matches[i]);
		return copy;
	}
	return NULL;
}

/* The port that the client connected to is the one in the packet: nothing was translated. */
static struct rule *about_port(const struct rule *rule, const struct xt_conntrack_want *want)
{
	struct rule *copy = rule_new(rule->family);

	copy->invert = rule->invert;
	copy->src = rule->src;
	copy->dst = rule->dst;
	copy->in = rule->in;
	copy->proto = rule->proto;
	xt_conntrack_add(copy, want);
	xt_conntrack_make_none(&copy->matches[0]);
	if (xt_dports_add(copy, want->port, want->last))
		return copy;
	rule_free(copy);
	return NULL;
}

struct rule *guard_unconnected_input(const struct rule *rule)
{
	struct xt_conntrack_want want;
	struct rule *copy = NULL;

	for (size_t i = 0; i < rule->nmatches && !copy; i++)
		if (xt_conntrack_read(&rule->matches[i], &want) && want.port)
			copy = about_port(rule, &want);
	/* An answer to an INVALID packet may end a connection of the host's own. */
	if (copy)
		copy->verdict = rule_refuses(rule) ? VERDICT_DROP : VERDICT_ACCEPT;
	return copy;
}
