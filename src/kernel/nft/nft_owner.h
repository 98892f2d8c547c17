/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OWNER_H
#define DOCKFW_NFT_OWNER_H

#include "backend.h"
#include "nft_socket.h"

/*
 * A table with an owner belongs to one netlink socket: the kernel refuses changes by others,
 * and a flush of all tables passes it by (nft_table_has_owner() in
 * net/netfilter/nf_tables_api.c; Linux 5.12 and later). With "persist", it outlives the socket,
 * and then belongs to nobody (Linux 6.9 and later); without, it goes with the socket.
 */

/*
 * If the kernel can do that, every session uses one socket from now on, which owns the tables
 * of the guard (OWN_PERSIST) or of its copy (OWN_UNTIL_END) that it creates. OWN_NONE:
 * everything stays as it is.
 */
enum owning nft_owner_begin(void);
/* Closes the socket: the guard is nobody's, and its copy goes. */
void nft_owner_end(void);

/* The flags of a new table of that name. */
uint32_t nft_owner_flags(const char *table);

/* The socket that owns, or NULL. */
struct nft_socket *nft_owner_socket(void);

#endif
