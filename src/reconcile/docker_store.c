/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "docker_copy.h"
#include "json.h"
#include "paths.h"
#include "put_file.h"
#include "read_file.h"
#include "trust_path.h"
#include "util.h"

/* 100,000 published ports have less. */
#define FILE_MOST (512U * 1024 * 1024)

/* Returns the descriptor of a file that only root or this user can have written; else -1, and *why. */
static int open_trusted(char **why)
{
	int fd = trust_path_open(DOCKER_COPY, TRUST_WAY | TRUST_NO_LAST_LINK, why);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st))
		*why = xstrdup(strerror(errno));
	else if (!S_ISREG(st.st_mode) || !trust_owner(&st) || st.st_mode & 022)
		*why = xstrdup("others may write it");
	else
		return trust_path_reopen(fd);
	close(fd);
	return -1;
}

/* Returns NULL and *why, unless that is NULL: there is no file. */
static json_t *load(char **why)
{
	int fd = open_trusted(why);
	json_error_t error;
	json_t *root = NULL;
	size_t size;
	char *text;

	if (fd < 0) {
		if (!*why && errno != ENOENT)
			*why = xstrdup(strerror(errno));
		return NULL;
	}
	text = read_to_end(fd, FILE_MOST, &size);
	if (!text)
		*why = xstrdup(strerror(errno));
	else if (!(root = json_loadb(text, size, 0, &error)))
		*why = xasprintf("it is not JSON: line %d: %s", error.line, error.text);
	free(text);
	close(fd);
	return root;
}

void docker_store_read(struct docker_keep *keep)
{
	struct docker_keep stored = { 0 };
	char *why = NULL;
	json_t *root = load(&why);

	if (root && !docker_copy_from_json(root, &stored))
		why = xstrdup("it is not a copy of Docker's chains");
	json_decref(root);
	if (why)
		diag_step(1, "'" DOCKER_COPY "' is not used: %s", why);
	free(why);
	if (keep->dockerd && keep->started && stored.dockerd == keep->dockerd && stored.started == keep->started) {
		docker_keep_clear(keep);
		*keep = stored;
	} else {
		docker_keep_clear(&stored);
	}
}

static int write_copy(FILE *out, void *data)
{
	json_write(docker_copy_to_json(data), out);
	return 0;
}

int docker_store_write(const struct docker_keep *keep)
{
	/* Below systemd they are there, and belong to the unit's user. */
	if ((mkdir(STAMP_FOLDER, 0755) && errno != EEXIST) || (mkdir(DOCKER_COPY_FOLDER, 0700) && errno != EEXIST)) {
		diag_error("cannot create '" DOCKER_COPY_FOLDER "': %s", strerror(errno));
		return -1;
	}
	return output_put(DOCKER_COPY, write_copy, (void *)keep);
}
