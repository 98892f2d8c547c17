/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_chains.h"

#include <stdlib.h>
#include <string.h>

#include "chain_owner.h"
#include "config_rules.h"
#include "config_write.h"
#include "docker_chains.h"
#include "xt_target.h"

size_t captured_rules(const struct chain *chain)
{
	if (!chain || !chain->nrules)
		return 0;
	return chain->nrules - docker_is_closing(chain, chain->nrules - 1);
}

/* ---- what rules may do ---- */

/* A question about rules and the chains that they lead to. */
struct question {
	const struct table *table;
	bool (*answer)(const struct rule *rule); /* of a rule that leads nowhere */
	struct strings looked;                   /* the chains that were looked at */
};

static bool may(struct question *question, const struct rule *rule)
{
	const struct chain *chain;

	if (rule_is_unknown(rule))
		return true;
	if (!rule_jumps(rule))
		return question->answer(rule);
	if (strings_has(&question->looked, rule->chain))
		return false;
	strings_add(&question->looked, rule->chain);
	chain = table_chain(question->table, rule->chain);
	if (!chain || !chain->loaded)
		return true;
	for (size_t i = 0; i < chain->nrules; i++)
		if (may(question, chain->rules[i]))
			return true;
	return false;
}

static bool ask(const struct table *table, const struct rule *rule,
		bool (*answer)(const struct rule *rule))
{
	struct question question = { .table = table, .answer = answer };
	bool yes = may(&question, rule);

	strings_clear(&question.looked);
	return yes;
}

static bool accepts(const struct rule *rule)
{
	return rule->verdict == VERDICT_ACCEPT || rule->verdict == VERDICT_QUEUE ||
	       (rule->verdict == VERDICT_EXT && !xt_target_never_accepts(&rule->target));
}

/* Also of an opaque rule whose end is known. */
static bool refuses(const struct rule *rule)
{
	return rule->verdict == VERDICT_DROP ||
	       (rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "REJECT"));
}

bool rule_lets_past(const struct table *table, const struct rule *rule, bool returns)
{
	/* The end of a chain that -g leads to is the end of this one. */
	if (returns && (rule->verdict == VERDICT_RETURN || rule->verdict == VERDICT_GOTO))
		return true;
	return ask(table, rule, accepts);
}

bool rule_may_refuse(const struct table *table, const struct rule *rule)
{
	return ask(table, rule, refuses);
}

bool captured_chain_accepts(const struct captured_chains *chains, const char *name)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = chains->tables[family];
		const struct chain *chain = table_chain(table, name);

		if (chain && !chain->loaded)
			return true;
		for (size_t i = 0; chain && i < chain->nrules; i++)
			if (rule_lets_past(table, chain->rules[i], false))
				return true;
	}
	return false;
}

/* ---- the chains ---- */

static struct captured_chain *find_chain(struct captured_chain *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].name, name))
			return &v[i];
	return NULL;
}

static void chain_list_clear(struct captured_chain **v, size_t *n)
{
	for (size_t i = 0; i < *n; i++) {
		free((*v)[i].name);
		free((*v)[i].why);
	}
	*n = 0;
}

static struct captured_chain *add_chain(struct captured_chains *chains, const char *name)
{
	const struct captured_chain *other = find_chain(chains->others, chains->nothers, name);
	const char *program = chain_owner(name);
	struct captured_chain added = { .name = xstrdup(name) };

	if (program) {
		added.filler = FILLER_PROGRAM;
		added.why = xstrdup(program);
	} else if (other) {
		added.filler = other->filler;
		added.why = xstrdup(other->why);
	}
	GROW(chains->v, chains->n, chains->room);
	chains->v[chains->n] = added;
	return &chains->v[chains->n++];
}

const struct chain *captured_chain_in(const struct captured_chains *chains, size_t i,
				      enum family family)
{
	return chains->v[i].in[family] ? table_chain(chains->tables[family], chains->v[i].name)
				       : NULL;
}

/* Adds what the i-th chain leads to, unless others fill it. Returns whether any of it is new. */
static bool follow(struct captured_chains *chains, size_t i, enum family family)
{
	const struct table *table = chains->tables[family];
	const struct chain *chain = captured_chain_in(chains, i, family);
	const bool *left_out = i ? NULL : chains->left_out[family];
	bool found = false;

	if (!chain || chains->v[i].filler)
		return false;
	for (size_t k = 0; k < captured_rules(chain); k++) {
		const char *name = chain->rules[k]->chain;
		struct captured_chain *to;

		if (!name || (left_out && left_out[k]) || !table_chain(table, name) ||
		    config_chain_fault(name))
			continue;
		to = find_chain(chains->v, chains->n, name);
		if (!to)
			to = add_chain(chains, name);
		found |= !to->in[family];
		to->in[family] = true;
	}
	return found;
}

static void follow_all(struct captured_chains *chains)
{
	struct captured_chain *user;
	bool found = true;

	chain_list_clear(&chains->v, &chains->n);
	user = add_chain(chains, DOCKER_USER);
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		user->in[family] = true;
	while (found) {
		found = false;
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			for (size_t i = 0; i < chains->n; i++)
				found |= follow(chains, i, family);
	}
}

char *captured_chain_shared(const struct captured_chains *chains,
			    const struct captured_chain *shared, bool in)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = shared->in[family] == in ? chains->tables[family] : NULL;

		for (size_t c = 0; table && c < table->nchains; c++) {
			const struct chain *chain = table->chains[c];
			const struct captured_chain *own = find_chain(chains->v, chains->n, chain->name);

			if (own && !own->filler && own->in[family])
				continue;
			for (size_t i = 0; i < chain->nrules; i++)
				if (rule_leads_to(chain->rules[i], shared->name))
					/* The text becomes a comment, which such a name could end. */
					return xasprintf("%s (%s)", config_can_hold(chain->name)
							 ? chain->name : "another chain",
							 family_name(family));
		}
	}
	return NULL;
}

/* Whether a chain turned out to be shared with one that is not captured. */
static bool find_shared(struct captured_chains *chains)
{
	for (size_t i = 1; i < chains->n; i++) {
		char *with = chains->v[i].filler
				     ? NULL : captured_chain_shared(chains, &chains->v[i], true);

		if (!with)
			continue;
		captured_chains_give(chains, chains->v[i].name, FILLER_SHARED, with);
		return true;
	}
	return false;
}

void captured_chains_find(struct captured_chains *chains)
{
	/* What only a chain of others leads to is theirs too, so all is followed again. */
	do
		follow_all(chains);
	while (find_shared(chains));
}

void captured_chains_give(struct captured_chains *chains, const char *name, enum filler filler,
			  char *why)
{
	GROW(chains->others, chains->nothers, chains->others_room);
	chains->others[chains->nothers++] =
		(struct captured_chain){ .name = xstrdup(name), .filler = filler, .why = why };
}

void captured_chains_leave_out(struct captured_chains *chains, enum family family, size_t rule)
{
	const struct chain *user = table_chain(chains->tables[family], DOCKER_USER);

	if (!chains->left_out[family])
		chains->left_out[family] = xcalloc(user->nrules, sizeof(bool));
	chains->left_out[family][rule] = true;
}

void captured_chains_clear(struct captured_chains *chains)
{
	chain_list_clear(&chains->v, &chains->n);
	chain_list_clear(&chains->others, &chains->nothers);
	free(chains->v);
	free(chains->others);
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		free(chains->left_out[family]);
	*chains = (struct captured_chains){ 0 };
}
