/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sorted.h"

#include <stdlib.h>

#include "util.h"

size_t sorted_first(const void *key, const void *array, size_t n, size_t size,
		    int (*order)(const void *element, const void *key))
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order((const char *)array + middle * size, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The search key for the first sequence whose last value is not below this value. */
struct ends {
	const struct rising *rising;
	size_t value;
};

static int order_ends(const void *element, const void *key)
{
	const struct ends *ends = key;
	size_t value = ends->rising->pairs[*(const size_t *)element].value;

	return value < ends->value ? -1 : value > ends->value;
}

void rising_add(struct rising *rising, size_t tag, size_t value)
{
	struct ends key = { rising, value };
	size_t at = sorted_first(&key, rising->ends, rising->length, sizeof(*rising->ends),
				 order_ends);

	if (at < rising->length && rising->pairs[rising->ends[at]].value == value)
		return;
	GROW(rising->pairs, rising->n, rising->room);
	rising->pairs[rising->n] =
		(struct rising_pair){ tag, value, at ? rising->ends[at - 1] : RISING_NONE };
	if (at == rising->length) {
		GROW(rising->ends, rising->length, rising->ends_room);
		rising->length++;
	}
	rising->ends[at] = rising->n++;
}

const struct rising_pair *rising_last(const struct rising *rising)
{
	return rising->length ? &rising->pairs[rising->ends[rising->length - 1]] : NULL;
}

const struct rising_pair *rising_before(const struct rising *rising,
					const struct rising_pair *pair)
{
	return pair->before == RISING_NONE ? NULL : &rising->pairs[pair->before];
}

void rising_clear(struct rising *rising)
{
	free(rising->pairs);
	free(rising->ends);
	*rising = (struct rising){ 0 };
}
