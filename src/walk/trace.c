/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

const char *trace_verdict_name(enum trace_verdict verdict)
{
	static const char *const names[] = {
		[TRACE_FORWARDED] = "forwarded",
		[TRACE_LOCAL] = "local",
		[TRACE_DROPPED] = "dropped",
		[TRACE_REFUSED] = "refused",
		[TRACE_LOST] = "lost",
		[TRACE_MAYBE] = "maybe",
	};

	return names[verdict];
}

void trace_packet(const struct world *world, bool all, struct trace *trace)
{
	struct addrset sources = { 0 };
	struct walker walker;

	trace->steps.all = all;
	addrset_add(&sources, trace->src, trace->src);
	walker_make(&walker, world, trace->packet.family);
	walk_packet(&walker, &trace->packet, &sources, &trace->steps, &trace->fate);
	walker_clear(&walker);
	addrset_clear(&sources);
	trace->possible = 0;
	if (trace->fate.forwarded.n)
		trace->possible |= 1U << TRACE_FORWARDED;
	if (trace->fate.local.n)
		trace->possible |= 1U << TRACE_LOCAL;
	if (trace->fate.dropped.set.n)
		trace->possible |= 1U << TRACE_DROPPED;
	if (trace->fate.refused.set.n)
		trace->possible |= 1U << TRACE_REFUSED;
	if (trace->fate.lost.set.n)
		trace->possible |= 1U << TRACE_LOST;
	trace->verdict = TRACE_MAYBE;
	for (unsigned int v = 0; v < TRACE_MAYBE; v++)
		if (trace->possible == 1U << v)
			trace->verdict = (enum trace_verdict)v;
}

int trace_run(const struct world *world, const char *text, bool all, struct trace *trace)
{
	*trace = (struct trace){ 0 };
	if (packet_parse(text, world->info, &trace->packet, &trace->src) < 0)
		return -1;
	trace_packet(world, all, trace);
	return 0;
}

void trace_clear(struct trace *trace)
{
	steps_clear(&trace->steps);
	fate_clear(&trace->fate);
}
