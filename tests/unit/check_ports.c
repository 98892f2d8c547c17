/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which published ports have no section, and which sections are for no published port. */
#include "model.h"

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_tcpudp.h>

#include "check_ports.h"
#include "proto.h"

/* "FIRST-LAST/PROTOCOL" or "PORT/PROTOCOL". */
static uint8_t parse_ports(const char *text, struct span *span)
{
	char *end;
	uint8_t proto;

	span->lo = span->hi = (uint16_t)strtoul(text, &end, 10);
	if (*end == '-')
		span->hi = (uint16_t)strtoul(end + 1, &end, 10);
	assert_int_equal(*end, '/');
	assert_true(proto_by_name(end + 1, &proto));
	return proto;
}

/* Docker's rule that translates the ports to a container. */
static void translate(struct snapshot *nat, enum family family, const char *ports)
{
	struct table *table = snapshot_table(nat, family, "nat");
	struct xt_tcp tcp = { .spts = { 0, 65535 } };
	struct xt_udp udp = { .spts = { 0, 65535 } };
	struct nf_nat_range2 range = { .flags = NF_NAT_RANGE_MAP_IPS };
	struct rule *rule = rule_new(family);
	struct span span;

	if (!table) {
		table = snapshot_add_table(nat, family, "nat");
		table_add_chain(table, "DOCKER")->loaded = true;
		table_sort(table);
	}
	rule->proto = parse_ports(ports, &span);
	tcp.dpts[0] = udp.dpts[0] = span.lo;
	tcp.dpts[1] = udp.dpts[1] = span.hi;
	if (rule->proto == IPPROTO_TCP)
		rule_add_match(rule, "tcp", 0, &tcp, sizeof(tcp));
	else
		rule_add_match(rule, "udp", 0, &udp, sizeof(udp));
	rule_set_target(rule, "DNAT", 2, &range, sizeof(range));
	chain_add_rule(table_chain(table, "DOCKER"), rule);
}

static void listen_on(struct proxies *proxies, enum family family, const char *ports)
{
	struct proxy proxy = { .family = family, .any = true };
	struct span span;

	proxy.proto = parse_ports(ports, &span);
	for (unsigned int port = span.lo; port <= span.hi; port++) {
		proxy.port = (uint16_t)port;
		GROW(proxies->v, proxies->n, proxies->room);
		proxies->v[proxies->n++] = proxy;
	}
}

/*
 * A case: lists of ports with blanks between them, and the findings that follow, one per
 * line, as "FAMILY ID: MESSAGE".
 */
struct given {
	const char *dnat4, *dnat6, *proxy4, *proxy6, *sections;
	bool refuse, hidden;
	unsigned int families; /* 0: both */
	const char *findings;
};

static const struct given cases[] = {
	/* Sections are not in use: nothing is said. */
	{ "80/tcp", NULL, NULL, NULL, NULL, .findings = "" },
	{ "80/tcp 443/tcp", "80/tcp", NULL, NULL, "80/tcp", .findings =
		"ipv4 port-unlisted: published without a publish section: 443/tcp\n" },
	{ "80/tcp", "80/tcp", NULL, "443/tcp", "80/tcp", .findings =
		"ipv6 port-unlisted: published without a publish section: 443/tcp\n" },
	/* Each port once; consecutive ones as a range, and nothing cut. */
	{ "8000-8005/tcp 53/udp 8007/tcp 9/tcp", NULL, "8004-8006/tcp 8007/tcp 8010/tcp 1-3/sctp",
	  NULL, "9/tcp", .findings =
		"ipv4 port-unlisted: published without a publish section: 8000-8007/tcp, 8010/tcp, "
		"53/udp, 1-3/sctp\n" },
	{ "1/tcp 3/tcp 5/tcp 7/tcp 9/tcp 11/tcp 13/tcp 15/tcp 17/tcp 19/tcp 80/tcp", NULL, NULL, NULL,
	  "80/tcp", .findings =
		"ipv4 port-unlisted: published without a publish section: 1/tcp, 3/tcp, 5/tcp, 7/tcp, "
		"9/tcp, 11/tcp, 13/tcp, 15/tcp, 17/tcp, 19/tcp\n" },
	/* A section in the middle of a range; another protocol is another port. */
	{ "8000-8010/tcp 8003/udp", NULL, NULL, NULL, "8003-8004/tcp", .findings =
		"ipv4 port-unlisted: published without a publish section: 8000-8002/tcp, "
		"8005-8010/tcp, 8003/udp\n" },
	{ "65534-65535/tcp 1/tcp", NULL, NULL, NULL, "1/tcp", .findings =
		"ipv4 port-unlisted: published without a publish section: 65534-65535/tcp\n" },
	/* With unlisted = "refuse", also if there is no section. */
	{ "80/tcp", NULL, NULL, NULL, NULL, .refuse = true, .findings =
		"ipv4 port-unlisted: published without a publish section, and refused by "
		"unlisted = \"refuse\": 80/tcp\n" },
	{ NULL, NULL, NULL, NULL, NULL, .refuse = true, .findings = "" },
	/* Sections for nothing: each by itself, in the order of the file. */
	{ "80/tcp", NULL, NULL, NULL, "80/udp 80/tcp 81-90/tcp 79-80/tcp", .findings =
		"host port-unpublished: nothing publishes 80/udp, which a publish section is for (test.conf:1)\n"
		"host port-unpublished: nothing publishes 81-90/tcp, which a publish section is for (test.conf:3)\n" },
	/* One port, family or listener is enough. */
	{ NULL, "85/tcp", NULL, NULL, "81-90/tcp", .findings = "" },
	{ NULL, NULL, NULL, "85/tcp", "85/tcp", .findings = "" },
	/* Ports that Docker publishes in a table that is not read. */
	{ NULL, NULL, "80/tcp", NULL, "81/tcp", .hidden = true, .findings =
		"ipv4 port-unlisted: published without a publish section: 80/tcp\n" },
	/* A family that is not configured is not reported, but its listener is there. */
	{ "80/tcp", NULL, NULL, "80/tcp 443/tcp", "80/tcp 443/tcp 1/tcp", .families = 1U << FAMILY_IPV4,
	  .findings =
		"host port-unpublished: nothing publishes 1/tcp, which a publish section is for (test.conf:3)\n" },
	{ "80/tcp", NULL, NULL, "99/tcp", "80/tcp", .families = 1U << FAMILY_IPV4, .findings = "" },
};

