/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard_rules.h"

#include <stdlib.h>
#include <string.h>

#include "accepts.h"
#include "chain_diff.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "guard_facts.h"
#include "guard_names.h"
#include "guard_unconnected.h"
#include "host_rules.h"
#include "meet.h"
#include "pure_match.h"
#include "xt_match.h"
#include "xt_target.h"

/* What the derivation of one family shares. */
struct deriver {
	struct guard *guard;
	const struct policy *policy;
	enum family family;
	struct reach *reach;
	struct written written;
	bool only; /* packets do not come to DOCKER-USER: the guard has all that it should hold */
	bool alone; /* and nothing else counts them: state and effects are the guard's */
	bool trusted; /* a trusted chain, or a rule, may accept what DOCKER-USER never sees */
	bool by_host; /* some ports are left to the host's own firewall */
};

void guard_clear(struct guard *guard)
{
	for (size_t i = 0; i < guard->n; i++) {
		free(guard->chains[i].name);
		wanted_rules_clear(&guard->chains[i].rules);
	}
	free(guard->chains);
	guard_sets_clear(&guard->sets);
	free(guard->unheeded);
	*guard = (struct guard){ 0 };
}

static size_t guard_chain_index(const struct guard *guard, const char *name)
{
	size_t i = 0;

	while (i < guard->n && strcmp(guard->chains[i].name, name))
		i++;
	return i;
}

static size_t add_guard_chain(struct guard *guard, const char *name, bool base)
{
	size_t i = guard_chain_index(guard, name);

	if (i < guard->n)
		return i;
	GROW(guard->chains, guard->n, guard->room);
	guard->chains[guard->n] = (struct guard_chain){ .name = xstrdup(name), .base = base };
	return guard->n++;
}

/* ---- one rule ---- */

/* What becomes of a rule's verdict in the guard. */
enum kind {
	KIND_NOTHING, /* it has no verdict, or only an effect */
	KIND_REFUSE,
	KIND_ACCEPT,
	KIND_RETURN, /* from a user-defined chain */
	KIND_LEAD,   /* a jump or goto to a configured chain */
	KIND_EFFECT, /* it has no verdict, but does something that only the guard can do */
};

static enum kind kind_of_lead(const struct deriver *d, const struct rule *rule)
{
	const struct wanted_chain *to = policy_chain_in(d->policy, rule->chain, d->family);

	if (to && to->filled_by == FILLED_BY_DOCKFW)
		return KIND_LEAD;
	/* After a goto, the end of the other chain is the end of DOCKER-USER. */
	if (to && to->verdicts == VERDICTS_REFUSE && rule->verdict == VERDICT_JUMP)
		return KIND_NOTHING;
	return KIND_ACCEPT;
}

static enum kind kind_of(const struct deriver *d, const struct rule *rule, bool base)
{
	if (rule_refuses(rule))
		return KIND_REFUSE;
	switch (rule->verdict) {
	case VERDICT_NONE:
		return d->alone && rule->nmatches ? KIND_EFFECT : KIND_NOTHING;
	case VERDICT_RETURN:
		return base ? KIND_ACCEPT : KIND_RETURN;
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		return kind_of_lead(d, rule);
	case VERDICT_EXT:
		if (d->alone)
			return KIND_EFFECT;
		return xt_target_never_accepts(&rule->target) ? KIND_NOTHING : KIND_ACCEPT;
	default:
		return KIND_ACCEPT;
	}
}

/* Whether a configured chain, or one that it leads to, has a rule of such a kind. */
static bool chain_has(const struct deriver *d, const char *name, bool accepting)
{
	const struct wanted_chain *chain = policy_chain(d->policy, name);
	const struct wanted_rules *rules = &chain->rules[d->family];

	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *rule = rules->v[i].rule;
		enum kind kind = kind_of(d, rule, false);

		if (rules->v[i].refused)
			continue;
		if (kind == (accepting ? KIND_ACCEPT : KIND_REFUSE) ||
		    (kind == KIND_LEAD && chain_has(d, rule->chain, accepting)))
			return true;
	}
	return false;
}

/*
 * The rule's pure conditions, without a verdict; sets whole if it has no other. What no other
 * chain evaluates needs not be pure.
 */
static struct rule *pure_part(const struct deriver *d, const struct rule *rule, bool *whole)
{
	struct rule *part = rule_conditions(rule);

	*whole = true;
	for (size_t i = part->nmatches; i-- && !d->alone;)
		if (!match_is_pure(&part->matches[i], &d->written)) {
			rule_remove_match(part, i);
			*whole = false;
		}
	return part;
}

