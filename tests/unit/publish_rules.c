/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "publish.h"
#include "rule.h"
#include "settings.h"

/* Sets that setting of the section; returns whether the text is accepted. */
static bool set(struct publish *publish, const char *setting, const char *text)
{
	char *why = setting_add(setting_find(SECTION_PUBLISH, setting), publish, text);
	bool taken = !why;

	free(why);
	return taken;
}

static void ports(void **state)
{
	static const struct {
		const char *text;
		uint16_t port, last;
		uint8_t proto; /* 0: refused */
	} cases[] = {
		{ "80/tcp", 80, 80, 6 },
		{ "1/udp", 1, 1, 17 },
		{ "65535/sctp", 65535, 65535, 132 },
		{ "8000-8010/tcp", 8000, 8010, 6 },
		{ "80-80/tcp", 80, 80, 6 },
		{ "65535-65535/sctp", 65535, 65535, 132 },
		{ "", 0, 0, 0 },
		{ "80", 0, 0, 0 },
		{ "/tcp", 0, 0, 0 },
		{ "80/", 0, 0, 0 },
		{ "80/TCP", 0, 0, 0 },
		{ "80/icmp", 0, 0, 0 },
		{ "0/tcp", 0, 0, 0 },
		{ "65536/tcp", 0, 0, 0 },
		{ "-1/tcp", 0, 0, 0 },
		{ "+80/tcp", 0, 0, 0 },
		{ " 80/tcp", 0, 0, 0 },
		{ "80 /tcp", 0, 0, 0 },
		{ "80/tcp/udp", 0, 0, 0 },
		{ "80-/tcp", 0, 0, 0 },
		{ "-80/tcp", 0, 0, 0 },
		{ "90-80/tcp", 0, 0, 0 },
		{ "80-90-100/tcp", 0, 0, 0 },
		{ "http/tcp", 0, 0, 0 },
		{ "0000000000000000000080/tcp", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct publish publish = { 0 };
		const char *why = publish_set_port(&publish, cases[i].text);

		if (!cases[i].proto) {
			if (!why)
				fail_msg("accepted: '%s'", cases[i].text);
			continue;
		}
		assert_null(why);
		assert_int_equal(publish.port, cases[i].port);
		assert_int_equal(publish.last, cases[i].last);
		assert_int_equal(publish.proto, cases[i].proto);
	}
}

static void interfaces(void **state)
{
	static const char *const bad[] = { "", "0123456789abcdef", "a b", "a\"", "a'", "a\\b", "a/b",
					   "!eth0", "-o", "\t" };
	struct publish publish = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(set(&publish, "interface", bad[i]));
	assert_true(set(&publish, "interface", "0123456789abcde"));
	assert_true(set(&publish, "interface", "ens+"));
	assert_false(set(&publish, "interface", "ens+")); /* twice */
	assert_true(set(&publish, "interface", "a,b"));   /* legal for the kernel */
	assert_int_equal(publish.interfaces.n, 3);
	assert_string_equal(publish.interfaces.v[1], "ens+");
	publish_clear(&publish);
}

static void addresses(void **state)
{
	static const char *const bad[] = {
		"", "host", "192.0.2", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1/-1", "192.0.2.1/255.0.0.0",
		"192.0.2.1-192.0.2.9", "2001:db8::/129", "2001:db8:::1", "192.0.2.1,192.0.2.2", "any ",
		"192.0.2.01", "0x7f.1", "fe80::1%eth0", "!192.0.2.1", "-s", "/24",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};
	static const char *const right[] = {
		"192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/48", "::1", "::/0",
		"1111:2222:3333:4444:5555:6666:77.77.88.88/128",
	};
	struct publish publish = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (set(&publish, "allow", bad[i]))
			fail_msg("accepted: '%s'", bad[i]);
	for (size_t i = 0; i < ARRAY_SIZE(right); i++)
		assert_true(set(&publish, "allow", right[i]));
	assert_false(set(&publish, "allow", right[0])); /* twice */
	assert_false(set(&publish, "allow", "any"));    /* together with others */
	publish_clear(&publish);
	assert_true(set(&publish, "allow", "any"));
	assert_false(set(&publish, "allow", right[0]));
	publish_clear(&publish);
}

/* Adds the interfaces of a text, which blanks separate. */
static void set_interfaces(struct publish *publish, const char *names)
{
	char *copy = xstrdup(names ? names : ""), *rest = copy, *name;

	while ((name = strsep(&rest, " ")))
		if (*name)
			assert_true(set(publish, "interface", name));
	free(copy);
}

/* The texts as one, each on its line. */
static char *joined(struct strings *texts)
{
	char *all = xstrdup("");

	for (size_t i = 0; i < texts->n; i++) {
		char *longer = xasprintf("%s%s\n", all, texts->v[i]);

		free(all);
		all = longer;
	}
	strings_clear(texts);
	return all;
}

static char *rules_of(const char *port, const char *interfaces, const char *const *allow,
		      const char *otherwise)
{
	struct publish publish = { 0 };
	struct strings texts = { 0 };

	assert_null(publish_set_port(&publish, port));
	set_interfaces(&publish, interfaces);
	for (; allow && *allow; allow++)
		assert_true(set(&publish, "allow", *allow));
	if (otherwise)
		assert_true(set(&publish, "otherwise", otherwise));
	publish_rules(&publish, &texts);
	publish_clear(&publish);
	return joined(&texts);
}

static void expect(char *got, const char *wanted)
{
	assert_string_equal(got, wanted);
	free(got);
}

#define CT(port) "-m conntrack --ctstate DNAT --ctorigdstport " port " --ctdir ORIGINAL"

static void rules(void **state)
{
	static const char *const both[] = { "203.0.113.123", "2001:db8::/48", NULL };
	static const char *const any[] = { "any", NULL };
	static const char *const everybody[] = { "0.0.0.0/0", "::/00", NULL };

	(void)state;
	expect(rules_of("80/tcp", "ens3", both, "reject"),
	       "-s 203.0.113.123 -i ens3 -p tcp " CT("80") " -j RETURN\n"
	       "-s 2001:db8::/48 -i ens3 -p tcp " CT("80") " -j RETURN\n"
	       "-i ens3 -p tcp " CT("80") " -j REJECT\n");
	expect(rules_of("53-54/udp", NULL, both, "drop"),
	       "-s 203.0.113.123 -p udp " CT("53:54") " -j RETURN\n"
	       "-s 2001:db8::/48 -p udp " CT("53:54") " -j RETURN\n"
	       "-p udp " CT("53:54") " -j DROP\n");
	expect(rules_of("80/tcp", NULL, NULL, NULL), "-p tcp " CT("80") " -j REJECT\n");
	/* Open to everyone: nothing is refused after it. */
	expect(rules_of("80/tcp", NULL, any, "drop"), "-p tcp " CT("80") " -j RETURN\n");
	expect(rules_of("80/sctp", "ens3", any, NULL), "-i ens3 -p sctp " CT("80") " -j RETURN\n");
	/* Each interface by itself. */
	expect(rules_of("80/tcp", "ens3 wg0", both + 1, NULL),
	       "-s 2001:db8::/48 -i ens3 -p tcp " CT("80") " -j RETURN\n"
	       "-i ens3 -p tcp " CT("80") " -j REJECT\n"
	       "-s 2001:db8::/48 -i wg0 -p tcp " CT("80") " -j RETURN\n"
	       "-i wg0 -p tcp " CT("80") " -j REJECT\n");
	/* Everyone in IPv4 is not everyone in IPv6. */
	expect(rules_of("80/tcp", NULL, everybody, NULL),
	       "-4 -s 0.0.0.0/0 -p tcp " CT("80") " -j RETURN\n"
	       "-6 -s ::/00 -p tcp " CT("80") " -j RETURN\n"
	       "-p tcp " CT("80") " -j REJECT\n");
}

/* ICMP errors about replies. */
#define ERROR_RULE(option, proto) \
	option " -p " proto " -m conntrack --ctstate RELATED -j RETURN\n"

static void unlisted(void **state)
{
	const unsigned int ipv6 = 1U << FAMILY_IPV6, both = 1U << FAMILY_IPV4 | ipv6;
	struct strings outside = { 0 }, texts = { 0 };

	(void)state;
	publish_unlisted_rules(&outside, ipv6, false, &texts);
	expect(joined(&texts), ERROR_RULE("-6", "ipv6-icmp")
			       "-m conntrack --ctstate DNAT --ctdir ORIGINAL -j REJECT\n");
	publish_unlisted_rules(&outside, both, true, &texts);
	expect(joined(&texts), "-m conntrack --ctstate DNAT --ctdir ORIGINAL -j RETURN\n");
	publish_unlisted_rules(&outside, both, false, &texts);
	expect(joined(&texts), ERROR_RULE("-4", "icmp") ERROR_RULE("-6", "ipv6-icmp")
			       "-m conntrack --ctstate DNAT --ctdir ORIGINAL -j REJECT\n");
	strings_add(&outside, "ens3");
	strings_add(&outside, "eth+");
	publish_unlisted_rules(&outside, both, false, &texts);
	expect(joined(&texts), ERROR_RULE("-4", "icmp") ERROR_RULE("-6", "ipv6-icmp")
			       "-i ens3 -m conntrack --ctstate DNAT --ctdir ORIGINAL -j REJECT\n"
			       "-i eth+ -m conntrack --ctstate DNAT --ctdir ORIGINAL -j REJECT\n");
	strings_clear(&outside);
}

static void overlaps(void **state)
{
	static const struct {
		const char *first, *first_interfaces, *second, *second_interfaces;
		bool overlap;
	} cases[] = {
		{ "80/tcp", NULL, "80/tcp", NULL, true },
		{ "80/tcp", NULL, "80/udp", NULL, false },
		{ "80/tcp", NULL, "80/tcp", "ens3", true },
		{ "80/tcp", "ens3", "80/tcp", NULL, false }, /* other interfaces are not restricted */
		{ "80/tcp", "ens3", "80/tcp", "ens4", false },
		{ "80/tcp", "ens3", "80/tcp", "ens3", true },
		{ "80/tcp", "ens3 ens4", "80/tcp", "wg0 ens4", true },
		{ "80/tcp", "ens3 ens4", "80/tcp", "wg0 wg1", false },
		{ "80/tcp", "eth+", "80/tcp", "eth0", true },
		{ "80/tcp", "eth+", "80/tcp", "eth1+", true },
		{ "80/tcp", "eth0", "80/tcp", "eth+", false }, /* for the others */
		{ "80/tcp", "eth1", "80/tcp", "eth10", false },
		{ "80/tcp", "+", "80/tcp", "ens3", true },
		{ "80/tcp", "+", "80/tcp", NULL, true },
		{ "80/tcp", "ens3", "80/tcp", "+", false },
		{ "80-90/tcp", NULL, "90-99/tcp", NULL, true },
		{ "80-89/tcp", NULL, "90-99/tcp", NULL, false },
		{ "90-99/tcp", NULL, "80-89/tcp", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct publish first = { 0 }, second = { 0 };

		assert_null(publish_set_port(&first, cases[i].first));
		assert_null(publish_set_port(&second, cases[i].second));
		set_interfaces(&first, cases[i].first_interfaces);
		set_interfaces(&second, cases[i].second_interfaces);
		if (publish_overlap(&first, &second) != cases[i].overlap)
			fail_msg("case %zu", i);
		publish_clear(&first);
		publish_clear(&second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports),
		cmocka_unit_test(interfaces),
		cmocka_unit_test(addresses),
		cmocka_unit_test(rules),
		cmocka_unit_test(unlisted),
		cmocka_unit_test(overlaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
