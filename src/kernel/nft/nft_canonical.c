/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_canonical.h"

/* Before the kernel's headers, which then leave out what it defines. */
#include <netinet/in.h>

#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_NFLOG.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stdlib.h>
#include <string.h>

#include "nft_limit.h"

/* The form that a rule has after iptables since 1.8.8 has written it and read it back. */

/* A tcp or udp match; udp has no flags. */
struct port_match {
	bool tcp;
	struct xt_tcp v;
};

/* Whether iptables writes the match as native expressions, which have no TCP options. */
static bool take_ports(struct port_match *ports, const struct ext *ext)
{
	const uint8_t known = XT_TCP_INV_SRCPT | XT_TCP_INV_DSTPT | XT_TCP_INV_FLAGS;
	struct xt_udp udp;

	memset(ports, 0, sizeof(*ports));
	ports->tcp = !strcmp(ext->name, "tcp");
	if (ext->revision || ext->size != XT_ALIGN(sizeof(ports->v)) ||
	    (!ports->tcp && strcmp(ext->name, "udp")))
		return false;
	if (ports->tcp) {
		memcpy(&ports->v, ext->data, sizeof(ports->v));
	} else {
		memcpy(&udp, ext->data, sizeof(udp));
		memcpy(ports->v.spts, udp.spts, sizeof(udp.spts));
		memcpy(ports->v.dpts, udp.dpts, sizeof(udp.dpts));
		ports->v.invflags = udp.invflags;
	}
	return !(ports->v.invflags & ~known) && !ports->v.option;
}

/* The padding after udp's flags is compared, so the members are copied one by one. */
static void put_ports(const struct port_match *ports, struct ext *ext)
{
	if (ports->tcp) {
		memcpy(ext->data, &ports->v, sizeof(ports->v));
		return;
	}
	memcpy(ext->data + offsetof(struct xt_udp, spts), ports->v.spts, sizeof(ports->v.spts));
	memcpy(ext->data + offsetof(struct xt_udp, dpts), ports->v.dpts, sizeof(ports->v.dpts));
	ext->data[offsetof(struct xt_udp, invflags)] = ports->v.invflags;
}

/* "All but the ports up to N" is the ports above N. */
static void turn_round(struct xt_tcp *tcp, uint16_t span[2], uint8_t inversion)
{
	if (!(tcp->invflags & inversion) || span[0] || !span[1] || span[1] == UINT16_MAX)
		return;
	tcp->invflags &= (uint8_t)~inversion;
	span[0] = (uint16_t)(span[1] + 1);
	span[1] = UINT16_MAX;
}

/* Whether there is a condition: "! 0:65535" is one, which never holds. */
static bool has_source(const struct xt_tcp *tcp)
{
	return tcp->spts[0] || tcp->spts[1] != UINT16_MAX || tcp->invflags & XT_TCP_INV_SRCPT;
}

static bool has_destination(const struct xt_tcp *tcp)
{
	return tcp->dpts[0] || tcp->dpts[1] != UINT16_MAX || tcp->invflags & XT_TCP_INV_DSTPT;
}

static bool has_flags(const struct xt_tcp *tcp)
{
	return tcp->flg_mask || tcp->flg_cmp || tcp->invflags & XT_TCP_INV_FLAGS;
}

/* Merges b into a if each has parts and they share none. Returns whether it did. */
static bool unite(struct xt_tcp *a, const struct xt_tcp *b)
{
	bool source = has_source(b), destination = has_destination(b), flags = has_flags(b);

	if ((source && has_source(a)) || (destination && has_destination(a)) ||
	    (flags && has_flags(a)) || !(source || destination || flags) ||
	    !(has_source(a) || has_destination(a) || has_flags(a)))
		return false;
	if (source)
		memcpy(a->spts, b->spts, sizeof(a->spts));
	if (destination)
		memcpy(a->dpts, b->dpts, sizeof(a->dpts));
	if (flags) {
		a->flg_mask = b->flg_mask;
		a->flg_cmp = b->flg_cmp;
	}
	a->invflags |= b->invflags;
	return true;
}

static void drop_match(struct rule *rule, size_t index)
{
	free(rule->matches[index].data);
	rule->nmatches--;
	memmove(rule->matches + index, rule->matches + index + 1,
		(rule->nmatches - index) * sizeof(*rule->matches));
}

static void normal_ports(struct rule *rule)
{
	struct port_match first = { 0 }, ports;
	size_t first_at = rule->nmatches;

	for (size_t i = 0; i < rule->nmatches; i++) {
		if (!take_ports(&ports, &rule->matches[i]))
			continue;
		turn_round(&ports.v, ports.v.spts, XT_TCP_INV_SRCPT);
		turn_round(&ports.v, ports.v.dpts, XT_TCP_INV_DSTPT);
		put_ports(&ports, &rule->matches[i]);
		if (first_at < i && first.tcp == ports.tcp && unite(&first.v, &ports.v)) {
			put_ports(&first, &rule->matches[first_at]);
			drop_match(rule, i--);
		} else if (first_at > i) {
			first_at = i;
			first = ports;
		}
	}
}

static void normal_limit(struct ext *ext)
{
	struct xt_rateinfo info;
	uint64_t rate, unit;

	if (strcmp(ext->name, "limit") || ext->revision || ext->size != sizeof(info))
		return;
	memcpy(&info, ext->data, sizeof(info));
	/* The kernel reads a burst of 0 as its default. */
	if (!info.burst)
		info.burst = 5;
	if (nft_limit_of(info.avg, &rate, &unit))
		info.avg = nft_limit_avg(rate, unit);
	memcpy(ext->data, &info, sizeof(info));
}

/* --nflog-range, which the kernel has never used, is not written. */
static void normal_nflog(struct rule *rule)
{
	struct xt_nflog_info info;

	if (rule->verdict != VERDICT_EXT || strcmp(rule->target.name, "NFLOG") ||
	    rule->target.revision || rule->target.size < sizeof(info))
		return;
	memcpy(&info, rule->target.data, sizeof(info));
	if (!(info.flags & XT_NFLOG_F_COPY_LEN))
		info.len = 0;
	memcpy(rule->target.data, &info, sizeof(info));
}

/* "! -i +" is written as a name that no interface has. */
static void normal_interface(struct rule *rule, struct interface *iface, unsigned int inversion)
{
	static const char none[] = NFT_NO_INTERFACE;

	if (rule->invert & inversion)
		return;
	if (!iface->mask[0]) {
		interface_set(iface, "");
	} else if (!strcmp(iface->name, none) && iface->mask[sizeof(none) - 1]) {
		rule->invert |= inversion;
		interface_set(iface, "+");
	}
}

struct rule *nft_canonical(const struct rule *rule)
{
	struct rule *copy = rule_copy(rule);

	if (copy->opaque)
		return copy;
	rule_free(copy->form);
	copy->form = NULL;
	normal_interface(copy, &copy->in, INV_IN);
	normal_interface(copy, &copy->out, INV_OUT);
	normal_ports(copy);
	for (size_t i = 0; i < copy->nmatches; i++)
		normal_limit(&copy->matches[i]);
	normal_nflog(copy);
	return copy;
}
