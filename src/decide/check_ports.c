/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_ports.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "docker_ports.h"
#include "proto.h"
#include "text.h"
#include "translation.h"

/* The protocols of published ports, in the order of a message. */
static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
#define PORTS (UINT16_MAX + 1)

/* Whether a port is published, by protocol (as in protos) and port. */
struct port_set {
	uint8_t is[ARRAY_SIZE(protos)][PORTS]; /* 1 or 0 */
};

static void set_span(struct port_set *set, uint8_t proto, struct span span, uint8_t value)
{
	for (size_t p = 0; p < ARRAY_SIZE(protos); p++)
		/* A rule of Docker's for every protocol, 0, is for each of these. */
		if (protos[p] == proto || !proto)
			memset(&set->is[p][span.lo], value, (size_t)span.hi - span.lo + 1);
}

static bool has_any(const struct port_set *set, uint8_t proto, struct span span)
{
	for (size_t p = 0; p < ARRAY_SIZE(protos); p++)
		if (protos[p] == proto)
			return memchr(&set->is[p][span.lo], 1, (size_t)span.hi - span.lo + 1);
	return false;
}

static void add_published(struct port_set *set, enum family family,
			  const struct translations *translations, const struct proxies *proxies,
			  const struct docker_ports *walked)
{
	for (size_t i = 0; i < translations->n; i++) {
		const struct translation *translation = &translations->v[i];

		if (translation->family == family)
			set_span(set, translation->proto, translation->port, 1);
	}
	for (size_t i = 0; i < proxies->n; i++) {
		const struct proxy *proxy = &proxies->v[i];

		if (proxy->family == family)
			set_span(set, proxy->proto, (struct span){ proxy->port, proxy->port }, 1);
	}
	for (size_t i = 0; i < walked->n; i++) {
		const struct docker_port *port = &walked->v[i];

		if (port->family == family && port->has_dnat && !port->direct)
			set_span(set, port->proto, port->port, 1);
	}
}

static struct span section_span(const struct publish_section *section)
{
	return (struct span){ section->port, section->last };
}

/* "80/tcp" or "8000-8010/tcp". */
static void put_ports(FILE *out, size_t lo, size_t hi, uint8_t proto)
{
	fprintf(out, "%zu", lo);
	if (hi > lo)
		fprintf(out, "-%zu", hi);
	fprintf(out, "/%s", proto_name(proto));
}

/* All ports of the set, as "80/tcp, 8000-8010/tcp, 53/udp"; NULL if it is empty. */
static char *list_all(const struct port_set *set)
{
	const char *separator = "";
	struct text text;
	char *list;

	text_open(&text);
	for (size_t p = 0; p < ARRAY_SIZE(protos); p++) {
		for (size_t lo = 0, hi; lo < PORTS; lo = hi) {
			for (hi = lo + 1; hi < PORTS && set->is[p][lo] && set->is[p][hi];)
				hi++;
			if (!set->is[p][lo])
				continue;
			fputs(separator, text.out);
			put_ports(text.out, lo, hi - 1, protos[p]);
			separator = ", ";
		}
	}
	list = text_take(&text);
	if (*separator)
		return list;
	free(list);
	return NULL;
}

static void check_unlisted(const struct policy *policy, struct port_set *set, enum family family,
			   struct findings *findings)
{
	/* They are refused already, so only what should be open needs a section. */
	static const struct remedy refused = {
		"add a publish section for each that others may reach", RUN_NONE, NULL,
	};
	static const char *const instead[] = {
		[UNLISTED_ALLOW] = "",
		[UNLISTED_REFUSE] = ", and refused by unlisted = \"refuse\"",
		[UNLISTED_HOST_FIREWALL] = ", and open to those whom the host's own firewall lets in",
	};
	bool refuse = policy->unlisted != UNLISTED_ALLOW;
	struct finding *finding;
	char *ports;

	if (!refuse && !policy->nsections)
		return;
	for (size_t i = 0; i < policy->nsections; i++)
		set_span(set, policy->sections[i].proto, section_span(&policy->sections[i]), 0);
	ports = list_all(set);
	if (!ports)
		return;
	finding = findings_add(findings, PORT_UNLISTED, SEVERITY_OK, family,
			       xasprintf("published without a publish section%s: %s",
					 instead[policy->unlisted], ports));
	if (refuse)
		finding->remedy = &refused;
	free(ports);
}

static void check_unpublished(const struct policy *policy, const struct port_set *published,
			      struct findings *findings)
{
	for (size_t i = 0; i < policy->nsections; i++) {
		const struct publish_section *section = &policy->sections[i];
		struct text text;

		if (has_any(&published[FAMILY_IPV4], section->proto, section_span(section)) ||
		    has_any(&published[FAMILY_IPV6], section->proto, section_span(section)))
			continue;
		text_open(&text);
		fputs("nothing publishes ", text.out);
		put_ports(text.out, section->port, section->last, section->proto);
		fprintf(text.out, ", which a publish section is for (%s:%u)", section->file,
			section->line);
		findings_add(findings, PORT_UNPUBLISHED, SEVERITY_OK, FAMILY_COUNT,
			     text_take(&text));
	}
}

/* Whether every rule of Docker's own tables that may translate was read in full. */
static bool is_understood(const struct other_filters *others)
{
	for (size_t c = 0; c < others->nchains; c++) {
		const struct other_chain *chain = &others->chains[c];

		for (size_t i = 0; others->tables[chain->table].docker && i < chain->n; i++) {
			const struct other_rule *rule = &chain->v[i];

			if (rule->verdict == OTHER_ANYTHING ||
			    (rule->verdict == OTHER_TRANSLATE && (rule->unsure || !rule->nat.known)))
				return false;
		}
	}
	return true;
}

/* The ports in Docker's own tables. */
static void find_native(const struct proxy_facts *facts, struct docker_ports *ports)
{
	const struct world world = {
		.snapshot = facts->snapshot, .others = facts->others, .info = facts->info,
		.proxies = facts->proxies, .sets = facts->sets, .guard = facts->guard,
	};

	docker_ports_collect(&world, facts->nftables, ports);
}

void check_ports(const struct policy *policy, const struct snapshot *nat,
		 const struct proxies *proxies, const struct proxy_facts *native, bool whole,
		 struct findings *findings)
{
	struct docker_ports walked = { 0 };
	struct port_set *published = xcalloc(FAMILY_COUNT, sizeof(*published));
	struct translations translations;

	if (native)
		find_native(native, &walked);
	translations_collect(nat, policy->families, &translations);
	for (int family = 0; family < FAMILY_COUNT; family++)
		add_published(&published[family], (enum family)family, &translations, proxies,
			      &walked);
	if (whole && (!native || is_understood(native->others)))
		check_unpublished(policy, published, findings);
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (policy->families & (1U << family))
			check_unlisted(policy, &published[family], (enum family)family, findings);
	translations_clear(&translations);
	docker_ports_clear(&walked);
	free(published);
}
