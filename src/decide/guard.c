/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard.h"

#include <string.h>

#include "chain_diff.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "guard_names.h"
#include "host_differs.h"
#include "mark.h"
#include "plan_chain.h"
#include "reach.h"
#include "util.h"

/* Remedies for cases that the ids' own remedy does not fit. */
static const struct remedy by_its_owner = {
	"it belongs to a running watch, which corrects it within seconds; if it stays so, have it read "
	"the configuration again: systemctl reload dockfw-watch.service", RUN_NONE, NULL,
};
static const struct remedy end_its_owner = {
	"it belongs to another process, which nft list ruleset shows: end that, or set guard = \"off\"",
	RUN_NONE, NULL,
};
static const struct remedy keep_theirs = {
	"rename that table if it is yours, or set guard = \"off\"", RUN_NONE, NULL,
};

static const struct remedy exempt_exactly = {
	"write that rule without a condition such as a limit, and with addresses or ports; "
	"or list addresses in a publish section", RUN_NONE, NULL,
};

static const struct remedy say_whom = {
	"write what that rule lets past with iptables, and with addresses or ports, or put it into "
	"the configuration", RUN_NONE, NULL,
};

/* "ip dockfw", as nft names the table of that family. */
static const char *table_title(enum family family)
{
	return family == FAMILY_IPV4 ? "ip " GUARD_TABLE : "ip6 " GUARD_TABLE;
}

static bool has_marked_rule(const struct table *table)
{
	for (size_t c = 0; c < table->nchains; c++)
		for (size_t i = 0; i < table->chains[c]->nrules; i++)
			if (rule_is_marked(table->chains[c]->rules[i]))
				return true;
	return false;
}

/* Whether it has the guard's base chains only, without rules, or nothing at all. */
static bool is_bare_guard(const struct table *table)
{
	if (!table->nchains)
		return !table->objects;
	for (size_t c = 0; c < table->nchains; c++)
		if (!table->chains[c]->builtin || table->chains[c]->nrules)
			return false;
	return true;
}

/* Kernels before 5.10 do not keep a table's comment, so its rules count as well. */
bool guard_is_foreign(const struct table *table)
{
	return table && !table->marked && !has_marked_rule(table) && !is_bare_guard(table);
}

const struct remedy *guard_owner_remedy(const struct table *table)
{
	if (!table || !table->owned)
		return NULL;
	/* A watch creates its table with chains. */
	return table->nchains ? &by_its_owner : &end_its_owner;
}

bool guard_is_kept(const struct policy *policy, const struct table *table)
{
	if (!policy->keep_rules || guard_is_foreign(table))
		return false;
	for (size_t c = 0; table && c < table->nchains; c++)
		for (size_t i = 0; i < table->chains[c]->nrules; i++)
			if (rule_refuses(table->chains[c]->rules[i]))
				return true;
	return false;
}

uint64_t guard_refused(const struct snapshot *own, enum family family)
{
	const struct table *table = own ? snapshot_table(own, family, GUARD_TABLE) : NULL;
	uint64_t packets = 0;

	if (guard_is_foreign(table))
		return 0;
	for (size_t c = 0; table && c < table->nchains; c++)
		for (size_t i = 0; i < table->chains[c]->nrules; i++)
			if (rule_refuses(table->chains[c]->rules[i]))
				packets += table->chains[c]->rules[i]->packets;
	return packets;
}

/* ---- what differs ---- */

static const struct guard_chain *guard_find(const struct guard *guard, const char *name)
{
	for (size_t i = 0; i < guard->n; i++)
		if (!strcmp(guard->chains[i].name, name))
			return &guard->chains[i];
	return NULL;
}

/*
 * What no edit of single rules mends, as a sentence for a finding, or NULL: the table
 * is then created anew. The caller frees it.
 */
