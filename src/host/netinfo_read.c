/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netinfo_read.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "netlink.h"
#include "patience.h"

static bool known_family(uint8_t af, enum family *family)
{
	if (af != AF_INET && af != AF_INET6)
		return false;
	*family = af == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	return true;
}

/* The attributes of a message, indexed by type; higher types are left out. */
struct attrs {
	const struct nlattr *v[64];
};

static int keep_attr(const struct nlattr *attr, void *data)
{
	struct attrs *attrs = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < ARRAY_SIZE(attrs->v))
		attrs->v[type] = attr;
	return MNL_CB_OK;
}

static bool has_attr(const struct attrs *attrs, unsigned int type, size_t size)
{
	return attrs->v[type] && mnl_attr_get_payload_len(attrs->v[type]) >= size;
}

static uint32_t attr_number(const struct attrs *attrs, unsigned int type, uint32_t missing)
{
	return has_attr(attrs, type, sizeof(uint32_t)) ? mnl_attr_get_u32(attrs->v[type]) : missing;
}

static bool attr_string(const struct nlattr *attr, const char *wanted)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 &&
	       !strcmp(mnl_attr_get_str(attr), wanted);
}

static void take_link(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct attrs attrs = { 0 }, kind = { 0 };
	struct netif *iface;

	if (message->nlmsg_type != RTM_NEWLINK)
		return;
	mnl_attr_parse(message, sizeof(*link), keep_attr, &attrs);
	if (!attrs.v[IFLA_IFNAME] || mnl_attr_validate(attrs.v[IFLA_IFNAME], MNL_TYPE_NUL_STRING) < 0)
		return;
	iface = netinfo_add_if(data, mnl_attr_get_str(attrs.v[IFLA_IFNAME]), link->ifi_index);
	iface->loopback = link->ifi_flags & IFF_LOOPBACK;
	iface->up = link->ifi_flags & IFF_UP;
	iface->master = (int)attr_number(&attrs, IFLA_MASTER, 0);
	if (attrs.v[IFLA_LINKINFO])
		mnl_attr_parse_nested(attrs.v[IFLA_LINKINFO], keep_attr, &kind);
	iface->bridge = kind.v[IFLA_INFO_KIND] && attr_string(kind.v[IFLA_INFO_KIND], "bridge");
	iface->port = iface->master && !(kind.v[IFLA_INFO_SLAVE_KIND] &&
					 attr_string(kind.v[IFLA_INFO_SLAVE_KIND], "vrf"));
}

static void take_addr(const struct nlmsghdr *message, void *data)
{
	const struct ifaddrmsg *addr = mnl_nlmsg_get_payload(message);
	struct netinfo *info = data;
	struct attrs attrs = { 0 };
	enum family family;
	unsigned int type;

	if (message->nlmsg_type != RTM_NEWADDR || !known_family(addr->ifa_family, &family))
		return;
	mnl_attr_parse(message, sizeof(*addr), keep_attr, &attrs);
	/* IFA_ADDRESS is the far end of a point-to-point link. */
	type = attrs.v[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS;
	if (!has_attr(&attrs, type, family_addr_size(family)))
		return;
	for (size_t i = 0; i < info->nifs; i++) {
		struct netif *iface = &info->ifs[i];

		if (iface->index != (int)addr->ifa_index)
			continue;
		iface->numbered |= family == FAMILY_IPV4;
		info->local[family] |= iface->loopback && iface->up;
		if (addr->ifa_scope < RT_SCOPE_LINK && !iface->has_addr[family]) {
			iface->has_addr[family] = true;
			iface->addr[family] = addr_load(family, mnl_attr_get_payload(attrs.v[type]));
		}
	}
}

static void take_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *from = mnl_nlmsg_get_payload(message);
	struct attrs attrs = { 0 };
	struct netroute *route;
	enum family family;
	addr_t dst = 0;

	if (message->nlmsg_type != RTM_NEWROUTE || !known_family(from->rtm_family, &family) ||
	    from->rtm_flags & RTM_F_CLONED)
		return;
	mnl_attr_parse(message, sizeof(*from), keep_attr, &attrs);
	if (from->rtm_dst_len) {
		if (!has_attr(&attrs, RTA_DST, family_addr_size(family)))
			return;
		dst = addr_load(family, mnl_attr_get_payload(attrs.v[RTA_DST]));
	}
	route = netinfo_add_route(data, family, dst, from->rtm_dst_len, from->rtm_type,
				  (int)attr_number(&attrs, RTA_OIF, 0));
	route->table = attr_number(&attrs, RTA_TABLE, from->rtm_table);
	route->metric = attr_number(&attrs, RTA_PRIORITY, 0);
	if (has_attr(&attrs, RTA_MULTIPATH, sizeof(struct rtnexthop))) {
		const struct rtnexthop *first = mnl_attr_get_payload(attrs.v[RTA_MULTIPATH]);

		route->out = first->rtnh_ifindex;
		route->multipath = mnl_attr_get_payload_len(attrs.v[RTA_MULTIPATH]) >
				   RTNH_ALIGN(first->rtnh_len);
	}
	/* An IPv6 route with a source prefix applies only to some packets. */
	if (from->rtm_src_len)
		route->multipath = true;
}

