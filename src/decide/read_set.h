/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_READ_SET_H
#define DOCKFW_READ_SET_H

#include "policy.h"
#include "ruleset.h"

/*
 * What has to be read for a question: selectors of the next chain (chain_selector),
 * pure. Docker's own chains can hold a hundred thousand rules, and on a host that is
 * right none of them matters. The caller reads the chain and asks again.
 */

/* All that check() or plan() needs, of filter and nat. */
chain_selector select_judged;
/* Every chain. */
chain_selector select_all;
/* DOCKER-USER, or FORWARD, of each table, and what its rules lead to. */
chain_selector select_user, select_forward;
/* Docker's own chains. */
chain_selector select_docker_nat;

#endif
