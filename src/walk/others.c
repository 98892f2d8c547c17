/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "others.h"

#include <stdlib.h>
#include <string.h>

#include "chain_walk.h"

/* A VLAN on a bond on a bridge port is three devices deep. */
#define DEVICES_MAX 8

void others_anything(struct walk *walk, const struct flow *flow, const struct decider *by,
		     struct fate *fate)
{
	struct flow anywhere = { .packet = flow->packet, .by = *by, .size = 1 }, here;

	walk_step(walk, STEP_ROUTE, by, ANSWER_MAYBE, EFFECT_GO_ON, xstrdup(by->reason));
	packet_forget(&anywhere.packet);
	here = anywhere;
	addrset_copy(&anywhere.src, &flow->src);
	addrset_copy(&here.src, &flow->src);
	flows_add(&fate->forwarded, &anywhere);
	flows_add(&fate->local, &here);
	ending_add(&fate->dropped, &flow->src, by, 1);
	ending_add(&fate->refused, &flow->src, by, 1);
	ending_add(&fate->lost, &flow->src, by, 1);
	fate_doubt(fate, by);
}

void others_relay(struct walk *walk, const struct packet *packet, const struct ending *relayed,
		  struct fate *fate)
{
	struct decider by = { .reason = "the host answers and connects itself, and nat may translate "
					"that" };
	struct flow flow = { .packet = *packet, .src = relayed->set };

	if (!relayed->set.n)
		return;
	fate_doubt(fate, &relayed->by);
	ending_add(&fate->relayed, &relayed->set, &relayed->by, relayed->size);
	others_anything(walk, &flow, &by, fate);
}

/* ---- which packets a base chain meets ---- */

/* Whether packets of the device upper also pass the device lower, as its own do. */
static bool carries(const struct netinfo *info, const struct netif *lower,
		    const struct netif *upper, unsigned int depth)
{
	const struct netif *master;

	if (lower == upper)
		return true;
	if (depth >= DEVICES_MAX)
		return false;
	master = lower->master ? netinfo_if_index(info, lower->master) : NULL;
	if (master && carries(info, master, upper, depth + 1))
		return true;
	for (size_t i = 0; i < info->nifs; i++)
		if (info->ifs[i].link == lower->index && &info->ifs[i] != lower &&
		    carries(info, &info->ifs[i], upper, depth + 1))
			return true;
	return false;
}

static bool on_device(const struct netinfo *info, const struct other_hook *hook, const char *name)
{
	const struct netif *upper = netinfo_if(info, name);

	for (size_t i = 0; upper && i < info->nifs; i++) {
		bool named = false;

		for (size_t k = 0; k < hook->ndevices && !named; k++)
			named = interface_matches(&hook->devices[k], false, info->ifs[i].name);
		if (named && carries(info, &info->ifs[i], upper, 0))
			return true;
	}
	return !upper;
}

static bool on_bridge(const struct netinfo *info, const char *name)
{
	const struct netif *upper = netinfo_if(info, name);

	for (size_t i = 0; upper && i < info->nifs; i++)
		if (info->ifs[i].bridge && carries(info, &info->ifs[i], upper, 0))
			return true;
	return !upper;
}

static bool meets_packet(const struct walk *walk, const struct other_hook *hook,
			 const struct packet *packet)
{
	const struct netinfo *info = walk->walker->index.info;

	if (!(hook->families & 1U << packet->family))
		return false;
	/* nf_nat consults its chains only until one of them has set up the translation. */
	if (hook->nat && (packet->ct != CT_NEW || packet->established ||
			  (hook->place == OTHER_PREROUTING && packet->nat_settled)))
		return false;
	switch (hook->place) {
	case OTHER_INGRESS:
		return on_device(info, hook, packet->in);
	case OTHER_EGRESS:
		return on_device(info, hook, packet->out);
	case OTHER_BRIDGE_IN:
		return on_bridge(info, packet->in);
	case OTHER_BRIDGE_OUT:
		return on_bridge(info, packet->out);
	case OTHER_BRIDGE_FORWARD:
		return !strncmp(packet->in, packet->out, IFNAMSIZ) && on_bridge(info, packet->out);
	default:
		return true;
	}
}

