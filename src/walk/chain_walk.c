/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_walk.h"

#include <stdlib.h>
#include <string.h>

#include "chain_memo.h"
#include "deadline.h"
#include "native_effect.h"
#include "native_match.h"
#include "text.h"
#include "visited.h"

/* After this many rules, the clock is consulted again. */
#define CLOCK_EVERY 64

static struct decider rule_decider(const struct indexed_chain *indexed, size_t rule)
{
	const struct indexed_rule *entry = &indexed->v[rule];

	return (struct decider){ .table = indexed->table, .chain = indexed->chain->name,
				 .number = entry->number, .rule = entry->ready.rule,
				 .native = entry->native };
}

static void add_copy(struct flows *flows, const struct flow *flow)
{
	struct flow copy;

	flow_copy(&copy, flow);
	flows_add(flows, &copy);
}

static void accept_part(const struct walk *walk, const struct indexed_chain *indexed,
			struct flow *part, const struct decider *by, struct outcome *outcome)
{
	if (walk_names(walk, indexed, part)) {
		part->by = *by;
		part->size = addrset_size(&part->src);
	}
	flows_add(&outcome->accepted, part);
}

static void drop(struct flow *part, const struct decider *by, struct outcome *outcome)
{
	ending_add(&outcome->dropped, &part->src, by, addrset_size(&part->src));
}

static void move_flows(struct flows *to, struct flows *from)
{
	for (size_t i = 0; i < from->n; i++)
		flows_add(to, &from->v[i]);
	free(from->v);
	*from = (struct flows){ 0 };
}

/* "172.17.0.2:8080", "[2001:db8::2]:8000-8010": where the packet goes now. */
static void write_destination(FILE *out, const struct packet *packet)
{
	bool ports = proto_has_ports(packet->proto);
	char dst[INET6_ADDRSTRLEN];

	addr_text(packet->family, packet->dst.lo, dst);
	fprintf(out, packet->family == FAMILY_IPV6 && ports ? "[%s]" : "%s", dst);
	if (ports)
		fprintf(out, ":%u", packet->dport.lo);
	if (ports && packet->dport.lo != packet->dport.hi)
		fprintf(out, "-%u", packet->dport.hi);
}

static void note_change(struct walk *walk, const struct decider *by, const struct packet *old,
			const struct packet *new)
{
	struct text text;

	if (!walk->steps || packet_equal(old, new))
		return;
	text_open(&text);
	if (new->dst.lo != new->dst.hi) {
		fputs("the new destination is not known", text.out);
	} else if (new->dst.lo != old->dst.lo || new->dport.lo != old->dport.lo) {
		fputs("to ", text.out);
		write_destination(text.out, new);
	} else if (new->ct != old->ct) {
		fputs(new->ct == CT_UNTRACKED ? "not tracked" : "tracked", text.out);
	} else if (new->mark.unknown || new->ctmark.unknown) {
		fputs("the new mark is not known", text.out);
	} else if (new->mark.value != old->mark.value) {
		fprintf(text.out, "mark 0x%x", new->mark.value);
	} else if (new->ctmark.value != old->ctmark.value) {
		fprintf(text.out, "mark 0x%x on the connection", new->ctmark.value);
	} else {
		free(text_take(&text));
		return;
	}
	walk_step(walk, STEP_CHANGE, by, ANSWER_YES, EFFECT_CHANGE, text_take(&text));
}

static void change_natively(struct walk *walk, const struct indexed_rule *entry,
			    const struct decider *by, struct flow *part)
{
	struct packet old = part->packet;

	native_change(entry->native, &part->packet);
	note_change(walk, by, &old, &part->packet);
}

/* Applies the target to the part. Returns false if that leaves nothing of it. */
static bool change(struct walk *walk, const struct indexed_rule *entry, const struct decider *by,
		   struct flow *part)
{
	const struct netinfo *info = walk->walker->index.info;
	struct packet old = part->packet;
	bool left;

	if (!entry->native)
		left = target_change(entry->ready.rule, &part->packet, info);
	else
		left = entry->effect != EFFECT_TRANSLATE ||
		       native_translate(entry->native, &part->packet, info);
	if (!left)
		return false;
	note_change(walk, by, &old, &part->packet);
	return true;
}

