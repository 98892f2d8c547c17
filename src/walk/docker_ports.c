/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_ports.h"

#include <string.h>

#include "docker_chains.h"
#include "docker_ports_hand.h"
#include "docker_ports_mapped.h"
#include "docker_ports_other.h"
#include "translation.h"
#include "xt_match.h"
#include "xt_target.h"

#define BOTH_FAMILIES (1U << FAMILY_IPV4 | 1U << FAMILY_IPV6)

/* The single destination port, or range, that a rule matches on. */
static bool one_dport(const struct rule *rule, struct span *port)
{
	return xt_match_rule_dports(rule, port) && !span_equal(*port, SPAN_ALL);
}

static struct decider translation_decider(const struct translation *translation)
{
	return (struct decider){ .table = translation->table->name,
				 .chain = translation->chain->name,
				 .number = translation->number, .rule = translation->rule };
}

/* Whether it leads one port, or range, to a container. */
static bool is_port(const struct translation *translation)
{
	return translation->has_container && translation->proto &&
	       !span_equal(translation->port, SPAN_ALL);
}

/* This is how Docker keeps a bridge's own containers away from its ports. */
static void collect_exempt_bridge(const struct translation *translation, struct docker_ports *ports)
{
	if (translation->rule->invert & INV_IN)
		docker_ports_bridge(ports, &translation->rule->in);
}

/* A rule for a prefix of addresses is shown as one for all addresses. */
static void collect_translation(const struct translation *translation, const struct netinfo *info,
				struct docker_ports *ports)
{
	const struct rule *rule = translation->rule;
	struct docker_port *port;

	if (!is_port(translation))
		return;
	port = docker_ports_add(ports);
	port->family = port->container_family = translation->family;
	port->proto = translation->proto;
	port->port = translation->port;
	port->any_host = translation->hosts != TRANSLATES_ONE_HOST;
	port->host = translation->host;
	port->container = translation->container;
	port->container_port = translation->container_port;
	port->has_dnat = true;
	port->dnat = translation_decider(translation);
	docker_port_find_bridge(info, rule, port);
	collect_exempt_bridge(translation, ports);
}

static void collect_exempt(const struct snapshot *snapshot, unsigned int families,
			   struct docker_ports *ports)
{
	struct translations translations;

	translations_collect(snapshot, families, &translations);
	for (size_t i = 0; i < translations.n; i++)
		if (is_port(&translations.v[i]))
			collect_exempt_bridge(&translations.v[i], ports);
	translations_clear(&translations);
}

/* Docker's chains in nat return packets that come from a bridge. */
static void collect_returns(const struct table *nat, struct docker_ports *ports)
{
	for (size_t c = 0; c < nat->nchains; c++) {
		const struct chain *chain = nat->chains[c];

		for (size_t i = 0; docker_owns_chain(chain->name) && i < chain->nrules; i++)
			if (chain->rules[i]->verdict == VERDICT_RETURN &&
			    !(chain->rules[i]->invert & INV_IN))
				docker_ports_bridge(ports, &chain->rules[i]->in);
	}
}

static void collect_proxies(const struct world *world, const struct translations *translations,
			    unsigned int families, struct docker_ports *ports)
{
	const struct proxies *proxies = world->proxies;

	for (size_t i = 0; proxies && i < proxies->n; i++) {
		const struct proxy *proxy = &proxies->v[i];
		const struct translation *covering = translations_covering(translations, proxy);
		const struct rule *rule = NULL;
		struct docker_port *port;

		if (!(families & 1U << proxy->family))
			continue;
		port = docker_ports_add(ports);
		port->family = proxy->family;
		port->proto = proxy->proto;
		port->port = (struct span){ proxy->port, proxy->port };
		port->any_host = proxy->any;
		port->host = proxy->any ? 0 : proxy->host;
		port->container_family = proxy->container_family;
		port->container = proxy->container;
		port->container_port = (struct span){ proxy->container_port, proxy->container_port };
		port->has_proxy = true;
		if (covering && covering->has_container) {
			port->container_family = covering->family;
			port->container = covering->container;
			port->has_dnat = true;
			port->dnat = translation_decider(covering);
			rule = covering->rule;
		}
		docker_port_find_bridge(world->info, rule, port);
	}
}

/* Docker's filter rules name its bridges. */
static void collect_bridges(const struct table *table, struct docker_ports *ports)
{
	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];

		for (size_t i = 0; docker_owns_chain(chain->name) && i < chain->nrules; i++)
			if (!(chain->rules[i]->invert & INV_OUT))
				docker_ports_bridge(ports, &chain->rules[i]->out);
	}
}

/*
 * Collects the containers' ends of the published ports: they may also answer packets for
 * the container's own address, which nothing translates. Those of which several containers
 * may be the end are parts of a network, which expose_direct() sees to.
 */
static void collect_ends(unsigned int families, struct docker_ports *ports)
{
	size_t n = ports->n;

	for (size_t i = 0; i < n; i++) {
		struct docker_port end = ports->v[i];

		if (!(families & 1U << end.container_family) || !end.container || end.container_more ||
		    !strings_has(&ports->bridges, end.bridge))
			continue;
		end.family = end.container_family;
		end.host = end.container;
		end.host_more = 0;
		end.published = end.port;
		end.port = end.container_port;
		end.direct = end.extra = true;
		end.any_host = end.has_dnat = end.has_proxy = false;
		end.order = ports->n;
		*docker_ports_add(ports) = end;
	}
}

