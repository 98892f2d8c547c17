/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_XT_ENTRY_H
#define DOCKFW_XT_ENTRY_H

#include "rule.h"

/* Entries of ip_tables and ip6_tables to rules and back: pure. */

/*
 * Whether the entry ends in a verdict that is an offset in the table: a jump,
 * or none at all, which only the holder of the table can tell.
 */
bool xt_entry_has_offset(enum family family, const void *entry, size_t size);

/*
 * The rule that an entry of that many bytes is. leads_to is what its offset
 * means, where it has one: the name of a chain, "" for the next rule (there is
 * no -j), NULL where it is not known. Never NULL; what is not understood makes
 * the rule opaque. The caller frees it.
 */
struct rule *xt_entry_decode(enum family family, const void *entry, size_t size,
			     const char *leads_to);

/*
 * The rule as ip_tables can hold it, as iptables-legacy lays it: a prefix of
 * NFLOG ends after 63 characters. The caller frees it.
 */
struct rule *xt_entry_canonical(const struct rule *rule);

/*
 * Writes the head of the rule's entry, struct ipt_entry or ip6t_entry, to where
 * there is room for it; target_at and end are where its target begins and ends.
 */
void xt_entry_put_head(void *to, const struct rule *rule, size_t target_at, size_t end);

/*
 * The entry of a rule, with its counters, in the form that libiptc takes: a
 * verdict and a jump are a target of that name. Stores its size; the caller
 * frees it. NULL where ip_tables cannot hold the rule: an opaque one, -f under
 * IPv6, a name that is too long, extensions beyond 64 KiB.
 */
void *xt_entry_encode(const struct rule *rule, size_t *size);

#endif
