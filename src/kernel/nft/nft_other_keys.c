/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_other_keys.h"

#include <stdlib.h>
#include <string.h>

#include "nft_headers.h"

addr_t nft_field_bits(size_t width)
{
	return width >= sizeof(addr_t) ? OTHER_MASK_ALL : ((addr_t)1 << 8 * width) - 1;
}

addr_t nft_part_number(const struct nft_other_part *part, const uint8_t *bytes)
{
	bool swap = part->host && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	addr_t number = 0;

	for (size_t i = 0; i < part->size; i++)
		number = number << 8 | bytes[swap ? part->size - 1U - i : i];
	return number << 8 * (part->width - part->size);
}

bool nft_is_address(enum other_field field)
{
	return field == FIELD_SOURCE || field == FIELD_DESTINATION || field == FIELD_ORIG_SOURCE ||
	       field == FIELD_ORIG_DESTINATION || field == FIELD_REPLY_SOURCE ||
	       field == FIELD_REPLY_DESTINATION;
}

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* Adds the parts of a value that begins at that byte of the key. */
static bool add_parts(struct nft_key_parts *parts, const struct nft_other_value *value, size_t at)
{
	for (size_t i = 0; i < value->nparts; i++) {
		struct nft_key_part *made = &parts->v[parts->n];
		struct nft_other_part part = value->parts[i];

		if (parts->n == OTHER_KEYS_MAX || at + part.at > UINT8_MAX)
			return false;
		for (size_t k = part.at; k < part.at + part.size; k++)
			if (value->flip[k])
				return false;
		made->mask = nft_part_number(&part, value->mask + part.at);
		/* What was not loaded does not count either. */
		if (made->mask == (nft_field_bits(part.width) &
				   ~nft_field_bits(part.width - part.size)))
			made->mask = OTHER_MASK_ALL;
		part.at = (uint8_t)(at + part.at);
		made->part = part;
		parts->n++;
	}
	return true;
}

bool nft_key_parts(const struct nft_other_reading *reading, const struct nlattr *reg, size_t size,
		   struct nft_key_parts *parts)
{
	size_t word = nft_other_word(reg), at = 0;

	*parts = (struct nft_key_parts){ 0 };
	while (at < size && word + at / 4 < NFT_OTHER_WORDS) {
		const struct nft_other_value *value = &reading->regs[word + at / 4];

		if (value->kind != NFT_PACKET || !add_parts(parts, value, at))
			return false;
		at += padded(value->size);
	}
	/* The last value of a key is not always padded. */
	return parts->n && at >= size && at - size < 4;
}

void nft_intervals_clear(struct nft_intervals *intervals)
{
	free(intervals->v);
	free(intervals->element);
	*intervals = (struct nft_intervals){ 0 };
}

/* What a prefix of the field's bits leaves open; false if the mask is not a prefix. */
static bool open_bits(const struct nft_key_part *key, addr_t *open)
{
	*open = key->mask == OTHER_MASK_ALL ? 0 : nft_field_bits(key->part.width) & ~key->mask;
	return !(*open & (*open + 1));
}

/*
 * Makes the interval of what was looked up, which is the field without the bits that the
 * mask hides and those that were not loaded, one of the field. Returns false if no value of
 * the field is in it.
 */
static bool widen(const struct nft_key_part *key, struct addrrange *range)
{
	addr_t bits = nft_field_bits(key->part.width), open = 0;
	addr_t unloaded = nft_field_bits(key->part.width - key->part.size);

	range->hi |= unloaded;
	if (key->mask == OTHER_MASK_ALL || !open_bits(key, &open))
		return true;
	if (range->lo & open) {
		if ((range->lo | open) == bits)
			return false;
		range->lo = (range->lo | open) + 1;
	}
	range->hi = (range->hi & ~open) | open;
	/* The rest of the highest value that has no such bits may be beyond the interval. */
	return range->lo <= range->hi;
}

struct numbered {
	addr_t key;
	size_t element;
	bool end;
};

/* Where one interval ends, another may begin. */
static int by_number(const void *left, const void *right)
{
	const struct numbered *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (int)b->end - (int)a->end;
}

static void add_interval(struct nft_intervals *intervals, size_t element)
{
	intervals->element[intervals->n++] = element;
}

/*
 * A set of intervals of one key lists where each begins and where none is any more: an
 * element is for all keys up to the next one.
 */
static bool from_bounds(const struct nft_other_set *set, const struct nft_key_part *key,
			struct nft_intervals *intervals)
{
	struct numbered *all = xcalloc(set->n + 1, sizeof(*all));
	addr_t top = nft_field_bits(key->part.width), step = 0;
	size_t n = 0;

