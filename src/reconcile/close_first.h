/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CLOSE_FIRST_H
#define DOCKFW_CLOSE_FIRST_H

#include "backend.h"

/*
 * Before the configuration is read, nothing is known but this: a new connection to a
 * published port is forwarded, and its destination was translated. The guard's chain
 * "forward" (model/guard_names.h) can refuse that by one rule, whatever the ports, the
 * interfaces and the backend of Docker are. A repair then finds a guard that differs, and
 * replaces the rule by the configured ones in its own batch.
 *
 * Packets of established connections pass. So do connections that the host itself takes, as
 * docker-proxy does: without a configuration they cannot be distinguished from those to a
 * service of the host's own.
 *
 * families are bits 1U << FAMILY_….
 */

/*
 * Closes them in these families, each in one batch. A guard that refuses something is left as
 * it is: it holds the last configuration. Returns the families in which the closing rule is in
 * force, also from an earlier run. If it cannot be installed, or the guard's name belongs to
 * another program's table, warns and goes on.
 */
unsigned int close_first(backend_list backends, unsigned int families);

/*
 * Whether the closing rule, which was in force there, still is in one of them; true if that
 * cannot be read.
 */
bool close_first_remains(backend_list backends, unsigned int families);

/*
 * Removes the guard in those of the families where it is the closing rule and nothing else.
 * Returns 0, also if there was nothing to remove, or -1 after reporting why.
 */
int close_first_lift(backend_list backends, unsigned int families);

#endif
