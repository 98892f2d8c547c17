/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_proxy.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "exposure_compute.h"
#include "proto.h"
#include "text.h"
#include "util.h"
#include "wanted_fate.h"

/* At most this many ports are named; the others are counted. */
#define PORTS_NAMED 8

/* Why docker-proxy gets the packets. */
enum why {
	WHY_SWITCHED_OFF, /* dockerd translates nothing in that family */
	WHY_OTHER_FAMILY, /* the container has no address of the family */
	WHY_NO_RULE,      /* no rule translates, for whatever reason */
	WHY_PAST_RULE,    /* a rule does, but not for all packets */
	WHY_COUNT,
};

/* A port that docker-proxy answers, and how bad that is. */
struct bypass {
	enum family family;
	size_t proto; /* an index of protos */
	struct span port;
	enum severity severity; /* critical, warning, or ok: INPUT keeps it closed */
	bool may;               /* perhaps only */
	bool refused;           /* for sources that the configuration refuses */
	bool invalid;           /* for some only by a packet that is INVALID */
	bool inner;             /* for containers on bridges of Docker's */
	enum why why;
};

struct proxy_check {
	const struct policy *policy;
	const struct proxy_facts *facts;
	const struct exposure_list *list;
	struct bypass *v; /* owned */
	size_t n, room;
};

/* In the order of a message. */
static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

const char *const *proxy_tables(void)
{
	return walk_tables;
}

/* ---- a listener ---- */

static enum why why_answers(const struct dockerd *dockerd, const struct exposure *exposure)
{
	if (dockerd->iptables == FLAG_OFF ||
	    (exposure->family == FAMILY_IPV6 && dockerd->ip6tables == FLAG_OFF &&
	     exposure->container_family == FAMILY_IPV6))
		return WHY_SWITCHED_OFF;
	if (exposure->container_family != exposure->family)
		return WHY_OTHER_FAMILY;
	return exposure->has_dnat ? WHY_PAST_RULE : WHY_NO_RULE;
}

static bool meets(const struct addrset *a, const struct addrset *b)
{
	struct addrset both = { 0 };
	bool meet;

	addrset_copy(&both, a);
	addrset_intersect(&both, b);
	meet = both.n > 0;
	addrset_clear(&both);
	return meet;
}

/* Whether the world is among the sources that no rule about the port lets in. */
static bool is_world(const struct addrset *sources, const struct wanted_fate *fate,
		     enum family family)
{
	struct addrset rest = { 0 };
	bool world;

	addrset_copy(&rest, sources);
	addrset_subtract(&rest, &fate->let_port);
	world = addrset_is_world(&rest, family);
	addrset_clear(&rest);
	return world;
}

static bool is_worse(const struct bypass *a, const struct bypass *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity;
	if (a->may != b->may)
		return b->may;
	if (a->refused != b->refused)
		return a->refused;
	return !a->inner && b->inner;
}

static void worsen(struct bypass *bypass, const struct exposed_way *way, enum severity severity,
		   bool may, bool refused)
{
	struct bypass other = *bypass;

	other.severity = severity;
	other.may = may;
	other.refused = refused;
	other.invalid = way->by_invalid;
	other.inner = way->inner;
	if (is_worse(&other, bypass))
		*bypass = other;
}

/* Whether packets to the port come from anywhere else than Docker's bridges. */
static bool has_outer(const struct exposure *exposure)
{
	for (size_t i = 0; i < exposure->nways; i++)
		if (!exposure->ways[i].inner)
			return true;
	return false;
}

/*
 * Compares who gets in from that interface with who the configuration refuses. sure and
 * either: the sources that get in, without and with those of which that is not known.
 */
static void judge(const struct proxy_check *check, const struct exposure *exposure,
		  const struct exposed_way *way, const struct netif *from,
		  const struct addrset *sure, const struct addrset *either,
		  struct bypass *bypass)
{
	struct wanted_fate fate;
	struct packet packet;

	wanted_packet(check->facts->info, exposure, from, &packet);
	wanted_fate(check->policy, &packet, check->facts->info, either, either, &fate);
	if (meets(&fate.refused_port, sure))
		worsen(bypass, way, SEVERITY_CRITICAL, false, true);
	else if (meets(&fate.refused, sure))
		worsen(bypass, way, SEVERITY_WARNING, false, true);
	else if (fate.refused.n)
		worsen(bypass, way, SEVERITY_WARNING, true, true);
	/* That it is open to containers, where nothing refuses them, is nothing to report. */
	if (way->outside && !(way->inner && has_outer(exposure)) && !exposure->nearby &&
	    is_world(either, &fate, exposure->family)) {
		bool may = !is_world(sure, &fate, exposure->family);

		/* Where Docker's rule lets the world in as well, only what is certain counts. */
		if (!may || bypass->why != WHY_PAST_RULE)
			worsen(bypass, way, SEVERITY_WARNING, may, false);
	}
	wanted_fate_clear(&fate);
}

