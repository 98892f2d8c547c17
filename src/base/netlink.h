/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NETLINK_H
#define DOCKFW_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A netlink socket to the kernel, its one receive loop, and the walk over what was
 * received. Every wait ends at the time limit (deadline.h). Functions that return an
 * int return 0, or -1 with errno; an errno of 0 means that the time limit is over,
 * which was reported.
 */
struct netlink;

/* Opens and binds a socket of that bus (NETLINK_ROUTE, ...). NULL with errno. */
struct netlink *netlink_open(int bus);
void netlink_close(struct netlink *netlink); /* NULL is fine */

/* Sets an option of SOL_NETLINK that is a number, such as NETLINK_ADD_MEMBERSHIP. */
int netlink_set(struct netlink *netlink, int option, int value);
/* Makes room to send that many bytes in one piece, as far as that is permitted. */
void netlink_make_room(struct netlink *netlink, size_t size);
/* Sends the bytes, which are one message or a batch of them. */
int netlink_send(struct netlink *netlink, const void *data, size_t size);

/* What is left of a datagram, or of any messages that follow one another. */
struct netlink_messages {
	const uint8_t *v;
	size_t n; /* bytes */
};

/* The next message, which is there to its last byte; NULL after the last such one. */
const struct nlmsghdr *netlink_next(struct netlink_messages *messages);

/*
 * Receives one datagram from the kernel, without waiting; those of other senders are
 * dropped. It is valid until the next call. EAGAIN: there is none; ENOBUFS: the
 * socket could not hold all that came; ENOSPC: a datagram was too large.
 */
int netlink_receive(struct netlink *netlink, struct netlink_messages *messages);
/* Waits until something can be received, ms milliseconds have passed, or a signal comes. */
int netlink_wait(struct netlink *netlink, unsigned int ms);

/* How an answer ended. */
struct netlink_end {
	int error; /* errno: the kernel's refusal; 0: none */
	bool cut;  /* what was listed changed meanwhile: the answer is not whole */
};

/*
 * Receives the answer to the question of that nlmsg_seq, which was sent last, and
 * hands each of its messages to take(), which may be NULL; none after a cut. It ends
 * with an error, the end of a dump, or a message that is not a part of several.
 * Messages that belong to another question are dropped.
 */
int netlink_answer(struct netlink *netlink, uint32_t seq,
		   void (*take)(const struct nlmsghdr *message, void *data), void *data,
		   struct netlink_end *end);

/* The errno for a number in a message of the kernel's, which has it negative; 0 for 0. */
int netlink_errno(int number);

#endif
