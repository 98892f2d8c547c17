/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPLIT_LEFT_H
#define DOCKFW_SPLIT_LEFT_H

#include "ruleset.h"

/*
 * What Docker left in the filter table of the backend that it does not use, and whose the other
 * rules of FORWARD there are. Pure. FORWARD and the chains that it leads to are loaded.
 */

/* Whether Docker's chains are there, also if nothing leads to them. */
bool split_has_left(const struct table *table);

/*
 * The shell commands that delete the rules that Docker put into FORWARD, one by one, and its
 * chains. No rule of another program or of the administrator is deleted; a DOCKER-USER that
 * holds any stays with the jump to it, and without user any other as well. "" if there is nothing
 * to delete. The caller frees it.
 */
char *split_left_commands(const struct table *table, enum backend_kind kind, bool user);

/*
 * "libvirt (2 rules), fail2ban (1 rule)": whose the rules of FORWARD are that these commands
 * leave, by the names of chains and interfaces in them. NULL if there is none. The caller
 * frees it.
 */
char *split_owners(const struct table *table);

/* The number of rules of others in DOCKER-USER, if FORWARD leads there; 0 if not. */
size_t split_user_rules(const struct table *table);

#endif
