/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TEST_MODEL_H
#define DOCKFW_TEST_MODEL_H

/*
 * Hand-made snapshots and policies, without libxtables or a kernel: a rule is written
 * as a few words, which are not the syntax of iptables.
 *
 *   [!] -i NAME  [!] -o NAME  -p NUMBER  -s A.B.C.D  -d A.B.C.D  -j|-g NAME-OR-VERDICT
 *   ext:NAME (a target)  est (ctstate RELATED,ESTABLISHED)  related  m:NAME (a match)
 *   to:PORT (of the connection, in the original direction)  direct (not translated)
 *   none:PORT (without a connection, that destination port of the protocol before it)
 *   # (the mark)  ? (opaque)  ?= (opaque, and it can only do what -j and ext: say)
 */

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_conntrack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apply.h"
#include "check.h"
#include "plan.h"
#include "policy.h"
#include "ruleset.h"
#include "xt_match.h"

static inline void model_target(struct rule *rule, const char *name, bool go_to)
{
	static const struct {
		const char *name;
		enum verdict verdict;
	} verdicts[] = {
		{ "ACCEPT", VERDICT_ACCEPT }, { "DROP", VERDICT_DROP },
		{ "RETURN", VERDICT_RETURN }, { "QUEUE", VERDICT_QUEUE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		if (!strcmp(name, verdicts[i].name)) {
			rule->verdict = verdicts[i].verdict;
			return;
		}
	}
	rule_set_chain(rule, go_to ? VERDICT_GOTO : VERDICT_JUMP, name);
}

static inline void model_address(struct address *address, const char *text)
{
	assert_int_equal(inet_pton(AF_INET, text, address->addr), 1);
	memset(address->mask, 0xff, 4);
}

static inline void model_origin(struct rule *rule, const char *word)
{
	struct xt_conntrack_want want = { .direction = XT_DIRECTION_ORIGINAL };

	if (!strcmp(word, "direct"))
		want.dnat = XT_DNAT_IS_NOT;
	else
		want.port = (uint16_t)atoi(word + strlen("to:"));
	xt_conntrack_add(rule, &want);
}

static inline void model_none(struct rule *rule, const char *word)
{
	uint16_t port = (uint16_t)atoi(word + strlen("none:"));

	model_origin(rule, "direct");
	xt_conntrack_make_none(&rule->matches[rule->nmatches - 1]);
	assert_true(xt_dports_add(rule, port, port));
}

static inline struct rule *model_rule(enum family family, const char *text)
{
	struct xt_conntrack_mtinfo3 est = {
		.match_flags = XT_CONNTRACK_STATE,
		.state_mask = XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
			      XT_CONNTRACK_STATE_BIT(IP_CT_RELATED),
	};
	struct rule *rule = rule_new(family);
	char *copy = xstrdup(text), *rest = copy, *word;

	while ((word = strsep(&rest, " "))) {
		if (!strcmp(word, "!"))
			rule->invert |= strncmp(rest, "-i", 2) ? INV_OUT : INV_IN;
		else if (!strcmp(word, "-i"))
			assert_true(interface_set(&rule->in, strsep(&rest, " ")));
		else if (!strcmp(word, "-o"))
			assert_true(interface_set(&rule->out, strsep(&rest, " ")));
		else if (!strcmp(word, "-p"))
			rule->proto = (uint16_t)atoi(strsep(&rest, " "));
		else if (!strcmp(word, "-s"))
			model_address(&rule->src, strsep(&rest, " "));
		else if (!strcmp(word, "-d"))
			model_address(&rule->dst, strsep(&rest, " "));
		else if (!strcmp(word, "-j") || !strcmp(word, "-g"))
			model_target(rule, strsep(&rest, " "), word[1] == 'g');
		else if (!strncmp(word, "ext:", 4))
			rule_set_target(rule, word + 4, 0, "12345678", 8);
		else if (!strncmp(word, "m:", 2))
			rule_add_match(rule, word + 2, 0, "12345678", 8);
		else if (!strcmp(word, "direct") || !strncmp(word, "to:", 3))
			model_origin(rule, word);
		else if (!strncmp(word, "none:", 5))
			model_none(rule, word);
		else if (!strcmp(word, "related"))
			xt_conntrack_add_states(rule, XT_CONNTRACK_STATE_BIT(IP_CT_RELATED), false);
		else if (!strcmp(word, "est"))
			rule_add_match(rule, "conntrack", 3, &est, sizeof(est));
		else if (!strcmp(word, "#"))
			rule_add_mark(rule);
		else if (!strcmp(word, "?") || !strcmp(word, "?="))
			rule->opaque = xstrdup("expression 'lookup'"), rule->end_known = word[1];
		else if (*word)
			fail_msg("no such word: %s", word);
	}
	free(copy);
	return rule;
}

/* A filter table from lines "CHAIN rule"; just "CHAIN" creates an empty one. */
static inline struct table *model_table(struct snapshot *snapshot, enum family family,
					const char *const *lines)
{
	struct table *table = snapshot_add_table(snapshot, family, "filter");
	static uint64_t handle = 1;

	for (; *lines; lines++) {
		size_t length = strcspn(*lines, " ");
		char *name = xasprintf("%.*s", (int)length, *lines);
		struct chain *chain = NULL;

		for (size_t c = 0; c < table->nchains; c++)
			if (!strcmp(table->chains[c]->name, name))
				chain = table->chains[c];
		if (!chain) {
			chain = table_add_chain(table, name);
			chain->loaded = true;
			chain->builtin = !strcmp(name, "FORWARD");
			chain->policy = VERDICT_DROP;
		}
		if ((*lines)[length]) {
			struct rule *rule = model_rule(family, *lines + length + 1);

			rule->handle = handle++;
			chain_add_rule(chain, rule);
		}
		free(name);
	}
	table_sort(table);
	return table;
}

static inline void model_want(struct policy *policy, const char *chain, const char *rule)
{
	struct wanted_chain *wanted = policy_chain(policy, chain);

	if (!wanted)
		wanted = policy_add_chain(policy, chain, "test.conf", 1);
	wanted_rules_add(&wanted->rules[FAMILY_IPV4], model_rule(FAMILY_IPV4, rule), rule,
			 "test.conf", 1);
}

#endif
