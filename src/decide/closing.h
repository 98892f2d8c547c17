/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CLOSING_H
#define DOCKFW_CLOSING_H

#include "dockerd.h"
#include "policy.h"
#include "proxies.h"

/*
 * The closing rules, which the configuration asks for but only the host can name: what
 * leads to a container's own address (direct = "refuse"), and which ports docker-proxy
 * answers without a section (unlisted = "refuse"). Pure.
 */

/* Whether the policy has such rules: the facts below are then needed. */
bool closing_needed(const struct policy *policy);

struct closing_facts {
	const struct snapshot *snapshot; /* with what select_judged reads */
	const struct snapshot *own;      /* with the guard; NULL: no nf_tables */
	const struct dockerd *dockerd;
	const struct proxies *proxies;
	const struct strings *interfaces; /* all that the host has */
};

/*
 * Returns a copy of the policy with the closing rules, after all others; the caller frees
 * it.
 *
 * Docker's rules name its bridges, and a flush takes them. So a bridge that a closing rule
 * in the kernel names still counts while the host has it, and so does a port while
 * dockerd does not run.
 */
struct policy *closing_policy(const struct policy *policy, const struct closing_facts *facts);

/*
 * The next chain of Docker's that names bridges and is not loaded, if the policy needs
 * them, or NULL.
 */
struct chain *closing_chain_in_doubt(const struct policy *policy, const struct table *filter);

#endif
