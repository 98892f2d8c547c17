/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lost_rules.h"

#include <stdlib.h>
#include <string.h>

#include "on_error.h"
#include "spec_words.h"

void lost_rules_clear(struct lost_rules *lost)
{
	for (size_t i = 0; i < lost->n; i++)
		free(lost->v[i].why);
	free(lost->v);
	*lost = (struct lost_rules){ 0 };
}

/* The words of extensions/libxt_set.h: of a set, and of a kernel that has none. */
bool lost_by_set(const char *error)
{
	static const char set[] = "Set ", missing[] = " doesn't exist.";
	size_t length = error ? strlen(error) : 0;

	if (error && !strncmp(error, "Kernel module xt_set is not loaded", 34))
		return true;
	return length > strlen(set) + strlen(missing) && !strncmp(error, set, strlen(set)) &&
	       !strcmp(error + length - strlen(missing), missing);
}

void lost_rules_add(struct lost_rules *lost, struct wanted_chain *chain, enum family family,
		    const char *text, const char *file, unsigned int line, const char *error)
{
	GROW(lost->v, lost->n, lost->room);
	lost->v[lost->n++] = (struct lost_rule){
		.chain = chain, .family = family, .place = chain->rules[family].n, .text = text,
		.file = file, .line = line, .why = xstrdup(error),
	};
}

static void take_verdict(struct rule *rule, const char *target)
{
	if (!strcmp(target, "DROP") || !strcmp(target, "REJECT"))
		rule->verdict = VERDICT_DROP;
	else if (strlen(target) <= CHAIN_NAME_MAX)
		rule_set_chain(rule, VERDICT_JUMP, target);
}

/* As much of the rule as decides what takes its place. */
static struct rule *outline(const struct policy *policy, const struct lost_rule *lost)
{
	struct rule *rule = rule_new(lost->family);
	struct words words = { 0 };
	char *error = words_split(lost->text, &words);

	for (int i = 1; !error && i < words.n; i++) {
		const char *in = words_argument(&words, i, 'i', "in-interface");
		const char *to = words_argument(&words, i, 'j', "jump");

		to = to ? to : words_argument(&words, i, 'g', "goto");
		if (in && interface_set(&rule->in, in) && i > 1 && !strcmp(words.v[i - 1], "!"))
			rule->invert |= INV_IN;
		if (to && (!strcmp(to, "DROP") || !strcmp(to, "REJECT") || policy_chain(policy, to)))
			take_verdict(rule, to);
	}
	free(error);
	words_clear(&words);
	return rule;
}

void lost_rules_settle(struct lost_rules *lost, struct policy *policy)
{
	/* From the last one on, so that the places before it stay right. */
	for (size_t i = lost->n; i-- > 0;) {
		struct lost_rule *rule = &lost->v[i];
		struct wanted_rule wanted = {
			.rule = outline(policy, rule), .text = (char *)rule->text,
			.file = (char *)rule->file, .line = rule->line,
		};

		on_error_close(policy, rule->family, &rule->chain->rules[rule->family], rule->place,
			       &wanted);
		rule_free(wanted.rule);
	}
	for (size_t i = 0; i < lost->n; i++) {
		const struct lost_rule *rule = &lost->v[i];
		struct rule *seen = outline(policy, rule);
		int length = (int)strlen(rule->why);

		length -= length && rule->why[length - 1] == '.';
		refused_rules_add(&policy->refused, rule->text, rule->file, rule->line, rule->family,
				  xasprintf("%.*s: create it with ipset, and the next repair puts "
					    "the rule in; %s", length, rule->why,
					    on_error_said(policy, rule->family, seen)));
		rule_free(seen);
	}
}
