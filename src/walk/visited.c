/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "visited.h"

#include <stdlib.h>

/* Packets that differ in their marks count as different ones up to this number. */
#define PACKETS_MAX 64
/*
 * A chain is walked this often with whatever sources come, so that each rule that decides
 * is the one for them; after that, only with sources that it was not walked with.
 */
#define PARTS_MAX 16
/* At most this many intervals of addresses are kept in one walk: 128 MiB. */
#define KEPT_MAX ((size_t)4 << 20)

struct visited_chain {
	const struct indexed_chain *indexed;
	struct visit **v; /* owned: pointers stay valid */
	size_t n, room;
};

struct visited {
	struct visited_chain *v;
	size_t n, room; /* room: a power of two */
	size_t kept;
};

static void visit_free(struct visit *visit)
{
	for (size_t i = 0; i < visit->n; i++) {
		addrset_clear(&visit->v[i].src);
		outcome_clear(&visit->v[i].outcome);
	}
	addrset_clear(&visit->src);
	free(visit->v);
	free(visit);
}

void visited_free(struct visited *visited)
{
	if (!visited)
		return;
	for (size_t i = 0; i < visited->room; i++) {
		for (size_t k = 0; k < visited->v[i].n; k++)
			visit_free(visited->v[i].v[k]);
		free(visited->v[i].v);
	}
	free(visited->v);
	free(visited);
}

static struct visited_chain *chain_slot(const struct visited *visited,
					const struct indexed_chain *indexed)
{
	size_t i = ((uintptr_t)indexed >> 4) * 2654435761u & (visited->room - 1);

	while (visited->v[i].indexed && visited->v[i].indexed != indexed)
		i = (i + 1) & (visited->room - 1);
	return &visited->v[i];
}

static struct visited_chain *find_chain(struct walk *walk, const struct indexed_chain *indexed)
{
	struct visited *visited = walk->visited;
	struct visited_chain *chain;

	if (!visited)
		visited = walk->visited = xcalloc(1, sizeof(*visited));
	if (2 * visited->n >= visited->room) {
		struct visited grown = *visited;

		grown.room = visited->room ? 2 * visited->room : 16;
		grown.v = xcalloc(grown.room, sizeof(*grown.v));
		for (size_t i = 0; i < visited->room; i++)
			if (visited->v[i].indexed)
				*chain_slot(&grown, visited->v[i].indexed) = visited->v[i];
		free(visited->v);
		*visited = grown;
	}
	chain = chain_slot(visited, indexed);
	visited->n += !chain->indexed;
	chain->indexed = indexed;
	return chain;
}

/* packet_equal() does not compare where the packet is on its way. */
static struct visit *find_packet(const struct visited_chain *chain, const struct packet *packet)
{
	for (size_t i = 0; i < chain->n; i++)
		if (packet_equal(&chain->v[i]->packet, packet) &&
		    chain->v[i]->packet.leaving == packet->leaving &&
		    chain->v[i]->packet.link == packet->link)
			return chain->v[i];
	return NULL;
}

struct visit *visited_find(struct walk *walk, const struct indexed_chain *indexed,
			   struct packet *packet)
{
	struct visited_chain *chain = find_chain(walk, indexed);
	struct visit *visit = find_packet(chain, packet);

	if (!visit && chain->n >= PACKETS_MAX) {
		packet->mark.unknown = packet->ctmark.unknown = true;
		visit = find_packet(chain, packet);
	}
	if (visit)
		return visit;
	visit = xcalloc(1, sizeof(*visit));
	visit->packet = *packet;
	GROW(chain->v, chain->n, chain->room);
	chain->v[chain->n++] = visit;
	return visit;
}

/* The index of the part with exactly these sources, or the number of parts. */
static size_t equal_part(const struct visit *visit, const struct addrset *src)
{
	size_t i = 0;

	while (i < visit->n && !addrset_equal(&visit->v[i].src, src))
		i++;
	return i;
}

