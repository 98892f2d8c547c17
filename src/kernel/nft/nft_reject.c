/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_reject.h"

/* Before the kernel's headers, which then leave out what it defines. */
#include <netinet/in.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>

#include "nft_headers.h"
#include "util.h"

static const struct {
	enum family family;
	uint32_t with, type;
	uint8_t code;
} answers[] = {
	{ FAMILY_IPV4, IPT_ICMP_NET_UNREACHABLE, NFT_REJECT_ICMP_UNREACH, ICMP_NET_UNREACH },
	{ FAMILY_IPV4, IPT_ICMP_HOST_UNREACHABLE, NFT_REJECT_ICMP_UNREACH, ICMP_HOST_UNREACH },
	{ FAMILY_IPV4, IPT_ICMP_PROT_UNREACHABLE, NFT_REJECT_ICMP_UNREACH, ICMP_PROT_UNREACH },
	{ FAMILY_IPV4, IPT_ICMP_PORT_UNREACHABLE, NFT_REJECT_ICMP_UNREACH, ICMP_PORT_UNREACH },
	{ FAMILY_IPV4, IPT_ICMP_NET_PROHIBITED, NFT_REJECT_ICMP_UNREACH, ICMP_NET_ANO },
	{ FAMILY_IPV4, IPT_ICMP_HOST_PROHIBITED, NFT_REJECT_ICMP_UNREACH, ICMP_HOST_ANO },
	{ FAMILY_IPV4, IPT_ICMP_ADMIN_PROHIBITED, NFT_REJECT_ICMP_UNREACH, ICMP_PKT_FILTERED },
	{ FAMILY_IPV4, IPT_TCP_RESET, NFT_REJECT_TCP_RST, 0 },
	{ FAMILY_IPV6, IP6T_ICMP6_NO_ROUTE, NFT_REJECT_ICMP_UNREACH, ICMPV6_NOROUTE },
	{ FAMILY_IPV6, IP6T_ICMP6_ADM_PROHIBITED, NFT_REJECT_ICMP_UNREACH, ICMPV6_ADM_PROHIBITED },
	{ FAMILY_IPV6, IP6T_ICMP6_NOT_NEIGHBOUR, NFT_REJECT_ICMP_UNREACH, ICMPV6_NOT_NEIGHBOUR },
	{ FAMILY_IPV6, IP6T_ICMP6_ADDR_UNREACH, NFT_REJECT_ICMP_UNREACH, ICMPV6_ADDR_UNREACH },
	{ FAMILY_IPV6, IP6T_ICMP6_PORT_UNREACH, NFT_REJECT_ICMP_UNREACH, ICMPV6_PORT_UNREACH },
	{ FAMILY_IPV6, IP6T_ICMP6_POLICY_FAIL, NFT_REJECT_ICMP_UNREACH, ICMPV6_POLICY_FAIL },
	{ FAMILY_IPV6, IP6T_ICMP6_REJECT_ROUTE, NFT_REJECT_ICMP_UNREACH, ICMPV6_REJECT_ROUTE },
	{ FAMILY_IPV6, IP6T_TCP_RESET, NFT_REJECT_TCP_RST, 0 },
};

bool nft_reject_of(enum family family, uint32_t with, uint32_t *type, uint8_t *code)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (answers[i].family == family && answers[i].with == with) {
			*type = answers[i].type;
			*code = answers[i].code;
			return true;
		}
	return false;
}

bool nft_reject_with(enum family family, uint32_t type, uint8_t code, uint32_t *with)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (answers[i].family == family && answers[i].type == type && answers[i].code == code) {
			*with = answers[i].with;
			return true;
		}
	return false;
}

bool nft_reject_fits(const struct rule *rule, uint32_t type)
{
	return type != NFT_REJECT_TCP_RST ||
	       (rule->proto == IPPROTO_TCP && !(rule->invert & INV_PROTO));
}
