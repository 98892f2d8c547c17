/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "closing.h"

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "docker_layout.h"
#include "guard_names.h"
#include "proto.h"
#include "xt_match.h"
#include "xt_target.h"

/* Docker's chains that name its bridges, in one release or another. */
static const char *const bridge_chains[] = {
	"FORWARD", "DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-ISOLATION-STAGE-1",
};

bool closing_needed(const struct policy *policy)
{
	return policy->direct == DIRECT_REFUSE || policy->unlisted == UNLISTED_REFUSE ||
	       policy_follows_host(policy);
}

struct chain *closing_chain_in_doubt(const struct policy *policy, const struct table *filter)
{
	if (policy->direct != DIRECT_REFUSE)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(bridge_chains); i++) {
		struct chain *chain = table_chain(filter, bridge_chains[i]);

		if (chain && !chain->loaded)
			return chain;
	}
	return NULL;
}

/* ---- the parts of a closing rule ---- */

/* A rule for what comes in at one interface; NULL or "+": at any but not. */
static struct rule *closing_rule(enum family family, const char *from, const char *not)
{
	struct rule *rule = rule_new(family);

	if (from && strcmp(from, "+")) {
		interface_set(&rule->in, from);
	} else {
		interface_set(&rule->in, not);
		rule->invert |= INV_IN;
	}
	return rule;
}

/* Takes ownership of rule; the setting is what its text shows. */
static void add_closing(struct wanted_rules *rules, const struct policy *policy,
			struct rule *rule, const char *setting)
{
	wanted_rules_add(rules, rule, setting, policy->direct_file ? policy->direct_file : "",
			 policy->direct_line)->section = SECTION_CLOSING;
}

/* ---- direct ---- */

/* The bridge that the rule leads to: -o docker0 -j DOCKER, or -i docker0 ! -o docker0. */
static const struct interface *bridge_of(const struct rule *rule)
{
	bool own = !memcmp(&rule->in, &rule->out, sizeof(rule->in));

	if (rule->opaque || !rule->out.mask[0] || !rule->chain || !docker_owns_chain(rule->chain))
		return NULL;
	if (rule->invert & INV_OUT)
		return own && !(rule->invert & INV_IN) ? &rule->out : NULL;
	return &rule->out;
}

static void note_bridge(struct strings *bridges, const struct interface *bridge)
{
	/* A wildcard is not the name of a bridge. */
	if (bridge && bridge->name[0] && bridge->name[strlen(bridge->name) - 1] != '+' &&
	    !strings_has(bridges, bridge->name))
		strings_add(bridges, bridge->name);
}

static void note_dockers(struct strings *bridges, const struct table *filter)
{
	for (size_t i = 0; i < ARRAY_SIZE(bridge_chains); i++) {
		const struct chain *chain = table_chain(filter, bridge_chains[i]);

		for (size_t r = 0; chain && r < chain->nrules; r++)
			note_bridge(bridges, bridge_of(chain->rules[r]));
	}
}

/* Whether the rule is a closing one for packets that nothing translated. */
static bool is_direct(const struct rule *rule)
{
	struct xt_conntrack_want want;

	for (size_t i = 0; i < rule->nmatches; i++)
		if (xt_conntrack_read(&rule->matches[i], &want) && want.dnat == XT_DNAT_IS_NOT)
			return rule_is_marked(rule) && rule_refuses(rule) && rule->out.mask[0];
	return false;
}

/* The bridges of closing rules in the kernel, as far as the host still has them. */
static void note_remembered(struct strings *bridges, const struct chain *chain,
			    const struct strings *interfaces)
{
	for (size_t i = 0; chain && i < chain->nrules; i++)
		if (is_direct(chain->rules[i]) &&
		    strings_has(interfaces, chain->rules[i]->out.name))
			note_bridge(bridges, &chain->rules[i]->out);
}

/* No chain names them where dockerd runs with iptables off, and none does after a flush. */
static void note_named(struct strings *bridges, const struct strings *interfaces)
{
	for (size_t i = 0; i < interfaces->n; i++)
		if (docker_names_bridge(interfaces->v[i]) && !strings_has(bridges, interfaces->v[i]))
			strings_add(bridges, interfaces->v[i]);
}

/* Nor does a name show it if the network has an option for that: what it publishes does. */
static void note_proxied(struct strings *bridges, const struct proxies *proxies,
			 const struct netinfo *net)
{
	for (size_t i = 0; proxies && net && i < proxies->n; i++) {
		const struct proxy *proxy = &proxies->v[i];
		const struct netroute *route = netinfo_lookup(net, proxy->container_family,
							      RT_TABLE_MAIN, proxy->container, 0);
		const struct netif *out = route && route->type == RTN_UNICAST && !route->gateway
						  ? netinfo_if_index(net, route->out) : NULL;

		if (out && out->bridge && !strings_has(bridges, out->name))
			strings_add(bridges, out->name);
	}
}

