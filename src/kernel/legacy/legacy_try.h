/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LEGACY_TRY_H
#define DOCKFW_LEGACY_TRY_H

#include "backend.h"

/*
 * Finds out which of the rules that the edits insert into a registered table the kernel
 * refuses, and puts nothing in place. live is the whole of that table, or NULL: it has no
 * chains of its own. Adds them to refused. Returns 0, or -1 after
 * reporting why the kernel could not be consulted.
 *
 * ip_tables has no dry run. The kernel first checks every match and target of the table
 * that it is given (translate_table(), from do_replace() in net/ipv4/netfilter/ip_tables.c),
 * and only then whether it has as many counters as the table that is in place has entries
 * (xt_replace_table() in net/netfilter/x_tables.c). So a table with the rules at the hooks
 * from which packets will come to them, and with one counter, is refused in any case: with
 * EAGAIN if nothing else is wrong with it. It is the same in ip6_tables, and in every kernel
 * since 2.6.
 */
int legacy_try(const struct table *live, enum family family, const char *table,
	       const struct edits *edits, struct refused_edits *refused);

#endif
