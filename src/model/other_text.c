/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other_text.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* At most this many elements of a set are shown. */
#define ELEMENTS_SHOWN 6

static const char *const field_names[OTHER_FIELDS] = {
	[FIELD_UNKNOWN] = "[unknown]",
	[FIELD_IN_NAME] = "iifname", [FIELD_OUT_NAME] = "oifname",
	[FIELD_IN_INDEX] = "iif", [FIELD_OUT_INDEX] = "oif",
	[FIELD_NFPROTO] = "meta nfproto", [FIELD_ETHERTYPE] = "meta protocol",
	[FIELD_PROTO] = "meta l4proto", [FIELD_NEXT_HEADER] = "ip6 nexthdr",
	[FIELD_SOURCE] = "saddr", [FIELD_DESTINATION] = "daddr",
	[FIELD_SPORT] = "th sport", [FIELD_DPORT] = "th dport", [FIELD_ICMP_TYPE] = "icmp type",
	[FIELD_ICMP_CODE] = "icmp code", [FIELD_TCP_FLAGS] = "tcp flags",
	[FIELD_FRAGMENT] = "ip frag-off", [FIELD_STATE] = "ct state",
	[FIELD_STATUS] = "ct status", [FIELD_DIRECTION] = "ct direction",
	[FIELD_MARK] = "meta mark", [FIELD_CT_MARK] = "ct mark",
	[FIELD_CT_NFPROTO] = "ct l3proto", [FIELD_CT_PROTO] = "ct protocol",
	[FIELD_ORIG_SOURCE] = "ct original saddr", [FIELD_ORIG_DESTINATION] = "ct original daddr",
	[FIELD_ORIG_SPORT] = "ct original proto-src", [FIELD_ORIG_DPORT] = "ct original proto-dst",
	[FIELD_REPLY_SOURCE] = "ct reply saddr", [FIELD_REPLY_DESTINATION] = "ct reply daddr",
	[FIELD_REPLY_SPORT] = "ct reply proto-src", [FIELD_REPLY_DPORT] = "ct reply proto-dst",
	[FIELD_PKTTYPE] = "meta pkttype", [FIELD_DESTINATION_TYPE] = "fib daddr type",
	[FIELD_DESTINATION_TYPE_IN] = "fib daddr . iif type",
	[FIELD_DESTINATION_TYPE_OUT] = "fib daddr . oif type",
	[FIELD_SOURCE_TYPE] = "fib saddr type", [FIELD_SOURCE_TYPE_IN] = "fib saddr . iif type",
	[FIELD_SOURCE_TYPE_OUT] = "fib saddr . oif type",
	[FIELD_WAY_BACK] = "fib saddr . iif oif",
};

static bool is_port(enum other_field field)
{
	return field == FIELD_SPORT || field == FIELD_DPORT;
}

static bool is_host_address(enum other_field field)
{
	return field == FIELD_SOURCE || field == FIELD_DESTINATION;
}

/* iptables compares a whole name with the NUL that ends it, and nothing after that. */
static void put_name(FILE *out, struct addrrange range)
{
	char name[IFNAMSIZ + 1] = "", last[IFNAMSIZ + 1] = "";

	addr_store(FAMILY_IPV6, range.lo, name);
	addr_store(FAMILY_IPV6, range.hi, last);
	fprintf(out, "\"%s%s\"", name, last[strlen(name)] ? "*" : "");
}

static void put_type(FILE *out, addr_t value)
{
	static const char *const names[] = {
		[RTN_UNSPEC] = "unspec", [RTN_UNICAST] = "unicast", [RTN_LOCAL] = "local",
		[RTN_BROADCAST] = "broadcast", [RTN_ANYCAST] = "anycast",
		[RTN_MULTICAST] = "multicast", [RTN_BLACKHOLE] = "blackhole",
		[RTN_UNREACHABLE] = "unreachable", [RTN_PROHIBIT] = "prohibit",
	};

	if (value < ARRAY_SIZE(names))
		fputs(names[value], out);
	else
		fprintf(out, "%u", (unsigned int)value);
}

/* "invalid,new": states, statuses or flags of TCP. */
static void put_bits(FILE *out, enum other_field field, unsigned int left)
{
	static const struct {
		enum other_field field;
		unsigned int bit;
		const char *name;
	} bits[] = {
		{ FIELD_STATE, OTHER_STATE_INVALID, "invalid" },
		{ FIELD_STATE, OTHER_STATE_ESTABLISHED, "established" },
		{ FIELD_STATE, 1U << 2, "related" }, { FIELD_STATE, OTHER_STATE_NEW, "new" },
		{ FIELD_STATE, OTHER_STATE_UNTRACKED, "untracked" },
		{ FIELD_STATUS, 1U << 0, "expected" }, { FIELD_STATUS, 1U << 1, "seen-reply" },
		{ FIELD_STATUS, 1U << 2, "assured" }, { FIELD_STATUS, 1U << 3, "confirmed" },
		{ FIELD_STATUS, 1U << 4, "snat" }, { FIELD_STATUS, 1U << 5, "dnat" },
		{ FIELD_TCP_FLAGS, 1U << 0, "fin" }, { FIELD_TCP_FLAGS, 1U << 1, "syn" },
		{ FIELD_TCP_FLAGS, 1U << 2, "rst" }, { FIELD_TCP_FLAGS, 1U << 3, "psh" },
		{ FIELD_TCP_FLAGS, 1U << 4, "ack" }, { FIELD_TCP_FLAGS, 1U << 5, "urg" },
	};
	const char *between = "";

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (bits[i].field == field && left & bits[i].bit) {
			fprintf(out, "%s%s", between, bits[i].name);
			between = ",";
			left &= ~bits[i].bit;
		}
	if (left)
		fprintf(out, "%s0x%x", between, left);
}