static char *all_findings(const struct findings *findings)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];
		char *more = xasprintf("%s%s %s: %s\n", text,
				       finding->family == FAMILY_COUNT ? "host"
								       : family_name(finding->family),
				       finding_name(finding->id), finding->message);

		assert_int_equal(finding->severity, SEVERITY_OK);
		assert_false(finding->repairable);
		free(text);
		text = more;
	}
	return text;
}

static void add_section(struct policy *policy, const char *ports)
{
	struct publish_section section = { .file = (char *)"test.conf" };
	struct span span;

	section.proto = parse_ports(ports, &span);
	section.port = span.lo;
	section.last = span.hi;
	section.line = (unsigned int)policy->nsections + 1;
	policy_add_section(policy, &section);
}

static void run(const struct given *given)
{
	const char *const lists[] = { given->dnat4, given->dnat6, given->proxy4, given->proxy6,
				      given->sections };
	struct snapshot *nat = snapshot_new(BACKEND_NFT);
	struct policy *policy = policy_new();
	struct proxies proxies = { 0 };
	struct findings findings = { 0 };
	char *found;

	policy->families = given->families ? given->families : 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	policy->unlisted = given->refuse ? UNLISTED_REFUSE : UNLISTED_ALLOW;
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++) {
		char *copy = xstrdup(lists[l] ? lists[l] : ""), *rest = copy, *ports;

		while ((ports = strsep(&rest, " "))) {
			if (!*ports)
				continue;
			if (l < 2)
				translate(nat, (enum family)l, ports);
			else if (l < 4)
				listen_on(&proxies, (enum family)(l - 2), ports);
			else
				add_section(policy, ports);
		}
		free(copy);
	}
	proxies_sort(&proxies);
	check_ports(policy, nat, &proxies, NULL, !given->hidden, &findings);
	found = all_findings(&findings);
	if (strcmp(found, given->findings) != 0)
		fail_msg("case %zu: found\n%swanted\n%s", (size_t)(given - cases), found,
			 given->findings);
	free(found);
	findings_clear(&findings);
	proxies_clear(&proxies);
	policy_free(policy);
	snapshot_free(nat);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		run(&cases[i]);
}

/* What is refused already needs no advice to refuse it. */
static void test_remedies(void **state)
{
	(void)state;
	for (int refuse = 0; refuse < 2; refuse++) {
		struct snapshot *nat = snapshot_new(BACKEND_NFT);
		struct policy *policy = policy_new();
		struct proxies proxies = { 0 };
		struct findings findings = { 0 };

		policy->families = 1U << FAMILY_IPV4;
		policy->unlisted = refuse ? UNLISTED_REFUSE : UNLISTED_ALLOW;
		add_section(policy, "80/tcp");
		translate(nat, FAMILY_IPV4, "80-81/tcp");
		check_ports(policy, nat, &proxies, NULL, true, &findings);
		assert_int_equal(findings.n, 1);
		assert_int_equal(!strstr(findings.v[0].remedy->text, "unlisted"), refuse);
		findings_clear(&findings);
		policy_free(policy);
		snapshot_free(nat);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_remedies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