static void judge_way(const struct proxy_check *check, const struct exposure *exposure,
		      const struct exposed_way *way, struct bypass *bypass)
{
	struct addrset sure = { 0 }, either = { 0 };

	addrset_copy(&sure, way->proxied);
	/* Addresses that nobody outside has; a neighbour can have a link-local one. */
	if (!exposure->nearby)
		addrset_subtract(&sure, &check->list->nobody[exposure->family]);
	addrset_copy(&either, &sure);
	addrset_unite(&either, way->perhaps_proxied);
	if (!exposure->nearby)
		addrset_subtract(&either, &check->list->nobody[exposure->family]);
	for (size_t i = 0; either.n && i < way->nifs; i++)
		judge(check, exposure, way, way->ifs[i], &sure, &either, bypass);
	addrset_clear(&sure);
	addrset_clear(&either);
}

/* Whether only INPUT keeps the listener closed: no rule translates, and none is configured. */
static bool is_fact(const struct policy *policy, const struct exposure *exposure)
{
	return !exposure->has_dnat && policy->unlisted == UNLISTED_ALLOW &&
	       !policy_section_of(policy, exposure->proto, exposure->port.lo);
}

static void look_at(struct proxy_check *check, const struct exposure *exposure, bool verbose)
{
	const struct proxy_facts *facts = check->facts;
	struct bypass bypass = { .family = exposure->family, .port = exposure->port,
				 .why = why_answers(facts->dockerd, exposure) };

	while (bypass.proto < ARRAY_SIZE(protos) && protos[bypass.proto] != exposure->proto)
		bypass.proto++;
	for (size_t i = 0; i < exposure->nways; i++)
		judge_way(check, exposure, &exposure->ways[i], &bypass);
	if (bypass.severity == SEVERITY_OK && !(verbose && is_fact(check->policy, exposure)))
		return;
	GROW(check->v, check->n, check->room);
	check->v[check->n++] = bypass;
}

/* ---- the findings ---- */

static int by_port(const void *left, const void *right)
{
	const struct bypass *a = left, *b = right;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	if (a->port.lo != b->port.lo)
		return a->port.lo < b->port.lo ? -1 : 1;
	return is_worse(b, a) - is_worse(a, b);
}

/* Sorts them, and keeps the worst of each port, which may be open on several addresses. */
static void merge(struct proxy_check *check)
{
	size_t kept = 0;

	if (check->n)
		qsort(check->v, check->n, sizeof(*check->v), by_port);
	for (size_t i = 0; i < check->n; i++) {
		const struct bypass *last = kept ? &check->v[kept - 1] : NULL;

		if (!last || last->family != check->v[i].family || last->proto != check->v[i].proto ||
		    last->port.lo != check->v[i].port.lo)
			check->v[kept++] = check->v[i];
	}
	check->n = kept;
}

static bool same_kind(const struct bypass *a, const struct bypass *b)
{
	return a->family == b->family && a->severity == b->severity && a->may == b->may &&
	       a->refused == b->refused && a->invalid == b->invalid && a->inner == b->inner &&
	       a->why == b->why;
}

/* The ports of that kind, as "80/tcp, 443/tcp and 3 more". */
static char *list_ports(const struct proxy_check *check, const struct bypass *kind)
{
	struct text text;
	size_t n = 0;

	text_open(&text);
	for (size_t i = 0; i < check->n; i++)
		if (same_kind(&check->v[i], kind) && ++n <= PORTS_NAMED)
			fprintf(text.out, "%s%u/%s", n > 1 ? ", " : "", check->v[i].port.lo,
				proto_name(protos[check->v[i].proto]));
	if (n > PORTS_NAMED)
		fprintf(text.out, " and %zu more", n - PORTS_NAMED);
	return text_take(&text);
}

static const char *consequence(const struct bypass *kind)
{
	if (kind->severity == SEVERITY_OK)
		return "INPUT keeps the world out";
	if (kind->refused)
		return kind->may ? "INPUT may let in what the configuration refuses"
				 : "INPUT lets in what the configuration refuses";
	return kind->may ? "INPUT may let the world in" : "INPUT lets the world in";
}