/* Whether the base chain is one of the interface itself, which no other device is part of. */
static bool exact_device(const struct walk *walk, const struct other_hook *hook,
			 const struct packet *packet)
{
	const struct netif *in = netinfo_if(walk->walker->index.info, packet->in);

	/* What a bridge passes on before it is routed does not come to the bridge itself. */
	if (hook->place != OTHER_INGRESS || !in || in->master || in->bridge)
		return false;
	for (size_t i = 0; i < hook->ndevices; i++)
		if (hook->devices[i].mask[0] && interface_matches(&hook->devices[i], false, in->name))
			return true;
	return false;
}

/*
 * Whether it makes a difference if other chains come before it: of those of type nat, none
 * is evaluated after one that has decided.
 */
static bool order_matters(const struct other_hook *hook, const struct indexed_chain *indexed)
{
	return hook->nat || indexed->alters;
}

/* Whether it is not known if the chain sees the packet, or how. */
static bool is_vague(const struct walk *walk, const struct others_stage *stage,
		     const struct other_hook *hook, const struct packet *packet)
{
	const struct indexed_chain *indexed = &walk->walker->index.others[hook->chain];

	/* It comes again after the chain of the same priority. */
	if (stage->tie_hi && stage->hi == hook->priority && order_matters(hook, indexed))
		return true;
	return hook->link && !exact_device(walk, hook, packet);
}

/* Whether the chain does the same with packets that differ in where they go, as a list of bans does. */
static bool goes_by_source(const struct other_chain *chain)
{
	for (size_t i = 0; i < chain->n; i++) {
		const struct other_rule *rule = &chain->v[i];

		if (rule->xt || rule->unsure || rule->verdict == OTHER_JUMP || rule->verdict == OTHER_GOTO)
			return false;
		for (size_t t = 0; t < rule->ntests; t++)
			for (size_t k = 0; k < rule->tests[t].nkeys; k++)
				switch (other_test_key(&rule->tests[t], k)->field) {
				case FIELD_SOURCE:
				case FIELD_PROTO:
				case FIELD_NFPROTO:
				case FIELD_ETHERTYPE:
					break;
				default:
					return false;
				}
	}
	return true;
}

/*
 * Whether the packet may have been translated before the base chain sees it: netfilter takes what
 * comes in on a port of a bridge before the device of the bridge does.
 */
static bool follows_translation(const struct walk *walk, const struct other_hook *hook,
				const struct packet *packet)
{
	const struct netif *in = netinfo_if(walk->walker->index.info, packet->in);

	if (hook->place != OTHER_INGRESS || !in || !in->bridge || !in->filtered[packet->family] ||
	    goes_by_source(&walk->walker->others->chains[hook->chain]))
		return false;
	for (size_t i = 0; i < hook->ndevices; i++)
		if (interface_matches(&hook->devices[i], false, in->name))
			return true;
	return false;
}

/* ---- the chains ---- */

/* Takes back the steps of a chain that did nothing: on a host with many, they say nothing. */
static void forget_steps(struct walk *walk, size_t from)
{
	struct steps *steps = walk->steps;

	while (steps && steps->n > from)
		free(steps->v[--steps->n].text);
}

static bool did_nothing(const struct flow *before, const struct outcome *outcome)
{
	const struct flow *flow = outcome->accepted.v;

	return outcome->accepted.n == 1 && !outcome->dropped.set.n && !outcome->refused.set.n &&
	       packet_equal(&before->packet, &flow->packet) && before->by.native == flow->by.native &&
	       before->by.chain == flow->by.chain && before->by.number == flow->by.number;
}

/* Takes the flow over and walks it through the chain. Returns whether that did anything. */
static bool walk_hook(struct walk *walk, const struct other_hook *hook, struct flow *flow,
		      struct outcome *outcome)
{
	const struct indexed_chain *indexed = &walk->walker->index.others[hook->chain];
	struct decider at = { .table = indexed->table, .chain = indexed->chain->name };
	const struct flow before = { .packet = flow->packet, .by = flow->by };
	size_t steps = walk->steps ? walk->steps->n : 0;

