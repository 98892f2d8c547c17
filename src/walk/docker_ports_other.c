/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_ports_other.h"

#include <linux/netfilter.h>
#include <string.h>

#include "docker_chains.h"
#include "docker_ports_hand.h"

/* At most this many intervals of the ports of one rule become ports of their own. */
#define INTERVALS_MAX 64

static struct decider other_decider(const struct other_filters *others,
				    const struct other_chain *chain, const struct other_rule *rule)
{
	return (struct decider){ .table = others->tables[chain->table].name, .chain = chain->name,
				 .number = rule->number, .rule = rule->xt,
				 .native = rule->xt ? NULL : rule };
}

/* Whether base chains of the table translate destinations of packets that come in. */
static bool table_translates(const struct other_filters *others, size_t table)
{
	for (size_t i = 0; i < others->n; i++)
		if (others->v[i].nat && others->v[i].place == OTHER_PREROUTING &&
		    others->chains[others->v[i].chain].table == table)
			return true;
	return false;
}

/* The only address that the rule is for. */
static bool other_host(const struct other_rule *rule, enum family family, addr_t *host)
{
	struct addrrange range;

	for (size_t i = 0; i < rule->ntests; i++)
		if (rule->tests[i].key.field == FIELD_DESTINATION &&
		    rule->tests[i].key.size != family_addr_size(family))
			return false;
	if (!other_rule_range(rule, FIELD_DESTINATION, &range) || range.lo != range.hi)
		return false;
	*host = range.lo;
	return true;
}

/* Whether the rule is about packets of the other family. */
static bool other_family(const struct other_rule *rule, enum family family)
{
	for (size_t i = 0; i < rule->ntests; i++)
		if (rule->tests[i].nkeys == 1 && rule->tests[i].key.field == FIELD_NFPROTO &&
		    !other_test_has(&rule->tests[i],
				    family == FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6))
			return true;
	return false;
}

/* The only test of the rule on the destination port, which must not be inverted. */
static const struct other_test *port_test(const struct other_rule *rule)
{
	const struct other_test *found = NULL;

	for (size_t i = 0; i < rule->ntests; i++) {
		if (!other_test_reads(&rule->tests[i], FIELD_DPORT))
			continue;
		if (found || rule->tests[i].nkeys > 1 || rule->tests[i].inverted)
			return NULL;
		found = &rule->tests[i];
	}
	return found;
}

/* What is to be known of a rule about one protocol and some ports. */
static bool other_proto(const struct other_rule *rule, enum family family, uint8_t *proto)
{
	*proto = other_rule_proto(rule);
	return !other_family(rule, family) && proto_has_ports(*proto);
}

/* Whether the rule may be about packets of that protocol. */
static bool other_may_be(const struct other_rule *rule, enum family family, uint8_t proto)
{
	for (size_t i = 0; i < rule->ntests; i++) {
		const struct other_test *test = &rule->tests[i];

		if (test->nkeys == 1 && (test->key.field == FIELD_PROTO ||
					 test->key.field == FIELD_NEXT_HEADER) &&
		    !other_test_has(test, proto))
			return false;
	}
	return !other_family(rule, family);
}

/* What the rule says of protocols without naming one. Returns false if it is about no port. */
static bool name_protocol(const struct other_rule *rule, enum family family,
			  struct led_places *places)
{
	bool tcp = other_may_be(rule, family, IPPROTO_TCP);
	bool udp = other_may_be(rule, family, IPPROTO_UDP);

	for (size_t k = 0; k < places->n && tcp != udp; k++)
		if (!places->v[k].proto)
			places->v[k].proto = tcp ? IPPROTO_TCP : IPPROTO_UDP;
	return tcp || udp || proto_has_ports(other_rule_proto(rule));
}

