/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xt_match.h"

#include <arpa/inet.h>
#include <linux/netfilter/xt_dccp.h>
#include <linux/netfilter/xt_physdev.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stddef.h>
#include <string.h>

#include "util.h"

/* Reads revision 1 or 2, in the form of revision 2. */
static bool old_conntrack(const struct ext *ext, struct xt_conntrack_mtinfo2 *info)
{
	struct xt_conntrack_mtinfo1 older;

	memset(info, 0, sizeof(*info));
	if (ext->revision == 2)
		return ext_get(ext, info, sizeof(*info));
	if (ext->revision != 1 || !ext_get(ext, &older, sizeof(older)))
		return false;
	memcpy(info, &older, offsetof(struct xt_conntrack_mtinfo1, state_mask));
	info->state_mask = older.state_mask;
	info->status_mask = older.status_mask;
	return true;
}

bool xt_match_conntrack(const struct ext *ext, struct xt_conntrack_mtinfo3 *info)
{
	struct xt_conntrack_mtinfo2 old;

	if (ext_is(ext, "conntrack", 3))
		return ext_get(ext, info, sizeof(*info));
	if (strcmp(ext->name, "conntrack") || !old_conntrack(ext, &old))
		return false;
	memset(info, 0, sizeof(*info));
	memcpy(info, &old, offsetof(struct xt_conntrack_mtinfo2, l4proto));
	info->l4proto = old.l4proto;
	info->match_flags = old.match_flags;
	info->invert_flags = old.invert_flags;
	info->state_mask = old.state_mask;
	info->status_mask = old.status_mask;
	info->origsrc_port = info->origsrc_port_high = ntohs(old.origsrc_port);
	info->origdst_port = info->origdst_port_high = ntohs(old.origdst_port);
	info->replsrc_port = info->replsrc_port_high = ntohs(old.replsrc_port);
	info->repldst_port = info->repldst_port_high = ntohs(old.repldst_port);
	return true;
}

/* As libxtables pads it; the padding is compared as well. */
union conntrack_data {
	struct xt_conntrack_mtinfo3 info;
	uint8_t bytes[XT_ALIGN(sizeof(struct xt_conntrack_mtinfo3))];
};

static void put_conntrack(union conntrack_data *data, const struct xt_conntrack_want *want)
{
	struct xt_conntrack_mtinfo3 *info = &data->info;

	memset(data, 0, sizeof(*data));
	if (want->dnat != XT_DNAT_ANY) {
		info->match_flags |= XT_CONNTRACK_STATE;
		info->state_mask = XT_CONNTRACK_STATE_DNAT;
	}
	if (want->dnat == XT_DNAT_IS_NOT)
		info->invert_flags |= XT_CONNTRACK_STATE;
	if (want->direction != XT_DIRECTION_ANY)
		info->match_flags |= XT_CONNTRACK_DIRECTION;
	if (want->direction == XT_DIRECTION_REPLY)
		info->invert_flags |= XT_CONNTRACK_DIRECTION;
	if (want->port) {
		info->match_flags |= XT_CONNTRACK_ORIGDST_PORT;
		info->origdst_port = want->port;
		info->origdst_port_high = want->last ? want->last : want->port;
	}
}

void xt_conntrack_add(struct rule *rule, const struct xt_conntrack_want *want)
{
	union conntrack_data data;

	put_conntrack(&data, want);
	rule_add_match(rule, "conntrack", 3, data.bytes, sizeof(data.bytes))->usersize =
		sizeof(data.bytes);
}

void xt_conntrack_add_states(struct rule *rule, unsigned int states, bool except)
{
	union conntrack_data data;

	memset(&data, 0, sizeof(data));
	data.info.match_flags = XT_CONNTRACK_STATE;
	data.info.invert_flags = except ? XT_CONNTRACK_STATE : 0;
	data.info.state_mask = (uint16_t)states;
	rule_add_match(rule, "conntrack", 3, data.bytes, sizeof(data.bytes))->usersize =
		sizeof(data.bytes);
}

void xt_conntrack_make_none(struct ext *ext)
{
	const struct xt_conntrack_mtinfo3 info = {
		.match_flags = XT_CONNTRACK_STATE,
		.state_mask = XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_UNTRACKED,
	};

	memset(ext->data, 0, ext->size);
	memcpy(ext->data, &info, sizeof(info));
}

