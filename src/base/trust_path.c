/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trust_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

/* As many as the kernel follows, path_resolution(7). */
#define LINKS_MAX 40

/* Where the walk is. */
struct way {
	unsigned int how, links;
	int folder;    /* O_PATH */
	char *text;    /* its real path, without a final slash: "" is / */
	char *rest;    /* what is still to be followed */
	bool others;   /* a folder on the way may be changed by others */
	char *why;
};

bool trust_owner(const struct stat *st)
{
	return !st->st_uid || st->st_uid == geteuid();
}

static const char *way_text(const struct way *way)
{
	return *way->text ? way->text : "/";
}

/* Fails with that reason, which it takes over. */
static int way_refuse(struct way *way, char *why)
{
	free(way->why);
	way->why = why;
	errno = EACCES;
	return -1;
}

/* No command that changes it is proposed: it may be somebody's home. */
static char *why_owner(const char *what, const char *path, const struct stat *st)
{
	return xasprintf("the %s '%s' belongs to user %lu, who may change where the path leads",
			 what, path, (unsigned long)st->st_uid);
}

static char *why_mode(const char *path, const struct stat *st)
{
	bool group = st->st_mode & 020, all = st->st_mode & 002;

	return xasprintf("the folder '%s' is writable by %s (mode %04o), who may change where the "
			 "path leads", path,
			 group && all ? "its group and everyone else" : group ? "its group" : "everyone",
			 (unsigned int)st->st_mode & 07777);
}

static bool way_is_sticky(const struct stat *folder)
{
	return folder->st_mode & 022 && folder->st_mode & S_ISVTX;
}

/* Judges the folder that a name is looked up in. Returns 0, or -1 if it is refused. */
static int way_judge(struct way *way, struct stat *st)
{
	if (fstat(way->folder, st) < 0)
		return -1;
	if (trust_owner(st) && (!(st->st_mode & 022) || way_is_sticky(st)))
		return 0;
	way->others = true;
	if (way->how & TRUST_LINKS)
		return 0;
	return way_refuse(way, trust_owner(st) ? why_mode(way_text(way), st) :
			  why_owner("folder", way_text(way), st));
}

/* Goes to what fd is, under that path; takes over both. */
static void way_enter(struct way *way, int fd, char *text)
{
	close(way->folder);
	free(way->text);
	way->folder = fd;
	way->text = text;
}

static int way_to_root(struct way *way)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	way_enter(way, fd, xstrdup(""));
	return 0;
}