/* Marks the part as a target does that lets it through. */
static void take_mark(struct walk *walk, const struct indexed_rule *entry,
		      const struct decider *by, struct flow *part)
{
	struct packet old = part->packet;

	target_accept(entry->ready.rule, &part->packet);
	note_change(walk, by, &old, &part->packet);
}

/* A chain that was not read, or that does not end, can do anything. */
static void do_anything(const struct decider *by, struct flow *part, struct flows *next,
			struct outcome *outcome)
{
	outcome_doubt(outcome, by);
	add_copy(next, part);
	drop(part, by, outcome);
	flows_add(&outcome->accepted, part);
}

static void call(struct walk *walk, const struct indexed_rule *entry, const struct decider *by,
		 struct flow *part, struct flows *next, struct outcome *outcome)
{
	struct outcome sub = { 0 };

	if (!entry->to || !entry->to->known || walk->depth >= WALK_DEPTH_MAX) {
		do_anything(by, part, next, outcome);
		return;
	}
	walk->depth++;
	walk_chain(walk, entry->to, part, &sub);
	walk->depth--;
	move_flows(&outcome->accepted, &sub.accepted);
	move_flows(entry->effect == EFFECT_GOTO ? &outcome->returned : next, &sub.returned);
	ending_add(&outcome->dropped, &sub.dropped.set, &sub.dropped.by, sub.dropped.size);
	ending_add(&outcome->refused, &sub.refused.set, &sub.refused.by, sub.refused.size);
	ending_add(&outcome->relayed, &sub.relayed.set, &sub.relayed.by, sub.relayed.size);
	if (sub.doubtful)
		outcome_doubt(outcome, &sub.doubt);
	outcome_clear(&sub);
}

/* Takes part over and does with it what the rule does with packets that match. */
static void take_effect(struct walk *walk, const struct indexed_chain *indexed, size_t rule,
			struct flow *part, struct flows *next, struct outcome *outcome)
{
	const struct indexed_rule *entry = &indexed->v[rule];
	struct decider by = rule_decider(indexed, rule);

	if (entry->relays && part->packet.proto == IPPROTO_TCP)
		ending_add(&outcome->relayed, &part->src, &by, addrset_size(&part->src));
	if (entry->native && entry->native->nchanges)
		change_natively(walk, entry, &by, part);
	/* What could not be decoded may also have changed the packet. */
	if (!entry->native && entry->ready.rule->opaque ? !entry->ready.rule->keeps_packet
							: entry->effect == EFFECT_UNKNOWN)
		packet_forget(&part->packet);
	switch (entry->effect) {
	case EFFECT_GO_ON:
		flows_add(next, part);
		return;
	case EFFECT_ACCEPT:
		accept_part(walk, indexed, part, &by, outcome);
		return;
	case EFFECT_DROP:
		drop(part, &by, outcome);
		break;
	case EFFECT_REFUSE:
		ending_add(&outcome->refused, &part->src, &by, addrset_size(&part->src));
		break;
	case EFFECT_RETURN:
		flows_add(&outcome->returned, part);
		return;
	case EFFECT_JUMP:
	case EFFECT_GOTO:
		call(walk, entry, &by, part, next, outcome);
		return;
	case EFFECT_CHANGE:
		change(walk, entry, &by, part);
		flows_add(next, part);
		return;
	case EFFECT_TRANSLATE:
		if (change(walk, entry, &by, part)) {
			accept_part(walk, indexed, part, &by, outcome);
			return;
		}
		drop(part, &by, outcome);
		break;
	case EFFECT_UNKNOWN:
		ending_add(&outcome->refused, &part->src, &by, addrset_size(&part->src));
		add_copy(next, part);
		/* fall through */
	case EFFECT_UNDECIDED:
		outcome_doubt(outcome, &by);
		drop(part, &by, outcome);
		if (entry->effect == EFFECT_UNDECIDED && walk->walker->index.marks_matter)
			take_mark(walk, entry, &by, part);
		accept_part(walk, indexed, part, &by, outcome);
		return;
	}
	flow_clear(part);
}

/*
 * Whether the rule certainly matches the whole flow, or certainly nothing of it; then the
 * sources are moved, not copied.
 */
