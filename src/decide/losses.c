/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "losses.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "chain_diff.h"
#include "docker_layout.h"
#include "text.h"

/* The length of the prefix that the mask is, or -1. */
static int prefix_of(const struct address *address, size_t size)
{
	int bits = 0;

	while (bits < (int)size * 8 && address->mask[bits / 8] & 0x80 >> bits % 8)
		bits++;
	for (int i = bits; i < (int)size * 8; i++)
		if (address->mask[i / 8] & 0x80 >> i % 8)
			return -1;
	return bits;
}

/* "198.51.100.7", "others than 192.0.2.0/24", "clients" */
static void print_source(FILE *out, const struct rule *rule)
{
	int full = (int)family_addr_size(rule->family) * 8;
	int prefix = prefix_of(&rule->src, family_addr_size(rule->family));
	char text[INET6_ADDRSTRLEN];

	if (prefix <= 0 || !inet_ntop(family_af(rule->family), rule->src.addr, text, sizeof(text))) {
		fputs(prefix ? "some clients" : "clients", out);
		return;
	}
	fprintf(out, "%s%s", rule->invert & INV_SRC ? "others than " : "", text);
	if (prefix < full)
		fprintf(out, "/%d", prefix);
}

/* What the rule of others does now, as the end of "before rule 3 of DOCKER-USER, which". */
static void print_rule_does(FILE *out, const struct rule *rule)
{
	if (rule->opaque) {
		fputs("cannot be decoded in full and may let clients in", out);
		return;
	}
	fputs(rule->chain ? "may let " : "lets ", out);
	print_source(out, rule);
	fputs(" in", out);
	if (rule->in.mask[0])
		fprintf(out, " on %s%s", rule->invert & INV_IN ? "interfaces other than " : "",
			rule->in.name);
	if (rule->chain)
		fprintf(out, " by way of %s", rule->chain);
}

/* Whether the configured rule is before the live one after a repair, but is not now. */
static bool comes_before(const struct chain_diff *diff, size_t wanted, size_t live)
{
	if (chain_diff_is_kept(diff, wanted) || chain_diff_left_out(diff, wanted))
		return false;
	return diff->places[wanted] <= live &&
	       (diff->live[wanted] == DIFF_MISSING || diff->live[wanted] > live);
}

/* The first configured rule that refuses what the live one lets pass, or NULL. */
static const struct wanted_rule *locks_out(const struct chain_diff *diff, struct reach *reach,
					   size_t live)
{
	const struct rule *foreign = diff->chain->rules[live];

	if (diff->fates[live] != LIVE_FOREIGN || !reach_passes(reach, foreign))
		return NULL;
	for (size_t w = 0; w < diff->wanted->n; w++)
		if (comes_before(diff, w, live) &&
		    reach_refuses(reach, diff->wanted->v[w].rule) &&
		    foreign_can_meet(reach, foreign, &diff->wanted->v[w]) &&
		    !chain_diff_lets_before(diff, w, foreign))
			return &diff->wanted->v[w];
	return NULL;
}

static void in_chain(const struct policy *policy, struct reach *reach, const struct chain *chain,
		     enum family family, struct access_changes *losses)
{
	struct chain_diff diff;

	chain_diff_make(&diff, &policy_chain(policy, chain->name)->rules[family], reach, chain,
			chain_holding(policy, chain->name));
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct wanted_rule *refusing = locks_out(&diff, reach, i);
		struct text text;

		if (!refusing)
			continue;
		text_open(&text);
		fprintf(text.out, "this puts '%s' before rule %zu of %s, which ", refusing->text,
			i + 1, chain->name);
		print_rule_does(text.out, chain->rules[i]);
		fputs(": those that it refuses lose access", text.out);
		access_changes_take(losses, family, chain->name, i + 1, text_take(&text));
		/* No packet reaches the rules after it. */
		if (rule_ends_chain(chain->rules[i]))
			break;
	}
	chain_diff_clear(&diff);
}

void losses_add(const struct policy *policy, const struct snapshot *snapshot,
		struct access_changes *losses)
{
	unsigned int families = families_in_force(policy, snapshot);

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, (enum family)family, "filter");
		struct reach *reach;

		if (!table || !(families & (1U << family)))
			continue;
		reach = reach_new(table, policy);
		for (size_t i = 0; i < policy->nchains; i++) {
			const char *name = policy->chains[i]->name;
			const struct chain *chain = table_chain(table, name);

			if (chain && chain_is_held(policy, name, (enum family)family) && !chain_is_left(policy, chain))
				in_chain(policy, reach, chain, (enum family)family, losses);
		}
		reach_free(reach);
	}
}
