/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKERD_H
#define DOCKFW_DOCKERD_H

#include <stdbool.h>
#include <sys/types.h>

/* What Docker is. docker_owns_chain() is pure; the others read /proc. */

#define DOCKER_USER "DOCKER-USER"

/* DOCKER, or starts with DOCKER-, and is not DOCKER-USER. */
bool docker_owns_chain(const char *name);

/* The tables of Docker's own nf_tables backend, in families ip and ip6. */
#define DOCKER_NFT_TABLE "docker-bridges"

enum setting { SETTING_UNSAID, SETTING_OFF, SETTING_ON };

struct docker {
	bool running; /* a dockerd of this network namespace */
	pid_t pid;
	/* Its --iptables and --ip6tables, from its command line or daemon.json. */
	enum setting iptables, ip6tables;
};

/*
 * Whether the process of that number is one of this host's network: alive, of root's,
 * in this network namespace, and not in a user namespace of its own. A rootless
 * dockerd may stay in the host's network and keep its containers in another. 1
 * yes, 0 no, -1 where it cannot be told. Without CAP_SYS_PTRACE the namespaces of a
 * process with more rights do not show; there it is yes outside of a container.
 */
int docker_shares_network(const char *pid);

/*
 * Looks for dockerd without touching its socket: /run/docker.pid, then, where a
 * unix socket has its name, the processes of this network namespace. What cannot
 * be looked at counts as not running. Returns -1, said, where /proc cannot be read.
 */
int docker_look(struct docker *docker);

#endif
