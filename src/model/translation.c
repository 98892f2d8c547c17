/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translation.h"

#include <stdlib.h>

#include "docker_chains.h"
#include "sorted.h"
#include "util.h"
#include "xt_match.h"
#include "xt_target.h"

static void read_hosts(const struct rule *rule, struct translation *translation)
{
	addr_t mask = addr_load(rule->family, rule->dst.mask);

	translation->hosts = TRANSLATES_SOME_HOSTS;
	if (!(rule->invert & INV_DST) && mask == addr_max(rule->family)) {
		translation->hosts = TRANSLATES_ONE_HOST;
		translation->host = addr_load(rule->family, rule->dst.addr);
	} else if (!(rule->invert & INV_DST) && !mask) {
		translation->hosts = TRANSLATES_ANY_HOST;
	}
}

bool translation_read(const struct rule *rule, struct translation *translation)
{
	struct xt_dnat dnat;
	struct span port;

	if (!xt_target_dnat(rule, &dnat) || rule->invert & INV_PROTO ||
	    !xt_match_rule_dports(rule, &port))
		return false;
	*translation = (struct translation){
		.family = rule->family, .proto = (uint8_t)rule->proto, .port = port,
		.has_container = dnat.has_addr, .container = dnat.addr.lo,
		.container_port = dnat.has_port ? dnat.port : port,
		.rule = rule,
	};
	read_hosts(rule, translation);
	return true;
}

static void collect_chain(const struct table *table, const struct chain *chain,
			  struct translations *translations)
{
	for (size_t i = 0; i < chain->nrules; i++) {
		struct translation translation;

		if (!translation_read(chain->rules[i], &translation))
			continue;
		translation.dormant = table->dormant;
		translation.table = table;
		translation.chain = chain;
		translation.number = i + 1;
		GROW(translations->v, translations->n, translations->room);
		translations->v[translations->n++] = translation;
	}
}

static int translation_by_port(const struct translation *translation, enum family family,
			       uint8_t proto, uint16_t port)
{
	if (translation->family != family)
		return translation->family < family ? -1 : 1;
	if (translation->proto != proto)
		return translation->proto < proto ? -1 : 1;
	return translation->port.lo < port ? -1 : translation->port.lo > port;
}

static int by_port_and_place(const void *left, const void *right)
{
	const struct translation *a = *(const struct translation *const *)left;
	const struct translation *b = *(const struct translation *const *)right;
	int order = translation_by_port(a, b->family, b->proto, b->port.lo);

	return order ? order : a < b ? -1 : a > b;
}

static void make_index(struct translations *translations)
{
	translations->single = xcalloc(translations->n, sizeof(*translations->single));
	translations->wide = xcalloc(translations->n, sizeof(*translations->wide));
	for (size_t i = 0; i < translations->n; i++) {
		const struct translation *translation = &translations->v[i];

		if (translation->proto && translation->port.lo == translation->port.hi)
			translations->single[translations->nsingle++] = translation;
		else
			translations->wide[translations->nwide++] = translation;
	}
	if (translations->nsingle)
		qsort(translations->single, translations->nsingle, sizeof(*translations->single),
		      by_port_and_place);
}

void translations_collect(const struct snapshot *snapshot, unsigned int families,
			  struct translations *translations)
{
	*translations = (struct translations){ 0 };
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		const struct table *nat = snapshot_table(snapshot, family, "nat");

		for (size_t c = 0; families & 1U << family && nat && c < nat->nchains; c++)
			if (docker_owns_chain(nat->chains[c]->name))
				collect_chain(nat, nat->chains[c], translations);
	}
	make_index(translations);
}

void translations_clear(struct translations *translations)
{
	free(translations->v);
	free(translations->single);
	free(translations->wide);
	*translations = (struct translations){ 0 };
}

bool translation_covers(const struct translation *translation, const struct proxy *proxy)
{
	if (translation->dormant || translation->family != proxy->family ||
	    (translation->proto && translation->proto != proxy->proto) ||
	    proxy->port < translation->port.lo || proxy->port > translation->port.hi)
		return false;
	return translation->hosts == TRANSLATES_ANY_HOST ||
	       (translation->hosts == TRANSLATES_ONE_HOST && !proxy->any &&
		translation->host == proxy->host);
}

static int before_proxy(const void *element, const void *key)
{
	const struct translation *const *translation = element;
	const struct proxy *proxy = key;

	return translation_by_port(*translation, proxy->family, proxy->proto, proxy->port);
}

const struct translation *translations_covering(const struct translations *translations,
						const struct proxy *proxy)
{
	const struct translation *const *single = translations->single;
	size_t n = translations->nsingle;
	size_t i = sorted_first(proxy, single, n, sizeof(*single), before_proxy);

	for (; i < n && !before_proxy(&single[i], proxy); i++)
		if (translation_covers(single[i], proxy))
			return single[i];
	for (i = 0; i < translations->nwide; i++)
		if (translation_covers(translations->wide[i], proxy))
			return translations->wide[i];
	return NULL;
}
