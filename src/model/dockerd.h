/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DOCKERD_H
#define DOCKFW_DOCKERD_H

#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

/* What is known of this host's dockerd. No I/O; host/dockerd_find.h finds it. */

enum flag { FLAG_UNSET, FLAG_OFF, FLAG_ON };

struct dockerd {
	bool running; /* a dockerd of this network namespace */
	pid_t pid;
	/* Its --iptables and --ip6tables, from its command line or daemon.json. */
	enum flag iptables, ip6tables;
	/*
	 * Owned: why some settings are not known, as part of a sentence; an unset flag
	 * may then have any value. NULL: all settings were read.
	 */
	char *doubt;
};

static inline void dockerd_clear(struct dockerd *dockerd)
{
	free(dockerd->doubt);
	*dockerd = (struct dockerd){ 0 };
}

#endif
