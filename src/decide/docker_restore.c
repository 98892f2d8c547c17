/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_restore.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "docker_forms.h"
#include "docker_layout.h"
#include "sorted.h"
#include "translation.h"
#include "util.h"
#include "xt_match.h"
#include "xt_target.h"

const char *const docker_tables[] = { "filter", "nat", "raw", NULL };

/* ---- what is Docker's ---- */

static bool is_dockers(const struct table *table, const struct chain *chain, const struct rule *rule,
		       const struct strings *bridges)
{
	if (rule->opaque || rule_is_marked(rule))
		return false;
	if (docker_owns_chain(chain->name))
		return true;
	return chain->builtin && docker_forms_builtin(table, chain, rule, bridges);
}

static void keep_chain(const struct table *table, const struct chain *chain,
		       const struct strings *bridges, struct table *to)
{
	struct chain *copy = NULL;

	if (docker_owns_chain(chain->name))
		copy = table_add_chain(to, chain->name);
	for (size_t i = 0; i < chain->nrules; i++) {
		if (!is_dockers(table, chain, chain->rules[i], bridges))
			continue;
		if (!copy)
			copy = table_add_chain(to, chain->name);
		chain_add_rule(copy, rule_copy(chain->rules[i]));
	}
	if (copy) {
		copy->builtin = chain->builtin;
		copy->policy = chain->policy;
		copy->handle = chain->handle;
		copy->loaded = true;
	}
}

static void find_bridges(const struct snapshot *snapshot, enum family family, struct strings *bridges)
{
	for (const char *const *name = docker_tables; *name; name++) {
		const struct table *table = snapshot_table(snapshot, family, *name);

		if (table)
			docker_forms_bridges(table, bridges);
	}
}

struct snapshot *docker_kept(const struct snapshot *snapshot, enum family family)
{
	struct snapshot *kept = snapshot_new(snapshot->backend);
	struct strings bridges = { 0 };

	find_bridges(snapshot, family, &bridges);
	for (const char *const *name = docker_tables; *name; name++) {
		const struct table *table = snapshot_table(snapshot, family, *name);
		struct table *to;

		if (!table)
			continue;
		to = snapshot_add_table(kept, family, *name);
		for (size_t c = 0; c < table->nchains; c++)
			keep_chain(table, table->chains[c], &bridges, to);
		table_sort(to);
	}
	strings_clear(&bridges);
	return kept;
}

/* ---- whether it is whole ---- */

/* A proxy of its own family is started together with a translation. */
static bool all_translated(const struct snapshot *snapshot, enum family family,
			   const struct proxies *proxies)
{
	struct translations translations;
	bool all = true;

	translations_collect(snapshot, 1U << family, &translations);
	for (size_t i = 0; i < proxies->n && all; i++) {
		const struct proxy *proxy = &proxies->v[i];

		all = proxy->family != family || proxy->container_family != family ||
		      translations_covering(&translations, proxy);
	}
	translations_clear(&translations);
	return all;
}

enum docker_whole docker_is_whole(const struct snapshot *snapshot, enum family family,
				  const struct proxies *proxies)
{
	const struct table *filter = snapshot_table(snapshot, family, "filter");
	const struct table *nat = snapshot_table(snapshot, family, "nat");

	if (!docker_owns_any(filter) && !docker_owns_any(nat))
		return DOCKER_NOWHERE;
	if (docker_what_is_gone(filter, nat))
		return DOCKER_BROKEN;
	return all_translated(snapshot, family, proxies) ? DOCKER_WHOLE : DOCKER_UNFINISHED;
}

/* ---- what is gone, and what it was for ---- */

/* What a rule of the copy is for, now. */
enum purpose {
	PURPOSE_GONE,    /* does not exist any more: dockerd removed the rule itself */
	PURPOSE_UNKNOWN, /* exists, as far as can be seen, or the rule may be somebody else's */
	PURPOSE_LIVES,   /* exists, and dockerd removes such a rule only together with it */
};

/* An interface that a rule is about; "!" excludes one, which need not exist. */
static bool exists(const struct netinfo *info, const struct interface *iface)
{
	size_t length = strlen(iface->name);

	return !length || iface->name[length - 1] == '+' || netinfo_if(info, iface->name);
}

/* A container's address is one of a network that leads out of an interface. */
static bool is_reached(const struct netinfo *info, enum family family, addr_t addr)
{
	const struct netroute *route = netinfo_lookup(info, family, RT_TABLE_MAIN, addr, 0);

	return route && route->length && route->out;
}

static bool has_one_address(const struct address *address, enum family family)
{
	for (size_t i = 0; i < family_addr_size(family); i++)
		if (address->mask[i] != 0xff)
			return false;
	return true;
}

