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
#include "guard_names.h"
#include "nft_canonical.h"
#include "nft_decode.h"
#include "nft_listed_rule.h"
#include "nft_encode.h"
#include "nft_mark.h"
#include "rulespec.h"
#include "util.h"

/* Decodes rules of nf_tables: every form that iptables has ever written, and others. */

static uint8_t message[65536];

#define STATUS "ct status; bitwise 4 20000000 00000000; "
#define CT_TEXT "-m conntrack --ctstate DNAT --ctorigdstport 80 --ctdir ORIGINAL"

/* Rules in the guard's table; in another one each of them is opaque, but for the states. */
static const struct nft_form guard_forms[] = {
	{ false, TCP "ct direction; cmp eq 00; " STATUS "cmp neq 00000000; ct dport 0; "
	  "cmp eq 0050; verdict accept", "-p tcp " CT_TEXT " -j ACCEPT", NULL, false },
	/* The order does not matter, and addresses may stand between. */
	{ false, "ct dport 0; cmp eq 0050; payload nh 12 4; cmp eq 0a010203; " TCP
	  "ct direction; cmp eq 00; " STATUS "cmp neq 00000000; counter 3 4; reject 0 3",
	  "-s 10.1.2.3 -p tcp " CT_TEXT " -j REJECT", NULL, false },
	{ true, STATUS "cmp eq 00000000; ct direction - 9; cmp eq 01 9; counter 1 2; reject 0 5; "
	  "comment dockfw", "-m conntrack ! --ctstate DNAT --ctdir REPLY -m comment --comment dockfw "
	  "-j REJECT --reject-with icmp6-policy-fail", NULL, false },
	{ false, STATUS "cmp eq 00000000; verdict accept", NULL, "status without dnat", false },
	{ false, STATUS "cmp eq 00000000; verdict jump A", NULL, "status without dnat", false },
	/* Ranges: two comparisons of one value, one as newer releases of nft have it. */
	{ false, "ct dport 0; cmp gte 0050; cmp lte 005a; verdict drop",
	  "-m conntrack --ctorigdstport 80:90 -j DROP", NULL, false },
	{ false, "ct dport 0; range eq 0050 005a; verdict drop",
	  "-m conntrack --ctorigdstport 80:90 -j DROP", NULL, false },
	{ false, "ct dport 0; cmp gte 0050; meta mark; cmp eq 01000000; verdict drop",
	  "-m conntrack --ctorigdstport 80:65535 -m mark --mark 1 -j DROP", NULL, false },
	{ false, TCP "reject 1", "-p tcp -j REJECT --reject-with tcp-reset", NULL, false },
	/* One that stays a match of x_tables has its own place. */
	{ false, "ct direction; cmp eq 01; match mark 1 02000000" "0f000000" "00000000" "00000000; "
	  "verdict drop", "-m conntrack --ctdir REPLY -m mark --mark 2/0xf -j DROP", NULL, false },

	{ false, "ct 0; bitwise 4 08000000 00000000; cmp neq 00000000; verdict drop",
	  "-m conntrack --ctstate NEW -j DROP", NULL, false },
	{ false, "ct 12; cmp eq 0050; verdict drop", NULL, "key 12 of another", false },
	{ false, "ct dport 1; cmp eq 0050; verdict drop", NULL, "key 12 of another", false },
	{ false, "ct status 0; bitwise 4 20000000 00000000; cmp neq 00000000", NULL, "another", false },
	{ false, "ct dport 0; also 4 00000001; cmp eq 0050", NULL, "not a load", false },
	{ false, "ct dport 0; also 5 00000001; cmp eq 0050", NULL, "unknown attribute", false },
	{ false, "ct dport 0; verdict drop", NULL, "never used", false },
	{ false, "ct dport 0; cmp neq 0050; verdict drop", NULL, "operator 1", false },
	{ false, "ct dport 0; cmp lte 0050; verdict drop", NULL, "operator 3", false },
	{ false, "ct dport 0; cmp gte 0050; cmp neq 005a; verdict drop", NULL, "operator 1", false },
	{ false, "ct dport 0; cmp gte 0050; cmp lte 004f; verdict drop", NULL, "ports 80 to 79", false },
	{ false, "ct dport 0; cmp gte 0050; cmp lte 0060; cmp lte 0055", NULL, "nothing was loaded", false },
	{ false, "ct dport 0; cmp eq 0050; cmp lte 0060", NULL, "nothing was loaded", false },
	{ false, "ct dport 0; cmp gte 0050; bitwise 2 0fff 0000; verdict drop", NULL, "never used", false },
	{ false, "ct dport 0; cmp gte 0050; cmp gte 0051; verdict drop", NULL, "twice", false },
	{ false, "ct dport 0; cmp eq 0000; verdict drop", NULL, "ports 0 to 0", false },
	{ false, "ct dport 0; cmp eq 50; verdict drop", NULL, "1 bytes", false },
	{ false, "ct dport 0; bitwise 2 00ff 0000; cmp eq 0050; verdict drop", NULL, "a mask", false },
	{ false, "ct dport 0; range neq 0050 005a; verdict drop", NULL, "not a port", false },
	{ false, "ct direction; range eq 0050 005a; verdict drop", NULL, "not a port", false },
	{ false, "ct dport 0; cmp eq 0050; ct dport 0; cmp eq 0051; verdict drop", NULL, "twice", false },
	{ false, "ct dport 0; cmp eq 0050; ct dport 0; range eq 0050 0051", NULL, "twice", false },
	{ false, "ct direction; cmp neq 00; verdict drop", NULL, "operator 1", false },
	{ false, "ct direction; cmp eq 02; verdict drop", NULL, "direction 2", false },
	{ false, "ct direction; bitwise 1 01 00; cmp eq 00; verdict drop", NULL, "direction 0", false },
	{ false, "ct direction; cmp eq 00; ct direction; cmp eq 00; verdict drop", NULL, "twice", false },
	{ false, "ct status; cmp eq 20000000; verdict drop", NULL, "other than dnat", false },
	{ false, STATUS "cmp eq 20000000; verdict drop", NULL, "other than dnat", false },
	{ false, STATUS "cmp gt 00000000; verdict drop", NULL, "other than dnat", false },
	{ false, STATUS "cmp eq 00000000; " STATUS "cmp eq 00000000", NULL, "twice", false },
	{ false, "ct status; bitwise 4 30000000 00000000; cmp neq 00000000", NULL, "than dnat", false },
	{ false, "ct status; bitwise 4 20000000 20000000; cmp neq 00000000", NULL, "inverted", false },
	{ false, "ct direction; cmp eq 00; match mark 1 z16; ct dport 0; cmp eq 0050", NULL,
	  "in two places", false },
	{ false, "counter 1 2; ct direction; cmp eq 00; verdict drop", NULL, "end of the rule", false },
	{ false, "ct dport 0; bare lookup; verdict drop", NULL, "no register", false },
	{ false, "reject 0 1; reject 0 1", NULL, "after the rule's end", false },
	{ false, "reject 0 4", NULL, "an answer", false },
	{ false, "reject 2 1", NULL, "an answer", false },
	{ false, "reject 1", NULL, "other protocols", false },
	{ false, TCP "reject 1 3", NULL, "an answer", false },
	{ true, "reject 0 9", NULL, "an answer", false },
	{ false, "reject 0 3; udata 0107646f636b667700", NULL, "not a comment", false },
};

