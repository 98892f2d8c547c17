/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusals.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "guard_names.h"
#include "guard_rules.h"
#include "refused.h"

void refusals_clear(struct refusals *refusals)
{
	for (size_t i = 0; i < refusals->n; i++) {
		free(refusals->v[i].chain);
		free(refusals->v[i].why);
		wanted_rules_clear(&refusals->v[i].wanted);
	}
	free(refusals->v);
	*refusals = (struct refusals){ 0 };
}

static void refusals_add(struct refusals *refusals, const struct edit *edit, bool guard,
			 const struct wanted_rule *wanted, const char *why)
{
	struct refusal *refusal;

	GROW(refusals->v, refusals->n, refusals->room);
	refusal = &refusals->v[refusals->n++];
	*refusal = (struct refusal){ .family = edit->family, .guard = guard,
				     .chain = xstrdup(edit->chain), .why = xstrdup(why) };
	wanted_rules_add(&refusal->wanted, rule_copy(wanted->rule), wanted->text, wanted->file,
			 wanted->line)->section = wanted->section;
	diag_step(1, "%s:%u: the kernel does not take '%s' in %s of the %s table '%s': %s; "
		  "going on without it", wanted->file, wanted->line, wanted->text, edit->chain,
		  family_name(edit->family), edit->table, why);
}

static const struct wanted_rule *find_in(const struct wanted_rules *rules, const struct rule *rule)
{
	for (size_t i = 0; i < rules->n; i++)
		if (!rules->v[i].refused && rule_equal_but_mark(rules->v[i].rule, rule))
			return &rules->v[i];
	return NULL;
}

/* The configured rule that the edit inserts, or NULL. */
static const struct wanted_rule *find_wanted(const struct policy *policy, const struct edit *edit)
{
	const struct wanted_chain *chain = policy_chain(policy, edit->chain);

	return chain ? find_in(&chain->rules[edit->family], edit->rule) : NULL;
}

/* Whether the rule is noted already. Its line is not enough: an address list gives several. */
static bool is_noted(const struct refusals *refusals, const struct edit *edit)
{
	for (size_t i = 0; i < refusals->n; i++)
		if (!refusals->v[i].guard && !strcmp(refusals->v[i].chain, edit->chain) &&
		    rule_equal_but_mark(refusals->v[i].wanted.v[0].rule, edit->rule))
			return true;
	return false;
}

/*
 * Whether a rule of that line is noted, from that index on, as refused in DOCKER-USER's table.
 * The guard's form of it may differ, so that only the line shows which one it is.
 */
static bool line_is_noted(const struct refusals *refusals, size_t from, enum family family,
			  const struct wanted_rule *wanted)
{
	for (size_t i = from; i < refusals->n; i++) {
		const struct wanted_rule *noted = &refusals->v[i].wanted.v[0];

		if (!refusals->v[i].guard && refusals->v[i].family == family &&
		    noted->line == wanted->line && !strcmp(noted->file, wanted->file) &&
		    !strcmp(noted->text, wanted->text))
			return true;
	}
	return false;
}

static bool is_of_guard(const struct edit *edit)
{
	return !strcmp(edit->table, GUARD_TABLE);
}

void refusals_leave_out(const struct refusals *refusals, struct edits *edits)
{
	struct edits kept = { 0 };

	for (size_t i = 0; i < edits->n; i++)
		if (!is_of_guard(&edits->v[i]) || !(refusals->guard & 1U << edits->v[i].family))
			edits_move(&kept, &edits->v[i]);
	edits_clear(edits);
	*edits = kept;
}

/* The error that was reported is then none. */
static void leave_guard_out(struct refusals *refusals, const struct edits *edits,
			    const struct refused_edit *refused)
{
	enum family family = edits->v[refused->edit].family;

	refused_edit_report(edits, refused, "nothing was written");
	refusals->guard |= 1U << family;
	diag_forget();
	diag_warning("going on without the guard (table %s " GUARD_TABLE ")",
		     family == FAMILY_IPV4 ? "ip" : "ip6");
}

/* What the rule matches on, as the guard holds it. */
static struct rule *conditions_of(const struct policy *policy, const struct rule *rule)
{
	struct rule *part = rule_conditions(rule), *form;

	if (!policy->guard_form)
		return part;
	form = policy->guard_form(part);
	rule_free(part);
	return form;
}

/*
 * The configured rule that the guard holds in this form, or NULL: one of its own making. An
 * address list gives several rules of one line, so that the line is not enough.
 */
static const struct wanted_rule *find_configured(const struct policy *policy,
						 const struct edit *edit,
						 const struct wanted_rule *wanted)
{
	bool forward = !strcmp(edit->chain, GUARD_FORWARD);
	const char *name = forward ? DOCKER_USER : edit->chain;
	const struct wanted_chain *chain = policy_chain(policy, name);
	const struct wanted_rules *rules = chain ? &chain->rules[edit->family] : NULL;
	struct rule *conditions = conditions_of(policy, wanted->rule);
	const struct wanted_rule *found = NULL;

	for (size_t i = 0; rules && i < rules->n && !found; i++) {
		struct rule *part;

		if (rules->v[i].refused || rules->v[i].line != wanted->line ||
		    strcmp(rules->v[i].file, wanted->file) ||
		    strcmp(rules->v[i].text, wanted->text) ||
		    rule_refuses(rules->v[i].rule) != rule_refuses(wanted->rule))
			continue;
		part = conditions_of(policy, rules->v[i].rule);
		if (rule_equal_but_mark(part, conditions))
			found = &rules->v[i];
		rule_free(part);
	}
	rule_free(conditions);
	return found;
}

