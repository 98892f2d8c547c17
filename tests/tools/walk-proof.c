/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares the walk of packets with the kernel: loads generated rulesets in the host's
 * namespace (tests/walk/lib.sh), sends real packets from the client's, observes where
 * they come out, and compares that with the trace.
 *
 * walk-proof FAMILY BACKEND CLIENT HOST BOX GENERATOR FIRST RULESETS PACKETS [maybe|guard]
 * With guard, each host has the guard's table as well.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend_legacy.h"
#include "backend_nft.h"
#include "deadline.h"
#include "diag.h"
#include "guard_names.h"
#include "netinfo.h"
#include "netinfo_read.h"
#include "policy.h"
#include "read_set.h"
#include "snapshot_read.h"
#include "trace.h"

#define MAGIC "dockfw-walk:"
#define PACKETS_MAX 4096
#define IDLE_MS 25
#define LATE_MS 1500 /* a packet that is expected may still arrive within this time */

enum { ENS3, ENS4, DOCKER0, WAYS };

static const char *const host_ifs[WAYS] = { "ens3", "ens4", "docker0" };
static const char *const far_ifs[WAYS] = { "e3", "e4", "k0" };

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
	const char *name, *generator;
	bool maybe, guard;
	int client_ns, host_ns, box_ns;
	int client, box;   /* packet sockets */
	int local[4];
	size_t locals;
	int far_index[WAYS];
	uint8_t mac[WAYS][6];
	struct netinfo info;
	struct policy *policy;
	uint32_t nonce;
	struct probe probes[PACKETS_MAX];
	size_t n;
	unsigned long sent, certain, wrong, maybes, vague, guarded;
	unsigned long ends[TRACE_MAYBE + 1];
} run;

