/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include "deadline.h"
#include "host_world.h"

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

static bool flows_have(const struct flows *flows, addr_t src)
{
	for (size_t i = 0; i < flows->n; i++)
		if (addrset_has(&flows->v[i].src, src))
			return true;
	return false;
}

unsigned int trace_ends(const struct fate *fate, addr_t src)
{
	unsigned int ends = 0;

	if (flows_have(&fate->forwarded, src))
		ends |= 1U << TRACE_FORWARDED;
	if (flows_have(&fate->local, src))
		ends |= 1U << TRACE_LOCAL;
	/* If it is known neither that the packet gets somewhere nor that it does not. */
	if (!ends && addrset_has(&fate->unknown.set, src))
		return (1U << TRACE_MAYBE) - 1;
	if (addrset_has(&fate->dropped.set, src))
		ends |= 1U << TRACE_DROPPED;
	if (addrset_has(&fate->refused.set, src))
		ends |= 1U << TRACE_REFUSED;
	if (addrset_has(&fate->lost.set, src))
		ends |= 1U << TRACE_LOST;
	return ends;
}

/* Sets the verdict; takes over nothing. */
static void trace_judge(struct trace *trace)
{
	trace->possible = trace_ends(&trace->fate, trace->src);
	trace->verdict = TRACE_MAYBE;
	for (unsigned int v = 0; v < TRACE_MAYBE; v++)
		if (trace->possible == 1U << v)
			trace->verdict = (enum trace_verdict)v;
}

void trace_to_host(const struct world *world, bool all, const struct trace *of,
		   struct trace *trace)
{
	struct addrset sources = { 0 };
	struct host_world host;
	struct walker walker;

	*trace = (struct trace){ .packet = of->packet, .src = of->src, .steps.all = all };
	addrset_add(&sources, trace->src, trace->src);
	host_world_make(&host, world);
	walker_make(&walker, &host.world, trace->packet.family);
	walk_to_host(&walker, &trace->packet, &sources, &trace->steps, &trace->fate);
	walker_clear(&walker);
	host_world_clear(&host);
	addrset_clear(&sources);
	trace_judge(trace);
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
	trace_judge(trace);
}

int trace_run(const struct world *world, const char *text, bool all, struct trace *trace)
{
	*trace = (struct trace){ 0 };
	if (packet_parse(text, world->info, &trace->packet, &trace->src) < 0)
		return -1;
	trace_packet(world, all, trace);
	return deadline_check();
}

void trace_clear(struct trace *trace)
{
	steps_clear(&trace->steps);
	fate_clear(&trace->fate);
}
