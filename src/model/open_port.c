/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "open_port.h"

#include <stdlib.h>

void open_port_clear(struct open_port *port)
{
	strings_clear(&port->hosts);
	strings_clear(&port->interfaces);
	strings_clear(&port->sources);
	free(port->why);
	*port = (struct open_port){ 0 };
}

void open_ports_clear(struct open_ports *open)
{
	for (size_t i = 0; i < open->n; i++)
		open_port_clear(&open->v[i]);
	free(open->v);
	free(open->error);
	*open = (struct open_ports){ 0 };
}

bool open_port_same(const struct open_port *a, const struct open_port *b)
{
	return a->family == b->family && a->proto == b->proto && span_equal(a->port, b->port);
}

static int by_key(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

size_t open_ports_count(const struct open_ports *open, enum family family, bool maybe)
{
	uint64_t *keys = xcalloc(open->n, sizeof(*keys));
	size_t n = 0, different = 0;

	for (size_t i = 0; i < open->n; i++) {
		const struct open_port *port = &open->v[i];

		if ((family == FAMILY_COUNT || port->family == family) && port->maybe == maybe)
			keys[n++] = (uint64_t)port->family << 40 | (uint64_t)port->proto << 32 |
				    (uint64_t)port->port.lo << 16 | port->port.hi;
	}
	if (n)
		qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 0; i < n; i++)
		different += !i || keys[i] != keys[i - 1];
	free(keys);
	return different;
}
