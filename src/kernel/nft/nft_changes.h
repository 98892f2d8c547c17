/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_CHANGES_H
#define DOCKFW_NFT_CHANGES_H

#include "backend.h"

/*
 * Listens to NFNLGRP_NFTABLES: the messages of each transaction, and at its end one with the
 * generation and who wrote (nf_tables_commit() and nf_tables_gen_notify() in
 * net/netfilter/nf_tables_api.c).
 */
extern const struct change_source nft_changes;

#endif
