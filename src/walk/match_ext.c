/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "match_ext.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "xt_match.h"

#define TCP_SYN 0x02   /* the flags of a first packet … */
#define TCP_KNOWN 0x17 /* … among FIN, SYN, RST and ACK; it may have any other */

static enum answer yes(bool condition)
{
	return condition ? ANSWER_YES : ANSWER_NO;
}

static enum answer inv(enum answer answer, bool invert)
{
	return invert ? answer_not(answer) : answer;
}

/* Whether a value that is somewhere in the span is between lo and hi. */
static enum answer span_in(struct span span, uint16_t lo, uint16_t hi)
{
	if (span.lo >= lo && span.hi <= hi)
		return ANSWER_YES;
	return span.hi < lo || span.lo > hi ? ANSWER_NO : ANSWER_MAYBE;
}

static enum answer answer_or(enum answer a, enum answer b)
{
	return a > b ? a : b;
}

static enum answer flags_are(uint8_t mask, uint8_t flags, bool established)
{
	if (established && mask && !(flags & ~mask))
		return ANSWER_MAYBE;
	if (flags & ~mask || (TCP_SYN ^ flags) & mask & TCP_KNOWN)
		return ANSWER_NO;
	return mask & ~TCP_KNOWN ? ANSWER_MAYBE : ANSWER_YES;
}

/* The conditions of a match on ports, apart from the ports. */
static enum answer other_conditions(const struct xt_ports *ports, const struct packet *packet)
{
	enum answer answer = inv(flags_are(ports->flag_mask, ports->flags, packet->established),
				 ports->not_flags);

	return ports->more ? answer_and(answer, ANSWER_MAYBE) : answer;
}

static enum answer match_ports(const struct ext *ext, const struct packet *packet)
{
	struct xt_ports ports;
	enum answer source, dest;

	if (!xt_match_ports(ext, &ports))
		return ANSWER_MAYBE;
	source = inv(span_in(packet->sport, ports.source.lo, ports.source.hi), ports.not_source);
	dest = inv(span_in(packet->dport, ports.dest.lo, ports.dest.hi), ports.not_dest);
	return answer_and(answer_and(source, dest), other_conditions(&ports, packet));
}

enum answer match_either_port(const struct ext *ext, const struct packet *packet,
			      const struct netinfo *info)
{
	struct xt_ports ports;
	enum answer equal;

	if ((!ext_is(ext, "tcp", 0) && !ext_is(ext, "udp", 0)) || !xt_match_ports(ext, &ports))
		return match_ext(ext, packet, info);
	equal = answer_and(span_in(packet->sport, ports.source.lo, ports.source.hi),
			   span_in(packet->dport, ports.dest.lo, ports.dest.hi));
	return answer_and(answer_not(equal), other_conditions(&ports, packet));
}

static enum answer one_port(const struct packet *packet, uint8_t flags, uint16_t lo, uint16_t hi)
{
	enum answer sport = span_in(packet->sport, lo, hi), dport = span_in(packet->dport, lo, hi);

	if (flags == XT_MULTIPORT_SOURCE)
		return sport;
	return flags == XT_MULTIPORT_DESTINATION ? dport : answer_or(sport, dport);
}

static enum answer match_multiport(const struct ext *ext, const struct packet *packet)
{
	enum answer answer = ANSWER_NO;
	struct xt_multiport_v1 ports;

	if (!ext_get(ext, &ports, sizeof(ports)) || ports.count > XT_MULTI_PORTS)
		return ANSWER_MAYBE;
	if (!proto_has_ports(packet->proto))
		return ANSWER_MAYBE;
	for (size_t i = 0; i < ports.count; i++) {
		uint16_t lo = ports.ports[i], hi = lo;

		if (ports.pflags[i] && i + 1 < ports.count)
			hi = ports.ports[++i];
		answer = answer_or(answer, one_port(packet, ports.flags, lo, hi));
	}
	return inv(answer, ports.invert);
}

static enum answer match_icmp(const struct ext *ext, const struct packet *packet, bool v6)
{
	/* ipt_icmp and ip6t_icmp have the same members. */
	struct ipt_icmp icmp;
	enum answer answer;

