/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "route_read.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nexthop_headers.h"
#include "rtattrs.h"

void reading_clear(struct reading *reading)
{
	for (size_t i = 0; i < reading->n; i++)
		free(reading->nexthops[i].members);
	free(reading->nexthops);
	reading->nexthops = NULL;
	reading->n = reading->room = 0;
}

void take_nexthop(const struct nlmsghdr *message, struct reading *reading)
{
	const struct nhmsg *from = mnl_nlmsg_get_payload(message);
	struct nexthop *nexthop;
	struct attrs attrs;

	if (message->nlmsg_type != RTM_NEWNEXTHOP || !attrs_parse(message, sizeof(*from), &attrs) ||
	    !has_attr(&attrs, NHA_ID, sizeof(uint32_t)))
		return;
	GROW(reading->nexthops, reading->n, reading->room);
	nexthop = &reading->nexthops[reading->n++];
	*nexthop = (struct nexthop){
		.id = attr_number(&attrs, NHA_ID, 0), .out = (int)attr_number(&attrs, NHA_OIF, 0),
		.gateway = attrs.v[NHA_GATEWAY], .blackhole = attrs.v[NHA_BLACKHOLE],
		.down = from->nh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN),
	};
	if (attrs.v[NHA_GROUP]) {
		size_t size = mnl_attr_get_payload_len(attrs.v[NHA_GROUP]);
		const uint8_t *bytes = mnl_attr_get_payload(attrs.v[NHA_GROUP]);

		nexthop->nmembers = size / sizeof(struct nexthop_grp);
		nexthop->members = xcalloc(nexthop->nmembers, sizeof(*nexthop->members));
		for (size_t i = 0; i < nexthop->nmembers; i++) {
			struct nexthop_grp member;

			memcpy(&member, bytes + i * sizeof(member), sizeof(member));
			nexthop->members[i] = member.id;
		}
	}
}

static int by_id(const void *key, const void *element)
{
	uint32_t id = *(const uint32_t *)key;
	const struct nexthop *nexthop = element;

	return id < nexthop->id ? -1 : id > nexthop->id;
}

/* The object, or NULL. The kernel lists them by their ids (a tree in nexthop.c). */
static const struct nexthop *nexthop_find(const struct reading *reading, uint32_t id)
{
	return reading->n ? bsearch(&id, reading->nexthops, reading->n, sizeof(*reading->nexthops),
				    by_id) : NULL;
}

/* The ways out of one route. */
struct hops {
	struct hop {
		int out;
		bool gateway;
	} *v; /* owned */
	size_t n, room;
	size_t dead;    /* how many more the kernel passes over */
	int dead_out;   /* where one of them leads */
	bool unknown;   /* one could not be read */
	bool ambiguous; /* the kernel may pass over one of them */
};

/*
 * The kernel passes over a dead hop. It sets RTNH_F_DEAD in its answer also if the link
 * is down and ignore_routes_with_linkdown holds (fib_nexthop_info()).
 */
static void add_hop(struct hops *hops, struct netinfo *info, int out, bool gateway, unsigned int flags)
{
	for (size_t i = 0; i < info->nifs && gateway; i++)
		if (info->ifs[i].index == out)
			info->ifs[i].to_router = true;
	if (flags & RTNH_F_DEAD) {
		hops->dead++;
		hops->dead_out = out;
		return;
	}
	hops->unknown |= !out;
	GROW(hops->v, hops->n, hops->room);
	hops->v[hops->n++] = (struct hop){ .out = out, .gateway = gateway };
}

static void hops_of_multipath(struct hops *hops, struct netinfo *info, const struct nlattr *attr)
{
	const uint8_t *bytes = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);

	while (left >= sizeof(struct rtnexthop)) {
		struct rtnexthop hop;
		struct attrs attrs;
		size_t size;

		memcpy(&hop, bytes, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			break;
		attrs_parse_bytes(bytes + sizeof(hop), hop.rtnh_len - sizeof(hop), &attrs);
		add_hop(hops, info, hop.rtnh_ifindex, attrs.v[RTA_GATEWAY] || attrs.v[RTA_VIA],
			hop.rtnh_flags);
		size = RTNH_ALIGN(hop.rtnh_len);
		bytes += size < left ? size : left;
		left -= size < left ? size : left;
	}
	hops->unknown |= left;
}

