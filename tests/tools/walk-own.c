/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints, for nft, tables such as administrators write by hand, random but determined by the
 * seed: walk-own FAMILY SEED [vague]. They have named and anonymous sets and maps, intervals,
 * concatenations, verdict maps, marks and translations. A packet decides every condition, but
 * with vague there are some that also depend on time or on earlier packets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk-own-sets.h"

enum { PREROUTING, INPUT, FORWARD, POSTROUTING };

static const char *const hook_names[] = { "prerouting", "input", "forward", "postrouting" };

/* Where a rule is: what it may hold. */
struct place {
	unsigned int hook;
	bool nat, raw, common; /* raw: before connection tracking; common: reached from any hook */
	const char *jumps;     /* the chain that it may jump to; NULL: none */
};

/* ---- conditions ---- */

static void interface(const struct place *place)
{
	static const char *const patterns[] = { "\"ens*\"", "\"br-*\"", "\"ens3\"", "\"docker0\"", "\"ens4\"",
						"\"lo\"" };
	const char *which = place->hook == POSTROUTING || (place->hook == FORWARD && one_in(3)) ? "o" : "i";

	switch (below(5)) {
	case 0:
		/* A number, which nft looks up. */
		printf("%sif %s%s ", which, is_not(), pick(names, COUNT(names)));
		break;
	case 1:
		printf("%sifname %s@links ", which, is_not());
		break;
	case 2:
		printf("%sifname %s", which, is_not());
		elements(WORDS(names), nothing, nothing);
		putchar(' ');
		break;
	default:
		printf("%sifname %s%s ", which, is_not(), pick(patterns, COUNT(patterns)));
		break;
	}
}

static void address(void)
{
	bool source = !one_in(3);
	const char *field = source ? "saddr" : "daddr";

	switch (below(6)) {
	case 0:
		printf("%s %s %s@%s ", ip, field, is_not(), one_in(2) ? "nets" : "hosts");
		break;
	case 1:
		printf("%s %s %s", ip, field, is_not());
		elements(one_in(2) ? apart() : single(), nothing, nothing);
		putchar(' ');
		break;
	case 2:
		/* Bits that are not a prefix. */
		printf(v6 ? "ip6 %s & ::3 %s ::%u " : "ip %s & 0.0.0.3 %s 0.0.0.%u ", field,
		       one_in(3) ? "!=" : "==", below(4));
		break;
	default:
		printf("%s %s %s%s ", ip, field, is_not(), net(source));
		break;
	}
}

/* Prints conditions on the transport; tcp: one that has ports. Returns the protocol, or "th". */
static const char *transport(bool ports)
{
	const char *proto = one_in(3) ? "udp" : "tcp", *field = one_in(6) ? "sport" : "dport";

	switch (below(ports ? 6 : 10)) {
	case 0:
		printf("%s %s %s@ports ", proto, field, is_not());
		break;
	case 1:
		printf("%s %s %s", proto, field, is_not());
		elements(WORDS(apart_ports), nothing, nothing);
		putchar(' ');
		break;
	case 2:
		printf("%s %s %s%s ", proto, field, is_not(), one_in(2) ? "50-500" : "1024-65535");
		break;
	case 3:
		printf("meta l4proto { tcp, udp } th dport %s%s ", is_not(), port());
		return "th";
	case 6:
		if (v6)
			printf("icmpv6 type %s", one_in(2) ? "echo-request " : "{ 1, 128, 135 } ");
		else
			printf("icmp type %s%s", is_not(), one_in(2) ? "echo-request " : "{ 3, 8 } ");
		break;
	case 7:
		printf("meta l4proto %s%s ", is_not(), one_in(2) ? "{ tcp, icmp, ipv6-icmp }" : proto);
		break;
	case 8:
		printf("tcp flags %s ", one_in(3) ? "syn" : one_in(2) ? "& (fin | syn | rst | ack) == syn"
							 : "& (syn | ack) == syn | ack");
		break;
	case 9:
		printf(v6 || foreign ? "meta l4proto %s " : "ip protocol %s ", proto);
		break;
	default:
		printf("%s dport %s%s ", proto, is_not(), port());
		break;
	}
	return proto;
}

