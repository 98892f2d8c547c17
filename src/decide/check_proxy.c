/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_proxy.h"

#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "proto.h"

/* Ports of one protocol, a bit each. */
struct ports {
	uint8_t bits[65536 / 8];
};

static void add_range(struct ports *ports, unsigned int from, unsigned int to)
{
	for (unsigned int port = from; port <= to && port < 65536; port++)
		ports->bits[port / 8] |= (uint8_t)(1U << port % 8);
}

static bool has_port(const struct ports *ports, uint16_t port)
{
	return ports->bits[port / 8] & (1U << port % 8);
}

/* The destination ports that a rule is about; every one where it names none. */
static void destination(const struct rule *rule, unsigned int range[2])
{
	range[0] = 0;
	range[1] = 65535;
	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *match = &rule->matches[i];
		uint16_t ports[2];
		size_t at;

		if (!strcmp(match->name, "tcp"))
			at = offsetof(struct xt_tcp, dpts);
		else if (!strcmp(match->name, "udp"))
			at = offsetof(struct xt_udp, dpts);
		else if (!strcmp(match->name, "sctp"))
			at = offsetof(struct xt_sctp_info, dpts);
		else
			continue;
		if (match->size < at + sizeof(ports))
			continue;
		memcpy(ports, match->data + at, sizeof(ports));
		range[0] = ports[0];
		range[1] = ports[1];
	}
}

/* What Docker's chains in nat translate, of one protocol. */
static void translated(const struct table *nat, uint8_t proto, struct ports *ports)
{
	for (size_t c = 0; nat && !nat->dormant && c < nat->nchains; c++) {
		const struct chain *chain = nat->chains[c];

		if (!docker_owns_chain(chain->name))
			continue;
		for (size_t i = 0; i < chain->nrules; i++) {
			const struct rule *rule = chain->rules[i];
			unsigned int range[2];

			if (rule->verdict != VERDICT_EXT || strcmp(rule->target.name, "DNAT") ||
			    (rule->proto && rule->proto != proto))
				continue;
			destination(rule, range);
			add_range(ports, range[0], range[1]);
		}
	}
}

/* "80/tcp, 443/tcp and 3 more": the uncovered ports of a family; NULL for none. */
static char *list_uncovered(const struct table *nat, const struct proxies *proxies,
			    enum family family)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	char *text = NULL;
	size_t n = 0;

	for (size_t p = 0; p < ARRAY_SIZE(protos); p++) {
		struct ports *covered = xcalloc(1, sizeof(*covered));

		translated(nat, protos[p], covered);
		for (size_t i = 0; i < proxies->n; i++) {
			const struct proxy *proxy = &proxies->v[i];
			char *longer;

			if (proxy->family != family || proxy->proto != protos[p] ||
			    has_port(covered, proxy->port))
				continue;
			/* Each once, though it may listen on several addresses. */
			add_range(covered, proxy->port, proxy->port);
			if (++n > 8)
				continue;
			longer = xasprintf("%s%s%u/%s", text ? text : "", text ? ", " : "",
					   proxy->port, proto_name(protos[p]));
			free(text);
			text = longer;
		}
		free(covered);
	}
	if (n > 8) {
		char *longer = xasprintf("%s and %zu more", text, n - 8);

		free(text);
		text = longer;
	}
	return text;
}

void check_proxies(const struct policy *policy, const struct snapshot *nat,
		   const struct proxies *proxies, unsigned int filtered, bool facts,
		   struct findings *findings)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		bool guarded = filtered & (1U << family);
		char *ports;

		if (!(policy->families & (1U << family)) || (guarded && !facts))
			continue;
		ports = list_uncovered(snapshot_table(nat, (enum family)family, "nat"), proxies,
				       (enum family)family);
		if (!ports)
			continue;
		findings_add(
			findings, PROXY_BYPASS, guarded ? SEVERITY_OK : SEVERITY_WARNING,
			(enum family)family,
			xasprintf("docker-proxy itself answers for %s, so INPUT decides and %s is not asked%s",
				  ports, DOCKER_USER,
				  guarded ? "; INPUT is filtered" : "; nothing filters INPUT"));
		free(ports);
	}
}