static void put_range(FILE *out, const struct other_key *key, struct addrrange range)
{
	enum family family = key->size == 4 ? FAMILY_IPV4 : FAMILY_IPV6;
	char *text;

	switch (key->field) {
	case FIELD_IN_NAME:
	case FIELD_OUT_NAME:
		put_name(out, range);
		return;
	case FIELD_SOURCE:
	case FIELD_DESTINATION:
	case FIELD_ORIG_SOURCE:
	case FIELD_ORIG_DESTINATION:
	case FIELD_REPLY_SOURCE:
	case FIELD_REPLY_DESTINATION:
		text = addrrange_text(family, range);
		fputs(text, out);
		free(text);
		return;
	case FIELD_NFPROTO:
		fputs(range.lo == NFPROTO_IPV4 ? "ipv4" : range.lo == NFPROTO_IPV6 ? "ipv6" : "[unknown]", out);
		return;
	case FIELD_ETHERTYPE:
		if (range.lo == ETH_P_IP || range.lo == ETH_P_IPV6) {
			fputs(range.lo == ETH_P_IP ? "ip" : "ip6", out);
			return;
		}
		break;
	case FIELD_PROTO:
	case FIELD_NEXT_HEADER:
	case FIELD_CT_PROTO:
		fputs(proto_name((uint8_t)range.lo), out);
		if (range.lo != range.hi)
			fprintf(out, "-%s", proto_name((uint8_t)range.hi));
		return;
	case FIELD_DESTINATION_TYPE:
	case FIELD_DESTINATION_TYPE_IN:
	case FIELD_DESTINATION_TYPE_OUT:
	case FIELD_SOURCE_TYPE:
	case FIELD_SOURCE_TYPE_IN:
	case FIELD_SOURCE_TYPE_OUT:
		put_type(out, range.lo);
		return;
	case FIELD_STATE:
	case FIELD_STATUS:
	case FIELD_TCP_FLAGS:
		if (range.lo != range.hi || !range.lo)
			break;
		put_bits(out, key->field, (unsigned int)range.lo);
		return;
	default:
		break;
	}
	fprintf(out, key->field == FIELD_MARK || key->field == FIELD_CT_MARK ? "0x%x" : "%u",
		(unsigned int)range.lo);
	if (range.lo != range.hi)
		fprintf(out, "-%u", (unsigned int)range.hi);
}

static void put_values(FILE *out, const struct other_test *test)
{
	size_t n = other_test_count(test);

	if (n != 1)
		fputs("{ ", out);
	for (size_t i = 0; i < n && i < ELEMENTS_SHOWN; i++) {
		if (i)
			fputs(", ", out);
		for (size_t k = 0; k < test->nkeys; k++) {
			if (k)
				fputs(" . ", out);
			put_range(out, other_test_key(test, k), other_test_range(test, i, k));
		}
	}
	if (n > ELEMENTS_SHOWN)
		fprintf(out, ", and %zu others", n - ELEMENTS_SHOWN);
	if (n != 1)
		fputs(" }", out);
}

static void put_key(FILE *out, const struct other_key *key, uint8_t proto)
{
	if (is_host_address(key->field))
		fputs(key->size == 4 ? "ip " : "ip6 ", out);
	if (is_port(key->field) && proto)
		fprintf(out, "%s %s", proto_name(proto), key->field == FIELD_SPORT ? "sport" : "dport");
	else
		fputs(field_names[key->field], out);
}

static void put_test(FILE *out, const struct other_test *test, uint8_t proto)
{
	const struct other_key *key = &test->key;
	bool one = test->nkeys == 1 && !test->set && test->range.lo == test->range.hi;

	for (size_t k = 0; k < test->nkeys; k++) {
		if (k)
			fputs(" . ", out);
		put_key(out, other_test_key(test, k), proto);
	}
	/* A mask that must leave something, or nothing. */
	if (one && !test->range.lo && key->mask != OTHER_MASK_ALL) {
		fputs(test->inverted ? " " : " != ", out);
		put_bits(out, key->field, (unsigned int)key->mask);
		return;
	}
	if (one && key->field == FIELD_WAY_BACK && !test->range.lo) {
		fputs(test->inverted ? " exists" : " missing", out);
		return;
	}
	if (test->nkeys == 1 && key->mask != OTHER_MASK_ALL)
		fprintf(out, " & 0x%x", (unsigned int)key->mask);
	fputs(test->inverted ? " != " : " ", out);
	put_values(out, test);
}