static int way_up(struct way *way)
{
	char *text, *slash;
	int fd;

	if (way->others)
		return way_refuse(way, xasprintf("'..' after '%s', which belongs to others or is writable by them, "
						 "is not followed; write the path without it", way_text(way)));
	fd = openat(way->folder, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	text = xstrdup(way->text);
	slash = strrchr(text, '/');
	if (slash)
		*slash = '\0';
	way_enter(way, fd, text);
	return 0;
}

/* Its caller has a better proposal where everything on the way must be safe. */
static int way_refuse_link(struct way *way, const char *path, const struct stat *st)
{
	char *why = why_owner("link", path, st);

	if (!(way->how & TRUST_LINKS))
		return way_refuse(way, why);
	way_refuse(way, xasprintf("%s; name the file that it leads to", why));
	free(why);
	return -1;
}

/* Puts the target of a link before the rest of the path. */
static int way_link(struct way *way, int fd, const char *path, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t length;
	char *rest;

	if (!trust_owner(st))
		return way_refuse_link(way, path, st);
	if (way->others)
		return way_refuse(way, xasprintf("the link '%s' is in a folder that others may change; "
						 "name the file that it leads to", path));
	if (!*way->rest && way->how & TRUST_NO_LAST_LINK)
		return way_refuse(way, xasprintf("'%s' is a symbolic link", path));
	if (++way->links > LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	length = readlinkat(fd, "", target, sizeof(target) - 1);
	if (length < 0)
		return -1;
	target[length] = '\0';
	rest = xasprintf("%s/%s", target, way->rest);
	free(way->rest);
	way->rest = rest;
	return *target == '/' ? way_to_root(way) : 0;
}

/* Follows one name in the folder. */
static int way_name(struct way *way, const char *name)
{
	struct stat folder, st;
	char *path;
	int fd, status = -1;

	if (way_judge(way, &folder))
		return -1;
	fd = openat(way->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	path = xasprintf("%s/%s", way->text, name);
	if (fstat(fd, &st) < 0)
		goto out;
	if (way_is_sticky(&folder) && !trust_owner(&st)) {
		if (!(way->how & TRUST_LINKS)) {
			way_refuse(way, why_owner(S_ISLNK(st.st_mode) ? "link" : S_ISDIR(st.st_mode) ?
						  "folder" : "file", path, &st));
			goto out;
		}
		way->others = true;
	}
	if (S_ISLNK(st.st_mode)) {
		status = way_link(way, fd, path, &st);
		goto out;
	}
	way_enter(way, fd, path);
	return 0;
out:
	close(fd);
	free(path);
	return status;
}

/* Takes the next name from the rest; the caller frees it. NULL: there is none. */
static char *next_name(struct way *way)
{
	char *name = way->rest + strspn(way->rest, "/"), *rest;
	size_t length = strcspn(name, "/");

	rest = xstrdup(name + length + strspn(name + length, "/"));
	name = length ? xmemdup(name, length + 1) : NULL;
	if (name)
		name[length] = '\0';
	free(way->rest);
	way->rest = rest;
	return name;
}

static int way_begin(struct way *way, const char *path)
{
	char *here;

	way->folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (way->folder < 0)
		return -1;
	if (*path == '/') {
		way->rest = xstrdup(path);
		return 0;
	}
	here = getcwd(NULL, 0);
	if (!here || *here != '/') { /* "(unreachable)…" */
		errno = here ? ENOENT : errno;
		free(here);
		return -1;
	}
	way->rest = xasprintf("%s/%s", here, path);
	free(here);
	return 0;
}

static int way_go(struct way *way, bool slash)
{
	struct stat st;
	char *name;
	int status = 0;

	while (!status && (name = next_name(way))) {
		if (!strcmp(name, ".."))
			status = way_up(way);
		else if (strcmp(name, ".") != 0)
			status = way_name(way, name);
		free(name);
	}
	if (!status && (way->how & TRUST_FOLDER || slash)) {
		status = fstat(way->folder, &st);
		if (!status && !S_ISDIR(st.st_mode)) {
			errno = ENOTDIR;
			status = -1;
		}
	}
	if (!status && way->how & TRUST_FOLDER)
		status = way_judge(way, &st);
	return status;
}

int trust_path_open(const char *path, unsigned int how, char **why)
{
	struct way way = { .how = how, .folder = -1, .text = xstrdup("") };
	size_t length = strlen(path);
	int fd = -1, error;

	*why = NULL;
	if (!length)
		errno = ENOENT;
	else if (!way_begin(&way, path) && !way_go(&way, path[length - 1] == '/'))
		fd = way.folder;
	error = errno;
	if (fd < 0 && way.folder >= 0)
		close(way.folder);
	free(way.text);
	free(way.rest);
	*why = way.why;
	errno = error;
	return fd;
}

int trust_path_folder(const char *path, unsigned int how, const char **name, char **why)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	char *folder = slash ? xmemdup(path, length + 2) : xstrdup(".");
	int fd, error;

	/* With the slash: of "/name" it is all that there is. */
	if (slash)
		folder[length + 1] = '\0';
	*name = slash ? slash + 1 : path;
	fd = trust_path_open(folder, how | TRUST_FOLDER, why);
	error = errno;
	free(folder);
	errno = error;
	return fd;
}

int trust_path_check(const char *path, unsigned int how, const struct stat *is, char **why)
{
	struct stat st;
	int fd = trust_path_open(path, how, why), status = 0;

	if (fd < 0)
		return -1;
	if (is && !fstat(fd, &st) && (st.st_dev != is->st_dev || st.st_ino != is->st_ino)) {
		*why = xstrdup("it was replaced while it was opened; run this again");
		status = -1;
	}
	close(fd);
	if (status)
		errno = EAGAIN;
	return status;
}

int trust_path_reopen(int fd)
{
	char path[32];
	int opened, error;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	opened = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	error = errno;
	close(fd);
	errno = error;
	return opened;
}
