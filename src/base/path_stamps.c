/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "path_stamps.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "full_path.h"

struct path_stamp {
	char *path; /* owned */
	uint64_t stamp;
};

/* FNV-1a, a number at a time. */
static void add(uint64_t *stamp, uint64_t number)
{
	for (unsigned int i = 0; i < sizeof(number); i++)
		*stamp = (*stamp ^ (number >> 8 * i & 0xff)) * 0x100000001b3;
}

/* In a folder that is only on the way, other files come and go. */
static void add_step(uint64_t *stamp, const char *step, bool last)
{
	struct stat st = { 0 };

	if (lstat(step, &st))
		st = (struct stat){ 0 };
	add(stamp, st.st_dev);
	add(stamp, st.st_ino);
	add(stamp, st.st_mode);
	add(stamp, st.st_uid);
	add(stamp, st.st_gid);
	if (!last && S_ISDIR(st.st_mode))
		return;
	add(stamp, (uint64_t)st.st_size);
	add(stamp, (uint64_t)st.st_mtim.tv_sec);
	add(stamp, (uint64_t)st.st_mtim.tv_nsec);
	add(stamp, (uint64_t)st.st_ctim.tv_sec);
	add(stamp, (uint64_t)st.st_ctim.tv_nsec);
}

static uint64_t stamp_of(const char *path)
{
	struct strings steps = { 0 };
	uint64_t stamp = 0xcbf29ce484222325;

	free(full_path_steps(path, &steps));
	for (size_t i = 0; i < steps.n; i++)
		add_step(&stamp, steps.v[i], i + 1 == steps.n);
	strings_clear(&steps);
	return stamp;
}

static const struct path_stamp *find(const struct path_stamps *stamps, const char *path)
{
	for (size_t i = 0; i < stamps->n; i++)
		if (!strcmp(stamps->v[i].path, path))
			return &stamps->v[i];
	return NULL;
}

void path_stamps_set(struct path_stamps *stamps, const struct strings *paths)
{
	struct path_stamps before = *stamps;

	*stamps = (struct path_stamps){ 0 };
	for (size_t i = 0; i < paths->n; i++) {
		const struct path_stamp *known = find(&before, paths->v[i]);

		if (find(stamps, paths->v[i]))
			continue;
		GROW(stamps->v, stamps->n, stamps->room);
		stamps->v[stamps->n++] = (struct path_stamp){
			.path = xstrdup(paths->v[i]),
			.stamp = known ? known->stamp : stamp_of(paths->v[i]),
		};
	}
	path_stamps_clear(&before);
}

bool path_stamps_changed(struct path_stamps *stamps)
{
	bool changed = false;

	for (size_t i = 0; i < stamps->n; i++) {
		uint64_t stamp = stamp_of(stamps->v[i].path);

		changed |= stamp != stamps->v[i].stamp;
		stamps->v[i].stamp = stamp;
	}
	return changed;
}

void path_stamps_clear(struct path_stamps *stamps)
{
	for (size_t i = 0; i < stamps->n; i++)
		free(stamps->v[i].path);
	free(stamps->v);
	*stamps = (struct path_stamps){ 0 };
}
