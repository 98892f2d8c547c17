/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LAST_GOOD_H
#define DOCKFW_LAST_GOOD_H

#include "config_file.h"

/*
 * The last good configurations: for each configuration file, a file in the state folder with
 * what a repair has put in force last. It is a valid configuration without includes, which
 * an administrator can read and copy back. Its first lines and its last one are comments of
 * this program: the version, the file, the date; and that it is whole.
 */

struct last_good {
	struct config_file file; /* the stored file, as config_read_stored() takes it */
	char *flat;              /* owned; its text in the form of flat.h */
	char *date;              /* owned: "2026-01-31 12:00 UTC" */
	bool has_rules;
	bool unusable;           /* none was read, although one is stored, or may be */
};

/*
 * Reads what is stored for the configuration file, which need not exist any more. Returns
 * false if there is none, or after a warning that says why what is there cannot be used: it
 * is cut off, or another user could have written it. What the user may not read costs no warning.
 * The caller clears last in either case.
 */
bool last_good_read(const char *folder, const char *config, struct last_good *last);
void last_good_clear(struct last_good *last);

/*
 * Stores a flat text for the configuration file, unless it is what last has, and removes
 * what a killed run has left. Makes the folder if it is missing. If anything fails, a
 * warning says so, and what was stored before stays.
 */
void last_good_store(const char *folder, const char *config, const struct last_good *last,
		     const char *flat, bool has_rules);
/* Removes what is stored for the configuration file, if anything is; else a warning says so. */
void last_good_forget(const char *folder, const char *config);

/* The path of the stored file, which the caller frees, or NULL: none can be seen. */
char *last_good_stored(const char *folder, const char *config);
/* The name of the stored file, without its folder. The caller frees it. */
char *last_good_name(const char *config);

#endif
