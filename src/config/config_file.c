/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "own_files.h"
#include "paths.h"
#include "patience.h"
#include "read_file.h"
#include "shell_word.h"
#include "trust_path.h"
#include "utf8.h"

#define SIZE_LIMIT (16U * 1024 * 1024)

void config_file_clear(struct config_file *file)
{
	free(file->name);
	free(file->data);
	*file = (struct config_file){ 0 };
}

static int __attribute__((format(printf, 2, 3)))
file_refuse(const struct place *from, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	if (from)
		diag_error_at(from->file, from->line, "%s", text);
	else
		diag_error("%s", text);
	free(text);
	return -1;
}

/* The file that config_file_last_good() has named. */
static const char *last_good;

void config_file_last_good(const char *path)
{
	last_good = path;
}

/* What may take the place of a configuration that does not exist. The caller frees it. */
static char *replacements(const char *name)
{
	bool usual = !strcmp(name, CONFIG_FILE);

	if (last_good)
		return xasprintf("%s; the last good one is '%s': copy it back; 'dockfw-check --capture' prints "
				 "only what DOCKER-USER holds now",
				 usual ? "" : "; the usual one is " CONFIG_FILE, last_good);
	return xasprintf("; %s'dockfw-check --capture' prints one for the rules that are in force now",
			 usual ? "" : "the usual one is " CONFIG_FILE ", and ");
}

static int cannot_open(const char *name, const struct place *from, int error)
{
	char *hint = NULL;
	int status;

	if (error == EACCES)
		hint = xstrdup("; run as a user who may read it (for the units: chgrp dockfw, chmod g+r)");
	else if (error == ENOENT && !from)
		hint = replacements(name);
	status = file_refuse(from, "cannot open the configuration '%s': %s%s", name, strerror(error),
			     hint ? hint : "");
	free(hint);
	return status;
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a FIFO";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "not a regular file";
	}
}

/* The message ends with the command that mends the file. */
static int refuse_with(const char *name, const struct place *from, const char *command,
		       const char *why)
{
	char *word = shell_path(name);
	int status = file_refuse(from, "the configuration '%s' %s; run: %s %s", name, why, command,
				 word);

	free(word);
	return status;
}

static int refuse_owner(const char *name, const struct place *from, const struct stat *st)
{
	char *why = xasprintf("belongs to user %lu, who may change it", (unsigned long)st->st_uid);
	int status = refuse_with(name, from, "chown root", why);

	free(why);
	return status;
}

static int refuse_mode(const char *name, const struct place *from, const struct stat *st)
{
	bool group = st->st_mode & 020, all = st->st_mode & 002;
	char *why = xasprintf("is writable by %s (mode %04o)", group && all
			      ? "its group and everyone else" : group ? "its group" : "everyone",
			      (unsigned int)st->st_mode & 07777);
	int status = refuse_with(name, from, group && all ? "chmod go-w" : group ? "chmod g-w" :
				 "chmod o-w", why);

	free(why);
	return status;
}

static int check_trust(const char *name, const struct place *from, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return file_refuse(from, "the configuration '%s' is %s; name a file", name,
				   kind_of(st->st_mode));
	if (st->st_uid && st->st_uid != geteuid())
		return refuse_owner(name, from, st);
	if (st->st_mode & 022)
		return refuse_mode(name, from, st);
	if (st->st_size > (off_t)SIZE_LIMIT)
		return file_refuse(from, "the configuration '%s' is %lld bytes long; at most %u "
				   "are read", name, (long long)st->st_size, SIZE_LIMIT);
	return 0;
}

/* What to do if others may change the way to the configuration. */
static const char *way_hint(const char *name)
{
	const size_t length = strlen(CONFIG_FOLDER);

	if (!strncmp(name, CONFIG_FOLDER, length) && (!name[length] || name[length] == '/'))
		return "; make it root's, and writable only for root";
	return "; put the file into a folder that only root may change, such as " CONFIG_FOLDER;
}

/* The file is as good as the folders that lead to it. */
static int check_way(const char *name, const struct place *from, const struct stat *st)
{
	char *why;
	int status = trust_path_check(name, TRUST_WAY, st, &why);

	if (status)
		file_refuse(from, "cannot trust the configuration '%s': %s%s", name,
			    why ? why : strerror(errno),
			    why && errno == EACCES ? way_hint(name) : "");
	free(why);
	return status;
}

int config_file_check_folder(const char *name, const struct place *from)
{
	char *why;
	int status = trust_path_check(name, TRUST_WAY | TRUST_FOLDER, NULL, &why);

	/* Nothing is read from a folder that is not there, or not a folder. */
	if (status && why)
		file_refuse(from, "cannot trust the files in '%s': %s%s", name, why,
			    way_hint(name));
	status = why ? -1 : 0;
	free(why);
	return status;
}

/* The file may have grown since its size was checked. */
static int read_all(int fd, const struct place *from, struct config_file *file)
{
	file->data = read_to_end(fd, SIZE_LIMIT, &file->size);
	if (file->data)
		return 0;
	if (errno == EFBIG)
		return file_refuse(from, "the configuration '%s' is longer than %u bytes, the most that are read",
				   file->name, SIZE_LIMIT);
	return file_refuse(from, "cannot read the configuration '%s': %s", file->name,
			   strerror(errno));
}

