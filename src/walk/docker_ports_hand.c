/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_ports_hand.h"

#include <linux/netfilter/xt_multiport.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "docker_chains.h"
#include "translation.h"
#include "xt_match.h"
#include "xt_target.h"

/* The ports that a rule is for. */
struct hand_ports {
	struct span v[XT_MULTI_PORTS];
	size_t n;
};

/* The destinations of a match on several ports, whichever of them it is. */
static void add_multiport(const struct ext *ext, struct hand_ports *ports)
{
	struct xt_multiport_v1 list;

	if (!ext_get(ext, &list, sizeof(list)) || list.count > XT_MULTI_PORTS || list.invert ||
	    list.flags == XT_MULTIPORT_SOURCE)
		return;
	for (size_t i = 0; i < list.count; i++) {
		struct span span = { list.ports[i], list.ports[i] };

		if (list.pflags[i] && i + 1 < list.count)
			span.hi = list.ports[++i];
		ports->v[ports->n++] = span;
	}
}

/* Where the ports are not known, all of them: each is followed to its end anyway. */
static void read_ports(const struct rule *rule, struct hand_ports *ports)
{
	struct span one;

	*ports = (struct hand_ports){ 0 };
	for (size_t i = 0; i < rule->nmatches && !ports->n; i++)
		if (ext_is(&rule->matches[i], "multiport", 1))
			add_multiport(&rule->matches[i], ports);
	if (ports->n)
		return;
	ports->v[ports->n++] = (struct span){ 1, UINT16_MAX };
	if (xt_match_rule_dports(rule, &one) && !span_equal(one, SPAN_ALL))
		ports->v[0] = one;
}

/* Whether the host takes packets that are led there, and the listener gets them. */
static bool proxy_gets(const struct world *world, const struct proxy *proxy,
		       const struct led_to *to)
{
	if (to->host)
		return true;
	return (proxy->any || proxy->host == to->addr) &&
	       netinfo_addr_type(world->info, proxy->family, to->addr, 0) == RTN_LOCAL;
}

static void add_proxy(const struct world *world, const struct docker_port *from,
		      const struct led_to *to, const struct proxy *proxy,
		      struct docker_ports *ports)
{
	struct docker_port port = *from;

	if (!to->has_port)
		port.port = (struct span){ proxy->port, proxy->port };
	port.container_family = proxy->container_family;
	port.container = proxy->container;
	port.container_port = (struct span){ proxy->container_port, proxy->container_port };
	port.has_proxy = true;
	port.has_dnat = false;
	port.dnat = (struct decider){ 0 };
	docker_port_find_bridge(world->info, NULL, &port);
	port.order = ports->n;
	*docker_ports_add(ports) = port;
}

void docker_ports_led(const struct world *world, const struct docker_port *from,
		      const struct led_to *to, struct docker_ports *ports)
{
	struct span ends = to->has_port ? to->port : from->port;
	const struct proxies *proxies = world->proxies;
	struct docker_port port = *from;

	for (size_t i = 0; proxies && i < proxies->n; i++) {
		const struct proxy *proxy = &proxies->v[i];

		if (proxy->family == from->family && proxy->proto == from->proto &&
		    proxy->port >= ends.lo && proxy->port <= ends.hi && proxy_gets(world, proxy, to))
			add_proxy(world, from, to, proxy, ports);
	}
	if (to->host)
		return;
	port.has_dnat = true;
	port.container_family = port.family;
	port.container = to->addr;
	port.container_port = ends;
	docker_port_find_bridge(world->info, from->dnat.rule, &port);
	if (!strings_has(&ports->bridges, port.bridge))
		return;
	port.order = ports->n;
	*docker_ports_add(ports) = port;
}

static bool read_end(const struct rule *rule, struct led_to *to)
{
	struct nf_nat_range2 range;
	struct xt_dnat dnat;

	*to = (struct led_to){ 0 };
	if (xt_target_dnat(rule, &dnat)) {
		*to = (struct led_to){ .host = !dnat.has_addr, .addr = dnat.addr.lo,
				       .has_port = dnat.has_port, .port = dnat.port };
		return true;
	}
	if (rule->verdict != VERDICT_EXT || strcmp(rule->target.name, "REDIRECT") ||
	    !xt_target_nat(rule, &range))
		return false;
	to->host = true;
	to->has_port = range.flags & NF_NAT_RANGE_PROTO_SPECIFIED;
	to->port = (struct span){ ntohs(range.min_proto.all), ntohs(range.max_proto.all) };
	return true;
}

void docker_ports_by_hand_rule(const struct world *world, const struct rule *rule,
			       const struct decider *at, struct docker_ports *ports)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct docker_port port = { .family = rule->family, .dnat = *at };
	struct hand_ports list;
	struct led_to to;

	if (rule->opaque || rule->invert & INV_PROTO || rule->proto > UINT8_MAX ||
	    (rule->proto && !proto_has_ports((uint8_t)rule->proto)) || !read_end(rule, &to))
		return;
	port.any_host = !docker_port_host(rule, &port.host);
	if (port.any_host)
		port.host = 0;
	read_ports(rule, &list);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		port.proto = rule->proto ? (uint8_t)rule->proto : protocols[i];
		for (size_t k = 0; k < list.n; k++) {
			port.port = list.v[k];
			docker_ports_led(world, &port, &to, ports);
		}
		if (rule->proto)
			break;
	}
}

/* Whether Docker itself may have written the rule. */
static bool is_dockers(const struct chain *chain, const struct rule *rule)
{
	struct translation translation;

	return docker_owns_chain(chain->name) && translation_read(rule, &translation) &&
	       translation.proto && !span_equal(translation.port, SPAN_ALL);
}

void docker_ports_by_hand(const struct world *world, const struct table *nat,
			  struct docker_ports *ports)
{
	for (size_t c = 0; c < nat->nchains; c++) {
		const struct chain *chain = nat->chains[c];

		for (size_t i = 0; i < chain->nrules; i++) {
			struct decider at = { .table = nat->name, .chain = chain->name,
					      .number = i + 1, .rule = chain->rules[i] };

			if (!is_dockers(chain, chain->rules[i]))
				docker_ports_by_hand_rule(world, chain->rules[i], &at, ports);
		}
	}
}
