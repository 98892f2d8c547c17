/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SORTED_H
#define DOCKFW_SORTED_H

#include <stddef.h>

/*
 * The index of the first of n sorted elements that does not come before the key;
 * n where all do. order() compares an element with the key, as qsort() would. An
 * array of no elements may be NULL.
 */
size_t sorted_first(const void *key, const void *array, size_t n, size_t size,
		    int (*order)(const void *element, const void *key));

/*
 * The longest rising subsequence of pairs (tag, value) that are added one by one:
 * patience sorting. A later pair of the same value never replaces an earlier one.
 * Begins as all zeroes.
 */
struct rising_pair {
	size_t tag, value;
	size_t before; /* the pair before it in its sequence, or RISING_NONE */
};

struct rising {
	struct rising_pair *pairs; /* owned; those that were ever the end of a sequence */
	size_t n, room;
	size_t *ends; /* owned; of the best sequence of each length, its last pair */
	size_t length, ends_room;
};

#define RISING_NONE ((size_t)-1)

void rising_add(struct rising *rising, size_t tag, size_t value);
/* The last pair of the longest sequence; NULL where none was added. */
const struct rising_pair *rising_last(const struct rising *rising);
/* The one before it, or NULL. */
const struct rising_pair *rising_before(const struct rising *rising,
					const struct rising_pair *pair);
void rising_clear(struct rising *rising);

#endif
