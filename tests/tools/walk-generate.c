/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints a ruleset for iptables-restore, random but determined by the seed, with the
 * names and addresses of tests/walk/lib.sh: walk-generate FAMILY SEED [maybe|few|none|guard].
 * With maybe it contains matches that cannot be decided without state; with few it lets
 * most packets pass, and with none it is empty. With guard it is one for nft: the guard's table, with its expressions.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk-random.h"

static bool v6, maybe, few, none, no_marks;

static const char *bang(void)
{
	return one_in(4) ? "! " : "";
}

static const char *source(void)
{
	static const char *const v4s[] = {
		"203.0.113.0/24", "203.0.113.5", "203.0.113.0/28", "203.0.113.8/29", "203.0.113.200",
		"0.0.0.0/1", "203.0.113.1/255.255.255.1", "192.0.2.0/24", "10.1.2.3",
		"203.0.0.4/255.255.0.4", "128.0.0.0/2",
	};
	static const char *const v6s[] = {
		"2001:db8:2::/48", "2001:db8:2::5", "2001:db8:2::/124", "2001:db8:2::8/125",
		"2001:db8:2::c8", "2000::/3", "2001:db8:2::1/ffff:ffff:ffff::1", "2001:db8:3::/64",
		"::/1", "fc00::/7",
	};

	return v6 ? pick(v6s, COUNT(v6s)) : pick(v4s, COUNT(v4s));
}

static const char *destination(void)
{
	static const char *const v4s[] = {
		"198.51.100.10", "198.51.100.0/24", "192.0.2.10", "172.17.0.2", "172.17.0.0/16",
		"172.18.0.2", "172.16.0.0/12", "172.17.0.1", "198.51.100.2/255.255.255.2",
	};
	static const char *const v6s[] = {
		"2001:db8:1::10", "2001:db8:1::/64", "2001:db8:4::10", "fd17::2", "fd17::/64",
		"fd18::2", "fc00::/7", "fd17::1", "2001:db8:1::10/ffff::10",
	};

	return v6 ? pick(v6s, COUNT(v6s)) : pick(v4s, COUNT(v4s));
}

static unsigned int port(void)
{
	static const unsigned int ports[] = { 80, 443, 8080, 53, 22, 5432, 1, 65535 };

	return ports[below(COUNT(ports))];
}

/* A port or a range, with the separator that the option needs. */
static void print_ports(char sign, bool known_half_open)
{
	unsigned int a = port(), b = port();

	if (a > b) {
		unsigned int c = a;

		a = b;
		b = c;
	}
	if (one_in(3) && a != b)
		printf("%u%c%u", a, sign, b);
	else if (known_half_open && one_in(5))
		printf("%u%c", a, sign);
	else
		printf("%u", a);
}

static void conntrack(void)
{
	static const char *const states[] = {
		"NEW", "NEW,ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED", "DNAT",
		"DNAT,UNTRACKED", "SNAT", "INVALID,NEW",
	};
	bool any = false;

	printf(" -m conntrack");
	if (one_in(2))
		any = printf(" %s--ctstate %s", bang(), pick(states, COUNT(states)));
	if (one_in(4))
		any = printf(" %s--ctorigdst %s", bang(), destination());
	if (one_in(5))
		any = printf(" %s--ctorigsrc %s", bang(), source());
	if (one_in(6))
		any = printf(" %s--ctreplsrc %s", bang(), destination());
	if (one_in(6))
		any = printf(" %s--ctrepldst %s", bang(), source());
	if (one_in(3)) {
		any = printf(" --ctproto %s", one_in(2) ? "tcp" : "udp");
		if (one_in(2)) {
			printf(" %s--ctorigdstport ", bang());
			print_ports(':', false);
		}
		if (one_in(3)) {
			printf(" %s--ctreplsrcport ", bang());
			print_ports(':', false);
		}
		if (one_in(4)) {
			printf(" %s--ctorigsrcport ", bang());
			print_ports(':', false);
		}
	}
	if (one_in(6))
		any = printf(" --ctstatus %s", one_in(2) ? "CONFIRMED" : "NONE");
	if (one_in(4) || !any)
		printf(" --ctdir %s", one_in(4) ? "REPLY" : "ORIGINAL");
}

