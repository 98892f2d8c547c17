/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For which ports docker-proxy itself answers: the check and the walk agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/rtnetlink.h>

#include "check_proxy.h"
#include "deadline.h"
#include "exposure_compute.h"
#include "translation.h"

/* The host's addresses; all cases are for IPv4 unless they say otherwise. */
#define FIRST "198.51.100.5"
#define SECOND "198.51.100.6"
#define CONTAINER "172.17.0.2"

enum odd { PLAIN, NOT_PORT, MULTIPORT, OPAQUE, DORMANT, NOT_DOCKERS };

struct given {
	const char *name;
	/* Docker's DNAT rule; proto 0: any; last 0: the rule names no port. */
	uint8_t rule_proto;
	uint16_t first, last;
	const char *rule_host; /* NULL: any */
	enum odd odd;
	uint8_t proto;
	const char *host; /* the proxy listens on this address; NULL: any */
	uint16_t port;
	bool covered;
};

static const struct given cases[] = {
	{ "every address, both", 6, 80, 80, NULL, PLAIN, 6, NULL, 80, true },
	{ "one address, both", 6, 80, 80, FIRST, PLAIN, 6, FIRST, 80, true },
	{ "a rule for all, a proxy on one", 6, 80, 80, NULL, PLAIN, 6, FIRST, 80, true },
	{ "a range of ports", 6, 80, 90, NULL, PLAIN, 6, NULL, 85, true },
	{ "every port", 6, 0, 0, NULL, PLAIN, 6, NULL, 80, true },
	{ "every protocol", 0, 0, 0, NULL, PLAIN, 17, NULL, 53, true },
	{ "udp", 17, 53, 53, NULL, PLAIN, 17, NULL, 53, true },
	{ "sctp", 132, 99, 99, NULL, PLAIN, 132, NULL, 99, true },
	{ "another port", 6, 81, 81, NULL, PLAIN, 6, NULL, 80, false },
	{ "another protocol", 17, 80, 80, NULL, PLAIN, 6, NULL, 80, false },
	{ "another family", 6, 80, 80, NULL, PLAIN, 6, "2001:db8::5", 80, false },
	{ "a foreign chain", 6, 80, 80, FIRST, NOT_DOCKERS, 6, SECOND, 80, false },
	{ "a dormant table", 6, 80, 80, NULL, DORMANT, 6, NULL, 80, false },
	/* A check of only the ports would take these for covered, but the walk reaches the proxy. */
	{ "a rule for one, a proxy on all", 6, 80, 80, FIRST, PLAIN, 6, NULL, 80, false },
	{ "a rule for one, a proxy on another", 6, 80, 80, FIRST, PLAIN, 6, SECOND, 80, false },
	{ "all other ports", 6, 80, 80, NULL, NOT_PORT, 6, NULL, 80, false },
	{ "several ports, none of them", 6, 81, 82, NULL, MULTIPORT, 6, NULL, 80, false },
	{ "an opaque rule", 6, 80, 80, NULL, OPAQUE, 6, NULL, 80, false },
};

static addr_t addr(const char *text, enum family *family)
{
	addr_t value = 0;

	assert_true(addr_parse(text, family, &value));
	return value;
}

static void add_ports(struct rule *rule, const struct given *given)
{
	bool not = given->odd == NOT_PORT;
	struct xt_tcp tcp = { .spts = { 0, 65535 }, .dpts = { given->first, given->last },
			      .invflags = not ? XT_TCP_INV_DSTPT : 0 };
	struct xt_udp udp = { .spts = { 0, 65535 }, .dpts = { given->first, given->last } };
	struct xt_sctp_info sctp = { .dpts = { given->first, given->last },
				     .flags = XT_SCTP_DEST_PORTS };
	struct xt_multiport_v1 several = { .flags = XT_MULTIPORT_DESTINATION, .count = 2,
					   .ports = { given->first, given->last } };

	if (given->odd == MULTIPORT)
		rule_add_match(rule, "multiport", 1, &several, sizeof(several));
	else if (given->rule_proto == IPPROTO_TCP)
		rule_add_match(rule, "tcp", 0, &tcp, sizeof(tcp));
	else if (given->rule_proto == IPPROTO_UDP)
		rule_add_match(rule, "udp", 0, &udp, sizeof(udp));
	else
		rule_add_match(rule, "sctp", 0, &sctp, sizeof(sctp));
}

static struct rule *dnat_rule(const struct given *given)
{
	struct nf_nat_range2 range = { .flags = NF_NAT_RANGE_MAP_IPS };
	struct rule *rule = rule_new(FAMILY_IPV4);
	enum family family;

	rule->proto = given->rule_proto;
	if (given->rule_host) {
		addr_store(FAMILY_IPV4, addr(given->rule_host, &family), rule->dst.addr);
		memset(rule->dst.mask, 255, 4);
	}
	if (given->last)
		add_ports(rule, given);
	addr_store(FAMILY_IPV4, addr(CONTAINER, &family), &range.min_addr);
	range.max_addr = range.min_addr;
	rule_set_target(rule, "DNAT", 2, &range, sizeof(range));
	if (given->odd == OPAQUE)
		rule->opaque = xstrdup("expression 'lookup'");
	return rule;
}

static struct chain *add_chain(struct table *table, const char *name, bool builtin)
{
	struct chain *chain = table_add_chain(table, name);

