/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deadline.h"
#include "diag.h"
#include "rulespec.h"
#include "util.h"
#include "xt_match.h"

/* Converts texts to rules and back, through libxtables, without privileges. */

static char *chain_names[] = { "USER", "OFFICE" };
static const struct strings chains = { chain_names, 2, 2 };

static void parse(enum family family, const char *text, struct spec *spec)
{
	assert_int_equal(rulespec_parse(family, &text, 1, &chains, spec), 0);
}

static struct rule *parse_rule(enum family family, const char *text)
{
	struct spec spec;
	struct rule *rule;

	parse(family, text, &spec);
	if (spec.error)
		fail_msg("%s: %s", text, spec.error);
	assert_int_equal(spec.nrules, 1);
	rule = rule_copy(spec.rules[0]);
	spec_clear(&spec);
	return rule;
}

/* Parses, prints, and parses the print again. */
static void expect(enum family family, const char *text, const char *expected)
{
	struct rule *rule = parse_rule(family, text), *again;
	const struct rule *printed = rule;
	char *out;

	assert_int_equal(rulespec_print(&printed, 1, &out), 0);
	assert_string_equal(out, expected);
	again = parse_rule(family, out);
	assert_true(rule_equal(rule, again));
	free(out);
	rule_free(again);
	rule_free(rule);
}

static void expect_error(enum family family, const char *text, const char *part, bool other)
{
	struct spec spec;

	parse(family, text, &spec);
	if (!spec.error)
		fail_msg("%s: accepted", text);
	assert_int_equal(spec.nrules, 0);
	if (!strstr(spec.error, part))
		fail_msg("%s: \"%s\" does not contain \"%s\"", text, spec.error, part);
	if (strchr(spec.error, '\n'))
		fail_msg("%s: \"%s\" is not one line", text, spec.error);
	assert_int_equal(spec.other_family, other);
	spec_clear(&spec);
}

static void prints_as_iptables(void **state)
{
	(void)state;
	expect(FAMILY_IPV4, "", "");
	expect(FAMILY_IPV4, "-j DROP -p TCP --dport http -s 192.0.2.77/24 ! -i eth+",
	       "-s 192.0.2.0/24 ! -i eth+ -p tcp -m tcp --dport 80 -j DROP");
	expect(FAMILY_IPV4, "-d 10.0.5.0/255.0.255.0 -g OFFICE", "-d 10.0.5.0/255.0.255.0 -g OFFICE");
	expect(FAMILY_IPV4, "! -f ! -s 0/0 -j RETURN", "! -s 0.0.0.0/0 ! -f -j RETURN");
	expect(FAMILY_IPV4, "-m state --state NEW -j USER", "-m state --state NEW -j USER");
	expect(FAMILY_IPV4, "-i + -o lo", "-o lo");
	expect(FAMILY_IPV4, "! -i +", "! -i +");
	expect(FAMILY_IPV4, "-m comment --comment \"a \\\"b\\\" c\" -j LOG --log-prefix \"x \"",
	       "-m comment --comment \"a \\\"b\\\" c\" -j LOG --log-prefix \"x \"");
	expect(FAMILY_IPV6, "-s 2001:DB8::/32 -p icmpv6 --icmpv6-type 1/4 -j REJECT",
	       "-s 2001:db8::/32 -p ipv6-icmp -m icmp6 --icmpv6-type 1/4 -j REJECT "
	       "--reject-with icmp6-port-unreachable");
	expect(FAMILY_IPV6, "-d fe80::1/ffff::ff -j QUEUE", "-d fe80::1/ffff::ff -j QUEUE");
}

static void fills_the_rule(void **state)
{
	struct rule *rule;

	(void)state;
	rule = parse_rule(FAMILY_IPV4, "-i eth+ ! -o lo -p udp -c 5 6 -m limit --limit 3/min "
			  "-m state --state NEW -j LOG");
	assert_string_equal(rule->in.name, "eth+");
	assert_int_equal(rule->in.mask[2], 0xff);
	assert_int_equal(rule->in.mask[3], 0);
	assert_int_equal(rule->invert, INV_OUT);
	assert_int_equal(rule->proto, 17);
	assert_int_equal(rule->packets, 5);
	assert_int_equal(rule->bytes, 6);
	assert_int_equal(rule->nmatches, 2);
	/* The credit and the other fields of limit at the end belong to the kernel. */
	assert_string_equal(rule->matches[0].name, "limit");
	assert_true(rule->matches[0].usersize && rule->matches[0].usersize < rule->matches[0].size);
	/* state is another name for a use of conntrack. */
	assert_string_equal(rule->matches[1].name, "conntrack");
	assert_int_equal(rule->verdict, VERDICT_EXT);
	assert_string_equal(rule->target.name, "LOG");
	rule_free(rule);
}