static char *broken_frame(const struct guard *guard, const struct table *table)
{
	/* It may have flags that the kernel would have to change, which it refuses. */
	if (!table->nchains)
		return xasprintf("the table %s has no chains", table_title(table->family));
	if (guard->own && !table->own)
		return xasprintf("the table %s has no owner: others can flush it",
				 table_title(table->family));
	if (table->dormant)
		return xasprintf("the table %s is dormant: none of its rules are evaluated",
				 table_title(table->family));
	for (size_t i = 0; i < table->sets.n; i++) {
		const struct guard_set *set = table->sets.v[i];
		const struct guard_set *wanted = guard_sets_find(&guard->sets, set->name);

		if (set->odd || (wanted && !guard_set_equal(set, wanted)))
			return xasprintf("the set '%s' of the table %s does not hold what its "
					 "name stands for", set->name, table_title(table->family));
	}
	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];
		const struct guard_chain *wanted = guard_find(guard, chain->name);

		if (!wanted)
			return xasprintf("the table %s has a chain that is not configured: '%s'",
					 table_title(table->family), chain->name);
		if (wanted->base ? !chain->builtin : chain->foreign_base)
			return xasprintf("chain '%s' of the table %s has another hook or priority",
					 chain->name, table_title(table->family));
		if (wanted->base && chain->policy != VERDICT_ACCEPT)
			return xasprintf("chain '%s' of the table %s has another policy",
					 chain->name, table_title(table->family));
	}
	return NULL;
}

static void diff_chain(struct chain_diff *diff, const struct guard_chain *wanted,
		       struct reach *reach, const struct table *table)
{
	chain_diff_make(diff, &wanted->rules, reach, table_chain(table, wanted->name),
			HOLD_ALONE);
}

/* The first chain that is missing or has other rules, as a sentence, or NULL. */
static char *broken_rules(const struct guard *guard, const struct table *table)
{
	struct reach *reach = reach_new(table, NULL);
	char *what = NULL;

	for (size_t i = 0; i < guard->n && !what; i++) {
		const struct guard_chain *wanted = &guard->chains[i];
		size_t missing = 0, extra = 0;
		struct chain_diff diff;

		diff_chain(&diff, wanted, reach, table);
		for (size_t w = 0; w < wanted->rules.n; w++)
			missing += diff.live[w] == DIFF_MISSING ||
				   diff.fates[diff.live[w]] != LIVE_KEPT;
		for (size_t r = 0; diff.chain && r < diff.chain->nrules; r++)
			extra += diff.fates[r] == LIVE_STALE || diff.fates[r] == LIVE_COPY ||
				 diff.fates[r] == LIVE_EVICTED;
		if (!diff.chain)
			what = xasprintf("the table %s has no chain '%s'",
					 table_title(table->family), wanted->name);
		else if (missing || extra)
			what = xasprintf("chain '%s' of the table %s lacks %zu of its rules, and has %zu others",
					 wanted->name, table_title(table->family), missing, extra);
		chain_diff_clear(&diff);
	}
	reach_free(reach);
	for (size_t i = 0; i < table->sets.n && !what; i++)
		if (!guard_sets_find(&guard->sets, table->sets.v[i]->name))
			what = xasprintf("no rule of the table %s needs its set '%s'",
					 table_title(table->family), table->sets.v[i]->name);
	return what;
}

/* Sets what: for GUARD_WRONG a sentence, which the caller frees; else NULL. */
static enum guard_state compare(const struct guard *guard, const struct table *table, char **what)
{
	*what = NULL;
	if (guard_is_foreign(table))
		return GUARD_FOREIGN;
	if (!guard->n) {
		if (!table)
			return GUARD_NONE;
		*what = xasprintf("no rules are configured for the table %s",
				  table_title(table->family));
		return GUARD_WRONG;
	}
	if (!table)
		return GUARD_ABSENT;
	*what = broken_frame(guard, table);
	if (!*what)
		*what = broken_rules(guard, table);
	return *what ? GUARD_WRONG : GUARD_RIGHT;
}

enum guard_state guard_state(const struct policy *policy, const struct snapshot *snapshot,
			     const struct snapshot *own, enum family family)
{
	enum guard_state state;
	struct guard guard;
	char *what;

	if (!own)
		return GUARD_NONE;
	guard_make(&guard, policy, snapshot, family);
	state = compare(&guard, snapshot_table(own, family, GUARD_TABLE), &what);
	guard_clear(&guard);
	free(what);
	return state;
}

/* ---- the check ---- */

/* Whether Docker's packets do not pass DOCKER-USER in that family, or none that Docker keeps. */
static bool only_guard_holds(const struct policy *policy, const struct snapshot *snapshot,
			     const struct dockerd *dockerd, enum family family)
{
	enum flag managed = family == FAMILY_IPV4 ? dockerd->iptables : dockerd->ip6tables;

	return docker_decides_natively(policy, snapshot, family) ||
	       (dockerd->running &&
		(managed == FLAG_OFF || families_guarded_only(policy, snapshot) & 1U << family));
}

