/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_READ_SET_H
#define DOCKFW_READ_SET_H

#include "policy.h"
#include "ruleset.h"

/*
 * Selectors of the next chain to read (chain_selector), for one question each. Pure.
 * Docker's own chains can hold a hundred thousand rules, and on a correctly configured
 * host none of them matters. The caller reads the chain and calls the selector again.
 */

/* All that check() and plan() need from filter and nat, and the guard. */
chain_selector select_judged;
/* Every chain. */
chain_selector select_all;
/* Every chain but Docker's own. */
chain_selector select_not_docker;
/* FORWARD of each table, and the chains that it leads to. */
chain_selector select_forward;
/*
 * The guard's chains, and, of the backend that was not chosen, also FORWARD and what it leads to,
 * and the base chains of Docker's own tables.
 */
chain_selector select_guard, select_other;
/* FORWARD and DOCKER-FORWARD, which name Docker's bridges. */
chain_selector select_bridges;
/* Docker's own chains. */
chain_selector select_docker_nat;
/* These, and all builtin chains. */
chain_selector select_docker_all;

#endif
