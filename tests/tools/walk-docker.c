/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints, for nft, the tables docker-bridges that dockerd 29 makes with its own nf_tables
 * backend, for networks that the seed determines: walk-docker FAMILY SEED [forms|broken].
 * With forms, three networks have the form number SEED of FORMS, which together are every
 * combination of the options that change these tables; else networks and options are random,
 * and with broken, pieces are missing. It has the names and addresses of tests/walk/lib.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walk-random.h"

enum { FORMS = 4 * 32, PORTS = 12, NETWORKS = 4, CONTAINERS = 2 };

enum mode { MODE_NAT, MODE_UNPROTECTED, MODE_ROUTED };

/* A published port; address is NULL for every address of the host. */
struct published {
	const char *proto, *address;
	unsigned int host, port; /* host 0: not published, as in a network without NAT */
	size_t container;
};

struct network {
	const char *name, *prefix, *containers[CONTAINERS];
	bool internal, icc, masquerade, snat, trusted, marked, linked;
	enum mode mode;
	struct published ports[PORTS];
	size_t n;
};

#define NETWORK(bridge, subnet, first, second) \
	{ .name = (bridge), .prefix = (subnet), .containers = { (first), (second) } }

/* br-n3 has no address: it has the gateway mode isolated, which needs an internal network. */
static const struct network networks4[NETWORKS] = {
	NETWORK("docker0", "172.17.0.0/16", "172.17.0.2", "172.17.0.3"),
	NETWORK("br-n1", "172.18.0.0/16", "172.18.0.2", "172.18.0.3"),
	NETWORK("br-n2", "172.19.0.0/16", "172.19.0.2", "172.19.0.3"),
	NETWORK("br-n3", "172.20.0.0/16", "172.20.0.2", "172.20.0.3"),
};
static const struct network networks6[NETWORKS] = {
	NETWORK("docker0", "fd17::/64", "fd17::2", "fd17::3"),
	NETWORK("br-n1", "fd18::/64", "fd18::2", "fd18::3"),
	NETWORK("br-n2", "fd19::/64", "fd19::2", "fd19::3"),
	NETWORK("br-n3", "fd20::/64", "fd20::2", "fd20::3"),
};

static bool v6;
static const char *ip;

/* The daemon's options, and its networks. */
static struct {
	bool proxy, wsl2, direct, broken;
	struct network networks[NETWORKS];
	size_t n;
} host;

static unsigned int port(void)
{
	static const unsigned int ports[] = { 80, 443, 8080, 53, 22, 5432, 1, 65533 };

	return ports[below(COUNT(ports))];
}

static void publish(struct network *network, const char *proto, const char *address,
		    unsigned int host_port, unsigned int container_port, size_t container)
{
	if (network->n < PORTS)
		network->ports[network->n++] = (struct published){
			proto, address, network->mode == MODE_ROUTED ? 0 : host_port, container_port,
			container };
}

/* ---- random hosts ---- */

static const char *any_address(void)
{
	static const char *const v4s[] = { "198.51.100.10", "192.0.2.10", "127.0.0.1", "172.17.0.1" };
	static const char *const v6s[] = { "2001:db8:1::10", "2001:db8:4::10", "::1", "fd17::1" };

	if (!one_in(3))
		return NULL;
	return v6 ? pick(v6s, COUNT(v6s)) : pick(v4s, COUNT(v4s));
}

static void any_ports(struct network *network)
{
	static const char *const protos[] = { "tcp", "tcp", "udp", "sctp" };

	for (unsigned int i = below(5); i > 0; i--) {
		const char *proto = pick(protos, COUNT(protos)), *address = any_address();
		unsigned int from = port(), to = port(), n = one_in(3) ? 1 + below(3) : 1;
		size_t container = below(CONTAINERS);

		/* A range is one rule for each of its ports. */
		for (unsigned int j = 0; j < n; j++)
			publish(network, proto, address, from + j, to + j, container);
	}
}

