/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKERD_H
#define DOCKFW_DOCKERD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

/* What is known of this host's dockerd. No I/O; host/dockerd_find.h finds it. */

enum flag { FLAG_UNSET, FLAG_OFF, FLAG_ON };
/* --firewall-backend, which dockerd has since 29. Unset: what the release prefers. */
enum docker_firewall { FIREWALL_UNSET, FIREWALL_IPTABLES, FIREWALL_NFTABLES };

struct dockerd {
	bool running; /* a dockerd of this network namespace */
	/* If none was found: whether processes of others are hidden from this one (hidepid=) … */
	bool hidden;
	bool may_run; /* … and a unix socket of this network namespace has Docker's name */
	pid_t pid;
	uint64_t started; /* in clock ticks since the boot; 0: not known */
	/* Its --iptables and --ip6tables, from its command line or daemon.json. */
	enum flag iptables, ip6tables;
	/* If it does not run, what daemon.json sets for its next start. */
	enum docker_firewall firewall;
	/*
	 * Owned: why some settings are not known, as part of a sentence; an unset flag
	 * may then have any value. NULL: all settings were read.
	 */
	char *doubt;
};

/* Processes of dockerd's name that are certainly not this host's Docker. */
struct docker_elsewhere {
	size_t n;
	pid_t pid;     /* of the first */
	bool rootless; /* it is in a user namespace of its own; else in another network */
	bool hidden;   /* processes of others are hidden: there may be more */
};

/* Whether it runs, as far as is known: closed when in doubt. */
static inline bool dockerd_counts(const struct dockerd *dockerd)
{
	return dockerd->running || dockerd->may_run;
}

static inline void dockerd_clear(struct dockerd *dockerd)
{
	free(dockerd->doubt);
	*dockerd = (struct dockerd){ 0 };
}

#endif
