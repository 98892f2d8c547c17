/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SOURCE_TEXTS_H
#define DOCKFW_SOURCE_TEXTS_H

#include "exposure.h"

/* Who gets in, in words. */

/*
 * The latest texts, with the sets that they describe: many ports share one set, whose
 * text may be long.
 */
struct source_text {
	const struct addrset *open, *maybe, *possible;
	const struct ipset *unread;
	enum family family;
	size_t most;
	char *text; /* owned */
};

struct source_texts {
	const struct exposure_list *list;
	struct source_text kept[64];
	size_t next;
};

/*
 * Who gets in there: "ANYONE", "ANYONE but 192.0.2.0/24", "ANYONE but members of set bad",
 * with "perhaps" if it could not be read, "192.0.2.1", "maybe …", "nobody". At most that many
 * sources are named, 0: all of them. The text is valid until later ones replace it.
 */
const char *source_text(struct source_texts *texts, const struct exposed_way *way,
			enum family family, size_t most);
void source_texts_clear(struct source_texts *texts);

#endif