	_Static_assert(sizeof(struct ipt_icmp) == sizeof(struct ip6t_icmp), "icmp");
	if (!ext_get(ext, &icmp, sizeof(icmp)))
		return ANSWER_MAYBE;
	answer = answer_and(span_in(packet->icmp_type, icmp.type, icmp.type),
			    span_in(packet->icmp_code, icmp.code[0], icmp.code[1]));
	if (!v6 && icmp.type == 0xff)
		answer = ANSWER_YES;
	return inv(answer, icmp.invflags & IPT_ICMP_INV);
}

enum answer match_dst_masked(const struct packet *packet, const struct addrrange *dst, addr_t addr,
			     addr_t mask)
{
	addr_t differ = dst->lo ^ dst->hi, above;

	if (!differ)
		return addr_masked_equal(dst->lo, addr, mask) ? ANSWER_YES : ANSWER_NO;
	/* The bits that the whole span shares: those above the highest one that differs. */
	above = addr_max(packet->family);
	while (differ) {
		differ >>= 1;
		above <<= 1;
	}
	above &= addr_max(packet->family);
	if (!addr_masked_equal(dst->lo, addr, mask & above))
		return ANSWER_NO;
	return mask & ~above ? ANSWER_MAYBE : ANSWER_YES;
}

static enum answer ct_ports(const struct xt_conntrack_mtinfo3 *info, const struct packet *packet)
{
	enum answer answer = ANSWER_YES;
	bool ports = proto_has_ports(packet->proto);
	struct span any = { 0, 65535 };
	const struct {
		uint16_t flag;
		struct span port;
		uint16_t lo, hi;
	} wanted[] = {
		{ XT_CONNTRACK_ORIGSRC_PORT, packet->sport, info->origsrc_port,
		  info->origsrc_port_high },
		{ XT_CONNTRACK_ORIGDST_PORT, packet->orig_dport, info->origdst_port,
		  info->origdst_port_high },
		/* Replies come from where the packet goes to now. */
		{ XT_CONNTRACK_REPLSRC_PORT, ports ? packet->dport : any, info->replsrc_port,
		  info->replsrc_port_high },
		{ XT_CONNTRACK_REPLDST_PORT, ports ? packet->sport : any, info->repldst_port,
		  info->repldst_port_high },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (info->match_flags & wanted[i].flag)
			answer = answer_and(answer,
					    inv(span_in(wanted[i].port, wanted[i].lo, wanted[i].hi),
						info->invert_flags & wanted[i].flag));
	return answer;
}

/* The states of a packet, if its destination was changed or not. */
static unsigned int ct_state(const struct packet *packet, bool dnat)
{
	if (packet->ct == CT_UNTRACKED)
		return XT_CONNTRACK_STATE_UNTRACKED;
	if (packet->ct == CT_NONE)
		return XT_CONNTRACK_STATE_INVALID;
	return XT_CONNTRACK_STATE_BIT(packet->established ? IP_CT_ESTABLISHED : IP_CT_NEW) |
	       (dnat ? XT_CONNTRACK_STATE_DNAT : 0);
}

static enum answer ct_state_is(const struct xt_conntrack_mtinfo3 *info, const struct packet *packet)
{
	bool invert = info->invert_flags & XT_CONNTRACK_STATE;
	bool is = info->state_mask & ct_state(packet, packet->dnat);

	if (packet->dnat_unsure && is != !!(info->state_mask & ct_state(packet, false)))
		return ANSWER_MAYBE;
	return yes(is != invert);
}

static enum answer match_conntrack(const struct ext *ext, const struct packet *packet)
{
	struct xt_conntrack_mtinfo3 info;
	enum family family = packet->family;
	enum answer answer = ANSWER_YES;