/* The program's own conntrack matches are the ones that libxtables makes. */
static void conntrack_is_the_same(void **state)
{
	static const struct {
		const char *text;
		struct xt_conntrack_want want;
	} same[] = {
		{ "--ctstate DNAT --ctorigdstport 80 --ctdir ORIGINAL",
		  { XT_DNAT_IS, XT_DIRECTION_ORIGINAL, 80, 80 } },
		{ "--ctorigdstport 80:90", { .port = 80, .last = 90 } },
		{ "! --ctstate DNAT --ctdir REPLY", { XT_DNAT_IS_NOT, XT_DIRECTION_REPLY, 0, 0 } },
		{ "--ctorigdstport 65535 --ctdir ORIGINAL",
		  { XT_DNAT_ANY, XT_DIRECTION_ORIGINAL, 65535, 65535 } },
	};
	static const char *const others[] = {
		"-m conntrack --ctstate NEW", "-m conntrack --ctstate NEW,DNAT",
		"-m conntrack --ctstate DNAT ! --ctorigdstport 80", "-m state --state NEW",
		"-m conntrack --ctstate DNAT --ctorigdstport 0:9",
		"-m conntrack --ctreplsrcport 80", "-m conntrack --ctproto tcp",
		"-m conntrack --ctdir ORIGINAL --ctstatus ASSURED",
		"-m conntrack --ctorigdst 192.0.2.1", "-m mark --mark 1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		char text[100];
		struct rule *typed, *made = rule_new(FAMILY_IPV4);
		struct xt_conntrack_want read;

		snprintf(text, sizeof(text), "-m conntrack %s", same[i].text);
		typed = parse_rule(FAMILY_IPV4, text);
		xt_conntrack_add(made, &same[i].want);
		if (!rule_equal(typed, made))
			fail_msg("%s", text);
		assert_int_equal(typed->matches[0].usersize, made->matches[0].usersize);
		assert_true(xt_conntrack_read(&typed->matches[0], &read));
		assert_memory_equal(&read, &same[i].want, sizeof(read));
		/* What no option sets makes it another match. */
		made->matches[0].data[0] = 1;
		assert_false(xt_conntrack_read(&made->matches[0], &read));
		rule_free(typed);
		rule_free(made);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct rule *typed = parse_rule(FAMILY_IPV4, others[i]);
		struct xt_conntrack_want read;

		if (xt_conntrack_read(&typed->matches[0], &read))
			fail_msg("%s", others[i]);
		rule_free(typed);
	}
}

