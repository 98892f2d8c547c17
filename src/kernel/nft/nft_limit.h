/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_LIMIT_H
#define DOCKFW_NFT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The rate of a limit: x_tables has the time between packets, in units of
 * 1/XT_LIMIT_SCALE seconds; nf_tables has packets per number of seconds.
 */

/* As iptables writes it. False if avg is not a rate. */
bool nft_limit_of(uint32_t avg, uint64_t *rate, uint64_t *unit);
/* As iptables reads it; 0 if it has no such rate. */
uint32_t nft_limit_avg(uint64_t rate, uint64_t unit);

#endif
