/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CLOSING_H
#define DOCKFW_CLOSING_H

#include "dockerd.h"
#include "netinfo.h"
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
	const struct netinfo *net; /* NULL: closing_names_none() is false, or dockerd does not run */
};

/*
 * Whether the policy is about Docker's bridges, and no rule of Docker's names one. The routes
 * to what docker-proxy publishes are then needed while dockerd runs.
 */
bool closing_names_none(const struct policy *policy, const struct snapshot *snapshot);

/*
 * Returns a copy of the policy with the closing rules, after all others, and with the bridges
 * that direct is about; the caller frees it.
 *
 * Docker's rules name its bridges, but not all dockerds make rules, and a flush takes them.
 * So each bridge with one of dockerd's own names counts, and each to which a docker-proxy
 * leads. One that a closing rule in the kernel names still counts while the host has it, and
 * so does a port while dockerd does not run.
 */
struct policy *closing_policy(const struct policy *policy, const struct closing_facts *facts);

/* Whether direct = "refuse" is about no bridge in the copy: none is known. */
bool closing_has_no_bridge(const struct policy *completed);

/*
 * The next chain of Docker's that names bridges and is not loaded, if the policy needs
 * them, or NULL.
 */
struct chain *closing_chain_in_doubt(const struct policy *policy, const struct table *filter);

#endif