static void note_ruled(struct strings *bridges, const struct snapshot *snapshot)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		note_dockers(bridges, snapshot_table(snapshot, (enum family)family, "filter"));
		docker_native_bridges(snapshot, (enum family)family, bridges);
	}
}

bool closing_names_none(const struct policy *policy, const struct snapshot *snapshot)
{
	struct strings bridges = { 0 };
	bool none;

	if (policy->direct != DIRECT_REFUSE)
		return false;
	note_ruled(&bridges, snapshot);
	none = !bridges.n;
	strings_clear(&bridges);
	return none;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All of Docker's bridges, in either family, since a network may be of one only. */
static void find_bridges(const struct closing_facts *facts, struct strings *bridges)
{
	note_ruled(bridges, facts->snapshot);
	note_named(bridges, facts->interfaces);
	note_proxied(bridges, facts->proxies, facts->net);
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *filter = snapshot_table(facts->snapshot, (enum family)family,
							    "filter");

		note_remembered(bridges, table_chain(filter, DOCKER_USER), facts->interfaces);
		if (facts->own)
			note_remembered(bridges,
					table_chain(snapshot_table(facts->own, (enum family)family,
								   GUARD_TABLE), GUARD_FORWARD),
					facts->interfaces);
	}
	if (bridges->n)
		qsort(bridges->v, bridges->n, sizeof(*bridges->v), by_text);
}

/*
 * An ICMP error about a reply counts as the client's packet, and is not translated if the reply
 * was not: those of a connection that was let in pass. Those of unlisted do so as well.
 */
static void add_icmp_errors(struct policy *policy, enum family family)
{
	struct rule *rule;

	if (policy->unlisted == UNLISTED_REFUSE)
		return;
	rule = rule_new(family);
	rule->proto = family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	xt_conntrack_add_states(rule, XT_CONNTRACK_STATE_BIT(IP_CT_RELATED), false);
	rule->verdict = VERDICT_RETURN;
	add_closing(&policy->chains[0]->rules[family], policy, rule, "direct = \"refuse\"");
}

/* families: those that have such a rule already. */
static void add_direct_rule(struct policy *policy, enum family family, const char *from,
			    const char *bridge, unsigned int *families)
{
	const struct xt_conntrack_want want = {
		.dnat = XT_DNAT_IS_NOT, .direction = XT_DIRECTION_ORIGINAL,
	};
	struct rule *rule;

	if (!(*families & 1U << family))
		add_icmp_errors(policy, family);
	*families |= 1U << family;
	rule = closing_rule(family, from, bridge);
	interface_set(&rule->out, bridge);
	xt_conntrack_add(rule, &want);
	xt_target_set_reject(rule);
	add_closing(&policy->chains[0]->rules[family], policy, rule, "direct = \"refuse\"");
}

static bool name_matches(const char *pattern, const char *name)
{
	struct interface interface;
	char padded[IFNAMSIZ] = "";

	if (strlen(name) >= sizeof(padded) || !interface_set(&interface, pattern))
		return false;
	memcpy(padded, name, strlen(name) + 1);
	return interface_matches(&interface, false, padded);
}

/*
 * What comes in by the bridge itself is not from outside, whatever the pattern says: the
 * interfaces that it means are then named one by one.
 */
static void add_direct_from(struct policy *policy, enum family family, const char *pattern,
			    const char *bridge, const struct strings *interfaces,
			    unsigned int *families)
{
	if (!strcmp(pattern, "+")) {
		add_direct_rule(policy, family, NULL, bridge, families);
		return;
	}
	if (!name_matches(pattern, bridge)) {
		add_direct_rule(policy, family, pattern, bridge, families);
		return;
	}
	for (size_t i = 0; i < interfaces->n; i++)
		if (name_matches(pattern, interfaces->v[i]) && strcmp(interfaces->v[i], bridge))
			add_direct_rule(policy, family, interfaces->v[i], bridge, families);
}

static void add_direct(struct policy *policy, const struct closing_facts *facts)
{
	const struct strings *bridges = &policy->bridges;
	unsigned int families = 0;

	find_bridges(facts, &policy->bridges);
	for (size_t b = 0; b < bridges->n; b++) {
		for (int family = 0; family < FAMILY_COUNT; family++) {
			if (!(policy->families & 1U << family))
				continue;
			if (!policy->outside.n)
				add_direct_rule(policy, (enum family)family, NULL, bridges->v[b], &families);
			for (size_t i = 0; i < policy->outside.n; i++)
				add_direct_from(policy, (enum family)family,
						policy->outside.v[i], bridges->v[b],
						facts->interfaces, &families);
		}
	}
}

