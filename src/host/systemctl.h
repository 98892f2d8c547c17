/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SYSTEMCTL_H
#define DOCKFW_SYSTEMCTL_H

#include <stdbool.h>

/*
 * Runs systemctl with these words (the first is "systemctl", a NULL ends them), and waits
 * for it as long as there is time and nobody wants this program to end. Returns its exit status,
 * or -1 after reporting why there is none; instead is what the operator can do then.
 */
int systemctl_run(char *const words[], const char *instead);

/*
 * Whether SIGTERM or SIGINT waits to be taken, as in a watch, which blocks both: then nothing is
 * to be waited for any longer.
 */
bool systemctl_is_to_stop(void);

/* Whether the unit is active; false without systemd, or if it cannot be found out. */
bool systemctl_is_active(const char *unit);
/* Whether its last start or stop failed; false without systemd, or if it cannot be found out. */
bool systemctl_is_failed(const char *unit);

#endif
