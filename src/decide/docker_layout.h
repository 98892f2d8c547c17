/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_LAYOUT_H
#define DOCKFW_DOCKER_LAYOUT_H

#include "policy.h"
#include "ruleset.h"

/* What dockerd makes of the tables, in each of its generations: pure. */

/*
 * The families that are looked at: those of the policy with chains of Docker's
 * in their filter table, and all of the policy where there are none. IPv4 is
 * where Docker always has its chains: when only IPv6 has them, IPv4 lost its
 * own. None where Docker uses nf_tables itself, which asks no DOCKER-USER.
 */
unsigned int families_in_force(const struct policy *policy, const struct snapshot *snapshot);
bool docker_has_chains(const struct snapshot *snapshot, enum family family);
/* Whether Docker uses its own nf_tables backend in that family. */
bool docker_has_nftables(const struct snapshot *snapshot, enum family family);

/*
 * A chain of Docker's in the family's filter or nat table, set in table, that
 * check_docker() needs and that is not loaded; NULL where there is none.
 */
struct chain *docker_chain_in_doubt(struct table *filter, struct table *nat, struct table **table);

/*
 * What dockerd makes in each family that it manages, chains in filter and nat and
 * jumps to them in FORWARD and PREROUTING: the part that is gone, as words for a
 * sentence, or NULL. Either table may be NULL.
 */
const char *docker_what_is_gone(const struct table *filter, const struct table *nat);

#endif
