/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source_validation.h"

#include <stdlib.h>
#include <string.h>

/* Where policy routing asks for much, there is an answer for each target: the last ones stay. */
#define KEPT 256

static void clear(struct origin *origin)
{
	addrset_clear(&origin->possible);
	addrset_clear(&origin->valid);
	addrset_clear(&origin->doubtful);
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

const struct origin *origins_find(struct origins *origins, const struct netinfo *info,
				  const struct netif *in, const struct route_query *back)
{
	struct route_query query = what_matters(info, back);
	struct origin *origin;

	for (size_t i = 0; i < origins->n; i++)
		if (origins->v[i].in == in && same_query(&origins->v[i].back, &query))
			return &origins->v[i];
	if (!origins->v)
		origins->v = xcalloc(KEPT, sizeof(*origins->v));
	origin = &origins->v[origins->next];
	if (origins->n < KEPT)
		origins->n++;
	else
		clear(origin);
	origins->next = (origins->next + 1) % KEPT;
	*origin = (struct origin){ .in = in, .back = query };
	route_sources(info, query.family, in, &origin->possible);
	route_way_back(info, in, &query, &origin->valid, &origin->doubtful);
	addrset_intersect(&origin->valid, &origin->possible);
	addrset_intersect(&origin->doubtful, &origin->possible);
	return origin;
}

const struct origin *origins_guess(struct origins *origins, const struct netinfo *info,
				   const struct netif *in, enum family family)
{
	struct route_query back = { .family = family, .any = true, .any_mark = in->source_mark };

	return origins_find(origins, info, in, &back);
}

void origins_clear(struct origins *origins)
{
	for (size_t i = 0; i < origins->n; i++)
		clear(&origins->v[i]);
	free(origins->v);
	*origins = (struct origins){ 0 };
}