static struct nlmsghdr *assemble_in(const char *table, enum family family, const char *expressions)
{
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr((char *)message, NFT_MSG_NEWRULE,
						     (uint16_t)family_af(family), 0, 1);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, "FORWARD");
	mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(7));
	asm_rule(nlh, expressions);
	return nlh;
}

static struct nlmsghdr *assemble(enum family family, const char *expressions)
{
	return assemble_in("filter", family, expressions);
}

static struct rule *wanted(enum family family, const char *text)
{
	struct strings chains = { 0 };
	struct spec spec = { 0 };
	struct rule *rule;

	strings_add(&chains, "OTHER");
	assert_int_equal(rulespec_parse(family, &text, 1, &chains, &spec), 0);
	/* Since iptables 1.8.10: "Port range 4-3 is negative". */
	if (spec.error && !strstr(spec.error, "is negative"))
		fail_msg("%s: %s", text, spec.error);
	rule = spec.error ? NULL : nft_canonical(spec.rules[0]);
	spec_clear(&spec);
	strings_clear(&chains);
	return rule;
}

static void decode_forms(const struct nft_form *forms, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct nft_form *form = &forms[i];
		enum family family = form->ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct nlmsghdr *nlh = assemble(family, form->expressions);
		struct rule *rule = nft_decode(family, nlh), *other;

		assert_int_equal(rule->handle, 7);
		if (form->text) {
			if (rule->opaque)
				fail_msg("%s is opaque: %s", form->expressions, rule->opaque);
			other = wanted(family, form->text);
			if (other && !rule_equal(rule, other))
				fail_msg("%s is not %s", form->expressions, form->text);
			assert_true(!other || rule_hash(rule) == rule_hash(other));
			rule_free(other);
		} else if (!rule->opaque || !strstr(rule->opaque, form->opaque)) {
			fail_msg("%s is '%s', not for '%s'", form->expressions,
				 rule->opaque ? rule->opaque : "whole", form->opaque);
		}
		rule_free(rule);
	}
}

