/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xt_entry.h"
#include "xt_target.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static size_t head_size(enum family family)
{
	return family == FAMILY_IPV4 ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
}

/* As libiptc and the kernel do with the target of a rule: names become verdicts. */
static const char *install(enum family family, uint8_t *entry)
{
	static const struct {
		const char *name;
		int verdict;
	} verdicts[] = {
		{ "ACCEPT", -NF_ACCEPT - 1 }, { "DROP", -NF_DROP - 1 },
		{ "QUEUE", -NF_QUEUE - 1 },   { "RETURN", XT_RETURN },
		{ "CHAIN", 1000 },            { "", 500 },
	};
	uint16_t offset = family == FAMILY_IPV4 ? ((struct ipt_entry *)entry)->target_offset :
						  ((struct ip6t_entry *)entry)->target_offset;
	struct xt_standard_target *target = (void *)(entry + offset);

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		if (strcmp(target->target.u.user.name, verdicts[i].name))
			continue;
		memset(target->target.u.user.name, 0, sizeof(target->target.u.user.name));
		target->verdict = verdicts[i].verdict;
		return verdicts[i].verdict == 1000 ? "CHAIN" :
		       verdicts[i].verdict == 500 ? "" : NULL;
	}
	return NULL;
}

static struct rule *example(enum family family, enum verdict verdict)
{
	struct rule *rule = rule_new(family);
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct xt_comment_info comment = { .comment = "why" };

	memset(rule->src.mask, 0xff, 3);
	memcpy(rule->src.addr, (uint8_t[]){ 192, 0, 2 }, 3);
	memset(rule->dst.mask, 0xff, family_addr_size(family));
	memcpy(rule->dst.addr, (uint8_t[]){ 198, 51, 100, 7 }, 4);
	interface_set(&rule->in, "eth+");
	interface_set(&rule->out, "abcdefghijklmno");
	rule->invert = INV_SRC | INV_OUT | INV_PROTO;
	rule->proto = 17;
	rule->frag = family == FAMILY_IPV4;
	rule->packets = UINT64_MAX;
	rule->bytes = 1ULL << 63;
	rule_add_match(rule, "udp", 0, data, sizeof(data));
	rule_add_match(rule, "empty", 3, NULL, 0);
	rule_add_match(rule, "comment", 0, &comment, sizeof(comment));
	rule->verdict = verdict;
	if (verdict == VERDICT_JUMP || verdict == VERDICT_GOTO)
		rule_set_chain(rule, verdict, "CHAIN");
	else if (verdict == VERDICT_EXT)
		rule_set_target(rule, "A2345678901234567890123456XY", 2, data, sizeof(data));
	return rule;
}

static void there_and_back(void **state)
{
	(void)state;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		for (enum verdict verdict = 0; verdict <= VERDICT_EXT; verdict++) {
			struct rule *rule = example(family, verdict), *back;
			const char *leads_to;
			uint8_t *entry;
			size_t size;

			entry = xt_entry_encode(rule, &size);
			assert_non_null(entry);
			leads_to = install(family, entry);
			assert_int_equal(xt_entry_has_offset(family, entry, size),
					 leads_to != NULL);
			back = xt_entry_decode(family, entry, size, leads_to);
			assert_null(back->opaque);
			assert_true(rule_equal(rule, back));
			assert_int_equal(back->verdict, verdict);
			assert_true(back->packets == UINT64_MAX && back->bytes == 1ULL << 63);
			free(entry);
			rule_free(rule);
			rule_free(back);
		}
	}
}

static void what_cannot_be_held(void **state)
{
	struct rule *rule = example(FAMILY_IPV4, VERDICT_ACCEPT);
	uint8_t *big = xcalloc(1, UINT16_MAX - 63);
	size_t size;
	void *entry;

	(void)state;
	/* The match by itself would fit into the 64 KiB of an entry, but not with the rest. */
	rule_add_match(rule, "big", 0, big, UINT16_MAX - 63);
	assert_null(xt_entry_encode(rule, &size));
	rule_free(rule);
	free(big);

	rule = rule_new(FAMILY_IPV6);
	rule->frag = true;
	assert_null(xt_entry_encode(rule, &size));
	rule->frag = false;
	rule->invert = INV_FRAG;
	assert_null(xt_entry_encode(rule, &size));
	rule->invert = 0;
	rule_set_chain(rule, VERDICT_JUMP, "A2345678901234567890123456789");
	assert_null(xt_entry_encode(rule, &size));
	rule_set_chain(rule, VERDICT_JUMP, "A234567890123456789012345678");
	entry = xt_entry_encode(rule, &size);
	assert_non_null(entry);
	free(entry);
	rule->opaque = xstrdup("test");
	assert_null(xt_entry_encode(rule, &size));
	rule_free(rule);
}

