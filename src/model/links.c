/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"

#include <stdlib.h>
#include <string.h>

const struct link *links_find(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (!strcmp(links->v[i].asked, name))
			return &links->v[i];
	return NULL;
}

struct link *links_add(struct links *links, const char *asked)
{
	struct link *link;

	GROW(links->v, links->n, links->room);
	link = &links->v[links->n++];
	*link = (struct link){ .asked = xstrdup(asked) };
	return link;
}

void links_clear(struct links *links)
{
	for (size_t i = 0; i < links->n; i++)
		free(links->v[i].asked);
	free(links->v);
	*links = (struct links){ 0 };
}
