/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target.h"

#include <arpa/inet.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_mark.h>
#include <string.h>

static const struct {
	const char *name;
	enum effect effect;
} targets[] = {
	{ "AUDIT", EFFECT_GO_ON },
	{ "CHECKSUM", EFFECT_GO_ON },
	{ "CLASSIFY", EFFECT_GO_ON },
	{ "CONNMARK", EFFECT_CHANGE },
	{ "CONNSECMARK", EFFECT_GO_ON },
	{ "CT", EFFECT_CHANGE },
	{ "DNAT", EFFECT_TRANSLATE },
	{ "DSCP", EFFECT_GO_ON },
	{ "ECN", EFFECT_GO_ON },
	{ "HL", EFFECT_CHANGE },
	{ "HMARK", EFFECT_CHANGE },
	{ "IDLETIMER", EFFECT_GO_ON },
	{ "LED", EFFECT_GO_ON },
	{ "LOG", EFFECT_GO_ON },
	{ "MARK", EFFECT_CHANGE },
	{ "MASQUERADE", EFFECT_ACCEPT },
	{ "NETMAP", EFFECT_TRANSLATE },
	{ "NFLOG", EFFECT_GO_ON },
	{ "NFQUEUE", EFFECT_UNDECIDED },
	{ "NOTRACK", EFFECT_CHANGE },
	{ "RATEEST", EFFECT_GO_ON },
	{ "REDIRECT", EFFECT_TRANSLATE },
	{ "REJECT", EFFECT_REFUSE },
	{ "SECMARK", EFFECT_GO_ON },
	{ "SET", EFFECT_CHANGE },
	{ "SNAT", EFFECT_ACCEPT },
	{ "SYNPROXY", EFFECT_UNDECIDED },
	{ "TCPMSS", EFFECT_GO_ON },
	{ "TCPOPTSTRIP", EFFECT_GO_ON },
	{ "TEE", EFFECT_GO_ON },
	{ "TOS", EFFECT_GO_ON },
	{ "TPROXY", EFFECT_UNDECIDED },
	{ "TRACE", EFFECT_GO_ON },
	{ "TTL", EFFECT_CHANGE },
	{ "ULOG", EFFECT_GO_ON },
};

static enum effect target_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (!strcmp(targets[i].name, name))
			return targets[i].effect;
	return EFFECT_UNKNOWN;
}

enum effect target_effect(const struct rule *rule)
{
	switch (rule->verdict) {
	case VERDICT_NONE:
		return rule_is_unknown(rule) ? EFFECT_UNKNOWN : EFFECT_GO_ON;
	case VERDICT_ACCEPT:
		return EFFECT_ACCEPT;
	case VERDICT_DROP:
		return EFFECT_DROP;
	case VERDICT_RETURN:
		return EFFECT_RETURN;
	case VERDICT_QUEUE:
		return EFFECT_UNDECIDED;
	case VERDICT_JUMP:
		return EFFECT_JUMP;
	case VERDICT_GOTO:
		return EFFECT_GOTO;
	case VERDICT_EXT:
		return rule_is_unknown(rule) ? EFFECT_UNKNOWN : target_by_name(rule->target.name);
	}
	return EFFECT_UNKNOWN;
}

bool target_only_marks(const struct rule *rule)
{
	static const char *const names[] = { "MARK", "CONNMARK", "HMARK", "SET" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, names[i]))
			return true;
	return false;
}

bool target_relays(const struct rule *rule)
{
	return rule->opaque ? rule->relays
			    : rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "SYNPROXY");
}

/* Sets bits of a mark as the kernel does. */
static void set_mark(struct mark *mark, uint32_t value, uint32_t mask)
{
	if (mark->unknown && mask != ~0U)
		return;
	mark->unknown = false;
	mark->value = (mark->value & ~mask) ^ value;
}

static void change_mark(const struct ext *ext, struct packet *packet)
{
	struct xt_mark_tginfo2 info;

	if (ext->revision == 2 && ext_get(ext, &info, sizeof(info)))
		set_mark(&packet->mark, info.mark, info.mask);
	else
		packet->mark.unknown = true;
}

static void change_connmark(const struct ext *ext, struct packet *packet)
{
	struct xt_connmark_tginfo2 info = { 0 };
	struct xt_connmark_tginfo1 old;
	struct mark *to = &packet->ctmark;
	const struct mark *from = &packet->mark;
	bool known = ext->revision == 2 ? ext_get(ext, &info, sizeof(info)) && !info.shift_bits : false;
	uint32_t from_mask, to_mask;

	if (ext->revision == 1 && ext_get(ext, &old, sizeof(old))) {
		info.ctmark = old.ctmark;
		info.ctmask = old.ctmask;
		info.nfmask = old.nfmask;
		info.mode = old.mode;
		known = true;
	}
	if (packet->ct != CT_NEW)
		return;
	if (!known) {
		packet->mark.unknown = packet->ctmark.unknown = true;
		return;
	}
	if (info.mode == XT_CONNMARK_SET) {
		set_mark(&packet->ctmark, info.ctmark, info.ctmask);
		return;
	}
	from_mask = info.nfmask;
	to_mask = info.ctmask;
	if (info.mode == XT_CONNMARK_RESTORE) {
		to = &packet->mark;
		from = &packet->ctmark;
		from_mask = info.ctmask;
		to_mask = info.nfmask;
	}
	if (from->unknown && from_mask)
		to->unknown = true;
	else
		set_mark(to, from->value & from_mask, to_mask);
}

