/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "find_open.h"

#include <stdlib.h>
#include <string.h>

#include "chain_diff.h"
#include "deadline.h"
#include "docker_chains.h"
#include "exposure_compute.h"
#include "match.h"
#include "patience.h"
#include "wanted_fate.h"

/* What the ports of one search share. */
struct search {
	const struct policy *policy;
	const struct world *world;
	const struct findings *findings;
	const struct exposure_list *list;
	struct open_ports *open;
	/* Owned: of each wanted rule of DOCKER-USER, whether it is there; NULL: not compared yet. */
	bool *held[FAMILY_COUNT];
};

/* ---- which ports ---- */

/* Whether a rule may refuse packets to the port, as far as that is seen without a walk. */
static bool is_configured(const void *data, enum family family, uint8_t proto, struct span port)
{
	const struct policy *policy = data;
	const struct wanted_rules *rules = &policy_chain(policy, DOCKER_USER)->rules[family];

	for (size_t i = 0; i < rules->n; i++) {
		const struct wanted_rule *wanted = &rules->v[i];

		if ((rule_refuses(wanted->rule) || rule_jumps(wanted->rule) || wanted->by_host) &&
		    wanted_concerns(policy, wanted, proto, port))
			return true;
	}
	return false;
}

/* ---- why ---- */

static void compare_rules(struct search *search, enum family family)
{
	const struct policy *policy = search->policy;
	const struct wanted_rules *wanted = &policy_chain(policy, DOCKER_USER)->rules[family];
	const struct table *table = snapshot_table(search->world->snapshot, family, "filter");
	struct reach *reach = reach_new(table, policy);
	struct chain_diff diff;

	chain_diff_make(&diff, wanted, reach, table_chain(table, DOCKER_USER),
			chain_holding(policy, DOCKER_USER));
	search->held[family] = xcalloc(wanted->n, sizeof(bool));
	for (size_t w = 0; w < wanted->n; w++)
		search->held[family][w] = diff.live[w] != DIFF_MISSING;
	chain_diff_clear(&diff);
	reach_free(reach);
}

/* Counts the configured rules that the packet meets, from any of the sources. */
static void count_rules(struct search *search, const struct packet *packet,
			const struct addrset *sources, struct open_port *port)
{
	const struct wanted_rules *wanted =
		&policy_chain(search->policy, DOCKER_USER)->rules[packet->family];

	if (!search->held[packet->family])
		compare_rules(search, packet->family);
	for (size_t w = 0; w < wanted->n; w++) {
		struct ready_rule ready;
		struct matched matched;

		/* What is left to the host's own firewall, the guard refuses. */
		if (wanted->v[w].by_host ||
		    !wanted_concerns(search->policy, &wanted->v[w], packet->proto,
				     packet->orig_dport))
			continue;
		match_ready(&ready, wanted->v[w].rule, search->world->info, NULL, false);
		match_rule(&ready, packet, search->world->info, sources, &matched);
		match_ready_clear(&ready);
		addrset_clear(&matched.set);
		if (matched.answer == ANSWER_NO)
			continue;
		port->rules++;
		port->held += search->held[packet->family][w];
	}
}

/* What a finding says about packets that get past the rules which are there, or NULL. */
static const char *finding_text(const struct search *search, enum family family)
{
	static const enum finding_id ids[] = { USER_CHAIN_MISSING, USER_JUMP_MISSING, USER_JUMP_LATE,
					       ACCEPT_BEFORE_USER, USER_JUMP_CONDITIONAL,
					       RULE_BYPASSED, RULE_ORDER, GUARD_MISSING, GUARD_DIFFERS };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		for (size_t f = 0; f < search->findings->n; f++) {
			const struct finding *finding = &search->findings->v[f];

			if (finding->id == ids[i] && finding->family == family &&
			    finding->severity == SEVERITY_CRITICAL)
				return ids[i] == GUARD_DIFFERS ? "the guard lets them in" : finding->message;
		}
	return NULL;
}

static char *decider_place(const struct decider *by, const char *does)
{
	if (by->number)
		return xasprintf("rule %zu of %s %s", by->number, by->chain, does);
	if (by->chain)
		return xasprintf("the policy of %s %s", by->chain, does);
	return by->reason && *by->reason ? xstrdup(by->reason) : NULL;
}

