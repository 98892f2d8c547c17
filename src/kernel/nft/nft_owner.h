/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OWNER_H
#define DOCKFW_NFT_OWNER_H

#include "nft_socket.h"

/*
 * A table with an owner belongs to one netlink socket: the kernel refuses changes by others,
 * and a flush of all tables passes it by (nft_table_has_owner() in
 * net/netfilter/nf_tables_api.c). With "persist", it outlives the socket, and then belongs to
 * nobody (Linux 6.9 and later).
 */

/* The flags of such a table. Headers before Linux 6.9 do not have the second one. */
#define NFT_OWNER_FLAGS (0x2 | 0x4)

/*
 * From now on every session uses one socket, which owns the tables of the guard that it
 * creates. Returns whether the kernel can do that; if not, everything stays as it is.
 */
bool nft_owner_begin(void);
/* Closes the socket: the tables are nobody's. */
void nft_owner_end(void);

/* The socket that owns, or NULL. */
struct nft_socket *nft_owner_socket(void);

#endif
