/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom the configured rules of DOCKER-USER refuse and let in, and whether by the port. */
#include "model.h"

#include "docker_chains.h"
#include "wanted_fate.h"

#define ONE "203.0.113.123"

/* What is known of a source: of the one address, and of all others. */
enum { REFUSED = 1, REFUSED_PORT = 2, LET_PORT = 4 };

static const struct {
	const char *rules[6]; /* "CHAIN rule" */
	int one, others;
} cases[] = {
	{ { "DOCKER-USER -i ens3 -p 6 to:8080 -j DROP" }, 3, 3 },
	{ { "DOCKER-USER -i ens3 to:8080 -s " ONE " -j RETURN", "DOCKER-USER to:8080 -j DROP" }, 4, 3 },
	{ { "DOCKER-USER to:8081 -j DROP" }, 0, 0 },
	{ { "DOCKER-USER -i ens4 to:8080 -j DROP" }, 0, 0 },
	{ { "DOCKER-USER ! -i ens4 to:8080 -j DROP" }, 3, 3 },
	{ { "DOCKER-USER -o docker0 to:8080 -j DROP" }, 3, 3 },
	{ { "DOCKER-USER -p 17 to:8080 -j DROP" }, 0, 0 },
	{ { "DOCKER-USER -j DROP" }, 1, 1 },
	{ { "DOCKER-USER -d 172.17.0.2 -j DROP" }, 1, 1 },
	{ { "DOCKER-USER direct -j DROP" }, 0, 0 },
	{ { "DOCKER-USER -s " ONE " -j DROP" }, 1, 0 },
	{ { "DOCKER-USER -s " ONE " -j RETURN", "DOCKER-USER to:8080 -j DROP" }, 0, 3 },
	/* Established connections are others. */
	{ { "DOCKER-USER est -j RETURN", "DOCKER-USER to:8080 -j DROP" }, 3, 3 },
	/* What only may refuse does not count; what only may let in does. */
	{ { "DOCKER-USER m:limit to:8080 -j DROP" }, 0, 0 },
	{ { "DOCKER-USER m:limit -j RETURN", "DOCKER-USER to:8080 -j DROP" }, 0, 0 },
	{ { "DOCKER-USER ext:LOG", "DOCKER-USER to:8080 -j DROP" }, 3, 3 },
	/* Chains: a jump comes back, a goto does not; the port of the jump counts in the chain. */
	{ { "DOCKER-USER to:8080 -j WEB", "WEB -s " ONE " -j RETURN", "WEB -j DROP" }, 4, 3 },
	{ { "DOCKER-USER -j WEB", "DOCKER-USER to:8080 -j DROP", "WEB -s " ONE " -j RETURN" }, 3, 3 },
	{ { "DOCKER-USER -g WEB", "DOCKER-USER to:8080 -j DROP", "WEB -s " ONE " -j DROP" }, 1, 0 },
	{ { "DOCKER-USER m:limit -j WEB", "DOCKER-USER to:8080 -j DROP", "WEB -j DROP" }, 0, 0 },
	{ { "DOCKER-USER -j WEB", "DOCKER-USER -j DROP", "WEB to:8080 -j ACCEPT" }, 4, 4 },
};

static int known(const struct wanted_fate *fate, addr_t source)
{
	return (addrset_has(&fate->refused, source) ? REFUSED : 0) |
	       (addrset_has(&fate->refused_port, source) ? REFUSED_PORT : 0) |
	       (addrset_has(&fate->let_port, source) ? LET_PORT : 0);
}

static addr_t parsed(const char *text)
{
	enum family family;
	addr_t addr;

	assert_true(addr_parse(text, &family, &addr));
	return addr;
}

static void one_case(const struct packet *packet, const struct netinfo *info, size_t i)
{
	struct policy *policy = policy_new();
	struct wanted_fate fate;
	struct addrset all = { 0 };
	int one, others;

	for (size_t r = 0; r < ARRAY_SIZE(cases[i].rules) && cases[i].rules[r]; r++) {
		const char *line = cases[i].rules[r];
		size_t length = strcspn(line, " ");
		char *chain = xasprintf("%.*s", (int)length, line);

		model_want(policy, chain, line + length + 1);
		free(chain);
	}
	addrset_all(&all, FAMILY_IPV4);
	wanted_fate(policy, packet, info, &all, NULL, &fate);
	one = known(&fate, parsed(ONE));
	others = known(&fate, parsed("192.0.2.1"));
	if (one != cases[i].one || others != cases[i].others)
		fail_msg("case %zu ('%s' …): %d and %d", i, cases[i].rules[0], one, others);
	wanted_fate_clear(&fate);
	addrset_clear(&all);
	policy_free(policy);
}

