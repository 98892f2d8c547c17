/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "paths.h"
#include "read_file.h"
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

static int cannot_open(const char *name, const struct place *from, int error)
{
	const char *hint = "";

	if (error == EACCES)
		hint = "; run as a user who may read it";
	else if (error == ENOENT && !from && !strcmp(name, CONFIG_FILE))
		hint = "; 'dockfw-check --capture' prints one for the rules that are in force now";
	else if (error == ENOENT && !from)
		hint = "; the usual one is " CONFIG_FILE ", and 'dockfw-check --capture' prints "
		       "one for the rules that are in force now";
	return file_refuse(from, "cannot open the configuration '%s': %s%s", name,
			   strerror(error), hint);
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

static int check_trust(const char *name, const struct place *from, const struct stat *st)
{
	const char *who = NULL, *fix = NULL;

	if (!S_ISREG(st->st_mode))
		return file_refuse(from, "the configuration '%s' is %s; name a file", name,
				   kind_of(st->st_mode));
	if (st->st_uid && st->st_uid != geteuid())
		return file_refuse(from, "the configuration '%s' belongs to user %lu, who may "
				   "change it; run: chown root '%s'", name, (unsigned long)st->st_uid, name);
	if ((st->st_mode & 022) == 022) {
		who = "its group and everyone else";
		fix = "go-w";
	} else if (st->st_mode & 020) {
		who = "its group";
		fix = "g-w";
	} else if (st->st_mode & 002) {
		who = "everyone";
		fix = "o-w";
	}
	if (who)
		return file_refuse(from, "the configuration '%s' is writable by %s (mode %04o); "
				   "run: chmod %s '%s'", name, who, (unsigned int)st->st_mode & 07777,
				   fix, name);
	if (st->st_size > (off_t)SIZE_LIMIT)
		return file_refuse(from, "the configuration '%s' is %lld bytes long; at most %u "
				   "are read", name, (long long)st->st_size, SIZE_LIMIT);
	return 0;
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

int config_file_read(const char *name, const struct place *from, struct config_file *file)
{
	/* Without O_NONBLOCK, opening a FIFO would wait for a writer. */
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int ret = -1;

	*file = (struct config_file){ 0 };
	if (fd < 0)
		return cannot_open(name, from, errno);
	if (fstat(fd, &st) < 0) {
		file_refuse(from, "cannot stat the configuration '%s': %s", name, strerror(errno));
		goto out;
	}
	if (check_trust(name, from, &st))
		goto out;
	file->name = xstrdup(name);
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	if (!read_all(fd, from, file) && !check_text(file))
		ret = 0;
out:
	close(fd);
	if (ret)
		config_file_clear(file);
	return ret;
}
