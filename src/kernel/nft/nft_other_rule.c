/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_other_rule.h"

#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nft_headers.h"
#include "nft_other_effect.h"
#include "nft_other_keys.h"
#include "nft_other_nat.h"
#include "nft_other_when.h"

static void use_nothing(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	(void)reading;
	(void)expr;
}

static void use_unsure(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	(void)expr;
	nft_other_unsure(reading);
}

/* What it loads is not known, and if there is nothing to load, the rule does not match. */
static void load_unknown(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	(void)expr;
	nft_other_unsure(reading);
	memset(reading->regs, 0, sizeof(reading->regs));
}

static void take_exthdr(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	/* Options of TCP and IPv6 do not change where a packet goes. */
	if (expr->v[NFTA_EXTHDR_DREG])
		load_unknown(reading, expr);
	else
		nft_other_unsure(reading);
}

static void take_reject(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	(void)expr;
	nft_other_end(reading, OTHER_REFUSE);
}

/* It sends the packet elsewhere. */
static void take_fwd(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	(void)expr;
	nft_other_end(reading, OTHER_DROP);
}

static void take_masq(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	(void)expr;
	nft_other_end(reading, OTHER_ACCEPT);
}

static void take_notrack(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	(void)expr;
	other_rule_change(&reading->rule, &(struct other_change){ .kind = OTHER_NOTRACK });
}

static const struct {
	const char *name;
	void (*take)(struct nft_other_reading *reading, const struct nft_attrs *expr);
	bool tests; /* it compares, or it may fail: it must come before any change */
} expressions_known[] = {
	{ "bitwise", nft_other_bitwise, false },
	{ "byteorder", nft_other_byteorder, false },
	{ "cmp", nft_other_cmp, true },
	{ "connlimit", use_unsure, true },
	{ "counter", use_nothing, false },
	{ "ct", nft_other_take_ct, false },
	{ "dup", use_nothing, false }, /* sends a copy */
	{ "dynset", nft_other_take_dynset, true },
	{ "exthdr", take_exthdr, true },
	{ "fib", nft_other_load_fib, false },
	{ "flow_offload", use_unsure, true },
	{ "fwd", take_fwd, false },
	{ "hash", load_unknown, true },
	{ "immediate", nft_other_take_immediate, false },
	{ "inner", use_unsure, true },
	{ "last", use_nothing, false },
	{ "limit", use_unsure, true },
	{ "log", use_nothing, false },
	{ "lookup", nft_other_lookup, true },
	{ "masq", take_masq, false },
	{ "match", nft_other_take_match, true },
	{ "meta", nft_other_take_meta, false },
	{ "nat", nft_other_take_nat, false },
	{ "notrack", take_notrack, false },
	{ "numgen", load_unknown, false },
	{ "objref", nft_other_take_object, true },
	{ "osf", load_unknown, true },
	{ "payload", nft_other_take_payload, false },
	{ "quota", use_unsure, true },
	{ "range", nft_other_range, true },
	{ "redir", nft_other_take_redir, false },
	{ "reject", take_reject, false },
	{ "rt", load_unknown, true },
	{ "socket", load_unknown, true },
	{ "synproxy", nft_other_take_synproxy, false },
	{ "target", nft_other_take_target, false },
	{ "tunnel", load_unknown, true },
	{ "xfrm", load_unknown, true },
};

/* ---- rules ---- */

static void finish(struct nft_other_reading *reading)
{
	if (reading->branched)
		return;
	reading->rule.alternative = reading->forked;
	other_chain_add(reading->chain, &reading->rule);
}

static bool reads_change(const struct other_rule *rule)
{
	static const enum other_field fields[][3] = {
		[OTHER_SET_MARK] = { FIELD_MARK, FIELD_MARK, FIELD_MARK },
		[OTHER_SET_CT_MARK] = { FIELD_CT_MARK, FIELD_CT_MARK, FIELD_CT_MARK },
		[OTHER_SET_ZONE] = { FIELD_STATE, FIELD_STATUS, FIELD_CT_MARK },
		[OTHER_NOTRACK] = { FIELD_STATE, FIELD_STATUS, FIELD_CT_MARK },
	};

	for (size_t i = 0; i < rule->nchanges; i++)
		for (size_t t = 0; t < rule->ntests; t++)
			for (size_t k = 0; k < ARRAY_SIZE(fields[0]); k++)
				if (other_test_reads(&rule->tests[t],
						     fields[rule->changes[i].kind][k]))
					return true;
	return false;
}

/*
 * A packet keeps what a rule has changed of it when a later condition does not hold: the
 * rule becomes two, of which the second one has the conditions of both.
 */
