/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_REJECT_H
#define DOCKFW_NFT_REJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "rule.h"

/*
 * What -j REJECT answers: x_tables has one number per answer (enum ipt_reject_with, enum
 * ip6t_reject_with), nf_tables has a type (enum nft_reject_types) and the code of the ICMP
 * message. Both structures of x_tables hold only that number, in 32 bits.
 */

/*
 * Fills in type and code (0 with a TCP reset). False if it is the obsolete echo reply, or
 * not known.
 */
bool nft_reject_of(enum family family, uint32_t with, uint32_t *type, uint8_t *code);
/* The reverse; code 0 with a TCP reset. False if iptables has no such answer. */
bool nft_reject_with(enum family family, uint32_t type, uint8_t code, uint32_t *with);
/* Whether a rule may have an answer of that type: iptables allows a TCP reset only with -p tcp. */
bool nft_reject_fits(const struct rule *rule, uint32_t type);

#endif