	walk->decides = hook->place == OTHER_FORWARD || hook->place == OTHER_INPUT;
	walk_step(walk, STEP_HOOK, &at, ANSWER_YES, EFFECT_GO_ON, NULL);
	walk_chain(walk, indexed, flow, outcome);
	walk_policy(walk, indexed, hook->drops, outcome);
	walk->decides = false;
	if (!did_nothing(&before, outcome))
		return true;
	if (walk->steps && !walk->steps->all)
		forget_steps(walk, steps);
	return false;
}

static void visit_hook(struct walk *walk, const struct others_stage *stage,
		       const struct other_hook *hook, struct flow *flow, struct flows *next,
		       struct fate *fate)
{
	bool vague = is_vague(walk, stage, hook, &flow->packet), did;
	bool late = follows_translation(walk, hook, &flow->packet);
	const struct packet before = flow->packet;
	struct outcome outcome = { 0 };
	struct flow copy;

	if (vague)
		flow_copy(&copy, flow);
	if (hook->link)
		flow->packet.link = exact_device(walk, hook, &flow->packet) ? LINK_EXACT : LINK_VAGUE;
	did = walk_hook(walk, hook, flow, &outcome);
	ending_add(&fate->dropped, &outcome.dropped.set, &outcome.dropped.by, outcome.dropped.size);
	ending_add(&fate->refused, &outcome.refused.set, &outcome.refused.by, outcome.refused.size);
	/* One that is translated may come through there. */
	if (late && walk->to_host) {
		ending_add(&fate->unknown, &outcome.dropped.set, &outcome.dropped.by, outcome.dropped.size);
		ending_add(&fate->unknown, &outcome.refused.set, &outcome.refused.by, outcome.refused.size);
	}
	if (outcome.doubtful)
		fate_doubt(fate, &outcome.doubt);
	others_relay(walk, &before, &outcome.relayed, fate);
	for (size_t i = 0; i < outcome.accepted.n; i++) {
		outcome.accepted.v[i].packet.link = LINK_NONE;
		flows_add(next, &outcome.accepted.v[i]);
	}
	free(outcome.accepted.v);
	outcome.accepted = (struct flows){ 0 };
	/* What it did is not certain. */
	if (vague && did)
		fate_doubt(fate, outcome.dropped.set.n ? &outcome.dropped.by
			   : outcome.refused.set.n ? &outcome.refused.by
			   : &(struct decider){ .reason = hook->name });
	if (vague)
		flows_add(next, &copy);
	outcome_clear(&outcome);
}

static bool in_stage(const struct others_stage *stage, const struct other_hook *hook,
		     const struct indexed_chain *indexed)
{
	int32_t priority = hook->priority;

	if (hook->place != stage->place)
		return false;
	if (stage->tie_lo && stage->lo == priority && order_matters(hook, indexed))
		return true;
	/* Chains of type nat all run where iptables' do, in the order of their priorities. */
	if (hook->nat && hook->place == OTHER_PREROUTING)
		return priority <= -100 ? stage->hi == -100 : stage->lo == -100;
	return priority <= stage->hi && (priority > stage->lo || stage->lo == INT32_MIN);
}

/* Chains of type nat run where nf_nat is hooked. */
static int32_t runs_at(const struct other_hook *hook)
{
	return hook->nat && hook->place == OTHER_PREROUTING ? -100 : hook->priority;
}

static bool runs_before(const struct other_hook *a, const struct other_hook *b)
{
	if (runs_at(a) != runs_at(b))
		return runs_at(a) < runs_at(b);
	return a->priority < b->priority;
}

/* Sends each of the flows through one chain. */
static void pass_one(struct walk *walk, const struct others_stage *stage,
		     const struct other_hook *hook, struct flows *flows, struct fate *fate)
{
	struct flows after = { 0 };

	for (size_t k = 0; k < flows->n; k++) {
		if (meets_packet(walk, hook, &flows->v[k].packet))
			visit_hook(walk, stage, hook, &flows->v[k], &after, fate);
		else
			flows_add(&after, &flows->v[k]);
	}
	free(flows->v);
	*flows = after;
}

static bool same_flows(const struct flows *a, const struct flows *b)
{
	for (size_t i = 0; i < a->n; i++) {
		bool same = false;

		for (size_t k = 0; k < b->n && !same; k++)
			same = packet_equal(&a->v[i].packet, &b->v[k].packet) &&
			       addrset_equal(&a->v[i].src, &b->v[k].src);
		if (!same)
			return false;
	}
	return a->n == b->n;
}

