/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of direct = "refuse" and unlisted = "refuse" on a host. */
#include "model_text.h"

#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "closing.h"
#include "docker_chains.h"
#include "dockerd.h"
#include "proxies.h"

struct listener {
	const char *address; /* NULL: all */
	uint8_t proto;
	uint16_t port;
};

struct given {
	const char *name;
	const char *const *outside, *const *live;
	const char *const *guard; /* its rules in the kernel; NULL: no nf_tables */
	const char *const *interfaces;
	struct listener listeners[4];
	bool stopped; /* dockerd does not run */
	bool direct, unlisted;
	const char *const *closing; /* rules of DOCKER-USER, then of the guard's chain "input" */
};

#define BRIDGES "FORWARD -j DOCKER-USER", "DOCKER-USER -j RETURN",                \
	"FORWARD -i docker0 -o docker0 -j DOCKER", "DOCKER-FORWARD -o br1 -j DOCKER"
#define HOST LINES("lo", "ens3", "ens4", "docker0", "br1")
#define NONE LINES(NULL)
#define ERRORS "DOCKER-USER -p 1 related -j RETURN" /* of connections that were let in */
#define NAMELESS LINES("lo", "ens3", "br1") /* none with a name of dockerd's own */

static const struct given cases[] = {
	{ "neither is set", NONE, LINES(BRIDGES), NONE, HOST, { { NULL, 6, 80 } }, .closing = NONE },

	{ "direct: each of Docker's bridges", NONE, LINES(BRIDGES), NONE, HOST, .direct = true,
	  .closing = LINES(ERRORS, "DOCKER-USER ! -i br1 -o br1 direct ext:REJECT",
			   "DOCKER-USER ! -i docker0 -o docker0 direct ext:REJECT") },
	{ "direct: from each interface that leads outside", LINES("ens3", "ens4"), LINES(BRIDGES), NONE,
	  HOST, .direct = true,
	  .closing = LINES(ERRORS, "DOCKER-USER -i ens3 -o br1 direct ext:REJECT",
			   "DOCKER-USER -i ens4 -o br1 direct ext:REJECT",
			   "DOCKER-USER -i ens3 -o docker0 direct ext:REJECT",
			   "DOCKER-USER -i ens4 -o docker0 direct ext:REJECT") },
	{ "direct: a wildcard is no bridge, and what it means but the bridge is outside",
	  LINES("+", "e+", "br+"), LINES("FORWARD -o br1 -j DOCKER", "FORWARD -o br+ -j DOCKER"), NONE,
	  LINES("lo", "br1", "br2"), .direct = true,
	  .closing = LINES(ERRORS, "DOCKER-USER ! -i br1 -o br1 direct ext:REJECT",
			   "DOCKER-USER -i e+ -o br1 direct ext:REJECT",
			   "DOCKER-USER -i br2 -o br1 direct ext:REJECT") },
	{ "direct: in the chains of each release", NONE,
	  LINES("DOCKER-BRIDGE -o a -j DOCKER", "DOCKER-ISOLATION-STAGE-1 -i b ! -o b -j DOCKER-ISOLATION-STAGE-2",
		"DOCKER-ISOLATION-STAGE-1 -i b ! -o i -j DOCKER", "FORWARD ! -i j ! -o j -j DOCKER",
		"FORWARD -o c -g DOCKER", "FORWARD -i d -j DOCKER", "FORWARD -o e -j ACCEPT",
		"FORWARD -o f -j mine", "FORWARD ? -o g -j DOCKER", "DOCKER -o h -j DOCKER-USER"),
	  NONE, NAMELESS, .direct = true,
	  .closing = LINES(ERRORS, "DOCKER-USER ! -i a -o a direct ext:REJECT",
			   "DOCKER-USER ! -i b -o b direct ext:REJECT",
			   "DOCKER-USER ! -i c -o c direct ext:REJECT") },
	{ "direct: after a flush the closing rules themselves name the bridges", NONE,
	  LINES("FORWARD", "DOCKER-USER ! -i br1 -o br1 direct ext:REJECT #"),
	  LINES("forward ! -i br2 -o br2 direct -j DROP #"), LINES("lo", "br1", "br2"), .direct = true,
	  .closing = LINES(ERRORS, "DOCKER-USER ! -i br1 -o br1 direct ext:REJECT",
			   "DOCKER-USER ! -i br2 -o br2 direct ext:REJECT") },
	{ "direct: without any rule, the bridges with one of dockerd's own names, and no others", NONE,
	  LINES("FORWARD"), NONE,
	  LINES("lo", "ens3", "docker0", "br-0123456789ab", "docker_gwbridge", "virbr0", "lxcbr0", "br-lan",
		"br-0123456789a", "br-0123456789ag", "br-0123456789abc", "docker1", "podman0"),
	  .direct = true,
	  .closing = LINES(ERRORS, "DOCKER-USER ! -i br-0123456789ab -o br-0123456789ab direct ext:REJECT",
			   "DOCKER-USER ! -i docker0 -o docker0 direct ext:REJECT",
			   "DOCKER-USER ! -i docker_gwbridge -o docker_gwbridge direct ext:REJECT") },
	{ "direct: not those of others, and none that is gone", NONE,
	  LINES("DOCKER-USER ! -i br1 -o br1 direct ext:REJECT", "DOCKER-USER -o br1 direct -j RETURN #",
		"DOCKER-USER -o br1 est -j DROP #", "DOCKER-USER -i br1 direct -j DROP #"),
	  LINES("forward ! -i gone -o gone direct ext:REJECT #"), NAMELESS, .direct = true,
	  .closing = NONE },

	{ "unlisted: docker-proxy's ports, each once", NONE, LINES(BRIDGES), NONE, HOST,
	  { { NULL, 17, 53 }, { "192.0.2.1", 6, 8080 }, { NULL, 6, 8080 }, { NULL, 6, 8080 } },
	  .unlisted = true,
	  .closing = LINES("input ! -i lo -p 6 -d 192.0.2.1 to:8080 ext:REJECT",
			   "input ! -i lo -p 6 to:8080 ext:REJECT",
			   "input ! -i lo -p 17 to:53 ext:REJECT") },
	{ "unlisted: from each interface that leads outside", LINES("ens3", "ens4", "+"), LINES(BRIDGES),
	  NONE, HOST, { { NULL, 6, 8080 } }, .unlisted = true,
	  .closing = LINES("input -i ens3 -p 6 to:8080 ext:REJECT", "input -i ens4 -p 6 to:8080 ext:REJECT",
			   "input ! -i lo -p 6 to:8080 ext:REJECT") },
	{ "unlisted: not a port with a section", NONE, LINES(BRIDGES), NONE, HOST,
	  { { NULL, 6, 80 }, { NULL, 6, 89 }, { NULL, 6, 90 }, { NULL, 17, 80 } }, .unlisted = true,
	  .closing = LINES("input ! -i lo -p 6 to:90 ext:REJECT", "input ! -i lo -p 17 to:80 ext:REJECT") },
	{ "unlisted: while Docker is stopped, the ports that the guard holds",
	  NONE, LINES("FORWARD"),
	  LINES("input ! -i lo -p 6 to:8080 ext:REJECT #", "input -i old -p 6 to:8080 ext:REJECT #",
		"input ! -i lo -p 17 -d 192.0.2.1 to:53 -j DROP #", "input ! -i lo -p 6 to:80 -j DROP #",
		"input -p 6 -s 192.0.2.1 to:91 -j DROP #", "input -p 6 to:92 -j ACCEPT #",
		"input -p 6 to:93 -j DROP", "input -p 6 est -j DROP #", "forward -p 6 to:94 -j DROP #"),
	  HOST, .stopped = true, .unlisted = true,
	  .closing = LINES("input ! -i lo -p 6 to:8080 ext:REJECT",
			   "input ! -i lo -p 17 -d 192.0.2.1 to:53 ext:REJECT") },
	{ "unlisted: not once it runs again", NONE, LINES(BRIDGES),
	  LINES("input ! -i lo -p 6 to:8080 ext:REJECT #"), HOST, .unlisted = true, .closing = NONE },
	{ "without nf_tables there is nothing to remember", NONE, LINES("FORWARD -o docker0 -j DOCKER"),
	  NULL, HOST, .stopped = true, .direct = true, .unlisted = true,
	  .closing = LINES("DOCKER-USER ! -i docker0 -o docker0 direct ext:REJECT") },
};

