/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_LAYOUT_H
#define DOCKFW_DOCKER_LAYOUT_H

#include "policy.h"
#include "ruleset.h"

/* The layout of the tables as each release of dockerd creates it. Pure. */

/*
 * The families to check: those of the policy that have chains of Docker's in their
 * filter table, or all families of the policy if none has, not even a family that the
 * policy leaves out. IPv4 is always included, since Docker always has chains there: if
 * only IPv6 has them, IPv4 has lost its own. IPv6 is included if the host forwards to a
 * bridge of Docker's, though dockerd makes no rules for it (ip6tables off).
 *
 * Where Docker filters in its own nf_tables tables, dockerd neither makes nor reads
 * DOCKER-USER. Then a family is included only if packets come to DOCKER-USER there all the
 * same: beside Docker's chains, through a jump that was left, or since the configuration
 * leads from it to a chain that others fill.
 */
unsigned int families_in_force(const struct policy *policy, const struct snapshot *snapshot);
/* The families of the policy in which only the guard holds the rules, in such a host. */
unsigned int families_guarded_only(const struct policy *policy, const struct snapshot *snapshot);
/* Whether Docker has its own tables, or will when it starts: no chains show the contrary. */
bool docker_is_native(const struct policy *policy, const struct snapshot *snapshot);
/*
 * Whether Docker decides in its own table in that family, as far as is known: if it has
 * chains of iptables as well, its settings must say so.
 */
bool docker_decides_natively(const struct policy *policy, const struct snapshot *snapshot,
			     enum family family);
/*
 * Whether the interface is a bridge of Docker's, by its name or by the rules of FORWARD
 * and DOCKER-FORWARD, as far as they are loaded. filter is that of IPv4; NULL: none.
 */
bool docker_has_bridge(const struct table *filter, const char *name);
bool docker_has_chains(const struct snapshot *snapshot, enum family family);
/*
 * Whether FORWARD leads to Docker's chains only in the other backend's snapshot, where that chain
 * is loaded: somebody has set a backend that is not Docker's.
 */
bool docker_is_elsewhere(const struct snapshot *snapshot, const struct snapshot *other);
/* Whether Docker's own nf_tables table is there in that family. */
bool docker_has_nftables(const struct snapshot *snapshot, enum family family);
/* Whether a rule leads to DOCKER-USER, of those that are loaded; filter may be NULL. */
bool docker_user_is_left(const struct table *filter);
/* Adds the bridges that the chains of Docker's own table name. */
void docker_native_bridges(const struct snapshot *snapshot, enum family family,
			   struct strings *bridges);

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

/*
 * The same for Docker's own table, which it makes anew at each start: the chain to read next,
 * in any family, and what is gone. The caller frees the phrase. table may be NULL.
 */
struct chain *docker_native_in_doubt(const struct snapshot *snapshot, struct table **table);
char *docker_native_gone(const struct table *table);

#endif
