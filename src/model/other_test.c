/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other_test.h"

#include <stdlib.h>
#include <string.h>

bool other_test_reads(const struct other_test *test, enum other_field field)
{
	for (size_t i = 0; i < test->nkeys; i++)
		if (other_test_key(test, i)->field == field)
			return true;
	return false;
}

bool other_test_has(const struct other_test *test, addr_t value)
{
	bool has = test->set ? addrset_has(&test->set->one, value)
			     : value >= test->range.lo && value <= test->range.hi;

	return has != test->inverted;
}

/* The interval of the set that ends first at or after lo; NULL: none does. */
static const struct addrrange *first_from(const struct addrset *set, addr_t lo)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->v[middle].hi < lo)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->n ? &set->v[low] : NULL;
}

int other_test_covers(const struct other_test *test, addr_t lo, addr_t hi)
{
	const struct addrrange *range = test->set ? first_from(&test->set->one, lo) : &test->range;
	int covers = 0;

	if (!range || range->lo > hi || range->hi < lo)
		covers = -1;
	else if (range->lo <= lo && range->hi >= hi)
		covers = 1;
	return test->inverted ? -covers : covers;
}

size_t other_test_count(const struct other_test *test)
{
	if (!test->set)
		return 1;
	return test->nkeys == 1 ? test->set->one.n : test->set->n;
}

struct addrrange other_test_range(const struct other_test *test, size_t i, size_t k)
{
	if (!test->set)
		return test->range;
	return test->nkeys == 1 ? test->set->one.v[i] : test->set->boxes[i * test->nkeys + k];
}

static bool key_same(const struct other_key *a, const struct other_key *b)
{
	return a->field == b->field && a->size == b->size && a->mask == b->mask;
}

bool other_test_same(const struct other_test *a, const struct other_test *b)
{
	if (a->nkeys != b->nkeys || a->inverted != b->inverted || a->set != b->set ||
	    (!a->set && (a->range.lo != b->range.lo || a->range.hi != b->range.hi)))
		return false;
	for (size_t i = 0; i < a->nkeys; i++)
		if (!key_same(other_test_key(a, i), other_test_key(b, i)))
			return false;
	return true;
}

addr_t other_name(const char name[IFNAMSIZ])
{
	char whole[IFNAMSIZ] = "";

	memcpy(whole, name, strnlen(name, IFNAMSIZ));
	return addr_load(FAMILY_IPV6, whole);
}

struct addrrange other_names(const char *name, size_t size)
{
	uint8_t lo[IFNAMSIZ] = { 0 }, hi[IFNAMSIZ];

	memset(hi, 0xff, sizeof(hi));
	memcpy(lo, name, size);
	memcpy(hi, name, size);
	return (struct addrrange){ addr_load(FAMILY_IPV6, lo), addr_load(FAMILY_IPV6, hi) };
}

void other_set_free(struct other_set *set)
{
	if (!set)
		return;
	addrset_clear(&set->one);
	free(set->boxes);
	free(set);
}
