/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "addrset.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "sorted.h"

/* A mask with more free bits above its lowest run is not split into intervals. */
#define MASK_HOLE_BITS 12

addr_t addr_max(enum family family)
{
	return family == FAMILY_IPV4 ? (addr_t)0xffffffff : ~(addr_t)0;
}

addr_t addr_load(enum family family, const void *bytes)
{
	const uint8_t *from = bytes;
	addr_t addr = 0;

	for (size_t i = 0; i < family_addr_size(family); i++)
		addr = addr << 8 | from[i];
	return addr;
}

void addr_store(enum family family, addr_t addr, void *bytes)
{
	uint8_t *to = bytes;

	for (size_t i = family_addr_size(family); i-- > 0; addr >>= 8)
		to[i] = (uint8_t)addr;
}

char *addr_text(enum family family, addr_t addr, char text[INET6_ADDRSTRLEN])
{
	uint8_t bytes[16];

	addr_store(family, addr, bytes);
	/* Cannot fail: family and size are valid. */
	inet_ntop(family_af(family), bytes, text, INET6_ADDRSTRLEN);
	return text;
}

bool addr_parse(const char *text, enum family *family, addr_t *addr)
{
	uint8_t bytes[16];

	for (enum family f = 0; f < FAMILY_COUNT; f++) {
		if (inet_pton(family_af(f), text, bytes) == 1) {
			*family = f;
			*addr = addr_load(f, bytes);
			return true;
		}
	}
	return false;
}

void addrset_all(struct addrset *set, enum family family)
{
	addrset_add(set, 0, addr_max(family));
}

static int ends_before(const void *element, const void *key)
{
	const struct addrrange *range = element;

	return range->hi < *(const addr_t *)key ? -1 : 0;
}

size_t addrset_find(const struct addrset *set, addr_t addr)
{
	return sorted_first(&addr, set->v, set->n, sizeof(*set->v), ends_before);
}

/* Replaces the intervals from first up to, not including, last by count others. */
static void replace(struct addrset *set, size_t first, size_t last,
		    const struct addrrange *with, size_t count)
{
	size_t n = set->n - (last - first) + count;

	if (n > set->room) {
		set->room = n < 4 ? 4 : 2 * n;
		set->v = xreallocarray(set->v, set->room, sizeof(*set->v));
	}
	if (set->n > last)
		memmove(set->v + first + count, set->v + last, (set->n - last) * sizeof(*set->v));
	if (count)
		memcpy(set->v + first, with, count * sizeof(*with));
	set->n = n;
}

void addrset_add(struct addrset *set, addr_t lo, addr_t hi)
{
	/* Adjacent intervals are merged. */
	size_t first = addrset_find(set, lo ? lo - 1 : 0), last = first;
	struct addrrange whole = { lo, hi };

	if (addrset_is_shared(set))
		shared_own(set);
	while (last < set->n && (set->v[last].lo <= hi || set->v[last].lo == hi + 1)) {
		/* hi + 1 of the highest address is 0; no later interval starts there. */
		if (set->v[last].lo < whole.lo)
			whole.lo = set->v[last].lo;
		if (set->v[last].hi > whole.hi)
			whole.hi = set->v[last].hi;
		last++;
	}
	replace(set, first, last, &whole, 1);
}

static void take_out(struct addrset *set, addr_t lo, addr_t hi)
{
	size_t first = addrset_find(set, lo), last = first, count = 0;
	struct addrrange left[2];

	if (first == set->n || set->v[first].lo > hi)
		return;
	while (last < set->n && set->v[last].lo <= hi)
		last++;
	if (set->v[first].lo < lo)
		left[count++] = (struct addrrange){ set->v[first].lo, lo - 1 };
	if (set->v[last - 1].hi > hi)
		left[count++] = (struct addrrange){ hi + 1, set->v[last - 1].hi };
	replace(set, first, last, left, count);
}

/* Whether it is worth while to keep what is computed of them. */
static bool large(const struct addrset *a, const struct addrset *b)
{
	return a->n >= SHARED_MIN || b->n >= SHARED_MIN;
}

/* Whether a walk over b's few intervals is cheaper than one over both. */
static bool few(const struct addrset *a, const struct addrset *b)
{
	return b->n <= 4 || b->n < a->n / 64;
}

static void append(struct addrset *set, addr_t lo, addr_t hi)
{
	if (set->n && (set->v[set->n - 1].hi >= lo || set->v[set->n - 1].hi + 1 == lo)) {
		if (hi > set->v[set->n - 1].hi)
			set->v[set->n - 1].hi = hi;
		return;
	}
	GROW(set->v, set->n, set->room);
	set->v[set->n++] = (struct addrrange){ lo, hi };
}

