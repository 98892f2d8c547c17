/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_rules.h"

#include <stdlib.h>
#include <string.h>

#include "config_write.h"
#include "diag.h"
#include "docker_chains.h"
#include "guard_names.h"
#include "lost_rules.h"
#include "publish.h"
#include "rule_batch.h"
#include "rule_hint.h"
#include "text.h"

#define BOTH_FAMILIES (1U << FAMILY_IPV4 | 1U << FAMILY_IPV6)
#define ERROR_LIMIT 50 /* of refused rules; more would not help */
#define PROCESSES 8    /* for all rules at once */
#define FIRST_BATCH 64 /* if these are not enough */
#define SHOWN_PATH 8   /* chains of a loop in a message */

const char *config_chain_fault(const char *name)
{
	static const char *const taken[] = {
		"INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING",
		"ACCEPT", "DROP", "RETURN", "QUEUE",
	};
	static const char *const guard[] = { GUARD_FORWARD, GUARD_INPUT };

	if (!*name || strlen(name) > CHAIN_NAME_MAX)
		return "must have 1 to 28 characters";
	if (*name == '-' || *name == '!')
		return "must not begin with '-' or '!'";
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c <= ' ')
			return "must not contain blanks";
	/* "-j" takes it as a part of the name of an extension's file. */
	if (strchr(name, '/'))
		return "must not contain '/'";
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (!strcmp(name, taken[i]))
			return "is reserved by iptables";
	for (size_t i = 0; i < ARRAY_SIZE(guard); i++)
		if (!strcmp(name, guard[i]))
			return "is that of a chain of the guard (table " GUARD_TABLE ")";
	if (docker_owns_chain(name))
		return "belongs to Docker, which flushes and removes that chain; "
		       "put rules into DOCKER-USER";
	return NULL;
}

int config_chain_names(const struct policy *policy)
{
	int ret = 0;

	for (size_t i = 0; i < policy->nchains; i++) {
		const struct wanted_chain *chain = policy->chains[i];
		const char *fault = config_chain_fault(chain->name);

		if (!fault)
			continue;
		diag_error_at(chain->file, chain->line, "chain '%s': the name %s", chain->name, fault);
		ret = -1;
	}
	return ret;
}

/*
 * Refuses chains that have the name of a target, as iptables does: "-j LOG" would mean two
 * things. A chain is reported once, whatever the families are that have the target.
 */
static int check_names(const struct rule_batch *batch)
{
	int ret = 0;

	for (size_t i = 0; i < batch->nnames; i++) {
		const struct wanted_chain *chain = batch->policy->chains[i + 1];
		bool taken = false;

		for (enum family family = 0; family < FAMILY_COUNT; family++)
			taken |= batch->names[family][i].error != NULL;
		if (!taken)
			continue;
		diag_error_at(chain->file, chain->line, "chain '%s': the name is already that of a "
			      "target (-j %s)", chain->name, chain->name);
		ret = -1;
	}
	return ret;
}

/* The refusal of the family that has a real reason, or else of the first configured one. */
static const char *refusal(const struct rule_batch *batch, size_t i)
{
	const char *first = NULL, *as4 = batch->specs[FAMILY_IPV4][i].error;
	const char *as6 = batch->specs[FAMILY_IPV6][i].error;

	if (as4 && as6 && !strncmp(as4, "-6:", 3) && !strncmp(as6, "-4:", 3))
		return "it has both -4 and -6, and so it is for no packet: without them, it is for both families";
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct spec *spec = &batch->specs[family][i];

		if (spec->error && !spec->other_family)
			return spec->error;
		/* "-6: the rule is for IPv6" does not help if IPv6 also refuses it. */
		if (batch->policy->families & 1U << family && (!first || *first == '-'))
			first = spec->error;
	}
	return first ? first : "it makes no rule at all";
}

/*
 * "--reject-with icmp-port-unreachable" is legal and leaves the other family
 * open. Warn unless -4, -6 or an address shows that this is intended.
 */
