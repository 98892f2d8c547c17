/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "openings.h"

#include <stdlib.h>

void openings_clear(struct openings *openings)
{
	for (size_t i = 0; i < openings->n; i++) {
		addrset_clear(&openings->v[i].ports);
		addrset_clear(&openings->v[i].hosts);
		addrset_clear(&openings->v[i].sources);
	}
	free(openings->v);
	*openings = (struct openings){ 0 };
}
