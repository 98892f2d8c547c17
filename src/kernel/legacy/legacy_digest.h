/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LEGACY_DIGEST_H
#define DOCKFW_LEGACY_DIGEST_H

#include <stdint.h>

/*
 * Sets a number that changes with the rules and policies of the tables filter, nat and raw of
 * both families, and with which of them exist, but not with counters. A table that does not
 * exist is not created. Returns 0, or -1 after reporting why.
 */
int legacy_digest(uint64_t *digest);

#endif
