/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TRACE_H
#define DOCKFW_TRACE_H

#include "walk.h"

/* Follows one packet, rule by rule, to its verdict. Pure. */

enum trace_verdict {
	TRACE_FORWARDED,
	TRACE_LOCAL,   /* delivered to the host itself */
	TRACE_DROPPED,
	TRACE_REFUSED,
	TRACE_LOST,    /* no route, forwarding switched off, … */
	TRACE_MAYBE,   /* more than one of these */
};
/* "forwarded", "local", "dropped", "refused", "lost", "maybe". */
const char *trace_verdict_name(enum trace_verdict verdict);

struct trace {
	struct packet packet; /* as it came in */
	addr_t src;
	struct steps steps;
	struct fate fate;
	enum trace_verdict verdict;
	unsigned int possible; /* bits 1U << TRACE_…: how it may end */
};

/*
 * Follows the packet that text describes (packet_parse()). The world must live as
 * long as the trace, which the caller clears. all: rules that do not match are steps
 * as well. Returns 0, or -1 after reporting what is wrong with the text, or that the
 * time is over.
 */
int trace_run(const struct world *world, const char *text, bool all, struct trace *trace);
/* The same for trace->packet and trace->src, which the caller has set. */
void trace_packet(const struct world *world, bool all, struct trace *trace);
/* Follows the packet of another trace to a service of the host (walk_to_host()). */
void trace_to_host(const struct world *world, bool all, const struct trace *of,
		   struct trace *trace);
void trace_clear(struct trace *trace);

/* How packets from src may end, as trace->possible. */
unsigned int trace_ends(const struct fate *fate, addr_t src);

#endif
