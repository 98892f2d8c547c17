/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_BUILTIN_H
#define DOCKFW_NFT_BUILTIN_H

#include <stdint.h>

/* A base chain, as iptables-nft or the guard makes it; the same in IPv4 and IPv6. */
struct nft_builtin {
	const char *table, *chain;
	uint32_t hook;
	int32_t priority;
	const char *type;
};

/* NULL if neither iptables nor the guard has such a chain. */
const struct nft_builtin *nft_builtin(const char *table, const char *chain);

#endif
