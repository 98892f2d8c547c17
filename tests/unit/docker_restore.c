/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's chains, brought back from a copy among what others have written meanwhile. */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/rtnetlink.h>

#include "docker_restore.h"
#include "model_text.h"
#include "random.h"

#define CASES 20000

/* docker0 with 172.17.0.0/16, and no other network. */
static void network(struct netinfo *info)
{
	const addr_t net = (addr_t)0xac110000;

	*info = (struct netinfo){ 0 };
	netinfo_add_if(info, "docker0", 2)->up = true;
	netinfo_add_route(info, FAMILY_IPV4, net, 16, RTN_UNICAST, 2);
	netinfo_sort(info);
}

static struct snapshot *snapshot_of(const char *const *lines)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);

	model_table(snapshot, FAMILY_IPV4, lines);
	return snapshot;
}

/* Plans and applies. */
static struct docker_loss restore(const struct snapshot *kept, struct snapshot *live,
				  const struct proxies *now, const struct proxies *before)
{
	struct edits edits = { 0 };
	struct docker_loss loss;
	struct netinfo info;
	struct docker_facts facts = { &info, now, before };

	network(&info);
	loss = docker_restore_plan(kept, live, &facts, &edits);
	assert_true(edits_apply(live, &edits));
	edits_clear(&edits);
	netinfo_clear(&info);
	return loss;
}

static void restores(const char *name, const char *const *before, const char *const *now,
		     const char *const *wanted)
{
	struct snapshot *copied = snapshot_of(before), *live = snapshot_of(now);
	struct snapshot *kept = docker_kept(copied, FAMILY_IPV4);
	const struct proxies none = { 0 };
	struct text text;

	restore(kept, live, &none, &none);
	text_open(&text);
	for (size_t c = 0; c < live->tables[0]->nchains; c++)
		for (size_t i = 0; i < live->tables[0]->chains[c]->nrules; i++)
			print_rule(text.out, live->tables[0]->chains[c]->name,
				   live->tables[0]->chains[c]->rules[i]);
	is_text(name, text_take(&text), wanted);
	assert_int_equal(restore(kept, live, &none, &none).certain, 0);
	snapshot_free(kept);
	snapshot_free(copied);
	snapshot_free(live);
}

static void test_forward(void **state)
{
	const char *const *full = LINES("FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", "DOCKER-USER",
					"DOCKER-FORWARD -i docker0 -j ACCEPT");

	(void)state;
	restores("after DOCKER-USER", full,
		 LINES("FORWARD -p 6 -j ACCEPT", "FORWARD -j DOCKER-USER", "FORWARD -p 17 -j DROP", "DOCKER-USER"),
		 LINES("DOCKER-FORWARD -i docker0 -j ACCEPT", "FORWARD -p 6 -j ACCEPT", "FORWARD -j DOCKER-USER",
		       "FORWARD -j DOCKER-FORWARD", "FORWARD -p 17 -j DROP"));
	restores("first of all", full, LINES("FORWARD -p 17 -j DROP"),
		 LINES("DOCKER-FORWARD -i docker0 -j ACCEPT", "FORWARD -j DOCKER-FORWARD", "FORWARD -p 17 -j DROP"));
}

/* dockerd has begun to write, and goes on to serve containers. */
static void test_half(void **state)
{
	(void)state;
	restores("before what is there",
		 LINES("FORWARD -j DOCKER", "DOCKER -d 172.17.0.2 -j ACCEPT", "DOCKER ! -i docker0 -o docker0 -j DROP"),
		 LINES("FORWARD -j DOCKER", "DOCKER -d 172.17.0.9 -j ACCEPT",
		       "DOCKER ! -i docker0 -o docker0 -j DROP"),
		 LINES("DOCKER -d 172.17.0.9 -j ACCEPT", "DOCKER -d 172.17.0.2 -j ACCEPT",
		       "DOCKER ! -i docker0 -o docker0 -j DROP", "FORWARD -j DOCKER"));
}

static void test_gone(void **state)
{
	(void)state;
	restores("other bridges and networks",
		 LINES("FORWARD -j DOCKER", "DOCKER -i br-gone -j ACCEPT", "DOCKER -d 10.0.0.2 -j ACCEPT",
		       "DOCKER -i docker0 -j ACCEPT"),
		 LINES("FORWARD -j DOCKER", "DOCKER"), LINES("DOCKER -i docker0 -j ACCEPT", "FORWARD -j DOCKER"));
}

