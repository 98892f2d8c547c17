/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "diag.h"
#include "guard_names.h"
#include "nft_headers.h"

#define OWNER_PERSIST (NFT_TABLE_F_OWNER | TABLE_F_PERSIST)

/* Never created: the kernel only tries it. */
#define PROBE_TABLE "dockfw-probe"

static struct nft_socket *owner;
static enum owning owning;

/* Whether the kernel would create a table with these flags. */
static bool can_own(struct nft_socket *socket, uint32_t flags)
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
		mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(flags));
		nft_batch_close(&batch, nlh);
		status = nft_batch_send(&batch, socket, true, &refusals);
		nft_batch_free(&batch);
		nft_refusals_clear(&refusals);
		if (status == BACKEND_CHANGED && !backend_try_again(&tries))
			return false;
	}
	return status == BACKEND_OK;
}

enum owning nft_owner_begin(void)
{
	struct nft_socket *socket = nft_socket_open();

	if (!socket)
		return OWN_NONE;
	owning = can_own(socket, OWNER_PERSIST) ? OWN_PERSIST :
		 can_own(socket, NFT_TABLE_F_OWNER) ? OWN_UNTIL_END : OWN_NONE;
	if (owning == OWN_UNTIL_END)
		diag_step(1, "this kernel has no tables with an owner that persist (Linux 6.9): others can "
			     "flush the guard, but not its copy, " GUARD_COPY_TABLE);
	if (owning != OWN_NONE) {
		owner = socket;
		return owning;
	}
	diag_step(1, "this kernel has no tables with an owner (Linux 5.12): others can flush the guard");
	nft_socket_close(socket);
	return OWN_NONE;
}

void nft_owner_end(void)
{
	nft_socket_close(owner);
	owner = NULL;
	owning = OWN_NONE;
}

uint32_t nft_owner_flags(const char *table)
{
	if (owning == OWN_PERSIST && !strcmp(table, GUARD_TABLE))
		return OWNER_PERSIST;
	return owning == OWN_UNTIL_END && !strcmp(table, GUARD_COPY_TABLE) ? NFT_TABLE_F_OWNER : 0;
}

struct nft_socket *nft_owner_socket(void)
{
	return owner;
}