static void any_network(struct network *network, bool isolated)
{
	network->internal = isolated || one_in(5);
	network->icc = !one_in(4);
	network->masquerade = !one_in(5);
	network->snat = one_in(6);
	network->mode = one_in(2) ? MODE_NAT : (enum mode)below(3);
	network->trusted = one_in(6);
	network->marked = one_in(6);
	network->linked = one_in(6);
	if (!network->internal)
		any_ports(network);
}

static void any_host(void)
{
	const struct network *all = v6 ? networks6 : networks4;

	host.proxy = !one_in(3);
	host.wsl2 = one_in(8);
	host.direct = one_in(5);
	for (; host.n < NETWORKS; host.n++) {
		host.networks[host.n] = all[host.n];
		any_network(&host.networks[host.n], host.n == 3);
	}
}

/* ---- one of every form ---- */

static unsigned int digit(unsigned long *number, unsigned int base)
{
	unsigned int value = (unsigned int)(*number % base);

	*number /= base;
	return value;
}

static void form(struct network *network, unsigned long number)
{
	bool loopback;

	network->internal = digit(&number, 2);
	network->icc = digit(&number, 2);
	network->masquerade = digit(&number, 2);
	network->snat = digit(&number, 2);
	loopback = digit(&number, 2);
	network->mode = (enum mode)digit(&number, 3);
	/* Docker makes no rules for the ports of an internal network. */
	if (!network->internal)
		publish(network, "tcp", !loopback ? NULL : v6 ? "::1" : "127.0.0.1", 8080, 80, 0);
}

static void form_of_host(unsigned long number)
{
	const struct network *all = v6 ? networks6 : networks4;

	number %= FORMS;
	host.proxy = digit(&number, 2);
	host.wsl2 = digit(&number, 2);
	host.n = 3;
	for (size_t i = 0; i < host.n; i++) {
		host.networks[i] = all[i];
		form(&host.networks[i], number * host.n + i);
		/* Each has a port of its own. */
		if (host.networks[i].n && host.networks[i].ports[0].host)
			host.networks[i].ports[0].host = i == 0 ? 8080 : i == 1 ? 443 : 5432;
	}
}

/* ---- the tables ---- */

/* Whether to print a piece. */
static bool whole(void)
{
	return !host.broken || !one_in(8);
}

static void print_maps(void)
{
	static const char *const ways[] = { "filter-forward-in", "filter-forward-out",
					    "nat-postrouting-in", "nat-postrouting-out" };

	for (size_t i = 0; i < COUNT(ways); i++) {
		const char *lead = "\t\telements = { ";

		printf("\tmap %s-jumps {\n\t\ttype ifname : verdict\n", ways[i]);
		for (size_t j = 0; j < host.n; j++) {
			const char *name = host.networks[j].name;

			if (!whole())
				continue;
			printf("%s\"%s\" : jump %s__%s", lead, name, ways[i], name);
			lead = ", ";
		}
		printf(*lead == ',' ? " }\n\t}\n" : "\t}\n");
	}
}

static void print_base(const char *name, const char *type, const char *hook, int priority)
{
	printf("\tchain %s {\n\t\ttype %s hook %s priority %d; policy accept;\n", name, type, hook,
	       priority);
}

static void print_bases(void)
{
	const char *to_nat = "fib daddr type local counter jump nat-prerouting-and-output";

	print_base("filter-FORWARD", "filter", "forward", 0);
	if (whole())
		printf("\t\toifname vmap @filter-forward-in-jumps\n");
	if (whole())
		printf("\t\tiifname vmap @filter-forward-out-jumps\n");
	printf("\t}\n");
	print_base("nat-OUTPUT", "nat", "output", -100);
	printf("\t\t%s%s\n", !host.proxy ? "" : v6 ? "ip6 daddr != ::1 " : "ip daddr != 127.0.0.0/8 ",
	       to_nat);
	printf("\t}\n");
	print_base("nat-POSTROUTING", "nat", "postrouting", 100);
	printf("\t\tiifname vmap @nat-postrouting-out-jumps\n"
	       "\t\toifname vmap @nat-postrouting-in-jumps\n\t}\n");
	print_base("nat-PREROUTING", "nat", "prerouting", -100);
	if (whole())
		printf("\t\t%s\n", to_nat);
	printf("\t}\n");
}