/* Several fields at once. */
static void concatenation(const struct place *place)
{
	const char *field = one_in(2) ? "saddr" : "daddr";

	switch (below(place->hook == POSTROUTING ? 3 : 4)) {
	case 0:
		printf("%s %s . tcp dport %s@pairs ", ip, field, is_not());
		break;
	case 1:
		printf("%s %s . tcp dport %s@ranges ", ip, field, is_not());
		break;
	case 2:
		printf("%s %s . udp dport %s", ip, field, is_not());
		elements(single(), WORDS(single_ports), nothing);
		putchar(' ');
		break;
	default:
		printf("iifname . %s saddr %s@ways ", ip, is_not());
		break;
	}
}

static void connection(void)
{
	static const char *const conditions[] = {
		"ct protocol tcp",
		"ct state new", "ct state established,related", "ct state invalid", "ct status dnat",
		"ct state { established, related }", "ct state { new, untracked }", "ct state != new",
		"ct status & dnat == 0", "ct state invalid,untracked", "ct mark 1", "ct mark != 0",
		"ct direction original", "ct direction reply", "ct state untracked",
		"ct mark & 3 == 2", "ct status & dnat != 0",
	};

	static const char *const ports[] = {
		"ct original proto-dst 80", "ct original proto-dst != { 443, 8080 }",
		"ct original proto-src 1024-65535", "ct reply proto-src 80",
	};

	/* nft takes those only after one of the protocols. */
	if (!transported && one_in(4))
		printf("meta l4proto tcp %s ", pick(ports, COUNT(ports)));
	else
		printf("%s ", pick(conditions, COUNT(conditions)));
}

static void route(const struct place *place)
{
	static const char *const conditions[] = {
		"fib daddr type local", "fib daddr type != local", "fib daddr type { local, broadcast }",
		"fib daddr type unicast", "fib saddr type local", "fib saddr type != local",
		"fib saddr . iif oif missing", "fib saddr . iif oif exists", "fib daddr . iif type local",
		"fib daddr type multicast",
	};
	static const char *const more[] = { "meta pkttype host", "meta protocol ip", "meta iiftype ether",
					    "meta pkttype { broadcast, multicast }", "meta mark 1", "meta mark & 3 == 2", "meta mark != 0",
					    "meta mark @marks", "meta mark { 1, 3 }", "meta mark 1-2" };

	if (one_in(2))
		printf("%s ", pick(more, COUNT(more)));
	else
		printf("%s ", pick(conditions, place->hook == PREROUTING ? COUNT(conditions) : 6));
}

/* What time, chance or earlier packets decide, and what is not known of a packet. */
static void undecided(void)
{
	static const char *const conditions[] = {
		"limit rate 1/hour", "limit rate over 1/hour burst 2 packets", "numgen inc mod 3 == 1",
		"numgen random mod 4 < 2", "meta length > 90", "quota over 200 bytes",
		"meta hour \"03:00\"-\"04:00\"", "meta cpu 0", "ct bytes > 50", "ether saddr 02:00:00:00:00:03",
		"ct expiration > 3s", "meta random < 1000000000",
	};
	const char *condition = pick(conditions, COUNT(conditions));

	if (!foreign && one_in(4))
		printf("%s %s ", ip, v6 ? "hoplimit > 3" : one_in(2) ? "ttl > 3" : "dscp 0");
	else if (!foreign && one_in(4))
		printf(one_in(2) ? "%s saddr @seen " : "add @seen { %s saddr } ", ip);
	else
		printf("%s ", condition);
}

static void conditions(const struct place *place)
{
	bool concatenated = one_in(8);

	if (inet && one_in(16)) {
		foreign = true;
		concatenated = false;
		printf("%s ", v6 ? one_in(2) ? "meta nfproto ipv4" : "ip saddr 203.0.113.0/24"
			      : one_in(2) ? "meta nfproto ipv6" : "ip6 saddr 2001:db8:2::/48");
	} else if (inet && one_in(8)) {
		printf("meta nfproto %s ", v6 ? "ipv6" : "ipv4");
	}
	transported = concatenated;
	if (concatenated)
		concatenation(place);
	else if (!foreign && one_in(2))
		address();
	if (!place->common && one_in(3))
		interface(place);
	/* Otherwise it may conflict with the concatenation. */
	if (!concatenated && one_in(2)) {
		transported = true;
		transport(false);
	}
	if (!place->common && one_in(5))
		connection();
	if (!place->common && one_in(6))
		route(place);
	if (vague && one_in(4))
		undecided();
}

/* ---- what rules do ---- */

