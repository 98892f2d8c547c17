/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over hand-made tables: jumps, returns, translations, and undecided rules. */
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
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/rtnetlink.h>

#include "apply.h"
#include "deadline.h"
#include "diag.h"
#include "docker_proxies.h"
#include "exposure_compute.h"
#include "guard_names.h"
#include "trace.h"
#include "xt_match.h"

static struct netinfo info;

static addr_t addr(const char *text)
{
	enum family family;
	addr_t value = 0;

	assert_true(addr_parse(text, &family, &value));
	return value;
}

static struct table *add_table(struct snapshot *snapshot, const char *name)
{
	return snapshot_add_table(snapshot, FAMILY_IPV4, name);
}

static struct chain *add_chain(struct table *table, const char *name, bool builtin,
			       enum verdict policy)
{
	struct chain *chain = table_add_chain(table, name);

	chain->builtin = builtin;
	chain->policy = policy;
	chain->loaded = true;
	return chain;
}

/* A rule with a verdict, or with a jump if chain is not NULL. */
static struct rule *add_rule(struct chain *chain, enum verdict verdict, const char *to)
{
	struct rule *rule = rule_new(FAMILY_IPV4);

	rule->verdict = verdict;
	if (to)
		rule_set_chain(rule, verdict, to);
	chain_add_rule(chain, rule);
	return rule;
}

static void from_net(struct rule *rule, const char *net, unsigned int length, bool invert)
{
	addr_store(FAMILY_IPV4, addr(net), rule->src.addr);
	addr_store(FAMILY_IPV4, 0xffffffffu << (32 - length), rule->src.mask);
	if (invert)
		rule->invert |= INV_SRC;
}

static void to_port(struct rule *rule, uint16_t port)
{
	struct xt_tcp tcp = { .spts = { 0, 65535 }, .dpts = { port, port } };

	rule->proto = IPPROTO_TCP;
	rule_add_match(rule, "tcp", 0, &tcp, sizeof(tcp));
}

static void dnat(struct rule *rule, const char *to, uint16_t port)
{
	struct nf_nat_range2 range = { .flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED };

	addr_store(FAMILY_IPV4, addr(to), &range.min_addr);
	range.max_addr = range.min_addr;
	range.min_proto.all = range.max_proto.all = htons(port);
	rule_set_target(rule, "DNAT", 2, &range, sizeof(range));
}

/* What a publish section matches on: the port before any translation. */
static void to_host_port(struct rule *rule, uint16_t port, bool translated)
{
	struct xt_conntrack_want want = { .port = port, .direction = XT_DIRECTION_ORIGINAL };

	want.dnat = translated ? XT_DNAT_IS : XT_DNAT_ANY;
	rule->proto = IPPROTO_TCP;
	xt_conntrack_add(rule, &want);
}

struct host {
	struct snapshot *snapshot, *guard; /* guard: NULL if it is in the first one */
	struct chain *docker_nat, *forward, *user, *docker, *input;
};

/* Docker's usual tables with port 80 published as 8080 of 172.17.0.2. */
static struct host docker_host(void)
{
	struct host host = { .snapshot = snapshot_new(BACKEND_NFT) };
	struct table *nat = add_table(host.snapshot, "nat");
	struct table *filter = add_table(host.snapshot, "filter");
	struct chain *prerouting = add_chain(nat, "PREROUTING", true, VERDICT_ACCEPT);
	struct rule *rule;

	host.docker_nat = add_chain(nat, "DOCKER", false, VERDICT_NONE);
	add_rule(prerouting, VERDICT_JUMP, "DOCKER");
	rule = add_rule(host.docker_nat, VERDICT_NONE, NULL);
	to_port(rule, 80);
	dnat(rule, "172.17.0.2", 8080);
	host.input = add_chain(filter, "INPUT", true, VERDICT_ACCEPT);
	host.forward = add_chain(filter, "FORWARD", true, VERDICT_DROP);
	host.user = add_chain(filter, "DOCKER-USER", false, VERDICT_NONE);
	host.docker = add_chain(filter, "DOCKER", false, VERDICT_NONE);
	add_rule(host.forward, VERDICT_JUMP, "DOCKER-USER");
	rule = add_rule(host.forward, VERDICT_JUMP, "DOCKER");
	interface_set(&rule->out, "docker0");
	rule = add_rule(host.docker, VERDICT_ACCEPT, NULL);
	addr_store(FAMILY_IPV4, addr("172.17.0.2"), rule->dst.addr);
	memset(rule->dst.mask, 255, 4);
	interface_set(&rule->out, "docker0");
	to_port(rule, 8080);
	table_sort(nat);
	table_sort(filter);
	return host;
}

