/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_decode_cmp.h"

/* Before the kernel's headers, which then leave out what it defines. */
#include <netinet/in.h>

#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv4/ipt_ttl.h>
#include <string.h>

#include "nft_canonical.h"
#include "nft_headers.h"
#include "nft_interface.h"

_Static_assert(IFNAMSIZ == sizeof(((struct nft_load *)0)->mask), "the longest value is a name");

/* Equal or not equal, as INV_*; the other operators are only for numbers. */
static bool take_invert(struct nft_decoder *d, uint32_t op, unsigned int inversion)
{
	if (op != NFT_CMP_EQ && op != NFT_CMP_NEQ)
		return nft_refuse(d, "operator %u", op);
	if (op == NFT_CMP_NEQ)
		d->rule->invert |= inversion;
	return true;
}

static bool whole(struct nft_decoder *d, size_t size, bool may_be_masked)
{
	if (d->load.size != size)
		return nft_refuse(d, "%u bytes of a value of %zu", d->load.size, size);
	if (d->load.masked && !may_be_masked)
		return nft_refuse(d, "a mask");
	return true;
}

/* ---- meta ---- */

/*
 * "eth0" with its NUL, which nft pads to the full length; "eth" without a NUL
 * is eth+. For "! -i +", iptables writes a name that no interface has.
 */
static bool cmp_interface(struct nft_decoder *d, struct interface *iface, unsigned int part,
			  unsigned int inversion, uint32_t op, const uint8_t *data, size_t size)
{
	static const char none[] = NFT_NO_INTERFACE;
	char name[IFNAMSIZ + 1] = "";
	size_t length = strnlen((const char *)data, size);

	if (!nft_claim_part(d, part) || !take_invert(d, op, inversion))
		return false;
	if (size == sizeof(none) && !memcmp(data, none, size) && op == NFT_CMP_EQ) {
		d->rule->invert |= inversion;
		interface_set(iface, "+");
		return true;
	}
	for (size_t i = length; i < size; i++)
		if (data[i])
			return nft_refuse(d, "bytes after the interface's name");
	memcpy(name, data, length);
	if (length == size) {
		name[length] = '+';
		if (length + 1 >= IFNAMSIZ)
			return nft_refuse(d, "wildcard that is too long");
	} else if (length && name[length - 1] == '+') {
		return nft_refuse(d, "interface whose name is a wildcard");
	}
	if (!length || !interface_set(iface, name))
		return nft_refuse(d, "interface without a name");
	return true;
}

/* By its number, which the interface keeps while it exists: as -i or -o with its name. */
static bool cmp_index(struct nft_decoder *d, struct interface *iface, unsigned int part,
		      unsigned int inversion, uint32_t op, const uint8_t *data)
{
	char name[IFNAMSIZ];
	uint32_t index;

	memcpy(&index, data, sizeof(index));
	if (!nft_claim_part(d, part) || !take_invert(d, op, inversion))
		return false;
	if (!nft_interface_name(index, name))
		return nft_refuse(d, "interface %u, which does not exist", index);
	if (name[strlen(name) - 1] == '+' || !interface_set(iface, name))
		return nft_refuse(d, "interface whose name is a wildcard");
	return true;
}

static bool cmp_proto(struct nft_decoder *d, uint32_t op, uint8_t proto)
{
	if (!nft_claim_part(d, DECODED_PROTO) || !take_invert(d, op, INV_PROTO))
		return false;
	if (!proto)
		return nft_refuse(d, "protocol 0");
	d->rule->proto = proto;
	return true;
}

static bool cmp_mark(struct nft_decoder *d, uint32_t op, const uint8_t *data)
{
	struct xt_mark_mtinfo1 info;

	if (!take_invert(d, op, 0))
		return false;
	/* The bytes after the last member are also compared. */
	memset(&info, 0, sizeof(info));
	info.mask = UINT32_MAX;
	info.invert = op == NFT_CMP_NEQ;
	memcpy(&info.mark, data, sizeof(info.mark));
	if (d->load.masked)
		memcpy(&info.mask, d->load.mask, sizeof(info.mask));
	nft_add_match(d, "mark", &info, sizeof(info))->revision = 1;
	return true;
}

