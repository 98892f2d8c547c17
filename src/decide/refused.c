/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refused.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "guard_names.h"
#include "on_error.h"
#include "util.h"

bool refused_mark(struct policy *policy, enum family family, const char *chain,
		  const struct rule *rule, const char *why)
{
	struct wanted_chain *wanted = policy_chain(policy, chain);
	struct wanted_rules *rules = wanted ? &wanted->rules[family] : NULL;
	bool marked = false;

	for (size_t i = 0; rules && i < rules->n; i++) {
		if (rules->v[i].refused || !rule_equal_but_mark(rules->v[i].rule, rule))
			continue;
		rules->v[i].refused = xstrdup(why);
		on_error_close(policy, family, rules, i + 1, &rules->v[i]);
		marked = true;
	}
	return marked;
}

bool refused_mark_in_guard(struct policy *policy, enum family family,
			   const struct wanted_rule *wanted, const char *why)
{
	struct wanted_rules *rules = &policy->unguarded[family];

	for (size_t i = 0; i < rules->n; i++)
		if (rule_equal_but_mark(rules->v[i].rule, wanted->rule))
			return false;
	wanted_rules_add(rules, rule_copy(wanted->rule), wanted->text, wanted->file,
			 wanted->line)->refused = xstrdup(why);
	return true;
}

/* ---- the findings ---- */

/* An address list gives several rules of one line, which are reported once for each reason. */
static void add_refused(struct findings *findings, enum severity severity, enum family family,
			const char *chain, char *message)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *other = &findings->v[i];

		if (other->id == RULE_REFUSED && other->family == family &&
		    !strcmp(other->message, message)) {
			free(message);
			return;
		}
	}
	if (chain)
		findings_add_at(findings, RULE_REFUSED, severity, family, chain, 0, message);
	else
		findings_add(findings, RULE_REFUSED, severity, family, message);
}

/* Where DOCKER-USER is not evaluated, what was refused is the guard's form of the rule. */
static void check_chain_refused(const struct policy *policy, const struct wanted_chain *chain,
				enum family family, bool in_force, struct findings *findings)
{
	const char *own = strcmp(chain->name, DOCKER_USER) ? chain->name : NULL;

	for (size_t i = 0; i < chain->rules[family].n; i++) {
		const struct wanted_rule *wanted = &chain->rules[family].v[i];
		const char *said;
		char *start;

		if (!wanted->refused)
			continue;
		said = on_error_said(policy, family, wanted->rule);
		start = xasprintf("%s:%u: the kernel does not take '%s' in", wanted->file,
				  wanted->line, wanted->text);
		if (in_force)
			add_refused(findings, SEVERITY_CRITICAL, family, chain->name,
				    xasprintf("%s %s: %s; %s", start, chain->name,
					      wanted->refused, said));
		else
			add_refused(findings, SEVERITY_CRITICAL, family, NULL,
				    xasprintf("%s %s%sthe guard (table " GUARD_TABLE "): %s; %s",
					      start, own ? own : "", own ? " of " : "",
					      wanted->refused, said));
		free(start);
	}
}

static void check_unguarded(const struct policy *policy, enum family family, bool in_force,
			    struct findings *findings)
{
	for (size_t i = 0; i < policy->unguarded[family].n; i++) {
		const struct wanted_rule *wanted = &policy->unguarded[family].v[i];

		add_refused(findings, in_force ? SEVERITY_WARNING : SEVERITY_CRITICAL, family, NULL,
			    xasprintf("%s:%u: the kernel does not take '%s' in the guard (table "
				      GUARD_TABLE "): %s; %s holds it", wanted->file,
				      wanted->line, wanted->text, wanted->refused,
				      in_force ? "only DOCKER-USER" : "nothing"));
	}
}

void check_refused(const struct policy *policy, unsigned int in_force, struct findings *findings)
{
	for (size_t i = 0; i < policy->refused.n; i++) {
		const struct refused_rule *refused = &policy->refused.v[i];

		findings_add(findings, RULE_REFUSED, SEVERITY_CRITICAL, refused->family,
			     xasprintf("%s:%u: '%s' cannot be put in: %s", refused->file,
				       refused->line, refused->text, refused->why));
	}
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!(policy->families & 1U << family))
			continue;
		for (size_t c = 0; c < policy->nchains; c++)
			check_chain_refused(policy, policy->chains[c], (enum family)family,
					    in_force & 1U << family, findings);
		check_unguarded(policy, (enum family)family, in_force & 1U << family, findings);
	}
}
