/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "walk.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "chain_memo.h"
#include "chain_walk.h"
#include "discard.h"
#include "guard_names.h"
#include "others.h"
#include "visited.h"

const char *const walk_tables[] = { "raw", "mangle", "nat", "filter", GUARD_TABLE, "security",
				     NULL };

/* A step on the way: a built-in chain, base chains of other tables, or neither. */
struct walk_hook {
	const char *table, *chain; /* NULL: no built-in chain … */
	bool others;               /* … but the others of this stage */
	bool tracks;               /* … but connection tracking */
	bool leaving;              /* the packet is on its way out */
	struct others_stage stage;
	/* The last step: takes over what came through. */
	void (*end)(struct walk *walk, struct flow *flow, struct fate *fate);
};

static void route(struct walk *walk, struct flow *flow, struct fate *fate);
static void arrive(struct walk *walk, struct flow *flow, struct fate *fate);
static void deliver(struct walk *walk, struct flow *flow, struct fate *fate);
static void leave(struct walk *walk, struct flow *flow, struct fate *fate);
static void leave_bridge(struct walk *walk, struct flow *flow, struct fate *fate);

#define FIRST INT32_MIN
#define LAST INT32_MAX
#define CHAIN(in, name) { .table = (in), .chain = (name) }
#define OTHERS(where, from, to) \
	{ .others = true, .stage = { .place = (where), .lo = (from), .hi = (to) } }

/* The priorities are those of iptables' chains. The kernel has security at 50, iptables-nft at 150. */
static const struct walk_hook prerouting[] = {
	OTHERS(OTHER_INGRESS, FIRST, LAST),
	OTHERS(OTHER_BRIDGE_IN, FIRST, LAST),
	OTHERS(OTHER_PREROUTING, FIRST, -300),
	CHAIN("raw", "PREROUTING"),
	OTHERS(OTHER_PREROUTING, -300, -200),
	{ .tracks = true },
	OTHERS(OTHER_PREROUTING, -200, -150),
	CHAIN("mangle", "PREROUTING"),
	OTHERS(OTHER_PREROUTING, -150, -100),
	CHAIN("nat", "PREROUTING"),
	OTHERS(OTHER_PREROUTING, -100, LAST),
	{ .end = route },
};
/* The same without routing, in two parts. */
static const struct walk_hook before_nat[] = {
	OTHERS(OTHER_INGRESS, FIRST, LAST),
	OTHERS(OTHER_BRIDGE_IN, FIRST, LAST),
	OTHERS(OTHER_PREROUTING, FIRST, -300),
	CHAIN("raw", "PREROUTING"),
	OTHERS(OTHER_PREROUTING, -300, -200),
	{ .tracks = true },
	OTHERS(OTHER_PREROUTING, -200, -150),
	CHAIN("mangle", "PREROUTING"),
	OTHERS(OTHER_PREROUTING, -150, -100),
	{ .end = arrive },
};
static const struct walk_hook from_nat[] = {
	CHAIN("nat", "PREROUTING"),
	OTHERS(OTHER_PREROUTING, -100, LAST),
	{ .end = deliver },
};
static const struct walk_hook forward[] = {
	OTHERS(OTHER_FORWARD, FIRST, -150),
	CHAIN("mangle", "FORWARD"),
	OTHERS(OTHER_FORWARD, -150, 0),
	CHAIN("filter", "FORWARD"),
	OTHERS(OTHER_FORWARD, 0, GUARD_PRIORITY),
	CHAIN(GUARD_TABLE, GUARD_FORWARD),
	OTHERS(OTHER_FORWARD, GUARD_PRIORITY, 50),
	CHAIN("security", "FORWARD"),
	OTHERS(OTHER_FORWARD, 50, LAST),
	OTHERS(OTHER_POSTROUTING, FIRST, -150),
	{ .table = "mangle", .chain = "POSTROUTING", .leaving = true },
	OTHERS(OTHER_POSTROUTING, -150, 100),
	CHAIN("nat", "POSTROUTING"),
	OTHERS(OTHER_POSTROUTING, 100, LAST),
	OTHERS(OTHER_BRIDGE_FORWARD, FIRST, LAST),
	OTHERS(OTHER_BRIDGE_OUT, FIRST, LAST),
	OTHERS(OTHER_EGRESS, FIRST, LAST),
	{ .end = leave },
};
static const struct walk_hook input[] = {
	OTHERS(OTHER_INPUT, FIRST, -150),
	CHAIN("mangle", "INPUT"),
	OTHERS(OTHER_INPUT, -150, 0),
	CHAIN("filter", "INPUT"),
	OTHERS(OTHER_INPUT, 0, GUARD_PRIORITY),
	CHAIN(GUARD_TABLE, GUARD_INPUT),
	OTHERS(OTHER_INPUT, GUARD_PRIORITY, 50),
	CHAIN("security", "INPUT"),
	OTHERS(OTHER_INPUT, 50, 100),
	CHAIN("nat", "INPUT"),
	OTHERS(OTHER_INPUT, 100, LAST),
	{ .end = arrive },
};