/* Reports the first byte that a text file cannot have, by kind. */
static int check_text(const struct config_file *file)
{
	const unsigned char *c = (unsigned char *)file->data, *end = c + file->size;
	unsigned int line = 1;

	while (c < end) {
		size_t length = utf8_length(c, end);

		if (!*c || !length) {
			diag_error_at(file->name, line, "not a text file: byte 0x%02x is not %s", *c,
				      *c ? "UTF-8" : "text");
			return -1;
		}
		if (*c == '\r' && c + 1 < end && c[1] == '\n') {
			c++;
			continue;
		}
		if ((*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f) {
			diag_error_at(file->name, line, "control character 0x%02x; remove it", *c);
			return -1;
		}
		line += *c == '\n';
		c += length;
	}
	return 0;
}

/* Opens what is read and checks whether it can be trusted. Returns the descriptor, or -1. */
static int open_trusted(const char *name, const char *copy, const struct place *from,
			struct config_file *file)
{
	const char *path = copy ? copy : name;
	/* Without O_NONBLOCK, opening a FIFO would wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	*file = (struct config_file){ 0 };
	if (fd < 0)
		return cannot_open(path, from, errno);
	if (fstat(fd, &st) < 0)
		file_refuse(from, "cannot stat the configuration '%s': %s", path, strerror(errno));
	else if (!check_trust(path, from, &st) && !check_way(path, from, &st)) {
		file->name = xstrdup(name);
		file->dev = st.st_dev;
		file->ino = st.st_ino;
		file->changed = st.st_mtim;
		return fd;
	}
	close(fd);
	return -1;
}

static int read_once(const char *name, const char *copy, const struct place *from,
		     struct config_file *file)
{
	int fd = open_trusted(name, copy, from, file);
	int ret;

	if (fd < 0)
		return -1;
	ret = read_all(fd, from, file);
	close(fd);
	if (ret)
		config_file_clear(file);
	return ret;
}

static bool same_file(const struct config_file *a, const struct config_file *b)
{
	return a->dev == b->dev && a->ino == b->ino &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static bool same_contents(const struct config_file *a, const struct config_file *b)
{
	return same_file(a, b) && a->size == b->size && !memcmp(a->data, b->data, a->size);
}

/* Whether it changed so recently, by the clock of the host, that its writer may not be done. */
static bool is_fresh(const struct config_file *file)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_REALTIME, &now);
	if (llabs((long long)now.tv_sec - (long long)file->changed.tv_sec) > CONFIG_FRESH_MS)
		return false; /* by far, so that the product below cannot overflow */
	ms = ((int64_t)now.tv_sec - file->changed.tv_sec) * 1000 +
	     (now.tv_nsec - file->changed.tv_nsec) / 1000000;
	return llabs((long long)ms) < CONFIG_FRESH_MS;
}

/* Sets changed if the name now leads to another file, or the file has changed since. */
static int look_again(const char *copy, const struct place *from, const struct config_file *file,
		      bool *changed)
{
	struct config_file now;
	int fd = open_trusted(file->name, copy, from, &now);

	if (fd < 0)
		return -1;
	close(fd);
	*changed = !same_file(file, &now);
	config_file_clear(&now);
	return 0;
}

/*
 * Reads it again until it is the same after a pause. Half of the time limit is left to put
 * the last good configuration in force.
 */
static int settle(const char *copy, const struct place *from, struct config_file *file)
{
	unsigned int left = deadline_left() / 2;
	uint64_t end = clock_ms() + (left < CONFIG_CHANGES_MS ? left : CONFIG_CHANGES_MS);
	uint64_t patient = clock_ms() + 2 * CONFIG_PAUSE_MS;
	bool same = false, changed;

	if (look_again(copy, from, file, &changed))
		return -1;
	if (!changed && !is_fresh(file))
		return 0;
	while (!same) {
		struct config_file before = *file;
		int status;

		if (clock_ms() >= end)
			return file_refuse(from, "the configuration '%s' keeps changing; is "
					   "something writing it all the time?", file->name);
		/* A file that is whole takes one pause, which nobody notices. */
		if (clock_ms() >= patient)
			diag_wait("the configuration to stay the same", (unsigned int)(end - clock_ms()));
		diag_step(2, "'%s' has just changed; reading it again in %d ms", file->name,
			  CONFIG_PAUSE_MS);
		sleep_ms(CONFIG_PAUSE_MS);
		*file = (struct config_file){ 0 };
		status = deadline_check() || read_once(before.name, copy, from, file) ? -1 : 0;
		same = !status && same_contents(&before, file);
		config_file_clear(&before);
		if (status)
			return -1;
	}
	return 0;
}

int config_file_read(const char *name, const char *copy, const struct place *from,
		     struct config_file *file)
{
	if (from)
		own_files_add(name);
	else
		own_files_begin(name);
	/* As everywhere, an empty file, which nobody can change. */
	if (!from && !copy && !strcmp(name, "/dev/null")) {
		*file = (struct config_file){ .name = xstrdup(name), .data = xstrdup("") };
		return 0;
	}
	if (read_once(name, copy, from, file))
		return -1;
	if (!settle(copy, from, file) && !check_text(file))
		return 0;
	config_file_clear(file);
	return -1;
}
