/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "backend.h"
#include "diag.h"

_Static_assert((NFT_OWNER_FLAGS & NFT_TABLE_F_OWNER) == NFT_TABLE_F_OWNER, "the flag of an owner");

/* Never created: the kernel only tries it. */
#define PROBE_TABLE "dockfw-probe"

static struct nft_socket *owner;

/* Whether the kernel would create a table with these flags. */
static bool can_own(struct nft_socket *socket)
{
	struct nft_refusals refusals = { 0 };
	struct nft_batch batch;
	struct nlmsghdr *nlh;
	uint32_t generation = 0;
	int status = BACKEND_CHANGED;

	for (unsigned int tries = 0; status == BACKEND_CHANGED; ) {
		if (nft_generation(socket, &generation) || nft_socket_absent(socket))
			return false;
		nft_batch_begin(&batch, socket, generation);
		nlh = nft_batch_open(&batch, NFT_MSG_NEWTABLE, AF_INET, NLM_F_CREATE | NLM_F_EXCL);
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, PROBE_TABLE);
		mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(NFT_OWNER_FLAGS));
		nft_batch_close(&batch, nlh);
		status = nft_batch_send(&batch, socket, true, &refusals);
		nft_batch_free(&batch);
		nft_refusals_clear(&refusals);
		if (status == BACKEND_CHANGED && !backend_try_again(&tries))
			return false;
	}
	return status == BACKEND_OK;
}

bool nft_owner_begin(void)
{
	struct nft_socket *socket = nft_socket_open();

	if (!socket)
		return false;
	if (!can_own(socket)) {
		diag_step(1, "this kernel has no tables with an owner that persist (Linux 6.9): others can "
			     "flush the guard");
		nft_socket_close(socket);
		return false;
	}
	owner = socket;
	return true;
}

void nft_owner_end(void)
{
	nft_socket_close(owner);
	owner = NULL;
}

struct nft_socket *nft_owner_socket(void)
{
	return owner;
}
