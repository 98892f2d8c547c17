/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libnftnl/common.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../tools/nft-asm.h"
#include "../tools/nft-forms.h"
#include "deadline.h"
#include "diag.h"
#include "nft_canonical.h"
#include "nft_decode.h"
#include "nft_encode.h"
#include "rulespec.h"
#include "util.h"

/* Decodes rules of nf_tables: every form that iptables has ever written, and others. */

static uint8_t message[65536];

static struct nlmsghdr *assemble(enum family family, const char *expressions)
{
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr((char *)message, NFT_MSG_NEWRULE,
						     (uint16_t)family_af(family), 0, 1);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, "filter");
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, "FORWARD");
	mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(7));
	asm_rule(nlh, expressions);
	return nlh;
}

static struct rule *wanted(enum family family, const char *text)
{
	struct strings chains = { 0 };
	struct spec spec = { 0 };
	struct rule *rule;

	strings_add(&chains, "OTHER");
	assert_int_equal(rulespec_parse(family, &text, 1, &chains, &spec), 0);
	if (spec.error)
		fail_msg("%s: %s", text, spec.error);
	rule = nft_canonical(spec.rules[0]);
	spec_clear(&spec);
	strings_clear(&chains);
	return rule;
}

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nft_forms); i++) {
		const struct nft_form *form = &nft_forms[i];
		enum family family = form->ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct nlmsghdr *nlh = assemble(family, form->expressions);
		struct rule *rule = nft_decode(family, nlh), *other;

		assert_int_equal(rule->handle, 7);
		if (form->text) {
			if (rule->opaque)
				fail_msg("%s is opaque: %s", form->expressions, rule->opaque);
			other = wanted(family, form->text);
			if (!rule_equal(rule, other))
				fail_msg("%s is not %s", form->expressions, form->text);
			assert_int_equal(rule_hash(rule), rule_hash(other));
			rule_free(other);
		} else if (!rule->opaque || !strstr(rule->opaque, form->opaque)) {
			fail_msg("%s is '%s', not for '%s'", form->expressions,
				 rule->opaque ? rule->opaque : "whole", form->opaque);
		}
		rule_free(rule);
	}
}

/* A rule that is decoded completely is the same after encoding and decoding it. */
static void test_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nft_forms); i++) {
		enum family family = nft_forms[i].ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct rule *rule = nft_decode(family, assemble(family, nft_forms[i].expressions));
		struct nftnl_rule *encoded;
		struct nlmsghdr *nlh;
		struct rule *again;
		const char *why;

		encoded = nft_encode(rule, "filter", "FORWARD", &why);
		assert_int_equal(!encoded, rule->opaque != NULL);
		if (encoded) {
			nftnl_rule_set_u64(encoded, NFTNL_RULE_HANDLE, 8);
			/* A dump does not have these. */
			nftnl_rule_unset(encoded, NFTNL_RULE_COMPAT_PROTO);
			nftnl_rule_unset(encoded, NFTNL_RULE_COMPAT_FLAGS);
			nlh = nftnl_nlmsg_build_hdr((char *)message, NFT_MSG_NEWRULE,
						    (uint16_t)family_af(family), 0, 1);
			nftnl_rule_nlmsg_build_payload(nlh, encoded);
			nftnl_rule_free(encoded);
			again = nft_decode(family, nlh);
			if (!rule_equal(rule, again))
				fail_msg("%s is not itself again: %s", nft_forms[i].expressions,
					 again->opaque ? again->opaque : "another rule");
			assert_int_equal(rule->packets, again->packets);
			assert_int_equal(rule->bytes, again->bytes);
			rule_free(again);
		}
		rule_free(rule);
	}
}

