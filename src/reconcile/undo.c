/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "undo.h"

#include "deadline.h"
#include "diag.h"
#include "guard_names.h"
#include "plan_undo.h"
#include "read_set.h"
#include "snapshot_read.h"
#include "util.h"

/* What is taken back in one backend. */
struct part {
	const struct backend_ops *ops;
	const struct snapshot *before;
	const char *tables[3]; /* ended by NULL */
};

static int undo_once(const struct session *session, const struct repair *repair,
		     const struct part *part, struct backend *backend)
{
	const struct edits *const written[] = { &repair->edits, &repair->later };
	struct snapshot *now = NULL;
	struct edits edits = { 0 };
	int status = snapshot_read_once(backend, session->policy, part->tables, select_all, &now);

	if (status)
		return status;
	for (int family = 0; family < FAMILY_COUNT; family++)
		for (size_t t = 0; part->tables[t]; t++) {
			const struct undo undo = {
				.before = part->before, .written = written, .n = ARRAY_SIZE(written),
				.family = (enum family)family, .table = part->tables[t],
			};

			plan_undo(&undo, now, &edits);
		}
	if (edits.n)
		status = backend->ops->commit(backend, now, &edits, NULL);
	edits_clear(&edits);
	snapshot_free(now);
	return status;
}

static int undo_part(const struct session *session, const struct repair *repair, const struct part *part)
{
	unsigned int tries = 0;
	int status;

	do {
		struct backend *backend = part->ops->open(true);

		if (!backend)
			return -1;
		status = undo_once(session, repair, part, backend);
		backend->ops->close(backend);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status ? -1 : 0;
}

int undo_repair(const struct session *session, const struct repair *repair, unsigned int *done)
{
	const bool nft = session->ops->kind == BACKEND_NFT;
	const struct part all = { session->ops, repair->found.snapshot,
				  { "filter", nft ? GUARD_TABLE : NULL, NULL } };
	const struct part guard = { session->backends[BACKEND_NFT], state_guard(&repair->found),
				    { GUARD_TABLE, NULL, NULL } };
	const bool apart = !nft && guard.before;

	deadline_step("undoing the repair");
	/* The guard first: it may be what keeps the operator out. */
	if (apart && !(*done & UNDO_GUARD) && !undo_part(session, repair, &guard))
		*done |= UNDO_GUARD;
	if (!(*done & UNDO_TABLES) && !undo_part(session, repair, &all))
		*done |= apart ? UNDO_TABLES : UNDO_TABLES | UNDO_GUARD;
	return *done == (UNDO_TABLES | UNDO_GUARD) ? 0 : -1;
}

bool undo_can(const struct session *session, const struct state *found)
{
	const struct snapshot *own = state_guard(found);
	struct edits edits = { 0 };
	bool can;

	state_plan(session, found, &edits);
	can = plan_undo_can(found->snapshot, &edits) && (!own || plan_undo_can(own, &edits));
	edits_clear(&edits);
	if (!can)
		diag_error("nothing was written: the repair would delete a rule or a chain of nft's that could "
			   "not be put back exactly; delete it yourself, or use --repair");
	return can;
}