/* ---- unlisted ports that docker-proxy answers ---- */

/* A port of the host that must be closed; any: on all of its addresses. */
struct closed_port {
	enum family family;
	uint8_t proto;
	uint16_t port;
	bool any;
	struct address host;
};

struct closed_ports {
	struct closed_port *v;
	size_t n, room;
};

static int by_port(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct closed_port));
}

static void note_port(struct closed_ports *ports, const struct closed_port *port)
{
	GROW(ports->v, ports->n, ports->room);
	memset(&ports->v[ports->n], 0, sizeof(*port)); /* the padding is compared */
	ports->v[ports->n].family = port->family;
	ports->v[ports->n].proto = port->proto;
	ports->v[ports->n].port = port->port;
	ports->v[ports->n].any = port->any;
	ports->v[ports->n++].host = port->host;
}

static void note_listeners(const struct policy *policy, const struct proxies *proxies,
			   struct closed_ports *ports)
{
	for (size_t i = 0; i < proxies->n; i++) {
		const struct proxy *proxy = &proxies->v[i];
		struct closed_port port = { .family = proxy->family, .proto = proxy->proto,
					    .port = proxy->port, .any = proxy->any };
		size_t size = family_addr_size(proxy->family);

		if (policy_section_of(policy, proxy->proto, proxy->port))
			continue;
		if (!proxy->any) {
			addr_store(proxy->family, proxy->host, port.host.addr);
			memset(port.host.mask, 0xff, size);
		}
		note_port(ports, &port);
	}
}

/* Whether the rule is a closing one for a port; sets port. */
static bool is_closed_port(const struct rule *rule, struct closed_port *port)
{
	struct xt_conntrack_want want;

	*port = (struct closed_port){ .family = rule->family, .proto = (uint8_t)rule->proto,
				      .host = rule->dst };
	port->any = !rule->dst.mask[0];
	if (!rule_is_marked(rule) || !rule_refuses(rule) || rule->src.mask[0])
		return false;
	for (size_t i = 0; i < rule->nmatches; i++)
		if (xt_conntrack_read(&rule->matches[i], &want) && want.port &&
		    want.port == want.last) {
			port->port = want.port;
			return true;
		}
	return false;
}

/* While dockerd does not run, the guard itself is what remembers its ports. */
static void note_guarded(const struct policy *policy, const struct snapshot *own,
			 struct closed_ports *ports)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct chain *chain = table_chain(
			snapshot_table(own, (enum family)family, GUARD_TABLE), GUARD_INPUT);
		struct closed_port port;

		for (size_t i = 0; chain && i < chain->nrules; i++)
			if (is_closed_port(chain->rules[i], &port) &&
			    !policy_section_of(policy, port.proto, port.port))
				note_port(ports, &port);
	}
}

static void add_port_rule(struct policy *policy, const struct closed_port *port, const char *from)
{
	const struct xt_conntrack_want want = {
		.direction = XT_DIRECTION_ORIGINAL, .port = port->port,
	};
	struct rule *rule = closing_rule(port->family, from, "lo");

	rule->proto = port->proto;
	rule->dst = port->host;
	xt_conntrack_add(rule, &want);
	xt_target_set_reject(rule);
	add_closing(&policy->input[port->family], policy, rule, "unlisted = \"refuse\"");
}

static void add_unlisted(struct policy *policy, const struct closing_facts *facts)
{
	struct closed_ports ports = { 0 };

	note_listeners(policy, facts->proxies, &ports);
	if (!facts->dockerd->running && facts->own)
		note_guarded(policy, facts->own, &ports);
	if (ports.n)
		qsort(ports.v, ports.n, sizeof(*ports.v), by_port);
	for (size_t i = 0; i < ports.n; i++) {
		if (!(policy->families & 1U << ports.v[i].family) ||
		    (i && !by_port(&ports.v[i - 1], &ports.v[i])))
			continue;
		if (!policy->outside.n)
			add_port_rule(policy, &ports.v[i], NULL);
		for (size_t o = 0; o < policy->outside.n; o++)
			add_port_rule(policy, &ports.v[i], policy->outside.v[o]);
	}
	free(ports.v);
}

bool closing_has_no_bridge(const struct policy *completed)
{
	return completed->direct == DIRECT_REFUSE && !completed->bridges.n;
}

struct policy *closing_policy(const struct policy *policy, const struct closing_facts *facts)
{
	struct policy *completed = policy_canonical(policy, policy->families, NULL);

	if (policy->direct == DIRECT_REFUSE)
		add_direct(completed, facts);
	if (policy->unlisted == UNLISTED_REFUSE)
		add_unlisted(completed, facts);
	return completed;
}