/* Adds the way out of an object; a group in a group does not exist. */
static void hop_of_nexthop(struct hops *hops, struct netinfo *info, const struct nexthop *nexthop)
{
	if (!nexthop || nexthop->nmembers) {
		hops->unknown = true;
		return;
	}
	hops->ambiguous |= nexthop->down || nexthop->blackhole;
	if (!nexthop->blackhole)
		add_hop(hops, info, nexthop->out, nexthop->gateway, 0);
}

static void hops_of_id(struct hops *hops, const struct reading *reading, uint32_t id,
		       struct netroute *route)
{
	const struct nexthop *nexthop = nexthop_find(reading, id);

	if (nexthop && nexthop->blackhole) {
		route->type = RTN_BLACKHOLE;
		return;
	}
	if (!nexthop || !nexthop->nmembers)
		hop_of_nexthop(hops, reading->info, nexthop);
	for (size_t i = 0; nexthop && i < nexthop->nmembers; i++)
		hop_of_nexthop(hops, reading->info, nexthop_find(reading, nexthop->members[i]));
}

static void take_hops(const struct reading *reading, const struct rtmsg *from,
		      const struct attrs *attrs, struct netroute *route, struct hops *hops)
{
	/* A route for every address also leads outside if it has no router. */
	bool gateway = attrs->v[RTA_GATEWAY] || attrs->v[RTA_VIA] || from->rtm_dst_len <= 1;

	if (has_attr(attrs, RTA_MULTIPATH, sizeof(struct rtnexthop)))
		hops_of_multipath(hops, reading->info, attrs->v[RTA_MULTIPATH]);
	else if (has_attr(attrs, RTA_OIF, sizeof(uint32_t)))
		add_hop(hops, reading->info, (int)attr_number(attrs, RTA_OIF, 0), gateway,
			from->rtm_flags);
	else if (has_attr(attrs, RTA_NH_ID, sizeof(uint32_t)))
		hops_of_id(hops, reading, attr_number(attrs, RTA_NH_ID, 0), route);
	else
		hops->unknown = true;
}

void take_route(const struct nlmsghdr *message, struct reading *reading)
{
	const struct rtmsg *from = mnl_nlmsg_get_payload(message);
	struct netinfo *info = reading->info;
	struct netroute read, *route;
	struct hops hops = { 0 };
	struct attrs attrs;
	enum family family;
	addr_t dst = 0;

	if (message->nlmsg_type != RTM_NEWROUTE || !attrs_parse(message, sizeof(*from), &attrs) ||
	    !known_family(from->rtm_family, &family) || from->rtm_flags & RTM_F_CLONED ||
	    from->rtm_dst_len > 8 * family_addr_size(family))
		return;
	if (from->rtm_dst_len) {
		if (!has_attr(&attrs, RTA_DST, family_addr_size(family)))
			return;
		dst = addr_load(family, mnl_attr_get_payload(attrs.v[RTA_DST]));
	}
	read = (struct netroute){ .type = from->rtm_type };
	take_hops(reading, from, &attrs, &read, &hops);
	route = netinfo_add_route(info, family, dst, from->rtm_dst_len, read.type,
				  hops.n ? hops.v[0].out : hops.dead_out);
	route->table = attr_number(&attrs, RTA_TABLE, from->rtm_table);
	route->metric = attr_number(&attrs, RTA_PRIORITY, 0);
	route->gateway = hops.n && hops.v[0].gateway;
	route->multipath = (hops.n ? hops.n : hops.dead) > 1;
	/* Only a route that leads somewhere has an interface. */
	route->unknown = hops.unknown && read.type == RTN_UNICAST;
	/* An IPv6 route with a source prefix applies only to some packets. */
	route->ambiguous = hops.ambiguous || from->rtm_src_len || from->rtm_tos;
	route->partly = hops.n && hops.dead;
	for (size_t i = 0; i < hops.n && hops.n > 1; i++)
		netinfo_add_hop(info, route, hops.v[i].out);
	if (!hops.n && hops.dead)
		netinfo_pass_over(info);
	free(hops.v);
}
