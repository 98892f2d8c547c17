/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_other_nat.h"

#include <linux/netfilter.h>

#include "nft_headers.h"
#include "nft_other_effect.h"

#define PORT_SIZE 2

/* The values of two registers, or of one; false if they are not known. */
static bool two_values(const struct nft_other_reading *reading, const struct nlattr *min,
		       const struct nlattr *max, size_t size, struct nft_other_value values[2])
{
	values[0] = nft_other_read(reading, min);
	values[1] = max ? nft_other_read(reading, max) : values[0];
	return values[0].kind == NFT_DATA && values[1].kind == NFT_DATA && values[0].size >= size &&
	       values[1].size >= size;
}

static bool take_ports(struct nft_other_reading *reading, const struct nlattr *min,
		       const struct nlattr *max, struct other_nat *nat)
{
	struct nft_other_value values[2];

	if (!min && !max)
		return true;
	if (!two_values(reading, min, max, PORT_SIZE, values))
		return false;
	nat->has_port = true;
	nat->port.lo = (uint16_t)(values[0].bytes[0] << 8 | values[0].bytes[1]);
	nat->port.hi = (uint16_t)(values[1].bytes[0] << 8 | values[1].bytes[1]);
	return nat->port.lo <= nat->port.hi;
}

static bool take_destination(struct nft_other_reading *reading, const struct nft_attrs *expr,
			     uint32_t family, struct other_nat *nat)
{
	enum family to = family == NFPROTO_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;
	struct nft_other_value values[2];

	if (expr->v[NFTA_NAT_REG_ADDR_MIN]) {
		if (!two_values(reading, expr->v[NFTA_NAT_REG_ADDR_MIN],
				expr->v[NFTA_NAT_REG_ADDR_MAX], family_addr_size(to), values))
			return false;
		nat->has_addr = true;
		nat->addr.lo = addr_load(to, values[0].bytes);
		nat->addr.hi = addr_load(to, values[1].bytes);
		if (nat->addr.lo > nat->addr.hi)
			return false;
	}
	return take_ports(reading, expr->v[NFTA_NAT_REG_PROTO_MIN],
			  expr->v[NFTA_NAT_REG_PROTO_MAX], nat);
}

void nft_other_take_nat(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	const uint32_t known = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED |
			       NF_NAT_RANGE_PERSISTENT | NF_NAT_RANGE_PROTO_RANDOM |
			       NF_NAT_RANGE_PROTO_RANDOM_FULLY | NF_NAT_RANGE_NETMAP;
	struct other_nat *nat = &reading->rule.nat;
	uint32_t type = UINT32_MAX, family = 0, flags = 0;

	nft_attr_u32(expr->v[NFTA_NAT_TYPE], &type);
	nft_attr_u32(expr->v[NFTA_NAT_FAMILY], &family);
	nft_attr_u32(expr->v[NFTA_NAT_FLAGS], &flags);
	if (type == NFT_NAT_SNAT) {
		/* It gives the replies another way, and ends this chain. */
		nft_other_end(reading, OTHER_ACCEPT);
		return;
	}
	/* A packet of the other family makes the rule end without an effect. */
	if (family == NFPROTO_IPV4 || family == NFPROTO_IPV6) {
		other_rule_want(&reading->rule, FIELD_NFPROTO, 1,
				(struct addrrange){ family, family }, false);
		nat->known = !(flags & ~known) && take_destination(reading, expr, family, nat);
	}
	nat->netmap = flags & NF_NAT_RANGE_NETMAP;
	nat->random = flags & (NF_NAT_RANGE_PROTO_RANDOM | NF_NAT_RANGE_PROTO_RANDOM_FULLY);
	nft_other_end(reading, OTHER_TRANSLATE);
}

void nft_other_take_redir(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	struct other_nat *nat = &reading->rule.nat;
	uint32_t flags = 0;

	nft_attr_u32(expr->v[NFTA_REDIR_FLAGS], &flags);
	nat->redirect = true;
	nat->random = flags & (NF_NAT_RANGE_PROTO_RANDOM | NF_NAT_RANGE_PROTO_RANDOM_FULLY);
	nat->known = take_ports(reading, expr->v[NFTA_REDIR_REG_PROTO_MIN],
				expr->v[NFTA_REDIR_REG_PROTO_MAX], nat);
	nft_other_end(reading, OTHER_TRANSLATE);
}