/* An entry with one fault must become opaque, but its verdict is still read. */
static void opaque_with(enum family family, size_t offset, uint8_t value)
{
	struct rule *rule = rule_new(family), *back;
	const char *leads_to;
	uint8_t *entry;
	size_t size;

	rule_set_chain(rule, VERDICT_JUMP, "CHAIN");
	entry = xt_entry_encode(rule, &size);
	leads_to = install(family, entry);
	entry[offset] = value;
	back = xt_entry_decode(family, entry, size, leads_to);
	assert_non_null(back->opaque);
	assert_int_equal(back->verdict, VERDICT_JUMP);
	assert_string_equal(back->chain, "CHAIN");
	free(entry);
	rule_free(rule);
	rule_free(back);
}

static void odd_heads(void **state)
{
	(void)state;
	opaque_with(FAMILY_IPV4, offsetof(struct ipt_entry, ip.flags), 0x04);
	opaque_with(FAMILY_IPV4, offsetof(struct ipt_entry, ip.invflags), 0x80);
	opaque_with(FAMILY_IPV4, offsetof(struct ipt_entry, ip.invflags), IPT_INV_TOS);
	opaque_with(FAMILY_IPV4, offsetof(struct ipt_entry, ip.invflags), IPT_INV_FRAG);
	opaque_with(FAMILY_IPV4, offsetof(struct ipt_entry, ip.invflags), IPT_INV_PROTO);
	opaque_with(FAMILY_IPV4, offsetof(struct ipt_entry, ip.src), 1);
	opaque_with(FAMILY_IPV4, offsetof(struct ipt_entry, ip.iniface_mask), 0xff);
	opaque_with(FAMILY_IPV4, offsetof(struct ipt_entry, ip.outiface_mask) + 3, 0x01);
	opaque_with(FAMILY_IPV4, offsetof(struct ipt_entry, ip.proto) + 1, 1);
	opaque_with(FAMILY_IPV6, offsetof(struct ip6t_entry, ipv6.flags), IP6T_F_TOS);
	opaque_with(FAMILY_IPV6, offsetof(struct ip6t_entry, ipv6.flags), 0x80);
	opaque_with(FAMILY_IPV6, offsetof(struct ip6t_entry, ipv6.tos), 1);
	opaque_with(FAMILY_IPV6, offsetof(struct ip6t_entry, ipv6.invflags), IP6T_INV_FRAG);
	/* The kernel would ignore this protocol: the flag is missing. */
	opaque_with(FAMILY_IPV6, offsetof(struct ip6t_entry, ipv6.proto), 6);
	opaque_with(FAMILY_IPV6, offsetof(struct ip6t_entry, ipv6.dst) + 15, 1);
}

/* Names under a mask of zeroes are not compared; the flag with protocol 0 is "-p all". */
static void what_does_not_count(void **state)
{
	struct rule *rule = rule_new(FAMILY_IPV6), *back;
	struct ip6t_entry *entry;
	size_t size;

	(void)state;
	entry = xt_entry_encode(rule, &size);
	install(FAMILY_IPV6, (uint8_t *)entry);
	memset(entry->ipv6.iniface, 'x', IFNAMSIZ);
	entry->ipv6.flags = IP6T_F_PROTO;
	entry->nfcache = 0x4000;
	entry->comefrom = 7;
	back = xt_entry_decode(FAMILY_IPV6, entry, size, "");
	assert_true(rule_equal(rule, back));
	assert_true(rule_unconditional(back));
	free(entry);
	rule_free(rule);
	rule_free(back);
}

