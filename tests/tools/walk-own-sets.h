/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of walk-own: addresses, ports and verdicts, and the sets and maps of a table.
 */
#ifndef WALK_OWN_SETS_H
#define WALK_OWN_SETS_H

#include <stdio.h>

#include "walk-random.h"

static bool v6, vague, inet;
/* The rule so far: it is about the other family, it has a transport. Then nft takes no other. */
static bool foreign, transported;
static const char *ip, *addr_type;

static const char *is_not(void)
{
	return one_in(4) ? "!= " : "";
}

/* ---- words ---- */

static const char *net(bool source)
{
	static const char *const from4[] = { "203.0.113.0/28", "203.0.113.8/29", "203.0.113.5",
					     "10.0.0.0/8", "203.0.113.0/24", "203.0.113.3-203.0.113.12",
					     "128.0.0.0/2", "172.16.0.0/12", "203.0.113.16-203.0.113.19" };
	static const char *const from6[] = { "2001:db8:2::/124", "2001:db8:2::8/125", "2001:db8:2::5",
					     "fd00::/8", "2001:db8:2::/48",
					     "2001:db8:2::3-2001:db8:2::c", "::/1", "fe80::/10",
					     "2001:db8:2::10-2001:db8:2::13" };
	static const char *const to4[] = { "172.17.0.2", "172.17.0.0/16", "198.51.100.10",
					   "172.18.0.2-172.18.0.3", "192.0.2.0/24", "198.51.100.255",
					   "172.16.0.0/12", "127.0.0.0/8", "172.17.0.2-172.18.0.2" };
	static const char *const to6[] = { "fd17::2", "fd17::/64", "2001:db8:1::10", "fd18::2-fd18::3",
					   "2001:db8:4::/64", "ff00::/8", "fd00::/8", "::1",
					   "fd17::2-fd18::2" };

	if (source)
		return v6 ? pick(from6, COUNT(from6)) : pick(from4, COUNT(from4));
	return v6 ? pick(to6, COUNT(to6)) : pick(to4, COUNT(to4));
}

/* For sets: none includes another. */
static const char *const apart4[] = { "203.0.113.0/29", "203.0.113.8-203.0.113.11", "203.0.113.16/30",
				      "203.0.113.21", "203.0.113.128/25", "10.0.0.0/8",
				      "172.17.0.0/16", "172.18.0.2", "172.19.0.2-172.19.0.9",
				      "198.51.100.10", "192.0.2.0/24", "198.51.100.255" };
static const char *const apart6[] = { "2001:db8:2::/125", "2001:db8:2::8-2001:db8:2::b",
				      "2001:db8:2::10/126", "2001:db8:2::15", "2001:db8:2::80/121",
				      "fdaa::/16", "fd17::/64", "fd18::2", "fd19::2-fd19::9",
				      "2001:db8:1::10", "2001:db8:4::/64", "fe80::/10" };
static const char *const single4[] = { "203.0.113.3", "203.0.113.4", "203.0.113.5", "203.0.113.9",
				       "10.1.2.3", "172.17.0.2", "172.18.0.2", "198.51.100.10" };
static const char *const single6[] = { "2001:db8:2::3", "2001:db8:2::4", "2001:db8:2::5",
				       "2001:db8:2::9", "fdaa::3", "fd17::2", "fd18::2",
				       "2001:db8:1::10" };
static const char *const apart_ports[] = { "80", "443", "8080", "1-22", "50-60", "5000-6000",
					   "60000-65535" };
static const char *const single_ports[] = { "80", "443", "8080", "53", "22", "5432", "1", "65535" };
static const char *const names[] = { "\"ens3\"", "\"ens4\"", "\"docker0\"", "\"br-n1\"", "\"br-n2\"",
				     "\"lo\"" };
static const char *const plain_verdicts[] = { "accept", "accept", "drop", "return", "continue",
					      "jump common", "goto common" };
static const char *const targets4[] = { "172.17.0.2", "172.18.0.2", "172.17.0.3", "198.51.100.10" };
static const char *const targets6[] = { "fd17::2", "fd18::2", "fd17::3", "2001:db8:1::10" };
static const char *const marks[] = { "0", "1", "2", "3" };

