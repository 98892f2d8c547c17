/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

/* A protocol is shown by its first name. */
static const struct {
	const char *name;
	uint8_t proto;
	bool ports, published;
} protocols[] = {
	{ "tcp", IPPROTO_TCP, true, true },
	{ "udp", IPPROTO_UDP, true, true },
	{ "sctp", IPPROTO_SCTP, true, true },
	{ "dccp", IPPROTO_DCCP, true, false },
	{ "udplite", IPPROTO_UDPLITE, true, false },
	{ "icmp", IPPROTO_ICMP, false, false },
	{ "ipv6-icmp", IPPROTO_ICMPV6, false, false },
	{ "icmpv6", IPPROTO_ICMPV6, false, false },
};

bool span_equal(struct span a, struct span b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

bool proto_has_ports(uint8_t proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].proto == proto)
			return protocols[i].ports;
	return false;
}

bool proto_is_published(uint8_t proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].proto == proto)
			return protocols[i].published;
	return false;
}

const char *proto_name(uint8_t proto)
{
	static char number[4];

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].proto == proto)
			return protocols[i].name;
	snprintf(number, sizeof(number), "%u", proto);
	return number;
}

bool proto_by_name(const char *name, uint8_t *proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (!strcmp(protocols[i].name, name)) {
			*proto = protocols[i].proto;
			return true;
		}
	}
	return false;
}