/* A listing has a mask that was not written: other bytes, but the same rule. */
static void defaults_are_what_they_say(void **state)
{
	static const struct {
		enum family family;
		const char *one, *two;
		bool same;
	} pairs[] = {
		{ FAMILY_IPV4, "-m recent --set", "-m recent --set --mask 255.255.255.255", true },
		{ FAMILY_IPV4, "-m recent --set", "-m recent --set --mask 255.255.255.0", false },
		{ FAMILY_IPV4, "-m recent --set --rdest", "-m recent --set --mask 255.255.255.255", false },
		{ FAMILY_IPV6, "-m recent --set", "-m recent --set --mask ffff:ffff::", false },
		{ FAMILY_IPV4, "-m connlimit --connlimit-above 3",
		  "-m connlimit --connlimit-above 3 --connlimit-mask 32", true },
		{ FAMILY_IPV4, "-m connlimit --connlimit-above 3",
		  "-m connlimit --connlimit-above 3 --connlimit-mask 31", false },
		{ FAMILY_IPV6, "-m connlimit --connlimit-above 3",
		  "-m connlimit --connlimit-above 3 --connlimit-mask 32", false },
		{ FAMILY_IPV4, "-j HMARK --hmark-tuple src,dst --hmark-mod 10 --hmark-rnd 1",
		  "-j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 32 --hmark-mod 10 --hmark-rnd 1", true },
		{ FAMILY_IPV4, "-j HMARK --hmark-tuple src,dst --hmark-mod 10 --hmark-rnd 1",
		  "-j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 24 --hmark-mod 10 --hmark-rnd 1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct rule *one = parse_rule(pairs[i].family, pairs[i].one);
		struct rule *two = parse_rule(pairs[i].family, pairs[i].two);

		if (rule_equal_but_mark(one, two) != pairs[i].same)
			fail_msg("'%s' and '%s' are%s the same", pairs[i].one, pairs[i].two,
				 pairs[i].same ? " not" : "");
		if (pairs[i].same)
			assert_int_equal(rule_hash(one), rule_hash(two));
		rule_free(one);
		rule_free(two);
	}
}

/* Thousands of these are told apart by their hash, or every look would take minutes. */
static void published_ports_have_hashes(void **state)
{
	struct rule *one = parse_rule(FAMILY_IPV4, "-m conntrack --ctorigdstport 80 --ctdir ORIGINAL -j DROP");
	struct rule *two = parse_rule(FAMILY_IPV4, "-m conntrack --ctorigdstport 81 --ctdir ORIGINAL -j DROP");

	(void)state;
	assert_int_not_equal(rule_hash(one), rule_hash(two));
	rule_free(one);
	rule_free(two);
}

static void lists_become_rules(void **state)
{
	static const uint8_t expected[4][2] = { { 1, 3 }, { 1, 4 }, { 2, 3 }, { 2, 4 } };
	struct spec spec;

	(void)state;
	parse(FAMILY_IPV4, "-s 10.0.0.1,10.0.0.2 -d 10.0.0.3,10.0.0.4 -j DROP", &spec);
	assert_null(spec.error);
	assert_int_equal(spec.nrules, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(spec.rules[i]->src.addr[3], expected[i][0]);
		assert_int_equal(spec.rules[i]->dst.addr[3], expected[i][1]);
	}
	spec_clear(&spec);
	expect_error(FAMILY_IPV4, "! -s 10.0.0.1,10.0.0.2", "cannot have a !", false);
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	expect_error(FAMILY_IPV4, "! -p tcp --dport 80", "-m tcp needs -p tcp", false);
	expect_error(FAMILY_IPV6, "! -p udp -m udp", "-m udp needs -p udp", false);
	expect_error(FAMILY_IPV4, "-A DOCKER-USER -j DROP", "'-A' is a command", false);
	expect_error(FAMILY_IPV4, "iptables -A X -j DROP", "'iptables' is a command", false);
	expect_error(FAMILY_IPV4, "-t nat -j DROP", "'-t nat' names a table", false);
	expect_error(FAMILY_IPV4, "--list", "'-L' is a command", false);
	expect_error(FAMILY_IPV4, "-h", "not part of a rule", false);
	expect_error(FAMILY_IPV4, "-w 5 -j DROP", "not part of a rule", false);
	expect_error(FAMILY_IPV4, "-j NOSUCH", "no chain 'NOSUCH' and no target", false);
	expect_error(FAMILY_IPV4, "-g ACCEPT", "no chain 'ACCEPT'", false);
	expect_error(FAMILY_IPV4, "-j standard", "no chain 'standard'", false);
	expect_error(FAMILY_IPV4, "-m nosuch", "-m nosuch: no such match", false);
	expect_error(FAMILY_IPV4, "-m ../x", "not a match name", false);
	expect_error(FAMILY_IPV4, "--dport 80", "unknown option '--dport'", false);
	expect_error(FAMILY_IPV4, "-p tcp --dport", "'--dport' needs an argument", false);
	expect_error(FAMILY_IPV4, "-p", "'-p' needs an argument", false);
	expect_error(FAMILY_IPV4, "-p tcp --dport 99999", "99999", false);
	expect_error(FAMILY_IPV4, "-p tcp --dport\xc2\xa0" "80",
		     "; the character at byte 15, \\xc2\\xa0, looks like a blank", false);
	expect_error(FAMILY_IPV4, "-p\xe2\x80\x8b tcp", "byte 3, \\xe2\\x80\\x8b, looks", false);
	expect_error(FAMILY_IPV4, "-p tcp --nosuch", "unknown option '--nosuch'", false);
	expect_error(FAMILY_IPV4, "-m conntrack --ctstate BOGUS", "BOGUS", false);
	expect_error(FAMILY_IPV4, "-m comment --comment 'a b'", "double quotes", false);
	expect_error(FAMILY_IPV4, "-m comment --comment \"a", "not closed", false);
	expect_error(FAMILY_IPV4, "-j \x01", "control character", false);
	expect_error(FAMILY_IPV4, "-i abcdefghijklmnop", "longer than 15", false);
}

static void looks_no_name_up(void **state)
{
	static const char *const texts[] = {
		"-s localhost", "-d name.example/24", "-s 192.0.2.1,name.example", "-s loopback",
		"-m conntrack --ctorigsrc name.example", "-j TEE --gateway localhost",
		"-m policy --dir in --pol ipsec --strict --mode tunnel --tunnel-src name.example",
		"-m conntrack --ctorigsrc name.example/24",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		expect_error(FAMILY_IPV4, texts[i], "names are not looked up", false);
	expect_error(FAMILY_IPV6, "-s localhost", "'localhost' is a name", false);
	expect_error(FAMILY_IPV4, "-s 192.0.2.256", "'192.0.2.256' is not an IPv4 address", false);
	expect_error(FAMILY_IPV4, "-s ''", "'''' is a name", false);
	expect_error(FAMILY_IPV4, "-s \"\"", "'' is not an IPv4 address", false);
}

static void knows_the_other_family(void **state)
{
	(void)state;
	expect_error(FAMILY_IPV4, "-s 2001:db8::1 -j DROP", "not an IPv4 address", true);
	expect_error(FAMILY_IPV6, "-s 192.0.2.1 -j DROP", "not an IPv6 address", true);
	expect_error(FAMILY_IPV6, "-4 -j DROP", "for IPv4", true);
	expect_error(FAMILY_IPV4, "-6 -j DROP", "for IPv6", true);
	expect_error(FAMILY_IPV6, "-f", "not for IPv6", true);
	expect_error(FAMILY_IPV4, "-m rt --rt-type 0", "no such match", true);
	expect_error(FAMILY_IPV4, "-m conntrack --ctorigsrc 2001:db8::1", "not an IPv4 address", true);
	expect_error(FAMILY_IPV4, "-j REJECT --reject-with icmp6-no-route", "reject type", true);
	/* Invalid in both families: each reports it. */
	expect_error(FAMILY_IPV4, "-m iprange --src-range x", "", false);
	expect(FAMILY_IPV4, "-4 -j DROP", "-j DROP");
}

/* Only the rule that makes the child exit is refused. */
static void goes_on_behind_a_bad_rule(void **state)
{
	static const char *const texts[] = {
		"-j ACCEPT", "-p tcp --dport bogus", "-p tcp --dport 80", "-m state --state X",
		"-m limit --limit 0", "-s 10.0.0.1,10.0.0.2", "-j \"", "-p udp --dport 53",
	};
	struct spec specs[ARRAY_SIZE(texts)];

	(void)state;
	assert_int_equal(rulespec_parse(FAMILY_IPV4, texts, ARRAY_SIZE(texts), &chains, specs), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		bool good = i % 2 == 0 ? i != 4 && i != 6 : i == 5 || i == 7;

		assert_int_equal(specs[i].error == NULL, good);
		assert_int_equal(specs[i].nrules, good ? (i == 5 ? 2 : 1) : 0);
		spec_clear(&specs[i]);
	}
}

static int parse_both(const struct spec_text *texts, size_t n, struct spec *specs)
{
	return rulespec_end(rulespec_begin(texts, n, &chains, specs), 0);
}

/* Each of the wrong rules ends a child, and the rest needs one more. */
static void gives_up_after_too_many(void **state)
{
	static const struct { unsigned int wrong, most; int result; } cases[] = {
		{ 0, 1, 0 }, { 1, 1, 1 }, { 2, 3, 0 }, { 3, 3, 1 }, { 3, 4, 0 }, { 5, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec_text texts[6] = { { FAMILY_IPV4, false, "-p tcp --dport bogus" } };
		struct spec specs[ARRAY_SIZE(texts)];

		for (size_t k = 1; k < ARRAY_SIZE(texts); k++)
			texts[k] = k < cases[i].wrong ? texts[0]
						      : (struct spec_text){ FAMILY_IPV4, false, "-j ACCEPT" };
		if (!cases[i].wrong)
			texts[0] = texts[1];
		assert_int_equal(rulespec_end(rulespec_begin(texts, ARRAY_SIZE(texts), &chains, specs),
					      cases[i].most), cases[i].result);
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
			assert_int_equal(specs[k].nrules, !cases[i].result && k >= cases[i].wrong);
			assert_int_equal(specs[k].error != NULL, !cases[i].result && k < cases[i].wrong);
			spec_clear(&specs[k]);
		}
	}
}

/* One child serves both families only as long as the library forgets nothing of the second. */
static void serves_both_families(void **state)
{
	static const struct { const char *text; bool good[FAMILY_COUNT]; } cases[] = {
		{ "-p tcp --dport 80 -m comment --comment a -j REJECT", { true, true } },
		{ "-p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", { true, true } },
		{ "-m conntrack --ctstate ESTABLISHED -j ACCEPT", { true, true } },
		{ "-j REJECT --reject-with icmp6-no-route", { false, true } },
		{ "-j HL --hl-set 5", { false, true } },
		{ "-m hl --hl-eq 5", { false, true } },
		{ "-m ttl --ttl-eq 5", { true, false } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct spec_text texts[] = {
			{ FAMILY_IPV4, false, cases[i].text }, { FAMILY_IPV6, false, cases[i].text },
		};
		struct spec specs[ARRAY_SIZE(texts)];

		assert_int_equal(parse_both(texts, ARRAY_SIZE(texts), specs), 0);
		for (size_t f = 0; f < ARRAY_SIZE(texts); f++) {
			if (!specs[f].error != cases[i].good[f])
				fail_msg("%s: family %zu: %s", cases[i].text, f,
					 specs[f].error ? specs[f].error : "not refused");
			spec_clear(&specs[f]);
		}
	}
}

/* What conntrack's entry for the one family parses in the other one. */
static void parses_conntrack_in_both(void **state)
{
	static const char *const texts[FAMILY_COUNT][12] = {
		{ "-m conntrack --ctorigsrc 192.0.2.1 -j RETURN",
		  "-m conntrack ! --ctorigdst 192.0.2.0/25 --ctreplsrc 198.51.100.0/255.255.255.0 -j DROP",
		  "-m conntrack ! --ctrepldst 0.0.0.0/0 -j RETURN" },
		{ "-m conntrack --ctorigsrc 2001:db8::1 -j RETURN",
		  "-m conntrack ! --ctorigdst 2001:db8::/65 --ctreplsrc 2001:db8:1::/48 -j DROP",
		  "-m conntrack ! --ctrepldst ::/0 -j RETURN" },
	};
	static const char *const of_both[] = {
		"-m conntrack --ctstate DNAT,RELATED ! --ctstatus NONE,SEEN_REPLY -j RETURN",
		"-p tcp -m conntrack ! --ctstate INVALID --ctorigdstport 80 --ctdir ORIGINAL -j REJECT",
		"-m conntrack --ctproto udp --ctorigsrcport 5:6 ! --ctreplsrcport 7 --ctrepldstport 8:9 -j DROP",
		"-m conntrack --ctproto 1 --ctexpire 5:7 --ctdir REPLY -j RETURN",
		"-m conntrack --ctorigdstport 80 -j RETURN", /* without a protocol */
		"-m conntrack -j RETURN",
		"-m conntrack --ctorigsrc 192.0.2.1 --ctrepldst 192.0.2.2/16 -j RETURN",
		"-m conntrack --ctorigsrc 2001:db8::1 --ctrepldst 2001:db8::2/33 -j RETURN",
		"-m conntrack --ctstate NEW -m conntrack --ctdir REPLY -j RETURN",
	};

	(void)state;
	for (int first = 0; first < FAMILY_COUNT; first++) {
		const size_t n = ARRAY_SIZE(texts[0]), own = n - ARRAY_SIZE(of_both);
		struct spec_text together[2 * ARRAY_SIZE(texts[0])];
		struct spec specs[2 * ARRAY_SIZE(texts[0])];

		for (size_t i = 0; i < 2 * n; i++) {
			enum family family = i < n ? (enum family)first : (enum family)!first;

			together[i] = (struct spec_text){ family, false, i % n < own ? texts[family][i % n]
								  : of_both[i % n - own] };
		}
		assert_int_equal(parse_both(together, 2 * n, specs), 0);
		for (size_t i = 0; i < 2 * n; i++) {
			struct spec apart;

			assert_int_equal(rulespec_parse(together[i].family, &together[i].text, 1, &chains,
							&apart), 0);
			assert_int_equal(specs[i].nrules, apart.nrules);
			for (size_t r = 0; r < apart.nrules; r++)
				assert_true(rule_equal(specs[i].rules[r], apart.rules[r]));
			if (apart.error)
				assert_string_equal(specs[i].error, apart.error);
			else
				assert_null(specs[i].error);
			spec_clear(&specs[i]);
			spec_clear(&apart);
		}
	}
}

static void prints_both_families(void **state)
{
	static const char *const texts[FAMILY_COUNT][2] = {
		{ "-p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset",
		  "-j REJECT --reject-with icmp-port-unreachable" },
		{ "-p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset",
		  "-j REJECT --reject-with icmp6-port-unreachable" },
	};
	struct spec specs[FAMILY_COUNT][2];
	const struct rule *rules[4];
	char *printed[4];

	(void)state;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		assert_int_equal(rulespec_parse(family, texts[family], 2, &chains, specs[family]), 0);
		for (size_t i = 0; i < 2; i++)
			rules[2 * family + i] = specs[family][i].rules[0];
	}
	assert_int_equal(rulespec_print(rules, 4, printed), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(printed[i], texts[i / 2][i % 2]);
		free(printed[i]);
		spec_clear(&specs[i / 2][i % 2]);
	}
}

struct named {
	const char *text;
	bool target, refused[FAMILY_COUNT];
};

/* All of them in one call, first those of IPv4. */
static void expect_named(const struct named *cases, size_t n)
{
	struct spec_text *texts = xcalloc(FAMILY_COUNT * n, sizeof(*texts));
	struct spec *specs = xcalloc(FAMILY_COUNT * n, sizeof(*specs));

	for (size_t i = 0; i < FAMILY_COUNT * n; i++)
		texts[i] = (struct spec_text){ i / n, cases[i % n].target, cases[i % n].text };
	assert_int_equal(parse_both(texts, FAMILY_COUNT * n, specs), 0);
	for (size_t i = 0; i < FAMILY_COUNT * n; i++) {
		const struct named *named = &cases[i % n];

		if (!specs[i].error == named->refused[i / n])
			fail_msg("%s: family %zu: %s", named->text, i / n,
				 specs[i].error ? specs[i].error : "not refused");
		assert_int_equal(specs[i].nrules, !specs[i].error && !named->target);
		spec_clear(&specs[i]);
	}
	free(specs);
	free(texts);
}

/*
 * A name that no target has is not remembered: neither for the other family, nor for the rules
 * that come after it.
 */
static void knows_targets(void **state)
{
	static const struct named targets[] = {
		{ "HL", true, { false, true } },
		{ "-j HL --hl-set 5", false, { true, false } },
		{ "TTL", true, { true, false } },
		{ "-j TTL --ttl-set 5", false, { false, true } },
		{ "LOG", true, { true, true } },
		{ "-j REJECT", false, { false, false } },
	};
	static const struct named others[] = {
		{ "OFFICE", true, { false, false } },
		{ "standard", true, { false, false } },
		{ "two words", true, { false, false } },
		{ "../LOG", true, { false, false } },
		{ "-p tcp --dport 80 -j REJECT", false, { false, false } },
	};
	static const struct named matches[] = {
		{ "tcp", true, { false, false } },
		{ "conntrack", true, { false, false } },
		{ "-m conntrack --ctstate NEW -j ACCEPT", false, { false, false } },
		{ "multiport", true, { false, false } },
		{ "-p tcp -m multiport --dports 80,443 -j DROP", false, { false, false } },
	};

	(void)state;
	expect_named(targets, ARRAY_SIZE(targets));
	expect_named(others, ARRAY_SIZE(others));
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++)
		expect_named(&matches[i], ARRAY_SIZE(matches) - i);
}

/* A child that has looked for a target of that name comes to the other family. */
static void finds_matches_after_names(void **state)
{
	static const struct spec_text texts[] = {
		{ FAMILY_IPV4, true, "conntrack" },
		{ FAMILY_IPV6, false, "-m conntrack --ctstate NEW -j ACCEPT" },
	};
	struct spec specs[2];

	(void)state;
	assert_int_equal(parse_both(texts, 2, specs), 0);
	assert_null(specs[0].error);
	assert_null(specs[1].error);
	spec_clear(&specs[1]);
}

static void takes_no_rules(void **state)
{
	(void)state;
	assert_int_equal(rulespec_parse(FAMILY_IPV4, NULL, 0, &chains, NULL), 0);
	assert_int_equal(rulespec_print(NULL, 0, NULL), 0);
}

static void survives_huge_texts(void **state)
{
	static char text[70000];

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	expect_error(FAMILY_IPV4, text, "69999 bytes", false);
	text[65536] = '\0';
	expect(FAMILY_IPV4, text, "");
	memset(text, 'x', 65536);
	expect_error(FAMILY_IPV4, text, "is not an option", false);
	memcpy(text, "-j ", 3);
	expect_error(FAMILY_IPV4, text, "longer than 28", false);
	memcpy(text, "-s 1", 4);
	expect_error(FAMILY_IPV4, text, "is a name", false);
	memcpy(text, "-m string --algo bm --string ", 29);
	expect_error(FAMILY_IPV4, text, "too long", false);
	for (size_t i = 0; i < 65536; i += 16)
		memcpy(text + i, "-m cpu --cpu 11 ", 16);
	expect_error(FAMILY_IPV4, text, "matches; at most", false);
	memcpy(text, "-s ", 3);
	for (size_t i = 3; i + 8 < 65536; i += 8)
		memcpy(text + i, "1.2.3.4,", 8);
	memcpy(text + 65523, "1.2.3.4\0", 8);
	expect_error(FAMILY_IPV4, text, "make 8191 rules", false);
}

/* ---- what the kernel may hold ---- */

static void expect_print(const struct rule *rule, const char *expected)
{
	char *text;

	assert_int_equal(rulespec_print(&rule, 1, &text), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void prints_no_more_than_it_knows(void **state)
{
	const uint8_t zero[256] = { 0 };
	struct rule *rule = rule_new(FAMILY_IPV4);

	(void)state;
	rule->opaque = xstrdup("expression 'ct'");
	expect_print(rule, "[opaque: expression 'ct']");
	rule_free(rule);

	rule = rule_new(FAMILY_IPV4);
	rule_add_match(rule, "nosuch", 0, zero, 8);
	expect_print(rule, "[opaque: match 'nosuch' revision 0 is not installed]");
	rule_free(rule);

	rule = rule_new(FAMILY_IPV4);
	rule_add_match(rule, "conntrack", 200, zero, 8);
	expect_print(rule, "[opaque: match 'conntrack' revision 200 is not installed]");
	rule_free(rule);

	rule = rule_new(FAMILY_IPV4);
	rule_add_match(rule, "comment", 0, zero, 128);
	expect_print(rule, "[opaque: match 'comment' has 128 bytes, not 256]");
	rule_free(rule);

	rule = rule_new(FAMILY_IPV4);
	rule_set_target(rule, "../LOG", 0, zero, 32);
	expect_print(rule, "[opaque: target '../LOG' revision 0 is not installed]");
	rule_free(rule);

	/* A comment with a newline would be two lines of a listing. */
	rule = parse_rule(FAMILY_IPV4, "-m comment --comment ab -j DROP");
	rule->matches[0].data[1] = '\n';
	expect_print(rule, "[opaque: its text has control characters]");
	rule_free(rule);
}

/* Each revision is printed by its own code, in any order within one batch. */
static void prints_old_revisions(void **state)
{
	struct rule *rules[3];
	uint8_t data[64] = { 0 };
	char *texts[3];

	(void)state;
	/* mark: value and mask, then invert; revision 1 has 32 bits each. */
	for (size_t i = 0; i < 2; i++)
		rules[i] = rule_new(FAMILY_IPV4);
	memcpy(data, "\x05\0\0\0\xff\xff\xff\xff\0", 9);
	rule_add_match(rules[0], "mark", 1, data, 16);
	/* multiport of revision 0: flags, count, ports. */
	memset(data, 0, sizeof(data));
	memcpy(data, "\x01\x01\x50\x00", 4);
	rules[1]->proto = 6;
	rule_add_match(rules[1], "multiport", 0, data, 32);
	rules[2] = rule_copy(rules[0]);
	assert_int_equal(rulespec_print((const struct rule *const *)rules, 3, texts),
			 0);
	assert_string_equal(texts[0], "-m mark --mark 0x5");
	assert_string_equal(texts[1], "-p tcp -m multiport --dports 80");
	assert_string_equal(texts[2], "-m mark --mark 0x5");
	for (size_t i = 0; i < 3; i++) {
		free(texts[i]);
		rule_free(rules[i]);
	}
}

/* Random bytes as data of every extension: each rule has a text, and the last one its own. */
static void survives_odd_blobs(void **state)
{
	static const char *const texts[] = {
		"-p tcp --dport 80", "-p tcp -m multiport --dports 1,2:3", "-p icmp --icmp-type 8",
		"-m conntrack --ctorigsrc 10.0.0.0/8 --ctstate NEW", "-m u32 --u32 \"0=1\"",
		"-m string --algo bm --string x", "-m policy --dir in --pol ipsec",
		"-m hashlimit --hashlimit-upto 1/s --hashlimit-name h", "-m time --weekdays Mon",
		"-m recent --set", "-m statistic --mode nth --every 3 --packet 0", "-m addrtype --dst-type LOCAL",
		"-m connlimit --connlimit-above 3", "-m iprange --src-range 10.0.0.1-10.0.0.2",
		"-j LOG --log-prefix x", "-j REJECT", "-j NFLOG --nflog-prefix x", "-j MARK --set-mark 1",
		"-j NFQUEUE --queue-num 1", "-j TEE --gateway 10.0.0.1", "-j CONNMARK --save-mark",
		"-m comment --comment x", "-m physdev --physdev-in lo", "-m owner --uid-owner 0",
	};
	enum { ROUNDS = 8 };
	const struct rule *rules[ARRAY_SIZE(texts) * ROUNDS + 1];
	char *printed[ARRAY_SIZE(rules)];
	uint32_t random = 1;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		for (size_t round = 0; round < ROUNDS; round++) {
			struct rule *rule = parse_rule(FAMILY_IPV4, texts[i]);
			struct ext *ext = rule->nmatches ? &rule->matches[rule->nmatches - 1] :
							   &rule->target;

			for (size_t byte = 0; byte < ext->size; byte++) {
				random = random * 1103515245 + 12345;
				if (random >> 16 & 1 || round == 0)
					ext->data[byte] = (uint8_t)(random >> 24);
			}
			rules[n++] = rule;
		}
	}
	rules[n++] = parse_rule(FAMILY_IPV4, "-j DROP");
	assert_int_equal(rulespec_print(rules, n, printed), 0);
	assert_string_equal(printed[n - 1], "-j DROP");
	for (size_t i = 0; i < n; i++) {
		assert_non_null(printed[i]);
		for (const char *c = printed[i]; *c; c++)
			assert_true((unsigned char)*c >= 0x20 || *c == '\t');
		free(printed[i]);
		rule_free((struct rule *)rules[i]);
	}
}

/* The last test, since it leaves no time for the others. */
static void stops_at_the_deadline(void **state)
{
	const char *text = "-j DROP";
	struct rule *rule = rule_new(FAMILY_IPV4);
	const struct rule *printed = rule;
	struct spec spec;
	char *out;

	(void)state;
	deadline_start(0);
	assert_int_equal(rulespec_parse(FAMILY_IPV4, &text, 1, &chains, &spec), -1);
	assert_null(spec.rules);
	assert_int_equal(rulespec_print(&printed, 1, &out), -1);
	assert_null(out);
	rule_free(rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves_both_families),
		cmocka_unit_test(parses_conntrack_in_both),
		cmocka_unit_test(prints_both_families),
		cmocka_unit_test(knows_targets),
		cmocka_unit_test(finds_matches_after_names),
		cmocka_unit_test(prints_as_iptables),
		cmocka_unit_test(fills_the_rule),
		cmocka_unit_test(conntrack_is_the_same),
		cmocka_unit_test(defaults_are_what_they_say),
		cmocka_unit_test(published_ports_have_hashes),
		cmocka_unit_test(lists_become_rules),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(looks_no_name_up),
		cmocka_unit_test(knows_the_other_family),
		cmocka_unit_test(goes_on_behind_a_bad_rule),
		cmocka_unit_test(gives_up_after_too_many),
		cmocka_unit_test(takes_no_rules),
		cmocka_unit_test(survives_huge_texts),
		cmocka_unit_test(prints_no_more_than_it_knows),
		cmocka_unit_test(prints_old_revisions),
		cmocka_unit_test(survives_odd_blobs),
		cmocka_unit_test(stops_at_the_deadline),
	};
	int failed;

	deadline_start(300);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	diag_cleanup();
	return failed;
}