bool xt_conntrack_read(const struct ext *ext, struct xt_conntrack_want *want)
{
	struct xt_conntrack_mtinfo3 info;
	union conntrack_data data;

	*want = (struct xt_conntrack_want){ 0 };
	if (!ext_is(ext, "conntrack", 3) || ext->size != sizeof(data) ||
	    !ext_get(ext, &info, sizeof(info)))
		return false;
	if (info.match_flags & XT_CONNTRACK_STATE)
		want->dnat = info.invert_flags & XT_CONNTRACK_STATE ? XT_DNAT_IS_NOT : XT_DNAT_IS;
	if (info.match_flags & XT_CONNTRACK_DIRECTION)
		want->direction = info.invert_flags & XT_CONNTRACK_DIRECTION ?
			XT_DIRECTION_REPLY : XT_DIRECTION_ORIGINAL;
	if (info.match_flags & XT_CONNTRACK_ORIGDST_PORT) {
		want->port = info.origdst_port;
		want->last = info.origdst_port_high;
	}
	put_conntrack(&data, want);
	return info.match_flags && want->port <= want->last &&
	       !memcmp(data.bytes, ext->data, sizeof(data.bytes));
}

bool xt_match_iprange(const struct ext *ext, struct xt_iprange_mtinfo *info)
{
	return ext_is(ext, "iprange", 1) && ext_get(ext, info, sizeof(*info));
}

bool xt_match_addrtype(const struct ext *ext, struct xt_addrtype_info_v1 *info)
{
	struct xt_addrtype_info old;

	if (ext_is(ext, "addrtype", 1))
		return ext_get(ext, info, sizeof(*info));
	if (!ext_is(ext, "addrtype", 0) || !ext_get(ext, &old, sizeof(old)))
		return false;
	*info = (struct xt_addrtype_info_v1){ .source = old.source, .dest = old.dest };
	if (old.invert_source)
		info->flags |= XT_ADDRTYPE_INVERT_SOURCE;
	if (old.invert_dest)
		info->flags |= XT_ADDRTYPE_INVERT_DEST;
	return true;
}

bool xt_match_physdev(const struct ext *ext, struct xt_physdev *physdev)
{
	const uint8_t is = XT_PHYSDEV_OP_BRIDGED | XT_PHYSDEV_OP_ISIN | XT_PHYSDEV_OP_ISOUT;
	const char *data = (const char *)ext->data;
	struct xt_physdev_info info;

	if (!ext_is(ext, "physdev", 0) || !ext_get(ext, &info, sizeof(info)) ||
	    !memchr(info.physindev, 0, IFNAMSIZ) || !memchr(info.physoutdev, 0, IFNAMSIZ))
		return false;
	*physdev = (struct xt_physdev){
		.is = info.bitmask & is & ~info.invert, .is_not = info.bitmask & is & info.invert,
		.in.not = info.invert & XT_PHYSDEV_OP_IN, .out.not = info.invert & XT_PHYSDEV_OP_OUT,
	};
	if (info.bitmask & XT_PHYSDEV_OP_IN)
		physdev->in.name = data + offsetof(struct xt_physdev_info, physindev);
	if (info.bitmask & XT_PHYSDEV_OP_OUT)
		physdev->out.name = data + offsetof(struct xt_physdev_info, physoutdev);
	memcpy(physdev->in.port.name, info.physindev, IFNAMSIZ);
	memcpy(physdev->in.port.mask, info.in_mask, IFNAMSIZ);
	memcpy(physdev->out.port.name, info.physoutdev, IFNAMSIZ);
	memcpy(physdev->out.port.mask, info.out_mask, IFNAMSIZ);
	return true;
}

bool xt_match_states(const struct ext *ext, unsigned int *states, bool *except)
{
	struct xt_conntrack_mtinfo3 info;
	struct xt_state_info state;

	if (ext_is(ext, "state", 0) && ext_get(ext, &state, sizeof(state))) {
		/* Both use the same bits, except the one for untracked packets. */
		*states = state.statemask & ~XT_STATE_UNTRACKED;
		if (state.statemask & XT_STATE_UNTRACKED)
			*states |= XT_CONNTRACK_STATE_UNTRACKED;
		*except = false;
		return true;
	}
	if (!xt_match_conntrack(ext, &info) || !(info.match_flags & XT_CONNTRACK_STATE))
		return false;
	*states = info.state_mask;
	*except = info.invert_flags & XT_CONNTRACK_STATE;
	return true;
}

static struct span as_span(const uint16_t ports[2])
{
	return (struct span){ ports[0], ports[1] };
}

static bool read_tcp(const struct ext *ext, struct xt_ports *ports)
{
	struct xt_tcp tcp;

	if (!ext_get(ext, &tcp, sizeof(tcp)))
		return false;
	*ports = (struct xt_ports){
		.source = as_span(tcp.spts), .not_source = tcp.invflags & XT_TCP_INV_SRCPT,
		.dest = as_span(tcp.dpts), .not_dest = tcp.invflags & XT_TCP_INV_DSTPT,
		.flag_mask = tcp.flg_mask, .flags = tcp.flg_cmp,
		.not_flags = tcp.invflags & XT_TCP_INV_FLAGS, .more = tcp.option,
	};
	return true;
}

