/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FIREWALLD_SIGNAL_H
#define DOCKFW_FIREWALLD_SIGNAL_H

#include <stdbool.h>

/*
 * firewalld's signal "Reloaded" on the system bus, for hosts whose tables announce nothing.
 * It needs libsystemd, which is loaded here only, and a way to the bus. The functions report
 * nothing but steps: whoever can do without the signal goes on.
 */
struct firewalld_signal {
	void *library, *bus; /* owned; NULL: not open */
	bool reloaded;       /* since the last firewalld_signal_take() */
};

/* Begins to listen, without waiting for the bus. The struct must not move while it is open. */
void firewalld_signal_open(struct firewalld_signal *signal);
void firewalld_signal_close(struct firewalld_signal *signal);
/* For poll(): -1 if it is not open; sets the events to wait for. */
int firewalld_signal_fd(const struct firewalld_signal *signal, short *events);
/* Takes all that has come. Returns whether firewalld has reloaded. Closes it if the bus has ended. */
bool firewalld_signal_take(struct firewalld_signal *signal);

#endif
