/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dual_stack.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "netlink.h"
#include "rtattrs.h"

/* Numbers of the kernel's include/net/tcp_states.h; UDP sockets without a peer are closed. */
#define CLOSE_STATE 7
#define LISTEN_STATE 10

struct found {
	bool any, dual;
};

static void take(const struct nlmsghdr *message, void *data)
{
	static const uint8_t every[16];
	struct found *found = data;
	struct inet_diag_msg socket;
	struct attrs attrs;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    !attrs_parse(message, sizeof(socket), &attrs))
		return;
	memcpy(&socket, mnl_nlmsg_get_payload(message), sizeof(socket));
	if (memcmp(socket.id.idiag_src, every, sizeof(every)))
		return;
	found->any = true;
	found->dual |= !attr_byte(&attrs, INET_DIAG_SKV6ONLY);
}

bool takes_ipv4(uint8_t proto, uint16_t port)
{
	char buffer[256] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct netlink *netlink = netlink_open(NETLINK_SOCK_DIAG);
	struct inet_diag_req_v2 *socket;
	struct found found = { 0 };
	struct netlink_end end;
	bool known;

	request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = 1;
	socket = mnl_nlmsg_put_extra_header(request, sizeof(*socket));
	socket->sdiag_family = AF_INET6;
	socket->sdiag_protocol = proto;
	socket->idiag_states = 1U << CLOSE_STATE | 1U << LISTEN_STATE;
	socket->id.idiag_sport = htons(port);
	known = netlink && !netlink_send(netlink, request, request->nlmsg_len) &&
		!netlink_answer(netlink, 1, take, &found, &end) && !end.error && !end.cut;
	netlink_close(netlink);
	/* In doubt a port counts as open. */
	return !known || !found.any || found.dual;
}