void visit_unknown(const struct visit *visit, const struct addrset *src, struct addrset *set)
{
	if (equal_part(visit, src) < visit->n)
		return;
	addrset_copy(set, src);
	if (visit->n >= PARTS_MAX)
		addrset_subtract(set, &visit->src);
}

static void copy_flows(struct flows *to, const struct flows *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct flow copy;

		flow_copy(&copy, &from->v[i]);
		flows_add(to, &copy);
	}
}

static size_t flows_size(const struct flows *flows)
{
	size_t n = 0;

	for (size_t i = 0; i < flows->n; i++)
		n += flows->v[i].src.n + 8;
	return n;
}

void visit_add(struct walk *walk, struct visit *visit, const struct addrset *src,
	       const struct outcome *outcome)
{
	struct visit_part *part;

	walk->visited->kept += 2 * src->n + outcome->dropped.set.n + outcome->refused.set.n +
			       outcome->relayed.set.n + flows_size(&outcome->accepted) + flows_size(&outcome->returned);
	if (walk->visited->kept > KEPT_MAX) {
		walk->stopped = "the chains divide the packets into too many parts";
		return;
	}
	GROW(visit->v, visit->n, visit->room);
	part = &visit->v[visit->n++];
	*part = (struct visit_part){ 0 };
	addrset_copy(&part->src, src);
	addrset_unite(&visit->src, src);
	copy_flows(&part->outcome.accepted, &outcome->accepted);
	copy_flows(&part->outcome.returned, &outcome->returned);
	ending_add(&part->outcome.dropped, &outcome->dropped.set, &outcome->dropped.by,
		   outcome->dropped.size);
	ending_add(&part->outcome.refused, &outcome->refused.set, &outcome->refused.by,
		   outcome->refused.size);
	ending_add(&part->outcome.relayed, &outcome->relayed.set, &outcome->relayed.by,
		   outcome->relayed.size);
	part->outcome.doubt = outcome->doubt;
	part->outcome.doubtful = outcome->doubtful;
}

/* Adds those of the flows that have these sources. decided: they say what accepted them. */
static void give_flows(struct flows *to, const struct flows *from, const struct flow *flow,
		       bool decided)
{
	for (size_t i = 0; i < from->n; i++) {
		struct flow part;

		flow_copy(&part, &from->v[i]);
		addrset_intersect(&part.src, &flow->src);
		if (!part.src.n) {
			flow_clear(&part);
			continue;
		}
		if (decided) {
			part.size = addrset_size(&part.src);
		} else {
			part.by = flow->by;
			part.size = flow->size;
		}
		flows_add(to, &part);
	}
}

static void give_ending(struct ending *to, const struct ending *from, const struct addrset *src)
{
	struct addrset set = { 0 };

	addrset_copy(&set, &from->set);
	addrset_intersect(&set, src);
	if (set.n)
		ending_add(to, &set, &from->by, addrset_size(&set));
	addrset_clear(&set);
}

static void give_part(const struct visit_part *part, bool decided, const struct flow *flow,
		      struct outcome *outcome)
{
	give_flows(&outcome->accepted, &part->outcome.accepted, flow, decided);
	give_flows(&outcome->returned, &part->outcome.returned, flow, false);
	give_ending(&outcome->dropped, &part->outcome.dropped, &flow->src);
	give_ending(&outcome->refused, &part->outcome.refused, &flow->src);
	give_ending(&outcome->relayed, &part->outcome.relayed, &flow->src);
	if (part->outcome.doubtful)
		outcome_doubt(outcome, &part->outcome.doubt);
}

void visit_give(const struct walk *walk, const struct visit *visit,
		const struct indexed_chain *indexed, struct flow *flow, struct outcome *outcome)
{
	size_t equal = equal_part(visit, &flow->src), n = visit->n;

	for (size_t i = equal < n ? equal : 0; i < (equal < n ? equal + 1 : n); i++)
		give_part(&visit->v[i], walk_names(walk, indexed, flow), flow, outcome);
	flow_clear(flow);
}
