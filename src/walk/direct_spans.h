/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DIRECT_SPANS_H
#define DOCKFW_DIRECT_SPANS_H

#include <stddef.h>

#include "proto.h"

/*
 * The spans of ports that rules name, for each protocol by itself, and of each span a port
 * that stands for all of it. Pure.
 */

/* At most this many spans are followed, and as many kept of which nothing gets through. */
#define DIRECT_SPANS_MAX 64

enum direct_proto {
	DIRECT_TCP,
	DIRECT_UDP,
	DIRECT_OTHER, /* every other protocol with ports */
	DIRECT_PROTOS,
};

/* A span of ports that a rule names. */
struct named_span {
	uint8_t proto; /* 0: every protocol */
	struct span port;
	bool follow;   /* whether a packet is to be followed to it */
};

struct direct_spans {
	struct named_span v[2 * DIRECT_SPANS_MAX];
	size_t n, followed, refused;
	bool left_out;       /* there were more */
	/* Owned; for each protocol and port, the size of the smallest span with it. */
	uint32_t *narrowest[DIRECT_PROTOS];
};

enum direct_proto direct_proto_of(uint8_t proto);

/* Begins without a span. */
void direct_spans_init(struct direct_spans *spans);
void direct_spans_clear(struct direct_spans *spans);
/* follow: what a rule does with packets to these ports may let some through. */
void direct_spans_name(struct direct_spans *spans, uint8_t proto, struct span span, bool follow);
/*
 * Called when all are named. A span, or what no span is about, may consist of smaller ones
 * entirely. Then these are followed as well, those of rules that refuse among them: such a
 * rule may refuse only some sources.
 */
void direct_spans_settle(struct direct_spans *spans);
/*
 * The highest port of the span that no smaller span has; 0 if there is none, as the smaller
 * ones are followed.
 */
uint16_t direct_spans_port(const struct direct_spans *spans, enum direct_proto proto,
			   struct span span);

#endif
