/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_ports_hand.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "docker_chains.h"
#include "docker_ports_mapped.h"
#include "translation.h"
#include "xt_target.h"

/* Whether the host takes packets that are led there, and the listener gets them. */
static bool proxy_gets(const struct world *world, const struct proxy *proxy,
		       const struct led_to *to)
{
	if (to->host)
		return true;
	return (proxy->any || proxy->host == to->addr.lo) &&
	       netinfo_addr_type(world->info, proxy->family, to->addr.lo, 0) == RTN_LOCAL;
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

/* Of several addresses, the first of the bridges to whose networks one of them belongs. */
static void find_bridge(const struct netinfo *info, const struct strings *bridges,
			struct docker_port *port)
{
	addr_t last = port->container + port->container_more;

	docker_port_find_bridge(info, port->dnat.rule, port);
	for (size_t i = 0; i < info->nroutes && !strings_has(bridges, port->bridge); i++) {
		const struct netroute *route = &info->routes[i];
		const struct netif *out = netinfo_if_index(info, route->out);

		if (route->family == port->container_family && route->type == RTN_UNICAST &&
		    route->length && out && strings_has(bridges, out->name) &&
		    route->dst <= last &&
		    netinfo_prefix_end(route->family, route->dst, route->length) >= port->container)
			memcpy(port->bridge, out->name, IFNAMSIZ);
	}
}

void docker_ports_led(const struct world *world, const struct docker_port *from,
		      const struct led_to *to, struct docker_ports *ports)
{
	struct span ends = to->has_port ? to->port : from->port;
	const struct proxies *proxies = world->proxies;
	struct docker_port port = *from;
	struct addrrange container = to->addr;
	bool mapped = to->prefix && docker_port_maps(from, &container);

	for (size_t i = 0; proxies && i < proxies->n && !to->prefix && !to->docker; i++) {
		const struct proxy *proxy = &proxies->v[i];

		if (proxy->family == from->family && proxy->proto == from->proto &&
		    proxy->port >= ends.lo && proxy->port <= ends.hi && proxy_gets(world, proxy, to))
			add_proxy(world, from, to, proxy, ports);
	}
	if (to->host)
		return;
	port.has_dnat = true;
	port.container_family = port.family;
	port.container = container.lo;
	port.container_more = container.hi - container.lo;
	port.container_port = ends;
	find_bridge(world->info, &ports->bridges, &port);
	if (!to->docker && !strings_has(&ports->bridges, port.bridge))
		return;
	if (mapped) {
		GROW(ports->mapped, ports->nmapped, ports->mapped_room);
		ports->mapped[ports->nmapped++] = port;
		return;
	}
	port.order = ports->n;
	*docker_ports_add(ports) = port;
}

void docker_ports_led_from(const struct world *world, const struct docker_port *like,
			   const struct led_places *places, const struct led_to *to,
			   struct docker_ports *ports)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };

	for (size_t k = 0; k < places->n; k++) {
		const struct led_place *place = &places->v[k];
		struct docker_port port = *like;

		port.any_host = !place->host.lo && place->host.hi == addr_max(port.family);
		port.host = place->host.lo;
		port.host_more = port.any_host ? 0 : place->host.hi - place->host.lo;
		port.port = place->port;
		port.port.lo = port.port.lo ? port.port.lo : 1;
		for (size_t i = 0; i < ARRAY_SIZE(protocols) && port.port.hi; i++) {
			port.proto = protocols[i];
			if (place->proto == port.proto || (!place->proto && proto_has_ports(port.proto)))
				docker_ports_led(world, &port, to, ports);
		}
		/* The others that have ports are rare: only rules that name them are meant. */
		port.proto = place->proto;
		if (port.proto != IPPROTO_TCP && port.proto != IPPROTO_UDP &&
		    proto_has_ports(port.proto))
			docker_ports_led(world, &port, to, ports);
	}
}

static bool read_end(const struct rule *rule, struct led_to *to)
{
	struct nf_nat_range2 range;
	struct xt_dnat dnat;
	addr_t host;

	*to = (struct led_to){ 0 };
	if (xt_target_dnat(rule, &dnat)) {
		*to = (struct led_to){ .host = !dnat.has_addr, .addr = dnat.addr,
				       .has_port = dnat.has_port, .port = dnat.port };
		return !dnat.has_addr || dnat.addr.lo <= dnat.addr.hi;
	}
	if (rule->verdict != VERDICT_EXT || !xt_target_nat(rule, &range))
		return false;
	if (!strcmp(rule->target.name, "NETMAP")) {
		to->prefix = true;
		to->addr.lo = addr_load(rule->family, &range.min_addr);
		host = to->addr.lo ^ addr_load(rule->family, &range.max_addr);
		to->addr = (struct addrrange){ to->addr.lo & ~host, to->addr.lo | host };
		return !(host & (host + 1));
	}
	to->host = true;
	to->has_port = range.flags & NF_NAT_RANGE_PROTO_SPECIFIED;
	to->port = (struct span){ ntohs(range.min_proto.all), ntohs(range.max_proto.all) };
	return !strcmp(rule->target.name, "REDIRECT");
}

void docker_ports_by_hand_rule(const struct world *world, const struct rule *rule,
			       const struct decider *at, struct led_chains *chains, size_t chain,
			       struct docker_ports *ports)
{
	const struct docker_port like = { .family = rule->family, .dnat = *at };
	struct led_places places;
	struct led_to to;

	if (rule->opaque || !read_end(rule, &to))
		return;
	led_places_find(chains, chain, rule, NULL, &places);
	docker_ports_led_from(world, &like, &places, &to, ports);
	led_places_clear(&places);
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
	struct led_chains chains;

	led_chains_table(nat, world->others, world->sets, &chains);
	for (size_t c = 0; c < nat->nchains; c++) {
		const struct chain *chain = nat->chains[c];

		for (size_t i = 0; i < chain->nrules; i++) {
			struct decider at = { .table = nat->name, .chain = chain->name,
					      .number = i + 1, .rule = chain->rules[i] };

			if (!is_dockers(chain, chain->rules[i]))
				docker_ports_by_hand_rule(world, chain->rules[i], &at, &chains, c,
							  ports);
		}
	}
	led_chains_clear(&chains);
}