void target_accept(const struct rule *rule, struct packet *packet)
{
	struct xt_tproxy_target_info info;

	if (rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "SYNPROXY"))
		return;
	/* Each revision of TPROXY begins like this. The program of a queue may set any mark. */
	if (rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "TPROXY") &&
	    ext_get(&rule->target, &info, offsetof(struct xt_tproxy_target_info, laddr))) {
		set_mark(&packet->mark, info.mark_value, info.mark_mask);
		return;
	}
	packet->mark.unknown = packet->ctmark.unknown = true;
}

static void change_ct(const struct ext *ext, struct packet *packet)
{
	uint16_t flags = 0;

	/* Every revision begins with its flags. */
	if (!strcmp(ext->name, "NOTRACK"))
		flags = XT_CT_NOTRACK;
	else
		ext_get(ext, &flags, sizeof(flags));
	if (flags & XT_CT_NOTRACK)
		packet_notrack(packet);
	else
		packet_ct_template(packet, false);
}

static bool spans_meet(struct span a, struct span b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

void target_translate(struct packet *packet, const struct xt_dnat *dnat)
{
	struct addrrange dst = packet->dst;
	struct span port = packet->dport;

	if (dnat->has_addr)
		dst = dnat->addr;
	if (dnat->has_port && proto_has_ports(packet->proto)) {
		bool one = port.lo == port.hi;

		/*
		 * A port that is already in the range stays, unless another
		 * connection uses it with the same addresses.
		 */
		if (dnat->offset && one) {
			unsigned int size = dnat->port.hi - dnat->port.lo + 1U;
			unsigned int at = (uint16_t)(port.lo - dnat->base) % size;

			port.lo = port.hi = (uint16_t)(dnat->port.lo + at);
		} else if (!one || dnat->random || !spans_meet(port, dnat->port)) {
			port = dnat->port;
		}
	}
	/* A connection whose destination stays counts as untranslated. */
	if (dst.lo != packet->dst.lo || dst.hi != packet->dst.hi || !span_equal(port, packet->dport)) {
		packet->dnat_unsure = !packet->dnat && dst.lo <= packet->dst.hi &&
				      packet->dst.lo <= dst.hi && spans_meet(port, packet->dport);
		packet->dnat = true;
	}
	packet->nat_settled = true;
	packet->dst = dst;
	packet->dport = port;
}

static bool target_redirect(const struct rule *rule, struct packet *packet,
			    const struct netinfo *info, const struct nf_nat_range2 *range)
{
	const struct netif *in = netinfo_if(info, packet->in);
	struct xt_dnat dnat = { .has_addr = true };

	if (in && in->loopback)
		dnat.addr.lo = rule->family == FAMILY_IPV4 ? (addr_t)0x7f000001 : 1;
	else if (!in || !netinfo_redirect(info, in, rule->family, packet->dst.lo, &dnat.addr.lo))
		return false;
	dnat.addr.hi = dnat.addr.lo;
	dnat.has_port = range->flags & NF_NAT_RANGE_PROTO_SPECIFIED;
	dnat.port.lo = ntohs(range->min_proto.all);
	dnat.port.hi = ntohs(range->max_proto.all);
	target_translate(packet, &dnat);
	return true;
}

static void target_netmap(const struct rule *rule, struct packet *packet,
			  const struct nf_nat_range2 *range)
{
	addr_t lo = addr_load(rule->family, &range->min_addr);
	addr_t host = lo ^ addr_load(rule->family, &range->max_addr);
	struct xt_dnat dnat = { .has_addr = true };

	dnat.addr.lo = (lo & ~host) | (packet->dst.lo & host);
	dnat.addr.hi = (lo & ~host) | (packet->dst.hi & host);
	if (packet->dst.lo != packet->dst.hi)
		dnat.addr = (struct addrrange){ lo & ~host, lo | host };
	target_translate(packet, &dnat);
}

bool target_change(const struct rule *rule, struct packet *packet, const struct netinfo *info)
{
	const struct ext *ext = &rule->target;
	struct nf_nat_range2 range;
	struct xt_dnat dnat;

	if (!strcmp(ext->name, "MARK")) {
		change_mark(ext, packet);
	} else if (!strcmp(ext->name, "CONNMARK")) {
		change_connmark(ext, packet);
	} else if (!strcmp(ext->name, "CT") || !strcmp(ext->name, "NOTRACK")) {
		change_ct(ext, packet);
	} else if (!strcmp(ext->name, "TTL") || !strcmp(ext->name, "HL")) {
		packet->ttl_set = true;
	} else if (!strcmp(ext->name, "HMARK")) {
		packet->mark.unknown = true;
	} else if (!strcmp(ext->name, "SET")) {
		/* --map-set may set the mark; revision 3 is the first with it. */
		packet->mark.unknown |= ext->revision >= 3;
	} else if (xt_target_dnat(rule, &dnat)) {
		target_translate(packet, &dnat);
	} else if (xt_target_nat(rule, &range)) {
		if (!strcmp(ext->name, "REDIRECT"))
			return target_redirect(rule, packet, info, &range);
		target_netmap(rule, packet, &range);
	} else {
		packet->dst = (struct addrrange){ 0, addr_max(rule->family) };
		packet->dport = (struct span){ 0, 65535 };
		packet->dnat = packet->dnat_unsure = packet->nat_settled = true;
	}
	return true;
}