/* evaluated: DOCKER-USER is, in that family. */
static void check_guard_of(const struct guard *guard, const struct table *table,
			   const struct openings *openings, bool critical, bool evaluated,
			   struct findings *findings)
{
	enum severity severity = critical ? SEVERITY_CRITICAL : SEVERITY_WARNING;
	const char *holds = critical || !evaluated ? "nothing holds the rules"
						   : "only DOCKER-USER can hold the rules";
	enum guard_state state;
	struct finding *finding;
	char *what, *whom;
	enum host_difference kind = HOST_SAME;

	state = compare(guard, table, &what);
	whom = state == GUARD_WRONG && guard->follows ?
	       host_differs(guard, table, openings, &kind) : NULL;
	if (whom) {
		free(what);
		what = whom;
		severity = kind == HOST_OPEN ? SEVERITY_CRITICAL : SEVERITY_WARNING;
	}
	switch (state) {
	case GUARD_ABSENT:
		findings_add(findings, GUARD_MISSING, severity, guard->family,
			     xasprintf("there is no table %s: %s", table_title(guard->family),
				       holds));
		break;
	case GUARD_WRONG:
		finding = findings_add(findings, GUARD_DIFFERS, guard->n ? severity : SEVERITY_WARNING,
				       guard->family, xstrdup(what));
		if (guard_owner_remedy(table)) {
			finding->remedy = guard_owner_remedy(table);
			finding->repairable = false;
		}
		break;
	case GUARD_FOREIGN:
		if (!guard->n)
			break;
		finding = findings_add(findings, GUARD_MISSING, SEVERITY_UNKNOWN, guard->family,
			xasprintf("the table %s is not this program's and is kept: %s",
				  table_title(guard->family), holds));
		finding->remedy = &keep_theirs;
		finding->repairable = false;
		break;
	default:
		break;
	}
	free(what);
}

/* What DOCKER-USER may let in beside the host's own firewall, and the guard does not. */
static void check_unheeded(const struct guard *guard, struct findings *findings)
{
	if (guard->unheeded)
		findings_add(findings, HOST_FIREWALL_UNCLEAR, SEVERITY_WARNING, guard->family,
			     xasprintf("%s may let in more than can be told: where the host's firewall "
				       "refuses, the guard refuses all the same", guard->unheeded))
			->remedy = &exempt_exactly;
}

/* A rule of others in DOCKER-USER after which the guard cannot refuse anything. */
static void check_open(const struct guard *guard, struct findings *findings)
{
	struct finding *finding;

	if (!guard->open_at)
		return;
	finding = findings_add_at(findings, RULE_BYPASSED, SEVERITY_WARNING, guard->family,
				  DOCKER_USER, guard->open_at,
				  xasprintf("rule %zu of " DOCKER_USER " may let everyone past, as "
					    "far as is known: the guard holds none of the "
					    "configured rules after it", guard->open_at));
	finding->remedy = &say_whom;
	finding->repairable = false;
}

void guard_check(const struct policy *policy, const struct snapshot *snapshot,
		 const struct snapshot *own, const struct dockerd *dockerd,
		 struct findings *findings)
{
	unsigned int in_force = families_in_force(policy, snapshot);

	for (int family = 0; family < FAMILY_COUNT && own; family++) {
		const struct table *table = snapshot_table(own, (enum family)family, GUARD_TABLE);
		struct guard guard;

		if (!(policy->families & 1U << family) || guard_is_kept(policy, table))
			continue;
		guard_make(&guard, policy, snapshot, (enum family)family);
		check_guard_of(&guard, table, policy->openings,
			       only_guard_holds(policy, snapshot, dockerd, (enum family)family) ||
			       policy_follows_host(policy),
			       in_force & 1U << family, findings);
		check_unheeded(&guard, findings);
		check_open(&guard, findings);
		guard_clear(&guard);
	}
}

/* ---- the plan ---- */

static void plan_guard_chain(const struct guard *guard, const struct guard_chain *wanted,
			     struct reach *reach, const struct table *table, struct edits *edits)
{
	struct chain_diff diff;

	diff_chain(&diff, wanted, reach, table);
	plan_chain_diff(&diff, guard->family, guard->table, wanted->name, edits);
	chain_diff_clear(&diff);
}

