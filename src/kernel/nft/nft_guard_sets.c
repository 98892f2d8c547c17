/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_guard_sets.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "diag.h"
#include "nft_attr.h"
#include "nft_headers.h"
#include "util.h"

#define SET_FLAGS (NFT_SET_CONSTANT | NFT_SET_INTERVAL)

/* The numbers of nft's types (include/datatype.h), by which it shows the values. */
enum { TYPE_IPADDR = 7, TYPE_IP6ADDR = 8, TYPE_INET_SERVICE = 13 };

static uint32_t type_of(enum guard_field field, enum family family)
{
	if (field == GUARD_PORT)
		return TYPE_INET_SERVICE;
	return family == FAMILY_IPV4 ? TYPE_IPADDR : TYPE_IP6ADDR;
}

static void store(uint32_t size, addr_t value, uint8_t *bytes)
{
	for (uint32_t i = size; i-- > 0; value >>= 8)
		bytes[i] = (uint8_t)value;
}

static addr_t load(uint32_t size, const uint8_t *bytes)
{
	addr_t value = 0;

	for (uint32_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* ---- writing ---- */

void nft_guard_set_new(struct nlmsghdr *nlh, const char *table, const struct guard_set *set,
		       uint32_t id)
{
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, set->name);
	mnl_attr_put_u32(nlh, NFTA_SET_FLAGS, htonl(SET_FLAGS));
	mnl_attr_put_u32(nlh, NFTA_SET_KEY_TYPE, htonl(type_of(set->field, set->family)));
	mnl_attr_put_u32(nlh, NFTA_SET_KEY_LEN, htonl(guard_field_size(set->field, set->family)));
	mnl_attr_put_u32(nlh, NFTA_SET_ID, htonl(id));
}

/* Names the set whose elements are listed or added. */
static void put_list(struct nlmsghdr *nlh, const char *table, const struct guard_set *set)
{
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
}

static void put_element(struct nlmsghdr *nlh, uint32_t size, addr_t value, bool end)
{
	struct nlattr *element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM), *key;
	uint8_t bytes[sizeof(addr_t)];

	store(size, value, bytes);
	key = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, size, bytes);
	mnl_attr_nest_end(nlh, key);
	if (end)
		mnl_attr_put_u32(nlh, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	mnl_attr_nest_end(nlh, element);
}

/* The list's own length has 16 bits, and two elements take less than 80 bytes. */
#define INTERVALS_PER_MESSAGE 700

void nft_guard_set_elements(struct nlmsghdr *nlh, const char *table, const struct guard_set *set,
			    uint32_t id, size_t *at)
{
	uint32_t size = guard_field_size(set->field, set->family);
	size_t end = *at + INTERVALS_PER_MESSAGE;
	struct nlattr *list;

	put_list(nlh, table, set);
	mnl_attr_put_u32(nlh, NFTA_SET_ELEM_LIST_SET_ID, htonl(id));
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (; *at < set->values.n && *at < end; (*at)++) {
		const struct addrrange *range = &set->values.v[*at];

		put_element(nlh, size, range->lo, false);
		if (range->hi < guard_field_max(set->field, set->family))
			put_element(nlh, size, range->hi + 1, true);
	}
	mnl_attr_nest_end(nlh, list);
}

void nft_guard_set_delete(struct nlmsghdr *nlh, const char *table, const char *name)
{
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, name);
}

/* ---- reading ---- */

struct set_listing {
	enum family family;
	const char *table;
	struct guard_sets *sets;
};

/* Of that kind: what the type says is what a rule would compare it with. */
static bool set_field(const struct nft_attrs *a, struct guard_set *set)
{
	uint32_t flags = 0, type = 0, length = 0;

	if (!nft_attr_u32(a->v[NFTA_SET_FLAGS], &flags) || flags != SET_FLAGS ||
	    !nft_attr_u32(a->v[NFTA_SET_KEY_TYPE], &type) ||
	    !nft_attr_u32(a->v[NFTA_SET_KEY_LEN], &length))
		return false;
	for (int field = 0; field < GUARD_FIELDS; field++) {
		set->field = (enum guard_field)field;
		/* The two for addresses differ only in their names. */
		if (type == type_of(set->field, set->family) &&
		    length == guard_field_size(set->field, set->family) &&
		    (field != GUARD_FROM || strncmp(set->name, "to-", 3)))
			return true;
	}
	return false;
}

static void take_set(const struct nlmsghdr *nlh, void *data)
{
	const uint32_t known = NFT_ATTR(NFTA_SET_TABLE) | NFT_ATTR(NFTA_SET_NAME) |
			       NFT_ATTR(NFTA_SET_FLAGS) | NFT_ATTR(NFTA_SET_KEY_TYPE) |
			       NFT_ATTR(NFTA_SET_KEY_LEN);
	struct set_listing *listing = data;
	const char *table, *name;
	struct guard_set *set;
	struct nft_attrs a;

	nft_attrs_message(&a, nlh, known);
	table = nft_attr_string(a.v[NFTA_SET_TABLE]);
	name = nft_attr_string(a.v[NFTA_SET_NAME]);
	if (!table || strcmp(table, listing->table))
		return;
	set = guard_sets_add(listing->sets, listing->family, name ? name : "");
	set->odd |= !name || !set_field(&a, set);
}

