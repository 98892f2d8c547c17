/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a walk-proof: its options, sockets and packets.
 */
#ifndef WALK_RUN_H
#define WALK_RUN_H

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "diag.h"
#include "netinfo.h"
#include "policy.h"
#include "trace.h"

#define PACKETS_MAX 4096

/* Where packets come from: the host's interface, and its other end. */
enum { ENS3, ENS4, DOCKER0, N1, N2, N3, WAYS };

static const char *const host_ifs[WAYS] = { "ens3", "ens4", "docker0", "br-n1", "br-n2", "br-n3" };
static const char *const far_ifs[WAYS] = { "e3", "e4", "k0", "k1", "k2", "k3" };

/* What a host has. */
enum part {
	PART_MAYBE,   /* iptables rules that cannot be decided */
	PART_GUARD,   /* the guard's table */
	PART_OTHERS,  /* nf_tables of every kind, and rules in the other backend */
	PART_DOCKER,  /* docker-bridges, … */
	PART_FORMS,   /* … of every form in turn … */
	PART_BROKEN,  /* … or with pieces missing */
	PART_OWN,     /* nf_tables of an administrator, that are decided by a packet … */
	PART_VAGUE,   /* … or that need not be */
	PART_BESIDE,  /* iptables rules beside those */
	PART_EXACT,   /* is no part: no packet may be undecided */
	PARTS,
};
static const char *const part_names[PARTS] = { "maybe", "guard", "others", "docker", "forms",
					       "broken", "own", "vague", "beside", "exact" };

/* What the kernel did with a packet. */
struct seen {
	bool forwarded, local, refused;
	addr_t dst;
	uint16_t dport;
};

struct probe {
	struct trace trace;
	int way;
	bool odd; /* a refusal may not reach its source */
	struct seen seen;
};

static struct {
	enum family family;
	const struct backend_ops *ops;
	char *name, *other_name, *folder; /* both iptables; the folder of the generators */
	unsigned int parts; /* bits 1U << PART_… */
	int client_ns, host_ns, box_ns;
	int client, box;   /* packet sockets */
	int local[4];
	size_t locals;
	size_t ways;       /* how many of them the host has */
	int far_index[WAYS];
	uint8_t mac[WAYS][6];
	struct netinfo info;
	struct policy *policy;
	uint32_t nonce;
	struct probe probes[PACKETS_MAX];
	size_t n;
	unsigned long sent, certain, wrong, maybes, vague, guarded;
	unsigned long misread; /* packets that the exposure is wrong about */
	unsigned long ends[TRACE_MAYBE + 1];
} run;

static inline bool has(enum part part)
{
	return run.parts & 1U << part;
}

/* Whether nf_tables decide what the proof is about. */
static inline bool has_native(void)
{
	return has(PART_DOCKER) || has(PART_OWN);
}

static inline bool is_icmp(const struct packet *packet)
{
	return packet->proto == IPPROTO_ICMP || packet->proto == IPPROTO_ICMPV6;
}

static inline bool way_is_bridge(int way)
{
	return way >= DOCKER0;
}

static inline void die(const char *what)
{
	fprintf(stderr, "walk-proof: %s: %s\n", what, strerror(errno));
	exit(3);
}

static inline uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

#endif
