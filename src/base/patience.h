/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PATIENCE_H
#define DOCKFW_PATIENCE_H

/*
 * How often the program retries and how long it waits, each with the reason. All of
 * it stays within the time limit of the run (deadline.h). _MS means milliseconds.
 */

/* ---- the tables changed while they were read or written ---- */

/* Even a host that writes constantly leaves gaps of a few milliseconds. */
#define LOST_RACES 60
/* The pause before the next try doubles after every fourth try, up to this. */
#define LOST_RACE_PAUSE_MS 50
/* How long a listing may lack rules before changes by others no longer explain it. */
#define HIDDEN_RULES_MS 1500
/* Tries for a list of routes, addresses or interfaces that changes while it is read. */
#define LOST_ROUTE_DUMPS 10

/* ---- does a bad state last? ---- */

/* The order is wrong for 0.1 to 0.2 s whenever dockerd starts or firewalld reloads. */
#define SETTLE_STEP_MS 250
#define SETTLE_MS 3000
/* dockerd writes through firewalld, about once every 0.1 s. */
#define QUIET_MS 2000
/* The writes of one burst are read once. */
#define BURST_MS 100

/* ---- does a repair last? ---- */

/*
 * After this many undone repairs the program gives in to the other writer. dockerd
 * writes for seconds at a reload with many networks, so each round gets twice the
 * time of the previous one.
 */
#define REPAIR_ROUNDS 3
#define AFTER_WRITE_MS 250

/* ---- waiting for others ---- */

/* Legacy tables and dockerd itself send no events: check again after this time. */
#define WAIT_STEP_MS 500
#define LEGACY_STEP_MS 200
/* How long a restart without --wait waits for Docker's chains to come back. */
#define RESTART_WAIT_SECONDS 10
/* A restart that did not help is not repeated within this time. */
#define RESTART_PAUSE_SECONDS 3600
/* systemctl: the interval between checks whether it has exited, and how many before SIGKILL. */
#define CHILD_STEP_MS 20
#define CHILD_STEPS 50
/* The interval between tries for the xtables lock if no child can be created to wait for it. */
#define XTLOCK_PAUSE_MS 10
/* How often a wait for the kernel's answer, which is usually there at once, checks the time limit. */
#define NETLINK_STEP_MS 100

#endif