/* A container that a rule is about. */
struct container {
	addr_t addr;
	struct span port; /* of the container; SPAN_ALL: every one, or several */
	bool translated;  /* the rule translates to it, from: */
	struct translation from;
};

/* Returns false if it is about none. */
static bool rule_container(const struct rule *rule, const struct netinfo *info,
			   struct container *container)
{
	struct xt_dnat dnat;

	*container = (struct container){ .port = SPAN_ALL };
	if (xt_target_dnat(rule, &dnat) && dnat.has_addr && dnat.addr.lo == dnat.addr.hi) {
		container->addr = dnat.addr.lo;
		container->translated = translation_read(rule, &container->from);
		if (container->translated)
			container->port = container->from.container_port;
		return true;
	}
	container->addr = addr_load(rule->family, rule->dst.addr);
	if (!xt_match_rule_dports(rule, &container->port))
		container->port = SPAN_ALL;
	return !(rule->invert & INV_DST) && has_one_address(&rule->dst, rule->family) &&
	       netinfo_addr_type(info, rule->family, container->addr, 0) != RTN_LOCAL;
}

static bool leads_to(const struct proxy *proxy, const struct rule *rule, const struct container *container)
{
	return proxy->container_family == rule->family && proxy->container == container->addr &&
	       (!rule->proto || proxy->proto == rule->proto) &&
	       proxy->container_port >= container->port.lo && proxy->container_port <= container->port.hi;
}

/* Whether a proxy leads to the container, from the same port on the host. */
static bool is_proxied(const struct proxies *proxies, const struct rule *rule,
		       const struct container *container)
{
	for (size_t i = 0; i < proxies->n; i++)
		if (leads_to(&proxies->v[i], rule, container) &&
		    (!container->translated || translation_covers(&container->from, &proxies->v[i])))
			return true;
	return false;
}

/* Two containers may have swapped their addresses: the port on the host is another one's now. */
static bool is_anothers(const struct proxies *proxies, const struct rule *rule,
			const struct container *container)
{
	for (size_t i = 0; container->translated && i < proxies->n; i++)
		if (translation_covers(&container->from, &proxies->v[i]) &&
		    !leads_to(&proxies->v[i], rule, container))
			return true;
	return false;
}

/* A published container has a docker-proxy as long as it runs, unless dockerd starts none. */
static enum purpose purpose_of(const struct rule *rule, const char *chain, const struct table *live,
			       const struct docker_facts *facts, bool certain)
{
	struct container container;

	if (rule_jumps(rule) && !docker_owns_chain(rule->chain) && !table_chain(live, rule->chain))
		return PURPOSE_GONE;
	if (!exists(facts->info, &rule->in) || !exists(facts->info, &rule->out))
		return PURPOSE_GONE;
	if (rule_container(rule, facts->info, &container)) {
		if (!is_reached(facts->info, rule->family, container.addr))
			return PURPOSE_GONE;
		if (is_proxied(facts->proxies, rule, &container))
			return certain ? PURPOSE_LIVES : PURPOSE_UNKNOWN;
		return is_proxied(facts->before, rule, &container) ||
		       is_anothers(facts->proxies, rule, &container) ? PURPOSE_GONE : PURPOSE_UNKNOWN;
	}
	/* Services of a swarm come and go without a process or a bridge of their own. */
	if (!strcmp(chain, "DOCKER-INGRESS") || rule_leads_to(rule, "DOCKER-INGRESS"))
		return PURPOSE_UNKNOWN;
	return certain ? PURPOSE_LIVES : PURPOSE_UNKNOWN;
}

/* ---- one chain ---- */

/* A rule of the live chain, found by its hash. */
struct place {
	uint32_t hash;
	size_t index;
};

