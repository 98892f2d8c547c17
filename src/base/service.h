/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SERVICE_H
#define DOCKFW_SERVICE_H

#include <stdbool.h>

/*
 * What a service and systemd tell each other, by datagrams: sd_notify(3), and the journal's
 * native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL). Without systemd they do nothing, and
 * an error is not reported: the service goes on.
 */

/* Sends assignments such as "READY=1\nSTATUS=…" to $NOTIFY_SOCKET. */
void service_notify(const char *assignments);
/* The milliseconds after which systemd wants "WATCHDOG=1" again; 0: it does not. */
unsigned int service_watchdog_ms(void);

/*
 * A message for the journal, with further fields. Values may have any bytes. Returns false if
 * the journal does not take it.
 */
struct service_field {
	const char *name;  /* capital letters, digits and "_" */
	const char *value; /* NULL: the field is left out */
};
bool service_journal(int priority, const char *message, const struct service_field *fields, unsigned int n);

#endif