/* Not all docker-proxies take what comes from a link-local address to a container. */
static void print_dnat(const struct network *network, const struct published *published)
{
	const char *container = network->containers[published->container];

	if (!published->host || !whole())
		return;
	printf("\t\t");
	if (host.proxy)
		printf("iifname != \"%s\" ", network->name);
	if (v6)
		printf("ip6 saddr != fe80::/10 ");
	if (published->address)
		printf("%s daddr %s ", ip, published->address);
	printf(v6 ? "%s dport %u counter dnat to [%s]:%u comment \"DNAT\"\n"
		  : "%s dport %u counter dnat to %s:%u comment \"DNAT\"\n",
	       published->proto, published->host, container, published->port);
}

static void print_nat(void)
{
	printf("\tchain nat-prerouting-and-output {\n");
	if (host.proxy && host.wsl2 && !v6)
		printf("\t\tiifname \"loopback0\" ip daddr 127.0.0.0/8 counter return\n");
	for (size_t i = 0; i < host.n; i++)
		for (size_t j = 0; j < host.networks[i].n; j++)
			print_dnat(&host.networks[i], &host.networks[i].ports[j]);
	printf("\t}\n");
}

/* A set of one name is what dockerd writes; newer versions of nft make a comparison of it. */
static void print_not_from(const struct network *network)
{
	if (network->trusted)
		printf("iifname != { \"%s\", \"ens4\" } ", network->name);
	else
		printf(one_in(2) ? "iifname != { \"%s\" } " : "iifname != \"%s\" ", network->name);
}

static void print_loopback(const struct published *published)
{
	if (v6 || !published->host || !published->address || strcmp(published->address, "127.0.0.1"))
		return;
	if (host.wsl2)
		printf("\t\tiifname \"loopback0\" ip daddr 127.0.0.1 %s dport %u counter accept comment \"ACCEPT WSL2 LOOPBACK\"\n",
		       published->proto, published->host);
	printf("\t\tiifname != \"lo\" ip daddr 127.0.0.1 %s dport %u counter drop comment \"DROP REMOTE LOOPBACK\"\n",
	       published->proto, published->host);
}

static void print_raw(void)
{
	print_base("raw-PREROUTING", "filter", "prerouting", -300);
	for (size_t i = 0; i < host.n; i++) {
		const struct network *network = &host.networks[i];
		bool open = network->internal || network->mode != MODE_NAT || host.direct;

		for (size_t j = 0; j < CONTAINERS && !open; j++) {
			if (!whole())
				continue;
			printf("\t\t%s daddr %s ", ip, network->containers[j]);
			print_not_from(network);
			printf("counter drop comment \"DROP DIRECT ACCESS\"\n");
		}
		for (size_t j = 0; j < network->n; j++)
			print_loopback(&network->ports[j]);
	}
	printf("\t}\n");
}

static void print_links(const struct network *network)
{
	const char *const *containers = network->containers;

	if (v6 || !network->linked)
		return;
	printf("\t\tip saddr %s ip daddr %s tcp dport 80 counter accept\n", containers[0], containers[1]);
	printf("\t\tip saddr %s tcp sport 80 ip daddr %s counter accept\n", containers[1], containers[0]);
}