	step = nft_field_bits(key->part.width - key->part.size) + 1;
	for (size_t i = 0; i < set->n; i++)
		if (!set->v[i].catchall)
			all[n++] = (struct numbered){
				.key = nft_part_number(&key->part, set->bytes + set->v[i].key),
				.element = i, .end = set->v[i].interval_end,
			};
	if (n)
		qsort(all, n, sizeof(*all), by_number);
	for (size_t i = 0; i < n; i++) {
		struct addrrange range = { all[i].key, i + 1 < n ? all[i + 1].key - step : top };

		if (all[i].end || range.hi < range.lo || !widen(key, &range))
			continue;
		intervals->v[intervals->n] = range;
		add_interval(intervals, all[i].element);
	}
	free(all);
	return true;
}

static bool from_keys(const struct nft_other_set *set, const struct nft_key_parts *parts,
		      struct nft_intervals *intervals)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct nft_element *element = &set->v[i];
		const uint8_t *last = set->bytes + (element->last_size ? element->last : element->key);
		bool some = !element->catchall && !element->interval_end;

		if (element->last_size && element->last_size != set->key_size)
			return false;
		for (size_t k = 0; k < parts->n && some; k++) {
			const struct nft_key_part *key = &parts->v[k];
			struct addrrange range = {
				nft_part_number(&key->part, set->bytes + element->key + key->part.at),
				nft_part_number(&key->part, last + key->part.at),
			};

			if (key->part.host && range.lo != range.hi)
				return false;
			some = widen(key, &range) && range.lo <= range.hi;
			intervals->v[intervals->n * parts->n + k] = range;
		}
		if (some)
			add_interval(intervals, i);
	}
	return true;
}

bool nft_intervals_make(const struct nft_other_set *set, const struct nft_key_parts *parts,
			struct nft_intervals *intervals)
{
	bool ends = false, bounds;

	*intervals = (struct nft_intervals){ 0 };
	if (set->unread)
		return false;
	for (size_t i = 0; i < parts->n; i++) {
		addr_t open;

		if (!parts->v[i].part.size ||
		    parts->v[i].part.at + parts->v[i].part.size > set->key_size ||
		    (!open_bits(&parts->v[i], &open) && nft_is_address(parts->v[i].part.field)))
			return false;
	}
	for (size_t i = 0; i < set->n; i++)
		ends |= set->v[i].last_size;
	bounds = set->flags & NFT_SET_INTERVAL && !ends;
	if (bounds && (parts->n > 1 || parts->v[0].part.host))
		return false;
	intervals->v = xcalloc(set->n * parts->n + 1, sizeof(*intervals->v));
	intervals->element = xcalloc(set->n + 1, sizeof(*intervals->element));
	return bounds ? from_bounds(set, &parts->v[0], intervals) : from_keys(set, parts, intervals);
}

static int by_lo(const void *left, const void *right)
{
	const struct addrrange *a = left, *b = right;

	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

/* Adds them in order, which costs least. */
static void fill_one(struct addrset *one, const struct nft_intervals *intervals,
		     const size_t *chosen, size_t n)
{
	struct addrrange *sorted = xcalloc(n + 1, sizeof(*sorted));

	for (size_t i = 0; i < n; i++)
		sorted[i] = intervals->v[chosen ? chosen[i] : i];
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_lo);
	for (size_t i = 0; i < n; i++)
		addrset_add(one, sorted[i].lo, sorted[i].hi);
	free(sorted);
}

static struct other_key key_of(const struct nft_key_part *part)
{
	addr_t open;

	return (struct other_key){ .field = part->part.field, .size = part->part.width,
				   .mask = open_bits(part, &open) ? OTHER_MASK_ALL : part->mask };
}

struct other_test nft_intervals_test(struct nft_other_reading *reading,
				     const struct nft_key_parts *parts,
				     const struct nft_intervals *intervals, const size_t *chosen,
				     size_t n)
{
	struct other_key more[OTHER_KEYS_MAX];
	struct other_test test = { .key = key_of(&parts->v[0]), .nkeys = (uint8_t)parts->n };
	struct other_set *set;

	/* Of a whole set that others change, there is one to be marked. */
	if (parts->n == 1 && n == 1 && chosen) {
		test.range = intervals->v[chosen[0]];
		return test;
	}
	set = other_filters_set(reading->filters, parts->n);
	test.set = set;
	if (parts->n == 1) {
		fill_one(&set->one, intervals, chosen, n);
		return test;
	}
	for (size_t i = 1; i < parts->n; i++)
		more[i - 1] = key_of(&parts->v[i]);
	test.more = other_filters_keys(reading->filters, more, parts->n - 1);
	set->boxes = xcalloc(n * parts->n + 1, sizeof(*set->boxes));
	set->n = n;
	for (size_t i = 0; i < n; i++)
		memcpy(set->boxes + i * parts->n,
		       intervals->v + (chosen ? chosen[i] : i) * parts->n,
		       parts->n * sizeof(*set->boxes));
	return test;
}