/* A text that is longer than ip_tables allows is cut at its limit. */
static void long_prefixes(void **state)
{
	union {
		struct nflog_long nflog;
		char bytes[NFLOG_LONG_SIZE];
	} data = { .nflog.info.group = 3 };
	struct rule *rule = rule_new(FAMILY_IPV4), *read, *again;
	const struct xt_nflog_info *info;

	(void)state;
	memset(data.bytes + offsetof(struct xt_nflog_info, prefix), 'x', NF_LOG_PREFIXLEN - 1);
	rule_set_target(rule, "NFLOG", 0, data.bytes, sizeof(data.bytes));
	read = xt_entry_canonical(rule);
	info = (const void *)read->target.data;
	assert_int_equal(read->target.size, XT_ALIGN(sizeof(*info)));
	assert_int_equal(info->group, 3);
	assert_int_equal(strlen(info->prefix), sizeof(info->prefix) - 1);
	again = xt_entry_canonical(read);
	assert_true(rule_equal(read, again));
	rule_free(rule);
	rule_free(read);
	rule_free(again);
}

static void odd_ends(void **state)
{
	static const int odd[] = { -3, -6, -7, INT32_MIN };
	struct rule *rule = rule_new(FAMILY_IPV4), *back;
	struct xt_standard_target *target;
	struct ipt_entry *entry;
	size_t size;

	(void)state;
	entry = xt_entry_encode(rule, &size);
	target = (void *)((uint8_t *)entry + entry->target_offset);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		target->verdict = odd[i];
		assert_false(xt_entry_has_offset(FAMILY_IPV4, entry, size));
		back = xt_entry_decode(FAMILY_IPV4, entry, size, NULL);
		assert_non_null(back->opaque);
		rule_free(back);
	}
	/* An offset that leads to no chain. */
	target->verdict = 0;
	back = xt_entry_decode(FAMILY_IPV4, entry, size, NULL);
	assert_non_null(back->opaque);
	rule_free(back);
	/* A goto that goes nowhere. */
	entry->ip.flags = IPT_F_GOTO;
	back = xt_entry_decode(FAMILY_IPV4, entry, size, "");
	assert_non_null(back->opaque);
	rule_free(back);
	entry->ip.flags = 0;
	/* The head of a chain. */
	strcpy(target->target.u.user.name, XT_ERROR_TARGET);
	back = xt_entry_decode(FAMILY_IPV4, entry, size, NULL);
	assert_non_null(back->opaque);
	rule_free(back);
	/* A name without an end. */
	memset(target->target.u.user.name, 'x', sizeof(target->target.u.user.name));
	back = xt_entry_decode(FAMILY_IPV4, entry, size, NULL);
	assert_non_null(back->opaque);
	rule_free(back);
	free(entry);
	rule_free(rule);
}

/* Every length, and every value of every byte that controls decoding, in memory that
 * ends where the entry does. */
static void cut_and_bent(void **state)
{
	(void)state;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct rule *rule = example(family, VERDICT_EXT), *back;
		size_t size, head = head_size(family);
		uint8_t *entry = xt_entry_encode(rule, &size);

		for (size_t length = 0; length < size; length++) {
			uint8_t *cut = xmemdup(entry, length);

			back = xt_entry_decode(family, cut, length, "X");
			assert_non_null(back->opaque);
			rule_free(back);
			free(cut);
		}
		for (size_t at = 0; at < size; at++) {
			uint8_t old = entry[at];

			for (unsigned int value = 0; value < 256;
			     value += at < head + 34 ? 1 : 85) {
				uint8_t *bent;
				size_t again;

				entry[at] = (uint8_t)value;
				back = xt_entry_decode(family, entry, size, "X");
				/* An entry that is decoded completely is encoded to the same rule. */
				bent = xt_entry_encode(back, &again);
				assert_true(back->opaque ? !bent : again == size);
				free(bent);
				rule_free(back);
			}
			entry[at] = old;
		}
		free(entry);
		rule_free(rule);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),      cmocka_unit_test(what_cannot_be_held),
		cmocka_unit_test(odd_heads),           cmocka_unit_test(what_does_not_count),
		cmocka_unit_test(long_prefixes),
		cmocka_unit_test(odd_ends),            cmocka_unit_test(cut_and_bent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