static void transport(const char *proto)
{
	if (one_in(3)) {
		printf(" -m multiport %s--%s ", bang(),
		       one_in(3) ? "sports" : one_in(2) ? "ports" : "dports");
		print_ports(':', false);
		for (unsigned int i = below(3); i > 0; i--) {
			putchar(',');
			print_ports(':', false);
		}
		return;
	}
	printf(" -m %s", proto);
	if (!one_in(4)) {
		printf(" %s--dport ", bang());
		print_ports(':', true);
	}
	if (one_in(5)) {
		printf(" %s--sport ", bang());
		print_ports(':', true);
	}
	if (!strcmp(proto, "tcp") && one_in(4))
		printf(one_in(2) ? " %s--syn" : " %s--tcp-flags SYN,ACK,FIN SYN", bang());
}

static void icmp(void)
{
	static const char *const v4s[] = { "echo-request", "8/0", "3/1", "any", "13", "echo-reply" };
	static const char *const v6s[] = { "echo-request", "128/0", "1/4", "2", "135" };

	if (v6)
		printf(" -p ipv6-icmp -m icmp6 %s--icmpv6-type %s", bang(), pick(v6s, COUNT(v6s)));
	else
		printf(" -p icmp -m icmp %s--icmp-type %s", bang(), pick(v4s, COUNT(v4s)));
}

static void addrtype(bool may_in)
{
	static const char *const dst[] = { "LOCAL", "UNICAST", "MULTICAST", "LOCAL" };
	bool local = one_in(2);

	printf(" -m addrtype %s--dst-type %s", bang(), local ? "LOCAL" : pick(dst, COUNT(dst)));
	if (one_in(5))
		printf(" %s--src-type %s", bang(), v6 || one_in(2) ? "LOCAL" : "UNICAST");
	if (may_in && local && one_in(4))
		printf(" --limit-iface-in");
}

static void iprange(void)
{
	unsigned int a = below(40), b = a + below(40);

	if (v6)
		printf(" -m iprange %s--src-range 2001:db8:2::%x-2001:db8:2::%x", bang(), a, b);
	else
		printf(" -m iprange %s--src-range 203.0.113.%u-203.0.113.%u", bang(), a, b);
	if (one_in(4))
		printf(v6 ? " %s--dst-range fd17::1-fd17::3" : " %s--dst-range 172.17.0.1-172.17.0.3",
		       bang());
}

static void undecidable(void)
{
	static const char *const matches[] = {
		"-m limit --limit 1/hour --limit-burst 2",
		"-m statistic --mode random --probability 0.5",
		"-m recent --name walk --set", "-m recent --name walk --rcheck",
		"-m time --timestart 03:00 --timestop 04:00", "-m length --length 0:60",
		"-m connlimit --connlimit-above 3", "-m string --algo bm --string abc",
		"-m ttl --ttl-gt 3", "-m statistic --mode nth --every 3 --packet 0",
	};
	const char *match = pick(matches, COUNT(matches));

	printf(" %s", v6 && strstr(match, "ttl") ? "-m hl --hl-gt 3" : match);
}

/* Prints conditions; returns whether they require TCP. */
static bool conditions(bool may_in, bool may_out)
{
	static const char *const ins[] = { "ens3", "ens4", "ens+", "docker0", "+" };
	static const char *const outs[] = { "docker0", "br-n1", "br-+", "ens4", "ens+" };
	bool tcp = false;

	if (one_in(3))
		printf(" %s-s %s", bang(), source());
	if (one_in(5))
		printf(" %s-d %s", bang(), destination());
	if (may_in && one_in(4))
		printf(" %s-i %s", bang(), pick(ins, COUNT(ins) - 1));
	if (may_out && one_in(5))
		printf(" %s-o %s", bang(), pick(outs, COUNT(outs)));
	switch (below(8)) {
	case 0: case 1:
		tcp = true;
		printf(" -p tcp");
		if (!one_in(5))
			transport("tcp");
		break;
	case 2:
		printf(" -p udp");
		if (!one_in(5))
			transport("udp");
		break;
	case 3:
		if (one_in(3))
			printf(" ! -p %s", one_in(2) ? "tcp" : "udp");
		else
			icmp();
		break;
	default:
		break;
	}
	if (one_in(5))
		conntrack();
	if (one_in(12))
		printf(" -m state --state %s", one_in(2) ? "NEW" : "RELATED,ESTABLISHED");
	if (one_in(8))
		addrtype(may_in && !may_out);
	if (one_in(8))
		iprange();
	if (!no_marks && one_in(8))
		printf(" -m mark %s--mark 0x%x/0x%x", bang(), below(4), one_in(2) ? 3 : 0xffffffff);
	if (!no_marks && one_in(12))
		printf(" -m connmark %s--mark 0x%x/0x3", bang(), below(4));
	if (one_in(15))
		printf(" -m pkttype %s--pkt-type unicast", bang());
	if (one_in(15))
		printf(" -m comment --comment \"rule %u\"", below(100));
	if (one_in(20))
		printf(" -m physdev %s--physdev-is-bridged", bang());
	if (!v6 && one_in(25))
		printf(" %s-f", bang());
	if (maybe && one_in(4))
		undecidable();
	return tcp;
}

