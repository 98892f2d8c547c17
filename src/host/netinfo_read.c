/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netinfo_read.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "netlink.h"
#include "nexthop_headers.h"
#include "patience.h"
#include "route_read.h"
#include "rtattrs.h"

/* Whether it has no hardware: what is at its other end is a container or a virtual machine. */
static bool is_guest(const struct attrs *kind)
{
	return attr_is(kind, IFLA_INFO_KIND, "veth") || attr_is(kind, IFLA_INFO_KIND, "tun") ||
	       attr_is(kind, IFLA_INFO_KIND, "dummy");
}

static void take_link(const struct nlmsghdr *message, struct reading *reading)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct attrs attrs, kind, bridge, port;
	struct netif *iface;
	const char *name;

	if (message->nlmsg_type != RTM_NEWLINK || !attrs_parse(message, sizeof(*link), &attrs))
		return;
	name = attr_text(&attrs, IFLA_IFNAME);
	if (!name)
		return;
	iface = netinfo_add_if(reading->info, name, link->ifi_index);
	iface->loopback = link->ifi_flags & IFF_LOOPBACK;
	iface->up = link->ifi_flags & IFF_UP;
	iface->master = (int)attr_number(&attrs, IFLA_MASTER, 0);
	/* With an id of a network namespace, the index is one of there. */
	if (!attrs.v[IFLA_LINK_NETNSID])
		iface->link = (int)attr_number(&attrs, IFLA_LINK, 0);
	attrs_parse_nested(attrs.v[IFLA_LINKINFO], &kind);
	iface->bridge = attr_is(&kind, IFLA_INFO_KIND, "bridge");
	iface->guest = is_guest(&kind);
	iface->vrf = attr_is(&kind, IFLA_INFO_KIND, "vrf");
	iface->port = iface->master && !attr_is(&kind, IFLA_INFO_SLAVE_KIND, "vrf");
	if (attr_is(&kind, IFLA_INFO_SLAVE_KIND, "bridge")) {
		attrs_parse_nested(kind.v[IFLA_INFO_SLAVE_DATA], &port);
		iface->isolated = attr_byte(&port, IFLA_BRPORT_ISOLATED);
	}
	/* The kernel sends this only if the other end is in another namespace. */
	iface->to_container = attr_is(&kind, IFLA_INFO_KIND, "veth") && attrs.v[IFLA_LINK_NETNSID];
	if (!iface->bridge)
		return;
	attrs_parse_nested(kind.v[IFLA_INFO_DATA], &bridge);
	iface->filtered[FAMILY_IPV4] = attr_byte(&bridge, IFLA_BR_NF_CALL_IPTABLES);
	iface->filtered[FAMILY_IPV6] = attr_byte(&bridge, IFLA_BR_NF_CALL_IP6TABLES);
}

