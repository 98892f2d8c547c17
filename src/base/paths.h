/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_PATHS_H
#define DOCKFW_PATHS_H

/* All file names on the host that the program knows, outside /proc. */

#ifndef SYSCONFDIR /* set by the Makefile */
#define SYSCONFDIR "/etc"
#endif
#define CONFIG_FOLDER SYSCONFDIR "/dockfw"
#define CONFIG_FILE CONFIG_FOLDER "/dockfw.conf"

/* The last good configurations, unless --state-folder names another directory. */
#define STATE_FOLDER "/var/lib/dockfw"

/* dockerd's settings, unless its --config-file names another file; and its PID. */
#define DAEMON_JSON "/etc/docker/daemon.json"
#define DOCKER_PID_FILE "/run/docker.pid"

/* The lock of iptables-legacy, unless XTABLES_LOCKFILE names another file. */
#define XTABLES_LOCK "/run/xtables.lock"

/* The time stamp of the last restart of docker.service for its chains: root's alone. */
#define STAMP_FOLDER "/run/dockfw"
#define RESTART_STAMP STAMP_FOLDER "/docker-restarted"
/* The request for a restart, which dockfw-restart.path waits for. */
#define RESTART_REQUEST STAMP_FOLDER "/request/restart-docker"
/* The copy of Docker's chains that a watch leaves for the next one. */
#define DOCKER_COPY_FOLDER STAMP_FOLDER "/watch"
#define DOCKER_COPY DOCKER_COPY_FOLDER "/docker-chains"
#define SYSTEMCTL "/usr/bin/systemctl"
/* Exists if the host was booted with systemd. */
#define SYSTEMD_BOOTED "/run/systemd/system"

/* Where the iptables command may be, in the order tried. */
#define IPTABLES_COMMANDS "/usr/sbin/iptables", "/sbin/iptables", "/usr/bin/iptables"

#endif
