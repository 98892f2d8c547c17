/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Draws the packets of a walk-proof: which address, port and interface each has.
 */
#ifndef WALK_DRAW_H
#define WALK_DRAW_H

#include "walk-run.h"

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

/* Broadcasts and multicasts, of which some are sent to the host's own link address. */
static const char *const many4[] = { "198.51.100.255", "255.255.255.255", "224.0.0.1" };
static const char *const many6[] = { "ff02::1", "ff02::1", "ff02::1" };

static bool is_many(addr_t dst)
{
	for (size_t i = 0; i < ARRAY_SIZE(many4); i++)
		if (dst == address((run.family == FAMILY_IPV4 ? many4 : many6)[i]))
			return true;
	return false;
}

static addr_t any_destination(int way)
{
	static const char *const v4s[] = { "198.51.100.10", "198.51.100.10", "198.51.100.10",
					   "192.0.2.10", "172.17.0.1", "172.17.0.2", "172.17.0.3",
					   "172.18.0.2" };
	static const char *const v6s[] = { "2001:db8:1::10", "2001:db8:1::10", "2001:db8:1::10",
					   "2001:db8:4::10", "fd17::1", "fd17::2", "fd17::3",
					   "fd18::2" };
	uint32_t i = below(ARRAY_SIZE(v4s));

	/* A bridge would also send them to its other ports. */
	if (below(12) == 0 && !way_is_bridge(way))
		return address((run.family == FAMILY_IPV4 ? many4 : many6)[below(3)]);
	return address(run.family == FAMILY_IPV4 ? v4s[i] : v6s[i]);
}

/* ---- hosts whose networks are those of walk-docker ---- */

static int any_way(void)
{
	if (!has_native())
		return below(8) ? (below(3) ? ENS3 : ENS4) : DOCKER0;
	if (below(3))
		return below(3) ? ENS3 : ENS4;
	return DOCKER0 + (int)below((uint32_t)run.ways - DOCKER0);
}

/* The container number n of a bridge. */
static addr_t container(int bridge, uint32_t n)
{
	static const char *const v4s[] = { "172.17.0.2", "172.18.0.2", "172.19.0.2", "172.20.0.2" };
	static const char *const v6s[] = { "fd17::2", "fd18::2", "fd19::2", "fd20::2" };

	return address(run.family == FAMILY_IPV4 ? v4s[bridge - DOCKER0] : v6s[bridge - DOCKER0]) + n;
}

static bool is_container(addr_t addr)
{
	for (int way = DOCKER0; way < WAYS; way++)
		if (addr == container(way, 0) || addr == container(way, 1))
			return true;
	return false;
}

static int any_bridge(void)
{
	return DOCKER0 + (int)below((uint32_t)run.ways - DOCKER0);
}

static addr_t native_source(int way, bool *odd)
{
	addr_t source;

	if (way_is_bridge(way) && below(4))
		return container(way, below(2));
	if (below(30) == 0)
		return container(any_bridge(), below(2));
	if (run.family == FAMILY_IPV6 && below(16) == 0) {
		*odd = true;
		return address("fe80::7") + below(4);
	}
	/* In a bridge, netfilter sees an impossible source of IPv6 before the kernel refuses it. */
	do
		source = any_source(odd);
	while (*odd && way_is_bridge(way) && run.family == FAMILY_IPV6);
	return source;
}

static addr_t native_destination(int way)
{
	/* Nothing is sent from the last ones, so nothing looks like a reply. */
	static const char *const v4s[] = { "127.0.0.1", "172.18.0.1", "198.51.100.77", "198.18.0.9" };
	static const char *const v6s[] = { "::1", "fd18::1", "2001:db8:1::77", "2001:db8:9::9" };
	uint32_t i = below(ARRAY_SIZE(v4s));

	if (below(3) == 0)
		return container(any_bridge(), below(2));
	if (below(way_is_bridge(way) ? 3 : 12) == 0)
		return address(run.family == FAMILY_IPV4 ? v4s[i] : v6s[i]);
	return any_destination(way);
}

static void make_probe(struct probe *probe)
{
	static const uint16_t ports[] = { 80, 443, 8080, 53, 22, 5432, 1, 65535, 79, 81, 1024 };
	static const uint8_t types4[] = { 8, 8, 8, 13, 3, 0 }, types6[] = { 128, 128, 128, 1, 2 };
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
	uint8_t proto = protos[below(ARRAY_SIZE(protos))];
	struct packet *packet = &probe->trace.packet;
	addr_t dst;

	*probe = (struct probe){ .way = any_way() };
	if (proto == IPPROTO_ICMP && run.family == FAMILY_IPV6)
		proto = IPPROTO_ICMPV6;
	probe->trace.src = has_native() ? native_source(probe->way, &probe->odd) : any_source(&probe->odd);
	dst = has_native() ? native_destination(probe->way) : any_destination(probe->way);
	/* Nothing answers those. */
	probe->odd |= is_many(dst);
	packet_init(packet, run.family, netinfo_if(&run.info, host_ifs[probe->way]), proto, dst,
		    ports[below(ARRAY_SIZE(ports))]);
	/* For ICMP this is the id. */
	packet->sport.lo = below(5) ? (uint16_t)(1 + below(65535)) : ports[below(ARRAY_SIZE(ports))];
	/* Not a port of a container: that would be a reply of an earlier connection to it. */
	if (has_native() && (way_is_bridge(probe->way) || is_container(probe->trace.src)))
		packet->sport.lo = (uint16_t)(20000 + below(40000));
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

#endif
