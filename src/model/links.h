/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LINKS_H
#define DOCKFW_LINKS_H

#include "rule.h"
#include "util.h"

/*
 * What decides whether netfilter shows an interface under the name that a configuration has.
 * No I/O; host/links_read.h reads it.
 */

struct link {
	char *asked; /* owned; the name that was looked up: the interface's own, or an altname */
	char name[IFNAMSIZ]; /* its own, which netfilter shows */
	/* The bridge, bond, … that it is a part of, and which kind that is; "" if there is none. */
	char master[IFNAMSIZ], master_kind[16];
	bool bridge;
	bool calls[FAMILY_COUNT]; /* its own nf_call_iptables, nf_call_ip6tables */
};

struct links {
	struct link *v; /* owned; only names that exist */
	size_t n, room;
	/*
	 * br_netfilter is loaded, and its settings for all bridges, bridge-nf-call-iptables and
	 * bridge-nf-call-ip6tables. Only read if one of the links is a bridge.
	 */
	bool loaded, calls[FAMILY_COUNT];
};

/* The interface that has the name, as its own or as an altname, or NULL. */
const struct link *links_find(const struct links *links, const char *name);
/* Copies asked; returns the new one, valid until the next is added. */
struct link *links_add(struct links *links, const char *asked);
void links_clear(struct links *links);

#endif