/* The end of an opaque rule is still read: its first verdict. */
static void test_opaque_end(void **state)
{
	struct rule *rule;

	(void)state;
	rule = nft_decode(FAMILY_IPV4,
			  assemble(FAMILY_IPV4, "bare ct; counter 3 4; verdict accept"));
	assert_string_equal(rule->opaque, "expression 'ct': iptables has no such expression");
	assert_int_equal(rule->verdict, VERDICT_ACCEPT);
	assert_int_equal(rule->packets, 3);
	rule_free(rule);
	rule = nft_decode(FAMILY_IPV4, assemble(FAMILY_IPV4, "bare ct; verdict goto ELSE"));
	assert_int_equal(rule->verdict, VERDICT_GOTO);
	assert_string_equal(rule->chain, "ELSE");
	rule_free(rule);
	rule = nft_decode(FAMILY_IPV4, assemble(FAMILY_IPV4, "verdict jump ELSE; verdict accept"));
	assert_int_equal(rule->verdict, VERDICT_JUMP);
	rule_free(rule);
	rule = nft_decode(FAMILY_IPV4, assemble(FAMILY_IPV4, "bare ct; bare vmap"));
	assert_int_equal(rule->verdict, VERDICT_NONE);
	rule_free(rule);
}

/* A prefix that is too long for x_tables stays complete. */
static void test_long_prefix(void **state)
{
	char text[200];
	struct rule *rule;

	(void)state;
	snprintf(text, sizeof(text), "counter 0 0; log 1 %0127d", 5);
	rule = nft_decode(FAMILY_IPV4, assemble(FAMILY_IPV4, text));
	assert_null(rule->opaque);
	assert_int_equal(rule->target.size, 144);
	assert_int_equal(rule->target.data[12 + 126], '5');
	rule_free(rule);
	snprintf(text, sizeof(text), "counter 0 0; log 1 %0128d", 5);
	rule = nft_decode(FAMILY_IPV4, assemble(FAMILY_IPV4, text));
	assert_non_null(rule->opaque);
	rule_free(rule);
}

/* Cut off anywhere, or with any byte changed, a message is read within its bounds. */
static void test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nft_forms); i++) {
		enum family family = nft_forms[i].ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct nlmsghdr *nlh = assemble(family, nft_forms[i].expressions);
		size_t size = nlh->nlmsg_len;

		for (size_t cut = sizeof(*nlh); cut < size; cut++) {
			struct nlmsghdr *copy = xmemdup(nlh, cut);

			copy->nlmsg_len = (uint32_t)cut;
			rule_free(nft_decode(family, copy));
			nft_is_rule_of(copy, "filter", "FORWARD");
			free(copy);
		}
		for (size_t at = sizeof(*nlh); at < size; at++) {
			struct nlmsghdr *copy = xmemdup(nlh, size);

			((uint8_t *)copy)[at] ^= (uint8_t)(1U << (at % 8));
			rule_free(nft_decode(family, copy));
			((uint8_t *)copy)[at] = 0xff;
			rule_free(nft_decode(family, copy));
			free(copy);
		}
	}
}

/* A rule that nf_tables cannot hold is refused with a reason. */
static void test_refused(void **state)
{
	struct rule *rule = rule_new(FAMILY_IPV6);
	uint8_t data[256] = { 0 };
	const char *why = NULL;

	(void)state;
	rule->frag = true;
	assert_null(nft_encode(rule, "filter", "FORWARD", &why));
	assert_string_equal(why, "IPv6 has no -f");
	rule->frag = false;
	rule->verdict = VERDICT_QUEUE;
	assert_null(nft_encode(rule, "filter", "FORWARD", &why));
	rule->verdict = VERDICT_DROP;
	interface_set(&rule->in, "eth0");
	rule->in.mask[2] = 0;
	assert_null(nft_encode(rule, "filter", "FORWARD", &why));
	interface_set(&rule->in, "");
	rule_add_match(rule, "limit", 0, data, 40);
	assert_null(nft_encode(rule, "filter", "FORWARD", &why));
	rule->nmatches = 0;
	free(rule->matches[0].data);
	for (int i = 0; i < 126; i++)
		rule_add_match(rule, "ah", 0, data, 16);
	assert_non_null(rule);
	nftnl_rule_free(nft_encode(rule, "filter", "FORWARD", &why));
	assert_null(why);
	rule_add_match(rule, "ah", 0, data, 16);
	assert_null(nft_encode(rule, "filter", "FORWARD", &why));
	assert_string_equal(why, "it has more matches than nf_tables takes in one rule");
	rule_free(rule);
}