/* From one port of a bridge to another, if netfilter does not see it as a packet. */
static const struct walk_hook bridged[] = {
	OTHERS(OTHER_INGRESS, FIRST, LAST),
	OTHERS(OTHER_BRIDGE_IN, FIRST, LAST),
	OTHERS(OTHER_BRIDGE_FORWARD, FIRST, LAST),
	OTHERS(OTHER_BRIDGE_OUT, FIRST, LAST),
	OTHERS(OTHER_EGRESS, FIRST, LAST),
	{ .end = leave_bridge },
};

void walker_make(struct walker *walker, const struct world *world, enum family family)
{
	*walker = (struct walker){ .others = world->others };
	chain_index_make(&walker->index, world->snapshot, world->guard, world->others, world->sets,
			 world->info, family);
	native_host_make(&walker->native, world->info, world->others);
	if (world->others)
		walker->order = others_order(world->others);
}

void walker_clear(struct walker *walker)
{
	chain_index_clear(&walker->index);
	addrpool_clear(&walker->pool);
	source_validation_clear(&walker->validation);
	native_host_clear(&walker->native);
	free(walker->order);
	memo_free(walker->memo);
	addrset_forget();
	*walker = (struct walker){ 0 };
}

/* Before nat PREROUTING, only a chain of another table can have done that. */
static bool is_translated(const struct walk_hook *hook, const struct flow *flow)
{
	return flow->packet.nat_settled && !strcmp(hook->chain, "PREROUTING");
}

static void pass_hook(struct walk *walk, const struct walk_hook *hook, struct flow *flow,
		      struct outcome *outcome)
{
	const struct indexed_chain *indexed = chain_index_find(&walk->walker->index, hook->table,
							       hook->chain);
	struct decider at = { .table = hook->table, .chain = hook->chain };

	/* A chain of that name that is not hooked there sees no packet. */
	if (indexed && !indexed->chain->builtin)
		indexed = NULL;
	if (!indexed && !strcmp(hook->table, "filter") && !flow->by.chain) {
		flow->by = (struct decider){ .reason = "no chain filters it" };
		flow->size = addrset_size(&flow->src);
	}
	/* nat sees only new connections, and no other destination after the first. */
	if (!indexed || (indexed->nat && (flow->packet.ct != CT_NEW || flow->packet.established ||
					  is_translated(hook, flow)))) {
		flows_add(&outcome->accepted, flow);
		return;
	}
	if (!indexed->known) {
		outcome_doubt(outcome, &at);
		ending_add(&outcome->dropped, &flow->src, &at, addrset_size(&flow->src));
		flows_add(&outcome->accepted, flow);
		return;
	}
	walk_step(walk, STEP_HOOK, &at, ANSWER_YES, EFFECT_GO_ON, NULL);
	walk_chain(walk, indexed, flow, outcome);
	walk_policy(walk, indexed, indexed->chain->policy == VERDICT_DROP, outcome);
}