static bool read_udp(const struct ext *ext, struct xt_ports *ports)
{
	struct xt_udp udp;

	if (!ext_get(ext, &udp, sizeof(udp)))
		return false;
	*ports = (struct xt_ports){
		.source = as_span(udp.spts), .not_source = udp.invflags & XT_UDP_INV_SRCPT,
		.dest = as_span(udp.dpts), .not_dest = udp.invflags & XT_UDP_INV_DSTPT,
	};
	return true;
}

static bool read_sctp(const struct ext *ext, struct xt_ports *ports)
{
	struct xt_sctp_info sctp;

	if (!ext_get(ext, &sctp, sizeof(sctp)))
		return false;
	*ports = (struct xt_ports){ .source = SPAN_ALL, .dest = SPAN_ALL,
				    .more = sctp.flags & XT_SCTP_CHUNK_TYPES };
	if (sctp.flags & XT_SCTP_SRC_PORTS) {
		ports->source = as_span(sctp.spts);
		ports->not_source = sctp.invflags & XT_SCTP_SRC_PORTS;
	}
	if (sctp.flags & XT_SCTP_DEST_PORTS) {
		ports->dest = as_span(sctp.dpts);
		ports->not_dest = sctp.invflags & XT_SCTP_DEST_PORTS;
	}
	return true;
}

static bool read_dccp(const struct ext *ext, struct xt_ports *ports)
{
	struct xt_dccp_info dccp;

	if (!ext_get(ext, &dccp, sizeof(dccp)))
		return false;
	*ports = (struct xt_ports){ .source = SPAN_ALL, .dest = SPAN_ALL,
				    .more = dccp.flags & (XT_DCCP_TYPE | XT_DCCP_OPTION) };
	if (dccp.flags & XT_DCCP_SRC_PORTS) {
		ports->source = as_span(dccp.spts);
		ports->not_source = dccp.invflags & XT_DCCP_SRC_PORTS;
	}
	if (dccp.flags & XT_DCCP_DEST_PORTS) {
		ports->dest = as_span(dccp.dpts);
		ports->not_dest = dccp.invflags & XT_DCCP_DEST_PORTS;
	}
	return true;
}

bool xt_match_ports(const struct ext *ext, struct xt_ports *ports)
{
	static const struct {
		const char *name;
		bool (*read)(const struct ext *ext, struct xt_ports *ports);
	} matches[] = {
		{ "tcp", read_tcp }, { "udp", read_udp }, { "udplite", read_udp },
		{ "sctp", read_sctp }, { "dccp", read_dccp },
	};

	for (size_t i = 0; i < ARRAY_SIZE(matches); i++)
		if (ext_is(ext, matches[i].name, 0))
			return matches[i].read(ext, ports);
	return false;
}

/* Of udp, the first members are the same; the flags stay 0. */
_Static_assert(offsetof(struct xt_tcp, dpts) == offsetof(struct xt_udp, dpts), "ports are alike");

bool xt_dports_add(struct rule *rule, uint16_t first, uint16_t last)
{
	union {
		uint8_t bytes[XT_ALIGN(sizeof(struct xt_tcp))];
		struct xt_tcp tcp;
	} data = { .bytes = { 0 } };
	bool tcp = rule->proto == IPPROTO_TCP;
	size_t size = XT_ALIGN(tcp ? sizeof(struct xt_tcp) : sizeof(struct xt_udp));

	if (!tcp && rule->proto != IPPROTO_UDP)
		return false;
	data.tcp.spts[1] = UINT16_MAX;
	data.tcp.dpts[0] = first;
	data.tcp.dpts[1] = last;
	rule_add_match(rule, tcp ? "tcp" : "udp", 0, data.bytes, size)->usersize = size;
	return true;
}

bool xt_match_rule_dports(const struct rule *rule, struct span *ports)
{
	*ports = SPAN_ALL;
	if (rule->opaque)
		return false;
	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *ext = &rule->matches[i];
		struct xt_ports one;

		if (!strcmp(ext->name, "multiport"))
			return false;
		if (!xt_match_ports(ext, &one))
			continue;
		if (one.not_dest)
			return false;
		if (one.dest.lo > ports->lo)
			ports->lo = one.dest.lo;
		if (one.dest.hi < ports->hi)
			ports->hi = one.dest.hi;
	}
	return ports->lo <= ports->hi;
}
