/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_ports_hand.h"

#include <linux/netfilter/xt_multiport.h>
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

static void add_protocols(const struct docker_port *port, uint8_t proto, struct docker_ports *ports)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		size_t order = ports->n;
		struct docker_port *added;

		if (proto && i)
			return;
		added = docker_ports_add(ports);
		*added = *port;
		added->proto = proto ? proto : protocols[i];
		added->order = order;
	}
}

static void collect_rule(const struct rule *rule, const struct decider *at,
			 const struct netinfo *info, struct docker_ports *ports)
{
	struct docker_port port = { .family = rule->family, .container_family = rule->family,
				    .has_dnat = true, .dnat = *at };
	struct hand_ports list;
	struct xt_dnat dnat;

	if (rule->opaque || !xt_target_dnat(rule, &dnat) || !dnat.has_addr ||
	    rule->invert & INV_PROTO || (rule->proto && !proto_has_ports((uint8_t)rule->proto)))
		return;
	port.any_host = !docker_port_host(rule, &port.host);
	if (port.any_host)
		port.host = 0;
	port.container = dnat.addr.lo;
	docker_port_find_bridge(info, rule, &port);
	if (!strings_has(&ports->bridges, port.bridge))
		return;
	read_ports(rule, &list);
	for (size_t i = 0; i < list.n; i++) {
		port.port = list.v[i];
		port.container_port = dnat.has_port ? dnat.port : port.port;
		add_protocols(&port, (uint8_t)rule->proto, ports);
	}
}

/* Whether Docker itself may have written the rule. */
static bool is_dockers(const struct chain *chain, const struct rule *rule)
{
	struct translation translation;

	return docker_owns_chain(chain->name) && translation_read(rule, &translation) &&
	       translation.proto && !span_equal(translation.port, SPAN_ALL);
}

void docker_ports_by_hand(const struct table *nat, const struct netinfo *info,
			  struct docker_ports *ports)
{
	for (size_t c = 0; c < nat->nchains; c++) {
		const struct chain *chain = nat->chains[c];

		for (size_t i = 0; i < chain->nrules; i++) {
			struct decider at = { .table = nat->name, .chain = chain->name,
					      .number = i + 1, .rule = chain->rules[i] };

			if (!is_dockers(chain, chain->rules[i]))
				collect_rule(chain->rules[i], &at, info, ports);
		}
	}
}