static void arrive(struct walk *walk, struct flow *flow, struct fate *fate)
{
	(void)walk;
	flows_add(&fate->local, flow);
}

/* Whether the packet is for a neighbour on the bridge that it comes in by. */
static bool is_for_neighbour(const struct walk *walk, const struct packet *packet)
{
	const struct netinfo *info = walk->walker->index.info;
	const struct netif *in = netinfo_if(info, packet->in);
	struct route_query query = { .family = packet->family, .in = in, .dst = packet->dst.lo,
				     .any = true, .any_mark = true };
	struct route_path path;

	if (!in || !in->bridge)
		return false;
	path = route_path(info, &query);
	return path.type == RTN_UNICAST && path.out == in && !path.gateway && !path.unsure;
}

/*
 * A bridge passes nothing from one isolated port to another. At which ports the two ends are
 * is not known, nor whether the sender goes by the host itself, which is not isolated.
 */
static void perhaps_isolated(struct walk *walk, const struct flow *flow, struct fate *fate)
{
	const struct netinfo *info = walk->walker->index.info;
	struct decider by = { .reason = "a bridge passes nothing from one isolated port to another" };
	size_t isolated = 0;

	if (flow->packet.dnat || flow->packet.in_index != flow->packet.out_index)
		return;
	for (size_t i = 0; i < info->nifs; i++)
		isolated += info->ifs[i].isolated && info->ifs[i].master == flow->packet.in_index;
	if (isolated < 2 || !is_for_neighbour(walk, &flow->packet))
		return;
	fate_doubt(fate, &by);
	discard(walk, fate, flow, by.reason);
}

static void leave(struct walk *walk, struct flow *flow, struct fate *fate)
{
	perhaps_isolated(walk, flow, fate);
	flows_add(&fate->forwarded, flow);
}

static void follow(struct walk *walk, const struct walk_hook *hook, struct flow *flow,
		   struct fate *fate);

/* Takes the flows over and sends each of them on to the next step. */
static void follow_each(struct walk *walk, const struct walk_hook *hook, struct flows *flows,
			struct fate *fate)
{
	for (size_t i = 0; i < flows->n; i++) {
		if (flows->n > 1)
			walk_step(walk, STEP_WAY, NULL, ANSWER_MAYBE, EFFECT_GO_ON,
				  hook->table ? xasprintf("way %zu of %zu after %s %s", i + 1,
							  flows->n, hook->table, hook->chain)
					      : xasprintf("way %zu of %zu", i + 1, flows->n));
		follow(walk, hook + 1, &flows->v[i], fate);
	}
	/* Each flow was taken over. */
	free(flows->v);
	*flows = (struct flows){ 0 };
}

static void pass_chain(struct walk *walk, const struct walk_hook *hook, struct flow *flow,
		       struct fate *fate)
{
	const struct packet before = flow->packet;
	struct outcome outcome = { 0 };

	pass_hook(walk, hook, flow, &outcome);
	ending_add(&fate->dropped, &outcome.dropped.set, &outcome.dropped.by, outcome.dropped.size);
	ending_add(&fate->refused, &outcome.refused.set, &outcome.refused.by, outcome.refused.size);
	if (outcome.doubtful)
		fate_doubt(fate, &outcome.doubt);
	others_relay(walk, &before, &outcome.relayed, fate);
	follow_each(walk, hook, &outcome.accepted, fate);
	outcome_clear(&outcome);
}

/* Whether the step is a built-in chain that may do something. */
static bool has_effect(const struct walk *walk, const struct walk_hook *hook)
{
	const struct indexed_chain *indexed = hook->table
		? chain_index_find(&walk->walker->index, hook->table, hook->chain) : NULL;

	return indexed && indexed->chain->builtin &&
	       (indexed->n || !indexed->known || indexed->chain->policy == VERDICT_DROP);
}

