/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_XT_ENTRY_H
#define DOCKFW_XT_ENTRY_H

#include "rule.h"

/* Converts entries of ip_tables and ip6_tables to rules and back: pure. */

/*
 * Whether the entry ends in a verdict that is an offset in the table: a jump, or
 * no verdict at all; only the holder of the table knows which.
 */
bool xt_entry_has_offset(enum family family, const void *entry, size_t size);

/*
 * Returns the rule of an entry of that many bytes. leads_to is the meaning of
 * its offset, if it has one: the name of a chain, "" for the next rule (there is
 * no -j), NULL if not known. Never NULL; a rule that is not understood is
 * opaque. The caller frees it.
 */
struct rule *xt_entry_decode(enum family family, const void *entry, size_t size,
			     const char *leads_to);

/*
 * Returns the rule as ip_tables can hold it and iptables-legacy installs it: an
 * NFLOG prefix ends after 63 characters. The caller frees it.
 */
struct rule *xt_entry_canonical(const struct rule *rule);

/*
 * Writes the head of the rule's entry, struct ipt_entry or ip6t_entry, to a place
 * with room for it; target_at and end are where its target begins and ends.
 */
void xt_entry_put_head(void *to, const struct rule *rule, size_t target_at, size_t end);

/*
 * Returns the entry of a rule, with its counters, in the form that libiptc takes:
 * a verdict or a jump is a target of that name. Stores its size in bytes; the
 * caller frees it. NULL if ip_tables cannot hold the rule: it is opaque, has -f
 * under IPv6, a name that is too long, or extensions beyond 64 KiB.
 */
void *xt_entry_encode(const struct rule *rule, size_t *size);

#endif