static const struct remedy *remedy_for(const struct bypass *kind)
{
	static const struct remedy invalid = {
		"write a publish section for the port, or drop in INPUT what is INVALID: "
		"ip6tables -I INPUT -m conntrack --ctstate INVALID -j DROP", RUN_NONE, NULL };
	static const struct remedy inner = {
		"let the guard hold it (guard = \"auto\", nf_tables), or filter INPUT for "
		"Docker's bridges as well", RUN_NONE, NULL };
	static const struct remedy remedies[WHY_COUNT] = {
		[WHY_SWITCHED_OFF] = {
			"run dockerd without iptables=false (IPv6: ip6tables=false), or filter INPUT",
			RUN_NONE, NULL },
		[WHY_OTHER_FAMILY] = {
			"write a publish section for the port, publish on an IPv4 address "
			"(-p 0.0.0.0:80:80), or filter INPUT", RUN_NONE, NULL },
		[WHY_NO_RULE] = {
			"write a publish section for the port, or filter INPUT; if Docker's rules for it "
			"are lost, run: systemctl restart docker", RUN_NONE, NULL },
		[WHY_PAST_RULE] = {
			"filter INPUT, or correct what keeps the packets from Docker's rule: "
			"dockfw-check --trace shows their way", RUN_NONE, NULL },
	};

	if (kind->inner && kind->refused)
		return &inner;
	return kind->invalid ? &invalid : &remedies[kind->why];
}

static void report(const struct proxy_check *check, const struct bypass *kind,
		   struct findings *findings)
{
	char *ports = list_ports(check, kind);
	struct finding *finding = findings_add(
		findings, PROXY_BYPASS, kind->severity, kind->family,
		xasprintf("%sdocker-proxy itself %s%s for %s, so INPUT decides and %s is never evaluated; %s%s%s",
			  kind->why == WHY_SWITCHED_OFF ? "dockerd does not use iptables: " : "",
			  kind->may && kind->why == WHY_PAST_RULE ? "may answer" : "answers",
			  kind->why == WHY_PAST_RULE ? " some packets" : "", ports, DOCKER_USER,
			  consequence(kind), kind->inner ? ", from containers of this host" : "",
			  kind->invalid ? ", some only by a UDP packet with the length 0, which is INVALID "
					  "to connection tracking" : ""));

	finding->remedy = remedy_for(kind);
	free(ports);
}

/* DOCKER-USER cannot hold where docker-proxy lets in what is refused for a port. */
static void raise_guard(const struct proxy_check *check, struct findings *findings)
{
	for (size_t i = 0; i < check->n; i++) {
		for (size_t f = 0; f < findings->n; f++) {
			struct finding *finding = &findings->v[f];

			if (check->v[i].severity == SEVERITY_CRITICAL &&
			    finding->family == check->v[i].family &&
			    (finding->id == GUARD_MISSING || finding->id == GUARD_DIFFERS) &&
			    finding->severity == SEVERITY_WARNING)
				finding->severity = SEVERITY_CRITICAL;
		}
	}
}

/* One finding for each kind, the worst first. */
static void report_all(struct proxy_check *check, struct findings *findings)
{
	static const struct {
		enum severity severity;
		bool may;
	} order[] = {
		{ SEVERITY_CRITICAL, false },
		{ SEVERITY_WARNING, false },
		{ SEVERITY_WARNING, true },
		{ SEVERITY_OK, false },
	};

	merge(check);
	raise_guard(check, findings);
	for (size_t o = 0; o < ARRAY_SIZE(order); o++) {
		for (size_t i = 0; i < check->n; i++) {
			const struct bypass *bypass = &check->v[i];
			size_t k = 0;

			if (bypass->severity != order[o].severity || bypass->may != order[o].may)
				continue;
			while (k < i && !same_kind(&check->v[k], bypass))
				k++;
			if (k == i)
				report(check, bypass, findings);
		}
	}
	free(check->v);
}

/* Whether no guard is to hold there: else it refuses what the configuration does. */
static bool lacks_guard(const struct policy *policy, const struct proxy_facts *facts)
{
	return policy->guard == GUARD_OFF || (facts->guard && facts->guard->absent);
}

int check_proxies(const struct policy *policy, const struct proxy_facts *facts, bool verbose,
		  struct findings *findings)
{
	const struct world world = { .snapshot = facts->snapshot, .others = facts->others,
				     .info = facts->info, .sets = facts->sets, .proxies = facts->proxies,
				     .guard = facts->guard };
	struct exposure_list list;
	struct proxy_check check = { .policy = policy, .facts = facts, .list = &list };
	int status = exposure_compute_proxied(policy, &world, policy->families,
						  lacks_guard(policy, facts), &list);

	for (size_t i = 0; !status && i < list.n; i++)
		look_at(&check, &list.v[i], verbose);
	report_all(&check, findings);
	exposure_clear(&list);
	return status;
}
