/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "own_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "full_path.h"
#include "util.h"

static struct strings files; /* the first one includes the others; as long as the process */
static const char *last_good;

void own_files_begin(const char *path)
{
	strings_clear(&files);
	strings_add(&files, path);
}

void own_files_add(const char *path)
{
	if (!strings_has(&files, path))
		strings_add(&files, path);
}

void own_files_folder(const char *folder)
{
	last_good = folder;
}

/* Whether both names lead to the same file, or would. st is of the first; NULL: it is missing. */
static bool is_same(const char *full, const struct stat *st, const char *own)
{
	struct stat there;
	char *own_full;
	bool same;

	if (st && !stat(own, &there))
		return st->st_dev == there.st_dev && st->st_ino == there.st_ino;
	own_full = full_path(own);
	same = !strcmp(own_full, full);
	free(own_full);
	return same;
}

static bool is_in(const char *full, const char *folder)
{
	char *own = full_path(folder);
	size_t length = strlen(own);
	bool in = !strncmp(full, own, length) && full[length] == '/';

	free(own);
	return in;
}

const char *own_files_what(const char *path)
{
	struct stat st;
	bool there = !stat(path, &st);
	const char *what = NULL;
	char *full;

	/* No report is put in place of a device, whatever it is. */
	if (there && !S_ISREG(st.st_mode))
		return NULL;
	full = full_path(path);
	for (size_t i = 0; i < files.n && !what; i++)
		if (is_same(full, there ? &st : NULL, files.v[i]))
			what = i ? "the configuration includes it" : "it is the configuration";
	if (!what && last_good && is_in(full, last_good))
		what = "its folder is that of the last good configurations";
	free(full);
	return what;
}