static void set_mark(const struct place *place)
{
	switch (below(foreign || transported ? 6 : 8)) {
	case 0:
		printf("meta mark set meta mark | 0x2");
		break;
	case 1:
		printf("meta mark set meta mark & 0x1");
		break;
	case 4:
		printf(place->raw ? "meta mark set meta mark ^ 0x3" : "ct mark set ct mark | 0x2");
		break;
	case 6:
		printf("meta mark set %s saddr map @mark_of", ip);
		break;
	case 7:
		printf("meta mark set tcp dport map ");
		elements(WORDS(single_ports), nothing, WORDS(marks));
		break;
	case 2:
		printf(place->raw || one_in(2) ? "meta mark set 0x3" : "ct mark set 0x1");
		break;
	case 3:
		printf(place->raw ? "meta mark set 0x1" : one_in(2) ? "ct mark set meta mark"
								    : "meta mark set ct mark");
		break;
	default:
		printf("meta mark set 0x%x", below(4));
		break;
	}
}

static void verdict_map(void)
{
	switch (below(11)) {
	case 8:
		printf("fib daddr type vmap { local : jump common, unicast : continue, broadcast : drop }");
		break;
	case 9:
		printf("ct state . iifname vmap { new . \"ens3\" : jump common, new . \"ens4\" : drop, established . \"ens3\" : accept }");
		break;
	case 10:
		printf("meta mark vmap { 1 : accept, 2-3 : jump common }");
		break;
	case 0:
		printf("%s dport vmap @by_port", one_in(3) ? "udp" : "tcp");
		break;
	case 1:
		printf("iifname vmap @by_link");
		break;
	case 2:
		printf("%s %s vmap @by_net", ip, one_in(3) ? "daddr" : "saddr");
		break;
	case 3:
		printf("%s %s . tcp dport vmap @by_both", ip, one_in(2) ? "daddr" : "saddr");
		break;
	case 4:
		printf("ct state vmap { established : accept, related : accept, invalid : drop }");
		break;
	case 5:
		printf("meta l4proto vmap { 6 : jump common, 17 : drop, 33 : accept }");
		break;
	case 6:
		printf("%s saddr . tcp dport vmap ", ip);
		elements(single(), WORDS(single_ports), WORDS(plain_verdicts));
		break;
	default:
		printf("tcp dport vmap ");
		elements(WORDS(apart_ports), nothing, WORDS(plain_verdicts));
		break;
	}
}

static void translate(void)
{
	const char *to = !inet ? "to" : v6 ? "ip6 to" : "ip to";
	const char *proto = transport(true);

	switch (below(11)) {
	case 8:
		printf(v6 ? "dnat %s fd17::2-fd17::3" : "dnat %s 172.17.0.2-172.17.0.3", to);
		break;
	case 9:
		printf(v6 ? "dnat %s [%s]:8080-8090" : "dnat %s %s:8080-8090", to, target());
		break;
	case 10:
		printf("redirect to :%s dport map { 80 : 8080, 443 : 22, 8080 : 80 }", proto);
		break;
	case 0:
		printf("redirect");
		break;
	case 1:
		printf("redirect to :%s", port());
		break;
	case 2:
		printf("dnat %s %s", to, target());
		break;
	case 3:
		printf("dnat %s %s dport map @target_of", to, proto);
		break;
	case 4:
		printf("dnat %s %s dport map ", to, proto);
		elements(WORDS(single_ports), nothing, targets());
		break;
	case 5:
		printf("dnat %s %s dport map ", to, proto);
		elements(WORDS(single_ports), nothing, (struct words){
			v6 ? (const char *const[]){ "fd17::2 . 80", "fd18::2 . 8080" }
			   : (const char *const[]){ "172.17.0.2 . 80", "172.18.0.2 . 8080" }, 2 });
		break;
	default:
		printf(v6 ? "dnat %s [%s]:%s" : "dnat %s %s:%s", to, target(), port());
		break;
	}
}

static void refuse(const struct place *place)
{
	if (place->common || place->nat || place->hook == PREROUTING || place->hook == POSTROUTING)
		printf("drop");
	else if (one_in(2))
		printf("reject");
	else
		printf("reject with %s admin-prohibited", inet ? "icmpx" : v6 ? "icmpv6" : "icmp");
}

static void verdict(const struct place *place)
{
	if (place->jumps && one_in(3)) {
		printf("%s %s", one_in(4) ? "goto" : "jump", place->jumps);
		return;
	}
	switch (below(12)) {
	case 0: case 1:
		printf("drop");
		break;
	case 2:
		refuse(place);
		break;
	case 3: case 4:
		if (place->common)
			printf("return");
		else
			set_mark(place);
		break;
	case 5:
		printf(place->raw && place->hook == PREROUTING ? "notrack" : "counter");
		break;
	case 6:
		printf("return");
		break;
	case 7:
		printf("counter packets 0 bytes 0 continue");
		break;
	default:
		printf(one_in(3) ? "counter accept" : "accept");
		break;
	}
}

