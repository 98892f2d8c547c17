/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch_docker.h"

#include "diag.h"
#include "docker_restart.h"
#include "docker_store.h"
#include "patience.h"
#include "policy.h"
#include "util.h"

void watch_docker_clear(struct watch_docker *docker)
{
	docker_keep_clear(&docker->keep);
	*docker = (struct watch_docker){ 0 };
}

/* A copy is of one session, and so is each family of it. */
static const struct snapshot *copy_of(const struct docker_keep *keep)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (keep->kept[family])
			return keep->kept[family];
	return NULL;
}

const struct backend_ops *watch_docker_backend(const struct watch_docker *docker, backend_list backends,
					       pid_t dockerd)
{
	const struct snapshot *copy = copy_of(&docker->keep);

	return copy && dockerd && docker->keep.dockerd == dockerd ? backends[copy->backend] : NULL;
}

bool watch_docker_has(const struct watch_docker *docker, const struct change_of *of)
{
	for (int family = 0; of->handle && family < FAMILY_COUNT; family++) {
		const struct snapshot *kept = docker->keep.kept[family];

		if (kept && of->family == family_af((enum family)family) &&
		    table_chain_with(snapshot_table(kept, (enum family)family, of->table), of->handle))
			return true;
	}
	return false;
}

void watch_docker_touched(struct watch_docker *docker)
{
	uint64_t now = clock_ms(), quiet = now + WATCH_KEEP_MS;

	if (!docker->first_ms)
		docker->first_ms = now;
	/* Others may write to the same tables without a pause. */
	if (quiet > docker->first_ms + WATCH_KEEP_MAX_MS)
		quiet = docker->first_ms + WATCH_KEEP_MAX_MS;
	docker->compare_ms = quiet;
}

/* dockerd is restarted, if it has not written its chains again itself. */
static int restart(struct watch_docker *docker, bool lost)
{
	uint64_t now = clock_ms();

	if (!lost) {
		docker->compare_ms = docker->lost_ms = 0;
		return 0;
	}
	if (!docker->lost_ms)
		docker->lost_ms = now;
	docker->compare_ms = docker->lost_ms + WATCH_RESTORE_MS;
	if (now < docker->compare_ms)
		return 0;
	/* What did not help is not repeated at each look. */
	docker->lost_ms = now + RESTART_PAUSE_SECONDS * 1000ULL;
	docker->compare_ms = docker->lost_ms + WATCH_RESTORE_MS;
	return docker_restart(false) == RESTART_FAILED ? -1 : 0;
}

/* Each restoration that was undone doubles the time until the next one. */
static uint64_t restore_at(const struct watch_docker *docker)
{
	uint64_t wait = WATCH_RESTORE_MS;

	for (unsigned int i = 0; i < docker->vain && wait < WATCH_RESTORE_MAX_MS; i++)
		wait *= 2;
	return docker->lost_ms + wait;
}

static int restore(struct watch_docker *docker, struct session *session,
		   struct watch_restored *restored)
{
	uint64_t now = clock_ms();

	if (docker->vain == 1)
		diag_warning("what was brought back of Docker's chains is gone again; each further try waits longer");
	if (docker_keep_restore(&docker->keep, session, &restored->edits, &restored->left_out))
		return -1;
	docker->vain += restored->edits.n > 0;
	docker->lost_ms = now;
	docker->compare_ms = now + WATCH_KEEP_MS;
	return 0;
}

static void store(struct watch_docker *docker)
{
	struct docker_keep *keep = &docker->keep;

	if (!keep->changed || !keep->started || docker->unstored)
		return;
	keep->changed = false;
	if (!docker_store_write(keep))
		return;
	docker->unstored = true;
	diag_warning("what is lost of Docker's chains while no watch runs cannot be brought back");
	diag_forget();
}

static int compare(struct watch_docker *docker, struct session *session,
		   struct watch_restored *restored)
{
	uint64_t now = clock_ms(), first = docker->first_ms ? docker->first_ms : now;
	bool unfinished = docker->unfinished_ms && now >= docker->unfinished_ms + WATCH_UNFINISHED_MS;
	enum docker_kept_state state = KEPT_NOTHING;

	docker->first_ms = 0;
	docker->compare_ms = now + WATCH_FAILED_MS;
	if (docker_keep_compare(&docker->keep, session, unfinished, &state))
		return -1;
	if (state != KEPT_UNFINISHED)
		docker->unfinished_ms = 0;
	if (state != KEPT_LOST)
		docker->lost_ms = docker->compare_ms = 0;
	store(docker);
	switch (state) {
	case KEPT_LOST:
		if (!docker->lost_ms)
			docker->lost_ms = first;
		docker->compare_ms = restore_at(docker);
		return now < docker->compare_ms ? 0 : restore(docker, session, restored);
	case KEPT_UNFINISHED:
		/* Once it was taken as it is, the next write shows whether there is more. */
		if (unfinished)
			docker->unfinished_ms = 0;
		else if (!docker->unfinished_ms)
			docker->unfinished_ms = now;
		docker->compare_ms = unfinished ? 0 : now + WATCH_KEEP_MS;
		return 0;
	case KEPT_NEW:
		docker->vain = 0;
		return 0;
	case KEPT_NOTHING:
		return 0;
	}
	return 0;
}

/* A copy of this dockerd that a watch before this one has left goes on. */
static void begin(struct watch_docker *docker, const struct dockerd *dockerd)
{
	struct docker_keep *keep = &docker->keep;

	watch_docker_clear(docker);
	keep->dockerd = dockerd->pid;
	keep->started = dockerd->started;
	docker_store_read(keep);
	watch_docker_touched(docker);
}

/*
 * Whether the copy is of another backend than the chosen one, into which it must never be
 * written: there it would be the rules of nobody. The next choice goes by a copy that was
 * just read from the file. What is of another one after that goes.
 */
static bool is_elsewhere(struct watch_docker *docker, enum backend_kind kind)
{
	struct docker_keep *keep = &docker->keep;
	const struct snapshot *copy = copy_of(keep);

	if (!copy || copy->backend == kind) {
		docker->elsewhere = false;
		return false;
	}
	if (!docker->elsewhere) {
		docker->elsewhere = true;
		docker->compare_ms = clock_ms() + WATCH_KEEP_MS;
		return true;
	}
	for (int family = 0; family < FAMILY_COUNT; family++) {
		snapshot_free(keep->kept[family]);
		keep->kept[family] = NULL;
	}
	docker->elsewhere = false;
	docker->lost_ms = 0;
	return false;
}

int watch_docker_look(struct watch_docker *docker, struct session *session, const struct dockerd *dockerd,
		      bool lost, struct watch_restored *restored)
{
	enum recovery recovery = session->policy->recovery;

	if (!dockerd->running || recovery == RECOVERY_NONE) {
		watch_docker_clear(docker);
		return 0;
	}
	if (recovery == RECOVERY_RESTART) {
		docker_keep_clear(&docker->keep);
		return restart(docker, lost);
	}
	if (docker->keep.dockerd != dockerd->pid || docker->keep.started != dockerd->started)
		begin(docker, dockerd);
	if (!docker->compare_ms || clock_ms() < docker->compare_ms)
		return 0;
	if (is_elsewhere(docker, session->ops->kind))
		return 0;
	return compare(docker, session, restored);
}
