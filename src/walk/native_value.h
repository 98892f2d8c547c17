/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NATIVE_VALUE_H
#define DOCKFW_NATIVE_VALUE_H

#include <linux/rtnetlink.h>

#include "flow.h"
#include "other_test.h"

/* What is known of a field of a packet, and whether it meets a condition of nf_tables. Pure. */

/* The types of addresses that routing may find. */
#define NATIVE_TYPES (RTN_THROW + 1)

struct native_value {
	enum {
		VALUE_NONE,    /* the packet has none: no test on it holds, inverted or not */
		VALUE_UNKNOWN,
		VALUE_RANGE,   /* it is in range */
		VALUE_BITS,    /* of range.lo, the bits of known are right */
		VALUE_TYPES,   /* it is one of types, as bits */
		VALUE_NEXT_HEADER, /* it is range.lo, unless an extension header comes before that */
		VALUE_ABSENT,  /* 0, or else none: kernels differ */
		VALUE_SOURCE,  /* it depends on the source */
	} kind;
	struct addrrange range;
	addr_t known;
	uint32_t types;
};

/* Whether the value is among those of the test with one key, which may be inverted. */
enum answer native_value_in(const struct other_test *test, const struct native_value *value);

#endif