/* Each rate that iptables accepts is decoded as iptables decodes its own. */
static void test_limits(void **state)
{
	static const unsigned int seconds[] = { 1, 60, 3600, 86400 };

	(void)state;
	for (size_t u = 0; u < ARRAY_SIZE(seconds); u++)
		for (unsigned int n = 1; n <= 10000; n++) {
			uint32_t avg = (uint32_t)(10000ULL * seconds[u] / n);
			uint32_t info[10] = { avg, 5 };
			struct rule *rule = rule_new(FAMILY_IPV4), *once, *twice;

			rule_add_match(rule, "limit", 0, info, sizeof(info));
			once = nft_canonical(rule);
			twice = nft_canonical(once);
			assert_true(rule_equal(once, twice));
			rule_free(rule);
			rule_free(once);
			rule_free(twice);
		}
}

/* "! --sport 0:65535" never matches: it is not lost among the ports of another match. */
static void test_never(void **state)
{
	static const char *const never[] = { "! --sport 0:65535", "! --dport 0:65535",
					     "! --tcp-flags NONE NONE" };
	static const char *const other[] = { "--sport 5", "--dport 5", "--tcp-flags SYN SYN" };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(never); i++) {
		const char *first = i % 2 ? never[i / 2] : other[i / 2];
		const char *second = i % 2 ? other[i / 2] : never[i / 2];
		char *text = xasprintf("-p tcp -m tcp %s -m tcp %s -j ACCEPT", first, second);
		struct rule *rule = wanted(FAMILY_IPV4, text);

		assert_int_equal(rule->nmatches, 2);
		rule_free(rule);
		free(text);
	}
}

/* The bytes after the last member of a structure are compared, so they stay unchanged. */
static void test_padding(void **state)
{
	struct rule *rule = wanted(FAMILY_IPV4, "-p udp --dport 5 -j ACCEPT"), *again;

	(void)state;
	assert_int_equal(rule->matches[0].data[9], 0);
	rule->matches[0].data[9] = 0x5a;
	again = nft_canonical(rule);
	assert_true(rule_equal(rule, again));
	assert_memory_equal(rule->matches[0].data, again->matches[0].data, rule->matches[0].size);
	rule_free(rule);
	rule_free(again);
}

/* A name that no interface can have is decoded as the rule that it stands for. */
static void test_no_interface(void **state)
{
	struct rule *named = wanted(FAMILY_IPV4, "-i INVAL/D ! -o INVAL/D -j ACCEPT");
	struct rule *never = wanted(FAMILY_IPV4, "! -i + ! -o INVAL/D -j ACCEPT");

	(void)state;
	assert_true(rule_equal(named, never));
	rule_free(named);
	rule_free(never);
}

/* A revision that iptables does not have is not taken for the one it has. */
static void test_other_revisions(void **state)
{
	static const char *const texts[] = { "match limit 1 z40", "target TRACE 1 z0",
					     "target NFLOG 1 z80" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct rule *rule = nft_decode(FAMILY_IPV4, assemble(FAMILY_IPV4, texts[i]));
		struct nftnl_rule *encoded;
		const char *why = NULL;
		struct nlmsghdr *nlh;
		struct rule *again;

		assert_null(rule->opaque);
		encoded = nft_encode(rule, "filter", "FORWARD", &why);
		assert_non_null(encoded);
		nlh = nftnl_nlmsg_build_hdr((char *)message, NFT_MSG_NEWRULE, AF_INET, 0, 1);
		nftnl_rule_set_u64(encoded, NFTNL_RULE_HANDLE, 7);
		nftnl_rule_unset(encoded, NFTNL_RULE_COMPAT_PROTO);
		nftnl_rule_unset(encoded, NFTNL_RULE_COMPAT_FLAGS);
		nftnl_rule_nlmsg_build_payload(nlh, encoded);
		nftnl_rule_free(encoded);
		again = nft_decode(FAMILY_IPV4, nlh);
		assert_true(rule_equal(rule, again));
		rule_free(rule);
		rule_free(again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),	    cmocka_unit_test(test_again),
		cmocka_unit_test(test_opaque_end),  cmocka_unit_test(test_long_prefix),
		cmocka_unit_test(test_damaged),	    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),	    cmocka_unit_test(test_never),
		cmocka_unit_test(test_padding),	    cmocka_unit_test(test_no_interface),
		cmocka_unit_test(test_other_revisions),
	};

	deadline_start(600);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