static enum trace_verdict verdict(const struct host *host, const char *text)
{
	struct world world = { .snapshot = host->snapshot, .guard = host->guard, .info = &info };
	struct trace trace;
	enum trace_verdict is;

	assert_int_equal(trace_run(&world, text, true, &trace), 0);
	is = trace.verdict;
	trace_clear(&trace);
	return is;
}

/*
 * Returns the only published port of the exposure, or the container's own address if
 * there is none; the caller frees the list.
 */
static const struct exposure *expose(const struct host *host, const struct proxies *proxies,
				     struct exposure_list *list)
{
	struct world world = { .snapshot = host->snapshot, .guard = host->guard, .info = &info,
			       .proxies = proxies };
	const struct exposure *found = NULL;

	assert_int_equal(exposure_compute(NULL, &world, 1U << FAMILY_IPV4, list), 0);
	for (size_t i = 0; i < list->n; i++) {
		if (list->v[i].extra)
			continue;
		assert_null(found);
		found = &list->v[i];
	}
	assert_non_null(found);
	return found;
}

#define WEB "from 203.0.113.200 in ens3 tcp 80"

static void published(void **state)
{
	struct host host = docker_host();
	struct exposure_list list;
	const struct exposure *port = expose(&host, NULL, &list);

	(void)state;
	assert_int_equal(verdict(&host, WEB), TRACE_FORWARDED);
	assert_int_equal(verdict(&host, "from 203.0.113.200 in ens3 tcp 81"), TRACE_LOCAL);
	assert_int_equal(verdict(&host, "from 203.0.113.1 in ens3 to 172.17.0.2 udp 80"), TRACE_DROPPED);
	assert_int_equal(verdict(&host, "from 203.0.113.1 in ens3 to 127.0.0.1 tcp 81"), TRACE_LOST);
	assert_int_equal(port->openness, OPEN_ALL);
	assert_int_equal(port->answers, ANSWERS_DNAT);
	assert_true(port->any_host);
	assert_string_equal(port->bridge, "docker0");
	assert_int_equal(port->container_port.lo, 8080);
	assert_int_equal(port->nways, 1);
	assert_int_equal(port->ways[0].nifs, 2);
	assert_string_equal(port->by.chain, "DOCKER");
	assert_int_equal(exposure_unallowed(&list), 1);
	exposure_clear(&list);
	snapshot_free(host.snapshot);
}

static void limited(void **state)
{
	struct host host = docker_host();
	struct exposure_list list;
	const struct exposure *port;
	struct rule *rule = add_rule(host.user, VERDICT_RETURN, NULL);

	(void)state;
	from_net(rule, "203.0.113.0", 24, false);
	interface_set(&rule->in, "ens3");
	rule = add_rule(host.user, VERDICT_DROP, NULL);
	interface_set(&rule->in, "ens3");
	assert_int_equal(verdict(&host, WEB), TRACE_FORWARDED);
	assert_int_equal(verdict(&host, "from 198.51.100.9 in ens3 tcp 80"), TRACE_DROPPED);
	assert_int_equal(verdict(&host, "from 198.51.100.9 in ens4 tcp 80"), TRACE_FORWARDED);
	port = expose(&host, NULL, &list);
	assert_int_equal(port->nways, 2);
	assert_int_equal(port->openness, OPEN_ALL);
	for (size_t i = 0; i < 2; i++) {
		bool ens3 = !strcmp(port->ways[i].ifs[0]->name, "ens3");

		if (ens3)
			assert_int_equal(addrset_size(port->ways[i].open), 256);
		else
			assert_ptr_equal(port->ways[i].open, port->ways[i].possible);
		assert_int_equal(port->ways[i].maybe->n, 0);
		if (ens3)
			assert_int_equal(port->ways[i].closed_by.number, 2);
	}
	exposure_clear(&list);
	snapshot_free(host.snapshot);
}

