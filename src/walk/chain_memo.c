/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain_memo.h"

#include <stdlib.h>

#include "visited.h"

/* A chain's outcome is kept if at least this many of its rules concern the packet. */
#define MEMO_FROM 8
/* A chain whose signature takes more rules than this is walked every time. */
#define SIGN_MAX 50000

/* What a chain does with every packet of one signature. */
struct memo_entry {
	struct memo_key key;
	const struct addrset *accepted, *returned, *dropped, *refused;
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

static bool same_key(const struct memo_key *a, const struct memo_key *b)
{
	return a->indexed == b->indexed && a->a == b->a && a->b == b->b && a->src == b->src;
}

static struct memo_entry **memo_slot(const struct memo *memo, const struct memo_key *key)
{
	size_t i = (key->a ^ (uintptr_t)key->src >> 4) & (memo->room - 1);

	while (memo->v[i] && !same_key(&memo->v[i]->key, key))
		i = (i + 1) & (memo->room - 1);
	return &memo->v[i];
}

static struct memo_entry **memo_find(struct walker *walker, const struct memo_key *key)
{
	struct memo *memo = walker->memo;

	if (!memo)
		memo = walker->memo = xcalloc(1, sizeof(*memo));
	if (2 * memo->n >= memo->room) {
		struct memo grown = { .n = memo->n, .room = memo->room ? 2 * memo->room : 256 };

		grown.v = xcalloc(grown.room, sizeof(*grown.v));
		for (size_t i = 0; i < memo->room; i++)
			if (memo->v[i])
				*memo_slot(&grown, &memo->v[i]->key) = memo->v[i];
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

static bool sign(struct walk *walk, const struct indexed_chain *indexed,
		 const struct packet *packet, struct signature *signature, size_t *seen, unsigned int depth);

/* The same, computed only once for a chain with several jumps to it. */
static bool sign_once(struct walk *walk, const struct indexed_chain *indexed,
		      const struct packet *packet, struct signature *signature, size_t *seen, unsigned int depth)
{
	struct packet same = *packet;
	struct visit *visit;
	bool has;

	if (indexed->jumps < 2)
		return sign(walk, indexed, packet, signature, seen, depth);
	visit = visited_find(walk, indexed, &same);
	if (visit->sign == SIGN_NOT_YET) {
		visit->sign = SIGN_UNDER_WAY;
		has = sign(walk, indexed, &same, &visit->signature, seen, depth);
		visit->sign = has ? SIGN_HAS : SIGN_NONE;
	}
	*signature = visit->signature;
	return visit->sign == SIGN_HAS;
}

/*
 * Computes the signature of a packet, apart from its source: which rules of the chain,
 * and of the chains that it jumps to, can match, and how certain that is. Packets of
 * one signature fare alike in the chain. Returns false if they do not, or if it takes
 * too long.
 */
static bool sign(struct walk *walk, const struct indexed_chain *indexed,
		 const struct packet *packet, struct signature *signature, size_t *seen, unsigned int depth)
{
	struct chain_cursor cursor;
	size_t rule;

	*signature = (struct signature){ .a = 1, .b = 1 };
	if (depth > WALK_DEPTH_MAX)
		return false;
	chain_cursor_start(&cursor, indexed, packet, false);
	while (chain_cursor_next(&cursor, &rule)) {
		const struct indexed_rule *entry = &indexed->v[rule];
		struct signature inner;
		enum answer answer;

		if (++*seen > SIGN_MAX)
			return false;
		answer = walk_rule_fixed(walk, entry, packet);
		if (answer == ANSWER_NO)
			continue;
		if (entry->ready.kind == SOURCE_VARIES)
			return false;
		signature->relevant++;
		signature_mix(signature, rule * 4 + answer);
		if (!entry->to)
			continue;
		if (!sign_once(walk, entry->to, packet, &inner, seen, depth + 1))
			return false;
		signature->relevant += inner.relevant;
		signature_mix(signature, inner.a);
		signature_mix(signature, inner.b);
	}
	return true;
}

static const struct addrset *only_set(struct walker *walker, const struct flows *flows)
{
	static const struct addrset none;

	return flows->n ? addrpool_keep(&walker->pool, &flows->v[0].src) : &none;
}

static void from_memo(const struct walk *walk, const struct memo_entry *entry, struct flow *flow,
		      struct outcome *outcome)
{
	const struct addrset *set[] = { entry->accepted, entry->returned };
	struct flows *to[] = { &outcome->accepted, &outcome->returned };

	for (size_t i = 0; i < ARRAY_SIZE(set); i++) {
		struct flow part = *flow;

		if (!set[i]->n)
			continue;
		addrset_copy(&part.src, set[i]);
		if (!i && walk_names(walk, entry->key.indexed, flow)) {
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

bool memo_key(struct walk *walk, const struct indexed_chain *indexed, const struct flow *flow,
	      struct memo_key *key)
{
	struct signature signature;
	size_t seen = 0;

	if (walk->steps || indexed->alters || indexed->n < MEMO_FROM ||
	    !sign_once(walk, indexed, &flow->packet, &signature, &seen, 0) ||
	    signature.relevant < MEMO_FROM)
		return false;
	*key = (struct memo_key){ .indexed = indexed, .a = signature.a, .b = signature.b,
				  .src = addrpool_keep(&walk->walker->pool, &flow->src) };
	return true;
}

bool memo_give(struct walk *walk, const struct memo_key *key, struct flow *flow,
	       struct outcome *outcome)
{
	struct memo_entry **slot = memo_find(walk->walker, key);

	if (*slot)
		from_memo(walk, *slot, flow, outcome);
	return *slot;
}

void memo_keep(struct walker *walker, const struct memo_key *key, const struct outcome *outcome)
{
	struct memo_entry *made = xcalloc(1, sizeof(*made));

	made->key = *key;
	to_memo(walker, made, outcome);
	/* Other chains may have been kept since memo_give(), and have moved the slots. */
	*memo_find(walker, key) = made;
	walker->memo->n++;
}