static void split_after_changes(struct nft_other_reading *reading)
{
	struct other_rule first;

	if (!reading->rule.nchanges)
		return;
	if (reading->forked || reading->rule.unsure || reads_change(&reading->rule)) {
		nft_other_anything(reading);
		return;
	}
	first = other_rule_copy(&reading->rule);
	other_chain_add(reading->chain, &first);
	reading->rule.nchanges = 0;
}

static void read_from(struct nft_other_reading *reading, const struct nlattr *list,
		      const struct nlattr *at);

/* An element of a map and its interval. */
struct map_element {
	const struct nft_other_set *set;
	const struct nft_element *element;
	size_t interval;
};

static int by_data(const void *left, const void *right)
{
	const struct map_element *a = left, *b = right;
	const struct nft_element *x = a->element, *y = b->element;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (x->chain && y->chain)
		return strcmp(x->chain, y->chain);
	if (x->chain || y->chain)
		return x->chain ? 1 : -1;
	if (x->data_size != y->data_size)
		return x->data_size < y->data_size ? -1 : 1;
	return x->data_size ? memcmp(a->set->bytes + x->data, b->set->bytes + y->data, x->data_size)
			    : 0;
}

/* Reads the rest of the rule for the packets of which the map gives what the element has. */
static void take_branch(const struct nft_other_reading *before, const struct nft_other_set *set,
			const struct nft_element *element, const struct other_test *test,
			const struct nft_attrs *expr, const struct nlattr *list,
			const struct nlattr *at)
{
	struct nft_other_reading *reading = xmemdup(before, sizeof(*before));

	reading->rule = other_rule_copy(&before->rule);
	reading->forked = true;
	if (test)
		other_rule_add_test(&reading->rule, test);
	if (set->verdicts) {
		nft_other_take_code(reading, element->verdict, element->chain);
	} else {
		struct nft_other_value value = { .kind = NFT_DATA, .size = element->data_size };

		if (value.size > sizeof(value.bytes))
			value = (struct nft_other_value){ 0 };
		memcpy(value.bytes, set->bytes + element->data, value.size);
		nft_other_write(reading, expr->v[NFTA_LOOKUP_DREG], &value);
	}
	read_from(reading, list, at);
	finish(reading);
	other_rule_clear(&reading->rule);
	free(reading);
}

/* One branch for all elements of the same data, and the one for everything else at the end. */
static void take_branches(struct nft_other_reading *reading, const struct nft_other_set *set,
			  const struct nft_key_parts *parts, const struct nft_intervals *intervals,
			  const struct nft_attrs *expr, const struct nlattr *list,
			  const struct nlattr *at)
{
	struct map_element *all = xcalloc(intervals->n + 1, sizeof(*all));
	size_t *chosen = xcalloc(intervals->n + 1, sizeof(*chosen));
	size_t last;

	for (size_t i = 0; i < intervals->n; i++)
		all[i] = (struct map_element){ set, &set->v[intervals->element[i]], i };
	if (intervals->n)
		qsort(all, intervals->n, sizeof(*all), by_data);
	for (size_t first = 0; first < intervals->n; first = last) {
		struct other_test test;

		for (last = first; last < intervals->n && !by_data(&all[first], &all[last]); last++)
			chosen[last - first] = all[last].interval;
		test = nft_intervals_test(reading, parts, intervals, chosen, last - first);
		take_branch(reading, set, all[first].element, &test, expr, list, at);
	}
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].catchall)
			take_branch(reading, set, &set->v[i], NULL, expr, list, at);
	free(chosen);
	free(all);
}

/*
 * What is looked up is not a part of the packet, as with numgen and jhash: any element may be
 * meant, and if the map does not have the value, none.
 */
static void take_any_branch(struct nft_other_reading *reading, const struct nft_other_set *set,
			    const struct nft_attrs *expr, const struct nlattr *list,
			    const struct nlattr *at)
{
	struct map_element *all = xcalloc(set->n + 1, sizeof(*all));
	size_t n = 0;

	nft_other_unsure(reading);
	for (size_t i = 0; i < set->n; i++)
		if (!set->v[i].interval_end)
			all[n++] = (struct map_element){ set, &set->v[i], i };
	if (n)
		qsort(all, n, sizeof(*all), by_data);
	for (size_t i = 0; i < n; i++)
		if (!i || by_data(&all[i - 1], &all[i]))
			take_branch(reading, set, all[i].element, NULL, expr, list, at);
	free(all);
}