static void test_policy(void **state)
{
	struct snapshot *copied = snapshot_of(LINES("FORWARD -j DOCKER", "DOCKER -i docker0 -j ACCEPT"));
	struct snapshot *live = snapshot_of(LINES("FORWARD"));
	struct snapshot *kept = docker_kept(copied, FAMILY_IPV4);
	const struct proxies none = { 0 };

	(void)state;
	table_chain(live->tables[0], "FORWARD")->policy = VERDICT_ACCEPT;
	restore(kept, live, &none, &none);
	assert_int_equal(table_chain(live->tables[0], "FORWARD")->policy, VERDICT_DROP);
	/* By itself it is not lost: somebody has set it. */
	table_chain(live->tables[0], "FORWARD")->policy = VERDICT_ACCEPT;
	assert_int_equal(restore(kept, live, &none, &none).certain, 0);
	snapshot_free(kept);
	snapshot_free(copied);
	snapshot_free(live);
}

static void test_containers(void **state)
{
	struct snapshot *copied = snapshot_of(LINES(
		"FORWARD -j DOCKER", "DOCKER -d 172.17.0.2 ! -i docker0 -o docker0 -p 6 -j ACCEPT"));
	struct snapshot *live = snapshot_of(LINES("FORWARD -j DOCKER", "DOCKER"));
	struct snapshot *kept = docker_kept(copied, FAMILY_IPV4);
	struct proxy proxy = { .proto = IPPROTO_TCP, .container = (addr_t)0xac110002, .container_port = 80 };
	const struct proxies none = { 0 }, one = { .v = &proxy, .n = 1 };
	struct docker_loss loss;

	(void)state;
	loss = restore(kept, live, &none, &one);
	assert_int_equal(loss.certain, 0);
	assert_int_equal(loss.left_out, 1);
	assert_int_equal(table_chain(live->tables[0], "DOCKER")->nrules, 0);
	/* Without a proxy it may have ended. */
	assert_int_equal(restore(kept, live, &none, &none).certain, 0);
	assert_int_equal(table_chain(live->tables[0], "DOCKER")->nrules, 1);
	rule_free(chain_remove_rule(table_chain(live->tables[0], "DOCKER"), 0));
	assert_int_equal(restore(kept, live, &one, &one).certain, 1);
	snapshot_free(kept);
	snapshot_free(copied);
	snapshot_free(live);
}

/* What somebody has put beside Docker's rules and has taken out again is not lost. */
static void test_others(void **state)
{
	static const char *const others[] = {
		"DOCKER -s 203.0.113.200 -p 6 -j ACCEPT",
		"DOCKER -s 203.0.113.200 -j DROP",
		"DOCKER -i ens3 -j ACCEPT",
		"DOCKER -i ens3 -o docker0 -s 203.0.113.200 -j ACCEPT",
		"DOCKER -d 172.17.0.2 -p 6 -j ACCEPT",
		"DOCKER -d 172.17.0.2 -s 203.0.113.200 ! -i docker0 -o docker0 -p 6 -j ACCEPT",
		"DOCKER -o docker0 -j ACCEPT",
		"DOCKER -j ACCEPT",
		"FORWARD -o docker0 -j ACCEPT",
		"FORWARD -i ens3 ! -o ens4 -j ACCEPT",
	};
	static const char ours[] = "DOCKER ! -i docker0 -o docker0 -j DROP";
	struct proxy proxy = { .proto = IPPROTO_TCP, .container = (addr_t)0xac110002, .container_port = 80 };
	const struct proxies one = { .v = &proxy, .n = 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		/* A rule of Docker's chain that names an interface does not make it Docker's. */
		struct snapshot *copied = snapshot_of(LINES("FORWARD -j DOCKER", "DOCKER -i ens3 -j ACCEPT",
							    others[i], ours));
		struct snapshot *live = snapshot_of(LINES("FORWARD -j DOCKER", "DOCKER -i ens3 -j ACCEPT", ours));
		struct snapshot *kept = docker_kept(copied, FAMILY_IPV4);

		if (restore(kept, live, &one, &one).certain)
			fail_msg("taken for Docker's: %s", others[i]);
		snapshot_free(kept);
		snapshot_free(copied);
		snapshot_free(live);
	}
}

/* The rules of dockerd for a published port: its translation, and what lets it through. */
static void publish(struct chain *chain, uint16_t host_port, const char *container, uint16_t port)
{
	struct nf_nat_range2 range = { .flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED };
	struct xt_tcp on_host = { .spts = { 0, 65535 }, .dpts = { host_port, host_port } };
	struct xt_tcp inside = { .spts = { 0, 65535 }, .dpts = { port, port } };
	char *text = xasprintf("-d %s ! -i docker0 -o docker0 -p 6 -j ACCEPT", container);
	struct rule *dnat = rule_new(FAMILY_IPV4), *lets = model_rule(FAMILY_IPV4, text);

	rule_add_match(lets, "tcp", 0, &inside, sizeof(inside));
	dnat->proto = IPPROTO_TCP;
	rule_add_match(dnat, "tcp", 0, &on_host, sizeof(on_host));
	assert_int_equal(inet_pton(AF_INET, container, &range.min_addr.ip), 1);
	range.max_addr = range.min_addr;
	range.min_proto.all = range.max_proto.all = htons(port);
	rule_set_target(dnat, "DNAT", 2, &range, sizeof(range));
	chain_add_rule(chain, lets);
	chain_add_rule(chain, dnat);
	free(text);
}

