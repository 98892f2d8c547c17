/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keep_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "util.h"

#define BACKUPS_MAX 1000 /* numbers of older copies that are tried */

/* Whether the file holds exactly the text. Returns -1 with errno set if it cannot be read. */
static int holds_text(int fd, const struct stat *st, const char *text)
{
	size_t size = strlen(text), n = 0;
	char *data;
	ssize_t got = 1;
	int same;

	if (st->st_size != (off_t)size)
		return 0;
	data = xcalloc(size + 1, 1);
	while (n < size && got > 0) {
		got = read(fd, data + n, size - n);
		n += got > 0 ? (size_t)got : 0;
		if (got < 0 && errno == EINTR)
			got = 1;
	}
	same = got < 0 ? -1 : n == size && !memcmp(data, text, size);
	free(data);
	return same;
}

int keep_look(const struct keep *keep, int folder, const char *name, const char *path,
	      struct kept *kept)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int sample = -1;

	*kept = (struct kept){ 0 };
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0 && !fstat(fd, &kept->st) && S_ISREG(kept->st.st_mode))
		sample = holds_text(fd, &kept->st, keep->sample);
	if (sample < 0)
		diag_error("cannot read '%s', which is to be replaced: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (sample < 0)
		return -1;
	kept->there = true;
	kept->backup = !sample;
	if (sample || keep->force)
		return 0;
	if (keep->otherwise)
		diag_error("'%s' %s", path, keep->otherwise);
	else
		diag_error("'%s' exists and is not the sample as it was installed: it stays as it is; "
			   "name another file with --output, or give --force, which keeps it as "
			   "'%s.bak'", path, path);
	return -1;
}

/* Whether it is still the file that was looked at. */
static bool is_same_file(const struct kept *kept, int folder, const char *name)
{
	struct stat now;

	if (fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return !kept->there && errno == ENOENT;
	return kept->there && now.st_dev == kept->st.st_dev && now.st_ino == kept->st.st_ino &&
	       now.st_size == kept->st.st_size &&
	       now.st_mtim.tv_sec == kept->st.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == kept->st.st_mtim.tv_nsec;
}

/* Gives the earlier copy a name that is free. link() never replaces anything. */
static int move_aside(int folder, const char *backup)
{
	struct stat st;

	if (fstatat(folder, backup, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	for (unsigned int i = 1; i <= BACKUPS_MAX; i++) {
		char *older = xasprintf("%s.%u", backup, i);
		int ret = linkat(folder, backup, folder, older, 0);

		free(older);
		if (!ret)
			return unlinkat(folder, backup, 0);
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

/*
 * A second name for the old file, before the new one takes its first: there is a
 * configuration at every moment.
 */
static int back_up(int folder, const char *name, const char *path)
{
	char *backup = xasprintf("%s.bak", name);
	int ret = move_aside(folder, backup);

	if (!ret)
		ret = linkat(folder, name, folder, backup, 0);
	if (ret)
		diag_error("cannot keep '%s' as '%s.bak': %s; nothing has been replaced", path, path,
			   strerror(errno));
	free(backup);
	return ret;
}

static int take_over_mode(const struct kept *kept, const char *path, int fd)
{
	mode_t mode = kept->there ? kept->st.st_mode & 07777 : 0600;
	struct stat st;

	/* A change of the owner may clear bits of the mode. */
	if (!fstat(fd, &st) &&
	    (!kept->there || (st.st_uid == kept->st.st_uid && st.st_gid == kept->st.st_gid) ||
	     !fchown(fd, kept->st.st_uid, kept->st.st_gid)) &&
	    !fchmod(fd, mode))
		return 0;
	diag_error("cannot give the new '%s' the owner and the mode of the old one: %s; nothing has "
		   "been replaced", path, strerror(errno));
	return -1;
}

int keep_old(const struct kept *kept, int folder, const char *name, const char *path, int fd)
{
	if (!is_same_file(kept, folder, name)) {
		diag_error("'%s' was changed meanwhile and stays as it is; run the command again", path);
		return -1;
	}
	if (take_over_mode(kept, path, fd))
		return -1;
	return kept->backup ? back_up(folder, name, path) : 0;
}
