/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_ADDRESS_H
#define DOCKFW_SPEC_ADDRESS_H

#include "rule.h"

/* An address list of -s or -d. */
struct spec_addresses {
	struct address *v;
	size_t n;
};

/*
 * Checks that every element of the list is an address. Returns NULL, or what is
 * wrong (the caller frees it). A NULL list is fine. *other is set if the bad
 * element is an address of the other family.
 */
char *spec_addresses_check(enum family family, const char *list, bool *other);
/* Parses the addresses of a checked list, in order; a NULL list means any. */
void spec_addresses_parse(enum family family, const char *list, struct spec_addresses *addresses);

/*
 * Returns a message that a name is not an address of that family (the caller
 * frees it). *other is set if it is an address of the other family.
 */
char *spec_bad_address(enum family family, const char *name, bool *other);

#endif
