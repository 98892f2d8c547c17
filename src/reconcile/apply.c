/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply.h"

#include <string.h>

#include "deadline.h"
#include "diag.h"
#include "guard.h"
#include "guard_names.h"
#include "patience.h"
#include "read_set.h"
#include "refusals.h"
#include "snapshot_read.h"

/* If time runs out from here on, the message shows that a write was made. */
#define AFTER_THE_WRITE "reading again, after the write"

static bool is_of_guard(const struct edit *edit)
{
	return !strcmp(edit->table, GUARD_TABLE);
}

/* Leaves in the list only the edits of these families, bits 1U << FAMILY_…. */
static void keep_families(struct edits *edits, unsigned int families)
{
	struct edits kept = { 0 };

	for (size_t i = 0; i < edits->n; i++)
		if (families & 1U << edits->v[i].family)
			edits_move(&kept, &edits->v[i]);
	edits_clear(edits);
	*edits = kept;
}

/*
 * Carries out the edits; what is refused is noted, and then the caller reads and plans
 * again: BACKEND_REFUSED. After BACKEND_FAILED, edits has what is in force all the same.
 */
static int commit_edits(struct session *session, struct backend *backend,
			const struct snapshot *snapshot, const struct state *base,
			struct edits *edits)
{
	struct refused_edits refused = { 0 };
	int status = backend->ops->commit(backend, snapshot, edits, &refused);

	if (status == BACKEND_OK && backend->ops->kind == BACKEND_NFT)
		session_wrote(session, snapshot->generation);
	if (status == BACKEND_REFUSED &&
	    refusals_take(&session->refused, state_policy(session, base), base->snapshot, edits, &refused))
		status = BACKEND_FAILED;
	if (status == BACKEND_FAILED)
		keep_families(edits, refused.written);
	refused_edits_clear(&refused);
	return status;
}

/* Moves the edits of the guard, or the others, to the end of another list. */
static void move_some(struct edits *to, struct edits *from, bool of_guard)
{
	struct edits rest = { 0 };

	for (size_t i = 0; i < from->n; i++)
		edits_move(is_of_guard(&from->v[i]) == of_guard ? to : &rest, &from->v[i]);
	edits_clear(from);
	*from = rest;
}

static int write_once(struct session *session, struct backend *backend, struct state *base,
		      struct edits *edits)
{
	struct edits guard = { 0 };
	int status = snapshot_read_once(backend, session->policy, state_tables(&base->dockerd),
					select_judged, &base->snapshot);

	if (status)
		return status;
	if (state_complete(session, backend, base))
		return BACKEND_FAILED;
	state_check(session, base);
	state_plan(session, base, edits);
	/* ip_tables has no guard: its edits are left for write_guard(). */
	if (backend->ops->kind != BACKEND_NFT)
		move_some(&guard, edits, true);
	edits_clear(&guard);
	return edits->n ? commit_edits(session, backend, base->snapshot, base, edits) : BACKEND_OK;
}

static int write_guard_once(struct session *session, struct backend *nft, struct state *base,
			    struct edits *edits)
{
	static const char *const tables[] = { GUARD_TABLE, NULL };
	struct snapshot *own;
	int status = snapshot_read_once(nft, session->policy, tables, select_guard, &own);

	if (status)
		return status;
	state_refuse(session, base);
	guard_plan(state_policy(session, base), base->snapshot, own->absent ? NULL : own, edits);
	refusals_leave_out(&session->refused, edits);
	if (edits->n)
		status = commit_edits(session, nft, own, base, edits);
	snapshot_free(own);
	return status;
}

/*
 * Whether the loop that has come to this status goes on. What is refused may show only
 * when the rest is accepted, so that takes some rounds.
 */
static bool goes_on(int status, unsigned int *tries, unsigned int *rounds)
{
	if (status == BACKEND_REFUSED && ++*rounds > REFUSED_ROUNDS) {
		diag_error("the kernel refuses other rules each time that some are left out; "
			   "nothing was written");
		return false;
	}
	return status == BACKEND_REFUSED ? !deadline_check()
					 : status == BACKEND_CHANGED && backend_try_again(tries);
}

