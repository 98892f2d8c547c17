/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply.h"

#include "check.h"
#include "deadline.h"
#include "dockerd_find.h"
#include "plan.h"
#include "read_set.h"
#include "snapshot_read.h"

/* If time runs out from here on, the message shows that a write was made. */
#define BEHIND_THE_WRITE "reading again, after the write"

static int write_once(struct backend *backend, const struct policy *policy, struct state *base,
		      struct edits *edits)
{
	int status = snapshot_read_once(backend, policy, state_tables(&base->dockerd),
					select_judged, &base->snapshot);

	if (status)
		return status;
	check(policy, base->snapshot, &base->dockerd, &base->findings);
	plan(policy, base->snapshot, edits);
	return edits->n ? backend->ops->commit(backend, base->snapshot, edits) : BACKEND_OK;
}

int apply_plan(const struct session *session, struct state *base, struct edits *edits)
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
		status = write_once(backend, session->policy, base, edits);
		session->ops->close(backend);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	if (!status && edits->n)
		deadline_step(BEHIND_THE_WRITE);
	return status ? -1 : 0;
}

int apply_seen(const struct session *session, const struct state *seen, const struct edits *edits)
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
		deadline_step(BEHIND_THE_WRITE);
	return status == BACKEND_CHANGED ? 1 : status ? -1 : 0;
}
