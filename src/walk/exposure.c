/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure.h"

#include <stdlib.h>
#include <string.h>

const char *answers_name(enum answers answers)
{
	static const char *const names[] = {
		[ANSWERS_DNAT] = "dnat",
		[ANSWERS_PROXY] = "proxy",
		[ANSWERS_BOTH] = "both",
		[ANSWERS_DIRECT] = "direct",
		[ANSWERS_NOBODY] = "nobody",
	};

	return names[answers];
}

const char *openness_name(enum openness openness)
{
	static const char *const names[] = {
		[OPEN_NOBODY] = "closed",
		[OPEN_SOME] = "limited",
		[OPEN_MAYBE] = "maybe",
		[OPEN_ALL] = "open",
	};

	return names[openness];
}

void exposure_shut_out(const struct exposure_list *list, enum family family,
		       const struct exposed_way *way, struct addrset *set)
{
	addrset_copy(set, way->possible);
	addrset_subtract(set, way->open);
	addrset_subtract(set, &list->nobody[family]);
}

void exposure_texts(const struct exposure_list *list, const struct addrset *set,
		    enum family family, struct strings *names)
{
	struct addrset filled = { 0 };

	addrset_copy(&filled, set);
	addrset_fill(&filled, family, &list->nobody[family]);
	addrset_texts(&filled, family, names);
	addrset_clear(&filled);
}

void exposure_free_ways(struct exposure *exposure)
{
	for (size_t i = 0; i < exposure->nways; i++)
		free(exposure->ways[i].ifs);
	free(exposure->ways);
}

void exposure_clear(struct exposure_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		exposure_free_ways(&list->v[i]);
		free(list->v[i].hosts);
	}
	free(list->v);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		addrset_clear(&list->nobody[family]);
		if (list->walked[family])
			walker_clear(&list->walkers[family]);
		if (list->has_apart[family])
			walker_clear(&list->apart[family]);
	}
	*list = (struct exposure_list){ 0 };
}

bool exposure_has_outside(const struct exposure_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < list->v[i].nways; k++)
			if (list->v[i].ways[k].outside)
				return true;
	return false;
}

static size_t count_unallowed(const struct exposure_list *list, enum openness openness)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->v[i].unallowed == openness;
	return n;
}

size_t exposure_unallowed(const struct exposure_list *list)
{
	return count_unallowed(list, OPEN_ALL);
}

size_t exposure_undecided(const struct exposure_list *list)
{
	return count_unallowed(list, OPEN_MAYBE);
}