static void warn_of_gap(const struct rule_batch *batch, size_t i)
{
	const struct rule_source *text = &batch->texts[i];

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct spec *refused = &batch->specs[family][i];
		const struct spec *taken = &batch->specs[!family][i];

		if (batch->policy->families != BOTH_FAMILIES || !refused->error || !rule_accepted(taken) ||
		    lost_by_set(refused->error) ||
		    config_names_family(text->text) || config_is_tied(taken->rules[0]))
			continue;
		diag_warning_at(text->file, text->line, "only %s gets this rule, %s cannot hold it (%s); put -%c before "
			     "it if that is intended", family_title(!family), family_title(family),
			      refused->error, family == FAMILY_IPV4 ? '6' : '4');
	}
}

/* Whether a family that should have the rule refused it, other than as the other family's. */
static bool refused_for_good(const struct rule_batch *batch, size_t i)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct spec *spec = &batch->specs[family][i];

		if (batch->policy->families & 1U << family && spec->error && !spec->other_family &&
		    !lost_by_set(spec->error))
			return true;
	}
	return false;
}

/* Takes ownership of why. */
static void add_refused(struct policy *policy, const struct rule_source *text, char *why)
{
	refused_rules_add(&policy->refused, text->text, text->file, text->line, FAMILY_COUNT,
			  why);
}

/* Reports why text i was refused, and what was probably meant. */
static void refuse(struct policy *policy, const struct rule_batch *batch, size_t i)
{
	const struct rule_source *text = &batch->texts[i];
	char *hint = rule_hint(text->text, text->chain->name, batch->chains);
	char *why = xasprintf("%s%s", refusal(batch, i), hint);

	diag_error_at(text->file, text->line, "%s", why);
	add_refused(policy, text, why);
	free(hint);
}

/*
 * A rule that only another family than the configured ones takes: with -4, -6 or an address
 * that is intended; without, the rule has been lost.
 */
static void leave_out(struct policy *policy, const struct rule_source *text, enum family other,
		      const struct rule *rule)
{
	if (config_names_family(text->text) || config_is_tied(rule)) {
		diag_step(1, "%s:%u: this rule is for %s, which is not configured: left out",
			  text->file, text->line, family_title(other));
		return;
	}
	diag_warning("%s:%u: no configured family can hold this rule, only %s: left out; put -%c "
		     "before it if that is intended", text->file, text->line, family_title(other),
		     other == FAMILY_IPV4 ? '4' : '6');
	add_refused(policy, text, xstrdup("no configured family can hold it"));
}

/* Adds the rules of text i to its chain. Returns -1 if no family, or not each that should, takes it. */
static int add_rules_of(struct policy *policy, struct rule_batch *batch, size_t i,
			struct lost_rules *lost)
{
	const struct rule_source *text = &batch->texts[i];
	bool taken = false;

	warn_of_gap(batch, i);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct spec *spec = &batch->specs[family][i];
		struct wanted_rule *wanted;

		if (batch->policy->families & 1U << family && lost_by_set(spec->error)) {
			lost_rules_add(lost, text->chain, family, text->text, text->file, text->line,
				       spec->error);
			taken = true;
		}
		if (!rule_accepted(spec))
			continue;
		taken = true;
		if (!(batch->policy->families & 1U << family)) {
			leave_out(policy, text, family, spec->rules[0]);
			continue;
		}
		for (size_t k = 0; k < spec->nrules; k++) {
			/* A rule pasted from a listing may have the mark. */
			rule_remove_mark(spec->rules[k]);
			wanted = wanted_rules_add(&text->chain->rules[family], spec->rules[k],
						  text->text, text->file, text->line);
			wanted->section = text->section;
			wanted->by_host = text->by_host;
			wanted->by_host_drop = text->by_host_drop;
		}
		spec->nrules = 0; /* the chain has them now */
	}
	if (!taken || refused_for_good(batch, i)) {
		refuse(policy, batch, i);
		return -1;
	}
	return 0;
}

/* A chain in the search for loops. */
struct chain_node {
	const struct wanted_chain *chain;
	enum { UNSEEN, ON_PATH, DONE } state;
	size_t next; /* the rule to look at next */
};

static int nodes_by_name(const void *a, const void *b)
{
	const struct chain_node *left = a, *right = b;

	return strcmp(left->chain->name, right->chain->name);
}