static void reject(bool tcp)
{
	if (tcp && one_in(2))
		printf(" -j REJECT --reject-with tcp-reset");
	else if (one_in(3))
		printf(" -j REJECT --reject-with %s",
		       v6 ? "icmp6-adm-prohibited" : "icmp-admin-prohibited");
	else
		printf(" -j REJECT");
}

/* chains: the number of user-defined chains; the rule may jump to those after its own. */
static void verdict(const char *table, unsigned int own, unsigned int chains, bool tcp)
{
	bool filter = !strcmp(table, "filter");

	if (own + 1 < chains && one_in(3)) {
		printf(" -%c U%u", one_in(4) ? 'g' : 'j', own + 1 + below(chains - own - 1));
		return;
	}
	switch (below(10)) {
	case 0:
		if (!filter && strcmp(table, "nat"))
			printf(one_in(2) ? " -j MARK --set-xmark 0x%x/0x%x"
					 : " -j CONNMARK --set-xmark 0x%x/0x%x",
			       below(4), one_in(2) ? 3 : 0xffffffff);
		break;
	case 1:
		if (!filter && strcmp(table, "nat"))
			printf(one_in(2) ? " -j CONNMARK --save-mark" : " -j CONNMARK --restore-mark");
		break;
	case 2:
		if (filter)
			reject(tcp);
		else
			printf(" -j RETURN");
		break;
	case 3: case 4:
		printf(strcmp(table, "nat") ? " -j DROP" : " -j RETURN");
		break;
	case 5: case 6: case 7:
		printf(" -j ACCEPT");
		break;
	case 8:
		printf(" -j RETURN");
		break;
	default:
		if (filter && one_in(2))
			reject(tcp);
		break;
	}
}

static void nat_verdict(bool ports)
{
	static const char *const v4s[] = { "172.17.0.2", "172.18.0.2", "172.17.0.3", "198.51.100.10" };
	static const char *const v6s[] = { "fd17::2", "fd18::2", "fd17::3", "2001:db8:1::10" };
	const char *to = v6 ? pick(v6s, COUNT(v6s)) : pick(v4s, COUNT(v4s));

	if (one_in(6)) {
		printf(" -j REDIRECT");
		if (ports)
			printf(" --to-ports %u", port());
	} else if (one_in(8)) {
		/* Bits of the destination, or all of them. */
		printf(" -j NETMAP --to %s", v6 ? "fd17::2/128"
					   : one_in(2) ? "172.17.0.0/30" : "172.17.0.2/32");
	} else if (ports && one_in(8)) {
		unsigned int from = port() % 65000;

		printf(v6 ? " -j DNAT --to-destination [%s]:%u-%u" : " -j DNAT --to-destination %s:%u-%u",
		       to, from, from + 1 + below(3));
		if (one_in(3))
			printf("/%u", port() % 65000);
	} else if (one_in(12)) {
		printf(" -j DNAT --to-destination %s",
		       v6 ? "fd17::2-fd17::3" : "172.17.0.2-172.17.0.3");
	} else if (ports && !one_in(3)) {
		printf(v6 ? " -j DNAT --to-destination [%s]:%u" : " -j DNAT --to-destination %s:%u",
		       to, port());
	} else {
		printf(" -j DNAT --to-destination %s", to);
	}
}

/* One rule of nat PREROUTING or of a chain that it jumps to. */
static void nat_rule(const char *chain, unsigned int own, unsigned int chains)
{
	bool ports = false;

	printf("-A %s", chain);
	if (one_in(2)) {
		ports = true;
		if (one_in(3))
			printf(" -m addrtype --dst-type LOCAL");
		if (one_in(3))
			printf(" %s-i %s", bang(), one_in(2) ? "docker0" : "ens3");
		if (one_in(4))
			printf(" %s-s %s", bang(), source());
		printf(" -p %s", one_in(3) ? "udp" : "tcp");
		printf(" --dport %u", port());
	} else {
		conditions(true, false);
	}
	if (one_in(2))
		nat_verdict(ports);
	else
		verdict("nat", own, chains, false);
	putchar('\n');
}