static struct policy *policy_of(const struct given *given)
{
	const struct publish_section section = { .proto = 6, .port = 80, .last = 89, .file = (char *)"" };
	struct policy *policy = model_policy(LINES("DOCKER-USER -p 6 -j DROP"));

	policy->direct = given->direct ? DIRECT_REFUSE : DIRECT_ALLOW;
	policy->unlisted = given->unlisted ? UNLISTED_REFUSE : UNLISTED_ALLOW;
	for (const char *const *name = given->outside; *name; name++)
		strings_add(&policy->outside, *name);
	policy_add_section(policy, &section);
	return policy;
}

static struct snapshot *guard_of(const char *const *lines)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *table = model_table(snapshot, FAMILY_IPV4, lines);

	free(table->name);
	table->name = xstrdup(GUARD_TABLE);
	return snapshot;
}

static void add_listeners(struct proxies *proxies, const struct listener *listeners)
{
	for (size_t i = 0; i < 4 && listeners[i].port; i++) {
		struct proxy proxy = {
			.family = FAMILY_IPV4, .proto = listeners[i].proto, .port = listeners[i].port,
			.any = !listeners[i].address,
		};
		enum family family;

		if (!proxy.any)
			assert_true(addr_parse(listeners[i].address, &family, &proxy.host));
		GROW(proxies->v, proxies->n, proxies->room);
		proxies->v[proxies->n++] = proxy;
	}
	proxies_sort(proxies);
}