static void undecided(void **state)
{
	struct host host = docker_host();
	struct exposure_list list;
	const struct exposure *port;
	struct rule *rule = add_rule(host.user, VERDICT_DROP, NULL);

	(void)state;
	rule_add_match(rule, "recent", 1, "", 1);
	from_net(rule, "10.0.0.0", 8, false);
	assert_int_equal(verdict(&host, WEB), TRACE_FORWARDED);
	assert_int_equal(verdict(&host, "from 10.1.1.1 in ens3 tcp 80"), TRACE_MAYBE);
	port = expose(&host, NULL, &list);
	assert_int_equal(port->openness, OPEN_ALL);
	assert_int_equal(addrset_size(port->ways[0].maybe), 1 << 24);
	exposure_clear(&list);

	/* A rule that was not decoded is a maybe for everyone, whatever it does. */
	rule = add_rule(host.user, VERDICT_NONE, NULL);
	rule->opaque = xstrdup("expression 'ct'");
	assert_int_equal(verdict(&host, WEB), TRACE_MAYBE);
	port = expose(&host, NULL, &list);
	assert_int_equal(port->openness, OPEN_MAYBE);
	assert_int_equal(exposure_unallowed(&list), 0);
	assert_int_equal(exposure_undecided(&list), 1);
	exposure_clear(&list);

	/* A verdict before both decides again. */
	rule = rule_new(FAMILY_IPV4);
	rule->verdict = VERDICT_DROP;
	chain_insert_rule(host.user, 0, rule);
	assert_int_equal(verdict(&host, WEB), TRACE_DROPPED);
	port = expose(&host, NULL, &list);
	assert_int_equal(port->openness, OPEN_NOBODY);
	assert_string_equal(port->by.chain, "DOCKER-USER");
	assert_int_equal(port->by.number, 1);
	exposure_clear(&list);
	snapshot_free(host.snapshot);
}

/* A goto does not come back: a return continues after the jump to the chain with the goto. */
static void gotos(void **state)
{
	struct host host = docker_host();
	struct table *filter = snapshot_table(host.snapshot, FAMILY_IPV4, "filter");
	struct chain *other = add_chain(filter, "OTHER", false, VERDICT_NONE);
	struct rule *rule = add_rule(host.user, VERDICT_GOTO, "OTHER");

	(void)state;
	table_sort(filter);
	from_net(rule, "203.0.113.0", 24, false);
	add_rule(host.user, VERDICT_DROP, NULL);
	assert_int_equal(verdict(&host, WEB), TRACE_FORWARDED);
	assert_int_equal(verdict(&host, "from 192.0.2.1 in ens3 tcp 80"), TRACE_DROPPED);
	rule = add_rule(other, VERDICT_NONE, NULL);
	rule_set_target(rule, "REJECT", 0, "\0\0\0\0", 4);
	assert_int_equal(verdict(&host, WEB), TRACE_REFUSED);
	/* A return after a goto in a builtin chain ends at the policy. */
	rule = rule_new(FAMILY_IPV4);
	rule_set_chain(rule, VERDICT_GOTO, "NOWHERE");
	chain_insert_rule(host.forward, 0, rule);
	assert_int_equal(verdict(&host, WEB), TRACE_MAYBE);
	rule_free(chain_remove_rule(other, 0));
	rule_free(chain_remove_rule(host.forward, 0));
	rule = rule_new(FAMILY_IPV4);
	rule_set_chain(rule, VERDICT_GOTO, "OTHER");
	chain_insert_rule(host.forward, 0, rule);
	assert_int_equal(verdict(&host, WEB), TRACE_DROPPED);
	snapshot_free(host.snapshot);
}

