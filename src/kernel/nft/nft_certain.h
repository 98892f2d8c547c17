/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_CERTAIN_H
#define DOCKFW_NFT_CERTAIN_H

#include <libmnl/libmnl.h>

#include "rule.h"

/*
 * What is certain of the conditions of a rule that cannot be decoded in full, from its list of
 * expressions: the interfaces, addresses, protocol and ports without which no packet matches
 * it. Returns a rule of conditions only, which the caller frees, or NULL if there is none. Pure.
 */
struct rule *nft_certain(enum family family, const struct nlattr *list);

#endif