	if (!xt_match_conntrack(ext, &info))
		return ANSWER_MAYBE;
	if (info.match_flags & XT_CONNTRACK_STATE)
		answer = ct_state_is(&info, packet);
	if (answer == ANSWER_NO)
		return ANSWER_NO;
	if (packet->ct != CT_NEW)
		return yes(info.match_flags & XT_CONNTRACK_STATE);
	if (info.match_flags & XT_CONNTRACK_DIRECTION && info.invert_flags & XT_CONNTRACK_DIRECTION)
		return ANSWER_NO;
	if (info.match_flags & XT_CONNTRACK_ORIGDST)
		answer = answer_and(answer, inv(match_dst_masked(packet, &packet->orig_dst,
								 addr_load(family, &info.origdst_addr),
								 addr_load(family, &info.origdst_mask)),
						info.invert_flags & XT_CONNTRACK_ORIGDST));
	if (info.match_flags & XT_CONNTRACK_REPLSRC)
		answer = answer_and(answer, inv(match_dst_masked(packet, &packet->dst,
								 addr_load(family, &info.replsrc_addr),
								 addr_load(family, &info.replsrc_mask)),
						info.invert_flags & XT_CONNTRACK_REPLSRC));
	if (info.match_flags & XT_CONNTRACK_PROTO)
		answer = answer_and(answer, inv(yes(packet->proto == info.l4proto),
						info.invert_flags & XT_CONNTRACK_PROTO));
	answer = answer_and(answer, ct_ports(&info, packet));
	/* A new connection that was not expected: no bit that can be matched on is set. */
	if (info.match_flags & XT_CONNTRACK_STATUS)
		answer = answer_and(answer, packet->established ? ANSWER_MAYBE
					    : inv(ANSWER_NO, info.invert_flags & XT_CONNTRACK_STATUS));
	if (info.match_flags & XT_CONNTRACK_EXPIRES)
		answer = answer_and(answer, ANSWER_MAYBE);
	return answer;
}

static enum answer match_state(const struct ext *ext, const struct packet *packet)
{
	unsigned int states;
	bool not;

	if (!xt_match_states(ext, &states, &not))
		return ANSWER_MAYBE;
	/* Unlike conntrack, this match has no DNAT state. */
	return yes(states & ct_state(packet, false));
}

static bool mapped6(addr_t addr)
{
	return addr >> 32 == 0xffff;
}

/* Like the kernel: all of the first types must hold, then one of those that need routing. */
static enum answer addr_types6(addr_t addr, uint16_t types, int dev, const struct netinfo *info)
{
	bool multicast = addr >> 120 == 0xff;
	unsigned int routed = types & (XT_ADDRTYPE_ANYCAST | XT_ADDRTYPE_LOCAL |
				       XT_ADDRTYPE_UNREACHABLE);

	if ((types & XT_ADDRTYPE_MULTICAST && !multicast) ||
	    (types & XT_ADDRTYPE_UNICAST && (multicast || !addr || mapped6(addr))) ||
	    (types & XT_ADDRTYPE_UNSPEC && addr))
		return ANSWER_NO;
	if (!routed)
		return ANSWER_YES;
	if (routed & XT_ADDRTYPE_LOCAL &&
	    netinfo_addr_type(info, FAMILY_IPV6, addr, dev) == RTN_LOCAL)
		return ANSWER_YES;
	if (routed == XT_ADDRTYPE_LOCAL && !netinfo_local_elsewhere(info, FAMILY_IPV6, addr, addr))
		return ANSWER_NO;
	return ANSWER_MAYBE;
}

enum answer match_addr_types(enum family family, addr_t addr, uint16_t types, int dev,
			     const struct netinfo *info)
{
	if (family == FAMILY_IPV6)
		return addr_types6(addr, types, dev, info);
	return yes(types & 1U << netinfo_addr_type(info, family, addr, dev));
}

/* The same for a range of addresses, which have no interface to be limited to. */
static enum answer match_range_type(const struct packet *packet, uint16_t types,
				    const struct netinfo *info)
{
	struct addrset local = { 0 }, range = { 0 };
	enum answer answer = ANSWER_MAYBE;

	if (types != XT_ADDRTYPE_LOCAL)
		return ANSWER_MAYBE;
	netinfo_type_set(info, packet->family, RTN_LOCAL, 0, &local);
	addrset_add(&range, packet->dst.lo, packet->dst.hi);
	addrset_subtract(&range, &local);
	if (!range.n)
		answer = ANSWER_YES;
	else if (range.n == 1 && range.v[0].lo == packet->dst.lo && range.v[0].hi == packet->dst.hi &&
		 !netinfo_local_elsewhere(info, packet->family, packet->dst.lo, packet->dst.hi))
		answer = ANSWER_NO;
	addrset_clear(&local);
	addrset_clear(&range);
	return answer;
}

/* Likewise for an address of the host, whichever it is. */
static enum answer match_own_type(const struct packet *packet, uint16_t types)
{
	const unsigned int others = XT_ADDRTYPE_MULTICAST | XT_ADDRTYPE_UNSPEC,
			   routed = XT_ADDRTYPE_ANYCAST | XT_ADDRTYPE_LOCAL |
				    XT_ADDRTYPE_UNREACHABLE;

