/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accepts.h"

#include <stdlib.h>
#include <string.h>

#include "chain_diff.h"
#include "meet.h"
#include "xt_match.h"
#include "xt_target.h"

/* Chains that lead deeper, or have more rules in all, are not followed to their end. */
#define DEPTH_MAX 8
#define RULES_MAX 1024

struct finder {
	struct reach *reach;
	const struct policy *policy;
	const struct table *table;
	const struct written *written;
	struct accepts *accepts;
	size_t rules; /* how many have been looked at */
};

void accepts_clear(struct accepts *accepts)
{
	for (size_t i = 0; i < accepts->n; i++)
		rule_free(accepts->v[i].rule);
	free(accepts->v);
	*accepts = (struct accepts){ 0 };
}

/* Takes the rule over. */
static void add(struct finder *finder, struct rule *rule, bool exact)
{
	struct accepts *accepts = finder->accepts;

	for (size_t i = 0; i < accepts->n; i++)
		if (rule_equal_but_mark(accepts->v[i].rule, rule)) {
			accepts->v[i].exact |= exact;
			rule_free(rule);
			return;
		}
	GROW(accepts->v, accepts->n, accepts->room);
	accepts->v[accepts->n++] = (struct accepted){ rule, exact };
}

/* ---- the conditions of two rules in one ---- */

enum field { FIELD_SRC, FIELD_DST, FIELD_IN, FIELD_OUT, FIELD_PROTO, FIELD_COUNT };

static void copy_field(struct rule *to, const struct rule *from, enum field field)
{
	static const unsigned int inversions[] = {
		[FIELD_SRC] = INV_SRC, [FIELD_DST] = INV_DST, [FIELD_IN] = INV_IN,
		[FIELD_OUT] = INV_OUT, [FIELD_PROTO] = INV_PROTO,
	};
	unsigned int inversion = inversions[field];

	to->invert = (to->invert & ~inversion) | (from->invert & inversion);
	switch (field) {
	case FIELD_SRC:
		to->src = from->src;
		break;
	case FIELD_DST:
		to->dst = from->dst;
		break;
	case FIELD_IN:
		to->in = from->in;
		break;
	case FIELD_OUT:
		to->out = from->out;
		break;
	default:
		to->proto = from->proto;
		break;
	}
}

/* Leaves the narrower condition in to; false if neither includes the other. */
static bool merge_field(struct rule *to, const struct rule *from, enum field field)
{
	struct rule a = { .family = to->family }, b = a;

	copy_field(&a, to, field);
	copy_field(&b, from, field);
	if (rules_imply(&a, &a, &b))
		return true;
	if (!rules_imply(&b, &b, &a))
		return false;
	copy_field(to, from, field);
	return true;
}

/* Two different matches of one name are not combined: their form might be another one. */
static bool merge_match(struct rule *to, const struct ext *match)
{
	for (size_t i = 0; i < to->nmatches; i++) {
		const struct ext *own = &to->matches[i];

		if (!strcmp(own->name, match->name))
			return own->revision == match->revision && own->size == match->size &&
			       !memcmp(own->data, match->data, match->size);
	}
	rule_add_match(to, match->name, match->revision, match->data, match->size)->usersize =
		match->usersize;
	return true;
}

/* What both match, or NULL where that is not written as one rule. Both have conditions only. */
static struct rule *conjunction(const struct rule *a, const struct rule *b)
{
	struct rule *both = rule_conditions(a);
	bool whole = !a->frag && !b->frag;

	for (int field = 0; field < FIELD_COUNT; field++)
		whole = whole && merge_field(both, b, (enum field)field);
	for (size_t i = 0; i < b->nmatches; i++)
		whole = whole && merge_match(both, &b->matches[i]);
	if (whole)
		return both;
	rule_free(both);
	return NULL;
}

/* What is known of the rule's conditions; NULL: nothing. */
static const struct rule *known_of(const struct rule *rule)
{
	return rule->opaque ? rule->certain : rule;
}

/* The rule's pure conditions; exact: they are all. Of an opaque rule, those that are certain. */
static struct rule *pure_conditions(const struct finder *finder, const struct rule *rule,
				    bool *exact)
{
	const struct rule *known = known_of(rule);
	struct rule *part = known ? rule_conditions(known) : rule_new(rule->family);

	*exact = !rule->opaque && !rule->either_port;
	for (size_t i = part->nmatches; i-- > 0;)
		if (!match_is_pure(&part->matches[i], finder->written)) {
			rule_remove_match(part, i);
			*exact = false;
		}
	return part;
}

/* ---- through chains ---- */

/*
 * Whether what is in the chain now is what counts. One that others fill is only read where the
 * guard has to know it: elsewhere it may change without the guard.
 */
static bool is_followed(const struct finder *finder, const struct chain *chain, size_t depth)
{
	if (!chain || !chain->loaded || chain->builtin || depth >= DEPTH_MAX)
		return false;
	return !policy_chain_in(finder->policy, chain->name, finder->table->family) ||
	       (policy_follows_host(finder->policy) &&
		!chain_is_held(finder->policy, chain->name, finder->table->family));
}