/* Whether there is a DOCKER-USER, or should be; not beside Docker's own nf_tables tables. */
static bool wants_user(const struct search *search, enum family family)
{
	return table_chain(snapshot_table(search->world->snapshot, family, "filter"), DOCKER_USER) ||
	       findings_count(search->findings, USER_CHAIN_MISSING, family);
}

static void explain(struct search *search, const struct exposed_way *way,
		    const struct packet *packet, struct open_port *port)
{
	bool proxy = way->to_proxy && !way->to_container;
	const char *finding = finding_text(search, packet->family);

	if (!proxy && wants_user(search, packet->family) && !(port->maybe && way->has_doubt))
		count_rules(search, packet, way->possible, port);
	if (port->held < port->rules)
		return;
	if (port->maybe && way->has_doubt)
		port->why = decider_place(&way->doubt, "cannot be decided");
	else if (proxy && way->by_invalid)
		port->why = xstrdup("docker-proxy answers a UDP packet with the length 0, which is INVALID "
				    "to connection tracking");
	else if (proxy)
		port->why = xasprintf("docker-proxy answers, so %s is never evaluated", DOCKER_USER);
	else if (finding)
		port->why = xstrdup(finding);
	else if (way->has_open_by)
		port->why = decider_place(&way->open_by, "lets them in");
}

/* ---- who gets in ---- */

/*
 * The sources that get in although the configuration refuses them; if there are none for
 * certain, those that may. Returns whether there are any; the caller clears set.
 */
static bool find_sources(const struct search *search, const struct exposed_way *way,
			 const struct exposure *exposure, const struct packet *packet,
			 struct addrset *set, bool *maybe)
{
	struct addrset either = { 0 }, by_input = { 0 };
	struct wanted_fate fate;

	addrset_copy(&either, way->open);
	addrset_unite(&either, way->maybe);
	/* Addresses that nobody outside has; a neighbour can have a link-local one. */
	if (!exposure->nearby)
		addrset_subtract(&either, &search->list->nobody[exposure->family]);
	*set = (struct addrset){ 0 };
	*maybe = false;
	addrset_copy(&by_input, way->proxied);
	/* Those in doubt may come to the container instead, unless nobody does. */
	if (!way->to_container)
		addrset_unite(&by_input, way->perhaps_proxied);
	if (either.n) {
		wanted_fate(search->policy, packet, search->world->info, &either, &by_input, &fate);
		addrset_copy(set, &fate.refused);
		addrset_intersect(set, way->open);
		*maybe = !set->n;
		if (*maybe)
			addrset_unite(set, &fate.refused);
		wanted_fate_clear(&fate);
	}
	addrset_clear(&either);
	addrset_clear(&by_input);
	return set->n > 0;
}

static struct open_port make_port(const struct search *search, const struct exposure *exposure,
				  const struct addrset *set, bool maybe)
{
	struct open_port port = {
		.family = exposure->family, .proto = exposure->proto,
		.port = exposure->port,
		.anyone = addrset_is_world(set, exposure->family),
		.maybe = maybe, .nearby = exposure->nearby,
	};
	struct strings all = { 0 };

	for (size_t i = 0; !exposure->any_host && i < exposure->nhosts; i++)
		strings_take(&port.hosts, addrrange_text(exposure->family, exposure->hosts[i]));
	if (!port.anyone) {
		exposure_texts(search->list, set, exposure->family, &all);
		port.nsources = all.n;
		for (size_t i = 0; i < all.n && i < OPEN_SOURCES; i++)
			strings_add(&port.sources, all.v[i]);
		strings_clear(&all);
	}
	return port;
}

/* None means all. */
static void add_hosts(struct open_port *to, const struct open_port *from)
{
	if (!from->hosts.n)
		strings_clear(&to->hosts);
	for (size_t h = 0; to->hosts.n && h < from->hosts.n; h++)
		if (!strings_has(&to->hosts, from->hosts.v[h]))
			strings_add(&to->hosts, from->hosts.v[h]);
}

