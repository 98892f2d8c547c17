/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "diag.h"
#include "guard_names.h"
#include "nft_headers.h"
#include "util.h"

#define OWNER_PERSIST (NFT_TABLE_F_OWNER | TABLE_F_PERSIST)

/* Never created: the kernel only tries it. A number that nobody else has comes after it. */
#define PROBE_TABLE "dockfw-probe-"

static struct nft_socket *owner;
static enum owning owning;

enum can { CAN, CANNOT, NOT_KNOWN };

/* What the refusal of the probe is due to; kernels before 5.13 call unknown flags invalid. */
static enum can take_refusal(const struct nft_refusals *refusals)
{
	int error = refusals->n ? refusals->v[0].error : EIO;

	if (error == EOPNOTSUPP || error == EINVAL)
		return CANNOT;
	diag_warning("cannot try whether this kernel has tables with an owner: %s", strerror(error));
	return NOT_KNOWN;
}

/* Puts one new table into the batch. */
static void put_probe(struct nft_batch *batch, uint32_t flags)
{
	char name[sizeof(PROBE_TABLE) + 2 * sizeof(uint64_t)];
	uint64_t number = clock_ms();
	ssize_t ignored = getrandom(&number, sizeof(number), 0);
	struct nlmsghdr *nlh = nft_batch_open(batch, NFT_MSG_NEWTABLE, AF_INET,
					      NLM_F_CREATE | NLM_F_EXCL);

	(void)ignored;
	snprintf(name, sizeof(name), PROBE_TABLE "%016" PRIx64, number);
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, name);
	mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(flags));
	nft_batch_close(batch, nlh);
}

/* Whether the kernel would create a table with these flags. What is not known is reported. */
static enum can can_own(struct nft_socket *socket, uint32_t flags)
{
	struct nft_refusals refusals = { 0 };
	enum can can = NOT_KNOWN;
	struct nft_batch batch;
	uint32_t generation = 0;
	int status = BACKEND_CHANGED;

	for (unsigned int tries = 0; status == BACKEND_CHANGED; ) {
		if (nft_generation(socket, &generation))
			return NOT_KNOWN;
		if (nft_socket_absent(socket))
			return CANNOT;
		nft_batch_begin(&batch, socket, generation);
		put_probe(&batch, flags);
		status = nft_batch_send(&batch, socket, true, &refusals);
		if (status == BACKEND_OK)
			can = CAN;
		else if (status == BACKEND_REFUSED)
			can = take_refusal(&refusals);
		nft_batch_free(&batch);
		nft_refusals_clear(&refusals);
		if (status == BACKEND_CHANGED && !backend_try_again(&tries))
			break;
	}
	return can;
}

/* Reports what that means for the guard. */
static enum owning what_can_own(struct nft_socket *socket)
{
	enum can can = can_own(socket, OWNER_PERSIST);

	if (can == CAN)
		return OWN_PERSIST;
	if (can == CANNOT)
		can = can_own(socket, NFT_TABLE_F_OWNER);
	if (can == NOT_KNOWN) {
		diag_warning("the guard has no owner as long as this watch runs: "
			     "others can flush it");
		return OWN_NONE;
	}
	if (can == CANNOT) {
		diag_step(1, "this kernel has no tables with an owner (Linux 5.12): "
			     "others can flush the guard");
		return OWN_NONE;
	}
	diag_step(1, "this kernel has no tables with an owner that persist (Linux 6.9): others can "
		     "flush the guard, but not its copy, " GUARD_COPY_TABLE);
	return OWN_UNTIL_END;
}

enum owning nft_owner_begin(void)
{
	struct nft_socket *socket = nft_socket_open();

	if (!socket)
		return OWN_NONE;
	owning = what_can_own(socket);
	if (owning == OWN_NONE)
		nft_socket_close(socket);
	else
		owner = socket;
	return owning;
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
