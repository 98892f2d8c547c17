/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other_filter.h"

#include <stdlib.h>

#include "util.h"

void other_filters_take(struct other_filters *filters, struct other_filter filter)
{
	GROW(filters->v, filters->n, filters->room);
	filters->v[filters->n++] = filter;
}

void other_filters_clear(struct other_filters *filters)
{
	for (size_t i = 0; i < filters->n; i++)
		free(filters->v[i].reason);
	free(filters->v);
	*filters = (struct other_filters){ 0 };
}

const struct other_filter *other_filters_find(const struct other_filters *filters,
					      enum family family, bool input, bool dnat)
{
	for (size_t i = 0; filters && i < filters->n; i++) {
		const struct other_filter *filter = &filters->v[i];

		if (filter->may_drop && filter->families & 1U << family &&
		    filter->input == input && !(dnat && filter->spares_dnat))
			return filter;
	}
	return NULL;
}
