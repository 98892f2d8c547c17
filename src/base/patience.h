/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PATIENCE_H
#define DOCKFW_PATIENCE_H

/*
 * How often the program tries again and how long it waits, each with its reason.
 * All of it lies within the time limit of the run (deadline.h). _MS are
 * milliseconds.
 */

/* ---- the tables changed while they were read or written ---- */

/* A host that writes without pause still leaves gaps of some milliseconds. */
#define LOST_RACES 60
/* The pause before the next try doubles after every fourth one, up to this. */
#define LOST_RACE_PAUSE_MS 50
/* How long a listing may lack rules before no change by others explains it. */
#define HIDDEN_RULES_MS 1500
/* A list of routes, addresses or interfaces that changes while it is read. */
#define LOST_ROUTE_DUMPS 10

/* ---- is a bad state there to stay? ---- */

/* dockerd passes through the wrong order for 0.1 to 0.2 s when it starts or firewalld reloads. */
#define SETTLE_STEP_MS 250
#define SETTLE_MS 3000
/* dockerd's own writes, each by way of firewalld, come about 0.1 s apart. */
#define QUIET_MS 2000
/* A burst of one writer is looked at once. */
#define BURST_MS 100

/* ---- does a repair last? ---- */

/*
 * A writer that undoes a repair this often is not fought any longer. dockerd writes
 * for seconds at a reload with many networks, so each round gets twice the time
 * of the one before it.
 */
#define REPAIR_ROUNDS 3
#define AFTER_WRITE_MS 250

/* ---- waiting for others ---- */

/* Legacy tables and dockerd itself announce nothing: look again after this time. */
#define WAIT_STEP_MS 500
#define LEGACY_STEP_MS 200
/* With --restart-docker and no --wait: until Docker's chains are back. */
#define RESTART_WAIT_SECONDS 10
/* A restart that did not help is not repeated before this time is over. */
#define RESTART_PAUSE_SECONDS 3600
/* systemctl: how often to look whether it has ended, and how often before it is killed. */
#define CHILD_STEP_MS 20
#define CHILD_STEPS 50
/* The xtables lock, where no child can be made that waits for it. */
#define XTLOCK_PAUSE_MS 10
/* An answer of the kernel is there when the question was sent; the time limit is checked this often. */
#define NETLINK_STEP_MS 100

#endif