static void rule(const struct place *place)
{
	bool translates = place->nat && place->hook == PREROUTING && !one_in(3);

	foreign = transported = false;
	printf("\t\t");
	if (translates) {
		if (one_in(3))
			address();
		else if (one_in(3))
			printf("fib daddr type local ");
		if (one_in(4))
			interface(place);
		translate();
	} else if (!place->common && !place->raw && !place->nat && place->hook != POSTROUTING && one_in(5)) {
		if (one_in(2))
			interface(place);
		verdict_map();
	} else if (place->nat && place->hook == POSTROUTING) {
		address();
		printf("masquerade");
	} else {
		conditions(place);
		if (one_in(6))
			printf("log prefix \"own \" ");
		verdict(place);
	}
	putchar('\n');
}

static void rules(const struct place *place, unsigned int n)
{
	for (; n > 0; n--)
		rule(place);
}

static int priority(const struct place *place)
{
	static const int early[] = { -400, -310, -305, -290, -250 }, late[] = { -190, -150, -110, -90, 5 };
	static const int filter[] = { -150, -10, -1, 0, 3, 10, 150 };

	if (place->nat)
		return place->hook == POSTROUTING ? 110 : -120 + (int)below(5) * 10;
	if (place->hook == PREROUTING)
		return place->raw ? early[below(COUNT(early))] : late[below(COUNT(late))];
	return filter[below(COUNT(filter))];
}

static void print_chain(unsigned int number)
{
	static const unsigned int hooks[] = { PREROUTING, PREROUTING, INPUT, FORWARD, FORWARD, POSTROUTING };
	struct place place = { .hook = hooks[below(COUNT(hooks))] };
	char name[16];

	place.nat = (place.hook == PREROUTING && one_in(2)) || (place.hook == POSTROUTING && one_in(2));
	place.raw = place.hook == PREROUTING && !place.nat && one_in(2);
	snprintf(name, sizeof(name), "J%u", number);
	if (one_in(2)) {
		printf("\tchain %s {\n", name);
		rules(&place, below(4));
		printf("\t}\n");
		place.jumps = name;
	}
	printf("\tchain c%u {\n\t\ttype %s hook %s priority %d; policy %s;\n", number,
	       place.nat ? "nat" : "filter", hook_names[place.hook], priority(&place),
	       !place.nat && one_in(10) ? "drop" : "accept");
	rules(&place, 1 + below(5));
	printf("\t}\n");
}

static void print_table(const char *family, const char *name)
{
	const struct place common = { .common = true };

	inet = !strcmp(family, "inet");
	printf("table %s %s {\n", family, name);
	declare_sets();
	declare_maps();
	if (vague)
		printf("\tset seen {\n\t\ttype %s\n\t\tsize 65535\n\t\tflags dynamic\n\t}\n", addr_type);
	printf("\tchain common {\n");
	rules(&common, below(4));
	printf("\t}\n");
	for (unsigned int i = 0, n = 1 + below(3); i < n; i++)
		print_chain(i);
	printf("}\n");
}

int main(int argc, char **argv)
{
	static const char *const families[] = { "inet", "inet", "ip", "ip6" };
	static const char *const tables[] = { "own", "site" };

	if (argc < 3) {
		fprintf(stderr, "usage: walk-own ipv4|ipv6 SEED [vague]\n");
		return 2;
	}
	v6 = !strcmp(argv[1], "ipv6");
	vague = argc > 3 && !strcmp(argv[3], "vague");
	ip = v6 ? "ip6" : "ip";
	addr_type = v6 ? "ipv6_addr" : "ipv4_addr";
	choices_start(strtoull(argv[2], NULL, 10), 77777);
	for (size_t i = 1; i < COUNT(families); i++)
		for (size_t j = 0; j < COUNT(tables); j++)
			printf("table %s %s\ndelete table %s %s\n", families[i], tables[j], families[i],
			       tables[j]);
	for (size_t i = 0; i < COUNT(tables); i++)
		if (i == 0 || one_in(2))
			print_table(one_in(3) ? ip : "inet", tables[i]);
	return ferror(stdout) != 0;
}