static void unite(struct addrset *set, const struct addrset *with)
{
	struct addrset sum = { 0 };
	size_t i = 0, k = 0;

	if (few(set, with)) {
		for (; k < with->n; k++)
			addrset_add(set, with->v[k].lo, with->v[k].hi);
		return;
	}
	while (i < set->n || k < with->n) {
		const struct addrrange *next;

		if (k == with->n || (i < set->n && set->v[i].lo <= with->v[k].lo))
			next = &set->v[i++];
		else
			next = &with->v[k++];
		append(&sum, next->lo, next->hi);
	}
	addrset_clear(set);
	*set = sum;
}

static void intersect(struct addrset *set, const struct addrset *with)
{
	struct addrset both = { 0 };
	size_t i = 0;

	for (size_t k = 0; k < with->n; k++) {
		const struct addrrange *b = &with->v[k];

		/* Step through two long sets; search if with is short. */
		if (with->n < set->n / 16)
			i = addrset_find(set, b->lo);
		while (i < set->n && set->v[i].hi < b->lo)
			i++;
		for (size_t m = i; m < set->n && set->v[m].lo <= b->hi; m++) {
			const struct addrrange *a = &set->v[m];

			append(&both, a->lo > b->lo ? a->lo : b->lo, a->hi < b->hi ? a->hi : b->hi);
		}
	}
	addrset_clear(set);
	*set = both;
}

static void subtract(struct addrset *set, const struct addrset *what)
{
	struct addrset rest = { 0 };
	size_t k = 0;

	if (few(set, what)) {
		for (; k < what->n; k++)
			take_out(set, what->v[k].lo, what->v[k].hi);
		return;
	}
	for (size_t i = 0; i < set->n; i++) {
		addr_t lo = set->v[i].lo, hi = set->v[i].hi;
		bool done = false;

		while (k < what->n && what->v[k].hi < lo)
			k++;
		for (size_t m = k; m < what->n && what->v[m].lo <= hi && !done; m++) {
			if (what->v[m].lo > lo)
				append(&rest, lo, what->v[m].lo - 1);
			done = what->v[m].hi >= hi;
			if (!done)
				lo = what->v[m].hi + 1;
		}
		if (!done)
			append(&rest, lo, hi);
	}
	addrset_clear(set);
	*set = rest;
}

void addrset_unite(struct addrset *set, const struct addrset *with)
{
	if (large(set, with))
		shared_compute(set, with, unite);
	else
		unite(set, with);
}

void addrset_intersect(struct addrset *set, const struct addrset *with)
{
	if (large(set, with))
		shared_compute(set, with, intersect);
	else
		intersect(set, with);
}

void addrset_subtract(struct addrset *set, const struct addrset *what)
{
	if (large(set, what))
		shared_compute(set, what, subtract);
	else
		subtract(set, what);
}

void addrset_complement(struct addrset *set, enum family family)
{
	struct addrset all = { 0 };

	addrset_all(&all, family);
	addrset_subtract(&all, set);
	addrset_clear(set);
	*set = all;
}

bool addrset_add_masked(struct addrset *set, enum family family, addr_t addr, addr_t mask)
{
	addr_t free_bits = ~mask & addr_max(family), low, holes, member = 0;
	unsigned int bits = 0;

	/* The lowest free bits make up the interval, those above them are holes. */
	low = free_bits & (((free_bits + 1) & ~free_bits) - 1);
	holes = free_bits & ~low;
	for (addr_t rest = holes; rest; rest &= rest - 1)
		if (++bits > MASK_HOLE_BITS)
			return false;
	addr &= mask;
	do {
		addrset_add(set, addr | member, addr | member | low);
		member = (member - holes) & holes; /* the next combination of the holes */
	} while (member);
	return true;
}

bool addrset_has(const struct addrset *set, addr_t addr)
{
	size_t i = addrset_find(set, addr);

	return i < set->n && set->v[i].lo <= addr;
}

bool addrset_is_one(const struct addrset *set)
{
	return set->n == 1 && set->v[0].lo == set->v[0].hi;
}

static double size_of(const struct addrset *set)
{
	double size = 0;

	for (size_t i = 0; i < set->n; i++)
		size += (double)(set->v[i].hi - set->v[i].lo) + 1;
	return size;
}

double addrset_size(const struct addrset *set)
{
	return addrset_is_shared(set) ? shared_size(set, size_of) : size_of(set);
}

uint64_t addrset_hash(const struct addrset *set)
{
	return shared_hash(set);
}

static bool is_world(const struct addrset *set, enum family family)
{
	struct addrset world = { 0 };
	double all;
	bool is;

	if (family == FAMILY_IPV4)
		addrset_all(&world, family);
	else
		addrset_add(&world, (addr_t)1 << 125, ((addr_t)1 << 126) - 1);
	all = size_of(&world);
	intersect(&world, set);
	is = size_of(&world) >= all / 2;
	addrset_clear(&world);
	return is;
}

bool addrset_is_world(const struct addrset *set, enum family family)
{
	return addrset_is_shared(set) ? shared_is_world(set, family, is_world)
				      : is_world(set, family);
}

void addrset_share(struct addrset *set)
{
	shared_take(set);
}

void addrset_forget(void)
{
	shared_forget();
}