/*
 * Collects the ports that filter rules accept for a container although no translation
 * and no listener leads there: they answer at the container's own address. Of other
 * chains than Docker's, only the rules about a network of Docker's count.
 */
static void collect_accepts(const struct table *table, const struct netinfo *info,
			    struct docker_ports *ports)
{
	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];
		bool docker = docker_owns_chain(chain->name);

		for (size_t i = 0; i < chain->nrules; i++) {
			const struct rule *rule = chain->rules[i];
			struct docker_port found = { .family = table->family, .direct = true,
						     .extra = !docker,
						     .container_family = table->family };

			if (rule->opaque || rule->verdict != VERDICT_ACCEPT || !rule->proto ||
			    rule->invert & INV_PROTO || !docker_port_host(rule, &found.container) ||
			    !one_dport(rule, &found.container_port))
				continue;
			found.proto = (uint8_t)rule->proto;
			found.port = found.published = found.container_port;
			found.host = found.container;
			docker_port_find_bridge(info, rule, &found);
			if (!docker && !strings_has(&ports->bridges, found.bridge))
				continue;
			found.order = ports->n;
			*docker_ports_add(ports) = found;
		}
	}
}

/* In the layouts up to Docker 28.0.0, FORWARD also names the bridges. */
static void collect_forward(const struct table *table, struct docker_ports *ports)
{
	const struct chain *forward = table_chain(table, "FORWARD");

	for (size_t i = 0; forward && i < forward->nrules; i++) {
		const struct rule *rule = forward->rules[i];

		if (rule->verdict == VERDICT_JUMP && docker_owns_chain(rule->chain) &&
		    !(rule->invert & INV_OUT))
			docker_ports_bridge(ports, &rule->out);
	}
}

static void collect_all_accepts(const struct world *world, enum family family,
				struct docker_ports *ports)
{
	const struct table *filter = snapshot_table(world->snapshot, family, "filter");
	const struct other_filters *others = world->others;

	if (filter)
		collect_accepts(filter, world->info, ports);
	for (size_t c = 0; others && c < others->nchains; c++)
		if (others->tables[others->chains[c].table].families & 1U << family)
			docker_ports_other_accepts(world, family, &others->chains[c], ports);
}

/*
 * An interface that leads to a container is Docker's if it is a bridge, and so is a bridge with
 * one of dockerd's own names: it may have no rules.
 */
static void collect_links(const struct netinfo *info, struct docker_ports *ports)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct netif *iface = netinfo_if(info, ports->v[i].bridge);

		if (iface && iface->bridge && !strings_has(&ports->bridges, iface->name))
			strings_add(&ports->bridges, iface->name);
	}
	for (size_t i = 0; i < info->nifs; i++)
		if (info->ifs[i].bridge && docker_names_bridge(info->ifs[i].name) &&
		    !strings_has(&ports->bridges, info->ifs[i].name))
			strings_add(&ports->bridges, info->ifs[i].name);
}

/* Those of rules of nf_tables: of Docker's, or of the others. */
static void collect_native(const struct world *world, enum family family, bool docker,
			   struct docker_ports *ports)
{
	const struct table *nat = snapshot_table(world->snapshot, family, "nat");

	if (nat)
		docker_ports_followed(world, nat, docker, ports);
	docker_ports_from_others(world, family, docker, ports);
}

void docker_ports_collect(const struct world *world, unsigned int families,
			  struct docker_ports *ports)
{
	const struct snapshot *snapshot = world->snapshot;
	const struct netinfo *info = world->info;
	struct translations translations;

	*ports = (struct docker_ports){ 0 };
	translations_collect(snapshot, families, &translations);
	for (size_t i = 0; i < translations.n; i++)
		collect_translation(&translations.v[i], info, ports);
	/* A bridge may be named in one family, and have addresses of both. */
	collect_exempt(snapshot, BOTH_FAMILIES & ~families, ports);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *nat = snapshot_table(snapshot, family, "nat");

		if (nat)
			collect_returns(nat, ports);
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (families & 1U << family)
			collect_native(world, family, true, ports);
	collect_proxies(world, &translations, families, ports);
	translations_clear(&translations);
	docker_ports_merge(ports);
	docker_ports_other_bridges(world->others, BOTH_FAMILIES, ports);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *filter = snapshot_table(snapshot, family, "filter");

		if (!filter)
			continue;
		collect_bridges(filter, ports);
		collect_forward(filter, ports);
	}
	collect_links(info, ports);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *nat = snapshot_table(snapshot, family, "nat");

		if (!(families & 1U << family))
			continue;
		if (nat)
			docker_ports_by_hand(world, nat, ports);
		collect_native(world, family, false, ports);
	}
	collect_ends(families, ports);
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		if (families & 1U << family)
			collect_all_accepts(world, family, ports);
	docker_ports_map(ports);
	docker_ports_merge(ports);
}
