/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_FILTERS_H
#define DOCKFW_NFT_FILTERS_H

#include "backend.h"
#include "other_filter.h"

/*
 * The base chains of every table of nf_tables, firewalld's and an administrator's
 * own too, as far as it can be seen whether they drop: read_filters() of the backend.
 */
int nft_read_filters(const struct backend_ops *ops, bool input_only, bool but_builtin,
		     struct other_filters *filters);

#endif
