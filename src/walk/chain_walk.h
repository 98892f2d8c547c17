/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_WALK_H
#define DOCKFW_CHAIN_WALK_H

#include "flow.h"

/* Packets in one chain and those that it jumps to. Pure. */

/* Sends the flow, which it takes over, through the chain. */
void walk_chain(struct walk *walk, const struct indexed_chain *indexed, struct flow *flow,
		struct outcome *outcome);

void memo_free(struct memo *memo); /* NULL is fine */

#endif