/* The end of the packet's way and the rule that decides, such as "refused dockfw forward 2". */
static void ends(const struct host *host, const char *text, const char *expected)
{
	struct world world = { .snapshot = host->snapshot, .guard = host->guard, .info = &info };
	struct trace trace;
	const struct decider *by;
	char *is;

	assert_int_equal(trace_run(&world, text, true, &trace), 0);
	by = trace.fate.forwarded.n ? &trace.fate.forwarded.v[0].by
	     : trace.fate.local.n   ? &trace.fate.local.v[0].by
	     : trace.fate.refused.set.n ? &trace.fate.refused.by : &trace.fate.dropped.by;
	is = trace.verdict == TRACE_MAYBE ? xstrdup("maybe")
	     : xasprintf("%s %s %s %zu", trace_verdict_name(trace.verdict), by->table, by->chain,
			 by->number);
	assert_string_equal(is, expected);
	free(is);
	trace_clear(&trace);
}

/*
 * The guard comes after FORWARD and INPUT: an accept there ends only its chain, and a
 * refusal is final. It matches on the port before the translation, on every path.
 */
static void guarded(struct snapshot *in, struct host *host)
{
	struct table *table = add_table(in, GUARD_TABLE);
	struct chain *forward = add_chain(table, GUARD_FORWARD, true, VERDICT_ACCEPT);
	struct chain *input = add_chain(table, GUARD_INPUT, true, VERDICT_ACCEPT);
	struct rule *rule = add_rule(forward, VERDICT_ACCEPT, NULL);

	from_net(rule, "203.0.113.0", 24, false);
	to_host_port(rule, 80, true);
	rule = add_rule(forward, VERDICT_NONE, NULL);
	rule_set_target(rule, "REJECT", 0, "\0\0\0\0", 4);
	to_host_port(rule, 80, true);
	rule = add_rule(input, VERDICT_DROP, NULL);
	from_net(rule, "203.0.113.0", 24, true);
	to_host_port(rule, 80, false);
	table_sort(table);
	ends(host, WEB, "forwarded filter DOCKER 1");
	ends(host, "from 192.0.2.7 in ens4 to 192.0.2.10 tcp 80", "refused dockfw forward 2");
	/* The container's own address, which nothing translated, and its port on the host. */
	ends(host, "from 192.0.2.7 in ens4 to 172.17.0.2 tcp 8080", "forwarded filter DOCKER 1");
	ends(host, "from 192.0.2.7 in ens4 to 192.0.2.10 tcp 8080", "local filter INPUT 0");
	rule = chain_remove_rule(host->docker_nat, 0);
	ends(host, WEB, "local filter INPUT 0");
	ends(host, "from 192.0.2.7 in ens4 to 192.0.2.10 tcp 80", "dropped dockfw input 1");
	chain_add_rule(host->docker_nat, rule);

	/* What FORWARD drops never comes there; what the policy drops ends there. */
	rule = add_rule(host->user, VERDICT_DROP, NULL);
	ends(host, WEB, "dropped filter DOCKER-USER 1");
	rule_free(chain_remove_rule(host->user, 0));
	rule_free(chain_remove_rule(forward, 0));
	rule_free(chain_remove_rule(forward, 0));
	forward->policy = VERDICT_DROP;
	ends(host, WEB, "dropped dockfw forward 0");
	forward->policy = VERDICT_ACCEPT;
	rule = add_rule(forward, VERDICT_NONE, NULL);
	rule->opaque = xstrdup("expression 'objref'");
	ends(host, WEB, "maybe");
	rule_free(chain_remove_rule(forward, 0));

	/* A rule that may have changed the packet, and one that changes nothing. */
	rule = add_rule(host->docker_nat, VERDICT_NONE, NULL);
	rule->opaque = xstrdup("expression 'nat'");
	ends(host, "from 192.0.2.7 in ens4 to 192.0.2.10 tcp 443", "maybe");
	rule->keeps_packet = true;
	rule->verdict = VERDICT_DROP;
	ends(host, "from 192.0.2.7 in ens4 to 192.0.2.10 tcp 443", "maybe");
	rule->verdict = VERDICT_RETURN;
	ends(host, "from 192.0.2.7 in ens4 to 192.0.2.10 tcp 443", "local filter INPUT 0");
	rule_free(chain_remove_rule(host->docker_nat, host->docker_nat->nrules - 1));

	/* A chain of that name without a hook sees nothing. */
	add_rule(forward, VERDICT_DROP, NULL);
	forward->builtin = false;
	ends(host, WEB, "forwarded filter DOCKER 1");
	forward->builtin = true;
	ends(host, WEB, "dropped dockfw forward 1");
}