/* Takes it over: addresses that fare alike become one. */
static void keep_port(struct open_ports *open, struct open_port *port)
{
	for (size_t i = 0; i < open->n; i++) {
		struct open_port *other = &open->v[i];
		if (!open_port_same(other, port))
			continue;
		/* What only hosts nearby can reach says nothing new then. */
		if ((port->nearby && !other->nearby) ||
		    (other->maybe == port->maybe && other->nearby == port->nearby &&
		     other->anyone == port->anyone &&
		     strings_equal(&other->interfaces, &port->interfaces) &&
		     strings_equal(&other->sources, &port->sources))) {
			if (port->nearby == other->nearby)
				add_hosts(other, port);
			open_port_clear(port);
			return;
		}
	}
	GROW(open->v, open->n, open->room);
	open->v[open->n++] = *port;
}

/* One entry for neighbouring interfaces from which the same sources get in. */
static void look_at_way(struct search *search, const struct exposure *exposure,
			const struct exposed_way *way)
{
	struct addrset last = { 0 };
	struct open_port port;
	bool last_maybe = false, has = false;

	for (size_t i = 0; i < way->nifs && !deadline_check(); i++) {
		struct packet packet;
		struct addrset set;
		bool maybe;

		wanted_packet(search->world->info, exposure, way->ifs[i], &packet);
		if (!find_sources(search, way, exposure, &packet, &set, &maybe)) {
			addrset_clear(&set);
			continue;
		}
		if (!has || maybe != last_maybe || !addrset_equal(&set, &last)) {
			if (has)
				keep_port(search->open, &port);
			port = make_port(search, exposure, &set, maybe);
			explain(search, way, &packet, &port);
			has = true;
		}
		strings_add(&port.interfaces, way->ifs[i]->name);
		addrset_clear(&last);
		last = set;
		last_maybe = maybe;
	}
	if (has)
		keep_port(search->open, &port);
	addrset_clear(&last);
}

static void look_at_all(struct search *search, bool nearby)
{
	for (size_t i = 0; i < search->list->n; i++) {
		const struct exposure *exposure = &search->list->v[i];

		if (exposure->nearby != nearby)
			continue;
		for (size_t w = 0; w < exposure->nways; w++)
			look_at_way(search, exposure, &exposure->ways[w]);
	}
}

/* What is certain first, then what is open to anyone, then by family and port. */
static int by_weight(const void *left, const void *right)
{
	const struct open_port *a = left, *b = right;

	if (a->maybe != b->maybe)
		return a->maybe - b->maybe;
	if (a->anyone != b->anyone)
		return b->anyone - a->anyone;
	if (a->nearby != b->nearby)
		return a->nearby - b->nearby;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->port.lo != b->port.lo)
		return a->port.lo < b->port.lo ? -1 : 1;
	return (int)a->proto - (int)b->proto;
}

/* Families with a rule that nothing can hold: whom it would have refused is not known. */
static unsigned int refused_families(const struct policy *policy)
{
	unsigned int families = 0;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct wanted_rules *rules = &policy_chain(policy, DOCKER_USER)->rules[family];

		for (size_t i = 0; i < rules->n; i++)
			if (rules->v[i].refused)
				families |= 1U << family;
	}
	for (size_t i = 0; i < policy->refused.n; i++)
		families |= policy->refused.v[i].family < FAMILY_COUNT
				    ? 1U << policy->refused.v[i].family : ~0U;
	return families & policy->families;
}

void open_ports_find(const struct policy *policy, const struct world *world,
		     unsigned int families, const struct findings *findings,
		     struct open_ports *open)
{
	struct exposure_list list;
	struct exposure_part part = { .wanted = is_configured, .data = policy };
	struct search search = { .policy = policy, .world = world, .findings = findings,
				 .list = &list, .open = open };

	deadline_slice(OPEN_PORTS_MS);
	open->cut = exposure_compute_part(policy, world, families, &part, &list) != 0;
	deadline_slice_end();
	open->ports = part.ports;
	open->done = part.done;
	/* What has been followed is judged in any case. */
	deadline_slice(OPEN_PORTS_MS);
	look_at_all(&search, false);
	look_at_all(&search, true);
	open->cut |= deadline_slice_end();
	open->known = true;
	open->unknown |= refused_families(policy);
	if (open->n)
		qsort(open->v, open->n, sizeof(*open->v), by_weight);
	for (int family = 0; family < FAMILY_COUNT; family++)
		free(search.held[family]);
	exposure_clear(&list);
}
