/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "deadline.h"
#include "patience.h"
#include "util.h"

#define RECEIVE_MAX 65536  /* the kernel sends a dump in parts of at most 32 KiB */
#define SEND_DEFAULT 65536 /* every socket can send this much in one piece */
#define ANSWER_ROOM 1024   /* what a short answer takes of the receive buffer */
#define ANSWERS_DEFAULT 64 /* every socket holds as many */
#define ANSWERS_MAX 65536

struct netlink {
	struct mnl_socket *socket;
	unsigned int port;
	uint8_t *buffer; /* owned; holds the last datagram */
};

struct netlink *netlink_open(int bus)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	struct netlink *netlink;
	int error;

	if (!socket)
		return NULL;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		error = errno;
		mnl_socket_close(socket);
		errno = error;
		return NULL;
	}
	netlink = xcalloc(1, sizeof(*netlink));
	netlink->socket = socket;
	netlink->port = mnl_socket_get_portid(socket);
	netlink->buffer = xreallocarray(NULL, RECEIVE_MAX, 1);
	return netlink;
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	mnl_socket_close(netlink->socket);
	free(netlink->buffer);
	free(netlink);
}

uint32_t netlink_port(const struct netlink *netlink)
{
	return netlink->port;
}

int netlink_fd(const struct netlink *netlink)
{
	return mnl_socket_get_fd(netlink->socket);
}

int netlink_set(struct netlink *netlink, int option, int value)
{
	return mnl_socket_setsockopt(netlink->socket, option, &value, sizeof(value)) < 0 ? -1 : 0;
}

void netlink_make_room(struct netlink *netlink, size_t size, size_t answers)
{
	int fd = mnl_socket_get_fd(netlink->socket), bytes = (int)size;
	int room = answers < ANSWERS_MAX ? (int)answers * ANSWER_ROOM : ANSWERS_MAX * ANSWER_ROOM;

	/* SO_SNDBUF needs no privilege but has a limit. If that is too low, sending
	 * fails and the caller reports why. */
	if (size > SEND_DEFAULT &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	/* Answers for which there is no room are lost. */
	if (answers > ANSWERS_DEFAULT)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
}

int netlink_send(struct netlink *netlink, const void *data, size_t size)
{
	unsigned int pause = 1;

	while (mnl_socket_sendto(netlink->socket, data, size) < 0) {
		if (errno == EINTR)
			continue;
		/* The kernel has no room for a copy of the data at the moment. */
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS && errno != ENOMEM)
			return -1;
		if (deadline_check()) {
			errno = 0;
			return -1;
		}
		sleep_ms(pause);
		pause = pause < SHORTAGE_PAUSE_MS ? 2 * pause : SHORTAGE_PAUSE_MS;
	}
	return 0;
}

/* ---- one datagram ---- */

const struct nlmsghdr *netlink_next(struct netlink_messages *messages)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)messages->v;
	size_t size;

	if (messages->n < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > messages->n)
		return NULL;
	/* The last message need not be padded. */
	size = NLMSG_ALIGN((size_t)message->nlmsg_len);
	if (size > messages->n)
		size = messages->n;
	messages->v += size;
	messages->n -= size;
	return message;
}

int netlink_receive(struct netlink *netlink, struct netlink_messages *messages)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec part = { netlink->buffer, RECEIVE_MAX };
		struct msghdr message = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &part,
			.msg_iovlen = 1,
		};
		ssize_t n = recvmsg(mnl_socket_get_fd(netlink->socket), &message, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			errno = errno == EWOULDBLOCK ? EAGAIN : errno;
			return -1;
		}
		if (message.msg_flags & MSG_TRUNC) {
			errno = ENOSPC;
			return -1;
		}
		/* Any process may send to the socket; the kernel's port is 0. */
		if (message.msg_namelen != sizeof(from) || from.nl_pid)
			continue;
		*messages = (struct netlink_messages){ netlink->buffer, (size_t)n };
		return 0;
	}
}

int netlink_wait(struct netlink *netlink, unsigned int ms)
{
	struct pollfd fd = { .fd = mnl_socket_get_fd(netlink->socket), .events = POLLIN };

	if (deadline_check()) {
		errno = 0;
		return -1;
	}
	return poll(&fd, 1, deadline_poll(ms)) < 0 && errno != EINTR ? -1 : 0;
}

/* ---- answers ---- */

int netlink_errno(int number)
{
	/* The kernel's error codes are -1 to -4095. */
	return !number ? 0 : number < 0 && number >= -4095 ? -number : EPROTO;
}

/*
 * The error code in a message that ends the answer. A dump that is cut short carries
 * one (netlink_dump_done() in net/netlink/af_netlink.c): a route too large for one
 * message hides those after it.
 */
static int end_error(const struct nlmsghdr *message)
{
	bool done = message->nlmsg_type == NLMSG_DONE;
	int error = 0;

	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(message), sizeof(error));
	else if (!done)
		return EBADMSG;
	return done && error > 0 ? 0 : netlink_errno(error);
}

/* Whether this message ends the answer. */
static bool is_end(const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return false;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		return true;
	default:
		return !(message->nlmsg_flags & NLM_F_MULTI);
	}
}

/* The kernel answers while the request is being sent, so this hardly ever waits. */
static int receive_waiting(struct netlink *netlink, struct netlink_messages *messages)
{
	while (netlink_receive(netlink, messages))
		if (errno != EAGAIN || netlink_wait(netlink, NETLINK_STEP_MS))
			return -1;
	return 0;
}

int netlink_answer(struct netlink *netlink, uint32_t seq,
		   void (*take)(const struct nlmsghdr *message, void *data), void *data,
		   struct netlink_end *end)
{
	*end = (struct netlink_end){ 0 };
	for (;;) {
		const struct nlmsghdr *message;
		struct netlink_messages messages;

		if (receive_waiting(netlink, &messages))
			return -1;
		while ((message = netlink_next(&messages))) {
			if (message->nlmsg_seq != seq || message->nlmsg_pid != netlink->port)
				continue;
			end->cut |= message->nlmsg_flags & NLM_F_DUMP_INTR ||
				    message->nlmsg_type == NLMSG_OVERRUN;
			if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE)
				end->error = end_error(message);
			else if (take && !end->cut && message->nlmsg_type >= NLMSG_MIN_TYPE)
				take(message, data);
			if (is_end(message))
				return 0;
		}
	}
}