static void die(const char *what)
{
	fprintf(stderr, "walk-proof: %s: %s\n", what, strerror(errno));
	exit(3);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

static int enter(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		die("setns");
	return 0;
}

static int open_ns(const char *name)
{
	char *path = xasprintf("/run/netns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	free(path);
	return fd;
}

static int open_socket(int domain, int type, int protocol)
{
	int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int size = 16 << 20;

	if (fd < 0)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		die("SO_RCVBUFFORCE");
	return fd;
}

static void open_all(void)
{
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	int af = family_af(run.family);

	enter(run.client_ns);
	run.client = open_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
	run.far_index[ENS3] = (int)if_nametoindex("e3");
	run.far_index[ENS4] = (int)if_nametoindex("e4");
	enter(run.box_ns);
	run.box = open_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
	run.far_index[DOCKER0] = (int)if_nametoindex("k0");
	enter(run.host_ns);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		run.local[run.locals++] = open_socket(af, SOCK_RAW, protocols[i]);
	run.local[run.locals++] = open_socket(af, SOCK_RAW, af == AF_INET ? IPPROTO_ICMP
									 : IPPROTO_ICMPV6);
	for (int way = 0; way < WAYS; way++) {
		struct ifreq request = { 0 };

		strcpy(request.ifr_name, host_ifs[way]);
		if (ioctl(run.local[0], SIOCGIFHWADDR, &request))
			die(far_ifs[way]);
		memcpy(run.mac[way], request.ifr_hwaddr.sa_data, 6);
	}
	if (netinfo_read(&run.info))
		exit(3);
}

static uint16_t checksum(const uint8_t *data, size_t size, uint32_t sum)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	if (size & 1)
		sum += (uint32_t)data[size - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* The sequence number of a SYN identifies the packet that a reset is for. */
static uint32_t sequence_of(uint32_t index)
{
	return run.nonce << 16 | index;
}

/* Builds the packet with number index; returns its size. */
static size_t build(const struct probe *probe, uint32_t index, uint8_t *to)
{
	const struct packet *packet = &probe->trace.packet;
	size_t head = run.family == FAMILY_IPV4 ? 20 : 40, own, size;
	size_t addr = family_addr_size(run.family);
	uint8_t *l4 = to + head, *sum_at;
	uint32_t sum = packet->proto;
	int text;

	memset(to, 0, 256);
	switch (packet->proto) {
	case IPPROTO_TCP:
		own = 20;
		put32(l4 + 4, sequence_of(index));
		l4[12] = 5 << 4;
		l4[13] = 2;
		put16(l4 + 14, 1024);
		sum_at = l4 + 16;
		break;
	case IPPROTO_UDP:
		own = 8;
		sum_at = l4 + 6;
		break;
	default:
		own = 8;
		l4[0] = (uint8_t)packet->icmp_type.lo;
		l4[1] = (uint8_t)packet->icmp_code.lo;
		put16(l4 + 4, packet->sport.lo);
		sum_at = l4 + 2;
		break;
	}
	if (proto_has_ports(packet->proto)) {
		put16(l4, packet->sport.lo);
		put16(l4 + 2, packet->dport.lo);
	}
	text = sprintf((char *)l4 + own, MAGIC "%08x:%08x;", run.nonce, index);
	size = own + (size_t)text;
	if (packet->proto == IPPROTO_UDP)
		put16(l4 + 4, (uint32_t)size);
	if (run.family == FAMILY_IPV4) {
		to[0] = 0x45;
		put16(to + 2, (uint32_t)(head + size));
		put16(to + 4, index + 1);
		to[8] = 64;
		to[9] = packet->proto;
		addr_store(run.family, probe->trace.src, to + 12);
		addr_store(run.family, packet->dst.lo, to + 16);
		put16(to + 10, checksum(to, head, 0));
	} else {
		to[0] = 0x60;
		put16(to + 4, (uint32_t)size);
		to[6] = packet->proto;
		to[7] = 64;
		addr_store(run.family, probe->trace.src, to + 8);
		addr_store(run.family, packet->dst.lo, to + 24);
	}
	sum += (uint32_t)size;
	if (packet->proto == IPPROTO_ICMP)
		sum = 0;
	else
		for (size_t i = 0; i < 2 * addr; i += 2)
			sum += (uint32_t)to[head - 2 * addr + i] << 8 | to[head - 2 * addr + i + 1];
	put16(sum_at, checksum(l4, size, sum));
	return head + size;
}

/* The number of the packet that these bytes carry, or that they are about. */
static struct probe *find_probe(const uint8_t *data, size_t size)
{
	const char *at = memmem(data, size, MAGIC, sizeof(MAGIC) - 1);
	unsigned int nonce, index;

	if (!at || (size_t)(at - (const char *)data) + sizeof(MAGIC) + 17 > size ||
	    sscanf(at + sizeof(MAGIC) - 1, "%8x:%8x;", &nonce, &index) != 2 ||
	    nonce != run.nonce || index >= run.n)
		return NULL;
	return &run.probes[index];
}

static void note_reset(const uint8_t *l4, size_t size)
{
	uint32_t ack, index;

	if (size < 20 || !(l4[13] & 4))
		return;
	ack = (uint32_t)l4[8] << 24 | (uint32_t)l4[9] << 16 | (uint32_t)l4[10] << 8 | l4[11];
	/* The SYN counts as one byte; the text after it is counted as well. */
	ack -= 1 + (uint32_t)sizeof(MAGIC) - 1 + 18;
	index = ack & 0xffff;
	if (ack >> 16 == (run.nonce & 0xffff) && index < run.n)
		run.probes[index].seen.refused = true;
}

static void note_outside(const uint8_t *data, size_t size)
{
	size_t head = run.family == FAMILY_IPV4 ? 20 : 40;
	uint8_t proto;
	struct probe *probe;

	if (size < head + 8 || data[0] >> 4 != (run.family == FAMILY_IPV4 ? 4 : 6))
		return;
	proto = data[run.family == FAMILY_IPV4 ? 9 : 6];
	probe = find_probe(data, size);
	if (proto == IPPROTO_TCP && !probe) {
		note_reset(data + head, size - head);
	} else if (probe && proto == (run.family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) &&
		   data[head] == (run.family == FAMILY_IPV4 ? 3 : 1) &&
		   probe->trace.packet.proto != 0 &&
		   memmem(data + head + 8, size - head - 8, MAGIC, sizeof(MAGIC) - 1) >
			   (void *)(data + head + 8 + head)) {
		probe->seen.refused = true;
	} else if (probe && addr_load(run.family, data + head - 2 * family_addr_size(run.family)) ==
				    probe->trace.src) {
		/* An answer to it, such as an echo, comes from elsewhere. */
		probe->seen.forwarded = true;
		probe->seen.dst = addr_load(run.family, data + head - family_addr_size(run.family));
		probe->seen.dport = (uint16_t)(data[head + 2] << 8 | data[head + 3]);
	}
}

static bool drain(int fd, bool packet_socket)
{
	uint8_t data[4096];
	bool any = false;

	for (;;) {
		struct sockaddr_ll from = { 0 };
		socklen_t length = sizeof(from);
		ssize_t size = recvfrom(fd, data, sizeof(data), 0,
					packet_socket ? (struct sockaddr *)&from : NULL,
					packet_socket ? &length : NULL);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return any;
		any = true;
		if (packet_socket) {
			if (from.sll_pkttype != PACKET_OUTGOING)
				note_outside(data, (size_t)size);
		} else {
			struct probe *probe = find_probe(data, (size_t)size);
			const uint8_t *at = memmem(data, (size_t)size, MAGIC, sizeof(MAGIC) - 1);

			/* An error quotes the packet after two more headers. It arrives here if
			 * the source is one of the host's own addresses. */
			if (probe && at - data <= 40)
				probe->seen.local = true;
		}
	}
}

/* Receives packets until none has arrived for this long. */
static void collect(int idle)
{
	struct pollfd fds[8] = { { .fd = run.client, .events = POLLIN },
				 { .fd = run.box, .events = POLLIN } };
	nfds_t n = 2;

	for (size_t i = 0; i < run.locals; i++)
		fds[n++] = (struct pollfd){ .fd = run.local[i], .events = POLLIN };
	while (poll(fds, n, idle) > 0)
		for (nfds_t i = 0; i < n; i++)
			if (fds[i].revents)
				drain(fds[i].fd, i < 2);
}

static addr_t address(const char *text)
{
	enum family family;
	addr_t addr = 0;

	addr_parse(text, &family, &addr);
	return addr;
}

static addr_t any_source(bool *odd)
{
	addr_t base = address(run.family == FAMILY_IPV4 ? "203.0.113.0" : "2001:db8:2::");

	/* Some that the kernel never accepts, or not on every interface. */
	static const char *const odd4[] = { "0.1.2.3", "127.0.0.2", "198.51.100.10", "224.0.0.9",
					    "240.0.0.1", "172.18.0.9", "192.0.2.77" };
	static const char *const odd6[] = { "fe80::5", "::1", "::", "ff02::9", "::ffff:10.1.1.1",
					    "2001:db8:1::10", "fd18::9" };

	if (below(12) == 0)
		return address(run.family == FAMILY_IPV4 ? "10.1.2.3" : "fdaa::3");
	*odd = below(16) == 0;
	if (*odd)
		return address((run.family == FAMILY_IPV4 ? odd4 : odd6)[below(ARRAY_SIZE(odd4))]);
	return base + (below(4) ? below(24) : below(256));
}

static addr_t any_destination(void)
{
	static const char *const v4s[] = { "198.51.100.10", "198.51.100.10", "198.51.100.10",
					   "192.0.2.10", "172.17.0.1", "172.17.0.2", "172.17.0.3",
					   "172.18.0.2" };
	static const char *const v6s[] = { "2001:db8:1::10", "2001:db8:1::10", "2001:db8:1::10",
					   "2001:db8:4::10", "fd17::1", "fd17::2", "fd17::3",
					   "fd18::2" };
	uint32_t i = below(ARRAY_SIZE(v4s));

	return address(run.family == FAMILY_IPV4 ? v4s[i] : v6s[i]);
}

static void make_probe(struct probe *probe)
{
	static const uint16_t ports[] = { 80, 443, 8080, 53, 22, 5432, 1, 65535, 79, 81, 1024 };
	static const uint8_t types4[] = { 8, 8, 8, 13, 3, 0 }, types6[] = { 128, 128, 128, 1, 2 };
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
	uint8_t proto = protos[below(ARRAY_SIZE(protos))];
	struct packet *packet = &probe->trace.packet;

	*probe = (struct probe){ .way = below(8) ? (below(3) ? ENS3 : ENS4) : DOCKER0 };
	if (proto == IPPROTO_ICMP && run.family == FAMILY_IPV6)
		proto = IPPROTO_ICMPV6;
	probe->trace.src = any_source(&probe->odd);
	packet_init(packet, run.family, netinfo_if(&run.info, host_ifs[probe->way]), proto,
		    any_destination(), ports[below(ARRAY_SIZE(ports))]);
	/* For ICMP this is the id. */
	packet->sport.lo = below(5) ? (uint16_t)(1 + below(65535)) : ports[below(ARRAY_SIZE(ports))];
	packet->sport.hi = packet->sport.lo;
	if (!proto_has_ports(proto)) {
		uint8_t type = run.family == FAMILY_IPV4 ? types4[below(ARRAY_SIZE(types4))]
							 : types6[below(ARRAY_SIZE(types6))];

		packet_icmp(packet, type, below(5) ? 0 : (uint8_t)below(3));
	}
}

/* Connections that were tried recently are not new, so each may be tried only once. */
static bool is_repeated(const struct probe *probe)
{
	static uint64_t lately[1 << 21];
	const struct packet *packet = &probe->trace.packet;
	uint64_t key = (uint64_t)probe->trace.src * 0x9e3779b97f4a7c15u;

	key = (key ^ packet->sport.lo) * 0xff51afd7ed558ccdu;
	key = (key ^ packet->proto) * 0xff51afd7ed558ccdu;
	key ^= key >> 31;
	if (lately[key & ((1 << 21) - 1)] == key)
		return true;
	lately[key & ((1 << 21) - 1)] = key;
	return false;
}

static void send_probe(const struct probe *probe, uint32_t index)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6,
				  .sll_ifindex = run.far_index[probe->way] };
	uint8_t data[512];
	size_t size = build(probe, index, data);

	to.sll_protocol = htons(run.family == FAMILY_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	memcpy(to.sll_addr, run.mac[probe->way], 6);
	while (sendto(probe->way == DOCKER0 ? run.box : run.client, data, size, 0,
		      (struct sockaddr *)&to, sizeof(to)) < 0)
		if (errno != ENOBUFS && errno != EINTR && errno != EAGAIN)
			die("sendto");
}

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

	/* Nothing answers an ICMP error, not even to refuse it. */
	if (possible & 1U << TRACE_REFUSED &&
	    (probe->odd ||
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

static bool in_flows(const struct flows *flows, addr_t src)
{
	for (size_t i = 0; i < flows->n; i++)
		if (addrset_has(&flows->v[i].src, src))
			return true;
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
	unsigned int possible = 0;
	addr_t src = probe->trace.src;
	struct fate fate;

	addrset_all(&all, run.family);
	walk_packet(walker, &probe->trace.packet, &all, NULL, &fate);
	possible |= in_flows(&fate.forwarded, src) ? 1U << TRACE_FORWARDED : 0;
	possible |= in_flows(&fate.local, src) ? 1U << TRACE_LOCAL : 0;
	possible |= addrset_has(&fate.dropped.set, src) ? 1U << TRACE_DROPPED : 0;
	possible |= addrset_has(&fate.refused.set, src) ? 1U << TRACE_REFUSED : 0;
	possible |= addrset_has(&fate.lost.set, src) ? 1U << TRACE_LOST : 0;
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
	const struct packet *packet = &probe->trace.packet;
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
	fputc('\n', stderr);
}

/* Pipes what the generator prints to another program. */
static void pipe_rules(unsigned long seed, const char *what, const char *to)
{
	char *command = xasprintf("%s %s %lu %s | %s", run.generator, family_name(run.family), seed,
				  what, to);

	if (system(command)) {
		fprintf(stderr, "walk-proof: cannot load seed %lu\n", seed);
		exit(3);
	}
	free(command);
}

static void load(unsigned long seed)
{
	char *restore = xasprintf("%s-restore", run.name);

	pipe_rules(seed, run.maybe ? "maybe" : run.guard ? "few" : "", restore);
	free(restore);
	if (run.guard)
		pipe_rules(seed, "guard", "nft -f -");
}

/* Whether the guard refuses the packet for certain. */
static bool is_guarded(const struct trace *trace)
{
	const struct ending *ending = trace->verdict == TRACE_DROPPED ? &trace->fate.dropped
								      : &trace->fate.refused;

	return (trace->verdict == TRACE_DROPPED || trace->verdict == TRACE_REFUSED) &&
	       ending->by.table && !strcmp(ending->by.table, GUARD_TABLE);
}

static void prove(unsigned long seed, size_t packets)
{
	static const char *const guard_tables[] = { GUARD_TABLE, NULL };
	struct snapshot *snapshot, *guard = NULL;
	struct world world;
	struct walker walker;

	load(seed);
	if (snapshot_read(run.ops, run.policy, walk_tables, select_all, &snapshot) ||
	    (run.guard && run.ops != &backend_nft &&
	     snapshot_read(&backend_nft, run.policy, guard_tables, select_all, &guard)))
		exit(3);
	run.nonce = (run.nonce * 7919 + 1 + (uint32_t)seed) & 0xffff;
	run.n = 0;
	world = (struct world){ .snapshot = snapshot, .guard = guard, .info = &run.info };
	walker_make(&walker, &world, run.family);
	while (run.n < packets) {
		struct probe *probe = &run.probes[run.n];

		make_probe(probe);
		if (is_repeated(probe))
			continue;
		trace_packet(&world, false, &probe->trace);
		if (!sets_agree(&walker, probe)) {
			run.wrong++;
			explain(probe, "a walk of all sources differs", seed);
		}
		run.n++;
	}
	walker_clear(&walker);
	for (size_t i = 0; i < run.n; i++) {
		send_probe(&run.probes[i], (uint32_t)i);
		if (i % 64 == 63)
			collect(0);
	}
	collect(IDLE_MS);
	if (!all_agree())
		collect(LATE_MS);
	for (size_t i = 0; i < run.n; i++) {
		struct probe *probe = &run.probes[i];

		run.sent++;
		run.ends[kernel_verdict(&probe->seen)]++;
		if (probe->trace.verdict == TRACE_MAYBE) {
			run.maybes++;
			if (!run.maybe && probe->way != DOCKER0 && getenv("VERBOSE"))
				explain(probe, "undecided", seed);
		} else {
			run.certain++;
		}
		run.guarded += is_guarded(&probe->trace);
		if (!agrees(probe)) {
			run.wrong++;
			explain(probe, "WRONG", seed);
		}
		trace_clear(&probe->trace);
	}
	snapshot_free(guard);
	snapshot_free(snapshot);
}

int main(int argc, char **argv)
{
	unsigned long first, rulesets, packets;

	if (argc < 10) {
		fprintf(stderr, "usage: walk-proof FAMILY BACKEND CLIENT HOST BOX GENERATOR FIRST RULESETS PACKETS [maybe|guard]\n");
		return 3;
	}
	run.family = strcmp(argv[1], "ipv6") ? FAMILY_IPV4 : FAMILY_IPV6;
	run.ops = strcmp(argv[2], "nft") ? &backend_legacy : &backend_nft;
	run.name = xasprintf("%s-%s", run.family == FAMILY_IPV4 ? "iptables" : "ip6tables", argv[2]);
	run.client_ns = open_ns(argv[3]);
	run.host_ns = open_ns(argv[4]);
	run.box_ns = open_ns(argv[5]);
	run.generator = argv[6];
	first = strtoul(argv[7], NULL, 10);
	rulesets = strtoul(argv[8], NULL, 10);
	packets = strtoul(argv[9], NULL, 10);
	run.maybe = argc > 10 && !strcmp(argv[10], "maybe");
	run.guard = argc > 10 && !strcmp(argv[10], "guard");
	if (packets > PACKETS_MAX)
		packets = PACKETS_MAX;
	srandom((unsigned int)first);
	run.policy = policy_new();
	run.policy->families = 1U << run.family;
	deadline_start(3600);
	open_all();
	for (unsigned long seed = first; seed < first + rulesets; seed++)
		prove(seed, packets);
	printf("%s %s%s: %lu rulesets, %lu packets: %lu forwarded, %lu local, %lu refused, "
	       "%lu dropped; trace certain of %lu, maybe %lu, WRONG %lu; as a set vague of %lu\n",
	       argv[1], argv[2], run.maybe ? " with state" : "", rulesets, run.sent,
	       run.ends[TRACE_FORWARDED], run.ends[TRACE_LOCAL], run.ends[TRACE_REFUSED],
	       run.ends[TRACE_DROPPED], run.certain, run.maybes, run.wrong, run.vague);
	netinfo_clear(&run.info);
	policy_free(run.policy);
	/* A proof about the guard is none if its rules are not read, or decide nothing. */
	if (run.guard) {
		printf("the guard refused %lu\n", run.guarded);
		if (run.guarded * 20 < run.sent || run.maybes * 20 > run.sent)
			return 1;
	}
	return run.wrong != 0;
}
