/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SORTED_H
#define DOCKFW_SORTED_H

#include <stddef.h>

/*
 * Returns the index of the first of n sorted elements that does not come before the
 * key, or n if all do. order() compares an element with the key and returns a value
 * as for qsort(). An empty array may be NULL.
 */
size_t sorted_first(const void *key, const void *array, size_t n, size_t size,
		    int (*order)(const void *element, const void *key));

/*
 * The longest increasing subsequence, by value, of pairs (tag, value) that are added
 * one by one (patience sorting). A later pair never replaces an earlier one of the
 * same value. An empty one is all zeroes.
 */
struct rising_pair {
	size_t tag, value;
	size_t before; /* the index of its predecessor in the sequence, or RISING_NONE */
};

struct rising {
	struct rising_pair *pairs; /* owned; all pairs that have ended a sequence */
	size_t n, room;
	size_t *ends; /* owned; for each length the last pair of the best sequence */
	size_t length, ends_room;
};

#define RISING_NONE ((size_t)-1)

void rising_add(struct rising *rising, size_t tag, size_t value);
/* The last pair of the longest sequence, or NULL if none was added. */
const struct rising_pair *rising_last(const struct rising *rising);
/* The pair before it in the sequence, or NULL. */
const struct rising_pair *rising_before(const struct rising *rising,
					const struct rising_pair *pair);
void rising_clear(struct rising *rising);

#endif