static bool cmp_pkttype(struct nft_decoder *d, uint32_t op, uint8_t type)
{
	struct xt_pkttype_info info = { .pkttype = type, .invert = op == NFT_CMP_NEQ };

	if (!take_invert(d, op, 0))
		return false;
	nft_add_match(d, "pkttype", &info, sizeof(info));
	return true;
}

static bool cmp_meta(struct nft_decoder *d, uint32_t op, const uint8_t *data, size_t size)
{
	struct rule *rule = d->rule;
	uint32_t key = d->load.key;

	/* A name may be compared in part; everything else has one size. */
	if (key != NFT_META_IIFNAME && key != NFT_META_OIFNAME && size != d->load.size)
		return nft_refuse(d, "%zu bytes of a value of %u", size, d->load.size);
	if (d->load.masked && key != NFT_META_MARK)
		return nft_refuse(d, "a mask");
	switch (key) {
	case NFT_META_IIFNAME:
		return cmp_interface(d, &rule->in, DECODED_IN, INV_IN, op, data, size);
	case NFT_META_OIFNAME:
		return cmp_interface(d, &rule->out, DECODED_OUT, INV_OUT, op, data, size);
	case NFT_META_IIF:
		return cmp_index(d, &rule->in, DECODED_IN, INV_IN, op, data);
	case NFT_META_OIF:
		return cmp_index(d, &rule->out, DECODED_OUT, INV_OUT, op, data);
	case NFT_META_L4PROTO:
		return cmp_proto(d, op, data[0]);
	case NFT_META_MARK:
		return cmp_mark(d, op, data);
	case NFT_META_PKTTYPE:
		return cmp_pkttype(d, op, data[0]);
	default:
		return nft_refuse(d, "meta key %u", key);
	}
}

bool nft_decode_idle_load(struct nft_decoder *d)
{
	const struct nft_load *load = &d->load;

	if (load->kind == LOAD_NONE)
		return true;
	if (load->kind == LOAD_META && !load->masked && load->key == NFT_META_IIFNAME)
		return nft_claim_part(d, DECODED_IN);
	if (load->kind == LOAD_META && !load->masked && load->key == NFT_META_OIFNAME)
		return nft_claim_part(d, DECODED_OUT);
	/* The last port of a range need not follow. */
	if (load->from && !load->masked)
		return true;
	return nft_refuse(d, "value that is never used");
}

/* ---- network header ---- */

/*
 * A prefix of whole bytes may be loaded short; a mask needs the whole address.
 * Bits that the mask does not cover must be zero, or the rule matches nothing.
 */
static bool cmp_address(struct nft_decoder *d, struct address *address, unsigned int part,
			unsigned int inversion, uint32_t op, const uint8_t *data)
{
	size_t size = d->load.size, full = family_addr_size(d->rule->family);

	if (!nft_claim_part(d, part) || !take_invert(d, op, inversion))
		return false;
	if (size > full || (d->load.masked && size != full))
		return nft_refuse(d, "%zu bytes of an address", size);
	if (d->load.masked)
		memcpy(address->mask, d->load.mask, size);
	else
		memset(address->mask, 0xff, size);
	memcpy(address->addr, data, size);
	for (size_t i = 0; i < size; i++)
		if (data[i] & ~address->mask[i])
			return nft_refuse(d, "address beyond its mask");
	return true;
}

static bool cmp_frag(struct nft_decoder *d, uint32_t op, const uint8_t *data)
{
	static const uint8_t offset[] = { 0x1f, 0xff };

	if (!nft_claim_part(d, DECODED_FRAG) || !whole(d, sizeof(offset), true))
		return false;
	if (!d->load.masked || memcmp(d->load.mask, offset, sizeof(offset)) || data[0] || data[1])
		return nft_refuse(d, "fragment field");
	if (op != NFT_CMP_EQ && op != NFT_CMP_NEQ)
		return nft_refuse(d, "operator %u", op);
	d->rule->frag = true;
	if (op == NFT_CMP_EQ)
		d->rule->invert |= INV_FRAG;
	return true;
}

