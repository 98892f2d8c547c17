/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OPEN_TEXTS_H
#define DOCKFW_OPEN_TEXTS_H

#include "json.h"
#include "open_port.h"

/* What is open although the configuration refuses it, in words. */

/* Ports that fare alike, as one line. */
struct open_line {
	enum family family;
	size_t n;    /* ports */
	bool maybe;
	char *ports; /* owned: "80/tcp, 443/tcp and 3 more" */
	char *text;  /* owned: "ports … are open to ANYONE on ens3" */
	char *why;   /* owned: "DOCKER-USER holds none of their rules", or NULL */
};

struct open_lines {
	struct open_line *v; /* owned; in the order of the ports */
	size_t n, room;
};

/* open may be NULL: then there are none. */
void open_lines_make(struct open_lines *lines, const struct open_ports *open);
void open_lines_clear(struct open_lines *lines);

/* A sentence that says what was not followed, or NULL: nothing. The caller frees it. */
char *open_rest(const struct open_ports *open);

/*
 * {"complete", "ports": [{"family", "protocol", "port", "hosts", "interfaces", "certain", "anyone",
 * "sources", "nearby", "message"}]}, or null if nobody has looked. hosts: null: all addresses of
 * the host; sources: the first OPEN_SOURCES, or null for anyone.
 */
json_t *open_ports_json(const struct open_ports *open);

#endif