	chain->builtin = builtin;
	chain->policy = VERDICT_ACCEPT;
	chain->loaded = true;
	return chain;
}

static struct snapshot *make_snapshot(const struct given *given)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *nat = snapshot_add_table(snapshot, FAMILY_IPV4, "nat");
	const char *name = given->odd == NOT_DOCKERS ? "WEB" : "DOCKER";
	struct chain *prerouting = add_chain(nat, "PREROUTING", given->odd != DORMANT);
	struct rule *jump = rule_new(FAMILY_IPV4);

	nat->dormant = given->odd == DORMANT;
	rule_set_chain(jump, VERDICT_JUMP, name);
	chain_add_rule(prerouting, jump);
	chain_add_rule(add_chain(nat, name, false), dnat_rule(given));
	table_sort(nat);
	return snapshot;
}

static void make_proxy(const struct given *given, struct proxy *proxy)
{
	enum family family;

	*proxy = (struct proxy){ .proto = given->proto, .any = !given->host, .port = given->port,
				 .container_port = given->port, .pid = 1 };
	if (given->host)
		proxy->host = addr(given->host, &proxy->family);
	proxy->container = addr(CONTAINER, &family);
}

static void make_info(struct netinfo *info)
{
	enum family family;

	netinfo_add_if(info, "ens3", 2);
	netinfo_add_if(info, "docker0", 3)->bridge = true;
	netinfo_add_route(info, FAMILY_IPV4, 0, 0, RTN_UNICAST, 2);
	netinfo_add_route(info, FAMILY_IPV4, addr("172.17.0.0", &family), 16, RTN_UNICAST, 3);
	netinfo_add_route(info, FAMILY_IPV4, addr(FIRST, &family), 32, RTN_LOCAL, 2);
	netinfo_add_route(info, FAMILY_IPV4, addr(SECOND, &family), 32, RTN_LOCAL, 2);
	netinfo_add_route(info, FAMILY_IPV6, addr("2001:db8::5", &family), 128, RTN_LOCAL, 2);
	netinfo_sort(info);
}

/* Whether the check reports the port. */
static bool is_reported(const struct snapshot *snapshot, const struct proxies *proxies)
{
	struct policy *policy = policy_new();
	struct findings findings = { 0 };
	struct netinfo info = { 0 };
	const struct dockerd dockerd = { .running = true };
	const struct proxy_facts facts = { .snapshot = snapshot, .info = &info,
					   .proxies = proxies, .dockerd = &dockerd };
	bool reported;

	make_info(&info);
	deadline_start(60);
	policy->families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	assert_int_equal(check_proxies(policy, &facts, false, &findings), 0);
	reported = findings.n;
	netinfo_clear(&info);
	findings_clear(&findings);
	policy_free(policy);
	return reported;
}

/* Whether a packet from outside reaches the proxy. */
static bool is_reached(const struct snapshot *snapshot, const struct proxies *proxies)
{
	struct exposure_list list;
	struct netinfo info = { 0 };
	struct world world = { .snapshot = snapshot, .info = &info, .proxies = proxies };
	bool reached = false;

	make_info(&info);
	deadline_start(60);
	assert_int_equal(exposure_compute(NULL, &world, 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6,
					  &list), 0);
	for (size_t i = 0; i < list.n; i++)
		reached |= list.v[i].answers == ANSWERS_PROXY || list.v[i].answers == ANSWERS_BOTH;
	exposure_clear(&list);
	netinfo_clear(&info);
	return reached;
}

static void one_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct given *given = &cases[i];
		struct snapshot *snapshot = make_snapshot(given);
		struct translations translations;
		struct proxy proxy;
		struct proxies proxies = { .v = &proxy, .n = 1 };
		bool covered;

		make_proxy(given, &proxy);
		translations_collect(snapshot, 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6, &translations);
		covered = translations_covering(&translations, &proxy);
		if (covered != given->covered || is_reported(snapshot, &proxies) == covered ||
		    is_reached(snapshot, &proxies) == covered)
			fail_msg("%s: covered %d, reported %d, reached %d", given->name, covered,
				 is_reported(snapshot, &proxies), is_reached(snapshot, &proxies));
		translations_clear(&translations);
		snapshot_free(snapshot);
	}
}

/* Each of many rules is found by its port. */
static void many(void **state)
{
	struct given given = { .rule_proto = IPPROTO_TCP, .proto = IPPROTO_TCP };
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *nat = snapshot_add_table(snapshot, FAMILY_IPV4, "nat");
	struct chain *docker = add_chain(nat, "DOCKER", false);
	struct translations translations;

	(void)state;
	for (uint16_t port = 9000; port > 1000; port -= 2) {
		given.first = given.last = port;
		given.rule_host = port % 4 ? NULL : FIRST;
		chain_add_rule(docker, dnat_rule(&given));
	}
	translations_collect(snapshot, 1U << FAMILY_IPV4, &translations);
	assert_int_equal(translations.n, 4000);
	for (uint16_t port = 999; port < 9003; port++) {
		const struct translation *translation;
		struct proxy proxy;

		given.port = port;
		make_proxy(&given, &proxy);
		translation = translations_covering(&translations, &proxy);
		assert_int_equal(!!translation, port > 1000 && port <= 9000 && port % 4 == 2);
		assert_true(!translation || translation->rule ==
			    docker->rules[translation->number - 1]);
	}
	translations_clear(&translations);
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(one_answer), cmocka_unit_test(many) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
