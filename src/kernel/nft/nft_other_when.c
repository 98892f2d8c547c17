/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_other_when.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <string.h>

#include "nft_headers.h"
#include "nft_other_keys.h"

static void not_known(struct nft_other_reading *reading)
{
	reading->rule.unsure = true;
}

/* What the test leaves of the families decides how headers are read from here on. */
static void note_families(struct nft_other_reading *reading, const struct other_test *test)
{
	static const struct {
		enum other_field field;
		addr_t value[FAMILY_COUNT];
	} tests[] = {
		{ FIELD_NFPROTO, { NFPROTO_IPV4, NFPROTO_IPV6 } },
		{ FIELD_ETHERTYPE, { ETH_P_IP, ETH_P_IPV6 } },
		{ FIELD_CT_NFPROTO, { NFPROTO_IPV4, NFPROTO_IPV6 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		for (int family = 0; family < FAMILY_COUNT; family++)
			if (test->nkeys == 1 && test->key.field == tests[i].field &&
			    !other_test_has(test, tests[i].value[family]))
				reading->families &= ~(1U << family);
}

static void add_test(struct nft_other_reading *reading, const struct other_test *test)
{
	if (test->nkeys == 1)
		note_families(reading, test);
	other_rule_add_test(&reading->rule, test);
}

/*
 * Fills in the test that the field equals value in the bits of mask. Returns false if it
 * cannot be written so.
 */
static bool equals(struct nft_other_reading *reading, const struct nft_other_part *part,
		   addr_t mask, addr_t value, struct other_test *test)
{
	addr_t open = nft_field_bits(part->width) & ~mask;

	*test = (struct other_test){
		.key = { .field = part->field, .size = part->width, .mask = OTHER_MASK_ALL },
		.nkeys = 1,
	};
	if (value & open) {
		/* No packet has a bit that the mask takes out. */
		test->set = other_filters_set(reading->filters, 1);
	} else if (!(open & (open + 1))) {
		test->range = (struct addrrange){ value, value | open };
	} else if (nft_is_address(part->field)) {
		struct other_set *set = other_filters_set(reading->filters, 1);

		test->set = set;
		return addrset_add_masked(&set->one, part->width == 4 ? FAMILY_IPV4 : FAMILY_IPV6,
					  value, mask);
	} else {
		test->key.mask = mask;
		test->range = (struct addrrange){ value, value };
	}
	return true;
}

/* The tests of a comparison with the first bytes of a value; returns their number, or 0. */
static size_t compare_parts(struct nft_other_reading *reading, const struct nft_other_value *value,
			    const struct nft_other_value *data, struct other_test *tests)
{
	size_t n = 0;

	for (size_t i = 0; i < value->nparts && value->parts[i].at < data->size; i++) {
		struct nft_other_part part = value->parts[i];
		size_t left = data->size - part.at;
		addr_t mask, number;

		/* Whether there is an interface is compared as a byte by some releases of nft. */
		if (left < part.size && part.field == FIELD_WAY_BACK)
			part.width = (uint8_t)left;
		else if (left < part.size && part.host)
			return 0;
		if (left < part.size)
			part.size = (uint8_t)left;
		mask = nft_part_number(&part, value->mask + part.at);
		number = nft_part_number(&part, data->bytes + part.at) ^
			 nft_part_number(&part, value->flip + part.at);
		if (!equals(reading, &part, mask, number, &tests[n++]))
			return 0;
	}
	return n;
}

/* The test that not all of them hold. */
static bool not_all(struct nft_other_reading *reading, const struct other_test *tests, size_t n)
{
	struct other_set *set = other_filters_set(reading->filters, n);
	struct other_test test = { .key = tests[0].key, .nkeys = (uint8_t)n, .inverted = true,
				   .set = set };
	struct other_key more[NFT_OTHER_PARTS];

	set->boxes = xcalloc(n, sizeof(*set->boxes));
	set->n = 1;
	for (size_t i = 0; i < n; i++) {
		if (tests[i].set)
			return false;
		set->boxes[i] = tests[i].range;
		if (i)
			more[i - 1] = tests[i].key;
	}
	test.more = other_filters_keys(reading->filters, more, n - 1);
	add_test(reading, &test);
	return true;
}

static bool compare_equal(struct nft_other_reading *reading, const struct nft_other_value *value,
			  const struct nft_other_value *data, bool inverted)
{
	struct other_test tests[NFT_OTHER_PARTS];
	size_t n = compare_parts(reading, value, data, tests);

	if (!n)
		return false;
	if (inverted && n > 1)
		return not_all(reading, tests, n);
	for (size_t i = 0; i < n; i++) {
		tests[i].inverted = inverted;
		add_test(reading, &tests[i]);
	}
	return true;
}

/* Whether the value is one whole field whose order is that of its bytes. */
static bool is_ordered(const struct nft_other_value *value)
{
	if (value->kind != NFT_PACKET || value->nparts != 1 || value->parts[0].host ||
	    value->parts[0].size != value->parts[0].width)
		return false;
	for (size_t i = 0; i < value->size; i++)
		if (value->mask[i] != 0xff || value->flip[i])
			return false;
	return true;
}

static void want_range(struct nft_other_reading *reading, const struct nft_other_part *part,
		       struct addrrange range, bool inverted)
{
	struct other_test test = {
		.key = { .field = part->field, .size = part->width, .mask = OTHER_MASK_ALL },
		.nkeys = 1, .inverted = inverted, .range = range,
	};

	if (range.lo > range.hi)
		test.set = other_filters_set(reading->filters, 1);
	add_test(reading, &test);
}

static bool compare_order(struct nft_other_reading *reading, const struct nft_other_value *value,
			  const struct nft_other_value *data, uint32_t op)
{
	const struct nft_other_part *part = &value->parts[0];
	addr_t number, top = nft_field_bits(part->width);
	struct addrrange range = { 0, top };

	if (!is_ordered(value) || data->size != value->size)
		return false;
	number = nft_part_number(part, data->bytes);
	switch (op) {
	case NFT_CMP_LT:
		range = number ? (struct addrrange){ 0, number - 1 } : (struct addrrange){ 1, 0 };
		break;
	case NFT_CMP_LTE:
		range.hi = number;
		break;
	case NFT_CMP_GT:
		range = number < top ? (struct addrrange){ number + 1, top }
				     : (struct addrrange){ 1, 0 };
		break;
	case NFT_CMP_GTE:
		range.lo = number;
		break;
	default:
		return false;
	}
	want_range(reading, part, range, false);
	return true;
}

void nft_other_cmp(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	struct nft_other_value value = nft_other_read(reading, expr->v[NFTA_CMP_SREG]), data;
	uint32_t op = UINT32_MAX;
	bool known = false;

	nft_attr_u32(expr->v[NFTA_CMP_OP], &op);
	nft_other_data(expr->v[NFTA_CMP_DATA], &data);
	if (value.kind == NFT_PACKET && data.size && data.size <= value.size) {
		if (op == NFT_CMP_EQ || op == NFT_CMP_NEQ)
			known = compare_equal(reading, &value, &data, op == NFT_CMP_NEQ);
		else
			known = compare_order(reading, &value, &data, op);
	}
	if (!known)
		not_known(reading);
}

void nft_other_range(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	struct nft_other_value value = nft_other_read(reading, expr->v[NFTA_RANGE_SREG]);
	struct nft_other_value from, to;
	uint32_t op = UINT32_MAX;

	nft_attr_u32(expr->v[NFTA_RANGE_OP], &op);
	nft_other_data(expr->v[NFTA_RANGE_FROM_DATA], &from);
	nft_other_data(expr->v[NFTA_RANGE_TO_DATA], &to);
	if (!is_ordered(&value) || from.size != value.size || to.size != value.size ||
	    (op != NFT_RANGE_EQ && op != NFT_RANGE_NEQ)) {
		not_known(reading);
		return;
	}
	want_range(reading, &value.parts[0],
		   (struct addrrange){ nft_part_number(&value.parts[0], from.bytes),
				       nft_part_number(&value.parts[0], to.bytes) },
		   op == NFT_RANGE_NEQ);
}

static bool same_parts(const struct nft_key_parts *a, const struct nft_key_parts *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct nft_other_part *x = &a->v[i].part, *y = &b->v[i].part;

		if (x->field != y->field || x->at != y->at || x->size != y->size ||
		    x->width != y->width || x->host != y->host || a->v[i].mask != b->v[i].mask)
			return false;
	}
	return true;
}

/* The test of all elements, which is made only once. */
static bool whole_set(struct nft_other_reading *reading, struct nft_other_set *set,
		      const struct nft_key_parts *parts, struct other_test *test)
{
	struct nft_intervals intervals;
	bool known;

	for (size_t i = 0; i < set->nmade; i++)
		if (same_parts(&set->made[i].parts, parts)) {
			*test = set->made[i].test;
			return true;
		}
	known = nft_intervals_make(set, parts, &intervals);
	if (known) {
		*test = nft_intervals_test(reading, parts, &intervals, NULL, intervals.n);
		GROW(set->made, set->nmade, set->made_room);
		set->made[set->nmade++] = (struct nft_made_set){ *parts, *test };
	}
	nft_intervals_clear(&intervals);
	return known;
}

static bool has_catchall(const struct nft_other_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].catchall)
			return true;
	return false;
}

void nft_other_lookup(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	const char *name = nft_attr_string(expr->v[NFTA_LOOKUP_SET]);
	struct nft_other_set *set = name ? nft_other_sets_find(reading->sets, name) : NULL;
	struct nft_key_parts parts;
	struct other_test test;
	uint32_t flags = 0;

	nft_attr_u32(expr->v[NFTA_LOOKUP_FLAGS], &flags);
	if (!set || set->unsure ||
	    !nft_key_parts(reading, expr->v[NFTA_LOOKUP_SREG], set->key_size, &parts)) {
		not_known(reading);
		return;
	}
	if (has_catchall(set)) {
		test = (struct other_test){ .nkeys = 1, .range = { 0, OTHER_MASK_ALL },
					    .inverted = flags & NFT_LOOKUP_F_INV };
		test.key = (struct other_key){ FIELD_PROTO, 1, OTHER_MASK_ALL };
		add_test(reading, &test);
		return;
	}
	if (!whole_set(reading, set, &parts, &test)) {
		not_known(reading);
		return;
	}
	test.inverted = flags & NFT_LOOKUP_F_INV;
	add_test(reading, &test);
}
