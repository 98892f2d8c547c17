/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NETLINK_H
#define DOCKFW_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A netlink socket to the kernel, the only receive loop, and an iterator over received
 * messages. Every wait ends at the time limit (deadline.h). Functions that return an
 * int return 0, or -1 with errno set; errno 0 means that the time limit has passed and
 * was reported.
 */
struct netlink;

/* Opens and binds a socket for that bus (NETLINK_ROUTE, ...). Returns NULL with errno set. */
struct netlink *netlink_open(int bus);
void netlink_close(struct netlink *netlink); /* NULL is fine */

/* Its port, by which the kernel tells sockets apart. */
uint32_t netlink_port(const struct netlink *netlink);
/* Its descriptor, for poll(). */
int netlink_fd(const struct netlink *netlink);

/* Sets an integer option of SOL_NETLINK, such as NETLINK_ADD_MEMBERSHIP. */
int netlink_set(struct netlink *netlink, int option, int value);
/*
 * Enlarges the buffers to send size bytes at once and to hold that number of short answers,
 * as far as that is permitted.
 */
void netlink_make_room(struct netlink *netlink, size_t size, size_t answers);
/*
 * Sends one message or one batch. If the kernel is out of memory or buffers, sends it
 * again until the time limit.
 */
int netlink_send(struct netlink *netlink, const void *data, size_t size);

/* The messages that remain in a datagram or in any other buffer. */
struct netlink_messages {
	const uint8_t *v;
	size_t n; /* bytes */
};

/* Returns the next complete message, or NULL when there is none left. */
const struct nlmsghdr *netlink_next(struct netlink_messages *messages);

/*
 * Receives one datagram from the kernel without waiting; datagrams from other senders
 * are dropped. It is valid until the next call. EAGAIN: there is none; ENOBUFS: the
 * socket buffer overflowed; ENOSPC: a datagram was too large.
 */
int netlink_receive(struct netlink *netlink, struct netlink_messages *messages);
/* Waits until a datagram can be received, ms milliseconds have passed, or a signal arrives. */
int netlink_wait(struct netlink *netlink, unsigned int ms);

/* How an answer ended. */
struct netlink_end {
	int error; /* an errno from the kernel, or 0 */
	bool cut;  /* the list changed while it was dumped: the answer is incomplete */
};

/*
 * Receives the answer to the last request sent, which has this nlmsg_seq, and passes
 * each message to take(), which may be NULL; after a cut it passes no more. The answer
 * ends with an error, the end of a dump, or a message that is not part of a multipart
 * one. Messages for other requests are dropped.
 */
int netlink_answer(struct netlink *netlink, uint32_t seq,
		   void (*take)(const struct nlmsghdr *message, void *data), void *data,
		   struct netlink_end *end);

/* The errno for an error code in a kernel message, which is negative there; 0 for 0. */
int netlink_errno(int number);

#endif
