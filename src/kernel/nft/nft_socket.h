/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_SOCKET_H
#define DOCKFW_NFT_SOCKET_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Talks to nf_tables over netlink. Functions that return an int return
 * enum backend_result after reporting what failed.
 */
struct nft_socket;

/*
 * Opens a socket. If the kernel has no netfilter netlink, there is none and
 * no query can be made, see nft_socket_absent(). Returns NULL after reporting
 * any other failure.
 */
struct nft_socket *nft_socket_open(void);
void nft_socket_close(struct nft_socket *nft); /* NULL is fine */

/* Its netlink port; 0 without a socket. */
uint32_t nft_socket_port(const struct nft_socket *nft);
/* Whether this kernel has no nf_tables; known after the first query. */
bool nft_socket_absent(const struct nft_socket *nft);

/*
 * Reads the tables' generation, a number that each change in the network
 * namespace changes. Leaves *generation alone if the kernel has no nf_tables,
 * which is not a failure.
 */
int nft_generation(struct nft_socket *nft, uint32_t *generation);

/*
 * Starts a query about one family: the caller adds attributes to the returned
 * header, which has room for a few names, and then calls nft_request().
 */
struct nlmsghdr *nft_request_begin(struct nft_socket *nft, uint16_t type, int af);
/*
 * Sends it as a dump and passes each message of the answer to take(). Returns
 * BACKEND_CHANGED if a change interrupted the answer, or took away what the query names.
 */
int nft_request(struct nft_socket *nft, void (*take)(const struct nlmsghdr *nlh, void *data),
	    void *data);

/*
 * Messages that are carried out together, numbered from 1 in the order in which
 * they were added.
 */
struct nft_batch {
	uint8_t *v;     /* owned */
	size_t n, room; /* bytes */
	uint32_t messages;
	uint32_t seq;   /* of the message that begins it */
	size_t last;    /* where the last message begins */
};

/* Begins a batch that is carried out only in exactly this generation of the tables. */
void nft_batch_begin(struct nft_batch *batch, struct nft_socket *nft, uint32_t generation);
/*
 * Starts a message; the caller adds less than 128 KiB to the returned header
 * and closes it before it starts the next one.
 */
struct nlmsghdr *nft_batch_open(struct nft_batch *batch, uint16_t type, int af, uint16_t flags);
void nft_batch_close(struct nft_batch *batch, const struct nlmsghdr *nlh);
void nft_batch_free(struct nft_batch *batch);

/* The kernel's answer to a message that it refused. */
struct nft_refusal {
	int error;        /* errno */
	uint32_t message; /* its number; 0: the whole batch */
	uint32_t offset;  /* of the attribute in the message; 0: not reported */
	char text[128];   /* the kernel's message, or "" */
};

/* In the order of the messages. */
struct nft_refusals {
	struct nft_refusal *v; /* owned */
	size_t n, room;
};
void nft_refusals_clear(struct nft_refusals *refusals);

/*
 * Sends the batch, which must have a message, once. BACKEND_REFUSED: refusals, which is
 * empty before, has what was refused, which is not reported: the caller knows what the
 * messages were. If the kernel was short of memory, the batch is sent again until the time
 * limit, or for SHORTAGE_OF_RULE_MS if it was for one message.
 *
 * With only_try the batch is left without its end: the kernel carries out every message,
 * answers, and then takes everything back (nfnetlink_rcv_batch() in
 * net/netfilter/nfnetlink.c), as for nft --check.
 */
int nft_batch_send(struct nft_batch *batch, struct nft_socket *nft, bool only_try,
		   struct nft_refusals *refusals);

#endif