/* What taking the edits of the guard needs. */
struct taking {
	struct refusals *refusals;
	const struct policy *policy;
	unsigned int only; /* the families in which only the guard holds the rules */
	size_t before;     /* how many refusals were noted in earlier rounds */
	struct guard guards[FAMILY_COUNT];
};

/*
 * Where only the guard holds the rules, it is what DOCKER-USER is elsewhere: the line is left
 * out, and on-error has its say.
 */
static void take_as_configured(const struct taking *t, const struct edit *edit,
			       const struct wanted_rule *wanted, const char *why)
{
	const struct wanted_rule *configured = find_configured(t->policy, edit, wanted);
	struct edit of_user = *edit;

	if (!configured) {
		refusals_add(t->refusals, edit, true, wanted, why);
		return;
	}
	if (!strcmp(edit->chain, GUARD_FORWARD))
		of_user.chain = DOCKER_USER;
	refusals_add(t->refusals, &of_user, false, configured, why);
}

/*
 * Takes one edit of the guard. Returns false if the guard cannot do without it: without a
 * rule that accepts, it would refuse what DOCKER-USER lets pass.
 */
static bool take_of_guard(const struct taking *t, const struct edit *edit,
			  const struct refused_edit *refused)
{
	const struct guard *guard = &t->guards[edit->family];
	const struct wanted_rule *wanted = NULL;

	if (!refused->rule)
		return false;
	for (size_t i = 0; i < guard->n && !wanted; i++)
		if (!strcmp(guard->chains[i].name, edit->chain))
			wanted = find_in(&guard->chains[i].rules, edit->rule);
	if (!wanted || !*wanted->file)
		return false;
	if (t->only & 1U << edit->family) {
		take_as_configured(t, edit, wanted, refused->why);
		return true;
	}
	/* Without what this round has noted, the guard's form may be gone in the next one. */
	if (line_is_noted(t->refusals, t->before, edit->family, wanted))
		return true;
	if (!rule_refuses(wanted->rule))
		return false;
	refusals_add(t->refusals, edit, true, wanted, refused->why);
	return true;
}

/*
 * Takes the edits of the guard; that of a family is left out if it cannot do without them.
 * before: how many refusals were noted in earlier rounds.
 */
static void take_guard(struct refusals *refusals, const struct policy *policy,
		       const struct snapshot *snapshot, const struct edits *edits,
		       const struct refused_edits *refused, size_t before)
{
	struct taking t = { .refusals = refusals, .policy = policy, .before = before,
			    .only = families_guarded_only(policy, snapshot) };

	for (int family = 0; family < FAMILY_COUNT; family++)
		guard_make(&t.guards[family], policy, snapshot, (enum family)family);
	for (size_t i = 0; i < refused->n; i++) {
		const struct edit *edit = &edits->v[refused->v[i].edit];

		if (is_of_guard(edit) && !(refusals->guard & 1U << edit->family) &&
		    !refused->v[i].suspect && !take_of_guard(&t, edit, &refused->v[i]))
			leave_guard_out(refusals, edits, &refused->v[i]);
	}
	for (int family = 0; family < FAMILY_COUNT; family++)
		guard_clear(&t.guards[family]);
}

int refusals_take(struct refusals *refusals, const struct policy *policy,
		  const struct snapshot *snapshot, const struct edits *edits,
		  const struct refused_edits *refused)
{
	unsigned int left_out = refusals->guard;
	size_t noted = refusals->n;

	for (size_t i = 0; i < refused->n; i++) {
		const struct edit *edit = &edits->v[refused->v[i].edit];
		const struct wanted_rule *wanted;

		if (is_of_guard(edit) || refused->v[i].suspect)
			continue;
		wanted = refused->v[i].rule ? find_wanted(policy, edit) : NULL;
		if (!wanted) {
			refusals->others = true;
			refused_edit_report(edits, &refused->v[i], "of this batch, nothing was written");
			return -1;
		}
		if (!is_noted(refusals, edit))
			refusals_add(refusals, edit, false, wanted, refused->v[i].why);
	}
	take_guard(refusals, policy, snapshot, edits, refused, noted);
	if (refusals->n > noted || refusals->guard != left_out)
		return 0;
	refused_edit_report(edits, &refused->v[0], "nothing was written");
	return -1;
}

void refusals_mark(const struct refusals *refusals, struct policy *policy)
{
	policy->user_barred = refusals->others;
	for (size_t i = 0; i < refusals->n; i++) {
		const struct refusal *refusal = &refusals->v[i];
		const struct wanted_rule *wanted = &refusal->wanted.v[0];

		if (refusal->guard)
			refused_mark_in_guard(policy, refusal->family, wanted, refusal->why);
		else
			refused_mark(policy, refusal->family, refusal->chain, wanted->rule,
				     refusal->why);
	}
}
