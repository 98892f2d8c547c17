/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_WALK_H
#define DOCKFW_CHAIN_WALK_H

#include "flow.h"

/* Walks packets through one chain and the chains that it jumps to. Pure. */

/* Takes the flow over, walks it through the chain and adds what becomes of it to outcome. */
void walk_chain(struct walk *walk, const struct indexed_chain *indexed, struct flow *flow,
		struct outcome *outcome);

/* Ends a base chain: drops or accepts what returned from it, which is then in neither. */
void walk_policy(struct walk *walk, const struct indexed_chain *indexed, bool drops,
		 struct outcome *outcome);

#endif
