/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OPAQUE_H
#define DOCKFW_NFT_OPAQUE_H

#include "other_filter.h"
#include "ruleset.h"

/*
 * The backend's read_opaque(): rules that nft has written into iptables' tables, read as those
 * of any other table. A rule that is no longer the one of the snapshot is left out, and so is
 * one of which the kernel says something that is not known here: it stays opaque. The guard's
 * tables are left out.
 */
int nft_read_opaque(const struct snapshot *snapshot, struct other_filters *filters);

#endif