/* A lookup in a map: the rule goes on in as many ways as it has data. */
static void take_map(struct nft_other_reading *reading, const struct nft_attrs *expr,
		     const struct nlattr *list, const struct nlattr *at)
{
	const char *name = nft_attr_string(expr->v[NFTA_LOOKUP_SET]);
	struct nft_other_set *set = name ? nft_other_sets_find(reading->sets, name) : NULL;
	struct nft_intervals intervals = { 0 };
	struct nft_key_parts parts;
	uint32_t to = NFT_REG_1;

	split_after_changes(reading);
	if (reading->ended)
		return;
	nft_attr_u32(expr->v[NFTA_LOOKUP_DREG], &to);
	if (!set && to == NFT_REG_VERDICT) {
		nft_other_unsure(reading);
		nft_other_end(reading, OTHER_JUMP);
	} else if (!set || !reading->sets || set->unsure || set->unread ||
		   set->n > *reading->sets->forks) {
		nft_other_anything(reading);
	} else if (!nft_key_parts(reading, expr->v[NFTA_LOOKUP_SREG], set->key_size, &parts) ||
		   !nft_intervals_make(set, &parts, &intervals)) {
		*reading->sets->forks -= set->n;
		take_any_branch(reading, set, expr, list, at);
		reading->branched = reading->ended = true;
	} else {
		*reading->sets->forks -= set->n;
		take_branches(reading, set, &parts, &intervals, expr, list, at);
		/* The branches have it, and no other packet goes on. */
		reading->branched = reading->ended = true;
	}
	nft_intervals_clear(&intervals);
}

static void take_expression(struct nft_other_reading *reading, const struct nlattr *list,
			    const struct nlattr *element)
{
	struct nft_attrs outer, expr;
	const char *name;

	nft_attrs_nested(&outer, element, NFT_OTHER_KNOWN);
	name = nft_attr_string(outer.v[NFTA_EXPR_NAME]);
	nft_attrs_nested(&expr, outer.v[NFTA_EXPR_DATA], NFT_OTHER_KNOWN);
	if (name && !strcmp(name, "lookup") && expr.v[NFTA_LOOKUP_DREG]) {
		take_map(reading, &expr, list, nft_attr_next(list, element));
		return;
	}
	for (size_t i = 0; name && i < ARRAY_SIZE(expressions_known); i++)
		if (!strcmp(name, expressions_known[i].name)) {
			if (expressions_known[i].tests)
				split_after_changes(reading);
			if (!reading->ended)
				expressions_known[i].take(reading, &expr);
			return;
		}
	nft_other_anything(reading);
}

static void read_from(struct nft_other_reading *reading, const struct nlattr *list,
		      const struct nlattr *at)
{
	for (; at && !reading->ended; at = nft_attr_next(list, at))
		take_expression(reading, list, at);
}

void nft_other_rule(const struct nft_other_place *place, const struct nlattr *expressions)
{
	struct nft_other_reading reading = {
		.filters = place->filters, .table = place->table, .family = place->family,
		.sets = place->sets, .chain = &place->filters->chains[place->chain],
		.families = nft_other_families(place->family),
		.rule = { .to = OTHER_NOWHERE, .number = place->number, .handle = place->handle },
	};

	read_from(&reading, expressions, nft_attr_first(expressions));
	finish(&reading);
	other_rule_clear(&reading.rule);
}

/* The name of the expression, or "". */
static const char *name_of(const struct nlattr *element)
{
	struct nft_attrs outer;
	const char *name;

	nft_attrs_nested(&outer, element, NFT_OTHER_KNOWN);
	name = nft_attr_string(outer.v[NFTA_EXPR_NAME]);
	return name ? name : "";
}

bool nft_other_has_xt(const struct nlattr *expressions)
{
	for (const struct nlattr *at = nft_attr_first(expressions); at;
	     at = nft_attr_next(expressions, at))
		if (!strcmp(name_of(at), "match") || !strcmp(name_of(at), "target"))
			return true;
	return false;
}

bool nft_other_keeps_packet(uint8_t family, const struct nlattr *expressions, bool *relays)
{
	struct other_filters filters = { 0 };
	struct nft_other_place place = { .filters = &filters, .family = family };
	bool keeps = true;

	other_filters_table(&filters, "", nft_other_families(family));
	other_filters_add_chain(&filters, "");
	nft_other_rule(&place, expressions);
	*relays = false;
	for (size_t i = 0; i < filters.chains[0].n; i++) {
		keeps &= !other_rule_alters(&filters.chains[0].v[i]);
		*relays |= filters.chains[0].v[i].relays;
	}
	other_filters_clear(&filters);
	return keeps;
}