static void guard_in_nft(void **state)
{
	struct host host = docker_host();

	(void)state;
	guarded(host.snapshot, &host);
	snapshot_free(host.snapshot);
}

/*
 * nf_tables looks for a connection first, so "! --ctstate DNAT" does not match a packet
 * without one in the guard, although it does in FORWARD.
 */
static void untracked(void **state)
{
	struct host host = docker_host();
	struct chain *raw = add_chain(add_table(host.snapshot, "raw"), "PREROUTING", true,
				      VERDICT_ACCEPT);
	struct chain *guard = add_chain(add_table(host.snapshot, GUARD_TABLE), GUARD_FORWARD, true,
					VERDICT_ACCEPT);
	struct xt_conntrack_want not_translated = { .dnat = XT_DNAT_IS_NOT };
	static const char direct[] = "from 203.0.113.200 in ens3 to 172.17.0.2 tcp 8080";

	(void)state;
	xt_conntrack_add(add_rule(guard, VERDICT_DROP, NULL), &not_translated);
	ends(&host, direct, "dropped dockfw forward 1");
	ends(&host, WEB, "forwarded filter DOCKER 1");
	rule_set_target(add_rule(raw, VERDICT_NONE, NULL), "NOTRACK", 0, "", 0);
	ends(&host, direct, "forwarded filter DOCKER 1");
	xt_conntrack_add(add_rule(host.user, VERDICT_DROP, NULL), &not_translated);
	ends(&host, direct, "dropped filter DOCKER-USER 1");
	snapshot_free(host.snapshot);
}

/* With ip_tables the guard is in another snapshot. */
static void guard_beside_legacy(void **state)
{
	struct host host = docker_host();

	(void)state;
	host.snapshot->backend = BACKEND_LEGACY;
	host.guard = snapshot_new(BACKEND_NFT);
	guarded(host.guard, &host);
	snapshot_free(host.guard);
	snapshot_free(host.snapshot);
}

/* Without the translation the packet is for the host, and docker-proxy answers. */
static void proxy(void **state)
{
	struct host host = docker_host();
	struct proxies proxies = { 0 };
	struct exposure_list list;
	const struct exposure *port;
	struct rule *rule;
	struct proxy one;
	static const char words[] = "/usr/bin/docker-proxy\0-proto\0tcp\0-host-ip\0" "0.0.0.0\0"
				    "-host-port=80\0--container-ip\0" "172.17.0.2\0"
				    "-container-port\0" "8080\0-use-listen-fd";

	(void)state;
	assert_true(proxies_parse(words, sizeof(words), &one));
	assert_int_equal(one.port, 80);
	assert_true(one.any);
	/* Cut off within a word, cut off before the container, and another program's options. */
	assert_false(proxies_parse(words, sizeof(words) - 1, &one));
	assert_false(proxies_parse(words, 63, &one));
	assert_false(proxies_parse("dockerd", 8, &one));
	assert_true(proxies_parse(words, sizeof(words), &one));
	GROW(proxies.v, proxies.n, proxies.room);
	proxies.v[proxies.n++] = one;
	proxies_sort(&proxies);
	port = expose(&host, &proxies, &list);
	assert_int_equal(port->answers, ANSWERS_DNAT);
	assert_true(port->has_proxy);
	exposure_clear(&list);
	rule_free(chain_remove_rule(host.docker_nat, 0));
	add_rule(host.user, VERDICT_DROP, NULL);
	port = expose(&host, &proxies, &list);
	assert_int_equal(port->answers, ANSWERS_PROXY);
	assert_int_equal(port->openness, OPEN_ALL);
	exposure_clear(&list);
	host.input->policy = VERDICT_DROP;
	port = expose(&host, &proxies, &list);
	assert_int_equal(port->openness, OPEN_NOBODY);
	assert_string_equal(port->by.chain, "INPUT");
	exposure_clear(&list);
	host.input->policy = VERDICT_ACCEPT;
	rule = add_rule(add_chain(add_table(host.snapshot, GUARD_TABLE), GUARD_INPUT, true,
				  VERDICT_ACCEPT), VERDICT_DROP, NULL);
	from_net(rule, "203.0.113.0", 24, true);
	to_host_port(rule, 80, false);
	port = expose(&host, &proxies, &list);
	assert_int_equal(port->openness, OPEN_SOME);
	assert_int_equal(addrset_size(port->ways[0].open), 256);
	assert_string_equal(port->by.table, GUARD_TABLE);
	assert_ptr_equal(port->by.rule, rule);
	exposure_clear(&list);
	/* Without the proxy as well, only the container's own address is left. */
	proxies_clear(&proxies);
	port = expose(&host, NULL, &list);
	assert_int_equal(port->answers, ANSWERS_DIRECT);
	assert_true(port->nearby);
	exposure_clear(&list);
	snapshot_free(host.snapshot);
}