static bool match_all_sources(const struct walk *walk, const struct indexed_rule *entry,
			      struct flow *flow, struct matched *matched)
{
	const struct ready_rule *ready = &entry->ready;

	if (ready->kind != SOURCE_ANY || !ready->exact)
		return false;
	*matched = (struct matched){ .answer = walk_rule_fixed(walk, entry, &flow->packet) };
	if (matched->answer == ANSWER_YES) {
		matched->set = flow->src;
		flow->src = (struct addrset){ 0 };
	}
	return matched->answer != ANSWER_MAYBE;
}

static void match_entry(const struct walk *walk, const struct indexed_rule *entry,
			struct flow *flow, struct matched *matched)
{
	if (match_all_sources(walk, entry, flow, matched))
		return;
	if (entry->native)
		native_match(&walk->walker->native, &entry->ready, entry->native, &flow->packet,
			     &flow->src, matched);
	else
		match_rule(&entry->ready, &flow->packet, walk->walker->index.info, &flow->src,
			   matched);
}

/*
 * through: takes what goes on after it has matched, if that does not come to the next rule;
 * NULL: it does.
 */
static void apply_rule(struct walk *walk, const struct indexed_chain *indexed, size_t rule,
		       struct flows *flows, struct flows *through, struct outcome *outcome)
{
	const struct indexed_rule *entry = &indexed->v[rule];
	struct decider by = rule_decider(indexed, rule);
	struct flows next = { 0 };

	/* Most rules do not match the packet: then nothing is moved. */
	if (flows->n == 1 && !walk->steps &&
	    walk_rule_fixed(walk, entry, &flows->v[0].packet) == ANSWER_NO)
		return;
	for (size_t i = 0; i < flows->n; i++) {
		struct flow *flow = &flows->v[i], part;
		struct matched matched;

		match_entry(walk, entry, flow, &matched);
		if (walk->steps && (matched.answer != ANSWER_NO || walk->steps->all))
			walk_step(walk, STEP_RULE, &by, matched.answer, entry->effect, NULL);
		if (matched.answer == ANSWER_NO) {
			flows_add(&next, flow);
			continue;
		}
		part = *flow;
		part.src = matched.set;
		if (matched.answer == ANSWER_MAYBE && entry->effect != EFFECT_GO_ON)
			outcome_doubt(outcome, &by);
		if (matched.answer == ANSWER_YES && entry->ready.kind != SOURCE_ANY)
			addrset_subtract(&flow->src, &matched.set);
		if (flow->src.n)
			flows_add(&next, flow);
		else
			flow_clear(flow);
		take_effect(walk, indexed, rule, &part, through ? through : &next, outcome);
	}
	free(flows->v);
	*flows = next;
}

/* Nothing that a walk finds counts once it is stopped: see walk_packet(). */
static bool is_stopped(struct walk *walk)
{
	if (!walk->stopped && !(walk->rules++ % CLOCK_EVERY) && !deadline_left())
		walk->stopped = "the time limit has passed";
	return walk->stopped;
}

/* What has matched one of the alternatives of a rule goes on after the last of them. */
struct alternatives {
	size_t number; /* of the rule; 0: none */
	struct flows through;
};

/* Prepares for the next rule; returns where it puts what it lets through. */
static struct flows *begin_rule(struct alternatives *alternatives, const struct indexed_rule *entry,
				struct flows *flows)
{
	size_t number = entry && entry->native && entry->native->alternative ? entry->number : 0;

	if (alternatives->number && number != alternatives->number)
		move_flows(flows, &alternatives->through);
	alternatives->number = number;
	return number ? &alternatives->through : NULL;
}

/* A rule has been applied: what it changed may match rules that the packet did not match before. */
static void follow_changes(struct chain_cursor *cursor, size_t rule, const struct packet *old,
			   const struct flows *flows)
{
	for (size_t i = 0; i < flows->n; i++)
		chain_cursor_changed(cursor, rule, old, &flows->v[i].packet);
}

static void walk_rules(struct walk *walk, const struct indexed_chain *indexed, struct flow *flow,
		       struct outcome *outcome)
{
	struct alternatives alternatives = { 0 };
	struct packet packet = flow->packet;
	struct flows flows = { 0 };
	struct chain_cursor cursor;
	size_t rule;

