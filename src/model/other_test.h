/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHER_TEST_H
#define DOCKFW_OTHER_TEST_H

#include "addrset.h"

/*
 * The conditions of a rule of nf_tables: parts of a packet, each a number, that must be in a
 * set of numbers. A name of an interface is the number of its 16 bytes, padded with NUL, so
 * that a prefix of names is an interval. No I/O.
 */

enum other_field {
	FIELD_UNKNOWN,
	FIELD_IN_NAME, FIELD_OUT_NAME,
	FIELD_IN_INDEX, FIELD_OUT_INDEX,
	FIELD_NFPROTO,     /* NFPROTO_IPV4 or NFPROTO_IPV6 */
	FIELD_ETHERTYPE,   /* ETH_P_… */
	FIELD_PROTO,
	FIELD_NEXT_HEADER, /* of the IPv6 header: the protocol, or that of an extension header */
	FIELD_SOURCE, FIELD_DESTINATION,
	FIELD_SPORT, FIELD_DPORT, /* the first four bytes after the IP header */
	FIELD_ICMP_TYPE, FIELD_ICMP_CODE, /* the first two of them */
	FIELD_TCP_FLAGS,
	FIELD_FRAGMENT,    /* flags and offset of IPv4 */
	FIELD_STATE, FIELD_STATUS, FIELD_DIRECTION, /* of connection tracking, as its bits */
	FIELD_MARK, FIELD_CT_MARK,
	FIELD_CT_NFPROTO, FIELD_CT_PROTO,
	FIELD_ORIG_SOURCE, FIELD_ORIG_DESTINATION, FIELD_ORIG_SPORT, FIELD_ORIG_DPORT,
	FIELD_REPLY_SOURCE, FIELD_REPLY_DESTINATION, FIELD_REPLY_SPORT, FIELD_REPLY_DPORT,
	FIELD_PKTTYPE,     /* PACKET_… */
	/* RTN_…: on the whole host, or on the interface by which it comes in or goes out. */
	FIELD_DESTINATION_TYPE, FIELD_DESTINATION_TYPE_IN, FIELD_DESTINATION_TYPE_OUT,
	FIELD_SOURCE_TYPE, FIELD_SOURCE_TYPE_IN, FIELD_SOURCE_TYPE_OUT,
	/* The interface to the source, if it is the one by which the packet comes in, else 0. */
	FIELD_WAY_BACK,
	OTHER_FIELDS,
};

/* The bits of FIELD_STATE: NF_CT_STATE_BIT() of linux/netfilter/nf_conntrack_common.h. */
#define OTHER_STATE_INVALID (1U << 0)
#define OTHER_STATE_ESTABLISHED (1U << 1)
#define OTHER_STATE_NEW (1U << 3)
#define OTHER_STATE_UNTRACKED (1U << 6)

#define OTHER_KEYS_MAX 8
#define OTHER_MASK_ALL (~(addr_t)0)

/* A part of the packet. */
struct other_key {
	enum other_field field;
	uint8_t size; /* in bytes; of an address: that of its family */
	addr_t mask;  /* the bits that count; OTHER_MASK_ALL for addresses */
};

/* Values of one key, or of several together. */
struct other_set {
	size_t nkeys;
	bool unsure; /* whether a packet's values are in it is not known */
	struct addrset one;       /* owned; if nkeys is 1 */
	struct addrrange *boxes;  /* owned; else n times nkeys intervals, one for each key */
	size_t n;
};

struct other_test {
	struct other_key key;         /* the first one … */
	const struct other_key *more; /* … and the others; borrowed */
	uint8_t nkeys;
	bool inverted;
	struct addrrange range;       /* the values, unless there is a set */
	const struct other_set *set;  /* borrowed */
};

/* The key with that index. */
static inline const struct other_key *other_test_key(const struct other_test *test, size_t i)
{
	return i ? &test->more[i - 1] : &test->key;
}

/* Whether one of its keys is that field. */
bool other_test_reads(const struct other_test *test, enum other_field field);
/* Of a test with one key: whether the value is among those of the test, which may be inverted. */
bool other_test_has(const struct other_test *test, addr_t value);
/* The same for all values from lo to hi: -1 for none, 0 for some, 1 for all. */
int other_test_covers(const struct other_test *test, addr_t lo, addr_t hi);
/* The number of combinations of intervals, and interval k of combination i. */
size_t other_test_count(const struct other_test *test);
struct addrrange other_test_range(const struct other_test *test, size_t i, size_t k);

bool other_test_same(const struct other_test *a, const struct other_test *b);

/* The name of an interface as a number. */
addr_t other_name(const char name[IFNAMSIZ]);
/* The interval of the names that begin with the first size bytes of name. */
struct addrrange other_names(const char *name, size_t size);

void other_set_free(struct other_set *set);

#endif
