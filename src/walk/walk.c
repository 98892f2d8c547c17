/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "walk.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "chain_walk.h"
#include "guard_names.h"

const char *const walk_tables[] = { "raw", "mangle", "nat", "filter", GUARD_TABLE, "security",
				     NULL };

/* The properties of one built-in chain on the way. */
enum hook_is {
	HOOK_TRACKED = 1U << 0, /* connection tracking runs just before it */
	HOOK_FOREIGN = 1U << 1, /* base chains that iptables does not know may filter after it */
	HOOK_INPUT = 1U << 2,   /* other tables filter packets for the host itself here … */
	HOOK_FORWARD = 1U << 3, /* … and forwarded packets here */
	HOOK_LEAVING = 1U << 4, /* the packet is on its way out */
};

struct walk_hook {
	const char *table, *chain; /* NULL: the end of the way */
	unsigned int is;
	/* At the end: takes over what came through. */
	void (*end)(struct walk *walk, struct flow *flow, struct fate *fate);
};

static void route(struct walk *walk, struct flow *flow, struct fate *fate);
static void arrive(struct walk *walk, struct flow *flow, struct fate *fate);
static void leave(struct walk *walk, struct flow *flow, struct fate *fate);

static const struct walk_hook prerouting[] = {
	{ "raw", "PREROUTING", .is = 0 },
	{ "mangle", "PREROUTING", .is = HOOK_TRACKED | HOOK_FOREIGN },
	{ "nat", "PREROUTING", .is = HOOK_FOREIGN },
	{ .end = route },
};
static const struct walk_hook forward[] = {
	{ "mangle", "FORWARD", .is = 0 },
	{ "filter", "FORWARD", .is = HOOK_FOREIGN },
	{ GUARD_TABLE, GUARD_FORWARD, .is = HOOK_FOREIGN | HOOK_FORWARD },
	{ "security", "FORWARD", .is = 0 },
	{ "mangle", "POSTROUTING", .is = HOOK_LEAVING },
	{ "nat", "POSTROUTING", .is = HOOK_LEAVING },
	{ .end = leave },
};
static const struct walk_hook input[] = {
	{ "mangle", "INPUT", .is = 0 },
	{ "filter", "INPUT", .is = HOOK_FOREIGN },
	{ GUARD_TABLE, GUARD_INPUT, .is = HOOK_FOREIGN | HOOK_INPUT },
	{ "security", "INPUT", .is = 0 },
	{ "nat", "INPUT", .is = 0 },
	{ .end = arrive },
};

void walker_make(struct walker *walker, const struct world *world, enum family family)
{
	*walker = (struct walker){ .others = world->others };
	chain_index_make(&walker->index, world->snapshot, world->guard, world->info, family);
}

void walker_clear(struct walker *walker)
{
	chain_index_clear(&walker->index);
	addrpool_clear(&walker->pool);
	source_validation_clear(&walker->validation);
	memo_free(walker->memo);
	*walker = (struct walker){ 0 };
}

static void lose(struct walk *walk, struct fate *fate, const struct flow *flow, const char *reason)
{
	struct decider by = { .reason = reason };

	walk_step(walk, STEP_ROUTE, &by, ANSWER_YES, EFFECT_DROP, xstrdup(reason));
	ending_add(&fate->lost, &flow->src, &by, addrset_size(&flow->src));
}

static void doubt(struct fate *fate, const struct decider *by)
{
	if (!fate->doubtful)
		fate->doubt = *by;
	fate->doubtful = true;
}

/* Applies the policy to what returned from the chain. */
static void apply_policy(struct walk *walk, const struct indexed_chain *indexed,
			 struct outcome *outcome)
{
	struct decider by = { .table = indexed->table, .chain = indexed->chain->name,
			      .policy = indexed->chain->policy };
	bool dropped = indexed->chain->policy == VERDICT_DROP;