/* An address that a policy routing rule selects on; 0 if it does not. */
static addr_t rule_prefix(const struct attrs *attrs, unsigned int type, enum family family,
			  uint8_t length, struct netrule *rule)
{
	if (!length)
		return 0;
	if (!has_attr(attrs, type, family_addr_size(family))) {
		rule->unknown = true;
		return 0;
	}
	return addr_load(family, mnl_attr_get_payload(attrs->v[type]));
}

static void rule_marks(const struct attrs *attrs, struct netrule *rule)
{
	rule->mark = attr_number(attrs, FRA_FWMARK, 0);
	rule->mask = attr_number(attrs, FRA_FWMASK, rule->mark ? ~0U : 0);
	/* The kernel always sends this attribute; ~0 means none. */
	rule->suppress = attr_number(attrs, FRA_SUPPRESS_PREFIXLEN, ~0U);
	rule->suppresses = rule->suppress != ~0U;
}

static void take_policy_rule(const struct nlmsghdr *message, void *data)
{
	const struct fib_rule_hdr *from = mnl_nlmsg_get_payload(message);
	struct netinfo *info = data;
	struct attrs attrs = { 0 };
	struct netrule *rule;
	enum family family;

	if (message->nlmsg_type != RTM_NEWRULE || !known_family(from->family, &family))
		return;
	mnl_attr_parse(message, sizeof(*from), keep_attr, &attrs);
	GROW(info->rules, info->nrules, info->rules_room);
	rule = &info->rules[info->nrules++];
	*rule = (struct netrule){
		.family = family, .priority = attr_number(&attrs, FRA_PRIORITY, 0),
		.table = attr_number(&attrs, FRA_TABLE, from->table), .action = from->action,
		.target = attr_number(&attrs, FRA_GOTO, 0), .invert = from->flags & FIB_RULE_INVERT,
		.never = attrs.v[FRA_OIFNAME], .unknown = from->tos,
		.src_length = from->src_len, .dst_length = from->dst_len,
	};
	rule->src = rule_prefix(&attrs, FRA_SRC, family, from->src_len, rule);
	rule->dst = rule_prefix(&attrs, FRA_DST, family, from->dst_len, rule);
	rule_marks(&attrs, rule);
	if (attrs.v[FRA_L3MDEV])
		rule->vrf = mnl_attr_get_payload_len(attrs.v[FRA_L3MDEV]) &&
			    mnl_attr_get_u8(attrs.v[FRA_L3MDEV]);
	if (attrs.v[FRA_IIFNAME] && mnl_attr_validate(attrs.v[FRA_IIFNAME], MNL_TYPE_NUL_STRING) >= 0)
		strncpy(rule->in, mnl_attr_get_str(attrs.v[FRA_IIFNAME]), IFNAMSIZ - 1);
	/* Any other attribute is a selector that is not known here. */
	for (unsigned int i = 0; i < ARRAY_SIZE(attrs.v); i++) {
		static const unsigned int read[] = {
			FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_GOTO, FRA_PRIORITY, FRA_FWMARK, FRA_FLOW,
			FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_FWMASK, FRA_OIFNAME, FRA_PAD,
			FRA_L3MDEV, FRA_PROTOCOL,
		};
		bool known = !attrs.v[i];

		for (size_t k = 0; k < ARRAY_SIZE(read); k++)
			known |= i == read[k];
		rule->unknown |= !known;
	}
}

/*
 * Requests one dump. Returns 0, 1 if the kernel's tables changed meanwhile, or -1 with
 * errno set as in netlink.h.
 */
static int dump_once(struct netlink *netlink, uint16_t type, uint8_t af,
		     void (*take)(const struct nlmsghdr *message, void *data), void *data)
{
	static uint32_t sequence;
	uint8_t question[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ifinfomsg))]
		__attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(question);
	struct netlink_end end;
	struct rtgenmsg *header;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = ++sequence;
	/* The largest of the request headers; each starts with the family, as rtgenmsg does. */
	header = mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	header->rtgen_family = af;
	if (netlink_send(netlink, request, request->nlmsg_len) ||
	    netlink_answer(netlink, request->nlmsg_seq, take, data, &end))
		return -1;
	if (end.cut || end.error == EINTR)
		return 1;
	errno = end.error;
	return end.error ? -1 : 0;
}

/*
 * A route that does not fit into one message ends the list, since Linux 6.10 without an
 * error (rtnl_dumpit() in net/core/rtnetlink.c). The local table is dumped last of the
 * standard ones, so it is the first to be missing.
 */