static char *closing_text(const struct policy *policy)
{
	const struct wanted_rules *user = &policy->chains[0]->rules[FAMILY_IPV4];
	struct text text;

	/* They come after all others. */
	assert_int_equal(user->v[0].section, 0);
	text_open(&text);
	for (size_t i = 1; i < user->n; i++) {
		assert_int_equal(user->v[i].section, SECTION_CLOSING);
		print_rule(text.out, DOCKER_USER, user->v[i].rule);
	}
	print_wanted(text.out, GUARD_INPUT, &policy->input[FAMILY_IPV4]);
	return text_take(&text);
}

static void test_case_runs(void **state)
{
	const struct given *given = *state;
	struct policy *policy = policy_of(given), *completed;
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct snapshot *own = given->guard ? guard_of(given->guard) : NULL;
	struct dockerd docker = { .running = !given->stopped };
	struct proxies proxies = { 0 };
	struct strings interfaces = { 0 };

	model_table(snapshot, FAMILY_IPV4, given->live);
	add_listeners(&proxies, given->listeners);
	for (const char *const *name = given->interfaces; *name; name++)
		strings_add(&interfaces, *name);
	assert_int_equal(closing_needed(policy), given->direct || given->unlisted);
	completed = closing_policy(policy, &(struct closing_facts){
		.snapshot = snapshot, .own = own, .dockerd = &docker, .proxies = &proxies,
		.interfaces = &interfaces });
	is_text(given->name, closing_text(completed), given->closing);
	/* The policy itself is left alone. */
	assert_int_equal(policy->chains[0]->rules[FAMILY_IPV4].n, 1);
	policy_free(completed);
	policy_free(policy);
	snapshot_free(snapshot);
	snapshot_free(own);
	proxies_clear(&proxies);
	strings_clear(&interfaces);
}

/* A network of one family has a bridge as well, so both families close it. */
static void test_families(void **state)
{
	struct given given = { .outside = NONE, .direct = true };
	struct policy *policy = policy_of(&given), *completed;
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct dockerd docker = { 0 };
	struct strings interfaces = { 0 };

	(void)state;
	policy->families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	model_table(snapshot, FAMILY_IPV6, LINES("FORWARD -o br6 -j DOCKER"));
	completed = closing_policy(policy, &(struct closing_facts){
		.snapshot = snapshot, .dockerd = &docker, .interfaces = &interfaces });
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct wanted_rules *rules = &completed->chains[0]->rules[family];

		assert_string_equal(rules->v[rules->n - 1].rule->out.name, "br6");
		assert_int_equal(rules->v[rules->n - 1].rule->family, family);
	}
	policy_free(completed);
	policy_free(policy);
	snapshot_free(snapshot);
}

