/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKERD_H
#define DOCKFW_DOCKERD_H

#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

/* What is known of the dockerd of this host. No I/O; host/dockerd_find.h finds it. */

enum flag { FLAG_UNSET, FLAG_OFF, FLAG_ON };

struct dockerd {
	bool running; /* a dockerd of this network namespace */
	pid_t pid;
	/* Its --iptables and --ip6tables, from its command line or daemon.json. */
	enum flag iptables, ip6tables;
	/*
	 * Owned: why a part of the settings cannot be known, for a sentence; a flag that
	 * is unset may then be anything. NULL: all was read.
	 */
	char *doubt;
};

static inline void dockerd_clear(struct dockerd *dockerd)
{
	free(dockerd->doubt);
	*dockerd = (struct dockerd){ 0 };
}

#endif