static void fill(const char *table, const char *chain, unsigned int own, unsigned int chains,
		 bool may_in, bool may_out)
{
	for (unsigned int i = below(5); i > 0; i--) {
		bool tcp;

		if (!strcmp(table, "nat")) {
			nat_rule(chain, own, chains);
			continue;
		}
		printf("-A %s", chain);
		tcp = conditions(may_in, may_out);
		if (!strcmp(table, "raw") && one_in(6))
			printf(" -j CT --notrack");
		else
			verdict(table, own, chains, tcp);
		putchar('\n');
	}
}

static const char *policy(void)
{
	return one_in(3) ? "DROP" : "ACCEPT";
}

/* empty: only removes what an earlier ruleset left in the table. */
static void print_table(const char *table, bool empty, const char *const *hooks,
			const char *needs_in, const char *needs_out)
{
	/* A chain jumps only to later ones, so there is no loop. */
	unsigned int chains = empty ? 0 : below(5);
	bool outs = strcmp(table, "raw") && strcmp(table, "nat");

	printf("*%s\n", table);
	for (size_t i = 0; hooks[i]; i++)
		printf(":%s %s\n", hooks[i], empty || !strcmp(table, "nat") ? "ACCEPT" : policy());
	for (unsigned int i = 0; i < chains; i++)
		printf(":U%u -\n", i);
	/* The host's own refusals go out through this chain, and must be seen. */
	if (!strcmp(table, "mangle"))
		printf("-A POSTROUTING -o ens+ -j ACCEPT\n");
	for (size_t i = 0; hooks[i] && !empty; i++) {
		for (unsigned int rules = 1 + below(2); rules > 0; rules--)
			fill(table, hooks[i], (unsigned int)-1, chains,
			     strstr(needs_in, hooks[i]), strstr(needs_out, hooks[i]));
	}
	for (unsigned int i = 0; i < chains; i++) {
		char name[16];

		snprintf(name, sizeof(name), "U%u", i);
		fill(table, name, i, chains, true, outs);
	}
	printf("COMMIT\n");
}

/* The table raw with nothing that drops: some packets get a mark, and some no connection. */
static void print_marks(void)
{
	printf("*raw\n:PREROUTING ACCEPT\n");
	for (unsigned int i = below(3); i > 0; i--) {
		printf("-A PREROUTING");
		conditions(true, false);
		if (one_in(2))
			printf(" -j CT --notrack\n");
		else
			printf(" -j MARK --set-xmark 0x%x/0x3\n", below(4));
	}
	printf("COMMIT\n");
}

/* ---- the guard's table ---- */

static const char *own_net(bool source)
{
	static const char *const from4[] = { "203.0.113.0/28", "203.0.113.8/29", "203.0.113.5",
					     "10.1.2.3", "203.0.113.0/24", "128.0.0.0/2" };
	static const char *const to4[] = { "172.17.0.2", "172.17.0.0/16", "198.51.100.10",
					   "172.18.0.2", "192.0.2.0/24" };
	static const char *const from6[] = { "2001:db8:2::/124", "2001:db8:2::8/125",
					     "2001:db8:2::5", "fdaa::3", "2001:db8:2::/48", "::/1" };
	static const char *const to6[] = { "fd17::2", "fd17::/64", "2001:db8:1::10", "fd18::2",
					   "2001:db8:4::/64" };

	if (source)
		return v6 ? pick(from6, COUNT(from6)) : pick(from4, COUNT(from4));
	return v6 ? pick(to6, COUNT(to6)) : pick(to4, COUNT(to4));
}

static const char *maybe_not(void)
{
	return one_in(4) ? "!= " : "";
}

/*
 * Only a rule that refuses may match on untranslated packets in this way. nft takes a port
 * only after a protocol that has ports.
 */
static void own_connection(bool refuses, bool ports)
{
	bool any = false;

	if (one_in(2))
		any = printf("ct direction %s ", one_in(4) ? "reply" : "original");
	if (!one_in(3) || !any)
		printf(refuses && one_in(3) ? "ct status & dnat == 0 " : "ct status & dnat != 0 ");
	if (ports && one_in(2)) {
		printf("ct original proto-dst ");
		print_ports('-', false);
		putchar(' ');
	}
}

