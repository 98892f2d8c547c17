/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares the walk of packets with the kernel: loads generated rulesets in the host's
 * namespace (tests/walk/lib.sh), sends real packets from the client's, observes where
 * they come out, and compares that with the trace.
 *
 * walk-proof FAMILY BACKEND CLIENT HOST BOX GENERATOR FIRST RULESETS PACKETS [PART…]
 * GENERATOR is walk-generate; the others are in the same folder. A PART is what hosts have:
 * see enum part.
 */
#include <libgen.h>

#include "backend_legacy.h"
#include "backend_nft.h"
#include "deadline.h"
#include "guard_names.h"
#include "other_filters.h"
#include "read_set.h"
#include "snapshot_read.h"
#include "walk-exposed.h"
#include "walk-load.h"
#include "walk-wire.h"

#define IDLE_MS 25
#define LATE_MS 1500 /* a packet that is expected may still arrive within this time */

static enum trace_verdict kernel_verdict(const struct seen *seen)
{
	if (seen->forwarded)
		return TRACE_FORWARDED;
	if (seen->local)
		return TRACE_LOCAL;
	return seen->refused ? TRACE_REFUSED : TRACE_DROPPED;
}

/* Whether the packet went as the trace said; a lost packet is seen nowhere. */
static bool agrees(const struct probe *probe)
{
	enum trace_verdict kernel = kernel_verdict(&probe->seen);
	const struct trace *trace = &probe->trace;
	unsigned int possible = trace->possible;

	/* Nothing answers an ICMP error, not even to refuse it. Other tables may drop the answer. */
	if (possible & 1U << TRACE_REFUSED &&
	    (probe->odd || has(PART_OTHERS) || has(PART_OWN) ||
	     (trace->packet.proto == IPPROTO_ICMP && trace->packet.icmp_type.lo == 3) ||
	     (trace->packet.proto == IPPROTO_ICMPV6 && trace->packet.icmp_type.lo < 128)))
		possible |= 1U << TRACE_DROPPED;
	if (possible & 1U << TRACE_LOST)
		possible |= 1U << TRACE_DROPPED | 1U << TRACE_REFUSED;
	if (!(possible & 1U << kernel))
		return false;
	if (kernel != TRACE_FORWARDED)
		return true;
	for (size_t i = 0; i < trace->fate.forwarded.n; i++) {
		const struct packet *packet = &trace->fate.forwarded.v[i].packet;

		if (probe->seen.dst >= packet->dst.lo && probe->seen.dst <= packet->dst.hi &&
		    (!proto_has_ports(packet->proto) ||
		     (probe->seen.dport >= packet->dport.lo && probe->seen.dport <= packet->dport.hi)))
			return true;
	}
	return false;
}

/*
 * Whether a walk of all sources at once has the same outcome for this source as its
 * trace. A mask with many holes is a maybe for it: then it may give more outcomes,
 * never fewer.
 */
static bool sets_agree(struct walker *walker, const struct probe *probe)
{
	struct addrset all = { 0 };
	unsigned int possible;
	addr_t src = probe->trace.src;
	struct fate fate;

	addrset_all(&all, run.family);
	walk_packet(walker, &probe->trace.packet, &all, NULL, &fate);
	possible = trace_ends(&fate, src);
	fate_clear(&fate);
	addrset_clear(&all);
	run.vague += possible != probe->trace.possible;
	return !(probe->trace.possible & ~possible);
}

static bool all_agree(void)
{
	for (size_t i = 0; i < run.n; i++)
		if (!agrees(&run.probes[i]))
			return false;
	return true;
}