/* Whether a packet of the rule may have left the chain before it without being accepted. */
static bool may_have_left(const struct chain *chain, size_t rule)
{
	for (size_t i = 0; i < rule; i++) {
		const struct rule *before = chain->rules[i];

		if ((before->verdict == VERDICT_RETURN || before->verdict == VERDICT_GOTO ||
		     rule_is_unknown(before)) && rules_can_meet(before, chain->rules[rule]))
			return true;
	}
	return false;
}

static void look_in_chain(struct finder *finder, const struct chain *chain,
			  const struct rule *from, bool exact, size_t depth);

/* A rule of a chain to which packets come that meet the conditions of from. */
static void look_at_rule(struct finder *finder, const struct rule *rule, const struct rule *from,
			 bool exact, size_t depth)
{
	const struct chain *to = rule_jumps(rule) && !rule->opaque ?
				 table_chain(finder->table, rule->chain) : NULL;
	bool whole;
	struct rule *part, *both;

	if (known_of(rule) && !rules_can_meet(from, known_of(rule)))
		return;
	part = pure_conditions(finder, rule, &whole);
	both = conjunction(from, part);
	rule_free(part);
	exact &= whole && both;
	if (!both)
		both = rule_conditions(from);
	if (is_followed(finder, to, depth)) {
		look_in_chain(finder, to, both, exact, depth + 1);
		rule_free(both);
	} else {
		add(finder, both, exact && rule->verdict == VERDICT_ACCEPT);
	}
}

static void look_in_chain(struct finder *finder, const struct chain *chain,
			  const struct rule *from, bool exact, size_t depth)
{
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		if (++finder->rules > RULES_MAX) {
			add(finder, rule_conditions(from), false);
			return;
		}
		if (!rule_queues(rule) && reach_accepts(finder->reach, chain, rule, false))
			look_at_rule(finder, rule, from, exact && !may_have_left(chain, i), depth);
		if (rule_ends_chain(rule))
			return;
	}
}

void accepts_find(struct reach *reach, const struct policy *policy, const struct written *written,
		  const struct rule *rule, struct accepts *accepts)
{
	struct finder finder = { .reach = reach, .policy = policy, .table = reach_table(reach),
				 .written = written, .accepts = accepts };
	const struct chain *to = NULL;
	struct rule *part;
	bool exact;

	if (rule_queues(rule))
		return;
	if (rule->verdict == VERDICT_JUMP && !rule->opaque && finder.table)
		to = table_chain(finder.table, rule->chain);
	part = pure_conditions(&finder, rule, &exact);
	if (is_followed(&finder, to, 0)) {
		look_in_chain(&finder, to, part, exact, 1);
		rule_free(part);
		return;
	}
	/* What is let go on after a goto does not come back to the rules after it. */
	add(&finder, part, exact && (rule->verdict == VERDICT_ACCEPT ||
				     rule->verdict == VERDICT_RETURN ||
				     rule->verdict == VERDICT_GOTO));
}

/* ---- which are narrow ---- */

static bool match_is_narrow(const struct ext *match)
{
	struct xt_conntrack_want want;
	struct xt_ports ports;
	unsigned int states;
	bool not;

	if (xt_conntrack_read(match, &want))
		return want.port;
	if (xt_match_states(match, &states, &not))
		return false;
	if (xt_match_ports(match, &ports))
		return !ports.not_dest && (ports.dest.lo || ports.dest.hi < UINT16_MAX);
	return strcmp(match->name, "tcp") != 0 && strcmp(match->name, "comment") != 0;
}

static bool is_one_address(const struct rule *rule)
{
	for (size_t i = 0; i < family_addr_size(rule->family); i++)
		if (rule->dst.mask[i] != UINT8_MAX)
			return false;
	return !(rule->invert & INV_DST);
}

bool accept_is_narrow(const struct rule *rule)
{
	static const uint8_t none[16];

	if (!(rule->invert & INV_SRC) && memcmp(rule->src.mask, none, sizeof(none)) != 0)
		return true;
	for (size_t i = 0; i < rule->nmatches; i++)
		if (match_is_narrow(&rule->matches[i]))
			return true;
	return is_one_address(rule);
}

/* ---- what has to be read ---- */

struct search {
	const struct table *table;
	bool written; /* looks for a match that others may write, not for what is not loaded */
	struct chain *found;
	size_t rules;
};

static void search_from(struct search *search, const struct rule *rule, size_t depth)
{
	struct chain *chain = rule_jumps(rule) ? table_chain(search->table, rule->chain) : NULL;

	if (!chain || depth > DEPTH_MAX)
		return;
	if (!chain->loaded && !search->written)
		search->found = chain;
	for (size_t i = 0; i < chain->nrules && !search->found && search->rules++ < RULES_MAX; i++) {
		if (search->written && rule_may_be_about_written(chain->rules[i]))
			search->found = chain;
		else
			search_from(search, chain->rules[i], depth + 1);
	}
}

struct chain *accepts_unloaded(const struct table *table, const struct rule *rule)
{
	struct search search = { .table = table };

	search_from(&search, rule, 0);
	return search.found;
}

bool accepts_match_written(const struct table *table, const struct rule *rule)
{
	struct search search = { .table = table, .written = true };

	search_from(&search, rule, 0);
	return search.found != NULL;
}