/*
 * Takes over a drop, or a target: of one that refuses, nf_tables has the reject expression for
 * all codes but one, the obsolete echo reply.
 */
static void take_end(struct rule *to, const struct rule *from)
{
	if (from->verdict != VERDICT_EXT) {
		to->verdict = from->verdict;
		return;
	}
	rule_set_target(to, from->target.name, from->target.revision, from->target.data,
			from->target.size);
	to->target.usersize = from->target.usersize;
}

/*
 * Sets the verdict that the guard can give. Returns false if the rule drops out: a
 * refusal with an impure condition, or a jump with one to a chain that only refuses.
 */
static bool decide_verdict(struct deriver *d, struct rule *to, const struct rule *from,
			   enum kind kind, bool whole)
{
	switch (kind) {
	case KIND_REFUSE:
		if (!whole)
			d->guard->left_out++;
		else
			take_end(to, from);
		return whole;
	case KIND_LEAD:
		if (whole) {
			rule_set_chain(to, from->verdict, from->chain);
			return true;
		}
		d->guard->left_out += chain_has(d, from->chain, false);
		/* Whether it is left by this goto is not known, nor by its chain's verdict. */
		if (from->verdict == VERDICT_JUMP && !chain_has(d, from->chain, true))
			return false;
		break;
	case KIND_RETURN:
		if (whole) {
			to->verdict = VERDICT_RETURN;
			return true;
		}
		break;
	case KIND_EFFECT:
		take_end(to, from);
		return true;
	default:
		break;
	}
	to->verdict = VERDICT_ACCEPT;
	return true;
}

/* Whether the kernel does not take the rule in the guard. */
static bool is_refused(const struct deriver *d, const struct rule *rule)
{
	const struct wanted_rules *unguarded = &d->policy->unguarded[d->family];

	for (size_t i = 0; i < unguarded->n; i++)
		if (rule_equal_but_mark(unguarded->v[i].rule, rule))
			return true;
	return false;
}

static void add_guard_rule(struct deriver *d, size_t chain, struct rule *rule,
			   const struct wanted_rule *from)
{
	struct wanted_rules *rules = &d->guard->chains[chain].rules;

	if (d->policy->guard_form) {
		struct rule *form = d->policy->guard_form(rule);

		rule_free(rule);
		rule = form;
	}
	if (is_refused(d, rule)) {
		d->guard->left_out++;
		rule_free(rule);
		return;
	}
	wanted_rules_add(rules, rule, from->text, from->file, from->line)->section = from->section;
}

/* DOCKER-USER lets pass what the guard refuses, so that its rules are not those of a section. */
static void derive_by_host(struct deriver *d, size_t chain, const struct wanted_rule *wanted)
{
	struct host_rules rules = { 0 };

	host_rules_make(d->policy->openings, wanted, &d->guard->sets, &rules);
	for (size_t i = 0; i < rules.n; i++)
		add_guard_rule(d, chain, rules.v[i], wanted);
	rules.n = 0; /* the chain has them now */
	host_rules_clear(&rules);
}

/* ---- before what only the guard refuses ---- */

/* A configured rule by which the guard does not go; the first one is reported. */
static void leave_unheeded(struct deriver *d, const struct wanted_rule *wanted)
{
	if (!d->guard->unheeded)
		d->guard->unheeded =
			xasprintf("'%s' (%s:%u)", wanted->text, wanted->file, wanted->line);
}

/* Whether it may be in the guard before what only that refuses. */
static bool is_known(const struct accepted *accepted)
{
	return (accepted->exact && accept_is_narrow(accepted->rule)) ||
	       rule_excludes_new(accepted->rule); /* it passes there anyway */
}

/* What a jump to a chain that others fill lets pass now, as far as it is known. */
static void derive_filled(struct deriver *d, size_t chain, const struct wanted_rule *wanted)
{
	struct accepts accepts = { 0 };
	bool exact = true;

	accepts_find(d->reach, d->policy, &d->written, wanted->rule, &accepts);
	for (size_t i = 0; i < accepts.n; i++) {
		struct accepted *accepted = &accepts.v[i];

		if (!is_known(accepted)) {
			exact = false;
			continue;
		}
		accepted->rule->verdict = VERDICT_ACCEPT;
		add_guard_rule(d, chain, accepted->rule, wanted);
		accepted->rule = NULL; /* the chain has it now */
	}
	accepts_clear(&accepts);
	if (!exact)
		leave_unheeded(d, wanted);
}

