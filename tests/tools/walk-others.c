/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints tables for nft, random but determined by the seed, that packets meet beside those
 * of walk-generate: walk-others FAMILY SEED. They are of every family and hook, and mark,
 * translate, drop and exempt from tracking. What an earlier script left is removed.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk-random.h"

enum { PREROUTING, INPUT, FORWARD, POSTROUTING, INGRESS, EGRESS, OUTPUT };

static const char *const hook_names[] = { "prerouting", "input", "forward", "postrouting",
					  "ingress", "egress", "output" };

static bool v6;

static const char *is_not(void)
{
	return one_in(4) ? "!= " : "";
}

/* What the rules of a chain may hold. */
struct place {
	const char *family; /* of the table */
	unsigned int hook;
	bool nat, link;
	const char *jumps;  /* the chain that a rule may jump to; NULL: none */
};

static const char *source(void)
{
	static const char *const v4s[] = { "203.0.113.0/28", "203.0.113.8/29", "203.0.113.5",
					   "10.1.2.3", "203.0.113.0/24", "128.0.0.0/2" };
	static const char *const v6s[] = { "2001:db8:2::/124", "2001:db8:2::8/125", "2001:db8:2::5",
					   "fdaa::3", "2001:db8:2::/48", "::/1" };

	return v6 ? pick(v6s, COUNT(v6s)) : pick(v4s, COUNT(v4s));
}

static const char *destination(void)
{
	static const char *const v4s[] = { "172.17.0.2", "172.17.0.0/16", "198.51.100.10",
					   "172.18.0.2", "192.0.2.0/24", "198.51.100.255" };
	static const char *const v6s[] = { "fd17::2", "fd17::/64", "2001:db8:1::10", "fd18::2",
					   "2001:db8:4::/64" };

	return v6 ? pick(v6s, COUNT(v6s)) : pick(v4s, COUNT(v4s));
}

static unsigned int port(void)
{
	static const unsigned int ports[] = { 80, 443, 8080, 53, 22, 5432, 1, 65535 };

	return ports[below(COUNT(ports))];
}

/* A translation of ports is for TCP. */
static void transport(bool tcp)
{
	const char *proto = !tcp && one_in(3) ? "udp" : "tcp";

	switch (below(5)) {
	case 0:
		printf("meta l4proto %s%s ", tcp ? "" : is_not(), proto);
		break;
	case 1:
		printf("%s dport 50-500 ", proto);
		break;
	case 2:
		printf("%s dport { 80, 443 } ", proto);
		break;
	default:
		printf("%s dport %s%u ", proto, is_not(), port());
		break;
	}
}

static void connection(void)
{
	static const char *const conditions[] = {
		"ct state invalid", "ct state new", "ct state established,related", "ct status dnat",
		"ct state untracked", "ct state { established, related }", "ct status & dnat == 0",
		"ct state invalid,untracked", "ct mark 1",
	};

	printf("%s ", pick(conditions, COUNT(conditions)));
}

static void rare(const struct place *place)
{
	static const char *const conditions[] = {
		"numgen inc mod 3 == 1", "meta mark & 3 == 1", "limit rate 1/hour", "meta length > 90",
		"fib saddr . iif oif missing", "fib daddr type local", "meta mark != 2",
	};
	size_t n = COUNT(conditions);

	printf("%s ", conditions[below((unsigned int)(place->hook == PREROUTING && !place->link ? n : 4))]);
}

static void own_conditions(const struct place *place)
{
	static const char *const names[] = { "ens3", "ens4", "ens*", "docker0", "br-n1", "lo" };
	const char *ip = v6 ? "ip6" : "ip";

	/* Most chains should let most packets pass. */
	if (one_in(3))
		printf("iifname %s\"%s\" ", is_not(), pick(names, COUNT(names)));
	if ((place->hook == FORWARD || place->hook == POSTROUTING) && one_in(4))
		printf("oifname %s\"%s\" ", is_not(), pick(names, COUNT(names)));
	if (one_in(2))
		printf("%s saddr %s%s ", ip, is_not(), source());
	if (one_in(4))
		printf("%s daddr %s%s ", ip, is_not(), destination());
	if (one_in(2))
		transport(place->nat);
	if (!place->link && one_in(4))
		connection();
	if (!strcmp(place->family, "inet") && !place->link && !place->nat && one_in(10))
		printf("meta nfproto %s ", one_in(2) ? "ipv4" : "ipv6");
	if (one_in(6))
		rare(place);
}

