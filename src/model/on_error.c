/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "on_error.h"

#include <stdlib.h>
#include <string.h>

static bool chain_refuses(const struct policy *policy, enum family family, const char *name);

/* Whether a packet that it matches may be refused; the configuration has no loops. */
static bool may_refuse(const struct policy *policy, enum family family, const struct rule *rule)
{
	return rule_refuses(rule) ||
	       (rule_jumps(rule) && chain_refuses(policy, family, rule->chain));
}

static bool chain_refuses(const struct policy *policy, enum family family, const char *name)
{
	const struct wanted_chain *chain = policy_chain(policy, name);

	if (!chain || chain->filled_by == FILLED_BY_OTHERS)
		return true;
	for (size_t i = 0; i < chain->rules[family].n; i++)
		if (may_refuse(policy, family, chain->rules[family].v[i].rule))
			return true;
	return false;
}

static void add_closing(struct wanted_rules *rules, struct rule *rule, char *text,
			const struct wanted_rule *wanted)
{
	wanted_rules_add(rules, rule, text, wanted->file, wanted->line)->section = wanted->section;
	free(text);
}

/* For one interface; NULL: any. */
static void close_interface(const struct wanted_rule *closing, const char *name, bool negated,
			    const struct wanted_rule *wanted, struct wanted_rules *rules)
{
	struct rule *rule = rule_copy(closing->rule);
	char *text = name ? xasprintf("%s-i %s %s", negated ? "! " : "", name, closing->text)
			  : xstrdup(closing->text);

	if (name)
		interface_set(&rule->in, name);
	rule->invert |= negated ? INV_IN : 0;
	add_closing(rules, rule, text, wanted);
}

/* Adds what takes the place of a rule that refuses, or leads to one that does. */
static void make_closing(const struct policy *policy, enum family family,
			 const struct wanted_rule *wanted, struct wanted_rules *rules)
{
	const struct wanted_rules *closing = &policy->closing[family];
	const struct interface *in = &wanted->rule->in;

	/* A section is about its own ports; only its way to refuse may be what is missing. */
	if (wanted->section && rule_refuses(wanted->rule)) {
		struct rule *rule = rule_copy(wanted->rule);

		free(rule->target.data);
		rule->target = (struct ext){ 0 };
		rule->verdict = VERDICT_DROP;
		add_closing(rules, rule, xasprintf("%s (as -j DROP)", wanted->text), wanted);
		return;
	}
	if (in->mask[0]) {
		close_interface(&closing->v[0], in->name, wanted->rule->invert & INV_IN, wanted, rules);
		return;
	}
	if (!policy->outside.n)
		close_interface(&closing->v[0], NULL, false, wanted, rules);
	for (size_t i = 0; i < policy->outside.n; i++)
		close_interface(&closing->v[0], policy->outside.v[i], false, wanted, rules);
}

/* Whether an equal rule that is not refused comes before the place. */
static bool has_before(const struct wanted_rules *rules, size_t place, const struct rule *rule)
{
	for (size_t i = 0; i < place; i++)
		if (rule_equal_but_mark(rules->v[i].rule, rule) && !rules->v[i].refused)
			return true;
	return false;
}

static void insert_at(struct wanted_rules *rules, size_t place, const struct wanted_rule *wanted)
{
	GROW(rules->v, rules->n, rules->room);
	memmove(&rules->v[place + 1], &rules->v[place], (rules->n - place) * sizeof(*rules->v));
	rules->v[place] = *wanted;
	rules->n++;
}

static bool closes(const struct policy *policy, enum family family, const struct rule *rule)
{
	return policy->closing[family].n && may_refuse(policy, family, rule);
}

void on_error_close(const struct policy *policy, enum family family, struct wanted_rules *rules,
		    size_t place, const struct wanted_rule *wanted)
{
	const struct rule *rule = wanted->rule; /* wanted itself may move */
	struct wanted_rules closing = { 0 };

	if (!closes(policy, family, rule))
		return;
	make_closing(policy, family, wanted, &closing);
	for (size_t i = 0; i < closing.n; i++) {
		/* What is refused itself closes nothing. */
		if (rule_equal_but_mark(closing.v[i].rule, rule) ||
		    has_before(rules, place, closing.v[i].rule))
			continue;
		insert_at(rules, place++, &closing.v[i]);
		closing.v[i] = (struct wanted_rule){ 0 };
	}
	wanted_rules_clear(&closing);
}

const char *on_error_said(const struct policy *policy, enum family family, const struct rule *rule)
{
	return closes(policy, family, rule)
		? "in its place, new connections from outside to published ports are refused"
		: "the rule is left out";
}