/* Whether it lets pass exactly what it matches. A goto in another chain ends that one only. */
static bool lets_all(const struct rule *rule, bool base)
{
	return rule->verdict == VERDICT_ACCEPT || rule->verdict == VERDICT_RETURN ||
	       (rule->verdict == VERDICT_GOTO && base);
}

/*
 * A configured rule that does not refuse. Where it cannot be as it is, it lets nobody pass: what
 * comes after it may be refused by nothing else. Takes part over, its pure conditions.
 */
static void derive_strictly(struct deriver *d, size_t chain, const struct wanted_rule *wanted,
			    enum kind kind, struct rule *part, bool whole)
{
	const struct rule *rule = wanted->rule;
	bool base = d->guard->chains[chain].base, heeded = true;

	if (kind == KIND_EFFECT)
		take_end(part, rule);
	else if (kind == KIND_RETURN)
		part->verdict = VERDICT_RETURN; /* fewer come to the rules after it */
	else if (kind == KIND_LEAD && whole)
		rule_set_chain(part, rule->verdict, rule->chain);
	else if (kind == KIND_ACCEPT && ((whole && lets_all(rule, base)) || rule_excludes_new(part)))
		part->verdict = VERDICT_ACCEPT;
	else
		heeded = kind == KIND_LEAD && rule->verdict == VERDICT_JUMP &&
			 !chain_has(d, rule->chain, true);
	if (!heeded)
		leave_unheeded(d, wanted);
	if (!heeded && rule->verdict == VERDICT_GOTO && !base)
		part->verdict = VERDICT_RETURN;
	if (part->verdict == VERDICT_NONE)
		rule_free(part);
	else
		add_guard_rule(d, chain, part, wanted);
}

/* strictly: what comes after the rule may be left to the host's own firewall. */
static void derive_rule(struct deriver *d, size_t chain, const struct wanted_rule *wanted,
			bool strictly)
{
	const struct rule *rule = wanted->rule;
	enum kind kind = kind_of(d, rule, d->guard->chains[chain].base);
	struct rule *part, *unconnected;
	bool whole;

	if (kind == KIND_NOTHING)
		return;
	if (strictly && kind == KIND_ACCEPT && rule->verdict == VERDICT_JUMP) {
		derive_filled(d, chain, wanted);
		return;
	}
	part = pure_part(d, rule, &whole);
	if (strictly && kind != KIND_REFUSE) {
		derive_strictly(d, chain, wanted, kind, part, whole);
		return;
	}
	/* A trusted chain may have accepted what the rule refuses, or leads to a refusal. */
	if (d->trusted && !wanted->section)
		whole = false;
	if (!decide_verdict(d, part, rule, kind, whole)) {
		rule_free(part);
		return;
	}
	unconnected = rule_refuses(part) ? guard_unconnected_forward(part) : NULL;
	add_guard_rule(d, chain, part, wanted);
	if (unconnected)
		add_guard_rule(d, chain, unconnected, wanted);
}

/* ---- the chain forward ---- */

/* Whether it lets pass what it matches: a configured chain is as a repair leaves it. */
static bool foreign_accepts(const struct deriver *d, const struct chain *user,
			    const struct rule *rule)
{
	if (rule->verdict == VERDICT_RETURN || rule->verdict == VERDICT_GOTO)
		return true;
	if (rule->verdict == VERDICT_JUMP && !rule->opaque &&
	    chain_is_held(d->policy, rule->chain, d->family))
		return chain_has(d, rule->chain, true);
	return reach_accepts(d->reach, user, rule, false);
}

/* Whether a configured rule from there on may match a packet of the rule; by_host: such a one. */
static bool concerns(const struct chain_diff *diff, size_t from, const struct rule *rule, bool by_host)
{
	while (from < diff->wanted->n && (chain_diff_left_out(diff, from) ||
					  (by_host && !diff->wanted->v[from].by_host) ||
					  !rules_can_meet(rule, diff->wanted->v[from].rule)))
		from++;
	return from < diff->wanted->n;
}

/*
 * Whether what the rule matches may be left, from there on, to the host's own firewall. What is
 * not new passes there anyway.
 */
static bool before_host(const struct chain_diff *diff, size_t from, const struct rule *rule)
{
	return !rule_excludes_new(rule) && concerns(diff, from, rule, true);
}

/*
 * A rule of another program that stands before configured ones, those from next on, after a
 * repair. Whatever it lets pass, DOCKER-USER does not refuse; what it refuses is not the guard's
 * concern. But nothing else refuses what is left to the host's own firewall.
 */
