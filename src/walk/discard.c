/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "discard.h"

#include <linux/rtnetlink.h>

void discard(struct walk *walk, struct fate *fate, const struct flow *flow, const char *reason)
{
	struct decider by = { .reason = reason };

	walk_step(walk, STEP_ROUTE, &by, ANSWER_YES, EFFECT_DROP, xstrdup(reason));
	ending_add(&fate->lost, &flow->src, &by, addrset_size(&flow->src));
}

/*
 * If netfilter sees a packet already in the bridge (bridge-nf-call-ip6tables) and gives
 * it a new destination there, IPv6 does not check it before it is on its way.
 */
static bool passes_in_bridge(const struct packet *packet, const struct netif *in)
{
	return packet->family == FAMILY_IPV6 && in && in->filtered[FAMILY_IPV6];
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
		discard(walk, fate, &lost, reason);
		if (perhaps)
			fate_doubt(fate, &(struct decider){ .reason = reason });
		else
			addrset_intersect(&flow->src, kept);
	}
	flow_clear(&lost);
}

void discard_martian(struct walk *walk, struct flow *flow, const struct netif *in,
		     struct fate *fate)
{
	if (!is_martian(&flow->packet, in))
		return;
	discard(walk, fate, flow, "packets for the loopback address are not accepted from outside");
	addrset_clear(&flow->src);
}

bool discard_at_entry(struct walk *walk, struct flow *flow, struct fate *fate)
{
	const struct netinfo *info = walk->walker->index.info;
	const struct packet *packet = &flow->packet;
	const struct netif *in = netinfo_if(info, packet->in);

	/* A packet that iptables translates in the bridge is no longer for that address. */
	if (!passes_in_bridge(packet, in))
		discard_martian(walk, flow, in, fate);
	if (in && flow->src.n) {
		const struct valid_sources *sources = source_validation_guess(
			&walk->walker->validation, info, in, packet->family);
		struct addrset possible = { 0 };
		bool all = packet->family == FAMILY_IPV4 && packet->dst.lo == 0xffffffff;

		addrset_copy(&possible, &sources->possible);
		/* A host without an address may request one by broadcast; other checks vary. */
		if (all)
			addrset_add(&possible, 0, 0xffffff);
		keep_sources(walk, flow, &possible, all || passes_in_bridge(packet, in),
			     "no packet may come from this address", fate);
		addrset_clear(&possible);
	}
	if (!flow->src.n)
		flow_clear(flow);
	return flow->src.n;
}

void discard_without_way_back(struct walk *walk, struct flow *flow, const struct route_path *path,
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
	/* The kernel looks up no way back to a host without an address that sends to all. */
	if (packet->dst.lo == 0xffffffff) {
		addrset_add(&kept, 0, 0xffffff);
		addrset_subtract(&doubtful, &kept);
	}
	addrset_unite(&kept, &doubtful);
	keep_sources(walk, flow, &kept, false, reason, fate);
	if (doubtful.n) {
		struct decider by = { .reason = "policy routing, or one of several routes, may send "
						"the reply elsewhere (rp_filter)" };

		fate_doubt(fate, &by);
		ending_add(&fate->lost, &doubtful, &by, addrset_size(&doubtful));
	}
	addrset_clear(&kept);
	addrset_clear(&doubtful);
}

void discard_link_local(struct walk *walk, struct flow *flow, const struct netif *in,
			struct fate *fate)
{
	struct addrset beyond = { 0 };

	addrset_add(&beyond, 0, 0);
	addrset_add(&beyond, (addr_t)0xfe80 << 112, ((addr_t)0xfec0 << 112) - 1);
	addrset_complement(&beyond, FAMILY_IPV6);
	keep_sources(walk, flow, &beyond, passes_in_bridge(&flow->packet, in) && flow->packet.dnat,
		     "packets from link-local addresses are not forwarded", fate);
	addrset_clear(&beyond);
}
