/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_walk.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* No kernel allows deeper jumps, but a snapshot made by hand might contain a loop. */
#define DEPTH_MAX 512
/* A chain's outcome is kept if at least this many of its rules concern the packet. */
#define MEMO_FROM 8
/* A chain whose signature takes more rules than this is walked every time. */
#define SIGN_MAX 50000

struct signature {
	uint64_t a, b;
	size_t relevant, seen;
};

/* What a chain does with every packet of one signature. */
struct memo_entry {
	const struct indexed_chain *indexed;
	uint64_t a, b;
	const struct addrset *src, *accepted, *returned, *dropped, *refused;
	struct decider accepted_by, dropped_by, refused_by, doubt;
	double accepted_size, dropped_size, refused_size;
	bool doubtful;
};

struct memo {
	struct memo_entry **v;
	size_t n, room; /* room: a power of two */
};

void memo_free(struct memo *memo)
{
	if (!memo)
		return;
	for (size_t i = 0; i < memo->room; i++)
		free(memo->v[i]);
	free(memo->v);
	free(memo);
}

static struct memo_entry **memo_slot(const struct memo *memo, const struct memo_entry *key)
{
	size_t i = (key->a ^ (uintptr_t)key->src >> 4) & (memo->room - 1);

	while (memo->v[i] && (memo->v[i]->indexed != key->indexed || memo->v[i]->a != key->a ||
			      memo->v[i]->b != key->b || memo->v[i]->src != key->src))
		i = (i + 1) & (memo->room - 1);
	return &memo->v[i];
}

static struct memo_entry **memo_find(struct walker *walker, const struct memo_entry *key)
{
	struct memo *memo = walker->memo;

	if (!memo)
		memo = walker->memo = xcalloc(1, sizeof(*memo));
	if (2 * memo->n >= memo->room) {
		struct memo grown = { .n = memo->n, .room = memo->room ? 2 * memo->room : 256 };

		grown.v = xcalloc(grown.room, sizeof(*grown.v));
		for (size_t i = 0; i < memo->room; i++)
			if (memo->v[i])
				*memo_slot(&grown, memo->v[i]) = memo->v[i];
		free(memo->v);
		*memo = grown;
	}
	return memo_slot(memo, key);
}

static void signature_mix(struct signature *signature, uint64_t value)
{
	signature->a = (signature->a ^ value) * 0xff51afd7ed558ccdu;
	signature->a ^= signature->a >> 32;
	signature->b = (signature->b + value + 1) * 0x9e3779b97f4a7c15u;
	signature->b ^= signature->b >> 29;
}

/*
 * Computes the signature of a packet, apart from its source: which rules of the chain,
 * and of the chains that it jumps to, can match, and how certain that is. Packets of
 * one signature fare alike in the chain. Returns false if they do not, or if it takes
 * too long.
 */
static bool sign(const struct walk *walk, const struct indexed_chain *indexed,
		 const struct packet *packet, struct signature *signature, unsigned int depth)
{
	struct chain_cursor cursor;
	size_t rule;

	if (depth > DEPTH_MAX)
		return false;
	chain_cursor_start(&cursor, indexed, packet, false);
	while (chain_cursor_next(&cursor, &rule)) {
		const struct indexed_rule *entry = &indexed->v[rule];
		enum answer answer;

		if (++signature->seen > SIGN_MAX)
			return false;
		answer = match_fixed(&entry->ready, packet, walk->walker->index.info);
		if (answer == ANSWER_NO)
			continue;
		if (entry->ready.kind == SOURCE_VARIES)
			return false;
		signature->relevant++;
		signature_mix(signature, rule * 4 + answer);
		if (entry->to && !sign(walk, entry->to, packet, signature, depth + 1))
			return false;
		if (entry->to)
			signature_mix(signature, UINT64_MAX);
	}
	return true;
}