static void test_forms(void **state)
{
	(void)state;
	decode_forms(nft_forms, ARRAY_SIZE(nft_forms));
}

#define STATE(mask) "ct 0; bitwise 4 " mask " 00000000; "

/* What means the same as a rule of iptables, though iptables-nft 1.8.9 does not list it. */
static void test_nft_only(void **state)
{
	static const struct nft_form forms[] = {
		{ false, STATE("01000000") "cmp neq 00000000; verdict drop",
		  "-m conntrack --ctstate INVALID -j DROP", NULL, false },
		{ true, STATE("06000000") "cmp neq 00000000; " END,
		  "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", NULL, false },
		{ false, STATE("48000000") "cmp eq 00000000; verdict return",
		  "-m conntrack ! --ctstate NEW,UNTRACKED -j RETURN", NULL, false },
		{ false, "ct 0; cmp neq 01000000; verdict return",
		  "-m conntrack ! --ctstate INVALID -j RETURN", NULL, false },
		{ false, "ct 0; cmp eq 06000000; verdict drop", NULL, "states", false },
		{ false, STATE("06000000") "cmp eq 02000000; verdict drop", NULL, "states", false },
		{ false, STATE("20000000") "cmp neq 00000000; verdict drop", NULL, "states", false },
		{ false, "ct 0; cmp lt 01000000; verdict drop", NULL, "states", false },
		{ false, "ct 0; cmp eq 01; verdict drop", NULL, "1 bytes", false },
		{ false, "ct 0 0; cmp eq 01000000; verdict drop", NULL, "another direction", false },
		{ false, "counter 0 0; syslog 4", "-j LOG", NULL, false },
		{ false, "limit 3 3600 5; syslog 7 0 near", "-m limit -j LOG --log-level 7 "
		  "--log-prefix near", NULL, false },
		{ false, "syslog 4 15", "-j LOG --log-tcp-sequence --log-tcp-options --log-ip-options "
		  "--log-uid", NULL, false },
		{ false, "syslog 8", NULL, "does not have", false },
		{ false, "syslog 4 16", NULL, "does not have", false },
		{ false, "syslog 4 0 a-prefix-of-thirty-characters.", NULL, "does not have", false },
		{ false, "syslog 4; verdict drop", NULL, "after the rule's end", false },
	};

	(void)state;
	decode_forms(forms, ARRAY_SIZE(forms));
}

