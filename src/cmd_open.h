/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CMD_OPEN_H
#define DOCKFW_CMD_OPEN_H

#include "observe.h"
#include "open_port.h"
#include "options.h"

/*
 * Reads all tables and finds what is open although the configuration refuses it, as the state
 * leaves it. Takes at most three slices of OPEN_PORTS_MS. If the tables cannot be read, open
 * says so, and there is no error any more: the rest of the report stands. The caller clears open.
 */
void cmd_open_ports(const struct options *options, const struct session *session,
		    const struct state *state, struct open_ports *open);

#endif
