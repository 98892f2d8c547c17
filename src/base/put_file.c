/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "put_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "util.h"

/* What the operator can do if the file cannot be created. */
static const char *hint(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "; its directory must exist";
	case EACCES:
		return "; its directory must belong to the user who runs this, even if that is root";
	case EROFS:
		return "; a systemd unit must name its directory in ReadWritePaths=";
	default:
		return "";
	}
}

/* Any write error shows here at the latest: a full disk, a closed pipe. */
static int finish(FILE *out, const char *name)
{
	bool failed = ferror(out);

	if (fflush(out) || failed) {
		diag_error("cannot write to %s: %s", name, strerror(errno));
		return -1;
	}
	return 0;
}

static int put_in_place(FILE *out, const char *temporary, const char *path)
{
	/* mkstemp() creates it with 0600; a collector may read it as another user. */
	if (fchmod(fileno(out), 0644) < 0 || fsync(fileno(out)) < 0 ||
	    rename(temporary, path) < 0) {
		diag_error("cannot put '%s' in place: %s%s", path, strerror(errno), hint(errno));
		return -1;
	}
	return 0;
}

/*
 * Only a regular file is replaced: a device, or a link such as /dev/stdout, would be
 * lost for every program on the host. If one appears there later, the rename replaces
 * it and never follows it.
 */
static int may_be_replaced(const char *path)
{
	struct stat there;

	if (lstat(path, &there) < 0 || S_ISREG(there.st_mode))
		return 0;
	diag_error("cannot put a report in place of '%s': it is not a regular file; name a file, or omit --output for standard output",
		   path);
	return -1;
}

static int put_file(const char *path, int (*write)(FILE *out, void *data), void *data)
{
	char *copy = xstrdup(path);
	/* In the same directory, so that the rename stays on one file system. The name
	 * must not end in .prom, or a collector would read a half-written file. */
	char *temporary = xasprintf("%s/.dockfw-XXXXXX", dirname(copy));
	int fd = mkostemp(temporary, O_CLOEXEC), status = -1;
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	char *quoted = xasprintf("'%s'", path);

	if (!out) {
		diag_error("cannot create a file next to '%s': %s%s", path, strerror(errno),
			   hint(errno));
		if (fd >= 0)
			close(fd);
	} else {
		if (!write(out, data) && !finish(out, quoted))
			status = put_in_place(out, temporary, path);
		fclose(out);
	}
	if (status && fd >= 0)
		unlink(temporary);
	free(quoted);
	free(temporary);
	free(copy);
	return status;
}

int output_put(const char *path, int (*write)(FILE *out, void *data), void *data)
{
	if (path)
		return may_be_replaced(path) ? -1 : put_file(path, write, data);
	return write(stdout, data) || finish(stdout, "standard output") ? -1 : 0;
}

static bool is_terminal(const char *path)
{
	return !path && isatty(STDOUT_FILENO);
}

bool output_colour(const char *path)
{
	const char *term = getenv("TERM");

	return is_terminal(path) && !getenv("NO_COLOR") && term && strcmp(term, "dumb");
}

unsigned int output_width(const char *path)
{
	struct winsize size;

	return is_terminal(path) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
