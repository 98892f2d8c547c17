/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proxies.h"

#include <stdlib.h>
#include <string.h>

#include "sorted.h"

void proxies_clear(struct proxies *proxies)
{
	free(proxies->v);
	*proxies = (struct proxies){ 0 };
}

static int by_port(const void *left, const void *right)
{
	const struct proxy *a = left, *b = right;

	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	return a->family < b->family ? -1 : a->family > b->family;
}

void proxies_sort(struct proxies *proxies)
{
	if (proxies->n)
		qsort(proxies->v, proxies->n, sizeof(*proxies->v), by_port);
}

const struct proxy *proxies_find(const struct proxies *proxies, enum family family, uint8_t proto,
				 addr_t addr, uint16_t port)
{
	struct proxy key = { .family = family, .proto = proto, .port = port };
	size_t i = sorted_first(&key, proxies->v, proxies->n, sizeof(key), by_port);

	for (; i < proxies->n && !by_port(&proxies->v[i], &key); i++)
		if (proxies->v[i].any || proxies->v[i].host == addr)
			return &proxies->v[i];
	return NULL;
}
