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

/* What the functions below share. */
struct proxy_check {
	const struct policy *policy;
	const struct proxies *proxies;
	struct translations translations;
	unsigned int guarded;
};

/* Whether the guard's chain "input" decides on the port, if the guard is right. */
static bool is_decided(const struct policy *policy, const struct proxy *proxy)
{
	return policy->guard == GUARD_AUTO && (policy->unlisted == UNLISTED_REFUSE ||
					       policy_section_of(policy, proxy->proto, proxy->port));
}

/* Whether INPUT decides on the port without the guard. */
static bool is_bypass(const struct proxy_check *check, const struct proxy *proxy)
{
	return !translations_covering(&check->translations, proxy) &&
	       !(check->guarded & 1U << proxy->family && is_decided(check->policy, proxy));
}

/* The uncovered ports of a family, as "80/tcp, 443/tcp and 3 more"; NULL: none. */
static char *list_uncovered(const struct proxy_check *check, enum family family)
{
	const struct proxies *proxies = check->proxies;
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
			    proxy->port == last || !is_bypass(check, proxy))
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

/* DOCKER-USER cannot hold where docker-proxy answers for a port that is configured. */
static void raise_guard(const struct proxy_check *check, struct findings *findings)
{
	for (size_t i = 0; i < check->proxies->n; i++) {
		const struct proxy *proxy = &check->proxies->v[i];

		if (!is_decided(check->policy, proxy) || !is_bypass(check, proxy))
			continue;
		for (size_t f = 0; f < findings->n; f++) {
			struct finding *finding = &findings->v[f];

			if (finding->family == proxy->family &&
			    (finding->id == GUARD_MISSING || finding->id == GUARD_DIFFERS) &&
			    finding->severity == SEVERITY_WARNING)
				finding->severity = SEVERITY_CRITICAL;
		}
	}
}

void check_proxies(const struct policy *policy, const struct snapshot *nat,
		   const struct proxies *proxies, unsigned int filtered, unsigned int guarded,
		   bool facts, struct findings *findings)
{
	struct proxy_check check = { .policy = policy, .proxies = proxies, .guarded = guarded };

	translations_collect(nat, policy->families, &check.translations);
	raise_guard(&check, findings);
	for (int family = 0; family < FAMILY_COUNT; family++) {
		bool spared = filtered & (1U << family);
		char *ports;

		if (!(policy->families & (1U << family)) || (spared && !facts))
			continue;
		ports = list_uncovered(&check, (enum family)family);
		if (!ports)
			continue;
		findings_add(
			findings, PROXY_BYPASS, spared ? SEVERITY_OK : SEVERITY_WARNING,
			(enum family)family,
			xasprintf("docker-proxy itself answers for %s, so INPUT decides and %s is never evaluated%s",
				  ports, DOCKER_USER,
				  spared ? "; INPUT is filtered" : "; nothing filters INPUT"));
		free(ports);
	}
	translations_clear(&check.translations);
}
