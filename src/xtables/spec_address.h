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
 * Whether every address of the list is one: NULL, or what is wrong (the caller
 * frees it). A NULL list is fine. *other is set where the bad one is an address
 * of the other family.
 */
char *spec_addresses_check(enum family family, const char *list, bool *other);
/* The addresses of a list that was checked, in their order; NULL: any. */
void spec_addresses_parse(enum family family, const char *list, struct spec_addresses *addresses);

/*
 * Why a name is no address of that family, in words for the operator (the
 * caller frees them). *other is set where it is an address of the other one.
 */
char *spec_bad_address(enum family family, const char *name, bool *other);

#endif
