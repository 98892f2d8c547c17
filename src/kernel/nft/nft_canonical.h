/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_CANONICAL_H
#define DOCKFW_NFT_CANONICAL_H

#include "rule.h"

/* The one form in which rules of iptables-nft's tables are compared: pure. */

/*
 * The name that iptables-nft compares an interface's name with for "! -i +"; no
 * interface can have it.
 */
#define NFT_NO_INTERFACE "INVAL/D"

/*
 * Returns the rule as it is read back after iptables-nft has written it: some
 * commands are stored as another one that means the same ("! --dport 0:1023" as
 * "--dport 1024:65535"). nft_encode() writes this form; a rule must also have it
 * to be compared with live ones. The caller frees it.
 */
struct rule *nft_canonical(const struct rule *rule);

#endif
