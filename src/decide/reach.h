/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_REACH_H
#define DOCKFW_REACH_H

#include "policy.h"

/*
 * Follows rules through the chains of one table. Pure. Chains that are not loaded are
 * assumed to accept, and so are opaque rules, unless their end is known.
 */
struct reach;

/*
 * Borrows both (either may be NULL); the table must not change while the reach is used.
 * A chain that the policy configures counts with its live and its configured rules, so
 * that an answer holds both before and after a repair. Of a chain that others fill, only
 * its setting verdicts counts, and it is not one of Docker's: its rules need not be loaded.
 */
struct reach *reach_new(const struct table *table, const struct policy *policy);
void reach_free(struct reach *reach); /* NULL is fine */

/* Whether the chain is one of Docker's, by its name or because it leads to one. */
bool reach_is_docker(struct reach *reach, const char *chain);

/*
 * Whether the rule, or a chain that it leads to, can accept a packet. With new_only,
 * only packets that start a connection count.
 */
bool reach_accepts(struct reach *reach, const struct chain *chain, const struct rule *rule,
		   bool new_only);

/* Whether a rule of a chain that should only refuse is known to accept: what it does can be read. */
bool reach_breaks_promise(struct reach *reach, const struct chain *chain, const struct rule *rule);

/*
 * Whether the rule can end the chain for a packet that starts a connection without
 * dropping it: by accepting it or by returning. Later rules are then not evaluated.
 */
bool reach_bypasses(struct reach *reach, const struct chain *chain, const struct rule *rule);

/*
 * Whether the rule can end its chain for a packet without refusing it, or refuse it, be it of
 * an open connection or not. Of a configured chain that it leads to, what a repair leaves
 * in it counts. A chain of others that cannot accept can refuse: it may be empty until it is
 * filled.
 */
bool reach_passes(struct reach *reach, const struct rule *rule);
bool reach_refuses(struct reach *reach, const struct rule *rule);

/* Whether no repair changes what the rule leads to: no configured chain that differs. */
bool reach_is_settled(struct reach *reach, const struct rule *rule);

/* The table, or NULL, as given to reach_new(). */
const struct table *reach_table(const struct reach *reach);

/*
 * Returns a chain that is not loaded and that an answer about the rule depends on, or
 * NULL.
 */
struct chain *reach_unloaded(struct reach *reach, const struct rule *rule);

/* Whether its states exclude packets that start a connection. */
bool rule_excludes_new(const struct rule *rule);
/* Whether it is unconditional and ends the chain: no packet reaches the next rule. */
bool rule_ends_chain(const struct rule *rule);

#endif