static void take_addr(const struct nlmsghdr *message, struct reading *reading)
{
	const struct ifaddrmsg *from = mnl_nlmsg_get_payload(message);
	struct netinfo *info = reading->info;
	enum family family;
	struct attrs attrs;
	unsigned int type;
	uint32_t flags;
	addr_t addr;

	if (message->nlmsg_type != RTM_NEWADDR || !attrs_parse(message, sizeof(*from), &attrs) ||
	    !known_family(from->ifa_family, &family))
		return;
	/* IFA_ADDRESS is the far end of a point-to-point link. */
	type = attrs.v[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS;
	if (!has_attr(&attrs, type, family_addr_size(family)))
		return;
	addr = addr_load(family, mnl_attr_get_payload(attrs.v[type]));
	flags = attr_number(&attrs, IFA_FLAGS, from->ifa_flags);
	netinfo_add_addr(info, family, addr, (int)from->ifa_index,
			 flags & IFA_F_TENTATIVE && !(flags & IFA_F_OPTIMISTIC));
	for (size_t i = 0; i < info->nifs; i++) {
		struct netif *iface = &info->ifs[i];

		if (iface->index != (int)from->ifa_index)
			continue;
		iface->numbered |= family == FAMILY_IPV4;
		info->local[family] |= iface->loopback && iface->up;
		if (from->ifa_scope < RT_SCOPE_LINK && !iface->has_addr[family]) {
			iface->has_addr[family] = true;
			iface->addr[family] = addr;
		}
	}
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

static void take_policy_rule(const struct nlmsghdr *message, struct reading *reading)
{
	const struct fib_rule_hdr *from = mnl_nlmsg_get_payload(message);
	struct netinfo *info = reading->info;
	struct netrule *rule;
	enum family family;
	struct attrs attrs;
	const char *in;

	if (message->nlmsg_type != RTM_NEWRULE || !attrs_parse(message, sizeof(*from), &attrs) ||
	    !known_family(from->family, &family))
		return;
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
	rule->vrf = attr_byte(&attrs, FRA_L3MDEV);
	in = attr_text(&attrs, FRA_IIFNAME);
	if (in)
		strncpy(rule->in, in, IFNAMSIZ - 1);
	rule->unknown |= attrs.v[FRA_IIFNAME] && !in;
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

/* One list of the kernel. */
struct dump {
	uint16_t type;
	uint8_t af;
	/* Of the request's header, which starts with the family, as rtgenmsg does. */
	size_t header;
	void (*take)(const struct nlmsghdr *message, struct reading *reading);
	const char *what;
};

struct taking {
	const struct dump *dump;
	struct reading *reading;
};

static void take_one(const struct nlmsghdr *message, void *data)
{
	const struct taking *taking = data;

	taking->dump->take(message, taking->reading);
}

/*
 * Requests one dump. Returns 0, 1 if the kernel's tables changed meanwhile, or -1 with
 * errno set as in netlink.h.
 */
static int dump_once(struct netlink *netlink, const struct dump *dump, struct reading *reading)
{
	static uint32_t sequence;
	uint8_t question[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ifinfomsg))]
		__attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(question);
	struct taking taking = { .dump = dump, .reading = reading };
	struct netlink_end end;
	struct rtgenmsg *header;

	request->nlmsg_type = dump->type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = ++sequence;
	header = mnl_nlmsg_put_extra_header(request, dump->header);
	header->rtgen_family = dump->af;
	if (netlink_send(netlink, request, request->nlmsg_len))
		return -1;
	/* Messages that did not fit into the socket are lost: what came is not whole. */
	if (netlink_answer(netlink, request->nlmsg_seq, take_one, &taking, &end))
		return errno == ENOBUFS ? 1 : -1;
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

/*
 * Whether netfilter sees bridged packets; not without the module br_netfilter, which has the
 * sysctl. If that cannot be read, it does not: as below.
 */
static bool read_bridge_switch(const char *name)
{
	char *path = xasprintf("/proc/sys/net/bridge/bridge-nf-call-%s", name);
	FILE *file = fopen(path, "re");
	int c = EOF;

	if (file) {
		c = fgetc(file);
		fclose(file);
	}
	free(path);
	return c != '0' && c != EOF;
}

/* A sysctl that cannot be read counts as the value that lets in the most packets. */
static void read_switches(struct netinfo *info)
{
	bool localnet = read_switch("ipv4", "all", "route_localnet", 1);
	bool local = read_switch("ipv4", "all", "accept_local", 1);
	bool mark = read_switch("ipv4", "all", "src_valid_mark", 0);
	bool route = read_switch("ipv4", "all", "accept_source_route", 0);
	bool broadcast = read_switch("ipv4", "all", "bc_forwarding", 0);
	int filter = read_switch("ipv4", "all", "rp_filter", 0);
	bool forwards6 = read_switch("ipv6", "all", "forwarding", 1);
	bool bridged[FAMILY_COUNT] = { [FAMILY_IPV4] = read_bridge_switch("iptables"),
				       [FAMILY_IPV6] = read_bridge_switch("ip6tables") };

	for (size_t i = 0; i < info->nifs; i++) {
		struct netif *iface = &info->ifs[i];
		const char *name = iface->name;
		int own;

		/* A name must not lead elsewhere in the tree; "" finds no file. */
		if (strchr(name, '/') || !strcmp(name, ".."))
			name = "";
		for (int family = 0; family < FAMILY_COUNT; family++)
			iface->filtered[family] = iface->bridge &&
						  (iface->filtered[family] || bridged[family]);
		iface->forwards[FAMILY_IPV4] = read_switch("ipv4", name, "forwarding", 1);
		iface->localnet = localnet || read_switch("ipv4", name, "route_localnet", 1);
		iface->accept_local = local || read_switch("ipv4", name, "accept_local", 1);
		/* Unlike the others, these two only with that for all interfaces. */
		iface->source_route = route && read_switch("ipv4", name, "accept_source_route", 0);
		iface->passes_broadcast = broadcast &&
					  read_switch("ipv4", name, "bc_forwarding", 0);
		iface->source_mark = mark || read_switch("ipv4", name, "src_valid_mark", 0);
		own = read_switch("ipv4", name, "rp_filter", 0);
		iface->rp_filter = (uint8_t)(own > filter ? own : filter);
		/* IPv6 uses the sysctl for all interfaces, and since Linux 6.17 also this one. */
		iface->forwards[FAMILY_IPV6] = forwards6 ||
					       read_switch("ipv6", name, "force_forwarding", 0);
	}
}

/*
 * Reads each list once: the interfaces first, and what routes name before the routes.
 * Returns 0, 1 if the kernel's tables changed meanwhile, or -1, reported.
 */
static int read_lists(struct netlink *netlink, struct reading *reading)
{
	static const struct dump dumps[] = {
		{ RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg), take_link, "the interfaces" },
		{ RTM_GETADDR, AF_UNSPEC, sizeof(struct ifaddrmsg), take_addr, "the addresses" },
		{ RTM_GETNEXTHOP, AF_UNSPEC, sizeof(struct nhmsg), take_nexthop,
		  "the nexthop objects" },
		{ RTM_GETROUTE, AF_INET, sizeof(struct rtmsg), take_route, "the IPv4 routes" },
		{ RTM_GETROUTE, AF_INET6, sizeof(struct rtmsg), take_route, "the IPv6 routes" },
		{ RTM_GETRULE, AF_INET, sizeof(struct fib_rule_hdr), take_policy_rule,
		  "the IPv4 routing rules" },
		{ RTM_GETRULE, AF_INET6, sizeof(struct fib_rule_hdr), take_policy_rule,
		  "the IPv6 routing rules" },
	};
	const struct netinfo *info = reading->info;

	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
		int status = dump_once(netlink, &dumps[i], reading);

		/* A kernel without IPv6, without policy routing or without nexthop objects. */
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
		struct reading reading = { .info = info };
		int status = -1;

		netinfo_clear(info);
		if (!netlink)
			diag_error("cannot open a netlink socket: %s", strerror(errno));
		else
			status = read_lists(netlink, &reading);
		netlink_close(netlink);
		reading_clear(&reading);
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
