/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "openings.h"

#include <stdlib.h>
#include <string.h>

static void clear_all(struct opening *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		addrset_clear(&v[i].ports);
		addrset_clear(&v[i].hosts);
		addrset_clear(&v[i].sources);
	}
	free(v);
}

void openings_clear(struct openings *openings)
{
	clear_all(openings->v, openings->n);
	clear_all(openings->undecided, openings->nundecided);
	for (size_t family = 0; family < FAMILY_COUNT; family++)
		free(openings->own[family]);
	*openings = (struct openings){ 0 };
}

void openings_undecided(const struct openings *openings, enum family family, uint8_t proto,
			const char *in, addr_t port, struct addrset *sources)
{
	for (size_t i = 0; i < openings->nundecided; i++) {
		const struct opening *opening = &openings->undecided[i];

		if (opening->family == family && opening->proto == proto &&
		    !strncmp(opening->in, in, IFNAMSIZ) && addrset_has(&opening->ports, port))
			addrset_unite(sources, &opening->sources);
	}
}
