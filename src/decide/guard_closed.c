/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard_closed.h"

#include "guard_names.h"
#include "xt_match.h"
#include "xt_target.h"

struct rule *guard_closed_rule(enum family family)
{
	static const struct xt_conntrack_want published = {
		.dnat = XT_DNAT_IS, .direction = XT_DIRECTION_ORIGINAL,
	};
	struct rule *rule = rule_new(family);

	/* A match of its own, since "--ctstate NEW,DNAT" is either of them. */
	xt_conntrack_add_states(rule, XT_CONNTRACK_STATE_BIT(IP_CT_NEW), false);
	xt_conntrack_add(rule, &published);
	xt_target_set_reject(rule);
	rule_add_mark(rule);
	return rule;
}

static bool is_closing_rule(const struct rule *rule)
{
	struct rule *closing = guard_closed_rule(rule->family);
	bool same = rule_equal_but_mark(rule, closing);

	rule_free(closing);
	return same;
}

bool guard_is_closed(const struct table *table)
{
	const struct chain *forward = table_chain(table, GUARD_FORWARD);

	return table && !table->dormant && table->nchains == 1 && forward && forward->builtin &&
	       forward->nrules == 1 && is_closing_rule(forward->rules[0]);
}