static void pass_others(struct walk *walk, const struct walk_hook *hook, struct flow *flow,
			struct flows *next, struct fate *fate)
{
	struct others_stage stage = hook->stage;

	stage.tie_lo = stage.lo != FIRST && has_effect(walk, hook - 1);
	stage.tie_hi = has_effect(walk, hook + 1);
	others_pass(walk, &stage, flow, next, fate);
}

/* Takes a flow over and sends it through the steps from this one on. */
static void follow(struct walk *walk, const struct walk_hook *hook, struct flow *flow,
		   struct fate *fate)
{
	struct flows flows = { 0 };

	if (hook->end) {
		hook->end(walk, flow, fate);
		return;
	}
	if (hook->tracks)
		packet_track(&flow->packet);
	if (hook->leaving)
		flow->packet.leaving = true;
	if (hook->table) {
		pass_chain(walk, hook, flow, fate);
		return;
	}
	if (hook->others)
		pass_others(walk, hook, flow, &flows, fate);
	else
		flows_add(&flows, flow);
	follow_each(walk, hook, &flows, fate);
}

static void to_local(struct walk *walk, struct flow *flow, struct fate *fate)
{
	walk_step(walk, STEP_ROUTE, NULL, ANSWER_YES, EFFECT_GO_ON, xstrdup("for this host itself"));
	follow(walk, input, flow, fate);
}

/* Whether the packet may have been sent to all hosts of the link before it was translated. */
static bool was_broadcast(const struct walk *walk, const struct packet *packet)
{
	uint8_t type = netinfo_addr_type(walk->walker->index.info, packet->family,
					 packet->orig_dst.lo, 0);

	return type == RTN_BROADCAST || type == RTN_MULTICAST;
}

static void to_forward(struct walk *walk, struct flow *flow, const struct route_path *path,
		       const struct netif *in, struct fate *fate)
{
	struct packet *packet = &flow->packet;

	if (path->type != RTN_UNICAST || !path->out) {
		discard(walk, fate, flow, "no route to the destination");
		flow_clear(flow);
		return;
	}
	if (in && !in->forwards[packet->family] && !path->broadcast) {
		discard(walk, fate, flow, "forwarding is switched off on the incoming interface");
		flow_clear(flow);
		return;
	}
	if (packet->family == FAMILY_IPV6 && path->out != in)
		discard_link_local(walk, flow, in, fate);
	if (!flow->src.n) {
		flow_clear(flow);
		return;
	}
	memcpy(packet->out, path->out->name, IFNAMSIZ);
	packet->out_index = path->out->index;
	walk_step(walk, STEP_ROUTE, NULL, ANSWER_YES, EFFECT_GO_ON,
		  xasprintf("forwarded, out through %s", path->out->name));
	if (was_broadcast(walk, packet)) {
		struct decider by = { .reason = "a broadcast of the link layer is not forwarded" };

		fate_doubt(fate, &by);
		discard(walk, fate, flow, by.reason);
	}
	if (packet->ttl_set) {
		struct decider by = { .reason = "a rule set the hop limit" };

		fate_doubt(fate, &by);
		discard(walk, fate, flow, by.reason);
	}
	follow(walk, forward, flow, fate);
}