/* A long chain is indexed and its outcome cached; that changes no result. */
static void long_chain(void **state)
{
	struct host host = docker_host();
	struct world world = { .snapshot = host.snapshot, .info = &info };
	struct exposure_list list;
	const struct exposure *port;
	struct trace trace;
	struct rule *rule;

	(void)state;
	for (uint32_t i = 0; i < 400; i++) {
		char net[INET6_ADDRSTRLEN];

		rule = add_rule(host.user, i % 2 ? VERDICT_DROP : VERDICT_RETURN, NULL);
		from_net(rule, addr_text(FAMILY_IPV4, 0x0a000000u + (i << 8), net), 24, false);
		if (i % 5 == 0)
			to_port(rule, i % 10 ? 8080 : 9090);
	}
	add_rule(host.user, VERDICT_DROP, NULL);
	for (uint16_t i = 0; i < 64; i++) {
		rule = add_rule(host.docker_nat, VERDICT_NONE, NULL);
		to_port(rule, (uint16_t)(1000 + i));
		dnat(rule, "172.17.0.2", 8080);
	}
	/* Once the time is over, no more of them are followed. */
	deadline_start(0);
	assert_int_equal(exposure_compute(NULL, &world, 1U << FAMILY_IPV4, &list), -1);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.v[0].openness, OPEN_MAYBE);
	exposure_clear(&list);
	assert_int_equal(trace_run(&world, WEB, true, &trace), -1);
	assert_int_equal(trace.verdict, TRACE_MAYBE);
	trace_clear(&trace);
	deadline_start(3600);
	assert_int_equal(exposure_compute(NULL, &world, 1U << FAMILY_IPV4, &list), 0);
	/* And the container's own address. */
	assert_int_equal(list.n, 66);
	for (size_t p = 0; p < list.n; p++) {
		port = &list.v[p];
		assert_int_equal(port->openness, OPEN_SOME);
		assert_ptr_equal(port->ways[0].open, list.v[0].ways[0].open);
	}
	port = &list.v[0];
	for (uint32_t i = 0; i < 400; i++) {
		/* Those for port 9090 pass the packet on to the last rule. */
		bool open = !(i % 2) && i % 10;

		assert_int_equal(addrset_has(port->ways[0].open, 0x0a000000u + (i << 8) + 7), open);
	}
	exposure_clear(&list);
	snapshot_free(host.snapshot);
}

#define LEVELS 15

/*
 * DOCKER-USER jumps to L0; each of these chains jumps four times to the next one, each time
 * under a condition that cannot be decided, so that 4^14 ways lead to the last one.
 */
