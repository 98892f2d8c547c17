/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_SOCKET_H
#define DOCKFW_NFT_SOCKET_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Talking to nf_tables over netlink. Functions that return an int return
 * enum backend_result, and have said what failed.
 */
struct nft_socket;

/*
 * Opens a socket. Where the kernel has no netfilter netlink there is none, and
 * nothing can be asked, see nft_socket_absent(). NULL, said, on any other
 * failure.
 */
struct nft_socket *nft_socket_open(void);
void nft_socket_close(struct nft_socket *nft); /* NULL is fine */

/* Whether this kernel has no nf_tables; known behind the first question. */
bool nft_socket_absent(const struct nft_socket *nft);

/*
 * The number of the tables' generation: each change in the network namespace
 * makes it another one. Leaves *generation alone where the kernel has no
 * nf_tables, which is no failure.
 */
int nft_generation(struct nft_socket *nft, uint32_t *generation);

/*
 * Starts a question about one family: the caller adds attributes to the header
 * that it gets, which is good for a few names, and then asks.
 */
struct nlmsghdr *nft_question(struct nft_socket *nft, uint16_t type, int af);
/*
 * Sends it, as a dump, and hands each message of the answer to take(). An answer
 * that was cut by a change is BACKEND_CHANGED.
 */
int nft_ask(struct nft_socket *nft, void (*take)(const struct nlmsghdr *nlh, void *data),
	    void *data);

/*
 * Messages to be carried out together. They are numbered from 1 in the order in
 * which they were put in.
 */
struct nft_batch {
	uint8_t *v;     /* owned */
	size_t n, room; /* bytes */
	uint32_t messages;
	uint32_t seq;   /* of the message that begins it */
	size_t last;    /* where the last message begins */
};

/* Begins a batch that is carried out only in this very generation of the tables. */
void nft_batch_begin(struct nft_batch *batch, struct nft_socket *nft, uint32_t generation);
/*
 * Starts a message; the caller adds less than 128 KiB to the header that it gets
 * and closes it before the next one is started.
 */
struct nlmsghdr *nft_batch_open(struct nft_batch *batch, uint16_t type, int af, uint16_t flags);
void nft_batch_close(struct nft_batch *batch, const struct nlmsghdr *nlh);
void nft_batch_free(struct nft_batch *batch);

/* What the kernel said of the first message that it did not take. */
struct nft_refusal {
	int error;        /* errno; 0: none was refused */
	uint32_t message; /* its number, 0: the batch as a whole */
	uint32_t offset;  /* of the attribute in the message, 0: not told */
	char text[128];   /* in the kernel's words, or "" */
};

/*
 * Sends the batch, which has a message. BACKEND_FAILED with an error in *refusal
 * is not said: the caller knows what the message was.
 */
int nft_batch_send(struct nft_batch *batch, struct nft_socket *nft, struct nft_refusal *refusal);

#endif