/* The rule is of the chain with that index of chains, and its place is at. */
static void collect_native(const struct world *world, const struct other_rule *rule,
			   const struct decider *at, bool docker, struct led_chains *chains,
			   size_t chain, struct docker_ports *ports)
{
	const struct other_nat *nat = &rule->nat;
	enum family family = chains->family;
	struct docker_port like = { .family = family, .dnat = *at };
	struct led_to to = { .docker = docker,
			     .host = !nat->has_addr, .prefix = nat->netmap, .addr = nat->addr,
			     .has_port = nat->has_port, .port = nat->port };
	struct led_places places;

	if (rule->verdict != OTHER_TRANSLATE || !nat->known || other_family(rule, family))
		return;
	led_places_find(chains, chain, NULL, rule, &places);
	if (name_protocol(rule, family, &places))
		docker_ports_led_from(world, &like, &places, &to, ports);
	led_places_clear(&places);
}

void docker_ports_from_others(const struct world *world, enum family family, bool docker,
			      struct docker_ports *ports)
{
	const struct other_filters *others = world->others;
	struct led_chains chains;

	if (!others)
		return;
	led_chains_others(others, family, world->sets, &chains);
	for (size_t c = 0; c < others->nchains; c++) {
		const struct other_chain *chain = &others->chains[c];
		const struct other_table *table = &others->tables[chain->table];

		if (table->docker != docker || !(table->families & 1U << family) ||
		    !table_translates(others, chain->table))
			continue;
		for (size_t i = 0; i < chain->n; i++) {
			struct decider at = other_decider(others, chain, &chain->v[i]);

			if (!chain->v[i].xt)
				collect_native(world, &chain->v[i], &at, docker, &chains, c, ports);
			else if (chain->v[i].xt->family == family)
				docker_ports_by_hand_rule(world, chain->v[i].xt, &at, &chains, c,
							  ports);
		}
	}
	led_chains_clear(&chains);
}

void docker_ports_followed(const struct world *world, const struct table *nat, bool docker,
			   struct docker_ports *ports)
{
	struct led_chains chains;

	led_chains_table(nat, world->others, world->sets, &chains);
	for (size_t c = 0; c < nat->nchains; c++) {
		const struct other_chain *read = other_filters_followed(
			world->others, nat->family, nat->name, nat->chains[c]->name);
		struct decider at = { .table = nat->name, .chain = nat->chains[c]->name };

		for (size_t i = 0; read && i < read->n; i++) {
			at.number = read->v[i].number;
			at.native = &read->v[i];
			if (docker_owns_chain(at.chain) == docker)
				collect_native(world, &read->v[i], &at, docker, &chains, c, ports);
		}
	}
	led_chains_clear(&chains);
}

void docker_ports_other_bridges(const struct other_filters *others, unsigned int families,
				struct docker_ports *ports)
{
	for (size_t c = 0; others && c < others->nchains; c++) {
		const struct other_chain *chain = &others->chains[c];
		const struct other_table *table = &others->tables[chain->table];
		const char *name = strstr(chain->name, "__");

		if (table->docker && table->families & families && name && name[2] &&
		    !strings_has(&ports->bridges, name + 2))
			strings_add(&ports->bridges, name + 2);
	}
}

void docker_ports_other_accepts(const struct world *world, enum family family,
				const struct other_chain *chain, struct docker_ports *ports)
{
	const struct other_table *table = &world->others->tables[chain->table];
	bool docker = table->docker || (table->followed && docker_owns_chain(chain->name));

	for (size_t i = 0; i < chain->n; i++) {
		const struct other_rule *rule = &chain->v[i];
		const struct other_test *test = port_test(rule);
		struct docker_port found = { .family = family, .direct = true, .extra = !docker,
					     .container_family = family };

		if (rule->verdict != OTHER_ACCEPT || !test ||
		    other_test_count(test) > INTERVALS_MAX ||
		    !other_host(rule, family, &found.container) ||
		    !other_proto(rule, family, &found.proto))
			continue;
		found.host = found.container;
		docker_port_find_bridge(world->info, NULL, &found);
		if (!docker && !strings_has(&ports->bridges, found.bridge))
			continue;
		for (size_t k = 0; k < other_test_count(test); k++) {
			struct addrrange range = other_test_range(test, k, 0);

			found.port = (struct span){ (uint16_t)range.lo, (uint16_t)range.hi };
			found.published = found.container_port = found.port;
			found.order = ports->n;
			*docker_ports_add(ports) = found;
		}
	}
}
