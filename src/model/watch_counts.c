/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch_counts.h"

#include <string.h>

#include "util.h"

static struct culprit_count *count_of(struct watch_counts *counts, const char *name)
{
	struct culprit_count *made;

	for (unsigned int i = 0; i < counts->n; i++)
		if (!strcmp(counts->v[i].name, name))
			return &counts->v[i];
	/* The last entry is that of all the others. */
	if (counts->n + 1 == ARRAY_SIZE(counts->v))
		name = "other";
	else if (counts->n == ARRAY_SIZE(counts->v))
		return &counts->v[counts->n - 1];
	made = &counts->v[counts->n++];
	memcpy(made->name, name, strnlen(name, sizeof(made->name) - 1));
	return made;
}

void watch_counts_add(struct watch_counts *counts, const struct watch_event *event)
{
	const struct writer *culprit = writers_culprit(event->writers);
	struct culprit_count *count;

	if (event->news == WATCH_CONTESTED)
		counts->contested++;
	if (event->news == WATCH_STORM)
		counts->storms++;
	if (event->news != WATCH_GUARD && event->news != WATCH_REPAIRED)
		return;
	count = count_of(counts, culprit ? culprit->name : "");
	if (event->news == WATCH_GUARD)
		count->guard++;
	else
		count->repairs++;
	if (event->news == WATCH_REPAIRED)
		counts->wrong_ms += event->wrong_ms;
}