static struct proxy proxy_for(uint16_t host_port, addr_t container, uint16_t port)
{
	return (struct proxy){ .proto = IPPROTO_TCP, .any = true, .port = host_port,
			       .container = container, .container_port = port };
}

/* Each address has a docker-proxy now as before, but for the other port. */
static void test_swapped(void **state)
{
	const addr_t second = (addr_t)0xac110002, third = (addr_t)0xac110003;
	struct snapshot *copied = snapshot_of(LINES("FORWARD -j DOCKER", "DOCKER"));
	struct snapshot *live = snapshot_of(LINES("FORWARD -j DOCKER", "DOCKER"));
	struct proxy old[] = { proxy_for(80, second, 80), proxy_for(81, third, 443) };
	struct proxy new[] = { proxy_for(80, third, 80), proxy_for(81, second, 443) };
	const struct proxies none = { 0 }, before = { .v = old, .n = 2 }, now = { .v = new, .n = 2 };
	struct docker_loss loss;
	struct snapshot *kept;

	(void)state;
	publish(table_chain(copied->tables[0], "DOCKER"), 80, "172.17.0.2", 80);
	publish(table_chain(copied->tables[0], "DOCKER"), 81, "172.17.0.3", 443);
	kept = docker_kept(copied, FAMILY_IPV4);
	loss = restore(kept, live, &now, &before);
	assert_int_equal(loss.certain, 0);
	assert_int_equal(loss.left_out, 4);
	/* The copy may be older than both proxies: the port on the host is another's now. */
	loss = restore(kept, live, &now, &none);
	assert_int_equal(loss.certain, 0);
	assert_int_equal(loss.left_out, 2);
	snapshot_free(live);
	live = snapshot_of(LINES("FORWARD -j DOCKER", "DOCKER"));
	assert_int_equal(restore(kept, live, &before, &before).certain, 4);
	snapshot_free(kept);
	snapshot_free(copied);
	snapshot_free(live);
}

/* The live chain has some of the rules of the copy, in their order, and others. */
static struct snapshot *random_part(const struct snapshot *copied)
{
	struct snapshot *live = snapshot_of(LINES("FORWARD -j DOCKER", "DOCKER"));
	const struct chain *chain = table_chain(copied->tables[0], "DOCKER");
	struct chain *part = table_chain(live->tables[0], "DOCKER");

	for (size_t i = 0; i < chain->nrules; i++) {
		while (!below(3)) {
			char *foreign = xasprintf("-p %u -j DROP", 100 + below(100));

			chain_add_rule(part, model_rule(FAMILY_IPV4, foreign));
			free(foreign);
		}
		if (below(2))
			chain_add_rule(part, rule_copy(chain->rules[i]));
	}
	return live;
}

/* The rules of one chain that are among those of another one, or not, are in the same order there. */
static void same_order(const struct chain *all, const struct chain *part)
{
	size_t at = 0;

	for (size_t i = 0; i < part->nrules; i++, at++) {
		while (at < all->nrules && !rule_equal(all->rules[at], part->rules[i]))
			at++;
		assert_true(at < all->nrules);
	}
}

static void test_random(void **state)
{
	const struct proxies none = { 0 };

	(void)state;
	for (unsigned int i = 0; i < CASES; i++) {
		struct snapshot *copied = snapshot_of(LINES("FORWARD -j DOCKER", "DOCKER")), *live, *was, *kept;
		struct chain *chain = table_chain(copied->tables[0], "DOCKER");
		size_t n = below(8), foreign;

		for (size_t r = 0; r < n; r++) {
			char *rule = xasprintf("-p %zu -j ACCEPT", r + 1);

			chain_add_rule(chain, model_rule(FAMILY_IPV4, rule));
			free(rule);
		}
		kept = docker_kept(copied, FAMILY_IPV4);
		live = random_part(copied);
		was = docker_kept(live, FAMILY_IPV4);
		foreign = 0;
		for (size_t r = 0; r < table_chain(was->tables[0], "DOCKER")->nrules; r++)
			foreign += table_chain(was->tables[0], "DOCKER")->rules[r]->verdict == VERDICT_DROP;
		restore(kept, live, &none, &none);
		assert_int_equal(table_chain(live->tables[0], "DOCKER")->nrules, n + foreign);
		same_order(table_chain(live->tables[0], "DOCKER"), chain);
		same_order(table_chain(live->tables[0], "DOCKER"), table_chain(was->tables[0], "DOCKER"));
		snapshot_free(kept);
		snapshot_free(copied);
		snapshot_free(live);
		snapshot_free(was);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward), cmocka_unit_test(test_half),   cmocka_unit_test(test_gone),
		cmocka_unit_test(test_policy),  cmocka_unit_test(test_containers),
		cmocka_unit_test(test_swapped), cmocka_unit_test(test_others),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