static void explain(const struct probe *probe, const char *what, unsigned long seed)
{
	const struct trace *trace = &probe->trace;
	const struct packet *packet = &trace->packet;
	const struct decider *doubt = &trace->fate.doubt;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	fprintf(stderr, "seed %lu: from %s in %s to %s %s", seed,
		addr_text(run.family, probe->trace.src, src), packet->in,
		addr_text(run.family, packet->dst.lo, dst), proto_name(packet->proto));
	if (proto_has_ports(packet->proto))
		fprintf(stderr, " %u sport %u", packet->dport.lo, packet->sport.lo);
	else
		fprintf(stderr, " %u/%u", packet->icmp_type.lo, packet->icmp_code.lo);
	fprintf(stderr, ": %s: trace says %s (0x%x), the kernel %s", what,
		trace_verdict_name(probe->trace.verdict), probe->trace.possible,
		trace_verdict_name(kernel_verdict(&probe->seen)));
	if (probe->seen.forwarded)
		fprintf(stderr, " to %s port %u", addr_text(run.family, probe->seen.dst, to),
			probe->seen.dport);
	if (trace->fate.doubtful)
		fprintf(stderr, "; doubt: %s %s %zu: %s", doubt->table ? doubt->table : "-",
			doubt->chain ? doubt->chain : "-", doubt->number,
			doubt->reason ? doubt->reason : "-");
	fputc('\n', stderr);
}

/* Whether the guard refuses the packet for certain. */
static bool is_guarded(const struct trace *trace)
{
	const struct ending *ending = trace->verdict == TRACE_DROPPED ? &trace->fate.dropped
								      : &trace->fate.refused;

	return (trace->verdict == TRACE_DROPPED || trace->verdict == TRACE_REFUSED) &&
	       ending->by.table && !strcmp(ending->by.table, GUARD_TABLE);
}

/* What is read of a host. */
struct host {
	struct snapshot *snapshot, *guard;
	struct other_filters others;
	struct world world;
};

static void read_host(struct host *host)
{
	static backend_list backends = { [BACKEND_NFT] = &backend_nft,
					 [BACKEND_LEGACY] = &backend_legacy };
	static const char *const guard_tables[] = { GUARD_TABLE, NULL };

	*host = (struct host){ 0 };
	if (snapshot_read(run.ops, run.policy, walk_tables, select_all, &host->snapshot) ||
	    (has(PART_GUARD) && run.ops != &backend_nft &&
	     snapshot_read(&backend_nft, run.policy, guard_tables, select_all, &host->guard)) ||
	    ((has(PART_OTHERS) || has_native()) &&
	     other_filters_read(backends, host->snapshot, &host->others)))
		exit(3);
	host->world = (struct world){ .snapshot = host->snapshot, .guard = host->guard,
				      .info = &run.info, .others = &host->others };
}

static void clear_host(struct host *host)
{
	other_filters_clear(&host->others);
	snapshot_free(host->guard);
	snapshot_free(host->snapshot);
}

/* Draws the packets and traces them. */
static void trace_probes(const struct world *world, unsigned long seed, size_t packets)
{
	struct walker walker;

	walker_make(&walker, world, run.family);
	for (run.n = 0; run.n < packets;) {
		struct probe *probe = &run.probes[run.n];

		make_probe(probe);
		if (is_repeated(probe))
			continue;
		trace_packet(world, false, &probe->trace);
		if (!sets_agree(&walker, probe)) {
			run.wrong++;
			explain(probe, "a walk of all sources differs", seed);
		}
		run.n++;
	}
	walker_clear(&walker);
}

static void send_probes(void)
{
	for (size_t i = 0; i < run.n; i++) {
		send_probe(&run.probes[i], (uint32_t)i);
		if (i % 64 == 63)
			collect(0);
	}
	collect(IDLE_MS);
	if (!all_agree())
		collect(LATE_MS);
}

static void count_probe(const struct probe *probe, unsigned long seed)
{
	run.sent++;
	run.ends[kernel_verdict(&probe->seen)]++;
	if (probe->trace.verdict == TRACE_MAYBE) {
		run.maybes++;
		if (!has(PART_MAYBE) && (has_native() || probe->way != DOCKER0) && getenv("VERBOSE"))
			explain(probe, "undecided", seed);
	} else {
		run.certain++;
	}
	run.guarded += is_guarded(&probe->trace);
	if (!agrees(probe)) {
		run.wrong++;
		explain(probe, "WRONG", seed);
	}
}