	if (outcome->returned.n)
		walk_step(walk, STEP_POLICY, &by, ANSWER_YES,
			  dropped ? EFFECT_DROP : EFFECT_ACCEPT, NULL);
	for (size_t i = 0; i < outcome->returned.n; i++) {
		struct flow *flow = &outcome->returned.v[i];
		double size = addrset_size(&flow->src);

		if (dropped) {
			ending_add(&outcome->dropped, &flow->src, &by, size);
			flow_clear(flow);
			continue;
		}
		if (indexed->filter) {
			flow->by = by;
			flow->size = size;
		}
		flows_add(&outcome->accepted, flow);
	}
	free(outcome->returned.v);
	outcome->returned = (struct flows){ 0 };
}

/*
 * One of iptables' tables may have a base chain that iptables does not know. Where that
 * chain filters is not known here either, so whatever passes its table may end in it.
 */
static void foreign_chains(struct walk *walk, const char *table, struct outcome *outcome)
{
	const struct chain_index *index = &walk->walker->index;

	for (size_t t = 0; t < index->n; t++) {
		const struct table *in = index->tables[t].table;

		for (size_t c = 0; c < in->nchains && !strcmp(in->name, table); c++) {
			struct decider by = { .table = in->name, .chain = in->chains[c]->name,
					      .reason = "a base chain that iptables does not know" };

			if (!in->chains[c]->foreign_base ||
			    (in->chains[c]->loaded && !in->chains[c]->nrules))
				continue;
			outcome_doubt(outcome, &by);
			for (size_t i = 0; i < outcome->accepted.n; i++)
				ending_add(&outcome->dropped, &outcome->accepted.v[i].src, &by, 1);
		}
	}
}