/* Prints conditions; returns whether they require TCP. */
static bool own_conditions(bool may_out, bool refuses)
{
	static const char *const ins[] = { "ens3", "ens4", "ens*", "docker0" };
	static const char *const outs[] = { "docker0", "br-n1", "br-*", "ens*" };
	unsigned int proto = below(5);

	if (one_in(3))
		printf("iifname %s\"%s\" ", maybe_not(), pick(ins, COUNT(ins)));
	if (may_out && one_in(5))
		printf("oifname %s\"%s\" ", maybe_not(), pick(outs, COUNT(outs)));
	if (one_in(3))
		printf("%s saddr %s%s ", v6 ? "ip6" : "ip", maybe_not(), own_net(true));
	if (one_in(5))
		printf("%s daddr %s%s ", v6 ? "ip6" : "ip", maybe_not(), own_net(false));
	if (proto == 0)
		printf("meta l4proto %s%s ", maybe_not(), v6 ? "ipv6-icmp" : "icmp");
	if (proto == 1 || proto == 2)
		printf("meta l4proto %s ", proto == 1 ? "tcp" : "udp");
	if ((proto == 1 || proto == 2) && one_in(3)) {
		/* nft writes a range in a way that iptables never had. */
		printf("%s dport %s%u ", proto == 1 ? "tcp" : "udp", maybe_not(), port());
	}
	if (one_in(2))
		own_connection(refuses, proto == 1 || proto == 2);
	if (one_in(8))
		printf("meta mark & 0x00000003 %s 0x%08x ", one_in(3) ? "!=" : "==", below(4));
	return proto == 1;
}

static void own_refusal(bool tcp)
{
	printf("counter ");
	if (one_in(2))
		printf("drop");
	else if (tcp && one_in(2))
		printf("reject with tcp reset");
	else if (one_in(3))
		printf("reject with %s admin-prohibited", v6 ? "icmpv6" : "icmp");
	else
		printf("reject");
}

/* As in verdict(): own and chains keep jumps from forming a loop. */
static void own_rule(unsigned int own, unsigned int chains, bool may_out)
{
	bool refuses = one_in(2), tcp;

	printf("\t\t");
	tcp = own_conditions(may_out, refuses);
	if (refuses)
		own_refusal(tcp);
	else if (own + 1 < chains && one_in(2))
		printf("%s U%u", one_in(4) ? "goto" : "jump", own + 1 + below(chains - own - 1));
	else
		printf(one_in(3) ? "return" : "accept");
	putchar('\n');
}

static void print_guard(void)
{
	static const char *const hooks[] = { "forward", "input" };
	const char *ip = v6 ? "ip6" : "ip";
	unsigned int chains = below(4);

	printf("table %s dockfw\ndelete table %s dockfw\ntable %s dockfw {\n", ip, ip, ip);
	for (unsigned int i = 0; i < chains; i++) {
		printf("\tchain U%u {\n", i);
		for (unsigned int rules = below(4); rules > 0; rules--)
			own_rule(i, chains, false);
		printf("\t}\n");
	}
	for (size_t i = 0; i < COUNT(hooks); i++) {
		printf("\tchain %s {\n\t\ttype filter hook %s priority filter + 5; policy %s;\n",
		       hooks[i], hooks[i], one_in(6) ? "drop" : "accept");
		for (unsigned int rules = 2 + below(5); rules > 0; rules--)
			own_rule((unsigned int)-1, chains, !i);
		printf("\t}\n");
	}
	printf("}\n");
}

int main(int argc, char **argv)
{
	static const char *const raw[] = { "PREROUTING", NULL };
	static const char *const mangle[] = { "PREROUTING", "INPUT", "FORWARD", "POSTROUTING", NULL };
	static const char *const nat[] = { "PREROUTING", NULL };
	static const char *const filter[] = { "INPUT", "FORWARD", NULL };

	if (argc < 3) {
		fprintf(stderr, "usage: walk-generate ipv4|ipv6 SEED [maybe|few|none|guard]\n");
		return 2;
	}
	v6 = !strcmp(argv[1], "ipv6");
	maybe = argc > 3 && !strcmp(argv[3], "maybe");
	few = argc > 3 && !strcmp(argv[3], "few");
	none = argc > 3 && !strcmp(argv[3], "none");
	/* Then marks may still matter for the routing. */
	no_marks = (strtoull(argv[2], NULL, 10) * 2654435761u + 12345) % 3 == 0;
	choices_start(strtoull(argv[2], NULL, 10), 12345);
	if (argc > 3 && !strcmp(argv[3], "guard")) {
		print_guard();
		return ferror(stdout) != 0;
	}
	if (few)
		print_marks();
	else
		print_table("raw", none || !one_in(3), raw, "PREROUTING", "");
	print_table("mangle", none || few || one_in(2), mangle, "PREROUTING INPUT FORWARD",
		    "FORWARD POSTROUTING");
	print_table("nat", none || one_in(4), nat, "PREROUTING", "");
	print_table("filter", none || (few && !one_in(4)), filter, "INPUT FORWARD", "FORWARD");
	return ferror(stdout) != 0;
}
