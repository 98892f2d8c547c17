/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_IPTC_H
#define DOCKFW_IPTC_H

/* <net/if.h>, through rule.h, must come before the kernel's headers. */
#include "rule.h"

#include <libiptc/xtcshared.h>

/*
 * One interface to libip4tc and libip6tc: the same functions over entries of
 * different types. They return as the libraries do: 1 or a pointer on success,
 * 0 or NULL with errno otherwise.
 *
 * Chain names are passed as xt_chainlabel (see iptc_label()), since the library
 * declares them as arrays of that size. Rules are numbered from 0 here.
 */
struct iptc {
	const char *names_file; /* lists the tables that are registered */
	const char *module;
	const char *how_to_load; /* for the end of a message */
	const struct xtc_ops *ops; /* NULL before iptc_open() has loaded the library */
	const void *(*first_rule)(const char *chain, struct xtc_handle *handle);
	const void *(*next_rule)(const void *previous, struct xtc_handle *handle);
	const char *(*target)(const void *entry, struct xtc_handle *handle);
	size_t (*entry_size)(const void *entry);
	int (*insert_rule)(const xt_chainlabel chain, const void *entry, unsigned int index,
			   struct xtc_handle *handle);
	int (*delete_rule)(const xt_chainlabel chain, unsigned int index,
			   struct xtc_handle *handle);
	int (*delete_chain)(const xt_chainlabel chain, struct xtc_handle *handle);
};

extern struct iptc iptc_families[FAMILY_COUNT];

/* Copies a name into a label, padded with zeroes; false if it is too long. */
bool iptc_label(xt_chainlabel label, const char *name);

/*
 * Whether the table is registered: 1 or 0; -1 after reporting why that is not
 * known. Opening an unregistered table would register it with its hooks, which
 * a mere reader must not do.
 */
int iptc_registered(enum family family, const char *table);

/*
 * Fetches the table; the caller frees the handle with ops->free(). With load, an
 * unregistered table is registered and the kernel module loaded, as
 * iptables-legacy does. Returns NULL after reporting why.
 */
struct xtc_handle *iptc_open(enum family family, const char *table, bool load);

#endif