#define EITHER(stem) (v6 ? stem##6 : stem##4)

static const char *port(void)
{
	return pick(single_ports, COUNT(single_ports));
}

static const char *target(void)
{
	return pick(EITHER(targets), COUNT(targets4));
}

/* ---- sets and maps: a key is printed for each of a random half of the words ---- */

struct words {
	const char *const *v;
	size_t n;
};

#define WORDS(a) ((struct words){ (a), COUNT(a) })

/* Prints "{ first . second : value, … }"; second and values may have no words. */
static void elements(struct words first, struct words second, struct words values)
{
	bool any = false;

	printf("{ ");
	for (size_t i = 0; i < first.n; i++) {
		/* At least the last one, as a set that is not named may not be empty. */
		if (!one_in(2) && (any || i + 1 < first.n))
			continue;
		printf(any ? ", %s" : "%s", first.v[i]);
		if (second.n)
			printf(" . %s", pick(second.v, second.n));
		if (values.n)
			printf(" : %s", pick(values.v, values.n));
		any = true;
	}
	printf(" }");
}

static const struct words nothing = { NULL, 0 };

static struct words apart(void)
{
	return (struct words){ EITHER(apart), COUNT(apart4) };
}

static struct words single(void)
{
	return (struct words){ EITHER(single), COUNT(single4) };
}

static struct words targets(void)
{
	return (struct words){ EITHER(targets), COUNT(targets4) };
}

static void declare(const char *kind, const char *name, const char *type, const char *flags,
		    struct words first, struct words second, struct words values)
{
	printf("\t%s %s {\n\t\ttype %s\n", kind, name, type);
	if (flags)
		printf("\t\tflags %s\n", flags);
	/* Some are empty. */
	if (!one_in(8)) {
		printf("\t\telements = ");
		elements(first, second, values);
		putchar('\n');
	}
	printf("\t}\n");
}

static void declare_sets(void)
{
	char type[80];

	declare("set", "nets", addr_type, "interval", apart(), nothing, nothing);
	declare("set", "hosts", addr_type, NULL, single(), nothing, nothing);
	declare("set", "ports", "inet_service", "interval", WORDS(apart_ports), nothing, nothing);
	declare("set", "links", "ifname", NULL, WORDS(names), nothing, nothing);
	declare("set", "marks", "mark", one_in(2) ? "interval" : NULL, WORDS(marks), nothing, nothing);
	snprintf(type, sizeof(type), "%s . inet_service", addr_type);
	declare("set", "pairs", type, NULL, single(), WORDS(single_ports), nothing);
	declare("set", "ranges", type, "interval", apart(), WORDS(apart_ports), nothing);
	snprintf(type, sizeof(type), "ifname . %s", addr_type);
	declare("set", "ways", type, one_in(2) ? "interval" : NULL, WORDS(names), single(), nothing);
}

static void declare_maps(void)
{
	char type[80];

	declare("map", "by_port", "inet_service : verdict", "interval", WORDS(apart_ports), nothing,
		WORDS(plain_verdicts));
	declare("map", "by_link", "ifname : verdict", NULL, WORDS(names), nothing, WORDS(plain_verdicts));
	snprintf(type, sizeof(type), "%s : verdict", addr_type);
	declare("map", "by_net", type, "interval", apart(), nothing, WORDS(plain_verdicts));
	snprintf(type, sizeof(type), "%s . inet_service : verdict", addr_type);
	declare("map", "by_both", type, one_in(2) ? "interval" : NULL, single(), WORDS(single_ports),
		WORDS(plain_verdicts));
	snprintf(type, sizeof(type), "%s : mark", addr_type);
	declare("map", "mark_of", type, "interval", apart(), nothing, WORDS(marks));
	snprintf(type, sizeof(type), "inet_service : %s", addr_type);
	declare("map", "target_of", type, one_in(2) ? "interval" : NULL, WORDS(single_ports), nothing,
		targets());
}

#endif
