/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "access.h"

#include <stdlib.h>

#include "util.h"

void access_changes_take(struct access_changes *changes, enum family family, const char *chain,
			 size_t rule, char *message)
{
	GROW(changes->v, changes->n, changes->room);
	changes->v[changes->n++] = (struct access_change){
		.family = family, .chain = xstrdup(chain), .rule = rule, .message = message,
	};
}

void access_changes_clear(struct access_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		free(changes->v[i].chain);
		free(changes->v[i].message);
	}
	free(changes->v);
	*changes = (struct access_changes){ 0 };
}