/* Policy routing does not distinguish the sources of this flow. */
static void route_part(struct walk *walk, struct flow *flow, struct fate *fate)
{
	const struct netinfo *info = walk->walker->index.info;
	const struct packet *packet = &flow->packet;
	struct route_query query = {
		.family = packet->family, .in = netinfo_if(info, packet->in),
		.src = flow->src.v[0].lo, .dst = packet->dst.lo,
		.any_mark = packet->mark.unknown, .mark = packet->mark.value,
	};
	struct route_path path = route_path(info, &query);

	if (packet->dst.lo != packet->dst.hi) {
		struct route_path end;

		query.dst = packet->dst.hi;
		end = route_path(info, &query);
		path.unsure |= end.unsure || end.type != path.type || end.out != path.out;
	}
	/* Not for 255.255.255.255, which has no route. */
	path.broadcast = path.type == RTN_BROADCAST && path.out && query.in &&
			 query.in->passes_broadcast;
	if (path.broadcast)
		path.type = RTN_UNICAST;
	discard_without_way_back(walk, flow, &path, fate);
	if (!flow->src.n) {
		flow_clear(flow);
		return;
	}
	if (path.unsure || route_in_vrf(query.in)) {
		struct decider by = { .reason = route_in_vrf(query.in)
						? "the interface belongs to a VRF, whose routes "
						  "are not followed"
						: "policy routing, or one of several routes, may "
						  "send it elsewhere" };

		others_anything(walk, flow, &by, fate);
		ending_add(&fate->unknown, &flow->src, &by, addrset_size(&flow->src));
	}
	if (path.type == RTN_LOCAL || path.type == RTN_BROADCAST || path.type == RTN_MULTICAST ||
	    path.type == RTN_ANYCAST)
		to_local(walk, flow, fate);
	else
		to_forward(walk, flow, &path, query.in, fate);
}

/* Splits the flow by the rules of policy routing, from first on, that match on sources. */
static void route_parts(struct walk *walk, struct flow *flow, size_t first, struct fate *fate)
{
	const struct netinfo *info = walk->walker->index.info;

	for (size_t i = first; i < info->nrules; i++) {
		const struct netrule *rule = &info->rules[i];
		struct flow outside;
		struct addrset within = { 0 };

		if (!rule->src_length || rule->family != flow->packet.family)
			continue;
		addrset_add(&within, rule->src,
			    netinfo_prefix_end(rule->family, rule->src, rule->src_length));
		flow_copy(&outside, flow);
		addrset_subtract(&outside.src, &within);
		addrset_intersect(&within, &flow->src);
		if (within.n && outside.src.n) {
			addrset_clear(&flow->src);
			flow->src = within;
			route_parts(walk, &outside, i + 1, fate);
		} else {
			addrset_clear(&within);
			flow_clear(&outside);
		}
	}
	route_part(walk, flow, fate);
}

static void route(struct walk *walk, struct flow *flow, struct fate *fate)
{
	const struct netif *in = netinfo_if(walk->walker->index.info, flow->packet.in);

	if (packet_goes_anywhere(&flow->packet)) {
		struct decider by = { .reason = "a rule may have changed its destination" };

		others_anything(walk, flow, &by, fate);
		flow_clear(flow);
		return;
	}
	/* IPv6 has done the rest before. */
	if (flow->packet.family == FAMILY_IPV6)
		discard_martian(walk, flow, in, fate);
	else if (!discard_at_entry(walk, flow, fate))
		return;
	if (flow->src.n)
		route_parts(walk, flow, 0, fate);
	else
		flow_clear(flow);
}

/*
 * If netfilter does not see what a bridge passes on, no chain is evaluated for a packet
 * between two of its ports. Such a packet is for a neighbour on the bridge: whoever
 * sends it knows the way, so the host does not route it.
 */
static bool stays_in_bridge(const struct walk *walk, const struct packet *packet)
{
	const struct netif *in = netinfo_if(walk->walker->index.info, packet->in);

	return in && !in->filtered[packet->family] && is_for_neighbour(walk, packet);
}

static void leave_bridge(struct walk *walk, struct flow *flow, struct fate *fate)
{
	flow->by.reason = "the bridge passes it on, and no chain is evaluated "
			  "(bridge-nf-call-iptables is 0)";
	if (flow->packet.family == FAMILY_IPV6)
		flow->by.reason = "the bridge passes it on, and no chain is evaluated "
				  "(bridge-nf-call-ip6tables is 0)";
	flow->size = addrset_size(&flow->src);
	walk_step(walk, STEP_ROUTE, NULL, ANSWER_YES, EFFECT_GO_ON, xstrdup(flow->by.reason));
	perhaps_isolated(walk, flow, fate);
	flows_add(&fate->forwarded, flow);
}

