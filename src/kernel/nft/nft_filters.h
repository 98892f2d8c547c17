/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_FILTERS_H
#define DOCKFW_NFT_FILTERS_H

#include "backend.h"
#include "other_filter.h"

/*
 * The backend's read_filters(): the base chains of every nf_tables table, including
 * firewalld's and an administrator's but not the guard's, and what their rules and the
 * chains that they jump to can do. A table in which none is wanted is not read.
 */
int nft_read_filters(const struct backend_ops *ops, bool but_builtin,
		     struct other_filters *filters);

#endif