/* The length of the largest prefix that starts at lo and does not extend beyond hi. */
static unsigned int prefix_at(enum family family, addr_t lo, addr_t hi)
{
	unsigned int width = family == FAMILY_IPV4 ? 32 : 128, length = width;

	while (length) {
		addr_t size = (addr_t)1 << (width - length); /* half of the next larger prefix */

		if (lo & size || hi - lo < size || hi - lo - size < size - 1)
			break;
		length--;
	}
	return length;
}

/*
 * Splits an interval into one or two prefixes, sets their lengths and returns their
 * number. Returns 0 if it takes more, which are harder to read than a range.
 */
static size_t as_prefixes(enum family family, addr_t lo, addr_t hi, unsigned int length[2])
{
	unsigned int width = family == FAMILY_IPV4 ? 32 : 128;

	for (size_t n = 0; n < 2; n++) {
		addr_t end;

		length[n] = prefix_at(family, lo, hi);
		end = length[n] ? lo + (((addr_t)1 << (width - length[n])) - 1) : hi;
		if (end == hi)
			return n + 1;
		lo = end + 1;
	}
	return 0;
}

/* How hard an interval is to read: one prefix, a range, two prefixes. */
static unsigned int cost(enum family family, addr_t lo, addr_t hi)
{
	unsigned int length[2];
	size_t n = as_prefixes(family, lo, hi, length);

	return n == 1 ? 1 : n ? 3 : 2;
}

void addrset_fill(struct addrset *set, enum family family, const struct addrset *spare)
{
	for (size_t i = 0; i < spare->n; i++) {
		addr_t lo = spare->v[i].lo, hi = spare->v[i].hi;
		size_t at = addrset_find(set, lo ? lo - 1 : 0);
		const struct addrrange *left = NULL, *right = NULL;

		if (at < set->n && set->v[at].hi < lo)
			left = &set->v[at++];
		if (at < set->n && set->v[at].lo == hi + 1)
			right = &set->v[at];
		if ((left && right) ||
		    (left && cost(family, left->lo, hi) < cost(family, left->lo, left->hi)) ||
		    (right && cost(family, lo, right->hi) < cost(family, right->lo, right->hi)))
			addrset_add(set, lo, hi);
	}
}

void addrset_texts(const struct addrset *set, enum family family, struct strings *list)
{
	unsigned int width = family == FAMILY_IPV4 ? 32 : 128;
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < set->n; i++) {
		addr_t lo = set->v[i].lo, hi = set->v[i].hi;
		unsigned int length[2];
		size_t prefixes = as_prefixes(family, lo, hi, length);

		if (!prefixes)
			strings_take(list, xasprintf("%s-%s", addr_text(family, lo, a),
						     addr_text(family, hi, b)));
		for (size_t k = 0; k < prefixes; k++) {
			addr_text(family, lo, a);
			if (length[k] == width)
				strings_add(list, a);
			else
				strings_take(list, xasprintf("%s/%u", a, length[k]));
			/* Another prefix follows only a first one that is not /0. */
			lo += length[k] ? (addr_t)1 << (width - length[k]) : 0;
		}
	}
}

char *addrrange_text(enum family family, struct addrrange range)
{
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];
	unsigned int length[2];
	size_t prefixes = as_prefixes(family, range.lo, range.hi, length);

	addr_text(family, range.lo, a);
	if (range.lo == range.hi)
		return xstrdup(a);
	return prefixes == 1 ? xasprintf("%s/%u", a, length[0])
			     : xasprintf("%s-%s", a, addr_text(family, range.hi, b));
}

/* The slot of an equal set, or the free slot where this one belongs. */
static struct addrset **slot(const struct addrpool *pool, const struct addrset *set)
{
	size_t i = addrset_hash(set) & (pool->room - 1);

	while (pool->v[i] && !addrset_equal(pool->v[i], set))
		i = (i + 1) & (pool->room - 1);
	return &pool->v[i];
}

const struct addrset *addrpool_keep(struct addrpool *pool, const struct addrset *set)
{
	struct addrset **at;

	if (2 * pool->n >= pool->room) {
		struct addrpool grown = { .n = pool->n, .room = pool->room ? 2 * pool->room : 64 };

		grown.v = xcalloc(grown.room, sizeof(*grown.v));
		for (size_t i = 0; i < pool->room; i++)
			if (pool->v[i])
				*slot(&grown, pool->v[i]) = pool->v[i];
		free(pool->v);
		*pool = grown;
	}
	at = slot(pool, set);
	if (!*at) {
		*at = xcalloc(1, sizeof(**at));
		addrset_copy(*at, set);
		pool->n++;
	}
	return *at;
}

void addrpool_clear(struct addrpool *pool)
{
	for (size_t i = 0; i < pool->room; i++) {
		if (pool->v[i]) {
			addrset_clear(pool->v[i]);
			free(pool->v[i]);
		}
	}
	free(pool->v);
	*pool = (struct addrpool){ 0 };
}