/* To the listener, unless a rule has given the packet another destination. */
static void deliver(struct walk *walk, struct flow *flow, struct fate *fate)
{
	struct decider by = { .reason = "a rule gives it another destination" };

	if (packet_goes_anywhere(&flow->packet)) {
		by.reason = "a rule may have changed its destination";
		others_anything(walk, flow, &by, fate);
		flow_clear(flow);
		return;
	}
	if (!flow->packet.dnat) {
		to_local(walk, flow, fate);
		return;
	}
	if (flow->packet.dnat_unsure)
		fate_doubt(fate, &by);
	discard(walk, fate, flow, by.reason);
	flow_clear(flow);
}

/*
 * Without a connection, nothing translates it. But what the host then sends in its place is
 * translated.
 */
static void deliver_untracked(struct walk *walk, struct flow *flow, struct fate *fate)
{
	const struct packet packet = flow->packet;
	struct steps *steps = walk->steps;
	struct fate there = { 0 };

	walk->steps = NULL;
	follow(walk, input, flow, &there);
	walk->steps = steps;
	others_relay(walk, &packet, &there.relayed, fate);
	fate_clear(&there);
}

/* What was not followed to its end may end anywhere. */
static void end_anywhere(struct walk *walk, const struct packet *packet,
			 const struct addrset *sources, struct fate *fate)
{
	struct decider by = { .reason = walk->stopped };
	struct flow flow = { .packet = *packet, .by = by };

	fate_clear(fate);
	addrset_copy(&flow.src, sources);
	flows_add(&fate->forwarded, &flow);
	ending_add(&fate->dropped, sources, &by, addrset_size(sources));
	fate_doubt(fate, &by);
}

void walk_packet(struct walker *walker, const struct packet *packet,
		 const struct addrset *sources, struct steps *steps, struct fate *fate)
{
	struct walk walk = { .walker = walker, .steps = steps };
	struct flow flow = { .packet = *packet };

	*fate = (struct fate){ 0 };
	addrset_copy(&flow.src, sources);
	if (stays_in_bridge(&walk, packet)) {
		memcpy(flow.packet.out, packet->in, IFNAMSIZ);
		flow.packet.out_index = packet->in_index;
		follow(&walk, bridged, &flow, fate);
		return;
	}
	/* IPv6 discards these at once, IPv4 only when it routes them. */
	if (packet->family == FAMILY_IPV6 && !discard_at_entry(&walk, &flow, fate))
		return;
	follow(&walk, prerouting, &flow, fate);
	if (walk.stopped)
		end_anywhere(&walk, packet, sources, fate);
	visited_free(walk.visited);
}

void walk_to_host(struct walker *walker, const struct packet *packet,
		  const struct addrset *sources, struct steps *steps, struct fate *fate)
{
	struct walk walk = { .walker = walker, .steps = steps, .to_host = true };
	struct flow flow = { .packet = *packet };
	struct fate early = { 0 };
	bool went_on;

	*fate = (struct fate){ 0 };
	addrset_copy(&flow.src, sources);
	follow(&walk, before_nat, &flow, &early);
	went_on = early.local.n > 0;
	for (size_t i = 0; i < early.local.n; i++) {
		if (early.local.v[i].packet.ct == CT_NEW)
			follow(&walk, from_nat, &early.local.v[i], fate);
		else
			deliver_untracked(&walk, &early.local.v[i], fate);
	}
	free(early.local.v);
	early.local = (struct flows){ 0 };
	/* A mark that INPUT matches may have been set or not. */
	if (early.doubtful && (went_on || early.unknown.set.n))
		fate_doubt(fate, &early.doubt);
	/* What else is dropped early does not come to a container either. */
	if (early.doubtful && early.unknown.set.n)
		ending_add(&fate->dropped, &early.unknown.set, &early.unknown.by,
			   early.unknown.size);
	fate_clear(&early);
	if (walk.stopped)
		end_anywhere(&walk, packet, sources, fate);
	visited_free(walk.visited);
}