static void prove(unsigned long seed, size_t packets)
{
	struct exposure_list exposures = { 0 };
	struct host host;

	load(seed);
	read_host(&host);
	run.nonce = (run.nonce * 7919 + 1 + (uint32_t)seed) & 0xffff;
	trace_probes(&host.world, seed, packets);
	if (has(PART_DOCKER) && exposure_compute(NULL, &host.world, 1U << run.family, &exposures))
		exit(3);
	send_probes();
	for (size_t i = 0; i < run.n; i++) {
		struct probe *probe = &run.probes[i];
		const char *differs = has(PART_DOCKER) ? exposure_differs(&exposures, probe) : NULL;

		count_probe(probe, seed);
		if (differs) {
			run.misread++;
			explain(probe, differs, seed);
		}
		trace_clear(&probe->trace);
	}
	exposure_clear(&exposures);
	clear_host(&host);
}

static int read_parts(char **words)
{
	for (; *words; words++) {
		unsigned int part = 0;

		while (part < PARTS && strcmp(*words, part_names[part]))
			part++;
		if (part == PARTS) {
			fprintf(stderr, "walk-proof: '%s' is not a part of a host\n", *words);
			return -1;
		}
		run.parts |= 1U << part;
	}
	return 0;
}

static void print_counts(unsigned long rulesets)
{
	printf("%s %s", family_name(run.family), run.ops == &backend_nft ? "nft" : "legacy");
	for (unsigned int part = 0; part < PARTS; part++)
		if (has((enum part)part))
			printf(" %s", part_names[part]);
	printf(": %lu rulesets, %lu packets: %lu forwarded, %lu local, %lu refused, "
	       "%lu dropped; trace certain of %lu, maybe %lu (%.2f %%), WRONG %lu; as a set vague of %lu; exposure WRONG %lu\n",
	       rulesets, run.sent, run.ends[TRACE_FORWARDED], run.ends[TRACE_LOCAL],
	       run.ends[TRACE_REFUSED], run.ends[TRACE_DROPPED], run.certain, run.maybes,
	       run.sent ? 100.0 * (double)run.maybes / (double)run.sent : 0.0, run.wrong, run.vague, run.misread);
}

int main(int argc, char **argv)
{
	unsigned long first, rulesets, packets;

	if (argc < 10 || read_parts(argv + 10)) {
		fprintf(stderr, "usage: walk-proof FAMILY BACKEND CLIENT HOST BOX GENERATOR FIRST RULESETS PACKETS [PART…]\n");
		return 3;
	}
	run.family = strcmp(argv[1], "ipv6") ? FAMILY_IPV4 : FAMILY_IPV6;
	run.ops = strcmp(argv[2], "nft") ? &backend_legacy : &backend_nft;
	run.name = xasprintf("%s-%s", run.family == FAMILY_IPV4 ? "iptables" : "ip6tables", argv[2]);
	run.other_name = xasprintf("%s-%s", run.family == FAMILY_IPV4 ? "iptables" : "ip6tables",
				   run.ops == &backend_nft ? "legacy" : "nft");
	run.client_ns = open_ns(argv[3]);
	run.host_ns = open_ns(argv[4]);
	run.box_ns = open_ns(argv[5]);
	run.folder = dirname(argv[6]);
	first = strtoul(argv[7], NULL, 10);
	rulesets = strtoul(argv[8], NULL, 10);
	packets = strtoul(argv[9], NULL, 10);
	if (packets > PACKETS_MAX)
		packets = PACKETS_MAX;
	srandom((unsigned int)first);
	run.policy = policy_new();
	run.policy->families = 1U << run.family;
	deadline_start(3600);
	open_all();
	for (unsigned long seed = first; seed < first + rulesets; seed++)
		prove(seed, packets);
	print_counts(rulesets);
	netinfo_clear(&run.info);
	policy_free(run.policy);
	/* A proof about the guard is none if its rules are not read, or decide nothing. */
	if (has(PART_GUARD) && !has_native()) {
		printf("the guard refused %lu\n", run.guarded);
		if (run.guarded * 20 < run.sent || run.maybes * 20 > run.sent)
			return 1;
	}
	return run.wrong || run.misread || (has(PART_EXACT) && run.maybes);
}
