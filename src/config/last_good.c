/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "last_good.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "flat.h"
#include "full_path.h"
#include "patience.h"
#include "read_file.h"
#include "utf8.h"

/*
 * The first lines. The mark begins the lines that tell which file a text is from; it has a
 * number, so that no line of the configuration begins like it.
 */
#define HEAD_VERSION "# dockfw-check "
#define HEAD_FILE "# The last good configuration of: "
#define HEAD_DATE "# In force since: "
#define HEAD_RULES "# It has rules: "
#define HEAD_MARK "# Lines that begin with this say which file the text is from: "
#define LAST_LINE "whole"
#define TEMPORARY ".new" /* no stored file has that name; there is one at a time, under a lock */
#define NAME_LIMIT 200   /* a file name has 255 bytes at most */
#define HEAD_LIMIT 65536 /* more than the first lines take */

/* ---- names ---- */

/* FNV-1a. The first lines tell two files with the same hash apart. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}

/* "/etc/dockfw/dockfw.conf" is "etc-dockfw-dockfw.conf". */
static char *name_of(const char *path)
{
	char *name = xcalloc(3 * strlen(path) + 2, 1), *to = name;

	for (const char *c = path + (*path == '/'); *c; c++) {
		if (*c == '/')
			*to++ = '-';
		else if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			 (*c >= '0' && *c <= '9') || *c == '_' || (*c == '.' && to != name))
			*to++ = *c;
		else
			to += sprintf(to, "%%%02x", (unsigned char)*c);
	}
	if (to - name <= NAME_LIMIT)
		return name;
	to = xasprintf("%.*s+%016llx", NAME_LIMIT, name, (unsigned long long)hash_of(path));
	free(name);
	return to;
}

char *last_good_name(const char *config)
{
	char *path = full_path(config), *name = name_of(path);

	free(path);
	return name;
}

char *last_good_stored(const char *folder, const char *config)
{
	char *name = last_good_name(config), *path = xasprintf("%s/%s", folder, name);

	free(name);
	if (!access(path, F_OK))
		return path;
	free(path);
	return NULL;
}

/* ---- reading ---- */

void last_good_clear(struct last_good *last)
{
	config_file_clear(&last->file);
	free(last->flat);
	free(last->date);
	*last = (struct last_good){ 0 };
}

/* Opens the folder. A link to it is followed: systemd makes one for some services. */
static int open_folder(const char *folder, struct stat *st)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || !fstat(fd, st))
		return fd;
	close(fd);
	return -1;
}

/* A link that leads nowhere, as to a disk that is not mounted, is something. */
static bool is_missing(const char *folder)
{
	struct stat st;

	return lstat(folder, &st) < 0 && errno == ENOENT;
}

/* Whether only root, the user or the folder's owner can have written the file: NULL, or why not. */
static const char *distrust(const struct stat *folder, const struct stat *st)
{
	bool folder_is_safe = !(folder->st_mode & 022);

	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_mode & 022)
		return "others may write it";
	if (st->st_uid && st->st_uid != geteuid() && (st->st_uid != folder->st_uid || !folder_is_safe))
		return "it belongs to another user";
	return NULL;
}

/* The rest of the line if it begins with those words, with the line ended; else NULL. */
static char *take_line(char **at, const char *words)
{
	size_t length = strlen(words);
	char *line = *at, *end = strchr(line, '\n');

	if (!end || strncmp(line, words, length) != 0)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line + length;
}

/* Takes the first lines and the last one off. Returns NULL, or what is wrong. */
static const char *take_text(struct last_good *last, const char *path)
{
	char *copy = xstrdup(last->file.data), *at = copy, *safe = safe_text(path), *end_line = NULL;
	const char *file = NULL, *date = NULL, *rules = NULL, *mark = NULL, *why = NULL;
	size_t length;

	if (take_line(&at, HEAD_VERSION) && (file = take_line(&at, HEAD_FILE)) &&
	    (date = take_line(&at, HEAD_DATE)) && (rules = take_line(&at, HEAD_RULES)))
		mark = take_line(&at, HEAD_MARK);
	if (!mark || !*mark) {
		why = "its first lines are not those of this program";
		goto out;
	}
	if (strcmp(file, safe) != 0) {
		why = "it is for another file";
		goto out;
	}
	end_line = xasprintf("\n%s" LAST_LINE "\n", mark);
	length = strlen(at);
	if (length < strlen(end_line) || strcmp(at + length - strlen(end_line), end_line) != 0) {
		why = "it is cut off";
		goto out;
	}
	at[length - strlen(end_line)] = '\0';
	last->flat = flat_from_marks(at, mark);
	last->date = xstrdup(date);
	last->has_rules = strcmp(rules, "no") != 0;
out:
	free(end_line);
	free(safe);
	free(copy);
	return why;
}

/* Returns NULL, or why it cannot be used; "" if there is none. */
static const char *read_stored(int folder, const struct stat *folder_st, const char *name,
			       const char *path, struct last_good *last)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *why;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? "" : strerror(errno);
	why = fstat(fd, &st) < 0 ? strerror(errno) : distrust(folder_st, &st);
	if (!why) {
		last->file.data = read_to_end(fd, FLAT_LIMIT + HEAD_LIMIT, &last->file.size);
		if (!last->file.data)
			why = strerror(errno);
		else if (strlen(last->file.data) != last->file.size)
			why = "it is not a text file";
		else
			why = take_text(last, path);
	}
	close(fd);
	return why;
}

