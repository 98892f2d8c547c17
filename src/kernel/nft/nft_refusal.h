/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_REFUSAL_H
#define DOCKFW_NFT_REFUSAL_H

#include "edit.h"
#include "nft_socket.h"

/*
 * Returns why the kernel refused a message of the batch, for a message: its error, its own
 * words where it has some, and what to do. edit is what the message is for (NULL: the whole
 * batch). The caller frees it.
 */
char *nft_refusal_why(const struct nft_batch *batch, const struct nft_refusal *refusal,
		      const struct edit *edit);

#endif
