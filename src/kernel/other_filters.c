/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other_filters.h"

int other_filters_read(backend_list backends, const struct snapshot *followed,
		       struct other_filters *filters)
{
	const struct backend_ops *own = backends[followed->backend];

	*filters = (struct other_filters){ 0 };
	for (int kind = 0; kind < BACKEND_KINDS; kind++)
		if (backends[kind]->read_filters(backends[kind], kind == (int)followed->backend,
						 filters))
			return -1;
	return own->read_opaque ? own->read_opaque(followed, filters) : 0;
}