static int by_hash(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

struct merge {
	const struct chain *kept, *live; /* live may be NULL */
	struct place *places;   /* owned; the live rules, sorted */
	size_t n;
	size_t first;           /* no rule goes before this place, from 0 */
	size_t inserted, cursor; /* edits so far; live rules that they are after */
};

/*
 * In FORWARD Docker's rules come after the jump to DOCKER-USER, in other builtin chains
 * before all others.
 */
static size_t first_place(const struct chain *chain)
{
	for (size_t i = 0; chain && i < chain->nrules; i++)
		if (rule_leads_to(chain->rules[i], DOCKER_USER))
			return i + 1;
	return 0;
}

static void merge_begin(struct merge *merge, const struct chain *kept, const struct chain *live)
{
	*merge = (struct merge){ .kept = kept, .live = live, .n = live ? live->nrules : 0 };
	merge->places = xcalloc(merge->n, sizeof(*merge->places));
	for (size_t i = 0; i < merge->n; i++)
		merge->places[i] = (struct place){ rule_hash(live->rules[i]), i };
	if (merge->n)
		qsort(merge->places, merge->n, sizeof(*merge->places), by_hash);
	merge->first = first_place(live);
}

/* The place of an equal live rule from that place on, else of any, or n. */
static size_t find_live(const struct merge *merge, const struct rule *rule, size_t from)
{
	const struct place key = { rule_hash(rule), 0 };
	size_t i = sorted_first(&key, merge->places, merge->n, sizeof(key), by_hash);
	size_t found = merge->n;

	for (; i < merge->n && merge->places[i].hash == key.hash; i++) {
		size_t index = merge->places[i].index;

		if (!rule_equal(merge->live->rules[index], rule))
			continue;
		found = index;
		if (index >= from)
			break;
	}
	return found;
}

/*
 * Where a missing rule goes: before the next rule of the copy that is there. If none is,
 * after the last one that is; if there is none either, to the end, where dockerd appends, but
 * in a builtin chain to the first place.
 */
static size_t place_for(const struct merge *merge, size_t missing)
{
	size_t at = merge->cursor ? merge->cursor : merge->kept->builtin ? 0 : merge->n;

	for (size_t i = missing + 1; i < merge->kept->nrules; i++) {
		size_t there = find_live(merge, merge->kept->rules[i], merge->cursor);

		if (there < merge->n && there >= merge->cursor) {
			at = there;
			break;
		}
	}
	return at < merge->first ? merge->first : at;
}

struct restoring {
	const struct table *kept, *live;
	const struct docker_facts *facts;
	struct strings bridges; /* of the copy, in the family of the table */
	struct edits *edits;
	struct docker_loss loss;
};

static void restore_chain(struct restoring *r, const struct chain *chain)
{
	struct merge merge;
	size_t place = SIZE_MAX;

	merge_begin(&merge, chain, table_chain(r->live, chain->name));
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];
		size_t there = find_live(&merge, rule, merge.cursor);
		enum purpose purpose;

		if (there < merge.n) {
			if (there >= merge.cursor)
				merge.cursor = there + 1, place = SIZE_MAX;
			continue;
		}
		purpose = purpose_of(rule, chain->name, r->live, r->facts,
				     docker_forms_certain(r->kept, chain, rule, &r->bridges));
		if (purpose == PURPOSE_GONE) {
			r->loss.left_out++;
			continue;
		}
		r->loss.certain += purpose == PURPOSE_LIVES;
		/* Rules that follow one another are for the same place. */
		if (place == SIZE_MAX)
			place = place_for(&merge, i);
		edits_rule(r->edits, EDIT_INSERT, r->kept->family, r->kept->name, chain->name,
			   place + 1 + merge.inserted++, rule);
	}
	free(merge.places);
}

/* dockerd sets it to DROP, as it does not by itself once the policy is lost. */
static void restore_policy(struct restoring *r)
{
	const struct chain *kept = table_chain(r->kept, "FORWARD");
	const struct chain *live = table_chain(r->live, "FORWARD");

	if (strcmp(r->kept->name, "filter") || !kept || kept->policy != VERDICT_DROP ||
	    (live && (!live->builtin || live->policy == VERDICT_DROP)))
		return;
	edits_policy(r->edits, r->kept->family, r->kept->name, kept->name, VERDICT_DROP);
}

/* Chains first: rules jump to them. */
static void restore_table(struct restoring *r)
{
	for (size_t c = 0; c < r->kept->nchains; c++) {
		const char *name = r->kept->chains[c]->name;

		if (table_chain(r->live, name))
			continue;
		edits_chain(r->edits, EDIT_CREATE, r->kept->family, r->kept->name, name);
		r->loss.certain += strcmp(name, "DOCKER-INGRESS") != 0;
	}
	for (size_t c = 0; c < r->kept->nchains; c++)
		restore_chain(r, r->kept->chains[c]);
	restore_policy(r);
}

struct docker_loss docker_restore_plan(const struct snapshot *kept, const struct snapshot *snapshot,
				       const struct docker_facts *facts, struct edits *edits)
{
	struct restoring restoring = { .facts = facts, .edits = edits };

	for (size_t t = 0; t < kept->ntables; t++) {
		restoring.kept = kept->tables[t];
		restoring.live = snapshot_table(snapshot, restoring.kept->family, restoring.kept->name);
		find_bridges(kept, restoring.kept->family, &restoring.bridges);
		restore_table(&restoring);
		strings_clear(&restoring.bridges);
	}
	return restoring.loss;
}
