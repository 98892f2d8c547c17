/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_DECODE_H
#define DOCKFW_NFT_DECODE_H

#include <libmnl/libmnl.h>

#include "rule.h"

/*
 * Decodes rules of iptables-nft's tables, and of the guard's, from their expressions: pure, but
 * for the name of an interface that is compared by its number. Rules that nft has written are
 * also decoded, where a command of iptables means the same.
 */

/*
 * Returns the rule in a message of a dump (NFT_MSG_NEWRULE), whose nlmsg_len is
 * within its buffer. It is read from the message itself and not through
 * libnftnl, which skips attributes that it does not know. Never NULL; a rule
 * that is not understood to the last attribute is opaque. The caller frees it.
 */
struct rule *nft_decode(enum family family, const struct nlmsghdr *nlh);

#endif
