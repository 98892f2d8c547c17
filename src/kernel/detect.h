/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DETECT_H
#define DOCKFW_DETECT_H

#include "backend.h"

/* Which backend Docker uses. */

/* The kind of iptables that a command is. */
enum iptables_kind { IPTABLES_UNKNOWN, IPTABLES_NFT, IPTABLES_LEGACY };

/* Decided by the file that the first existing path resolves to; no process is run. */
enum iptables_kind iptables_kind(const char *const *paths, size_t n);

/* The choice of backend_detect(): pure. The one that holds something, or if both or neither do, otherwise. */
enum backend_kind backend_choose(bool in_nft, bool in_legacy, enum backend_kind otherwise);

/*
 * The same where Docker has only tables of its own, which are in nf_tables: the backend in which
 * a DOCKER-USER was left.
 */
enum backend_kind backend_choose_native(bool user_in_nft, bool user_in_legacy);

/*
 * Returns the backend that holds Docker's rules: the one whose filter tables
 * hold Docker's chains in these families, and if both do, the one whose nat tables do as
 * well, where a dormant table does not count. If neither does, the one with a DOCKER-USER;
 * if that does not decide, nft if Docker has tables of its own, else the one that the
 * iptables command uses, or nft if that is not known. known, unless it is NULL, is where the
 * dockerd that runs had its chains before: it decides in place of DOCKER-USER and of the
 * command. Leaves no trace in the kernel. Returns NULL after reporting why
 * if one of the two could not be read (a kernel without it has no tables, which
 * is not a failure).
 */
const struct backend_ops *backend_detect(backend_list backends, unsigned int families,
					 const struct backend_ops *known);

#endif
