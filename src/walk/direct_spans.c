/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "direct_spans.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "util.h"

#define PORTS 65536

enum direct_proto direct_proto_of(uint8_t proto)
{
	return proto == IPPROTO_TCP ? DIRECT_TCP : proto == IPPROTO_UDP ? DIRECT_UDP : DIRECT_OTHER;
}

static uint32_t size_of(struct span span)
{
	return span.hi - span.lo + 1U;
}

/* No connection has port 0. */
static bool is_every_port(struct span span)
{
	return span.lo <= 1 && span.hi == UINT16_MAX;
}

void direct_spans_init(struct direct_spans *spans)
{
	*spans = (struct direct_spans){ 0 };
	for (enum direct_proto proto = 0; proto < DIRECT_PROTOS; proto++) {
		spans->narrowest[proto] = xcalloc(PORTS, sizeof(*spans->narrowest[proto]));
		for (size_t port = 0; port < PORTS; port++)
			spans->narrowest[proto][port] = PORTS;
	}
}

void direct_spans_clear(struct direct_spans *spans)
{
	for (enum direct_proto proto = 0; proto < DIRECT_PROTOS; proto++)
		free(spans->narrowest[proto]);
	*spans = (struct direct_spans){ 0 };
}

static void follow_it(struct direct_spans *spans, struct named_span *named)
{
	spans->refused--;
	spans->followed++;
	named->follow = true;
}

static void keep(struct direct_spans *spans, uint8_t proto, struct span span, bool follow)
{
	size_t *count = follow ? &spans->followed : &spans->refused;

	for (size_t i = 0; i < spans->n; i++) {
		struct named_span *named = &spans->v[i];

		if (named->proto != proto || !span_equal(named->port, span))
			continue;
		if (follow && !named->follow && spans->followed < DIRECT_SPANS_MAX)
			follow_it(spans, named);
		return;
	}
	if (*count == DIRECT_SPANS_MAX) {
		spans->left_out = true;
		return;
	}
	++*count;
	spans->v[spans->n++] = (struct named_span){ .proto = proto, .port = span, .follow = follow };
}

void direct_spans_name(struct direct_spans *spans, uint8_t proto, struct span span, bool follow)
{
	uint32_t size = size_of(span);

	if (span.lo > span.hi || is_every_port(span) || (proto && !proto_has_ports(proto)))
		return;
	for (enum direct_proto p = 0; p < DIRECT_PROTOS; p++)
		for (size_t port = span.lo; port <= span.hi; port++)
			if ((!proto || p == direct_proto_of(proto)) &&
			    spans->narrowest[p][port] > size)
				spans->narrowest[p][port] = size;
	keep(spans, proto, span, follow);
}

static uint16_t port_of(const struct direct_spans *spans, enum direct_proto proto, struct span span)
{
	for (size_t port = span.hi; port && port >= span.lo; port--)
		if (spans->narrowest[proto][port] >= size_of(span))
			return (uint16_t)port;
	return 0;
}

static bool is_about(const struct named_span *named, enum direct_proto proto)
{
	return !named->proto || direct_proto_of(named->proto) == proto;
}

/* Follows what a span consists of if it consists of smaller ones. */
static void settle(struct direct_spans *spans, enum direct_proto proto, struct span span)
{
	if (port_of(spans, proto, span))
		return;
	for (size_t i = 0; i < spans->n; i++) {
		struct named_span *named = &spans->v[i];

		if (!named->follow && is_about(named, proto) && named->port.lo <= span.hi &&
		    named->port.hi >= span.lo)
			follow_it(spans, named);
	}
}

void direct_spans_settle(struct direct_spans *spans)
{
	bool settled[ARRAY_SIZE(spans->v)] = { false };
	size_t before;

	for (enum direct_proto proto = 0; proto < DIRECT_PROTOS; proto++)
		settle(spans, proto, SPAN_ALL);
	/* One that is now followed may itself consist of others. */
	do {
		before = spans->followed;
		for (size_t i = 0; i < spans->n; i++) {
			if (!spans->v[i].follow || settled[i])
				continue;
			settled[i] = true;
			for (enum direct_proto proto = 0; proto < DIRECT_PROTOS; proto++)
				if (is_about(&spans->v[i], proto))
					settle(spans, proto, spans->v[i].port);
		}
	} while (spans->followed > before);
}

/* The port of the widest of the smaller spans. */
static uint16_t widest(const struct direct_spans *spans, enum direct_proto proto, struct span span)
{
	const uint32_t *narrowest = spans->narrowest[proto];
	size_t best = span.hi;

	for (size_t port = span.hi; port && port >= span.lo; port--)
		if (narrowest[port] > narrowest[best])
			best = port;
	return (uint16_t)best;
}

uint16_t direct_spans_port(const struct direct_spans *spans, enum direct_proto proto,
			   struct span span)
{
	uint16_t port = port_of(spans, proto, span);

	return port || !spans->left_out ? port : widest(spans, proto, span);
}