/* The elements of one set, in the order of the kernel's tree. */
struct element_listing {
	struct guard_set *set;
	struct element *v; /* owned */
	size_t n, room;
};

struct element {
	addr_t value;
	bool end;
};

static void take_element(struct element_listing *listing, const struct nlattr *attr)
{
	uint32_t size = guard_field_size(listing->set->field, listing->set->family), flags = 0;
	struct nft_attrs a, key;

	/* With any other attribute, such as a timeout or a comment, it is not one of the guard. */
	if (!nft_attrs_nested(&a, attr, NFT_ATTR(NFTA_SET_ELEM_KEY) | NFT_ATTR(NFTA_SET_ELEM_FLAGS)) ||
	    !nft_attrs_nested(&key, a.v[NFTA_SET_ELEM_KEY], NFT_ATTR(NFTA_DATA_VALUE)) ||
	    !key.v[NFTA_DATA_VALUE] ||
	    mnl_attr_get_payload_len(key.v[NFTA_DATA_VALUE]) != size ||
	    (a.v[NFTA_SET_ELEM_FLAGS] && !nft_attr_u32(a.v[NFTA_SET_ELEM_FLAGS], &flags)) ||
	    flags & ~(uint32_t)NFT_SET_ELEM_INTERVAL_END) {
		listing->set->odd = true;
		return;
	}
	GROW(listing->v, listing->n, listing->room);
	listing->v[listing->n++] = (struct element){
		load(size, mnl_attr_get_payload(key.v[NFTA_DATA_VALUE])),
		flags & NFT_SET_ELEM_INTERVAL_END,
	};
}

static void take_elements(const struct nlmsghdr *nlh, void *data)
{
	struct element_listing *listing = data;
	struct nft_attrs a;

	nft_attrs_message(&a, nlh, NFT_ATTR(NFTA_SET_ELEM_LIST_TABLE) |
				   NFT_ATTR(NFTA_SET_ELEM_LIST_SET) |
				   NFT_ATTR(NFTA_SET_ELEM_LIST_ELEMENTS));
	for (const struct nlattr *element = nft_attr_first(a.v[NFTA_SET_ELEM_LIST_ELEMENTS]); element;
	     element = nft_attr_next(a.v[NFTA_SET_ELEM_LIST_ELEMENTS], element))
		take_element(listing, element);
}

/* Where one interval ends and another begins, the end comes first. */
static int by_value(const void *a, const void *b)
{
	const struct element *left = a, *right = b;

	if (left->value != right->value)
		return left->value < right->value ? -1 : 1;
	return right->end - left->end;
}

/* Makes intervals of the elements, which begin and end them by turns. */
static void finish(struct element_listing *listing)
{
	struct guard_set *set = listing->set;
	addr_t max = guard_field_max(set->field, set->family);

	if (listing->n)
		qsort(listing->v, listing->n, sizeof(*listing->v), by_value);
	for (size_t i = 0; i < listing->n && !set->odd; i++) {
		const struct element *first = &listing->v[i];

		/* nft ends the interval of all values below the first one. */
		if (first->end && !i && !first->value) {
			continue;
		} else if (first->end) {
			set->odd = true;
		} else if (i + 1 == listing->n) {
			addrset_add(&set->values, first->value, max);
		} else if (!listing->v[++i].end || listing->v[i].value == first->value) {
			set->odd = true;
		} else {
			addrset_add(&set->values, first->value, listing->v[i].value - 1);
		}
	}
	free(listing->v);
}

static int read_elements(struct nft_socket *nft, const char *table, struct guard_set *set)
{
	struct nlmsghdr *nlh = nft_request_begin(nft, NFT_MSG_GETSETELEM, family_af(set->family));
	struct element_listing listing = { .set = set };
	int status;

	put_list(nlh, table, set);
	status = nft_request(nft, take_elements, &listing);
	finish(&listing);
	return status;
}

int nft_guard_sets_read(struct nft_socket *nft, enum family family, const char *table,
			struct guard_sets *sets)
{
	struct nlmsghdr *nlh = nft_request_begin(nft, NFT_MSG_GETSET, family_af(family));
	struct set_listing listing = { family, table, sets };
	int status;

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, table);
	status = nft_request(nft, take_set, &listing);
	for (size_t i = 0; i < sets->n && !status; i++)
		if (!sets->v[i]->odd)
			status = read_elements(nft, table, sets->v[i]);
	if (sets->n)
		diag_step(2, "netlink: %zu sets of %s %s", sets->n, family_name(family), table);
	return status;
}
