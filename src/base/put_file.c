/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "put_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "keep_file.h"
#include "own_files.h"
#include "safe_stream.h"
#include "trust_path.h"
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

bool output_reader_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&out, 1, 0) == 1 && out.revents & POLLERR;
}

int output_check(const char *path)
{
	const char *what = path ? own_files_what(path) : NULL;

	if (!what)
		return 0;
	diag_release(false);
	diag_error("cannot put a report in place of '%s': %s; name another file with --output",
		   path, what);
	return -1;
}

/*
 * Any write error shows here at the latest: a full disk, a closed pipe. After one, the last
 * write may have succeeded.
 */
static int finish(FILE *out, const char *name)
{
	bool failed = ferror(out);
	int error = fflush(out) ? errno : 0;

	if ((!error && !failed) || (out == stdout && output_reader_gone()))
		return 0;
	diag_error("cannot write to %s: %s", name, error ? strerror(error) : "a part is lost");
	return -1;
}

int output_end(void)
{
	return finish(stdout, "standard output");
}

/* ---- the temporary file ---- */

/*
 * In the folder of the file, so that the rename stays on one file system. Its name must
 * not end in .prom, or a collector would read a half-written file. It is locked as long
 * as it is being written: one that nobody has locked was left by a run that was killed, and
 * is removed. So it is not a name that people give to their own files.
 */
static const char temporary_begin[] = ".dockfw-tmp.", temporary_end[] = "~";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
#define TEMPORARY_LETTERS 6
#define TEMPORARY_TRIES 100

struct target {
	const struct keep *keep; /* NULL: a report, which is replaced by the next one */
	struct kept kept;
	const char *path; /* of the file */
	const char *name; /* the same in its folder */
	int folder;       /* O_PATH */
	char temporary[sizeof(temporary_begin) + TEMPORARY_LETTERS + sizeof(temporary_end)];
};

static void choose_name(struct target *target)
{
	unsigned char random[TEMPORARY_LETTERS] = { 0 };
	char *to = target->temporary + sizeof(temporary_begin) - 1;
	ssize_t ignored = getrandom(random, sizeof(random), 0);

	(void)ignored;
	memcpy(target->temporary, temporary_begin, sizeof(temporary_begin));
	for (size_t i = 0; i < TEMPORARY_LETTERS; i++)
		*to++ = letters[random[i] % (sizeof(letters) - 1)];
	memcpy(to, temporary_end, sizeof(temporary_end));
}

static bool is_temporary(const char *name)
{
	const size_t begin = sizeof(temporary_begin) - 1;

	return !strncmp(name, temporary_begin, begin) &&
	       strspn(name + begin, letters) == TEMPORARY_LETTERS &&
	       !strcmp(name + begin + TEMPORARY_LETTERS, temporary_end);
}

/* Another run may take the new file for one that was left, until it is locked. */
static bool lock_new(int fd)
{
	struct stat st;

	/* Where there are no locks, no run removes anything. */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return false;
	return fstat(fd, &st) == 0 && st.st_nlink == 1;
}

static int create_temporary(struct target *target)
{
	int fd;

	for (unsigned int tries = 0; tries < TEMPORARY_TRIES; tries++) {
		choose_name(target);
		fd = openat(target->folder, target->temporary,
			    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			return -1;
		if (fd < 0)
			continue;
		if (lock_new(fd))
			return fd;
		close(fd);
	}
	errno = EEXIST;
	return -1;
}

/* Removes the file if it is one of this user's that a killed run has left. */
static void remove_left(int folder, const char *name)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    st.st_nlink == 1) {
		fd = trust_path_reopen(fd);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(folder, name, 0);
	}
	if (fd >= 0)
		close(fd);
}

static void remove_all_left(const struct target *target)
{
	int fd = openat(target->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!folder && fd >= 0)
		close(fd);
	while (folder && (entry = readdir(folder)))
		if (is_temporary(entry->d_name))
			remove_left(target->folder, entry->d_name);
	if (folder)
		closedir(folder);
}

/* ---- the file ---- */

/*
 * Only a regular file is replaced: a device, or a link such as /dev/stdout, would be
 * lost for every program on the host. If one appears there later, the rename replaces
 * it and never follows it.
 */
