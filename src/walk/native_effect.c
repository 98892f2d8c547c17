/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "native_effect.h"

enum effect native_effect(const struct other_rule *rule)
{
	switch (rule->verdict) {
	case OTHER_GO_ON:
		return rule->nchanges ? EFFECT_CHANGE : EFFECT_GO_ON;
	case OTHER_ACCEPT:
		return EFFECT_ACCEPT;
	case OTHER_DROP:
		return EFFECT_DROP;
	case OTHER_REFUSE:
		return EFFECT_REFUSE;
	case OTHER_RETURN:
		return EFFECT_RETURN;
	case OTHER_JUMP:
		return rule->to == OTHER_NOWHERE ? EFFECT_UNKNOWN : EFFECT_JUMP;
	case OTHER_GOTO:
		return rule->to == OTHER_NOWHERE ? EFFECT_UNKNOWN : EFFECT_GOTO;
	case OTHER_TRANSLATE:
		return EFFECT_TRANSLATE;
	case OTHER_ANYTHING:
		break;
	}
	return EFFECT_UNKNOWN;
}

bool native_only_marks(const struct other_rule *rule)
{
	for (size_t i = 0; i < rule->nchanges; i++)
		if (rule->changes[i].kind == OTHER_NOTRACK || rule->changes[i].kind == OTHER_SET_ZONE)
			return false;
	return rule->verdict == OTHER_GO_ON;
}

static struct mark changed_mark(const struct other_change *change, const struct packet *packet)
{
	struct mark mark = { .value = change->flip };

	switch (change->from) {
	case OTHER_FROM_NOTHING:
		break;
	case OTHER_FROM_MARK:
	case OTHER_FROM_CT_MARK:
		mark = change->from == OTHER_FROM_MARK ? packet->mark : packet->ctmark;
		mark.unknown = mark.unknown && change->keep;
		mark.value = (mark.value & change->keep) ^ change->flip;
		break;
	case OTHER_FROM_UNKNOWN:
		mark.unknown = true;
		break;
	}
	return mark;
}

void native_change(const struct other_rule *rule, struct packet *packet)
{
	for (size_t i = 0; i < rule->nchanges; i++) {
		const struct other_change *change = &rule->changes[i];

		switch (change->kind) {
		case OTHER_SET_MARK:
			packet->mark = changed_mark(change, packet);
			break;
		case OTHER_SET_CT_MARK:
			/* Without a connection, there is none to be marked. */
			if (packet->ct == CT_NEW)
				packet->ctmark = changed_mark(change, packet);
			break;
		case OTHER_NOTRACK:
			packet_notrack(packet);
			break;
		case OTHER_SET_ZONE:
			packet_ct_template(packet, true);
			break;
		}
	}
}

static void map_prefix(const struct other_nat *nat, const struct packet *packet,
		       struct xt_dnat *dnat)
{
	addr_t host = nat->addr.lo ^ nat->addr.hi;

	if (packet->dst.lo != packet->dst.hi)
		return;
	dnat->addr.lo = dnat->addr.hi = (nat->addr.lo & ~host) | (packet->dst.lo & host);
}

bool native_translate(const struct other_rule *rule, struct packet *packet,
		      const struct netinfo *info)
{
	const struct other_nat *nat = &rule->nat;
	const struct netif *in = netinfo_if(info, packet->in);
	struct xt_dnat dnat = { .has_addr = nat->has_addr, .addr = nat->addr,
				.has_port = nat->has_port, .port = nat->port,
				.random = nat->random };

	if (!nat->known) {
		packet->dst = (struct addrrange){ 0, addr_max(packet->family) };
		packet->dport = SPAN_ALL;
		packet->dnat = packet->dnat_unsure = packet->nat_settled = true;
		return true;
	}
	if (nat->redirect) {
		dnat.has_addr = true;
		if (in && in->loopback)
			dnat.addr.lo = packet->family == FAMILY_IPV4 ? (addr_t)0x7f000001 : 1;
		else if (!in || !netinfo_redirect(info, in, packet->family, packet->dst.lo,
						  &dnat.addr.lo))
			return false;
		dnat.addr.hi = dnat.addr.lo;
	} else if (nat->netmap) {
		map_prefix(nat, packet, &dnat);
	}
	target_translate(packet, &dnat);
	return true;
}
