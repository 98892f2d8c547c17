/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure_sums.h"

#include <stdlib.h>

static int by_container(const void *left, const void *right)
{
	const struct exposure *a = *(const struct exposure *const *)left;
	const struct exposure *b = *(const struct exposure *const *)right;

	if (a->container_family != b->container_family)
		return a->container_family < b->container_family ? -1 : 1;
	if (a->container != b->container)
		return a->container < b->container ? -1 : 1;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	if (a->container_port.lo != b->container_port.lo)
		return a->container_port.lo < b->container_port.lo ? -1 : 1;
	return 0;
}

void exposure_sums(const struct exposure_list *list, struct exposure_sums *sums)
{
	const struct exposure **direct = xcalloc(list->n, sizeof(*direct));

	*sums = (struct exposure_sums){ 0 };
	for (size_t i = 0; i < list->n; i++) {
		const struct exposure *exposure = &list->v[i];

		if (exposure->length)
			sums->networks++;
		else if (exposure->extra)
			direct[sums->direct++] = exposure;
	}
	if (sums->direct)
		qsort(direct, sums->direct, sizeof(*direct), by_container);
	for (size_t i = 0; i < list->n; i++) {
		const struct exposure *exposure = &list->v[i], **found = NULL;
		enum openness openness = exposure->openness;

		if (exposure->extra)
			continue;
		if (sums->direct)
			found = bsearch(&exposure, direct, sums->direct, sizeof(*direct),
					by_container);
		if (found && (*found)->openness > openness)
			openness = (*found)->openness;
		sums->unallowed += exposure->unallowed == OPEN_ALL ||
				   (found && (*found)->unallowed == OPEN_ALL);
		sums->ports++;
		sums->by[openness]++;
	}
	free(direct);
}
