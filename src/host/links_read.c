/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "links_read.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"
#include "patience.h"
#include "read_file.h"

/* One interface as the kernel answers. */
struct answer {
	bool found;
	uint32_t master; /* an index, or 0 */
	char name[IFNAMSIZ];
	char kind[16], master_kind[16];
	bool calls[FAMILY_COUNT];
};

struct attrs {
	const struct nlattr *v[64];
};

static int keep(const struct nlattr *attr, void *data)
{
	struct attrs *attrs = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < ARRAY_SIZE(attrs->v))
		attrs->v[type] = attr;
	return MNL_CB_OK;
}

static struct attrs nested(const struct nlattr *attr)
{
	struct attrs attrs = { 0 };

	if (attr)
		mnl_attr_parse_nested(attr, keep, &attrs);
	return attrs;
}

static void copy_text(char *to, size_t size, const struct nlattr *attr)
{
	size_t n = attr ? mnl_attr_get_payload_len(attr) : 0;

	memset(to, 0, size);
	if (n)
		memcpy(to, mnl_attr_get_payload(attr), n < size ? n : size - 1);
}

static bool is_set(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) && mnl_attr_get_u8(attr);
}

static void take(const struct nlmsghdr *message, void *data)
{
	struct answer *answer = data;
	struct attrs attrs = { 0 }, info, bridge;

	if (message->nlmsg_type != RTM_NEWLINK)
		return;
	mnl_attr_parse(message, sizeof(struct ifinfomsg), keep, &attrs);
	info = nested(attrs.v[IFLA_LINKINFO]);
	bridge = nested(info.v[IFLA_INFO_DATA]);
	answer->found = true;
	copy_text(answer->name, sizeof(answer->name), attrs.v[IFLA_IFNAME]);
	copy_text(answer->kind, sizeof(answer->kind), info.v[IFLA_INFO_KIND]);
	copy_text(answer->master_kind, sizeof(answer->master_kind), info.v[IFLA_INFO_SLAVE_KIND]);
	if (attrs.v[IFLA_MASTER] && mnl_attr_get_payload_len(attrs.v[IFLA_MASTER]) >= sizeof(uint32_t))
		answer->master = mnl_attr_get_u32(attrs.v[IFLA_MASTER]);
	answer->calls[FAMILY_IPV4] = is_set(bridge.v[IFLA_BR_NF_CALL_IPTABLES]);
	answer->calls[FAMILY_IPV6] = is_set(bridge.v[IFLA_BR_NF_CALL_IP6TABLES]);
}

/*
 * Asks for the interface with that name, or if name is NULL with that index. The kernel looks
 * through altnames too (rtnl_getlink(), __dev_get_by_name()). The statistics are left out.
 */
static int ask_once(struct netlink *netlink, const char *name, uint32_t index, uint32_t seq,
		    struct answer *answer)
{
	char buffer[256] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;
	struct netlink_end end;

	memset(answer, 0, sizeof(*answer));
	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST;
	request->nlmsg_seq = seq;
	link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
	link->ifi_index = (int)index;
	if (name)
		mnl_attr_put_strz(request, IFLA_IFNAME, name);
	mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (netlink_send(netlink, request, request->nlmsg_len) ||
	    netlink_answer(netlink, seq, take, answer, &end))
		return -1;
	if (!end.error || end.error == ENODEV)
		return 0;
	errno = end.error;
	return -1;
}

/* The kernel drops an answer for which the socket has no room at the moment. */
static int ask(struct netlink *netlink, const char *name, uint32_t index, uint32_t *seq,
	       struct answer *answer)
{
	int status = ask_once(netlink, name, index, ++*seq, answer);

	for (int try = 1; status && errno == ENOBUFS && try < LOST_ROUTE_DUMPS; try++)
		status = ask_once(netlink, name, index, ++*seq, answer);
	return status;
}

/* The names are few: most configurations have one or two. */
static int read_one(struct netlink *netlink, const char *name, uint32_t *seq, struct links *links)
{
	struct answer one, master;
	struct link *link;

	if (ask(netlink, name, 0, seq, &one))
		return -1;
	if (!one.found)
		return 0;
	link = links_add(links, name);
	memcpy(link->name, one.name, sizeof(link->name));
	memcpy(link->calls, one.calls, sizeof(link->calls));
	link->bridge = !strcmp(one.kind, "bridge");
	if (!one.master)
		return 0;
	if (ask(netlink, NULL, one.master, seq, &master))
		return -1;
	memcpy(link->master, master.name, sizeof(link->master));
	memcpy(link->master_kind, one.master_kind, sizeof(link->master_kind));
	return 0;
}

static bool read_switch(const char *path, bool *loaded)
{
	size_t size;
	char *text = read_file(path, 16, &size);
	bool on = text && size && *text != '0';

	*loaded |= text != NULL;
	free(text);
	return on;
}

/* The settings are those of this process's network namespace (since Linux 5.3). */
static void read_switches(struct links *links)
{
	bool any = false;

	for (size_t i = 0; i < links->n; i++)
		any |= links->v[i].bridge;
	if (!any)
		return;
	links->calls[FAMILY_IPV4] = read_switch("/proc/sys/net/bridge/bridge-nf-call-iptables",
						&links->loaded);
	links->calls[FAMILY_IPV6] = read_switch("/proc/sys/net/bridge/bridge-nf-call-ip6tables",
						&links->loaded);
}

int links_read(const struct strings *names, struct links *links)
{
	struct netlink *netlink;
	uint32_t seq = 0;
	int status = 0;

	if (!names->n)
		return 0;
	netlink = netlink_open(NETLINK_ROUTE);
	if (!netlink)
		return -1;
	for (size_t i = 0; i < names->n && !status; i++)
		status = read_one(netlink, names->v[i], &seq, links);
	netlink_close(netlink);
	if (!status)
		read_switches(links);
	return status;
}
