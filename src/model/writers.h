/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WRITERS_H
#define DOCKFW_WRITERS_H

#include "table_change.h"
#include "util.h"

/* Who has changed what matters since it was last right. No I/O. */

struct writer {
	pid_t pid;      /* 0: the kernel does not tell */
	char name[16];  /* "" then */
	char *parent;   /* owned; "firewalld (pid 812)", or NULL: not known */
	size_t removed, added; /* rules of the chains that matter */
	struct strings chains; /* "ip filter DOCKER-USER": those from which rules were removed, else those that got some */
	bool deleted;   /* a chain or a table of them */
};

struct writers {
	struct writer *v; /* owned; in the order in which they wrote first */
	size_t n, room;
	size_t more;      /* writers that are only counted */
};
void writers_clear(struct writers *writers);

/*
 * Adds what a transaction did to those of its chains for which matters() is true. For a
 * writer that is new, parent() returns who has started it, or NULL; the writer owns it.
 */
void writers_add(struct writers *writers, const struct table_change *change,
		 bool (*matters)(const void *data, const struct chain_change *of), const void *data,
		 char *(*parent)(pid_t pid));

/*
 * Who most probably made it wrong: who deleted or removed most, of equals the first; if nobody
 * did, who wrote last. NULL: nobody is known.
 */
const struct writer *writers_culprit(const struct writers *writers);
/*
 * "iptables-restor (pid 22094), started by firewalld (pid 812), removed 12 rules from ip
 * filter DOCKER-USER, FORWARD". The caller frees it.
 */
char *writer_text(const struct writer *writer);

#endif