static void translation(const struct place *place)
{
	static const char *const v4s[] = { "172.17.0.2", "172.18.0.2", "198.51.100.10" };
	static const char *const v6s[] = { "fd17::2", "fd18::2", "2001:db8:1::10" };
	const char *family = strcmp(place->family, "inet") ? "" : v6 ? "ip6 " : "ip ";
	const char *to = v6 ? pick(v6s, COUNT(v6s)) : pick(v4s, COUNT(v4s));

	switch (below(5)) {
	case 0:
		printf("meta l4proto tcp redirect to :%u", port());
		break;
	case 1:
		printf("dnat %sto %s", family, to);
		break;
	case 2:
		printf("tcp dport 1-1000 dnat %sto tcp dport map { 80 : %s, 443 : %s }", family,
		       v6 ? v6s[0] : v4s[0], to);
		break;
	default:
		printf(v6 ? "meta l4proto tcp dnat %sto [%s]:%u" : "meta l4proto tcp dnat %sto %s:%u",
		       family, to, port());
		break;
	}
}

static void own_verdict(const struct place *place)
{
	const char *ip = v6 ? "ip6" : "ip";

	if (place->jumps && one_in(3)) {
		if (one_in(4))
			printf("meta l4proto vmap { 6 : jump %s, 17 : drop, 33 : accept }",
			       place->jumps);
		else
			printf("%s %s", one_in(4) ? "goto" : "jump", place->jumps);
		return;
	}
	if (place->nat && !one_in(3)) {
		translation(place);
		return;
	}
	switch (below(10)) {
	case 0: case 1:
		printf("drop");
		break;
	case 2:
		if (place->hook == FORWARD || place->hook == INPUT)
			printf(place->link ? "drop" : "reject");
		else
			printf("counter drop");
		break;
	case 3: case 4:
		printf("meta mark set 0x%x", below(4));
		break;
	case 5:
		if (place->hook == PREROUTING && !place->link && !place->nat)
			printf(one_in(2) ? "notrack" : "ct mark set 1");
		else
			printf("counter");
		break;
	case 6:
		if (!place->nat && place->hook != POSTROUTING && place->hook != FORWARD && one_in(3))
			printf("%s daddr set %s", ip, v6 ? "fd17::2" : "172.17.0.2");
		else
			printf("return");
		break;
	case 7:
		printf("counter");
		break;
	default:
		printf("accept");
		break;
	}
}

static void rules(const struct place *place, unsigned int n)
{
	for (; n > 0; n--) {
		printf("\t\t");
		own_conditions(place);
		own_verdict(place);
		putchar('\n');
	}
}

static void print_chain(struct place *place, const char *family, unsigned int number)
{
	static const int priorities[] = { -400, -310, -300, -250, -200, -180, -150, -120, -110, -100,
					  -90, -1, 0, 3, 5, 10, 60, 150, 200 };
	const char *device = one_in(3) ? "docker0" : one_in(2) ? "ens3" : "ens4";

	place->family = family;
	if (one_in(2)) {
		struct place inner = *place;

		inner.jumps = NULL;
		printf("\tchain J%u {\n", number);
		rules(&inner, below(3));
		printf("\t}\n");
		place->jumps = number ? "J1" : "J0";
	}
	printf("\tchain c%u {\n\t\ttype %s hook %s ", number, place->nat ? "nat" : "filter",
	       hook_names[place->hook]);
	if (place->hook == INGRESS || place->hook == EGRESS)
		printf("device \"%s\" ", device);
	/* Below -200 there is no connection to translate. */
	printf("priority %d; policy %s;\n", place->nat ? -120 + (int)below(5) * 10
						       : priorities[below(COUNT(priorities))],
	       !place->nat && one_in(10) ? "drop" : "accept");
	rules(place, 1 + below(4));
	printf("\t}\n");
}

static void print_table(const char *family, const unsigned int *hooks, size_t nhooks, bool link)
{
	/* The other family's table is removed as well: an earlier script was for either. */
	printf("table %s others\ndelete table %s others\n", family, family);
	if (!one_in(3))
		return;
	printf("table %s others {\n", family);
	for (unsigned int i = 0; i < 2; i++) {
		struct place place = { .hook = hooks[below((unsigned int)nhooks)], .link = link };

		place.nat = !link && place.hook == PREROUTING && one_in(3);
		place.link |= place.hook == INGRESS;
		if (i == 0 || one_in(2))
			print_chain(&place, family, i);
	}
	printf("}\n");
}

int main(int argc, char **argv)
{
	static const unsigned int inet[] = { PREROUTING, PREROUTING, INPUT, FORWARD, POSTROUTING, INGRESS };
	static const unsigned int ip[] = { PREROUTING, PREROUTING, INPUT, FORWARD, POSTROUTING };
	static const unsigned int netdev[] = { INGRESS, INGRESS, EGRESS };
	static const unsigned int bridge[] = { PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING };

	if (argc < 3) {
		fprintf(stderr, "usage: walk-others ipv4|ipv6 SEED\n");
		return 2;
	}
	v6 = !strcmp(argv[1], "ipv6");
	choices_start(strtoull(argv[2], NULL, 10), 54321);
	print_table("inet", inet, COUNT(inet), false);
	print_table(v6 ? "ip6" : "ip", ip, COUNT(ip), false);
	print_table("netdev", netdev, COUNT(netdev), true);
	print_table("bridge", bridge, COUNT(bridge), true);
	return ferror(stdout) != 0;
}