	chain_cursor_start(&cursor, indexed, &packet, walk->steps && walk->steps->all);
	flows_add(&flows, flow);
	while ((flows.n || alternatives.through.n) && !is_stopped(walk) &&
	       chain_cursor_next(&cursor, &rule)) {
		struct flows *through = begin_rule(&alternatives, &indexed->v[rule], &flows);

		apply_rule(walk, indexed, rule, &flows, through, outcome);
		if (indexed->alters) {
			follow_changes(&cursor, rule, &packet, &flows);
			follow_changes(&cursor, rule, &packet, &alternatives.through);
		}
	}
	begin_rule(&alternatives, NULL, &flows);
	if (flows.n && !indexed->chain->builtin)
		walk_step(walk, STEP_END, &(struct decider){ .table = indexed->table,
							     .chain = indexed->chain->name },
			  ANSWER_YES, EFFECT_RETURN, NULL);
	move_flows(&outcome->returned, &flows);
}

/* Walks the flow through the chain unless an earlier walk found the same rules relevant. */
static void walk_signed(struct walk *walk, const struct indexed_chain *indexed, struct flow *flow,
			struct outcome *outcome)
{
	struct memo_key key;
	bool kept = memo_key(walk, indexed, flow, &key);

	if (kept && memo_give(walk, &key, flow, outcome))
		return;
	walk_rules(walk, indexed, flow, outcome);
	if (kept && !walk->stopped)
		memo_keep(walk->walker, &key, outcome);
}

static void walk_again(struct walk *walk, const struct indexed_chain *indexed, struct visit *visit,
		       struct flow *flow, struct outcome *outcome)
{
	struct decider at = { .table = indexed->table, .chain = indexed->chain->name };
	struct flow part = *flow;
	struct outcome made = { 0 };

	part.src = (struct addrset){ 0 };
	visit_unknown(visit, &flow->src, &part.src);
	if (part.src.n) {
		struct addrset src;

		addrset_copy(&src, &part.src);
		visit->walking = true;
		walk_signed(walk, indexed, &part, &made);
		visit->walking = false;
		visit_add(walk, visit, &src, &made);
		addrset_clear(&src);
		outcome_clear(&made);
	} else {
		walk_step(walk, STEP_SAME, &at, ANSWER_YES, EFFECT_GO_ON, NULL);
	}
	visit_give(walk, visit, indexed, flow, outcome);
}

void walk_policy(struct walk *walk, const struct indexed_chain *indexed, bool drops,
		 struct outcome *outcome)
{
	struct decider by = { .table = indexed->table, .chain = indexed->chain->name,
			      .policy = drops ? VERDICT_DROP : VERDICT_ACCEPT };

	if (outcome->returned.n)
		walk_step(walk, STEP_POLICY, &by, ANSWER_YES, drops ? EFFECT_DROP : EFFECT_ACCEPT,
			  NULL);
	for (size_t i = 0; i < outcome->returned.n; i++) {
		struct flow *flow = &outcome->returned.v[i];
		double size = addrset_size(&flow->src);

		if (drops) {
			ending_add(&outcome->dropped, &flow->src, &by, size);
			flow_clear(flow);
			continue;
		}
		/* Of others, the first chain that lets a packet in. */
		if (indexed->other ? walk->decides && !flow->by.chain : indexed->filter) {
			flow->by = by;
			flow->size = size;
		}
		flows_add(&outcome->accepted, flow);
	}
	free(outcome->returned.v);
	outcome->returned = (struct flows){ 0 };
}

void walk_chain(struct walk *walk, const struct indexed_chain *indexed, struct flow *flow,
		struct outcome *outcome)
{
	struct visit *visit = NULL;

	if (indexed->jumps > 1)
		visit = visited_find(walk, indexed, &flow->packet);
	if (!visit)
		walk_signed(walk, indexed, flow, outcome);
	else if (visit->walking)
		do_anything(&(struct decider){ .table = indexed->table, .chain = indexed->chain->name,
					       .reason = "it jumps to itself" },
			    flow, &outcome->returned, outcome);
	else
		walk_again(walk, indexed, visit, flow, outcome);
}
