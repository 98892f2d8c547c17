/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_KEEP_FILE_H
#define DOCKFW_KEEP_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Whether a file that people write by hand may be replaced, and how it is kept then. */

struct keep {
	const char *sample; /* a file with exactly this text may go: nobody has changed it */
	bool force;         /* any other may be replaced too: it stays as FILE.bak */
	const char *otherwise; /* what is reported of any other, after its name; NULL: for --capture */
};

/* The file as it was when that was decided. */
struct kept {
	bool there;
	bool backup; /* it must stay as FILE.bak */
	struct stat st;
};

/*
 * Looks at the file of that name in the folder; path is for messages. Returns -1 after
 * reporting why it may not be replaced. If there is no file, it may.
 */
int keep_look(const struct keep *keep, int folder, const char *name, const char *path,
	      struct kept *kept);

/*
 * Just before the new file is renamed: keeps the old one as FILE.bak if it must be kept,
 * and an earlier FILE.bak as FILE.bak.1, or the next number that is free. The new file,
 * open as fd, gets the old one's owner and mode, or 0600 if there was none. Returns -1
 * after reporting why not, or that the file has changed meanwhile.
 */
int keep_old(const struct kept *kept, int folder, const char *name, const char *path, int fd);

#endif
