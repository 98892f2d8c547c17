/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ACCESS_H
#define DOCKFW_ACCESS_H

#include "rule.h"

/* Who loses or gains access by edits. No I/O. */

/* A rule of others in the filter table past which an edit puts a rule, and what that means. */
struct access_change {
	enum family family;
	char *chain;   /* owned */
	size_t rule;   /* its number before the edits, from 1 */
	char *message; /* owned: a sentence without the family */
};

struct access_changes {
	struct access_change *v; /* owned */
	size_t n, room;
};

/* Takes the message over and copies the name of the chain. */
void access_changes_take(struct access_changes *changes, enum family family, const char *chain,
			 size_t rule, char *message);
void access_changes_clear(struct access_changes *changes);

#endif