/* Tables that are not followed here may drop whatever the followed ones let pass. */
static void other_tables(struct walk *walk, bool inside, struct outcome *outcome)
{
	const struct walker *walker = walk->walker;

	for (size_t i = 0; i < outcome->accepted.n; i++) {
		const struct flow *flow = &outcome->accepted.v[i];
		const struct other_filter *other = other_filters_find(
			walker->others, walker->index.family, inside,
			flow->packet.dnat && !flow->packet.dnat_unsure);
		struct decider by = { 0 };

		if (!other)
			continue;
		by.reason = other->reason;
		walk_step(walk, STEP_ROUTE, &by, ANSWER_MAYBE, EFFECT_DROP, xstrdup(by.reason));
		outcome_doubt(outcome, &by);
		ending_add(&outcome->dropped, &flow->src, &by, 1);
	}
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
	if (!indexed && !strcmp(hook->table, "filter")) {
		flow->by = (struct decider){ .reason = "no chain filters it" };
		flow->size = addrset_size(&flow->src);
	}
	/* nat sees only new connections. */
	if (!indexed || (indexed->nat && flow->packet.ct != CT_NEW)) {
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
	apply_policy(walk, indexed, outcome);
}

static void arrive(struct walk *walk, struct flow *flow, struct fate *fate)
{
	(void)walk;
	flows_add(&fate->local, flow);
}

static void leave(struct walk *walk, struct flow *flow, struct fate *fate)
{
	(void)walk;
	flows_add(&fate->forwarded, flow);
}

/* Takes a flow over and sends it through the hooks from this one on. */
static void follow(struct walk *walk, const struct walk_hook *hook, struct flow *flow,
		   struct fate *fate)
{
	struct outcome outcome = { 0 };

	if (!hook->table) {
		hook->end(walk, flow, fate);
		return;
	}
	if (hook->is & HOOK_TRACKED)
		packet_track(&flow->packet);
	if (hook->is & HOOK_LEAVING)
		flow->packet.leaving = true;
	pass_hook(walk, hook, flow, &outcome);
	if (hook->is & HOOK_FOREIGN)
		foreign_chains(walk, hook->table, &outcome);
	if (hook->is & (HOOK_INPUT | HOOK_FORWARD))
		other_tables(walk, hook->is & HOOK_INPUT, &outcome);
	ending_add(&fate->dropped, &outcome.dropped.set, &outcome.dropped.by, outcome.dropped.size);
	ending_add(&fate->refused, &outcome.refused.set, &outcome.refused.by, outcome.refused.size);
	if (outcome.doubtful)
		doubt(fate, &outcome.doubt);
	for (size_t i = 0; i < outcome.accepted.n; i++) {
		if (outcome.accepted.n > 1)
			walk_step(walk, STEP_WAY, NULL, ANSWER_MAYBE, EFFECT_GO_ON,
				  xasprintf("way %zu of %zu after %s %s", i + 1,
					    outcome.accepted.n, hook->table, hook->chain));
		follow(walk, hook + 1, &outcome.accepted.v[i], fate);
	}
	/* Each flow was taken over. */
	outcome.accepted.n = 0;
	outcome_clear(&outcome);
}

/* The kernel discards packets for such an address if they come from outside. */
static bool is_martian(const struct packet *packet, const struct netif *in)
{
	addr_t dst = packet->dst.lo;

	if (!in || in->loopback || packet->dst.lo != packet->dst.hi)
		return false;
	return packet->family == FAMILY_IPV4 ? dst >> 24 == 127 && !in->localnet : dst == 1;
}

/* Keeps only these sources of the flow; the others are lost, or perhaps lost. */
static void keep_sources(struct walk *walk, struct flow *flow, const struct addrset *kept,
			 bool perhaps, const char *reason, struct fate *fate)
{
	struct flow lost = { .packet = flow->packet };

	addrset_copy(&lost.src, &flow->src);
	addrset_subtract(&lost.src, kept);
	if (lost.src.n) {
		lose(walk, fate, &lost, reason);
		if (perhaps)
			doubt(fate, &(struct decider){ .reason = reason });
		else
			addrset_intersect(&flow->src, kept);
	}
	flow_clear(&lost);
}

/*
 * If netfilter sees a packet already in the bridge (bridge-nf-call-ip6tables) and gives
 * it a new destination there, IPv6 does not check it before it is on its way.
 */
static bool passes_in_bridge(const struct packet *packet)
{
	return packet->family == FAMILY_IPV6 && packet->in_bridge;
}

/*
 * Removes what the kernel discards just for its addresses. Returns false if nothing is
 * left of the flow, which is then cleared.
 */
static bool take_in(struct walk *walk, struct flow *flow, struct fate *fate)
{
	const struct netinfo *info = walk->walker->index.info;
	const struct packet *packet = &flow->packet;
	const struct netif *in = netinfo_if(info, packet->in);

	if (is_martian(packet, in)) {
		lose(walk, fate, flow,
		     "packets for the loopback address are not accepted from outside");
		addrset_clear(&flow->src);
	}
	/* A host without an address may request one by broadcast. */
	if (in && flow->src.n && !(packet->family == FAMILY_IPV4 && packet->dst.lo == 0xffffffff)) {
		const struct valid_sources *sources = source_validation_guess(
			&walk->walker->validation, info, in, packet->family);

		keep_sources(walk, flow, &sources->possible, passes_in_bridge(packet),
			     "no packet may come from this address", fate);
	}
	if (!flow->src.n)
		flow_clear(flow);
	return flow->src.n;
}

/* Removes what the reverse path filter discards. */
static void judge_way_back(struct walk *walk, struct flow *flow, const struct route_path *path,
			   struct fate *fate)
{
	static const char reason[] = "the reverse path filter (rp_filter) rejects its source";
	const struct netinfo *info = walk->walker->index.info;
	const struct packet *packet = &flow->packet;
	const struct netif *in = netinfo_if(info, packet->in);
	struct route_query back = { .family = packet->family, .src = packet->dst.lo };
	struct addrset kept = { 0 }, doubtful = { 0 };
	const struct valid_sources *sources;

	if (!in || !in->rp_filter || packet->family != FAMILY_IPV4)
		return;
	if (path->type == RTN_UNICAST)
		back.in = path->out;
	back.any_mark = in->source_mark && packet->mark.unknown;
	back.mark = in->source_mark ? packet->mark.value : 0;
	back.any = path->unsure || packet->dst.lo != packet->dst.hi;
	sources = source_validation_find(&walk->walker->validation, info, in, &back);
	addrset_copy(&doubtful, &flow->src);
	addrset_intersect(&doubtful, &sources->doubtful);
	addrset_copy(&kept, &sources->valid);
	addrset_unite(&kept, &doubtful);
	keep_sources(walk, flow, &kept, false, reason, fate);
	if (doubtful.n) {
		struct decider by = { .reason = "policy routing, or one of several routes, may send "
						"the reply elsewhere (rp_filter)" };

		doubt(fate, &by);
		ending_add(&fate->lost, &doubtful, &by, addrset_size(&doubtful));
	}
	addrset_clear(&kept);
	addrset_clear(&doubtful);
}

static void to_local(struct walk *walk, struct flow *flow, struct fate *fate)
{
	walk_step(walk, STEP_ROUTE, NULL, ANSWER_YES, EFFECT_GO_ON, xstrdup("for this host itself"));
	follow(walk, input, flow, fate);
}

/* IPv6 forwards only packets whose source is valid beyond the link. */
static void judge_scope(struct walk *walk, struct flow *flow, struct fate *fate)
{
	struct addrset beyond = { 0 };

	addrset_add(&beyond, 0, 0);
	addrset_add(&beyond, (addr_t)0xfe80 << 112, ((addr_t)0xfec0 << 112) - 1);
	addrset_complement(&beyond, FAMILY_IPV6);
	keep_sources(walk, flow, &beyond, passes_in_bridge(&flow->packet) && flow->packet.dnat,
		     "packets from link-local addresses are not forwarded", fate);
	addrset_clear(&beyond);
}

static void to_forward(struct walk *walk, struct flow *flow, const struct route_path *path,
		       const struct netif *in, struct fate *fate)
{
	struct packet *packet = &flow->packet;

	if (path->type != RTN_UNICAST || !path->out) {
		lose(walk, fate, flow, "no route to the destination");
		flow_clear(flow);
		return;
	}
	if (in && !in->forwards[packet->family]) {
		lose(walk, fate, flow, "forwarding is switched off on the incoming interface");
		flow_clear(flow);
		return;
	}
	if (packet->family == FAMILY_IPV6 && path->out != in)
		judge_scope(walk, flow, fate);
	if (!flow->src.n) {
		flow_clear(flow);
		return;
	}
	memcpy(packet->out, path->out->name, IFNAMSIZ);
	packet->out_index = path->out->index;
	walk_step(walk, STEP_ROUTE, NULL, ANSWER_YES, EFFECT_GO_ON,
		  xasprintf("forwarded, out through %s", path->out->name));
	if (packet->ttl_set) {
		struct decider by = { .reason = "a rule set the hop limit" };

		doubt(fate, &by);
		lose(walk, fate, flow, by.reason);
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
	judge_way_back(walk, flow, &path, fate);
	if (!flow->src.n) {
		flow_clear(flow);
		return;
	}
	if (path.unsure) {
		struct decider by = { .reason = "policy routing, or one of several routes, may send "
						"it elsewhere" };

		doubt(fate, &by);
		lose(walk, fate, flow, by.reason);
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
	if (flow->packet.family == FAMILY_IPV6 || take_in(walk, flow, fate))
		route_parts(walk, flow, 0, fate);
}

void walk_packet(struct walker *walker, const struct packet *packet,
		 const struct addrset *sources, struct steps *steps, struct fate *fate)
{
	struct walk walk = { .walker = walker, .steps = steps };
	struct flow flow = { .packet = *packet };

	*fate = (struct fate){ 0 };
	addrset_copy(&flow.src, sources);
	/* IPv6 discards these at once, IPv4 only when it routes them. */
	if (packet->family == FAMILY_IPV6 && !take_in(&walk, &flow, fate))
		return;
	follow(&walk, prerouting, &flow, fate);
}
