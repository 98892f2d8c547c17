/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REACH_H
#define DOCKFW_REACH_H

#include "policy.h"

/*
 * Where rules lead to, followed through the chains of one table: pure. What is
 * not loaded, or opaque, is assumed to accept.
 */
struct reach;

/*
 * Both are borrowed; the table must not change while the reach is used. A chain
 * that the policy (or NULL) holds can do what it can now and what it will when
 * it is as configured, so that an answer is right on both sides of a repair.
 */
struct reach *reach_new(const struct table *table, const struct policy *policy);
void reach_free(struct reach *reach); /* NULL is fine */

/* Whether the chain is Docker's: by its name, or because it leads to one that is. */
bool reach_is_docker(struct reach *reach, const char *chain);

/*
 * Whether a packet can be accepted by the rule, or by a chain that it leads
 * to. With new_only, only one that starts a connection counts.
 */
bool reach_accepts(struct reach *reach, const struct chain *chain, const struct rule *rule,
		   bool new_only);

/*
 * Whether the rule can end a walk through its chain without a drop for a
 * packet that starts a connection: by accepting it, or by going back to the
 * caller. Rules behind it are then not asked.
 */
bool reach_bypasses(struct reach *reach, const struct chain *chain, const struct rule *rule);

/*
 * A chain that is not loaded and that an answer about the rule depends on, or
 * NULL.
 */
struct chain *reach_unloaded(struct reach *reach, const struct rule *rule);

/* An unconditional verdict: no packet comes past it. */
bool rule_ends_chain(const struct rule *rule);

#endif
