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

/* ---- the configuration changes while it is read ---- */

/*
 * An editor or a deployment may still be writing a file that changed so recently: it is
 * read again until it is the same after a pause. A writer that needs longer between two
 * parts is not noticed by this, but by what is missing (shrink.h).
 */
#define CONFIG_FRESH_MS 2000
#define CONFIG_PAUSE_MS 300
#define CONFIG_CHANGES_MS 10000
/* Other repairs hold the lock of the state folder for two writes to the disk. */
#define STATE_LOCK_MS 2000
#define STATE_LOCK_STEP_MS 20

/* ---- does a bad state last? ---- */

/* The order is wrong for 0.1 to 0.2 s whenever dockerd starts or firewalld reloads. */
#define SETTLE_STEP_MS 250
#define SETTLE_MS 3000
/* dockerd writes through firewalld, about once every 0.1 s. */
#define QUIET_MS 2000
/* The writes of one burst are read once. */
#define BURST_MS 100

/* ---- what is open? ---- */

/*
 * How long a check that found something wrong looks for the ports that are open because of it,
 * for each of three steps (reading, following packets, judging): in all well below the 10
 * seconds that monitoring systems give a plugin.
 */
#define OPEN_PORTS_MS 1500

/* ---- does a repair last? ---- */

/*
 * After this many undone repairs the program gives in to the other writer. dockerd
 * writes for seconds at a reload with many networks, so each round gets twice the
 * time of the previous one.
 */
#define REPAIR_ROUNDS 3
#define AFTER_WRITE_MS 250

/*
 * Rounds in which a repair leaves out what the kernel refuses. Most need one, but in a table
 * that is created, the kernel may name one rule at a time; then the time limit ends it first.
 */
#define REFUSED_ROUNDS 10000

/*
 * An undo that fails, as while another program holds the xtables lock, is tried again until it
 * works, or a signal ends that. The pause doubles from the one to the other.
 */
#define UNDO_PAUSE_MS 1000
#define UNDO_PAUSE_MAX_MS 10000

/* ---- the watch ---- */

/*
 * dockerd's writes are 10 to 40 ms apart, with pauses of up to 100 ms at a reload of
 * firewalld: after such a pause a burst is over.
 */
#define WATCH_QUIET_MS 150
/* While others write without a pause, a look is due at least so often. */
#define WATCH_BURST_MS 2000
/*
 * A repair that makes an edit of the last one again, so soon after it, means that the last one
 * was undone. dockerd in the middle of a reload does that once or twice. After so many in a
 * row, the pause before the next repair doubles each time, from the one to the other.
 */
#define WATCH_UNDONE_MS 1000
#define WATCH_ROUNDS 5
#define WATCH_PAUSE_MS 1000
#define WATCH_PAUSE_MAX_MS 60000
/*
 * A difference of what is wrong that is reported so soon after the last one, and after the
 * pause, counts as the same that comes and goes; rounds and pauses are as above.
 */
#define WATCH_TOLD_MS 60000
/*
 * Docker's chains are compared with the copy once nobody has written to them for this long:
 * dockerd starts a container with some ten writes. Others may write there without a pause.
 */
#define WATCH_KEEP_MS 1000
#define WATCH_KEEP_MAX_MS 10000
/* A docker-proxy without a translation for so long is not one for which dockerd still writes it. */
#define WATCH_UNFINISHED_MS 10000
/* How long dockerd has to write its chains again itself, as it does at firewalld's signal. */
#define WATCH_RESTORE_MS 4000
/* If what was restored is lost again, this time doubles up to: */
#define WATCH_RESTORE_MAX_MS 600000
/* ip_tables announces nothing: it is compared with what it was so often. */
#define WATCH_LEGACY_MS 1000
/* After a hint that somebody has written to it, it is compared so long after the last time. */
#define WATCH_HINT_MS 100
/* A connection to the bus that has ended is tried again after this time. */
#define WATCH_BUS_MS 60000
/*
 * While others write to what matters without a pause, the time from the end of a look to the
 * next one is so many times the processor time that a look takes: a tenth of one processor.
 */
#define WATCH_PACE 9
/* So many transactions are taken in a row before anything else has its turn. */
#define WATCH_TAKE_MOST 2000
/*
 * So many transactions of others in one second are a storm, which is reported once, until
 * there was none for some time. dockerd and firewalld, with a process for each, do not reach
 * a third of it.
 */
#define STORM_WRITES 200
#define STORM_OVER_MS 60000
/*
 * Nothing announces a docker-proxy or a member of ipset's sets: if who is closed out depends on
 * them, there is a look at least so often, unless looks would then take more than a hundredth of
 * one processor.
 */
#define WATCH_UNANNOUNCED_MS 10000
#define WATCH_UNANNOUNCED_PACE 99
/* Files of the configuration are compared so often if nothing announces their changes. */
#define WATCH_FILES_MS 5000
/* After a failed look, such as a time limit. */
#define WATCH_FAILED_MS 1000
/* A guard that the kernel refused: nothing announces that what it lacked is there now. */
#define WATCH_REFUSED_MS 10000

/* ---- waiting for others ---- */

/* Legacy tables and dockerd itself send no events: check again after this time. */
#define WAIT_STEP_MS 500
#define LEGACY_STEP_MS 200
/*
 * How long --wait waits for a dockerd that does not run and has no chains. One that starts is
 * seen, or its chains are, long before; a host without Docker has nothing to wait for.
 */
#define DOCKER_ABSENT_MS 2000
/* How long a restart without --wait waits for Docker's chains to come back. */
#define RESTART_WAIT_SECONDS 10
/* A restart that did not help is not repeated within this time. */
#define RESTART_PAUSE_SECONDS 3600
/* How long dockfw-restart.service may take to begin: systemd starts it at once. */
#define RESTART_BEGINS_MS 10000
/* systemctl: the interval between checks whether it has exited, and how many before SIGKILL. */
#define CHILD_STEP_MS 20
#define CHILD_STEPS 50
/* The interval between tries for the xtables lock if no child can be created to wait for it. */
#define XTLOCK_PAUSE_MS 10
/*
 * The kernel had no memory or buffer for a request. It has some again within milliseconds,
 * or not for long: the pause doubles up to this, until the time limit.
 */
#define SHORTAGE_PAUSE_MS 100
/* A rule for which there is no memory for so long takes too much: it counts as refused. */
#define SHORTAGE_OF_RULE_MS 2000
/* Tries to open its file, which another program creates or removes at the same moment. */
#define XTLOCK_TRIES 10
/* How often what another process has put into a spool is shown; and when a terminal has no room. */
#define SPOOL_STEP_MS 200
#define SPOOL_PAUSE_MS 20
/* How often a wait for the kernel's answer, which is usually there at once, checks the time limit. */
#define NETLINK_STEP_MS 100

#endif