static void print_forward_in(const struct network *network)
{
	const char *icc = network->icc ? "accept" : "drop";

	printf("\tchain filter-forward-in__%s {\n", network->name);
	printf("\t\tct state established,related counter accept\n");
	if (network->internal) {
		printf("\t\tiifname != \"%s\" counter drop comment \"INTERNAL NETWORK INGRESS\"\n",
		       network->name);
		printf("\t\tcounter %s comment \"ICC\"\n\t}\n", icc);
		return;
	}
	if (network->mode == MODE_ROUTED)
		printf("\t\t%s counter accept comment \"ICMP\"\n",
		       v6 ? "meta l4proto ipv6-icmp" : "ip protocol icmp");
	if (network->marked)
		printf(one_in(2) ? "\t\tmeta mark 1 counter accept comment \"ALLOW FW MARK\"\n"
				 : "\t\tmeta mark and 3 == 2 counter accept comment \"ALLOW FW MARK\"\n");
	print_links(network);
	printf("\t\tiifname == \"%s\" counter %s comment \"ICC\"\n", network->name, icc);
	for (size_t i = 0; i < network->n && network->mode != MODE_UNPROTECTED; i++) {
		const struct published *published = &network->ports[i];

		printf("\t\t%s daddr %s %s dport %u counter accept\n", ip,
		       network->containers[published->container], published->proto, published->port);
	}
	if (whole())
		printf("\t\tcounter %s\n", network->mode == MODE_UNPROTECTED
					      ? "accept comment \"UNPROTECTED\""
					      : "drop comment \"UNPUBLISHED PORT DROP\"");
	printf("\t}\n");
}

static void print_forward_out(const struct network *network)
{
	printf("\tchain filter-forward-out__%s {\n", network->name);
	printf("\t\tct state established,related counter accept\n");
	if (network->internal)
		printf("\t\toifname != \"%s\" counter drop comment \"INTERNAL NETWORK EGRESS\"\n",
		       network->name);
	else
		printf("\t\tcounter accept comment \"OUTGOING\"\n");
	printf("\t}\n");
}

static void print_postrouting(const struct network *network)
{
	const char *verdict = !network->snat ? "masquerade"
			      : v6	     ? "snat to 2001:db8:1::10" : "snat to 198.51.100.10";
	const char *comment = network->snat ? "SNAT" : "MASQUERADE";

	printf("\tchain nat-postrouting-in__%s {\n", network->name);
	if (!network->internal && !host.proxy) {
		printf("\t\tfib saddr type local counter %s comment \"%s FROM HOST\"\n", verdict, comment);
		for (size_t i = 0; i < network->n; i++) {
			const struct published *published = &network->ports[i];
			const char *container = network->containers[published->container];

			if (published->host)
				printf("\t\t%s saddr %s %s daddr %s %s dport %u counter masquerade comment \"MASQ TO OWN PORT\"\n",
				       ip, container, ip, container, published->proto, published->port);
		}
	}
	printf("\t}\n\tchain nat-postrouting-out__%s {\n", network->name);
	if (!network->internal && network->masquerade && network->mode != MODE_ROUTED)
		printf("\t\toifname != \"%s\" %s saddr %s counter %s comment \"%s\"\n", network->name, ip,
		       network->prefix, verdict, comment);
	printf("\t}\n");
}

static void print_tables(void)
{
	/* The other family's table is removed as well: an earlier script was for either. */
	printf("table ip docker-bridges\ndelete table ip docker-bridges\n"
	       "table ip6 docker-bridges\ndelete table ip6 docker-bridges\n");
	printf("table %s docker-bridges {\n", ip);
	for (size_t i = 0; i < host.n; i++) {
		print_forward_in(&host.networks[i]);
		print_forward_out(&host.networks[i]);
		print_postrouting(&host.networks[i]);
	}
	print_maps();
	print_nat();
	print_bases();
	print_raw();
	printf("}\n");
}

int main(int argc, char **argv)
{
	unsigned long seed;

	if (argc < 3) {
		fprintf(stderr, "usage: walk-docker ipv4|ipv6 SEED [forms|broken]\n");
		return 2;
	}
	v6 = !strcmp(argv[1], "ipv6");
	ip = v6 ? "ip6" : "ip";
	seed = strtoul(argv[2], NULL, 10);
	choices_start(seed, 29292);
	host.broken = argc > 3 && !strcmp(argv[3], "broken");
	if (argc > 3 && !strcmp(argv[3], "forms"))
		form_of_host(seed);
	else
		any_host();
	print_tables();
	return ferror(stdout) != 0;
}
