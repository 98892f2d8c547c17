/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply.h"

#include <string.h>

#include "deadline.h"
#include "diag.h"
#include "dockerd_find.h"
#include "guard.h"
#include "guard_names.h"
#include "read_set.h"
#include "snapshot_read.h"

/* If time runs out from here on, the message shows that a write was made. */
#define AFTER_THE_WRITE "reading again, after the write"

static bool is_of_guard(const struct edit *edit)
{
	return !strcmp(edit->table, GUARD_TABLE);
}

/* The error that was reported is then none. */
static void leave_guard_out(struct session *session)
{
	session->guard_refused = true;
	diag_forget();
	diag_warning("going on without the guard");
}

/* One batch; without the guard if the kernel refuses that. */
static int commit_nft(struct session *session, struct backend *backend, const struct state *base,
		      struct edits *edits)
{
	int status = backend->ops->commit(backend, base->snapshot, edits);

	if (status != BACKEND_GUARD_REFUSED)
		return status;
	leave_guard_out(session);
	edits_clear(edits);
	state_plan(session, base, edits);
	return edits->n ? backend->ops->commit(backend, base->snapshot, edits) : BACKEND_OK;
}

/* ip_tables has no guard: its edits are left for write_guard(). */
static int commit_legacy(struct backend *backend, const struct state *base, struct edits *edits)
{
	struct edits filter = { 0 };

	for (size_t i = 0; i < edits->n; i++)
		if (!is_of_guard(&edits->v[i]))
			edits_move(&filter, &edits->v[i]);
	edits_clear(edits);
	*edits = filter;
	return edits->n ? backend->ops->commit(backend, base->snapshot, edits) : BACKEND_OK;
}

static int write_once(struct session *session, struct backend *backend, struct state *base,
		      struct edits *edits)
{
	int status = snapshot_read_once(backend, session->policy, state_tables(&base->dockerd),
					select_judged, &base->snapshot);

	if (status)
		return status;
	if (state_complete(session, base))
		return BACKEND_FAILED;
	state_check(session, base);
	state_plan(session, base, edits);
	if (!edits->n)
		return BACKEND_OK;
	return backend->ops->kind == BACKEND_NFT ? commit_nft(session, backend, base, edits)
						 : commit_legacy(backend, base, edits);
}

static int write_guard_once(const struct session *session, struct backend *nft,
			    const struct state *base, struct edits *edits)
{
	static const char *const tables[] = { GUARD_TABLE, NULL };
	struct snapshot *own;
	int status = snapshot_read_once(nft, session->policy, tables, select_guard, &own);

	if (status)
		return status;
	guard_plan(state_policy(session, base), base->snapshot, own->absent ? NULL : own, edits);
	if (edits->n)
		status = nft->ops->commit(nft, own, edits);
	snapshot_free(own);
	return status;
}

/* The guard of a host with ip_tables, after DOCKER-USER; adds what was written to edits. */
static int write_guard(struct session *session, const struct state *base, struct edits *edits)
{
	struct edits guard = { 0 };
	unsigned int tries = 0;
	int status;

	do {
		struct backend *nft = session->backends[BACKEND_NFT]->open(true);

		if (!nft)
			return -1;
		edits_clear(&guard);
		status = write_guard_once(session, nft, base, &guard);
		nft->ops->close(nft);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	if (status == BACKEND_GUARD_REFUSED)
		leave_guard_out(session);
	for (size_t i = 0; !status && i < guard.n; i++)
		edits_move(edits, &guard.v[i]);
	edits_clear(&guard);
	return status == BACKEND_GUARD_REFUSED ? 0 : status;
}

int apply_plan(struct session *session, struct state *base, struct edits *edits)
{
	unsigned int tries = 0;
	int status;

	*base = (struct state){ 0 };
	deadline_step("repairing");
	do {
		struct backend *backend;

		edits_clear(edits);
		state_clear(base);
		if (dockerd_find(&base->dockerd))
			return -1;
		backend = session->ops->open(true);
		if (!backend)
			return -1;
		status = write_once(session, backend, base, edits);
		session->ops->close(backend);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	if (!status && session->ops->kind != BACKEND_NFT && !session->guard_refused)
		status = write_guard(session, base, edits);
	if (!status && edits->n)
		deadline_step(AFTER_THE_WRITE);
	return status ? -1 : 0;
}

int apply_seen(struct session *session, const struct state *seen, const struct edits *edits)
{
	const struct backend_ops *ops = session->ops;
	struct backend *backend;
	int status;

	if (ops->kind != BACKEND_NFT)
		return 1;
	deadline_step("repairing");
	backend = ops->open(true);
	if (!backend)
		return -1;
	status = ops->commit(backend, seen->snapshot, edits);
	ops->close(backend);
	if (!status)
		deadline_step(AFTER_THE_WRITE);
	if (status == BACKEND_GUARD_REFUSED) {
		leave_guard_out(session);
		return 1;
	}
	return status == BACKEND_CHANGED ? 1 : status ? -1 : 0;
}
