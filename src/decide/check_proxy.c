/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_proxy.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "docker_chains.h"
#include "proto.h"
#include "text.h"
#include "translation.h"
#include "util.h"

/* At most this many ports are named; the others are counted. */
#define PORTS_NAMED 8

/* The uncovered ports of a family, as "80/tcp, 443/tcp and 3 more"; NULL: none. */
static char *list_uncovered(const struct translations *translations, const struct proxies *proxies,
			    enum family family)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	struct text text;
	size_t n = 0;
	char *list;

	text_open(&text);
	for (size_t p = 0; p < ARRAY_SIZE(protos); p++) {
		uint16_t last = 0;

		for (size_t i = 0; i < proxies->n; i++) {
			const struct proxy *proxy = &proxies->v[i];

			/* Each port once, though it may have listeners on several addresses;
			 * they are sorted. */
			if (proxy->family != family || proxy->proto != protos[p] ||
			    proxy->port == last || translations_covering(translations, proxy))
				continue;
			last = proxy->port;
			if (++n <= PORTS_NAMED)
				fprintf(text.out, "%s%u/%s", n > 1 ? ", " : "", proxy->port,
					proto_name(proxy->proto));
		}
	}
	if (n > PORTS_NAMED)
		fprintf(text.out, " and %zu more", n - PORTS_NAMED);
	list = text_take(&text);
	if (n)
		return list;
	free(list);
	return NULL;
}

void check_proxies(const struct policy *policy, const struct snapshot *nat,
		   const struct proxies *proxies, unsigned int filtered, bool facts,
		   struct findings *findings)
{
	struct translations translations;

	translations_collect(nat, policy->families, &translations);
	for (int family = 0; family < FAMILY_COUNT; family++) {
		bool guarded = filtered & (1U << family);
		char *ports;

		if (!(policy->families & (1U << family)) || (guarded && !facts))
			continue;
		ports = list_uncovered(&translations, proxies, (enum family)family);
		if (!ports)
			continue;
		findings_add(
			findings, PROXY_BYPASS, guarded ? SEVERITY_OK : SEVERITY_WARNING,
			(enum family)family,
			xasprintf("docker-proxy itself answers for %s, so INPUT decides and %s is never evaluated%s",
				  ports, DOCKER_USER,
				  guarded ? "; INPUT is filtered" : "; nothing filters INPUT"));
		free(ports);
	}
	translations_clear(&translations);
}