/* Where no rule names a bridge, and its name is not dockerd's, what docker-proxy leads to is. */
static void test_proxied(void **state)
{
	struct given given = { .outside = NONE, .direct = true };
	struct policy *policy = policy_of(&given), *completed;
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct dockerd docker = { .running = true };
	struct strings interfaces = { 0 };
	struct proxies proxies = { 0 };
	struct netinfo net = { 0 };
	struct wanted_rules *user;
	const addr_t lan = (addr_t)0xc0a80000, mine = (addr_t)0xac140000;

	(void)state;
	model_table(snapshot, FAMILY_IPV4, LINES("FORWARD"));
	netinfo_add_if(&net, "ens3", 2);
	netinfo_add_if(&net, "mine", 3)->bridge = true;
	netinfo_add_if(&net, "virbr0", 4)->bridge = true;
	netinfo_add_route(&net, FAMILY_IPV4, 0, 0, RTN_UNICAST, 2)->gateway = true;
	netinfo_add_route(&net, FAMILY_IPV4, mine, 16, RTN_UNICAST, 3);
	netinfo_add_route(&net, FAMILY_IPV4, lan, 16, RTN_UNICAST, 4);
	netinfo_sort(&net);
	add_listeners(&proxies, (struct listener[4]){ { NULL, 6, 80 }, { NULL, 6, 81 } });
	proxies.v[0].container = mine + 2;
	proxies.v[1].container = 0x08080808;
	assert_true(closing_names_none(policy, snapshot));
	completed = closing_policy(policy, &(struct closing_facts){
		.snapshot = snapshot, .dockerd = &docker, .proxies = &proxies,
		.interfaces = &interfaces, .net = &net });
	is_text("proxied", closing_text(completed),
		LINES(ERRORS, "DOCKER-USER ! -i mine -o mine direct ext:REJECT"));
	assert_false(closing_has_no_bridge(completed));
	policy_free(completed);
	completed = closing_policy(policy, &(struct closing_facts){
		.snapshot = snapshot, .dockerd = &docker, .proxies = &proxies,
		.interfaces = &interfaces });
	assert_true(closing_has_no_bridge(completed));
	/* Those of unlisted, which name no bridge, do not count. */
	model_want(completed, DOCKER_USER, "-p 1 related -j RETURN");
	user = &completed->chains[0]->rules[FAMILY_IPV4];
	user->v[user->n - 1].section = SECTION_CLOSING;
	assert_true(closing_has_no_bridge(completed));
	policy_free(completed);
	model_table(snapshot, FAMILY_IPV6, LINES("FORWARD -o br6 -j DOCKER"));
	assert_false(closing_names_none(policy, snapshot));
	strings_add(&policy->outside, "br6");
	completed = closing_policy(policy, &(struct closing_facts){
		.snapshot = snapshot, .dockerd = &docker, .proxies = &proxies,
		.interfaces = &interfaces });
	is_text("itself outside", closing_text(completed), NONE);
	assert_false(closing_has_no_bridge(completed));
	policy_free(completed);
	policy->direct = DIRECT_ALLOW;
	assert_false(closing_has_no_bridge(policy) || closing_names_none(policy, snapshot));
	policy_free(policy);
	snapshot_free(snapshot);
	proxies_clear(&proxies);
	netinfo_clear(&net);
}

/* The chains that name bridges are read, if they matter. */
static void test_chains_that_are_read(void **state)
{
	struct given given = { .outside = NONE, .direct = true };
	struct policy *policy = policy_of(&given);
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *table = model_table(snapshot, FAMILY_IPV4,
					  LINES("FORWARD", "DOCKER-FORWARD", "DOCKER", "DOCKER-BRIDGE"));
	size_t n = 0;

	(void)state;
	for (size_t c = 0; c < table->nchains; c++)
		table->chains[c]->loaded = false;
	for (struct chain *chain; (chain = closing_chain_in_doubt(policy, table)); n++)
		chain->loaded = true;
	assert_int_equal(n, 3);
	assert_false(table_chain(table, "DOCKER")->loaded);
	table_chain(table, "FORWARD")->loaded = false;
	policy->direct = DIRECT_ALLOW;
	assert_null(closing_chain_in_doubt(policy, table));
	policy_free(policy);
	snapshot_free(snapshot);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 3] = {
		cmocka_unit_test(test_families), cmocka_unit_test(test_chains_that_are_read),
		cmocka_unit_test(test_proxied),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i + 3] = (struct CMUnitTest){ cases[i].name, test_case_runs, NULL, NULL,
						    (void *)&cases[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