static bool routes_break_off(const struct netinfo *info, enum family family)
{
	for (size_t i = 0; i < info->nroutes; i++)
		if (info->routes[i].family == family && info->routes[i].type == RTN_LOCAL)
			return false;
	return info->local[family];
}

/* Reads a sysctl of one digit; returns missing if it cannot be read. */
static int read_switch(const char *family, const char *iface, const char *name, int missing)
{
	char *path = xasprintf("/proc/sys/net/%s/conf/%s/%s", family, iface, name);
	FILE *file = fopen(path, "re");
	int c = EOF;

	if (file) {
		c = fgetc(file);
		fclose(file);
	}
	free(path);
	return c >= '0' && c <= '9' ? c - '0' : missing;
}

/* A sysctl that cannot be read counts as the value that lets in the most packets. */
static void read_switches(struct netinfo *info)
{
	bool localnet = read_switch("ipv4", "all", "route_localnet", 1);
	bool local = read_switch("ipv4", "all", "accept_local", 1);
	bool mark = read_switch("ipv4", "all", "src_valid_mark", 0);
	int filter = read_switch("ipv4", "all", "rp_filter", 0);
	bool forwards6 = read_switch("ipv6", "all", "forwarding", 1);

	for (size_t i = 0; i < info->nifs; i++) {
		struct netif *iface = &info->ifs[i];
		const char *name = iface->name;
		int own;

		/* A name must not lead elsewhere in the tree; "" finds no file. */
		if (strchr(name, '/') || !strcmp(name, ".."))
			name = "";
		iface->forwards[FAMILY_IPV4] = read_switch("ipv4", name, "forwarding", 1);
		iface->localnet = localnet || read_switch("ipv4", name, "route_localnet", 1);
		iface->accept_local = local || read_switch("ipv4", name, "accept_local", 1);
		iface->source_mark = mark || read_switch("ipv4", name, "src_valid_mark", 0);
		own = read_switch("ipv4", name, "rp_filter", 0);
		iface->rp_filter = (uint8_t)(own > filter ? own : filter);
		/* IPv6 uses the sysctl for all interfaces, and since Linux 6.17 also this one. */
		iface->forwards[FAMILY_IPV6] = forwards6 ||
					       read_switch("ipv6", name, "force_forwarding", 0);
	}
}

/* Reads each list once. Returns 0, 1 if the kernel's tables changed meanwhile, or -1, reported. */
static int read_lists(struct netlink *netlink, struct netinfo *info)
{
	static const struct {
		uint16_t type;
		uint8_t af;
		void (*take)(const struct nlmsghdr *message, void *data);
		const char *what;
	} dumps[] = {
		{ RTM_GETLINK, AF_UNSPEC, take_link, "the interfaces" },
		{ RTM_GETADDR, AF_UNSPEC, take_addr, "the addresses" },
		{ RTM_GETROUTE, AF_INET, take_route, "the IPv4 routes" },
		{ RTM_GETROUTE, AF_INET6, take_route, "the IPv6 routes" },
		{ RTM_GETRULE, AF_INET, take_policy_rule, "the IPv4 routing rules" },
		{ RTM_GETRULE, AF_INET6, take_policy_rule, "the IPv6 routing rules" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
		int status = dump_once(netlink, dumps[i].type, dumps[i].af, dumps[i].take, info);

		/* A kernel without IPv6, or without policy routing. */
		if (status < 0 && (errno == EOPNOTSUPP || errno == EAFNOSUPPORT))
			continue;
		if (status < 0 && errno)
			diag_error("cannot read %s: %s", dumps[i].what, strerror(errno));
		if (status)
			return status;
	}
	for (int family = 0; family < FAMILY_COUNT; family++) {
		if (!routes_break_off(info, family))
			continue;
		diag_error("cannot read the %s routes: the kernel's list ends before those of "
			   "the host's own addresses; is there one with very many next hops?",
			   family_title(family));
		return -1;
	}
	return 0;
}

int netinfo_read(struct netinfo *info)
{
	for (int try = 0; try < LOST_ROUTE_DUMPS; try++) {
		/* A new socket each time, so that no message of an aborted dump is left in it. */
		struct netlink *netlink = netlink_open(NETLINK_ROUTE);
		int status = -1;

		netinfo_clear(info);
		if (!netlink)
			diag_error("cannot open a netlink socket: %s", strerror(errno));
		else
			status = read_lists(netlink, info);
		netlink_close(netlink);
		if (!status) {
			read_switches(info);
			netinfo_sort(info);
			return 0;
		}
		if (status < 0) {
			netinfo_clear(info);
			return -1;
		}
	}
	diag_error("the routes kept changing while they were read: try again");
	netinfo_clear(info);
	return -1;
}
