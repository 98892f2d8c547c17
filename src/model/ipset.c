/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ipset.h"

#include <stdlib.h>

struct ipset_found {
	bool has;
	uint8_t proto;
	uint16_t port;
	struct addrset addresses;
};

struct ipset *ipsets_add(struct ipsets *sets, uint16_t index, const char *name)
{
	struct ipset *set = xcalloc(1, sizeof(*set));

	set->index = index;
	set->name = xstrdup(name);
	GROW(sets->v, sets->n, sets->room);
	return sets->v[sets->n++] = set;
}

const struct ipset *ipsets_find(const struct ipsets *sets, uint16_t index)
{
	for (size_t i = 0; sets && i < sets->n; i++)
		if (sets->v[i]->index == index)
			return sets->v[i];
	return NULL;
}

void ipset_forget(struct ipset *set)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		addrset_clear(&set->members[family]);
	for (enum family family = 0; set->found && family < FAMILY_COUNT; family++)
		addrset_clear(&set->found[family].addresses);
	free(set->found);
	free(set->v);
	set->found = NULL;
	set->v = NULL;
	set->n = set->room = 0;
	set->kind = SET_UNKNOWN;
}

void ipsets_clear(struct ipsets *sets)
{
	for (size_t i = 0; i < sets->n; i++) {
		ipset_forget(sets->v[i]);
		free(sets->v[i]->name);
		free(sets->v[i]);
	}
	free(sets->v);
	*sets = (struct ipsets){ 0 };
}

void ipset_add(struct ipset *set, const struct ipset_member *member)
{
	GROW(set->v, set->n, set->room);
	set->v[set->n++] = *member;
}

/* By protocol and port, then the shorter prefix first, then by address. */
static int by_port(const void *left, const void *right)
{
	const struct ipset_member *a = left, *b = right;

	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	if (a->port.lo != b->port.lo)
		return a->port.lo < b->port.lo ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	if (a->nomatch != b->nomatch)
		return a->nomatch < b->nomatch ? -1 : 1;
	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

/*
 * Adds the addresses of some members, sorted as above: the longest prefix decides, so
 * each length adds to the shorter ones or takes away from them.
 */
static void add_members(struct addrset *addresses, const struct ipset_member *v, size_t n)
{
	for (size_t i = 0; i < n;) {
		struct addrset same = { 0 };
		size_t first = i;

		for (; i < n && v[i].length == v[first].length && v[i].nomatch == v[first].nomatch; i++)
			addrset_add(&same, v[i].lo, v[i].hi);
		if (v[first].nomatch)
			addrset_subtract(addresses, &same);
		else
			addrset_unite(addresses, &same);
		addrset_clear(&same);
	}
}

void ipset_finish(struct ipset *set, enum family family)
{
	if (set->n)
		qsort(set->v, set->n, sizeof(*set->v), by_port);
	if (set->kind == SET_ADDRESS_PORTS && !set->found)
		set->found = xcalloc(FAMILY_COUNT, sizeof(*set->found));
	if (set->kind != SET_ADDRESSES)
		return;
	add_members(&set->members[family], set->v, set->n);
	free(set->v);
	set->v = NULL;
	set->n = set->room = 0;
}

/* The first member that does not come before that protocol and port. */
static size_t first_at(const struct ipset *set, uint8_t proto, uint16_t port)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ipset_member *member = &set->v[middle];

		if (member->proto < proto || (member->proto == proto && member->port.lo < port))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void find_at(const struct ipset *set, enum family family, uint8_t proto, uint16_t port,
		    struct addrset *addresses)
{
	size_t first = first_at(set, proto, port), last = first;

	while (last < set->n && set->v[last].proto == proto && set->v[last].port.lo == port)
		last++;
	if (set->has_family[family])
		add_members(addresses, set->v + first, last - first);
}

void ipset_at(const struct ipset *set, enum family family, uint8_t proto, uint16_t port,
	      struct addrset *addresses)
{
	struct ipset_found *found = set->found ? &set->found[family] : NULL;

	if (!found) {
		find_at(set, family, proto, port, addresses);
		return;
	}
	if (!found->has || found->proto != proto || found->port != port) {
		addrset_clear(&found->addresses);
		*found = (struct ipset_found){ .has = true, .proto = proto, .port = port };
		find_at(set, family, proto, port, &found->addresses);
	}
	addrset_copy(addresses, &found->addresses);
}

bool ipset_any_in(const struct ipset *set, uint8_t proto, struct span ports)
{
	size_t at = first_at(set, proto, ports.lo);

	return at < set->n && set->v[at].proto == proto && set->v[at].port.lo <= ports.hi;
}
