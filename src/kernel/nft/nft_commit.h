/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_COMMIT_H
#define DOCKFW_NFT_COMMIT_H

#include "edit.h"
#include "nft_socket.h"

/*
 * Carries out the edits in one transaction, which the kernel refuses if the
 * tables are no longer of the snapshot's generation. Returns enum
 * backend_result after reporting what failed, with the edit. Edits that leave
 * everything as it was send nothing.
 */
int nft_commit(struct nft_socket *nft, const struct snapshot *snapshot, const struct edits *edits);

#endif
