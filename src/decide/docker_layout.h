/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_LAYOUT_H
#define DOCKFW_DOCKER_LAYOUT_H

#include "policy.h"
#include "ruleset.h"

/* The layout of the tables as each release of dockerd creates it. Pure. */

/*
 * The families to check: those of the policy that have chains of Docker's in their
 * filter table, or all families of the policy if none has. IPv4 is always included,
 * since Docker always has chains there: if only IPv6 has them, IPv4 has lost its own.
 * No family if Docker uses its own nf_tables backend, which never evaluates
 * DOCKER-USER.
 */
unsigned int families_in_force(const struct policy *policy, const struct snapshot *snapshot);
bool docker_has_chains(const struct snapshot *snapshot, enum family family);
/* Whether Docker uses its own nf_tables backend in that family. */
bool docker_has_nftables(const struct snapshot *snapshot, enum family family);

/*
 * Returns a chain of Docker's in the family's filter or nat table, and sets table, that
 * check_docker() needs and that is not loaded; NULL if there is none.
 */
struct chain *docker_chain_in_doubt(struct table *filter, struct table *nat, struct table **table);

/*
 * In each family that it manages, dockerd creates chains in filter and nat and jumps to
 * them in FORWARD and PREROUTING. Returns the part that is gone, as a phrase for a
 * message, or NULL. Either table may be NULL.
 */
const char *docker_what_is_gone(const struct table *filter, const struct table *nat);

#endif