static struct decider rule_decider(const struct indexed_chain *indexed, size_t rule)
{
	return (struct decider){ .table = indexed->table, .chain = indexed->chain->name,
				 .number = rule + 1, .rule = indexed->v[rule].ready.rule };
}

static void add_copy(struct flows *flows, const struct flow *flow)
{
	struct flow copy;

	flow_copy(&copy, flow);
	flows_add(flows, &copy);
}

static void accept_part(const struct indexed_chain *indexed, struct flow *part,
			const struct decider *by, struct outcome *outcome)
{
	if (indexed->filter) {
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
		fputs("not tracked", text.out);
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

/* Applies the target to the part. Returns false if that leaves nothing of it. */
static bool change(struct walk *walk, const struct indexed_rule *entry, const struct decider *by,
		   struct flow *part)
{
	struct packet old = part->packet;

	if (!target_change(entry->ready.rule, &part->packet, walk->walker->index.info))
		return false;
	note_change(walk, by, &old, &part->packet);
	return true;
}

static void call(struct walk *walk, const struct indexed_rule *entry, const struct decider *by,
		 struct flow *part, struct flows *next, struct outcome *outcome)
{
	struct outcome sub = { 0 };

	if (!entry->to || !entry->to->known || walk->depth >= DEPTH_MAX) {
		/* A chain that was not read can do anything. */
		outcome_doubt(outcome, by);
		add_copy(next, part);
		drop(part, by, outcome);
		flows_add(&outcome->accepted, part);
		return;
	}
	walk->depth++;
	walk_chain(walk, entry->to, part, &sub);
	walk->depth--;
	move_flows(&outcome->accepted, &sub.accepted);
	move_flows(entry->effect == EFFECT_GOTO ? &outcome->returned : next, &sub.returned);
	ending_add(&outcome->dropped, &sub.dropped.set, &sub.dropped.by, sub.dropped.size);
	ending_add(&outcome->refused, &sub.refused.set, &sub.refused.by, sub.refused.size);
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

	/* What could not be decoded may also have set a mark. */
	if (indexed->alters && (entry->ready.rule->opaque || entry->effect == EFFECT_UNKNOWN))
		part->packet.mark.unknown = part->packet.ctmark.unknown = true;
	switch (entry->effect) {
	case EFFECT_GO_ON:
		flows_add(next, part);
		return;
	case EFFECT_ACCEPT:
		accept_part(indexed, part, &by, outcome);
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
			accept_part(indexed, part, &by, outcome);
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
		accept_part(indexed, part, &by, outcome);
		return;
	}
	flow_clear(part);
}

static void apply_rule(struct walk *walk, const struct indexed_chain *indexed, size_t rule,
		       struct flows *flows, struct outcome *outcome)
{
	const struct indexed_rule *entry = &indexed->v[rule];
	const struct netinfo *info = walk->walker->index.info;
	struct decider by = rule_decider(indexed, rule);
	struct flows next = { 0 };

	/* Most rules do not match the packet: then nothing is moved. */
	if (flows->n == 1 && !walk->steps &&
	    match_fixed(&entry->ready, &flows->v[0].packet, info) == ANSWER_NO)
		return;
	for (size_t i = 0; i < flows->n; i++) {
		struct flow *flow = &flows->v[i], part;
		struct matched matched;

		match_rule(&entry->ready, &flow->packet, info, &flow->src, &matched);
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
		if (matched.answer == ANSWER_YES && entry->ready.kind == SOURCE_ANY)
			addrset_clear(&flow->src);
		else if (matched.answer == ANSWER_YES)
			addrset_subtract(&flow->src, &matched.set);
		if (flow->src.n)
			flows_add(&next, flow);
		else
			flow_clear(flow);
		take_effect(walk, indexed, rule, &part, &next, outcome);
	}
	free(flows->v);
	*flows = next;
}

static void walk_rules(struct walk *walk, const struct indexed_chain *indexed, struct flow *flow,
		       struct outcome *outcome)
{
	struct flows flows = { 0 };
	struct chain_cursor cursor;
	size_t rule;

	chain_cursor_start(&cursor, indexed, &flow->packet, walk->steps && walk->steps->all);
	flows_add(&flows, flow);
	while (flows.n && chain_cursor_next(&cursor, &rule))
		apply_rule(walk, indexed, rule, &flows, outcome);
	if (flows.n && !indexed->chain->builtin)
		walk_step(walk, STEP_END, &(struct decider){ .table = indexed->table,
							     .chain = indexed->chain->name },
			  ANSWER_YES, EFFECT_RETURN, NULL);
	move_flows(&outcome->returned, &flows);
}

static const struct addrset *only_set(struct walker *walker, const struct flows *flows)
{
	static const struct addrset none;

	return flows->n ? addrpool_keep(&walker->pool, &flows->v[0].src) : &none;
}

static void from_memo(const struct memo_entry *entry, const struct indexed_chain *indexed,
		      struct flow *flow, struct outcome *outcome)
{
	const struct addrset *set[] = { entry->accepted, entry->returned };
	struct flows *to[] = { &outcome->accepted, &outcome->returned };

	for (size_t i = 0; i < ARRAY_SIZE(set); i++) {
		struct flow part = *flow;

		if (!set[i]->n)
			continue;
		addrset_copy(&part.src, set[i]);
		if (!i && indexed->filter) {
			part.by = entry->accepted_by;
			part.size = entry->accepted_size;
		}
		flows_add(to[i], &part);
	}
	ending_add(&outcome->dropped, entry->dropped, &entry->dropped_by, entry->dropped_size);
	ending_add(&outcome->refused, entry->refused, &entry->refused_by, entry->refused_size);
	if (entry->doubtful)
		outcome_doubt(outcome, &entry->doubt);
	flow_clear(flow);
}

static void to_memo(struct walker *walker, struct memo_entry *entry, const struct outcome *outcome)
{
	entry->accepted = only_set(walker, &outcome->accepted);
	entry->returned = only_set(walker, &outcome->returned);
	if (outcome->accepted.n) {
		entry->accepted_by = outcome->accepted.v[0].by;
		entry->accepted_size = outcome->accepted.v[0].size;
	}
	entry->dropped = addrpool_keep(&walker->pool, &outcome->dropped.set);
	entry->dropped_by = outcome->dropped.by;
	entry->dropped_size = outcome->dropped.size;
	entry->refused = addrpool_keep(&walker->pool, &outcome->refused.set);
	entry->refused_by = outcome->refused.by;
	entry->refused_size = outcome->refused.size;
	entry->doubt = outcome->doubt;
	entry->doubtful = outcome->doubtful;
}

void walk_chain(struct walk *walk, const struct indexed_chain *indexed, struct flow *flow,
		struct outcome *outcome)
{
	struct walker *walker = walk->walker;
	struct signature signature = { .a = 1, .b = 1 };
	struct memo_entry key = { .indexed = indexed }, **slot, *made;

	if (walk->steps || indexed->alters || indexed->n < MEMO_FROM ||
	    !sign(walk, indexed, &flow->packet, &signature, 0) || signature.relevant < MEMO_FROM) {
		walk_rules(walk, indexed, flow, outcome);
		return;
	}
	key.a = signature.a;
	key.b = signature.b;
	key.src = addrpool_keep(&walker->pool, &flow->src);
	slot = memo_find(walker, &key);
	if (*slot) {
		from_memo(*slot, indexed, flow, outcome);
		return;
	}
	walk_rules(walk, indexed, flow, outcome);
	made = xcalloc(1, sizeof(*made));
	*made = key;
	to_memo(walker, made, outcome);
	/* The chains that it jumped to may have moved the slots. */
	*memo_find(walker, &key) = made;
	walker->memo->n++;
}