/* The structures of ttl and hl are the same, and so are their modes. */
static bool cmp_hops(struct nft_decoder *d, uint32_t op, uint8_t hops)
{
	static const uint8_t modes[] = {
		[NFT_CMP_EQ] = IPT_TTL_EQ,
		[NFT_CMP_NEQ] = IPT_TTL_NE,
		[NFT_CMP_LT] = IPT_TTL_LT,
		[NFT_CMP_GT] = IPT_TTL_GT,
		[NFT_CMP_LTE] = IPT_TTL_LT,
		[NFT_CMP_GTE] = IPT_TTL_GT,
	};
	struct ipt_ttl_info info = { .ttl = hops };

	if (!whole(d, 1, false))
		return false;
	if (op >= sizeof(modes) || (op == NFT_CMP_LTE && hops == UINT8_MAX) ||
	    (op == NFT_CMP_GTE && !hops))
		return nft_refuse(d, "operator %u", op);
	info.mode = modes[op];
	if (op == NFT_CMP_LTE)
		info.ttl++;
	else if (op == NFT_CMP_GTE)
		info.ttl--;
	nft_add_match(d, d->rule->family == FAMILY_IPV4 ? "ttl" : "hl", &info, sizeof(info));
	return true;
}

static bool cmp_ipv4(struct nft_decoder *d, uint32_t op, const uint8_t *data)
{
	struct rule *rule = d->rule;

	switch (d->load.offset) {
	case 6:
		return cmp_frag(d, op, data);
	case 8:
		return cmp_hops(d, op, data[0]);
	case 9:
		return whole(d, 1, false) && cmp_proto(d, op, data[0]);
	case 12:
		return cmp_address(d, &rule->src, DECODED_SRC, INV_SRC, op, data);
	case 16:
		return cmp_address(d, &rule->dst, DECODED_DST, INV_DST, op, data);
	default:
		return nft_refuse(d, "byte %u of the IPv4 header", d->load.offset);
	}
}

/* The next header is not the protocol, since there may be extension headers. */
static bool cmp_ipv6(struct nft_decoder *d, uint32_t op, const uint8_t *data)
{
	struct rule *rule = d->rule;

	switch (d->load.offset) {
	case 7:
		return cmp_hops(d, op, data[0]);
	case 8:
		return cmp_address(d, &rule->src, DECODED_SRC, INV_SRC, op, data);
	case 24:
		return cmp_address(d, &rule->dst, DECODED_DST, INV_DST, op, data);
	default:
		return nft_refuse(d, "byte %u of the IPv6 header", d->load.offset);
	}
}

/* ---- transport header ---- */

/* tcp and udp begin with the same ports. */
_Static_assert(offsetof(struct xt_tcp, dpts) == offsetof(struct xt_udp, dpts), "ports are alike");

/* The one tcp or udp match for all native comparisons of a rule. */
static struct ext *ports_match(struct nft_decoder *d)
{
	static const struct xt_tcp tcp = { .spts = { 0, UINT16_MAX }, .dpts = { 0, UINT16_MAX } };
	static const struct xt_udp udp = { .spts = { 0, UINT16_MAX }, .dpts = { 0, UINT16_MAX } };

	if (!d->has_ports) {
		d->has_ports = true;
		d->ports = d->rule->nmatches;
		if (d->rule->proto == IPPROTO_TCP)
			nft_add_match(d, "tcp", &tcp, sizeof(tcp));
		else
			nft_add_match(d, "udp", &udp, sizeof(udp));
	}
	return &d->rule->matches[d->ports];
}