static void copy_flows(struct flows *to, const struct flows *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct flow copy;

		flow_copy(&copy, &from->v[i]);
		flows_add(to, &copy);
	}
}

/* Adds what became of packets in the other order. */
static void add_fate(struct fate *fate, const struct fate *other)
{
	const struct ending *from[] = { &other->dropped, &other->refused, &other->lost,
					&other->unknown, &other->relayed };
	struct ending *to[] = { &fate->dropped, &fate->refused, &fate->lost, &fate->unknown,
				&fate->relayed };

	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		ending_add(to[i], &from[i]->set, &from[i]->by, from[i]->size);
	copy_flows(&fate->forwarded, &other->forwarded);
	copy_flows(&fate->local, &other->local);
	if (other->doubtful)
		fate_doubt(fate, &other->doubt);
}

/*
 * Chains of one priority, in which order is not known: if that makes a difference, the
 * packets go both ways.
 */
static void pass_group(struct walk *walk, const struct others_stage *stage, const size_t *group,
		       size_t n, bool matters, struct flows *flows, struct fate *fate)
{
	const struct other_hook *hooks = walk->walker->others->v;
	struct fate one = { 0 }, other = { 0 };
	struct steps *steps = walk->steps;
	struct flows back = { 0 };

	if (!matters || n < 2) {
		for (size_t i = 0; i < n; i++)
			pass_one(walk, stage, &hooks[group[i]], flows, fate);
		return;
	}
	copy_flows(&back, flows);
	for (size_t i = 0; i < n; i++)
		pass_one(walk, stage, &hooks[group[i]], flows, &one);
	walk->steps = NULL;
	for (size_t i = n; i-- > 0;)
		pass_one(walk, stage, &hooks[group[i]], &back, &other);
	walk->steps = steps;
	if (!same_flows(flows, &back) || !addrset_equal(&one.dropped.set, &other.dropped.set) ||
	    !addrset_equal(&one.refused.set, &other.refused.set))
		fate_doubt(&one, &(struct decider){
			.reason = "base chains of the same priority have no known order" });
	for (size_t i = 0; i < back.n; i++)
		flows_add(flows, &back.v[i]);
	free(back.v);
	add_fate(fate, &one);
	add_fate(fate, &other);
	fate_clear(&one);
	fate_clear(&other);
}

/* Whether the chain is evaluated at this stage. */
static bool is_next(const struct walk *walk, const struct others_stage *stage, size_t at)
{
	const struct other_filters *others = walk->walker->others;
	const struct other_hook *hook = &others->v[at];

	return other_hook_filters(others, hook) &&
	       in_stage(stage, hook, &walk->walker->index.others[hook->chain]);
}

void others_pass(struct walk *walk, const struct others_stage *stage, struct flow *flow,
		 struct flows *next, struct fate *fate)
{
	const struct walker *walker = walk->walker;
	const struct other_filters *others = walker->others;
	size_t *group, n = 0, i = 0;
	struct flows flows = { 0 };
	bool matters = false;

	if (!others || !others->n) {
		flows_add(next, flow);
		return;
	}
	group = xcalloc(others->n, sizeof(*group));
	flows_add(&flows, flow);
	while (i < others->n) {
		const struct other_hook *hook = &others->v[walker->order[i]];

		if (n && (runs_before(&others->v[group[0]], hook))) {
			pass_group(walk, stage, group, n, matters, &flows, fate);
			matters = false;
			n = 0;
		}
		if (is_next(walk, stage, walker->order[i])) {
			matters |= order_matters(hook, &walker->index.others[hook->chain]);
			group[n++] = walker->order[i];
		}
		i++;
	}
	if (n)
		pass_group(walk, stage, group, n, matters, &flows, fate);
	for (size_t k = 0; k < flows.n; k++)
		flows_add(next, &flows.v[k]);
	free(flows.v);
	free(group);
}

size_t *others_order(const struct other_filters *others)
{
	size_t *order = xcalloc(others->n + 1, sizeof(*order));

	/* There are few. */
	for (size_t i = 0; i < others->n; i++) {
		size_t at = i;

		while (at && runs_before(&others->v[i], &others->v[order[at - 1]])) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
	}
	return order;
}
