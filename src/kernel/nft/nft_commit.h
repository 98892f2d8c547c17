/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_COMMIT_H
#define DOCKFW_NFT_COMMIT_H

#include "backend.h"
#include "edit.h"
#include "nft_socket.h"

/*
 * Carries out the edits in one transaction, which the kernel refuses if the
 * tables are no longer of the snapshot's generation. Returns enum
 * backend_result after reporting what failed; refused is as for the operation commit in
 * backend.h. Edits that leave everything as it was send nothing. With only_try, the kernel
 * takes everything back.
 */
int nft_commit(struct nft_socket *nft, const struct snapshot *snapshot, const struct edits *edits,
	       bool only_try, struct refused_edits *refused);

#endif