static struct chain *multiplied(struct host *host, struct chain *levels[LEVELS],
				void (*condition)(struct rule *rule, uint32_t level, uint32_t jump))
{
	struct table *filter;
	char name[XT_EXTENSION_MAXNAMELEN];

	*host = docker_host();
	filter = snapshot_table(host->snapshot, FAMILY_IPV4, "filter");
	for (uint32_t i = 0; i < LEVELS; i++) {
		snprintf(name, sizeof(name), "L%02u", i);
		levels[i] = add_chain(filter, name, false, VERDICT_NONE);
	}
	add_rule(host->user, VERDICT_JUMP, "L00");
	for (uint32_t i = 0; i + 1 < LEVELS; i++)
		for (uint32_t k = 0; k < 4; k++) {
			struct rule *rule = add_rule(levels[i], VERDICT_JUMP,
						     levels[i + 1]->name);

			rule_add_match(rule, "limit", 0, "", 1);
			condition(rule, i, k);
		}
	table_sort(filter);
	return levels[LEVELS - 1];
}

static void no_condition(struct rule *rule, uint32_t level, uint32_t jump)
{
	(void)rule, (void)level, (void)jump;
}

/* Every level divides the sources anew. */
static void by_source(struct rule *rule, uint32_t level, uint32_t jump)
{
	char net[INET6_ADDRSTRLEN];

	from_net(rule, addr_text(FAMILY_IPV4, (jump * 37 + level * 11) % 256 << 24, net), 8, true);
}

/* Every jump sets another bit of the mark first. */
static struct chain **marked;

static void by_mark(struct rule *rule, uint32_t level, uint32_t jump)
{
	struct xt_mark_tginfo2 mark = { .mark = 1U << (level * 4 + jump) % 32 };
	struct rule *first = rule_new(FAMILY_IPV4);

	(void)rule;
	mark.mask = mark.mark;
	rule_add_match(first, "limit", 0, "", 1);
	rule_set_target(first, "MARK", 2, &mark, sizeof(mark));
	chain_insert_rule(marked[level], 0, first);
}

static void walked_once(void **state)
{
	struct host host;
	struct chain *levels[LEVELS], *last;
	struct exposure_list list;
	const struct exposure *port;
	struct rule *rule;

	(void)state;
	last = multiplied(&host, levels, no_condition);
	assert_int_equal(verdict(&host, WEB), TRACE_FORWARDED);
	rule = add_rule(last, VERDICT_DROP, NULL);
	from_net(rule, "10.0.0.0", 8, false);
	assert_int_equal(verdict(&host, WEB), TRACE_FORWARDED);
	assert_int_equal(verdict(&host, "from 10.1.1.1 in ens3 tcp 80"), TRACE_MAYBE);
	port = expose(&host, NULL, &list);
	assert_int_equal(addrset_size(port->ways[0].maybe), 1 << 24);
	assert_string_equal(port->ways[0].doubt.chain, "L00");
	exposure_clear(&list);
	snapshot_free(host.snapshot);

	last = multiplied(&host, levels, by_source);
	rule = add_rule(last, VERDICT_DROP, NULL);
	from_net(rule, "10.0.0.0", 8, false);
	assert_int_equal(verdict(&host, WEB), TRACE_FORWARDED);
	assert_int_equal(verdict(&host, "from 10.1.1.1 in ens3 tcp 80"), TRACE_MAYBE);
	port = expose(&host, NULL, &list);
	assert_int_equal(addrset_size(port->ways[0].maybe), 1 << 24);
	exposure_clear(&list);
	snapshot_free(host.snapshot);
}

/*
 * Marks make many different packets of one: from some number on their marks are not known,
 * and the answer is a maybe at worst.
 */
static void marked_once(void **state)
{
	struct host host;
	struct chain *levels[LEVELS], *last;
	struct xt_mark_mtinfo1 never = { .mark = 0, .mask = ~0U, .invert = true };
	struct exposure_list list;
	const struct exposure *port;
	struct rule *rule;

	(void)state;
	marked = levels;
	last = multiplied(&host, levels, by_mark);
	rule = add_rule(last, VERDICT_DROP, NULL);
	rule_add_match(rule, "mark", 1, &never, sizeof(never));
	assert_int_equal(verdict(&host, WEB), TRACE_MAYBE);
	port = expose(&host, NULL, &list);
	assert_int_equal(port->openness, OPEN_MAYBE);
	exposure_clear(&list);
	/* The rule before all that still decides. */
	rule = rule_new(FAMILY_IPV4);
	rule->verdict = VERDICT_DROP;
	chain_insert_rule(host.user, 0, rule);
	assert_int_equal(verdict(&host, WEB), TRACE_DROPPED);
	snapshot_free(host.snapshot);
}

