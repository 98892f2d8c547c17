/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other_filters.h"

int other_filters_read(backend_list backends, enum backend_kind followed,
		       struct other_filters *filters)
{
	*filters = (struct other_filters){ 0 };
	for (int kind = 0; kind < BACKEND_KINDS; kind++)
		if (backends[kind]->read_filters(backends[kind], kind == (int)followed, filters))
			return -1;
	return 0;
}