bool last_good_read(const char *folder, const char *config, struct last_good *last)
{
	char *path = full_path(config), *name = name_of(path);
	struct stat st;
	int fd = open_folder(folder, &st);
	const char *why = "";
	bool absent = fd < 0 && errno == ENOENT && is_missing(folder);

	*last = (struct last_good){ 0 };
	if (fd >= 0) {
		last->file.name = xasprintf("%s/%s", folder, name);
		why = read_stored(fd, &st, name, path, last);
		absent = why && !*why && errno == ENOENT;
		close(fd);
	}
	if (why && *why)
		diag_warning("the last good configuration '%s/%s' cannot be used: %s", folder, name, why);
	if (why)
		last_good_clear(last);
	last->unusable = why && !absent;
	free(name);
	free(path);
	return !why;
}

/* ---- writing ---- */

/* The first mark that no line of the text begins with. */
static char *free_mark(const char *flat)
{
	for (unsigned int number = 1;; number++) {
		char *mark = xasprintf("#@%u ", number), *line = xasprintf("\n%s", mark);
		bool taken = strstr(flat, line) || !strncmp(flat, mark, strlen(mark));

		free(line);
		if (!taken)
			return mark;
		free(mark);
	}
}

/* The whole file. The caller frees it. */
static char *stored_text(const char *path, const char *flat, bool has_rules)
{
	char *mark = free_mark(flat), *text = flat_with_marks(flat, mark), *safe = safe_text(path);
	time_t now = time(NULL);
	struct tm utc = { 0 };
	char date[64], *whole;

	gmtime_r(&now, &utc);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &utc);
	whole = xasprintf(HEAD_VERSION VERSION "\n" HEAD_FILE "%s\n" HEAD_DATE "%s\n"
			  HEAD_RULES "%s\n" HEAD_MARK "%s\n%s\n%s" LAST_LINE "\n", safe, date,
			  has_rules ? "yes" : "no", mark, text, mark);
	free(mark);
	free(text);
	free(safe);
	return whole;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t done = write(fd, data, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		data += done;
		size -= (size_t)done;
	}
	return 0;
}

/* Root gives the file to the user who owns the folder, and reads it as that user. */
static int give_away(int fd, const struct stat *folder)
{
	return geteuid() || !folder->st_uid ? 0 : fchown(fd, folder->st_uid, folder->st_gid);
}

/* Returns 0, or -1 with errno. */
static int write_stored(int folder, const struct stat *st, const char *name, const char *text)
{
	int fd = openat(folder, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int ret, error;

	if (fd < 0)
		return -1;
	ret = write_all(fd, text, strlen(text)) || give_away(fd, st) || fsync(fd) ? -1 : 0;
	error = errno;
	close(fd);
	if (!ret && renameat(folder, TEMPORARY, folder, name)) {
		ret = -1;
		error = errno;
	}
	if (ret)
		unlinkat(folder, TEMPORARY, 0);
	else if (fsync(folder))
		ret = -1, error = errno;
	errno = error;
	return ret;
}

/* Other repairs store at the same time. */
static int lock_folder(int folder)
{
	uint64_t end = clock_ms() + STATE_LOCK_MS;

	while (flock(folder, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (clock_ms() >= end || !deadline_left()) {
			errno = EAGAIN;
			return -1;
		}
		sleep_ms(STATE_LOCK_STEP_MS);
	}
	return 0;
}

/* With the lock, a temporary file is one that a killed run has left. */
static int store_in(int folder, const struct stat *st, const char *name, const char *text)
{
	struct stat left;
	bool is_left = !fstatat(folder, TEMPORARY, &left, AT_SYMLINK_NOFOLLOW);

	if (!text && !is_left)
		return 0;
	if (lock_folder(folder) || (unlinkat(folder, TEMPORARY, 0) && errno != ENOENT))
		return -1;
	return text ? write_stored(folder, st, name, text) : 0;
}

/* A service that may not write there stores nothing, and finds that right. */
static void warn(const char *folder, const char *why)
{
	diag_warning("the configuration is in force, but cannot be stored as the last good one in "
		     "'%s': %s", folder, why);
}

void last_good_store(const char *folder, const char *config, const struct last_good *last,
		     const char *flat, bool has_rules)
{
	bool known = last->flat && flat && !strcmp(last->flat, flat);
	char *path = full_path(config), *name = name_of(path);
	char *text = flat && !known ? stored_text(path, flat, has_rules) : NULL;
	struct stat st;
	bool told = false;
	int fd;

	if (!flat) {
		warn(folder, "its text is too long");
	} else if (!known && mkdir(folder, 0700) && errno != EEXIST) {
		warn(folder, strerror(errno));
		told = true;
	}
	fd = open_folder(folder, &st);
	if (fd < 0) {
		if (text && !told)
			warn(folder, errno == ENOENT ? "it is a link to a folder that is not there"
						     : strerror(errno));
	} else if (st.st_mode & 022) {
		if (text)
			warn(folder, "others may write to the folder");
	} else if (store_in(fd, &st, name, text) && text) {
		warn(folder, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	free(text);
	free(name);
	free(path);
}

void last_good_forget(const char *folder, const char *config)
{
	char *name = last_good_name(config), *path = xasprintf("%s/%s", folder, name);

	if (unlink(path) && errno != ENOENT && errno != ENOTDIR)
		diag_warning("cannot remove the last good configuration '%s': %s", path,
			     strerror(errno));
	free(path);
	free(name);
}
