/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "native_value.h"

#include <netinet/in.h>

/* More bits that are not known are not tried one after the other. */
#define UNKNOWN_BITS_MAX 8

static enum answer from_covers(int covers)
{
	return covers > 0 ? ANSWER_YES : covers ? ANSWER_NO : ANSWER_MAYBE;
}

/* Tries every value that the bits that are not known may give. */
static enum answer bits_in_test(const struct other_test *test, const struct native_value *value)
{
	addr_t mask, vague, fixed, bits = 0;
	bool all = true, none = true;

	if (test->key.size > sizeof(uint32_t))
		return ANSWER_MAYBE;
	mask = test->key.mask & (((addr_t)1 << 8 * test->key.size) - 1);
	vague = mask & ~value->known;
	fixed = value->range.lo & mask & value->known;
	if (__builtin_popcountll((uint64_t)vague) > UNKNOWN_BITS_MAX)
		return ANSWER_MAYBE;
	/* The next larger subset of the bits in vague, and 0 after the last one. */
	do {
		bool has = other_test_has(test, fixed | bits);

		all &= has;
		none &= !has;
		bits = (bits - vague) & vague;
	} while (bits);
	return all ? ANSWER_YES : none ? ANSWER_NO : ANSWER_MAYBE;
}

/* A sender may put any of them between the IPv6 header and that of TCP. */
static enum answer next_header_in_test(const struct other_test *test, addr_t proto)
{
	static const uint8_t extensions[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT,
					      IPPROTO_AH, IPPROTO_DSTOPTS, IPPROTO_MH };
	addr_t mask = test->key.mask;
	bool has = other_test_has(test, proto & mask);

	for (size_t i = 0; i < ARRAY_SIZE(extensions); i++)
		if (other_test_has(test, extensions[i] & mask) != has)
			return ANSWER_MAYBE;
	return has ? ANSWER_YES : ANSWER_NO;
}

enum answer native_value_in(const struct other_test *test, const struct native_value *value)
{
	addr_t mask = test->key.mask;
	bool all = true, none = true;

	switch (value->kind) {
	case VALUE_RANGE:
		if (value->range.lo == value->range.hi)
			return other_test_has(test, value->range.lo & mask) ? ANSWER_YES : ANSWER_NO;
		if (mask == OTHER_MASK_ALL)
			return from_covers(other_test_covers(test, value->range.lo, value->range.hi));
		return ANSWER_MAYBE;
	case VALUE_BITS:
		return bits_in_test(test, value);
	case VALUE_NEXT_HEADER:
		return next_header_in_test(test, value->range.lo);
	case VALUE_TYPES:
		for (unsigned int type = 0; type < NATIVE_TYPES; type++)
			if (value->types & 1U << type) {
				all &= other_test_has(test, type);
				none &= !other_test_has(test, type);
			}
		return all ? ANSWER_YES : none ? ANSWER_NO : ANSWER_MAYBE;
	case VALUE_ABSENT:
		return other_test_has(test, 0) ? ANSWER_MAYBE : ANSWER_NO;
	case VALUE_NONE:
		return ANSWER_NO;
	default:
		return ANSWER_MAYBE;
	}
}
