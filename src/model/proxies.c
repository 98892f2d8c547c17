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

/* Where several have one port, their order may differ: then they count as others. */
bool proxies_same(const struct proxies *a, const struct proxies *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct proxy *p = &a->v[i], *q = &b->v[i];

		if (by_port(p, q) || p->any != q->any || (!p->any && p->host != q->host) || p->pid != q->pid ||
		    p->container_family != q->container_family || p->container != q->container ||
		    p->container_port != q->container_port)
			return false;
	}
	return true;
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