	if (packet->family == FAMILY_IPV4 || types & XT_ADDRTYPE_LOCAL)
		return yes(types & XT_ADDRTYPE_LOCAL &&
			   (packet->family == FAMILY_IPV4 || !(types & others)));
	if (types & others)
		return ANSWER_NO;
	return types & routed ? ANSWER_MAYBE : ANSWER_YES;
}

static enum answer match_addrtype(const struct ext *ext, const struct packet *packet,
				  const struct netinfo *info)
{
	struct xt_addrtype_info_v1 type;
	int dev = 0;

	if (!xt_match_addrtype(ext, &type))
		return ANSWER_MAYBE;
	if (!type.dest)
		return ANSWER_YES;
	if (packet->dst.lo != packet->dst.hi)
		return type.flags & (XT_ADDRTYPE_LIMIT_IFACE_IN | XT_ADDRTYPE_LIMIT_IFACE_OUT)
			       ? ANSWER_MAYBE
			       : inv(packet->to_host ? match_own_type(packet, type.dest)
						     : match_range_type(packet, type.dest, info),
				     type.flags & XT_ADDRTYPE_INVERT_DEST);
	if (type.flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
		dev = packet->in_index;
	else if (type.flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		dev = packet->out_index;
	return inv(match_addr_types(packet->family, packet->dst.lo, type.dest, dev, info),
		   type.flags & XT_ADDRTYPE_INVERT_DEST);
}

static enum answer match_iprange(const struct ext *ext, const struct packet *packet)
{
	struct xt_iprange_mtinfo range;
	enum answer answer = ANSWER_MAYBE;
	addr_t lo, hi;

	if (!xt_match_iprange(ext, &range))
		return ANSWER_MAYBE;
	if (!(range.flags & IPRANGE_DST))
		return ANSWER_YES;
	lo = addr_load(packet->family, &range.dst_min);
	hi = addr_load(packet->family, &range.dst_max);
	if (packet->dst.lo >= lo && packet->dst.hi <= hi)
		answer = ANSWER_YES;
	else if (packet->dst.hi < lo || packet->dst.lo > hi)
		answer = ANSWER_NO;
	return inv(answer, range.flags & IPRANGE_DST_INV);
}

static enum answer mark_is(struct mark mark, uint32_t value, uint32_t mask, bool invert)
{
	if (mark.unknown && mask)
		return ANSWER_MAYBE;
	return inv(yes((mark.value & mask) == value), invert);
}

static enum answer match_mark(const struct ext *ext, const struct packet *packet)
{
	struct xt_mark_mtinfo1 mark;

	if (!ext_get(ext, &mark, sizeof(mark)))
		return ANSWER_MAYBE;
	return mark_is(packet->mark, mark.mark, mark.mask, mark.invert);
}

static enum answer match_connmark(const struct ext *ext, const struct packet *packet)
{
	struct xt_connmark_mtinfo1 mark;

	if (!ext_get(ext, &mark, sizeof(mark)))
		return ANSWER_MAYBE;
	if (packet->ct != CT_NEW)
		return ANSWER_NO;
	return mark_is(packet->ctmark, mark.mark, mark.mask, mark.invert);
}

/* These discard what is not for this host at the link layer, such as in tcp_v4_rcv(). */
static bool proto_wants_host(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_SCTP || proto == IPPROTO_DCCP;
}

struct span match_frame_types(const struct packet *packet, const struct netinfo *info)
{
	const struct addrrange *dst = &packet->orig_dst;
	const struct netif *in = netinfo_if(info, packet->in);
	bool received = !*packet->out && !(in && in->loopback) && !proto_wants_host(packet->proto);
	bool bridged = packet->in_bridge && !memcmp(packet->in, packet->out, IFNAMSIZ);
	bool one = packet->to_host || dst->lo == dst->hi;
	uint8_t type = RTN_UNICAST;

	if (one && !packet->to_host)
		type = netinfo_addr_type(info, packet->family, dst->lo, 0);
	if (!one || type == RTN_MULTICAST || type == RTN_BROADCAST)
		return (struct span){ PACKET_HOST, PACKET_LOOPBACK };
	if (received || bridged)
		return (struct span){ PACKET_HOST, PACKET_MULTICAST };
	return (struct span){ PACKET_HOST, PACKET_HOST };
}

static enum answer match_pkttype(const struct ext *ext, const struct packet *packet,
				 const struct netinfo *info)
{
	struct xt_pkttype_info type;

	if (!ext_get(ext, &type, sizeof(type)))
		return ANSWER_MAYBE;
	if (type.pkttype < 0 || type.pkttype > PACKET_USER)
		return yes(type.invert);
	return inv(span_in(match_frame_types(packet, info), (uint16_t)type.pkttype,
			   (uint16_t)type.pkttype),
		   type.invert);
}

/*
 * Whether the packet comes into its bridge, or leaves it, by such a port: by which one is not
 * known, nor whether netfilter sees the packet there at all.
 */
static enum answer match_port(const struct interface *port, bool invert,
			      const struct packet *packet, const struct netinfo *info)
{
	bool any = invert, all = invert; /* without a port, no name matches, not even "+" */

	for (size_t i = 0; packet->in_bridge && i < info->nifs; i++) {
		bool matches = interface_matches(port, invert, info->ifs[i].name);

		if (!info->ifs[i].port || info->ifs[i].master != packet->in_index)
			continue;
		any |= matches;
		all &= matches;
	}
	return any == all ? yes(any) : ANSWER_MAYBE;
}

static enum answer match_physdev(const struct ext *ext, const struct packet *packet,
				 const struct netinfo *info)
{
	enum answer answer = ANSWER_YES;
	struct xt_physdev physdev;

	if (!xt_match_physdev(ext, &physdev))
		return ANSWER_MAYBE;
	if (!packet->in_bridge)
		answer = yes(!physdev.is);
	else if (physdev.is || physdev.is_not)
		answer = ANSWER_MAYBE;
	if (physdev.in.name)
		answer = answer_and(answer, match_port(&physdev.in.port, physdev.in.not, packet, info));
	if (physdev.out.name)
		answer = answer_and(answer, match_port(&physdev.out.port, physdev.out.not, packet, info));
	return answer;
}

enum answer match_ext(const struct ext *ext, const struct packet *packet,
		      const struct netinfo *info)
{
	if (!strcmp(ext->name, "comment"))
		return ANSWER_YES;
	if (ext_is(ext, "tcp", 0) || ext_is(ext, "udp", 0) || ext_is(ext, "udplite", 0) ||
	    ext_is(ext, "sctp", 0) || ext_is(ext, "dccp", 0))
		return match_ports(ext, packet);
	if (!strcmp(ext->name, "conntrack"))
		return match_conntrack(ext, packet);
	if (ext_is(ext, "state", 0))
		return match_state(ext, packet);
	if (!strcmp(ext->name, "addrtype"))
		return match_addrtype(ext, packet, info);
	if (ext_is(ext, "multiport", 1))
		return match_multiport(ext, packet);
	if (ext_is(ext, "icmp", 0))
		return match_icmp(ext, packet, false);
	if (ext_is(ext, "icmp6", 0))
		return match_icmp(ext, packet, true);
	if (ext_is(ext, "iprange", 1))
		return match_iprange(ext, packet);
	if (ext_is(ext, "mark", 1))
		return match_mark(ext, packet);
	if (ext_is(ext, "connmark", 1))
		return match_connmark(ext, packet);
	if (ext_is(ext, "pkttype", 0))
		return match_pkttype(ext, packet, info);
	if (!strcmp(ext->name, "physdev"))
		return match_physdev(ext, packet, info);
	return ANSWER_MAYBE;
}