static bool set_ports(struct nft_decoder *d, unsigned int part, bool invert, uint16_t low,
		      uint16_t high)
{
	struct ext *match;
	bool source = part == DECODED_SPORT;
	uint16_t ports[] = { low, high };

	if (!nft_claim_part(d, part))
		return false;
	match = ports_match(d);
	memcpy(match->data + (source ? offsetof(struct xt_tcp, spts) :
				       offsetof(struct xt_tcp, dpts)), ports, sizeof(ports));
	if (invert && d->rule->proto == IPPROTO_TCP)
		match->data[offsetof(struct xt_tcp, invflags)] |=
			source ? XT_TCP_INV_SRCPT : XT_TCP_INV_DSTPT;
	else if (invert)
		match->data[offsetof(struct xt_udp, invflags)] |=
			source ? XT_UDP_INV_SRCPT : XT_UDP_INV_DSTPT;
	return true;
}

static uint16_t port_at(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

/* A range is two comparisons of one loaded value, from its first port on and to its last. */
static bool cmp_last_port(struct nft_decoder *d, unsigned int part, uint32_t op, uint16_t port)
{
	struct ext *match = ports_match(d);
	uint8_t *at = match->data + (part == DECODED_SPORT ? offsetof(struct xt_tcp, spts) :
							     offsetof(struct xt_tcp, dpts));
	uint16_t ports[2];

	d->load.from = false;
	memcpy(ports, at, sizeof(ports));
	if (op != NFT_CMP_LTE || port < ports[0])
		return nft_refuse(d, "operator %u with port %u after port %u", op, port, ports[0]);
	ports[1] = port;
	memcpy(at, ports, sizeof(ports));
	return true;
}

/* As iptables reads them: ports above one are a range up to the last port. */
static bool cmp_port(struct nft_decoder *d, unsigned int part, uint32_t op, uint16_t port)
{
	if (d->load.from)
		return cmp_last_port(d, part, op, port);
	switch (op) {
	case NFT_CMP_EQ:
	case NFT_CMP_NEQ:
		return set_ports(d, part, op == NFT_CMP_NEQ, port, port);
	case NFT_CMP_LTE:
		return set_ports(d, part, false, 0, port);
	case NFT_CMP_GTE:
		d->load.from = true;
		return set_ports(d, part, false, port, UINT16_MAX);
	case NFT_CMP_LT:
		if (port >= 2)
			return set_ports(d, part, false, 0, port - 1);
		break;
	case NFT_CMP_GT:
		if (port < UINT16_MAX)
			return set_ports(d, part, false, port + 1, UINT16_MAX);
		break;
	default:
		break;
	}
	return nft_refuse(d, "operator %u with port %u", op, port);
}

static bool cmp_tcp_flags(struct nft_decoder *d, uint32_t op, uint8_t flags)
{
	const uint8_t named = 0x3f; /* the flags that iptables has a name for */
	struct ext *match;
	struct xt_tcp tcp;

	if (d->rule->proto != IPPROTO_TCP || !whole(d, 1, true))
		return nft_refuse(d, "byte %u of the transport header", d->load.offset);
	if (!nft_claim_part(d, DECODED_TCP_FLAGS) || !take_invert(d, op, 0))
		return false;
	match = ports_match(d);
	memcpy(&tcp, match->data, sizeof(tcp));
	tcp.flg_mask = d->load.masked ? d->load.mask[0] : UINT8_MAX;
	tcp.flg_cmp = flags;
	if (op == NFT_CMP_NEQ)
		tcp.invflags |= XT_TCP_INV_FLAGS;
	memcpy(match->data, &tcp, sizeof(tcp));
	if ((tcp.flg_mask | tcp.flg_cmp) & ~named)
		return nft_refuse(d, "flags that iptables does not know");
	/* Without a mask the flags are not printed, and not every release looks at them. */
	return tcp.flg_mask ? true : nft_refuse(d, "flags under an empty mask");
}

/*
 * Both ports at once. Up to 1.8.10 iptables also writes "! --sport 1 ! --dport 2"
 * like this, and every release reads it back so, although the kernel then matches
 * every packet that does not have both ports.
 */
static bool cmp_both_ports(struct nft_decoder *d, uint32_t op, const uint8_t *data)
{
	bool invert = op == NFT_CMP_NEQ;

	d->rule->either_port = invert;
	return take_invert(d, op, 0) &&
	       set_ports(d, DECODED_SPORT, invert, port_at(data), port_at(data)) &&
	       set_ports(d, DECODED_DPORT, invert, port_at(data + 2), port_at(data + 2));
}

static bool cmp_icmp(struct nft_decoder *d, uint32_t op, const uint8_t *data)
{
	struct ipt_icmp info = { .type = data[0], .code = { 0, UINT8_MAX } };
	bool ipv4 = d->rule->family == FAMILY_IPV4;

	/* Readers ignore the operator; type 255 means any. */
	if (d->load.offset || d->load.size > 2 || d->load.masked || op != NFT_CMP_EQ ||
	    info.type == UINT8_MAX)
		return nft_refuse(d, "part of the ICMP header");
	if (d->load.size == 2)
		info.code[0] = info.code[1] = data[1];
	nft_add_match(d, ipv4 ? "icmp" : "icmp6", &info, sizeof(info));
	return true;
}

/* Whether the rule matches on the protocol of the transport header. */
static bool knows_proto(struct nft_decoder *d)
{
	if (!d->rule->proto || d->rule->invert & INV_PROTO)
		return nft_refuse(d, "transport header of an unknown protocol");
	return true;
}

static bool cmp_transport(struct nft_decoder *d, uint32_t op, const uint8_t *data)
{
	const struct nft_load *load = &d->load;
	uint16_t proto = d->rule->proto;

	if (!knows_proto(d))
		return false;
	if (proto == (d->rule->family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return cmp_icmp(d, op, data);
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return nft_refuse(d, "transport header of protocol %u", proto);
	if (load->offset == 13)
		return cmp_tcp_flags(d, op, data[0]);
	if (load->masked)
		return nft_refuse(d, "a mask");
	if (load->offset == 0 && load->size == 2)
		return cmp_port(d, DECODED_SPORT, op, port_at(data));
	if (load->offset == 2 && load->size == 2)
		return cmp_port(d, DECODED_DPORT, op, port_at(data));
	if (load->offset == 0 && load->size == 4)
		return cmp_both_ports(d, op, data);
	return nft_refuse(d, "byte %u of the transport header", load->offset);
}

bool nft_decode_range(struct nft_decoder *d, bool invert, uint16_t low, uint16_t high)
{
	const struct nft_load *load = &d->load;
	uint16_t proto = d->rule->proto;

	if (load->kind != LOAD_PAYLOAD || load->base != NFT_PAYLOAD_TRANSPORT_HEADER ||
	    load->size != 2 || load->masked || (load->offset != 0 && load->offset != 2))
		return nft_refuse(d, "range of something that is not a port");
	if (!knows_proto(d))
		return false;
	/* A backwards range, which holds no port, is accepted by iptables only for udp. */
	if (proto != IPPROTO_UDP && (proto != IPPROTO_TCP || low > high))
		return nft_refuse(d, "range %u to %u of protocol %u", low, high, proto);
	return set_ports(d, load->offset ? DECODED_DPORT : DECODED_SPORT, invert, low, high);
}

bool nft_decode_cmp(struct nft_decoder *d, uint32_t op, const uint8_t *data, size_t size)
{
	const struct nft_load *load = &d->load;

	if (load->kind == LOAD_META)
		return cmp_meta(d, op, data, size);
	if (load->kind != LOAD_PAYLOAD)
		return nft_refuse(d, "comparison of a value that was not loaded");
	if (size != load->size)
		return nft_refuse(d, "%zu bytes of a value of %u", size, load->size);
	switch (load->base) {
	case NFT_PAYLOAD_NETWORK_HEADER:
		return d->rule->family == FAMILY_IPV4 ? cmp_ipv4(d, op, data) :
							cmp_ipv6(d, op, data);
	case NFT_PAYLOAD_TRANSPORT_HEADER:
		return cmp_transport(d, op, data);
	default:
		return nft_refuse(d, "header %u", load->base);
	}
}
