/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PORT_CELLS_H
#define DOCKFW_PORT_CELLS_H

#include "chain_index.h"

/*
 * The ports divided where a rule's condition on the destination port begins or ends: no
 * rule that is known here distinguishes two ports of one cell, so that a packet for a whole
 * cell can be followed at once. Where a condition was not seen, the packet's fate is in
 * doubt, and each port has to be looked at. Pure.
 */
struct port_cells {
	uint8_t *begins; /* owned: for each port whether a cell begins there */
};

void port_cells_find(const struct chain_index *index, struct port_cells *cells);
void port_cells_clear(struct port_cells *cells);

/*
 * Sets span to the ports of the set that are in the same cell as its first one that is not
 * below from: from that one to the last. False if there is none.
 */
bool port_cells_next(const struct port_cells *cells, const struct addrset *ports, unsigned int from,
		     struct span *span);

#endif
