/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_certain.h"

#include <netinet/in.h> /* before the kernel's headers */
#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>

#include "nft_other_rule.h"

/* ---- one condition ---- */

/* "eth0" or "eth+", if the interval of numbers is that of one name or of a prefix of names. */
static bool take_interface(struct interface *to, struct addrrange range)
{
	uint8_t lo[IFNAMSIZ], hi[IFNAMSIZ];
	char name[IFNAMSIZ + 1] = "";
	size_t size = 0, length;

	addr_store(FAMILY_IPV6, range.lo, lo);
	addr_store(FAMILY_IPV6, range.hi, hi);
	while (size < IFNAMSIZ && lo[size] == hi[size])
		size++;
	for (size_t i = size; i < IFNAMSIZ; i++)
		if (lo[i] || hi[i] != UINT8_MAX)
			return false;
	memcpy(name, lo, size);
	length = strlen(name);
	if (!length || name[length - 1] == '+')
		return false;
	/* With the NUL at its end, it is a whole name. */
	if (size < IFNAMSIZ && length == size)
		name[length] = '+';
	return interface_set(to, name);
}

static bool take_prefix(struct address *to, enum family family, struct addrrange range)
{
	addr_t host = range.lo ^ range.hi;

	if (host & (host + 1) || range.lo & host)
		return false;
	addr_store(family, range.lo, to->addr);
	addr_store(family, ~host & addr_max(family), to->mask);
	return true;
}

/* Only the first condition of a kind counts: the others make the rule no wider. */
static bool is_free(const struct address *address)
{
	static const uint8_t none[16];

	return !memcmp(address->mask, none, sizeof(none));
}

static void take_test(struct rule *rule, const struct other_test *test)
{
	size_t size = family_addr_size(rule->family);
	unsigned int inversion = 0;
	bool taken = false;

	if (test->nkeys != 1 || test->set || test->key.mask != OTHER_MASK_ALL)
		return;
	switch (test->key.field) {
	case FIELD_IN_NAME:
		taken = !rule->in.mask[0] && take_interface(&rule->in, test->range);
		inversion = INV_IN;
		break;
	case FIELD_OUT_NAME:
		taken = !rule->out.mask[0] && take_interface(&rule->out, test->range);
		inversion = INV_OUT;
		break;
	case FIELD_SOURCE:
		taken = test->key.size == size && is_free(&rule->src) &&
			take_prefix(&rule->src, rule->family, test->range);
		inversion = INV_SRC;
		break;
	case FIELD_DESTINATION:
		taken = test->key.size == size && is_free(&rule->dst) &&
			take_prefix(&rule->dst, rule->family, test->range);
		inversion = INV_DST;
		break;
	case FIELD_PROTO:
		taken = !rule->proto && test->range.lo && test->range.lo == test->range.hi;
		if (taken)
			rule->proto = (uint16_t)test->range.lo;
		inversion = INV_PROTO;
		break;
	default:
		break;
	}
	if (taken && test->inverted)
		rule->invert |= inversion;
}

/* ---- ports ---- */

static struct span ports_of(const struct other_rule *read, enum other_field field)
{
	struct addrrange range;

	if (!other_rule_range(read, field, &range) || range.hi > UINT16_MAX)
		return SPAN_ALL;
	return (struct span){ (uint16_t)range.lo, (uint16_t)range.hi };
}

/* In the form of the match that the decoder makes of native ports. */
static void take_ports(struct rule *rule, const struct other_rule *read)
{
	struct span from = ports_of(read, FIELD_SPORT), to = ports_of(read, FIELD_DPORT);
	union {
		uint8_t bytes[XT_ALIGN(sizeof(struct xt_tcp))];
		struct xt_tcp tcp;
	} tcp = { .tcp = { .spts = { from.lo, from.hi }, .dpts = { to.lo, to.hi } } };
	union {
		uint8_t bytes[XT_ALIGN(sizeof(struct xt_udp))];
		struct xt_udp udp;
	} udp = { .udp = { .spts = { from.lo, from.hi }, .dpts = { to.lo, to.hi } } };

	if (rule->invert & INV_PROTO || (span_equal(from, SPAN_ALL) && span_equal(to, SPAN_ALL)))
		return;
	if (rule->proto == IPPROTO_TCP)
		rule_add_match(rule, "tcp", 0, tcp.bytes, sizeof(tcp.bytes));
	else if (rule->proto == IPPROTO_UDP)
		rule_add_match(rule, "udp", 0, udp.bytes, sizeof(udp.bytes));
}

/* ---- the rule ---- */

static struct rule *conditions(enum family family, const struct other_rule *read)
{
	struct rule *rule = rule_new(family);

	for (size_t i = 0; i < read->ntests; i++)
		take_test(rule, &read->tests[i]);
	take_ports(rule, read);
	return rule;
}

/* One rule may be read as several: where these differ, nothing is certain. */
static struct rule *of_all(enum family family, const struct other_chain *chain)
{
	struct rule *all = NULL;

	for (size_t i = 0; i < chain->n; i++) {
		struct rule *one;

		/* The beginning of a rule, which does not end there. */
		if (chain->v[i].verdict == OTHER_GO_ON)
			continue;
		one = conditions(family, &chain->v[i]);
		if (!all) {
			all = one;
			continue;
		}
		if (!rule_equal(all, one)) {
			rule_free(all);
			all = rule_new(family);
		}
		rule_free(one);
	}
	return all;
}

struct rule *nft_certain(enum family family, const struct nlattr *list)
{
	struct other_filters filters = { 0 };
	struct nft_other_place place = { .filters = &filters,
					 .family = family == FAMILY_IPV4 ? NFPROTO_IPV4
									 : NFPROTO_IPV6 };
	struct rule *rule;

	other_filters_table(&filters, "", 1U << family);
	other_filters_add_chain(&filters, "");
	nft_other_rule(&place, list);
	rule = of_all(family, &filters.chains[0]);
	other_filters_clear(&filters);
	if (rule && rule_unconditional(rule)) {
		rule_free(rule);
		return NULL;
	}
	return rule;
}