/* The equal rule of the chain from that place on, else from its beginning, or NULL. */
static const struct rule *find_rule(const struct chain *chain, const struct rule *rule, size_t *from)
{
	for (size_t i = 0; chain && i < chain->nrules; i++) {
		size_t at = (*from + i) % chain->nrules;

		if (!rule_equal_but_mark(chain->rules[at], rule))
			continue;
		*from = at + 1;
		return chain->rules[at];
	}
	return NULL;
}

/* A guard that is created anew goes on counting what it refused: its rules are mostly the same. */
static void keep_counters(const struct table *old, struct edits *edits, size_t first)
{
	const struct chain *chain = NULL;
	size_t from = 0;

	for (size_t i = first; i < edits->n; i++) {
		struct edit *edit = &edits->v[i];
		const struct rule *before;

		if (edit->op != EDIT_INSERT)
			continue;
		if (!chain || strcmp(chain->name, edit->chain)) {
			chain = table_chain(old, edit->chain);
			from = 0;
		}
		before = find_rule(chain, edit->rule, &from);
		if (!before)
			continue;
		edit->rule->packets = before->packets;
		edit->rule->bytes = before->bytes;
	}
}

/* In one batch, so that no packet meets the guard without its rules. */
static void plan_guard_of(const struct guard *guard, const struct table *table,
			  struct edits *edits)
{
	char *broken = table ? broken_frame(guard, table) : NULL;
	const struct table *old = broken ? table : NULL;
	size_t first = edits->n;
	struct reach *reach;

	if (broken) {
		edits_table(edits, EDIT_DROP_TABLE, guard->family, guard->table);
		table = NULL;
	}
	free(broken);
	reach = reach_new(table, NULL);
	for (size_t i = 0; i < guard->n; i++)
		if (!table_chain(table, guard->chains[i].name))
			edits_chain(edits, EDIT_CREATE, guard->family, guard->table,
				    guard->chains[i].name);
	for (size_t i = 0; i < guard->sets.n; i++)
		if (!table || !guard_sets_find(&table->sets, guard->sets.v[i]->name))
			edits_add_set(edits, guard->table, guard->sets.v[i]);
	/* A chain is filled after those that it jumps to. */
	for (size_t i = guard->n; i-- > 0;)
		plan_guard_chain(guard, &guard->chains[i], reach, table, edits);
	if (old)
		keep_counters(old, edits, first);
	for (size_t i = 0; table && i < table->sets.n; i++)
		if (!guard_sets_find(&guard->sets, table->sets.v[i]->name))
			edits_drop_set(edits, guard->family, guard->table, table->sets.v[i]->name);
	reach_free(reach);
}

static void plan_guards(const struct policy *policy, const struct snapshot *snapshot,
			const struct snapshot *own, bool copy, struct edits *edits)
{
	const char *name = copy ? GUARD_COPY_TABLE : GUARD_TABLE;

	for (int family = 0; family < FAMILY_COUNT && own; family++) {
		const struct table *table = snapshot_table(own, (enum family)family, name);
		struct guard guard;

		/* Of a table that a watch owns, only that can change anything. */
		if (!(policy->families & 1U << family) || guard_is_foreign(table) ||
		    guard_is_kept(policy, table) || (table && table->owned))
			continue;
		if (copy)
			guard_make_copy(&guard, policy, snapshot, (enum family)family);
		else
			guard_make(&guard, policy, snapshot, (enum family)family);
		if (guard.n)
			plan_guard_of(&guard, table, edits);
		else if (table)
			edits_table(edits, EDIT_DROP_TABLE, (enum family)family, name);
		guard_clear(&guard);
	}
}

void guard_plan(const struct policy *policy, const struct snapshot *snapshot,
		const struct snapshot *own, struct edits *edits)
{
	plan_guards(policy, snapshot, own, false, edits);
}

void guard_plan_copy(const struct policy *policy, const struct snapshot *snapshot,
		     const struct snapshot *own, struct edits *edits)
{
	plan_guards(policy, snapshot, own, true, edits);
}

void guard_plan_removal(const struct snapshot *own, unsigned int families, struct edits *edits)
{
	for (int family = 0; family < FAMILY_COUNT && own; family++) {
		const struct table *table = snapshot_table(own, (enum family)family, GUARD_TABLE);

		if (families & 1U << family && table && !guard_is_foreign(table))
			edits_table(edits, EDIT_DROP_TABLE, (enum family)family, GUARD_TABLE);
	}
}
