/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TRUST_PATH_H
#define DOCKFW_TRUST_PATH_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Whether others may change where a path leads. Whoever may write to a folder can put
 * another file, or a link, in place of what is in it, whoever owns that. So the path is
 * followed from / one name at a time, links too, and each folder is judged by its
 * descriptor: what was judged is what is used.
 *
 * A folder is safe if it belongs to root or to the user who runs this, and neither its
 * group nor others may write to it. In a sticky folder such as /tmp anyone may create a
 * name, but only its owner may rename or remove it: a name there is safe if it belongs
 * to root or to the user. (sshd refuses such a folder; temporary folders need it.)
 * A link is safe if its owner and its folder are, and where it leads is judged as well.
 */

enum trust {
	/* Everything on the way must be safe. */
	TRUST_WAY = 0,
	/*
	 * Folders of others may be on the way, but after the first of them neither a link
	 * nor ".." is followed. So their owner can lead to nothing but a folder of theirs.
	 */
	TRUST_LINKS = 1,
	/* The last name must not be a link. */
	TRUST_NO_LAST_LINK = 2,
	/* The path names a folder that will be used: with TRUST_WAY, it must be safe too. */
	TRUST_FOLDER = 4,
};

/*
 * Follows the path; a relative one begins in the current folder. how: values of enum
 * trust, combined. Returns an O_PATH descriptor of what is there, which the caller
 * closes, or -1: then *why, which the caller frees, is what others may change, as part
 * of a sentence, and errno is EACCES; or it is NULL, and errno says what failed.
 */
int trust_path_open(const char *path, unsigned int how, char **why);

/* The same for the folder of the path. *name, a part of path, is the name in it. */
int trust_path_folder(const char *path, unsigned int how, const char **name, char **why);

/*
 * Whether the path leads to is, which was opened under it, or, if is is NULL, to anything.
 * Returns 0, or -1 as trust_path_open() does; if it was replaced meanwhile, errno is EAGAIN.
 */
int trust_path_check(const char *path, unsigned int how, const struct stat *is, char **why);

/* Whether it belongs to root or to the user who runs this. */
bool trust_owner(const struct stat *st);

/*
 * Opens for reading what trust_path_open() returned and closes that. The caller has
 * checked that it is a regular file. Returns a descriptor, or -1 with errno set.
 */
int trust_path_reopen(int fd);

#endif
