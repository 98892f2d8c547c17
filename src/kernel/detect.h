/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DETECT_H
#define DOCKFW_DETECT_H

#include "backend.h"

/* Which backend Docker uses. */

/* Which iptables a command is. */
enum iptables_kind { IPTABLES_UNKNOWN, IPTABLES_NFT, IPTABLES_LEGACY };

/* By the file that the first of the paths that is there leads to; no process is run. */
enum iptables_kind iptables_kind(const char *const *paths, size_t n);

/* The choice of backend_detect(): pure. Where both or none hold Docker's chains,
 * the command decides; where that is not known, nft. */
enum backend_kind backend_choose(bool in_nft, bool in_legacy, enum iptables_kind command);

/*
 * Which backend Docker's rules are in: the one whose filter tables hold chains
 * of Docker's in these families, else the one that the iptables command is.
 * Leaves no trace in the kernel. Returns NULL, said, where one of the two could
 * not be read (a kernel without it has no tables, which is no failure).
 */
const struct backend_ops *backend_detect(backend_list backends, unsigned int families);

#endif