static struct chain_node *find_node(struct chain_node *nodes, size_t n, const char *name)
{
	struct wanted_chain named = { .name = (char *)name };
	struct chain_node key = { .chain = &named };

	return bsearch(&key, nodes, n, sizeof(*nodes), nodes_by_name);
}

/* Reports the path from the chain that is reached again to the rule that leads there. */
static void say_loop(struct chain_node **path, size_t depth, const struct chain_node *again,
		     const struct wanted_rule *rule)
{
	size_t first = 0, end;
	struct text text;
	char *names;

	while (path[first] != again)
		first++;
	end = depth - first > SHOWN_PATH ? first + SHOWN_PATH : depth;
	text_open(&text);
	for (size_t i = first; i < end; i++)
		fprintf(text.out, "%s -> ", path[i]->chain->name);
	fprintf(text.out, "%s%s", end < depth ? "… -> " : "", again->chain->name);
	names = text_take(&text);
	diag_error_at(rule->file, rule->line, "the chains form a loop: %s", names);
	free(names);
}

/* Walks all chains that start leads to. Returns -1 after reporting the first loop. */
static int walk_from(struct chain_node *nodes, size_t n, struct chain_node *start,
		     enum family family, struct chain_node **path)
{
	size_t depth = 0;

	start->state = ON_PATH;
	path[depth++] = start;
	while (depth) {
		struct chain_node *node = path[depth - 1], *to;
		const struct wanted_rules *rules = &node->chain->rules[family];
		const struct wanted_rule *rule;

		if (node->next == rules->n) {
			node->state = DONE;
			depth--;
			continue;
		}
		rule = &rules->v[node->next++];
		if (!rule_jumps(rule->rule))
			continue;
		to = find_node(nodes, n, rule->rule->chain);
		if (to && to->state == ON_PATH) {
			say_loop(path, depth, to, rule);
			return -1;
		}
		if (to && to->state == UNSEEN) {
			to->state = ON_PATH;
			path[depth++] = to;
		}
	}
	return 0;
}

static int find_loop(const struct policy *policy, enum family family)
{
	size_t n = policy->nchains;
	struct chain_node *nodes = xcalloc(n, sizeof(*nodes));
	struct chain_node **path = xcalloc(n, sizeof(*path));
	int ret = 0;

	for (size_t i = 0; i < n; i++)
		nodes[i].chain = policy->chains[i];
	qsort(nodes, n, sizeof(*nodes), nodes_by_name);
	for (size_t i = 0; i < n && !ret; i++)
		if (nodes[i].state == UNSEEN)
			ret = walk_from(nodes, n, &nodes[i], family, path);
	free(path);
	free(nodes);
	return ret;
}

/* Only FORWARD may jump to DOCKER-USER. */
static int find_user_calls(const struct policy *policy, enum family family)
{
	int ret = 0;

	for (size_t i = 0; i < policy->nchains; i++) {
		const struct wanted_rules *rules = &policy->chains[i]->rules[family];

		for (size_t k = 0; k < rules->n; k++) {
			if (!rule_leads_to(rules->v[k].rule, DOCKER_USER))
				continue;
			diag_error_at(rules->v[k].file, rules->v[k].line, "only FORWARD may jump to "
				      DOCKER_USER ", where the configured chains begin");
			ret = -1;
		}
	}
	return ret;
}

static int check_paths(const struct policy *policy)
{
	/* A loop in both families is reported once. */
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (find_user_calls(policy, family) || find_loop(policy, family))
			return -1;
	return 0;
}

/*
 * Refuses a rule whose "! -s 0.0.0.0/0" or "! -i +" matches no packet. The kernel holds it, but
 * iptables-save lists it so that iptables-restore refuses the whole table, or without the
 * condition, as a rule for every packet.
 */
static void refuse_negated(struct spec *spec)
{
	const struct rule *rule = rule_accepted(spec) ? spec->rules[0] : NULL;
	char option = rule ? rule_negates_all(rule) : 0;
	const char *what = option == 'i' || option == 'o' ? "interface" : "address";

	if (option)
		spec->error = xasprintf(
			"'! -%c' with every %s matches no packet, and iptables-restore may not take back as it is what iptables-save lists of the rule: remove the rule, or correct the %s",
			option, what, what);
}

