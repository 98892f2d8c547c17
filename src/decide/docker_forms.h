/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKER_FORMS_H
#define DOCKFW_DOCKER_FORMS_H

#include "ruleset.h"
#include "util.h"

/*
 * The forms of the rules that dockerd writes for iptables. Others may have rules in Docker's
 * chains, and rules beside Docker's in builtin ones. Pure.
 */

/*
 * Adds the interfaces that dockerd's rules of a table call its bridges: those that a rule
 * names on the way to a chain of Docker's, and those that a rule names at both ends.
 */
void docker_forms_bridges(const struct table *table, struct strings *bridges);

/*
 * Whether a rule of a builtin chain is dockerd's: a jump to a chain of Docker's, or of a form
 * that dockerd writes for these bridges.
 */
bool docker_forms_builtin(const struct table *table, const struct chain *chain,
			  const struct rule *rule, const struct strings *bridges);

/*
 * Whether a rule of any chain, one of Docker's as well, is of a form that hardly anybody else
 * writes there. If false, the rule may still be dockerd's, which also writes rules of other
 * forms, such as those of links and of a swarm.
 */
bool docker_forms_certain(const struct table *table, const struct chain *chain,
			  const struct rule *rule, const struct strings *bridges);

#endif