/* Whether a test is only what nft adds for another one: the protocol of a port. */
static bool is_implied(const struct other_rule *rule, const struct other_test *test, uint8_t proto)
{
	if (test->nkeys != 1 || test->inverted)
		return false;
	if (test->key.field == FIELD_NFPROTO && rule->verdict == OTHER_TRANSLATE)
		return true;
	for (size_t i = 0; i < rule->ntests; i++) {
		enum other_field field = rule->tests[i].key.field;

		if ((test->key.field == FIELD_PROTO || test->key.field == FIELD_NEXT_HEADER) && proto &&
		    is_port(field))
			return true;
		if ((test->key.field == FIELD_NFPROTO || test->key.field == FIELD_ETHERTYPE) &&
		    is_host_address(field))
			return true;
	}
	return false;
}

static void put_change(FILE *out, const struct other_change *change)
{
	static const char *const names[] = {
		[OTHER_SET_MARK] = "meta mark set", [OTHER_SET_CT_MARK] = "ct mark set",
	};

	if (change->kind == OTHER_NOTRACK || change->kind == OTHER_SET_ZONE) {
		fputs(change->kind == OTHER_NOTRACK ? " notrack" : " ct zone set [unknown]", out);
		return;
	}
	fprintf(out, " %s", names[change->kind]);
	if (change->from == OTHER_FROM_UNKNOWN) {
		fputs(" [unknown]", out);
		return;
	}
	if (change->from != OTHER_FROM_NOTHING)
		fprintf(out, " %s", change->from == OTHER_FROM_MARK ? "meta mark" : "ct mark");
	if (change->from != OTHER_FROM_NOTHING && change->keep != UINT32_MAX)
		fprintf(out, " & 0x%x", change->keep);
	if (change->from == OTHER_FROM_NOTHING || change->flip)
		fprintf(out, change->from == OTHER_FROM_NOTHING ? " 0x%x" : " ^ 0x%x", change->flip);
}

static enum family nat_family(const struct other_rule *rule)
{
	struct addrrange range;

	return other_rule_range(rule, FIELD_NFPROTO, &range) && range.lo == NFPROTO_IPV6
		       ? FAMILY_IPV6 : FAMILY_IPV4;
}

static void put_nat(FILE *out, const struct other_rule *rule)
{
	const struct other_nat *nat = &rule->nat;
	enum family family = nat_family(rule);

	if (!nat->known) {
		fputs(" dnat to [unknown]", out);
		return;
	}
	fputs(nat->redirect ? " redirect" : " dnat", out);
	if (!nat->redirect || nat->has_port)
		fputs(" to ", out);
	if (nat->has_addr) {
		char *text = addrrange_text(family, nat->addr);

		fprintf(out, family == FAMILY_IPV6 && nat->has_port ? "[%s]" : "%s", text);
		free(text);
	}
	if (nat->has_port)
		fprintf(out, ":%u", nat->port.lo);
	if (nat->has_port && nat->port.lo != nat->port.hi)
		fprintf(out, "-%u", nat->port.hi);
}

static void put_verdict(FILE *out, const struct other_rule *rule)
{
	static const char *const names[] = {
		[OTHER_GO_ON] = "", [OTHER_ACCEPT] = " accept", [OTHER_DROP] = " drop",
		[OTHER_REFUSE] = " reject", [OTHER_RETURN] = " return", [OTHER_JUMP] = " jump",
		[OTHER_GOTO] = " goto", [OTHER_TRANSLATE] = "", [OTHER_ANYTHING] = " [unknown statement]",
	};

	if (rule->verdict == OTHER_TRANSLATE)
		put_nat(out, rule);
	fputs(names[rule->verdict], out);
	if (rule->verdict == OTHER_JUMP || rule->verdict == OTHER_GOTO)
		fprintf(out, " %s", rule->to_name ? rule->to_name : "[unknown]");
}

char *other_rule_text(const struct other_rule *rule)
{
	uint8_t proto = other_rule_proto(rule);
	struct text text;
	char *made;

	text_open(&text);
	for (size_t i = 0; i < rule->ntests; i++) {
		if (is_implied(rule, &rule->tests[i], proto))
			continue;
		fputc(' ', text.out);
		put_test(text.out, &rule->tests[i], proto_has_ports(proto) ? proto : 0);
	}
	if (rule->unsure)
		fputs(" [unknown match]", text.out);
	for (size_t i = 0; i < rule->nchanges; i++)
		put_change(text.out, &rule->changes[i]);
	put_verdict(text.out, rule);
	made = text_take(&text);
	memmove(made, made + (*made == ' '), strlen(made + (*made == ' ')) + 1);
	return made;
}