static void trace_texts(void **state)
{
	static const char *const wrong[] = {
		"", "from", "from x in ens3 tcp 80", "from 192.0.2.1 in", "from 192.0.2.1 in ens3",
		"from 192.0.2.1 in ens3 tcp", "from 192.0.2.1 in ens3 tcp 0", "in ens3 tcp 80",
		"from 192.0.2.1 in ens3 tcp 65536", "from 192.0.2.1 in nope tcp 80",
		"from 192.0.2.1 in ens3 tcp 80 udp 80", "from 192.0.2.1 in ens3 tcp 80 to ::1",
		"from 192.0.2.1 in ens3 icmpv6", "from 2001:db8::1 in ens3 tcp 80",
		"from 192.0.2.1 in ens3 tcp 80 sport", "from 192.0.2.1 in ens3 icmp 256",
		"from 192.0.2.1 in ens3 proto 256", "from 192.0.2.1 in ens3 icmp sport 1",
		"from 192.0.2.1 in ens3 tcp 80 hello",
	};
	struct packet packet;
	addr_t src;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(packet_parse(wrong[i], &info, &packet, &src), -1);
	assert_int_equal(packet_parse(" in  ens3 udp 53 sport 7 from 192.0.2.1\tto 192.0.2.9", &info,
				      &packet, &src), 0);
	assert_true(src == addr("192.0.2.1") && packet.dst.lo == addr("192.0.2.9"));
	assert_int_equal(packet.sport.hi, 7);
	assert_int_equal(packet_parse("from 2001:db8::1 in ens3 to 2001:db8::2 icmp", &info, &packet,
				      &src), 0);
	assert_int_equal(packet.proto, IPPROTO_ICMPV6);
	assert_int_equal(packet.icmp_type.lo, 128);
	assert_int_equal(packet_parse("from 192.0.2.1 in ens3 icmp 3/1", &info, &packet, &src), 0);
	assert_int_equal(packet.icmp_code.lo, 1);
}

static int set_up(void **state)
{
	static const char *const names[] = { "ens3", "ens4", "docker0" };
	static const char *const own[] = { "198.51.100.10", "192.0.2.10", "172.17.0.1" };

	(void)state;
	diag_setup(0, true);
	for (int i = 0; i < 3; i++) {
		struct netif *iface = netinfo_add_if(&info, names[i], i + 2);
		addr_t host = addr(own[i]);
		unsigned int length = i == 2 ? 16 : 24;

		iface->bridge = i == 2;
		iface->has_addr[FAMILY_IPV4] = true;
		iface->addr[FAMILY_IPV4] = host;
		netinfo_add_addr(&info, FAMILY_IPV4, host, i + 2, false);
		netinfo_add_route(&info, FAMILY_IPV4, host, 32, RTN_LOCAL, i + 2);
		netinfo_add_route(&info, FAMILY_IPV4, host & ((addr_t)0xffffffff << (32 - length)),
				  length, RTN_UNICAST, i + 2);
	}
	netinfo_add_route(&info, FAMILY_IPV4, 0, 0, RTN_UNICAST, 2);
	netinfo_sort(&info);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	netinfo_clear(&info);
	diag_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published), cmocka_unit_test(limited), cmocka_unit_test(undecided),
		cmocka_unit_test(gotos), cmocka_unit_test(guard_in_nft),
		cmocka_unit_test(guard_beside_legacy), cmocka_unit_test(untracked),
		cmocka_unit_test(proxy), cmocka_unit_test(long_chain),
		cmocka_unit_test(walked_once), cmocka_unit_test(marked_once),
		cmocka_unit_test(trace_texts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