int apply_guard(struct session *session, struct state *base, struct edits *edits)
{
	struct edits guard = { 0 };
	unsigned int tries = 0, rounds = 0;
	int status;

	if (!(session->policy->families & ~session->refused.guard))
		return 0;
	do {
		struct backend *nft = session->backends[BACKEND_NFT]->open(true);

		if (!nft)
			return -1;
		edits_clear(&guard);
		status = write_guard_once(session, nft, base, &guard);
		nft->ops->close(nft);
	} while (goes_on(status, &tries, &rounds));
	if (!status)
		edits_move_all(edits, &guard);
	edits_clear(&guard);
	return status;
}

/* ---- the copy of the guard ---- */

/* Adds the edits that remove it in the families of the mask. */
static void drop_copies(const struct snapshot *own, unsigned int families, struct edits *edits)
{
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(own, (enum family)family, GUARD_COPY_TABLE);

		if (families & 1U << family && table && table->own)
			edits_table(edits, EDIT_DROP_TABLE, (enum family)family, GUARD_COPY_TABLE);
	}
}

/* A copy that is not what it should be would refuse what is allowed, so it goes. */
static int drop_copy(struct session *session, struct backend *nft, const struct snapshot *own)
{
	struct edits edits = { 0 };
	int status = BACKEND_OK;

	drop_copies(own, ~0U, &edits);
	if (edits.n)
		status = nft->ops->commit(nft, own, &edits, NULL);
	if (!status && edits.n)
		session_wrote(session, own->generation);
	edits_clear(&edits);
	return status;
}

static bool copy_is_of_others(const struct snapshot *own)
{
	bool is = false;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(own, (enum family)family, GUARD_COPY_TABLE);

		is |= table && (table->owned || guard_is_foreign(table));
	}
	return is;
}

/* What the kernel refuses of the guard was left out of that before. */
static int write_copy_once(struct session *session, struct backend *nft, const struct state *base,
			   bool *of_others)
{
	static const char *const tables[] = { GUARD_COPY_TABLE, NULL };
	struct edits edits = { 0 };
	struct snapshot *own;
	int status = snapshot_read_once(nft, session->policy, tables, select_guard, &own);

	if (status)
		return status;
	*of_others = copy_is_of_others(own);
	guard_plan_copy(state_policy(session, base), base->snapshot, own->absent ? NULL : own, &edits);
	keep_families(&edits, ~session->refused.guard);
	drop_copies(own, session->refused.guard, &edits);
	if (edits.n)
		status = nft->ops->commit(nft, own, &edits, NULL);
	if (!status && edits.n)
		session_wrote(session, own->generation);
	if (status == BACKEND_FAILED)
		(void)drop_copy(session, nft, own);
	edits_clear(&edits);
	snapshot_free(own);
	return status;
}

int apply_guard_copy(struct session *session, const struct state *base)
{
	unsigned int tries = 0, rounds = 0;
	bool of_others = false;
	int status;

	deadline_step("copying the guard");
	do {
		struct backend *nft = session->backends[BACKEND_NFT]->open(true);

		if (!nft)
			return -1;
		status = write_copy_once(session, nft, base, &of_others);
		nft->ops->close(nft);
	} while (goes_on(status, &tries, &rounds));
	return status ? -1 : of_others;
}

/* ---- everything ---- */

/*
 * What nobody configured was refused, and with it everything in the batch. The guard by itself
 * still closes what it refuses, in both families.
 */
static void write_guard_only(struct session *session, struct state *base, struct edits *edits)
{
	edits_clear(edits);
	(void)apply_guard(session, base, edits);
}

/*
 * With ip_tables the guard is in the other backend, which needs neither the lock nor what was
 * refused here. What is not in force in DOCKER-USER is then refused there. If base could not be
 * read, it is made for what was seen before.
 */
static void write_guard_all_the_same(struct session *session, struct state *seen,
				     struct state *base, struct edits *edits)
{
	struct state *known = base->whole ? base : seen;

	if (known->whole && deadline_left())
		(void)apply_guard(session, known, edits);
}

static int write_in_new_session(struct session *session, struct state *base, struct edits *edits)
{
	struct backend *backend;
	int status;

	if (state_find_dockerd(session, base))
		return BACKEND_FAILED;
	backend = session->ops->open(true);
	if (!backend)
		return BACKEND_FAILED;
	status = write_once(session, backend, base, edits);
	session->ops->close(backend);
	return status;
}