/* The rule as it is decoded after it was encoded for that table; NULL if it cannot be. */
static struct rule *through(const char *table, const struct rule *rule, const char **why)
{
	struct nftnl_rule *encoded = nft_encode(rule, table, "FORWARD", why);
	struct nlmsghdr *nlh;

	if (!encoded)
		return NULL;
	nftnl_rule_set_u64(encoded, NFTNL_RULE_HANDLE, 8);
	/* A dump does not have these. */
	nftnl_rule_unset(encoded, NFTNL_RULE_COMPAT_PROTO);
	nftnl_rule_unset(encoded, NFTNL_RULE_COMPAT_FLAGS);
	nlh = nftnl_nlmsg_build_hdr((char *)message, NFT_MSG_NEWRULE,
				    (uint16_t)family_af(rule->family), 0, 1);
	nftnl_rule_nlmsg_build_payload(nlh, encoded);
	nftnl_rule_free(encoded);
	return nft_decode(rule->family, nlh);
}

/* A rule that is decoded completely is the same after encoding and decoding it. */
static void test_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nft_forms); i++) {
		enum family family = nft_forms[i].ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct rule *rule = nft_decode(family, assemble(family, nft_forms[i].expressions));
		struct rule *again;
		const char *why;

		again = through("filter", rule, &why);
		assert_int_equal(!again, rule->opaque != NULL);
		if (again) {
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

/* The guard's expressions have a meaning in its table only. */
static void test_guard(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(guard_forms); i++) {
		const struct nft_form *form = &guard_forms[i];
		enum family family = form->ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
		struct nlmsghdr *nlh = assemble_in(GUARD_TABLE, family, form->expressions);
		struct rule *rule = nft_decode(family, nlh), *other;
		const char *why;

		if (form->text) {
			if (rule->opaque)
				fail_msg("%s is opaque: %s", form->expressions, rule->opaque);
			other = wanted(family, form->text);
			if (!rule_equal(rule, other))
				fail_msg("%s is not %s", form->expressions, form->text);
			assert_int_equal(rule_hash(rule), rule_hash(other));
			rule_free(other);
			other = through(GUARD_TABLE, rule, &why);
			if (!other || !rule_equal(rule, other))
				fail_msg("%s is not itself again: %s", form->expressions,
					 !other ? why : other->opaque ? other->opaque : "another");
			rule_free(other);
		} else if (!rule->opaque || !strstr(rule->opaque, form->opaque)) {
			fail_msg("%s is '%s', not for '%s'", form->expressions,
				 rule->opaque ? rule->opaque : "whole", form->opaque);
		}
		rule_free(rule);
		rule = nft_decode(family, assemble(family, form->expressions));
		assert_int_equal(!rule->opaque, !strncmp(form->expressions, "ct 0;", 5));
		rule_free(rule);
	}
}

/* Every match and target, also what the guard writes as in other tables, comes back from it. */
static void test_through_guard(void **state)
{
	static const struct {
		enum family family;
		const char *text, *why; /* NULL: it can be written */
	} rules[] = {
		{ FAMILY_IPV4, "-i eth0 -p tcp -s 192.0.2.0/24 " CT_TEXT " -j ACCEPT", NULL },
		{ FAMILY_IPV4, "-p udp -m conntrack --ctorigdstport 1:65535 -j DROP", NULL },
		{ FAMILY_IPV4, CT_TEXT " -m conntrack --ctdir ORIGINAL -j DROP", NULL },
		{ FAMILY_IPV4, "-m conntrack --ctstate NEW " CT_TEXT " -m mark --mark 1", NULL },
		{ FAMILY_IPV4, "-m conntrack --ctstate DNAT --ctorigsrcport 80 -j DROP", NULL },
		{ FAMILY_IPV4, "-m comment --comment dockfw -m mark --mark 1 -j REJECT", NULL },
		{ FAMILY_IPV4, "-m comment --comment office -m comment --comment dockfw -j DROP", NULL },
		{ FAMILY_IPV4, "-m comment --comment dockfw -m comment --comment office -j OTHER", NULL },
		{ FAMILY_IPV4, "-p tcp --dport 80 -m limit --limit 3/min -j RETURN", NULL },
		{ FAMILY_IPV4, "-p udp -j REJECT --reject-with tcp-reset", "needs -p tcp" },
		{ FAMILY_IPV4, "! -p tcp -j REJECT --reject-with tcp-reset", "needs -p tcp" },
		{ FAMILY_IPV6, "-p tcp -j REJECT --reject-with tcp-reset", NULL },
		{ FAMILY_IPV6, CT_TEXT " -j REJECT --reject-with icmp6-reject-route", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		struct rule *rule = wanted(rules[i].family, rules[i].text), *again;
		bool refuses = strstr(rules[i].text, "DROP") || strstr(rules[i].text, "REJECT");
		const char *why = NULL;

		rule->packets = 7;
		again = through(GUARD_TABLE, rule, &why);
		if (rules[i].why ? !why || !strstr(why, rules[i].why) : !again)
			fail_msg("%s: %s", rules[i].text, why ? why : "written");
		if (again && (again->opaque || !rule_equal(rule, again)))
			fail_msg("%s: %s", rules[i].text, again->opaque ? again->opaque : "another");
		if (again)
			assert_int_equal(again->packets, refuses ? 7 : 0);
		rule_free(again);
		rule_free(rule);
	}
}

/* The comment of a table among what else is in its user data. */
static void test_mark(void **state)
{
	static const struct {
		const char *hex;
		bool mark;
	} data[] = {
		{ "0007646f636b667700", true },
		{ "0007646f636b667700" "010401010302" "0201aa", true }, /* nft's version, as it writes it */
		{ "010401010302" "0007646f636b667700", true },
		{ "010101" "0007646f636b6678", false },
		{ "0007646f636b667800", false },
		{ "0006646f636b6677", false },
		{ "0008646f636b66770000", false },
		{ "0006646f636b6600" "0007646f636b667700", false },
		{ "0107646f636b667700", false },
		{ "0109646f636b667700", false },
		{ "00", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
		struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr((char *)message, NFT_MSG_NEWTABLE,
							     AF_INET, 0, 1);
		struct nlattr *attr = mnl_nlmsg_get_payload_tail(nlh);

		asm_bytes(nlh, NFTA_TABLE_USERDATA, data[i].hex);
		if (nft_is_marked(attr) != data[i].mark)
			fail_msg("%s", data[i].hex);
	}
	assert_false(nft_is_marked(NULL));
}

/* Each answer of -j REJECT that iptables has; the obsolete echo reply has none. */
static void test_answers(void **state)
{
	(void)state;
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		for (uint32_t with = 0; with < 12; with++) {
			uint32_t echo = family == FAMILY_IPV4 ? 4 : 5;
			struct rule *rule = rule_new(family), *again;
			uint32_t data[2] = { with };
			const char *why;

			rule->proto = IPPROTO_TCP;
			rule_set_target(rule, "REJECT", 0, data, sizeof(data));
			again = through(GUARD_TABLE, rule, &why);
			assert_int_equal(!again, with == echo || with > 8);
			if (again)
				assert_true(rule_equal(rule, again));
			rule_free(again);
			rule_free(rule);
		}
}

/* What an opaque rule can do is still read: its first verdict, and whether there may be another. */
static void test_opaque_end(void **state)
{
	static const struct {
		const char *expressions;
		enum verdict verdict;
		const char *to; /* a chain or target */
		bool known;
	} ends[] = {
		{ "bare ct; counter 3 4; verdict accept", VERDICT_ACCEPT, NULL, true },
		{ "lookup 1; counter 3 4; verdict drop", VERDICT_DROP, NULL, true },
		{ "lookup 1 8; verdict drop", VERDICT_DROP, NULL, true },
		{ "lookup 1 0; verdict drop", VERDICT_DROP, NULL, false },
		{ "lookup 1 0", VERDICT_NONE, NULL, false },
		{ "bare ct; verdict goto ELSE", VERDICT_GOTO, "ELSE", true },
		{ "verdict jump ELSE; verdict accept", VERDICT_JUMP, "ELSE", true },
		{ "verdict continue; verdict drop", VERDICT_DROP, NULL, true },
		{ "verdict break; verdict accept", VERDICT_NONE, NULL, true },
		{ "verdict queue", VERDICT_QUEUE, NULL, true },
		{ "verdict 77; verdict drop", VERDICT_DROP, NULL, false },
		{ "bare fib; reject 0 3", VERDICT_EXT, "REJECT", true },
		{ "bare fib; target REJECT 0 00; verdict accept", VERDICT_EXT, "REJECT", true },
		{ "bare fib; target MARK 2 00; verdict drop", VERDICT_DROP, NULL, true },
		{ "bare fib; target NFQUEUE 0 00; verdict drop", VERDICT_DROP, NULL, false },
		{ "log 1; verdict drop", VERDICT_DROP, NULL, true },
		{ "bare notrack", VERDICT_NONE, NULL, true },
		{ "bare dup; verdict drop", VERDICT_DROP, NULL, false },
		{ "bare fwd", VERDICT_NONE, NULL, false },
		{ "bare queue", VERDICT_NONE, NULL, false },
		{ "bare flow_offload; verdict drop", VERDICT_DROP, NULL, false },
		{ "bare objref; verdict drop", VERDICT_DROP, NULL, false },
		{ "bare unheard-of; verdict drop", VERDICT_DROP, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct rule *rule = nft_decode(FAMILY_IPV4,
					       assemble(FAMILY_IPV4, ends[i].expressions));
		const char *to = rule->chain ? rule->chain : rule->target.name;

		if (!rule->opaque || rule->verdict != ends[i].verdict ||
		    rule->end_known != ends[i].known ||
		    strcmp(ends[i].to ? ends[i].to : "", to) != 0 ||
		    rule->packets != (strstr(ends[i].expressions, "counter") ? 3 : 0))
			fail_msg("%s: verdict %d %s, %s", ends[i].expressions, (int)rule->verdict,
				 to, rule->end_known ? "known" : "not known");
		rule_free(rule);
	}
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
static void damage(enum family family, const struct nlmsghdr *nlh)
{
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

static void test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nft_forms); i++) {
		enum family family = nft_forms[i].ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;

		damage(family, assemble(family, nft_forms[i].expressions));
	}
	for (size_t i = 0; i < ARRAY_SIZE(guard_forms); i++)
		damage(FAMILY_IPV4, assemble_in(GUARD_TABLE, FAMILY_IPV4, guard_forms[i].expressions));
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
		const char *why = NULL;
		struct rule *again;

		assert_null(rule->opaque);
		again = through("filter", rule, &why);
		assert_non_null(again);
		assert_true(rule_equal(rule, again));
		rule_free(rule);
		rule_free(again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),	    cmocka_unit_test(test_nft_only),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_guard),	    cmocka_unit_test(test_through_guard),
		cmocka_unit_test(test_mark),	    cmocka_unit_test(test_answers),
		cmocka_unit_test(test_opaque_end),  cmocka_unit_test(test_long_prefix),
		cmocka_unit_test(test_damaged),	    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),	    cmocka_unit_test(test_never),
		cmocka_unit_test(test_padding),	    cmocka_unit_test(test_no_interface),
		cmocka_unit_test(test_other_revisions),
	};

	deadline_start(600);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
