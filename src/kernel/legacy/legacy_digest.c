/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "legacy_digest.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"
#include "iptc.h"
#include "util.h"

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/*
 * ip_tables has no generation: its only answer is a whole table. The same request as
 * libiptc's (IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES; do_ipt_get_ctl() in
 * net/ipv4/netfilter/ip_tables.c), without making rules of it.
 */

/* The two options have the same numbers for IPv6. */
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo) &&
	       offsetof(struct ipt_get_entries, entrytable) == offsetof(struct ip6t_get_entries, entrytable),
	       "the requests of both families have one form");

/* Tries for a table that grows between its size and its entries. */
#define DIGEST_TRIES 20

/* Where an entry has what. */
static const struct layout {
	int af, level;
	size_t size, next, skipped; /* skipped: where comefrom and the counters begin */
} layouts[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { AF_INET, IPPROTO_IP, sizeof(struct ipt_entry), offsetof(struct ipt_entry, next_offset),
			  offsetof(struct ipt_entry, comefrom) },
	[FAMILY_IPV6] = { AF_INET6, IPPROTO_IPV6, sizeof(struct ip6t_entry),
			  offsetof(struct ip6t_entry, next_offset), offsetof(struct ip6t_entry, comefrom) },
};

static void mix(uint64_t *digest, const void *data, size_t size)
{
	const char *bytes = data;
	uint64_t word;

	for (; size; bytes += sizeof(word)) {
		size_t n = size < sizeof(word) ? size : sizeof(word);

		word = 0;
		memcpy(&word, bytes, n);
		*digest = (*digest ^ word) * 0x9e3779b97f4a7c15U;
		*digest ^= *digest >> 32;
		size -= n;
	}
}

static void mix_entries(const struct layout *layout, const char *entries, size_t size, uint64_t *digest)
{
	size_t at = 0;

	while (at + layout->size <= size) {
		const char *entry = entries + at;
		uint16_t next;

		memcpy(&next, entry + layout->next, sizeof(next));
		if (next < layout->size || next > size - at)
			break;
		mix(digest, entry, layout->skipped);
		mix(digest, entry + layout->size, next - layout->size);
		at += next;
	}
	mix(digest, &at, sizeof(at));
}

/* Returns 0, or an errno; EAGAIN: the table has changed its size. */
static int mix_table(int fd, const struct layout *layout, const char *name, uint64_t *digest)
{
	struct ipt_getinfo info = { 0 };
	struct ipt_get_entries *entries;
	socklen_t size = sizeof(info);
	int error = 0;

	strncpy(info.name, name, sizeof(info.name) - 1);
	if (getsockopt(fd, layout->level, IPT_SO_GET_INFO, &info, &size))
		return errno;
	size = (socklen_t)(offsetof(struct ipt_get_entries, entrytable) + info.size);
	entries = xcalloc(1, size);
	strncpy(entries->name, name, sizeof(entries->name) - 1);
	entries->size = info.size;
	if (getsockopt(fd, layout->level, IPT_SO_GET_ENTRIES, entries, &size))
		error = errno;
	if (!error) {
		mix(digest, info.hook_entry, sizeof(info.hook_entry));
		mix(digest, info.underflow, sizeof(info.underflow));
		mix_entries(layout, (const char *)entries->entrytable, info.size, digest);
	}
	free(entries);
	return error;
}

/* Opens the family's socket when there is a table. Returns 0 or an errno. */
static int mix_registered(int *fd, const struct layout *layout, const char *name, uint64_t *digest)
{
	int error = EAGAIN;

	if (*fd < 0 && (*fd = socket(layout->af, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
		return errno;
	for (unsigned int tries = 0; error == EAGAIN && tries < DIGEST_TRIES; tries++)
		error = mix_table(*fd, layout, name, digest);
	return error;
}

static int mix_family(enum family family, uint64_t *digest)
{
	static const char *const tables[] = { "filter", "nat", "raw" };
	int fd = -1, error = 0, registered = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tables) && !error && registered >= 0; i++) {
		registered = iptc_registered(family, tables[i]);
		mix(digest, &registered, sizeof(registered));
		if (registered > 0)
			error = mix_registered(&fd, &layouts[family], tables[i], digest);
	}
	if (fd >= 0)
		close(fd);
	if (error)
		diag_error("cannot read the %s tables of ip_tables: %s", family_name(family), strerror(error));
	return error || registered < 0 ? -1 : 0;
}

int legacy_digest(uint64_t *digest)
{
	*digest = 0;
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (mix_family((enum family)family, digest))
			return -1;
	return 0;
}
