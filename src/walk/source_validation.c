/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source_validation.h"

#include <stdlib.h>
#include <string.h>

/* Policy routing may need an answer for each destination: only the latest are kept. */
#define KEPT 256

static void valid_sources_clear(struct valid_sources *sources)
{
	addrset_clear(&sources->possible);
	addrset_clear(&sources->valid);
	addrset_clear(&sources->doubtful);
}

static bool same_query(const struct route_query *a, const struct route_query *b)
{
	return a->family == b->family && a->in == b->in && a->src == b->src && a->any == b->any &&
	       a->any_mark == b->any_mark && a->mark == b->mark;
}

static struct route_query what_matters(const struct netinfo *info, const struct route_query *back)
{
	struct route_query query = { .family = back->family };
	bool src = false, in = false, mark = false;

	for (size_t i = 0; i < info->nrules; i++) {
		const struct netrule *rule = &info->rules[i];

		src |= rule->src_length;
		in |= *rule->in || rule->vrf;
		mark |= rule->mask;
	}
	if (src)
		query.src = back->src;
	if (in)
		query.in = back->in;
	if (src || in)
		query.any = back->any;
	if (mark) {
		query.any_mark = back->any_mark;
		query.mark = back->mark;
	}
	return query;
}

const struct valid_sources *source_validation_find(struct source_validation *validation,
						   const struct netinfo *info,
						   const struct netif *in,
						   const struct route_query *back)
{
	struct route_query query = what_matters(info, back);
	struct valid_sources *sources;

	for (size_t i = 0; i < validation->n; i++)
		if (validation->v[i].in == in && same_query(&validation->v[i].back, &query))
			return &validation->v[i];
	if (!validation->v)
		validation->v = xcalloc(KEPT, sizeof(*validation->v));
	sources = &validation->v[validation->next];
	if (validation->n < KEPT)
		validation->n++;
	else
		valid_sources_clear(sources);
	validation->next = (validation->next + 1) % KEPT;
	*sources = (struct valid_sources){ .in = in, .back = query };
	route_sources(info, query.family, in, &sources->possible);
	route_way_back(info, in, &query, &sources->valid, &sources->doubtful);
	addrset_intersect(&sources->valid, &sources->possible);
	addrset_intersect(&sources->doubtful, &sources->possible);
	return sources;
}

const struct valid_sources *source_validation_guess(struct source_validation *validation,
						    const struct netinfo *info,
						    const struct netif *in, enum family family)
{
	struct route_query back = { .family = family, .any = true, .any_mark = in->source_mark };

	return source_validation_find(validation, info, in, &back);
}

void source_validation_clear(struct source_validation *validation)
{
	for (size_t i = 0; i < validation->n; i++)
		valid_sources_clear(&validation->v[i]);
	free(validation->v);
	*validation = (struct source_validation){ 0 };
}