static void derive_foreign(struct deriver *d, size_t chain, const struct chain_diff *diff,
			   size_t place, size_t next)
{
	static const struct wanted_rule of_another = { .text = "", .file = "" };
	const struct rule *rule = diff->chain->rules[place];
	struct accepts accepts = { 0 };

	if (!foreign_accepts(d, diff->chain, rule))
		return;
	accepts_find(d->reach, d->policy, &d->written, rule, &accepts);
	for (size_t i = 0; i < accepts.n; i++) {
		struct accepted *accepted = &accepts.v[i];

		if (!concerns(diff, next, accepted->rule, false))
			continue;
		if (!is_known(accepted) && before_host(diff, next, accepted->rule)) {
			if (!d->guard->unheeded)
				d->guard->unheeded = xasprintf("rule %zu of " DOCKER_USER, place + 1);
			continue;
		}
		if (!d->guard->open_at && rule_unconditional(accepted->rule))
			d->guard->open_at = place + 1;
		accepted->rule->verdict = VERDICT_ACCEPT;
		add_guard_rule(d, chain, accepted->rule, &of_another);
		accepted->rule = NULL; /* the chain has it now */
	}
	accepts_clear(&accepts);
}

/* The same for a configured rule, which may lose conditions. */
static bool may_precede_host(const struct deriver *d, const struct chain_diff *diff, size_t wanted)
{
	bool whole, may;
	struct rule *part;

	if (!d->by_host)
		return false;
	part = pure_part(d, diff->wanted->v[wanted].rule, &whole);
	may = before_host(diff, wanted + 1, part);
	rule_free(part);
	return may;
}

/* Beside a trusted chain, rules of chain sections only matter to the sections after them. */
static void derive_wanted(struct deriver *d, size_t chain, const struct chain_diff *diff, size_t i)
{
	const struct wanted_rules *wanted = diff->wanted;

	if (wanted->v[i].by_host)
		derive_by_host(d, chain, &wanted->v[i]);
	else if (!d->trusted || wanted->v[wanted->n - 1].section)
		derive_rule(d, chain, &wanted->v[i], may_precede_host(d, diff, i));
	else if (rule_refuses(wanted->v[i].rule))
		d->guard->left_out++;
}

/* DOCKER-USER's rules in the order that a repair leaves. */
static void derive_forward(struct deriver *d, const struct chain *user)
{
	const struct wanted_chain *configured = policy_chain(d->policy, DOCKER_USER);
	const struct wanted_rules *wanted = &configured->rules[d->family];
	size_t live = user ? user->nrules : 0, next = 0;
	size_t chain = add_guard_chain(d->guard, GUARD_FORWARD, true);
	struct chain_diff diff;

	chain_diff_make(&diff, wanted, d->reach, user, chain_holding(d->policy, DOCKER_USER));
	for (size_t i = 0; i <= live; i++) {
		for (; next < wanted->n; next++) {
			if (chain_diff_left_out(&diff, next))
				continue;
			if (chain_diff_is_kept(&diff, next) ? diff.live[next] >= i : diff.places[next] > i)
				break;
			derive_wanted(d, chain, &diff, next);
		}
		/* What comes after a rule of others that ends the chain lets nobody pass. */
		if (i < live && i <= diff.bounds.end && diff.fates[i] == LIVE_FOREIGN &&
		    concerns(&diff, next, user->rules[i], false))
			derive_foreign(d, chain, &diff, i, next);
	}
	chain_diff_clear(&diff);
}

/* The configured chains that rules of the guard lead to; the list grows meanwhile. */
static void derive_chains(struct deriver *d)
{
	for (size_t c = 0; c < d->guard->n; c++) {
		for (size_t i = 0; i < d->guard->chains[c].rules.n; i++) {
			const struct rule *rule = d->guard->chains[c].rules.v[i].rule;
			const struct wanted_rules *rules;
			size_t known = d->guard->n, to;

			if (!rule->chain)
				continue;
			to = add_guard_chain(d->guard, rule->chain, false);
			rules = &policy_chain(d->policy, rule->chain)->rules[d->family];
			for (size_t k = 0; to == known && k < rules->n; k++)
				if (!rules->v[k].refused)
					derive_rule(d, to, &rules->v[k], d->by_host);
		}
	}
}

/* ---- the chain input ---- */

/* The connection that a rule of a publish section matches on; false: it has none. */
static bool origin_of(const struct rule *rule, struct xt_conntrack_want *want)
{
	for (size_t i = 0; i < rule->nmatches; i++)
		if (xt_conntrack_read(&rule->matches[i], want) && want->port)
			return true;
	return false;
}