int apply_plan(struct session *session, struct state *seen, struct state *base,
	       struct edits *edits)
{
	unsigned int tries = 0, rounds = 0;
	int status;

	*base = (struct state){ 0 };
	deadline_step("repairing");
	do {
		edits_clear(edits);
		state_clear(base);
		status = write_in_new_session(session, base, edits);
	} while (goes_on(status, &tries, &rounds));
	if (status && status != BACKEND_FAILED)
		edits_clear(edits); /* given up, and nothing was written */
	if (status == BACKEND_FAILED && session->ops->kind == BACKEND_NFT && base->whole &&
	    session->refused.others)
		write_guard_only(session, base, edits);
	if (status && session->ops->kind != BACKEND_NFT)
		write_guard_all_the_same(session, seen, base, edits);
	if (!status && session->ops->kind != BACKEND_NFT)
		status = apply_guard(session, base, edits);
	if (!status && edits->n)
		deadline_step(AFTER_THE_WRITE);
	return status ? -1 : 0;
}

/* Another program may hold the lock until the time is over, and everything is open meanwhile. */
static int write_guard_first(struct session *session, struct state *seen, struct edits *edits)
{
	struct edits guard = { 0 };
	bool failed = apply_guard(session, seen, &guard) != 0, over = failed && !deadline_left();

	/* apply_plan() tries again, and then a failure is one of the repair. */
	if (failed && !over)
		diag_forget();
	if (!guard.n && !over)
		return 1;
	edits_clear(edits);
	*edits = guard;
	return over ? -1 : 2;
}

int apply_seen(struct session *session, struct state *seen, struct edits *edits)
{
	const struct backend_ops *ops = session->ops;
	struct backend *backend;
	int status;

	if (ops->kind != BACKEND_NFT)
		return ops->busy && ops->busy() ? write_guard_first(session, seen, edits) : 1;
	deadline_step("repairing");
	backend = ops->open(true);
	if (!backend)
		return -1;
	status = commit_edits(session, backend, seen->snapshot, seen, edits);
	ops->close(backend);
	if (status == BACKEND_FAILED && session->refused.others)
		write_guard_only(session, seen, edits);
	if (!status)
		deadline_step(AFTER_THE_WRITE);
	return status == BACKEND_CHANGED || status == BACKEND_REFUSED ? 1 : status ? -1 : 0;
}

/* Tries edits of one backend on the snapshot that it has read; what is refused is noted. */
static int try_some(struct session *session, const struct backend_ops *ops,
		    const struct snapshot *snapshot, const struct state *seen,
		    const struct edits *edits)
{
	struct refused_edits refused = { 0 };
	struct backend *backend = ops->open(false);
	int status;

	if (!backend)
		return BACKEND_FAILED;
	status = ops->try(backend, snapshot, edits, &refused);
	ops->close(backend);
	if (status == BACKEND_REFUSED &&
	    refusals_take(&session->refused, state_policy(session, seen), seen->snapshot, edits, &refused))
		status = BACKEND_FAILED;
	refused_edits_clear(&refused);
	return status;
}

static bool has_inserts(const struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++)
		if (edits->v[i].op == EDIT_INSERT)
			return true;
	return false;
}

/* With ip_tables, the guard is tried in nf_tables. */
static int try_edits(struct session *session, const struct state *seen, struct edits *edits)
{
	struct edits guard = { 0 };
	int status = BACKEND_OK;

	if (session->ops->kind != BACKEND_NFT)
		move_some(&guard, edits, true);
	if (has_inserts(edits))
		status = try_some(session, session->ops, seen->snapshot, seen, edits);
	/* Without what is refused already, it is another guard. */
	if (!status && has_inserts(&guard))
		status = try_some(session, session->backends[BACKEND_NFT], state_guard(seen), seen,
				  &guard);
	edits_move_all(edits, &guard);
	return status;
}

int apply_try(struct session *session, struct state *seen, struct edits *edits)
{
	unsigned int tries = 0, rounds = 0;

	for (;;) {
		int status = has_inserts(edits) ? try_edits(session, seen, edits) : BACKEND_OK;

		if (!status)
			return 0;
		if (!goes_on(status, &tries, &rounds))
			return 1;
		state_clear(seen);
		edits_clear(edits);
		if (state_read(session, seen))
			return -1;
		state_plan(session, seen, edits);
	}
}