static int may_be_replaced(const struct target *target)
{
	struct stat there;
	int own;

	/* That is usually reported before. */
	diag_once(true);
	own = target->keep ? 0 : output_check(target->path);
	diag_once(false);
	if (own)
		return -1;
	if (*target->name && (fstatat(target->folder, target->name, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
			      S_ISREG(there.st_mode)))
		return 0;
	diag_error(target->keep ? "cannot put '%s' in place: what is there is not a regular file"
				: "cannot put a report in place of '%s': it is not a regular file; name a file, or omit --output for standard output",
		   target->path);
	return -1;
}

/* Some file systems cannot do that with a folder. */
static void sync_folder(const struct target *target)
{
	int fd = openat(target->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		diag_warning("'%s' is in place, but a power cut may bring back what was there: %s",
			     target->path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static int put_in_place(FILE *out, const struct target *target)
{
	/* It is created with 0600; a collector may read it as another user. */
	if (target->keep && keep_old(&target->kept, target->folder, target->name, target->path,
				     fileno(out)))
		return -1;
	if ((!target->keep && fchmod(fileno(out), 0644) < 0) || fsync(fileno(out)) < 0 ||
	    renameat(target->folder, target->temporary, target->folder, target->name) < 0) {
		diag_error("cannot put '%s' in place: %s%s", target->path, strerror(errno),
			   hint(errno));
		return -1;
	}
	/* The next report replaces this one in any case. */
	if (target->keep)
		sync_folder(target);
	return 0;
}

static int put_in_folder(struct target *target, int (*write)(FILE *out, void *data), void *data)
{
	int fd, status = -1;
	FILE *out;
	char *quoted;

	remove_all_left(target);
	fd = create_temporary(target);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		diag_error("cannot create a file next to '%s': %s%s", target->path, strerror(errno),
			   hint(errno));
		if (fd >= 0)
			close(fd);
	} else {
		quoted = xasprintf("'%s'", target->path);
		if (!write(out, data) && !finish(out, quoted))
			status = put_in_place(out, target);
		fclose(out);
		free(quoted);
	}
	if (status && fd >= 0)
		unlinkat(target->folder, target->temporary, 0);
	return status;
}

/*
 * The folder may be another user's, as that of a collector often is: all is done in that
 * very folder, so its owner gets nothing but the report there.
 */
static int put_file(const char *path, const struct keep *keep,
		    int (*write)(FILE *out, void *data), void *data)
{
	struct target target = { .keep = keep, .path = path };
	char *why;
	int status;

	target.folder = trust_path_folder(path, TRUST_LINKS, &target.name, &why);
	if (target.folder < 0) {
		if (why)
			diag_error("cannot create '%s': %s", path, why);
		else
			diag_error("cannot create a file next to '%s': %s%s", path, strerror(errno),
				   hint(errno));
		free(why);
		return -1;
	}
	status = may_be_replaced(&target) ||
		 (keep && keep_look(keep, target.folder, target.name, path, &target.kept))
			 ? -1 : put_in_folder(&target, write, data);
	close(target.folder);
	return status;
}

int output_put_kept(const char *path, const struct keep *keep,
		    int (*write)(FILE *out, void *data), void *data)
{
	if (path)
		return put_file(path, keep, write, data);
	return write(stdout, data) || output_end() ? -1 : 0;
}

int output_put(const char *path, int (*write)(FILE *out, void *data), void *data)
{
	return output_put_kept(path, NULL, write, data);
}

/* ---- text ---- */

/* Set while a text is written without colours, wherever it goes. */
static bool plain;

struct text_writing {
	int (*write)(FILE *out, void *data);
	void *data;
};

/* Writes the text through a safe stream to out, or nowhere. */
static int write_safe(struct safe_stream *safe, FILE *out, const struct text_writing *text)
{
	FILE *stream = safe_stream_open(safe, out);
	int status;

	if (!stream) {
		diag_error("cannot write the report: %s", strerror(errno));
		return -1;
	}
	plain = true;
	status = text->write(stream, text->data);
	plain = false;
	fclose(stream);
	return status;
}

static int write_text(FILE *out, void *data)
{
	const struct text_writing *text = data;
	struct safe_stream safe;

	return write_safe(&safe, out, text);
}

int output_put_text(const char *path, int (*write)(FILE *out, void *data), void *data)
{
	struct text_writing text = { write, data };
	struct safe_stream safe;

	if (!output_colour(path))
		return output_put(path, write_text, &text);
	if (write_safe(&safe, NULL, &text))
		return -1;
	return safe.hidden ? output_put(path, write_text, &text) : output_put(path, write, data);
}

/* Standard output, or what another process shows it on. */
static int shown_on = STDOUT_FILENO;

void output_shown_on(int fd)
{
	shown_on = fd;
}

bool output_journal(const char *path)
{
	return !path && diag_journal(shown_on);
}

static bool is_terminal(const char *path)
{
	return !path && isatty(shown_on);
}

static enum output_colours colours;

void output_set_colour(enum output_colours when)
{
	colours = when;
}

bool output_colour(const char *path)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (plain || colours == COLOUR_NEVER)
		return false;
	return colours == COLOUR_ALWAYS ||
	       (is_terminal(path) && !(no && *no) && term && strcmp(term, "dumb"));
}

unsigned int output_width(const char *path)
{
	struct winsize size;

	return is_terminal(path) && ioctl(shown_on, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