/*
 * Adds what the chain's rules mean for packets without a connection, up to the last refusal:
 * what follows it would only accept.
 */
static void derive_unconnected(struct deriver *d)
{
	size_t chain = guard_chain_index(d->guard, GUARD_INPUT), n;

	if (chain == d->guard->n)
		return;
	n = d->guard->chains[chain].rules.n;
	while (n && !rule_refuses(d->guard->chains[chain].rules.v[n - 1].rule))
		n--;
	for (size_t i = 0; i < n; i++) {
		/* The list grows meanwhile. */
		const struct wanted_rule from = d->guard->chains[chain].rules.v[i];
		struct rule *rule = guard_unconnected_input(from.rule);

		if (rule)
			add_guard_rule(d, chain, rule, &from);
	}
}

/*
 * The packet is for the host itself, where nothing was translated: the port that the
 * client connected to decides. The host's own connections are not refused.
 */
static void derive_input(struct deriver *d)
{
	const struct wanted_chain *configured = policy_chain(d->policy, DOCKER_USER);
	const struct wanted_rules *wanted = &configured->rules[d->family];

	for (size_t i = 0; i < wanted->n; i++) {
		const struct rule *rule = wanted->v[i].rule;
		struct xt_conntrack_want want;
		struct rule *part;

		if (!wanted->v[i].section || wanted->v[i].refused || !origin_of(rule, &want))
			continue;
		part = rule_new(d->family);
		part->invert = rule->invert & (INV_SRC | INV_IN);
		part->src = rule->src;
		part->in = rule->in;
		part->proto = rule->proto;
		if (!part->in.mask[0] && interface_set(&part->in, "lo"))
			part->invert |= INV_IN;
		want.dnat = XT_DNAT_ANY;
		xt_conntrack_add(part, &want);
		if (rule_refuses(rule))
			take_end(part, rule);
		else
			part->verdict = VERDICT_ACCEPT;
		add_guard_rule(d, add_guard_chain(d->guard, GUARD_INPUT, true), part,
			       &wanted->v[i]);
	}
	for (size_t i = 0; i < d->policy->input[d->family].n; i++) {
		const struct wanted_rule *further = &d->policy->input[d->family].v[i];

		add_guard_rule(d, add_guard_chain(d->guard, GUARD_INPUT, true),
			       rule_copy(further->rule), further);
	}
	derive_unconnected(d);
}

/* ---- the whole ---- */

/* An empty chain would guard nothing; the others are reached from it, or are input. */
static void drop_empty_forward(struct guard *guard)
{
	struct guard_chain *forward = &guard->chains[0];

	if (forward->rules.n)
		return;
	free(forward->name);
	wanted_rules_clear(&forward->rules);
	memmove(forward, forward + 1, --guard->n * sizeof(*forward));
}

static void make(struct guard *guard, const struct policy *policy, const struct snapshot *snapshot,
		 enum family family, bool copy)
{
	const struct table *filter = snapshot_table(snapshot, family, "filter");
	struct deriver d = { .guard = guard, .policy = policy, .family = family };
	const struct chain *user;

	*guard = (struct guard){ .family = family, .table = copy ? GUARD_COPY_TABLE : GUARD_TABLE,
				 .own = copy || policy->own_guard,
				 .follows = policy_follows_host(policy) };
	d.only = families_guarded_only(policy, snapshot) & 1U << family;
	d.alone = d.only && !copy;
	d.by_host = policy_follows_host(policy);
	if (policy->guard == GUARD_OFF || !(policy->families & 1U << family))
		return;
	d.reach = reach_new(filter, policy);
	d.trusted = !d.only && guard_trusted_accepts(policy, d.reach, filter);
	guard_find_written(policy, filter, family, &d.written);
	user = table_chain(filter, DOCKER_USER);
	/* What a base chain with that name lets pass, it lets pass at its own hook only. */
	derive_forward(&d, d.only || (user && user->foreign_base) ||
			   guard_user_is_barred(policy, filter) ? NULL : user);
	derive_chains(&d);
	derive_input(&d);
	drop_empty_forward(guard);
	written_clear(&d.written);
	reach_free(d.reach);
}

void guard_make(struct guard *guard, const struct policy *policy, const struct snapshot *snapshot,
		enum family family)
{
	make(guard, policy, snapshot, family, false);
}

void guard_make_copy(struct guard *guard, const struct policy *policy,
		     const struct snapshot *snapshot, enum family family)
{
	make(guard, policy, snapshot, family, true);
}