/* The rule that takes the place of one that cannot be put in. */
static int take_closing(struct policy *policy, struct rule_batch *batch)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct spec *spec = &batch->closing[family];

		if (!batch->closes || !(policy->families & 1U << family))
			continue;
		if (!rule_accepted(spec)) {
			diag_error("on-error = \"close\": %s cannot hold '%s': %s",
				   family_title(family), publish_closing_rule,
				   spec->error ? spec->error : "it makes no rule");
			return -1;
		}
		wanted_rules_add(&policy->closing[family], spec->rules[0], publish_closing_rule, "", 0);
		spec->nrules = 0;
	}
	return 0;
}

/* Adds the rules of a batch; counts those that are refused. Returns as rule_batch_end(). */
static int add_batch(struct policy *policy, struct rule_batch *batch, unsigned int most,
		     struct lost_rules *lost, unsigned int *errors)
{
	int ret = rule_batch_end(batch, most);

	if (ret)
		return ret;
	/* A wrong name is reported once, not again for every rule that leads to it. */
	if (check_names(batch))
		return -1;
	for (size_t i = 0; i < batch->n && *errors < ERROR_LIMIT; i++) {
		for (enum family family = 0; family < FAMILY_COUNT; family++)
			refuse_negated(&batch->specs[family][i]);
		if (!add_rules_of(policy, batch, i, lost))
			continue;
		if (++*errors == ERROR_LIMIT)
			diag_error_at(batch->texts[i].file, batch->texts[i].line, "too many errors; "
				      "the rest is not checked");
	}
	return take_closing(policy, batch);
}

/*
 * A rule that libxtables refuses ends a process, which is slow. So all rules are parsed at
 * once only while few of them end one. If more do, the batches are small, and grow while every
 * rule is valid: if all are wrong, most are never tried.
 */
static int add_all(struct policy *policy, const struct rule_sources *texts,
		   const struct config_meanwhile *meanwhile, struct lost_rules *lost,
		   unsigned int *errors)
{
	size_t done = 0, size = texts->n;
	unsigned int most = PROCESSES;
	struct strings chains = { 0 };
	bool first = true;
	int ret = 0;

	for (size_t i = 0; i < policy->nchains; i++)
		strings_add(&chains, policy->chains[i]->name);
	while (ret >= 0 && (first || (done < texts->n && *errors < ERROR_LIMIT))) {
		size_t n = texts->n - done < size ? texts->n - done : size;
		struct rule_batch batch;

		rule_batch_begin(&batch, policy, n ? texts->v + done : NULL, n, &chains, first);
		if (meanwhile)
			meanwhile->work(policy, meanwhile->data);
		meanwhile = NULL;
		ret = add_batch(policy, &batch, most, lost, errors);
		rule_batch_clear(&batch);
		if (!ret) {
			first = false;
			done += n;
		}
		size = ret || *errors ? FIRST_BATCH : 8 * size;
		most = 0;
	}
	strings_clear(&chains);
	return ret;
}

int config_rules(struct policy *policy, const struct rule_sources *texts,
		 const struct config_meanwhile *meanwhile, size_t *left_out)
{
	struct lost_rules lost = { 0 };
	unsigned int errors = 0;
	int ret;

	if (texts->n > CONFIG_RULES_LIMIT) {
		const struct rule_source *first = &texts->v[CONFIG_RULES_LIMIT];

		diag_error_at(first->file, first->line, "more than %d rules", CONFIG_RULES_LIMIT);
		return -1;
	}
	ret = add_all(policy, texts, meanwhile, &lost, &errors);
	if (left_out)
		*left_out = errors;
	/* What takes the place of a rule in force is not known. */
	policy->keep_rules = errors > 0;
	if (errors == ERROR_LIMIT || (errors && !left_out))
		ret = -1;
	if (!ret)
		lost_rules_settle(&lost, policy);
	lost_rules_clear(&lost);
	return ret || check_paths(policy) ? -1 : 0;
}