static void make_packet(struct netinfo *info, struct packet *packet)
{
	netinfo_add_if(info, "ens3", 2);
	netinfo_add_if(info, "docker0", 3)->bridge = true;
	netinfo_sort(info);
	packet_init(packet, FAMILY_IPV4, netinfo_if(info, "ens3"), IPPROTO_TCP,
		    parsed("172.17.0.2"), 80);
	packet_track(packet);
	packet->dnat = true;
	packet->orig_dport = (struct span){ 8080, 8080 };
	memcpy(packet->out, "docker0", sizeof("docker0"));
}

static void each(void **state)
{
	struct netinfo info = { 0 };
	struct packet packet;

	(void)state;
	make_packet(&info, &packet);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		one_case(&packet, &info, i);
	netinfo_clear(&info);
}

/* A rule that leaves port 8080 to the host's own firewall, which lets in one source to a port. */
static const struct {
	bool known, by_input, unfiltered;
	enum on_error on_error;
	uint16_t port;
	int one, others;
} host_cases[] = {
	{ false, false, false, ON_ERROR_LEAVE_OUT, 8080, LET_PORT, LET_PORT },
	{ true, false, false, ON_ERROR_LEAVE_OUT, 8080, LET_PORT, REFUSED | REFUSED_PORT },
	{ true, false, false, ON_ERROR_LEAVE_OUT, 8081, REFUSED | REFUSED_PORT, REFUSED | REFUSED_PORT },
	/* Whom INPUT lets in to docker-proxy, the host's own firewall does. */
	{ true, true, false, ON_ERROR_LEAVE_OUT, 8080, LET_PORT, LET_PORT },
	{ true, true, false, ON_ERROR_LEAVE_OUT, 8081, LET_PORT, LET_PORT },
	{ true, true, false, ON_ERROR_CLOSE, 8081, LET_PORT, LET_PORT },
	/* Where nothing filters, no rule lets in; on-error = "close" refuses. */
	{ true, true, true, ON_ERROR_LEAVE_OUT, 8081, 0, 0 },
	{ true, true, true, ON_ERROR_CLOSE, 8081, REFUSED | REFUSED_PORT, REFUSED | REFUSED_PORT },
};

static void by_host(void **state)
{
	struct netinfo info = { 0 };
	struct packet packet;
	struct opening opening = { .family = FAMILY_IPV4, .proto = IPPROTO_TCP, .in = "ens3", .any_host = true };
	struct openings openings = { .v = &opening, .n = 1 };
	struct policy *policy = policy_new();
	struct wanted_rules *rules = &policy_chain(policy, DOCKER_USER)->rules[FAMILY_IPV4];
	struct addrset all = { 0 };

	(void)state;
	make_packet(&info, &packet);
	model_want(policy, DOCKER_USER, "-i ens3 to:8080 -j RETURN");
	rules->v[0].by_host = true;
	addrset_add(&opening.ports, 8080, 8080);
	addrset_add(&opening.sources, parsed(ONE), parsed(ONE));
	addrset_all(&all, FAMILY_IPV4);
	for (size_t i = 0; i < ARRAY_SIZE(host_cases); i++) {
		struct wanted_fate fate;

		policy->openings = host_cases[i].known ? &openings : NULL;
		policy->on_error = host_cases[i].on_error;
		openings.unfiltered = host_cases[i].unfiltered ? 1U << FAMILY_IPV4 : 0;
		opening.ports.v[0] = (struct addrrange){ host_cases[i].port, host_cases[i].port };
		wanted_fate(policy, &packet, &info, &all, host_cases[i].by_input ? &all : NULL, &fate);
		if (known(&fate, parsed(ONE)) != host_cases[i].one ||
		    known(&fate, parsed("192.0.2.1")) != host_cases[i].others)
			fail_msg("case %zu: %d and %d", i, known(&fate, parsed(ONE)),
				 known(&fate, parsed("192.0.2.1")));
		wanted_fate_clear(&fate);
	}
	addrset_clear(&opening.ports);
	addrset_clear(&opening.sources);
	addrset_clear(&all);
	policy_free(policy);
	netinfo_clear(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each), cmocka_unit_test(by_host) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
