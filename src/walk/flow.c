/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "flow.h"

#include <stdlib.h>

#include "native_match.h"

/*
 * Rules that set marks may turn one packet into this many different ones. Beyond that,
 * their marks count as unknown, so the packets are equal again.
 */
#define FLOWS_MAX 64

void flow_copy(struct flow *to, const struct flow *from)
{
	*to = *from;
	addrset_copy(&to->src, &from->src);
}

void flow_clear(struct flow *flow)
{
	addrset_clear(&flow->src);
}

static bool merge(struct flows *flows, struct flow *flow)
{
	for (size_t i = 0; i < flows->n; i++) {
		struct flow *equal = &flows->v[i];

		if (!packet_equal(&equal->packet, &flow->packet))
			continue;
		addrset_unite(&equal->src, &flow->src);
		if (flow->size > equal->size) {
			equal->by = flow->by;
			equal->size = flow->size;
		}
		flow_clear(flow);
		return true;
	}
	return false;
}

static void forget_marks(struct packet *packet)
{
	packet->mark.unknown = packet->ctmark.unknown = true;
}

void flows_add(struct flows *flows, struct flow *flow)
{
	if (merge(flows, flow))
		return;
	if (flows->n >= FLOWS_MAX) {
		struct flows all = *flows;

		*flows = (struct flows){ 0 };
		for (size_t i = 0; i < all.n; i++) {
			forget_marks(&all.v[i].packet);
			if (!merge(flows, &all.v[i])) {
				GROW(flows->v, flows->n, flows->room);
				flows->v[flows->n++] = all.v[i];
			}
		}
		free(all.v);
		forget_marks(&flow->packet);
		if (merge(flows, flow))
			return;
	}
	GROW(flows->v, flows->n, flows->room);
	flows->v[flows->n++] = *flow;
}

static void flows_clear(struct flows *flows)
{
	for (size_t i = 0; i < flows->n; i++)
		flow_clear(&flows->v[i]);
	free(flows->v);
	*flows = (struct flows){ 0 };
}

void ending_add(struct ending *ending, const struct addrset *set, const struct decider *by,
		double size)
{
	addrset_unite(&ending->set, set);
	if (size > ending->size) {
		ending->by = *by;
		ending->size = size;
	}
}

static void ending_clear(struct ending *ending)
{
	addrset_clear(&ending->set);
	*ending = (struct ending){ 0 };
}

void outcome_doubt(struct outcome *outcome, const struct decider *by)
{
	if (!outcome->doubtful)
		outcome->doubt = *by;
	outcome->doubtful = true;
}

void outcome_clear(struct outcome *outcome)
{
	flows_clear(&outcome->accepted);
	flows_clear(&outcome->returned);
	ending_clear(&outcome->dropped);
	ending_clear(&outcome->refused);
	ending_clear(&outcome->relayed);
}

void fate_doubt(struct fate *fate, const struct decider *by)
{
	if (!fate->doubtful)
		fate->doubt = *by;
	fate->doubtful = true;
}

void fate_clear(struct fate *fate)
{
	flows_clear(&fate->forwarded);
	flows_clear(&fate->local);
	ending_clear(&fate->dropped);
	ending_clear(&fate->refused);
	ending_clear(&fate->lost);
	ending_clear(&fate->unknown);
	ending_clear(&fate->relayed);
	fate->doubtful = false;
}

bool walk_names(const struct walk *walk, const struct indexed_chain *indexed,
		const struct flow *flow)
{
	if (!indexed->other)
		return indexed->filter;
	return walk->decides && (indexed->filter || !flow->by.chain);
}

enum answer walk_rule_fixed(const struct walk *walk, const struct indexed_rule *entry,
			    const struct packet *packet)
{
	return entry->native ? native_fixed(&walk->walker->native, entry->native, packet)
			     : match_fixed(&entry->ready, packet, walk->walker->index.info);
}

void walk_step(struct walk *walk, enum step_kind kind, const struct decider *at,
	       enum answer answer, enum effect effect, char *text)
{
	struct steps *steps = walk->steps;
	struct step *step;

	if (!steps) {
		free(text);
		return;
	}
	GROW(steps->v, steps->n, steps->room);
	step = &steps->v[steps->n++];
	*step = (struct step){ .kind = kind, .depth = walk->depth, .answer = answer,
			       .effect = effect, .text = text };
	if (at)
		step->at = *at;
}

void steps_clear(struct steps *steps)
{
	for (size_t i = 0; i < steps->n; i++)
		free(steps->v[i].text);
	free(steps->v);
	*steps = (struct steps){ 0 };
}
