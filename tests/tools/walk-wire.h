/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets and the bytes of a walk-proof: sends packets, and notes what the kernel did
 * with each.
 */
#ifndef WALK_WIRE_H
#define WALK_WIRE_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netinfo_read.h"
#include "walk-draw.h"

#define MAGIC "dockfw-walk:"

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
	for (int way = 0; way < DOCKER0; way++)
		run.far_index[way] = (int)if_nametoindex(far_ifs[way]);
	enter(run.box_ns);
	run.box = open_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
	for (int way = DOCKER0; way < WAYS; way++)
		run.far_index[way] = (int)if_nametoindex(far_ifs[way]);
	enter(run.host_ns);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		run.local[run.locals++] = open_socket(af, SOCK_RAW, protocols[i]);
	run.local[run.locals++] = open_socket(af, SOCK_RAW, af == AF_INET ? IPPROTO_ICMP
									 : IPPROTO_ICMPV6);
	/* The bridges of a host with Docker's tables are the last ones. */
	for (run.ways = has_native() ? WAYS : DOCKER0 + 1; !run.far_index[run.ways - 1];)
		run.ways--;
	for (size_t way = 0; way < run.ways; way++) {
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

static void send_probe(const struct probe *probe, uint32_t index)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen = 6,
				  .sll_ifindex = run.far_index[probe->way] };
	uint8_t data[512];
	size_t size = build(probe, index, data);

	to.sll_protocol = htons(run.family == FAMILY_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	memcpy(to.sll_addr, run.mac[probe->way], 6);
	if (is_many(probe->trace.packet.dst.lo) && index % 2)
		memset(to.sll_addr, 0xff, 6);
	while (sendto(way_is_bridge(probe->way) ? run.box : run.client, data, size, 0,
		      (struct sockaddr *)&to, sizeof(to)) < 0)
		if (errno != ENOBUFS && errno != EINTR && errno != EAGAIN)
			die("sendto");
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

static uint8_t icmp_of_family(void)
{
	return run.family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

/* Whether these bytes are the packet itself, not an answer to it, such as an echo. */
static bool is_itself(const struct probe *probe, uint8_t proto, const uint8_t *l4)
{
	const struct packet *packet = &probe->trace.packet;

	return proto == packet->proto && (!is_icmp(packet) || l4[0] == packet->icmp_type.lo);
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
	} else if (probe && proto == icmp_of_family() &&
		   data[head] == (run.family == FAMILY_IPV4 ? 3 : 1) &&
		   memmem(data + head + 8, size - head - 8, MAGIC, sizeof(MAGIC) - 1) >
			   (void *)(data + head + 8 + head)) {
		probe->seen.refused = true;
	} else if (probe && is_itself(probe, proto, data + head)) {
		/* Its source may have been translated. */
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

#endif
