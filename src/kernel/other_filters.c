/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other_filters.h"

int other_filters_read(backend_list backends, enum backend_kind followed,
		       struct other_filters *filters)
{
	*filters = (struct other_filters){ 0 };
	for (int kind = 0; kind < BACKEND_KINDS; kind++)
		if (backends[kind]->read_filters(backends[kind], false, kind == (int)followed, filters))
			return -1;
	return 0;
}

int input_filtered(backend_list backends, unsigned int *families)
{
	struct other_filters filters = { 0 };
	int status = 0;

	*families = 0;
	for (int kind = 0; kind < BACKEND_KINDS && !status; kind++)
		status = backends[kind]->read_filters(backends[kind], true, false, &filters);
	for (size_t i = 0; i < filters.n; i++)
		if (filters.v[i].filters)
			*families |= filters.v[i].families;
	other_filters_clear(&filters);
	return status ? -1 : 0;
}
