/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "removal.h"

#include "deadline.h"
#include "diag.h"
#include "guard.h"
#include "guard_names.h"
#include "patience.h"
#include "plan_removal.h"
#include "read_set.h"
#include "session.h"
#include "snapshot_read.h"

/* What one try has read and planned. */
struct attempt {
	struct snapshot *snapshot;
	struct edits edits;
};

static void attempt_clear(struct attempt *attempt)
{
	snapshot_free(attempt->snapshot);
	edits_clear(&attempt->edits);
	*attempt = (struct attempt){ 0 };
}

static int remove_once(const struct removal_part *part, struct backend *backend, bool dry_run,
		       struct attempt *attempt)
{
	/* ip_tables has no table of that name, and is not asked to load one. */
	static const char *const tables[] = { "filter", GUARD_TABLE, NULL };
	int status = snapshot_read_once(backend, part->policy, part->filter ? tables : tables + 1,
					select_all, &attempt->snapshot);

	if (status)
		return status;
	plan_removal(part->policy, attempt->snapshot, &attempt->edits);
	guard_plan_removal(attempt->snapshot, part->policy->families, &attempt->edits);
	if (dry_run || !attempt->edits.n)
		return BACKEND_OK;
	return backend->ops->commit(backend, attempt->snapshot, &attempt->edits, NULL);
}

static int remove_until_unchanged(const struct removal_part *part, const struct backend_ops *ops,
				  bool dry_run, struct attempt *attempt)
{
	unsigned int tries = 0;
	int status;

	do {
		struct backend *backend = ops->open(!dry_run);

		if (!backend)
			return -1;
		attempt_clear(attempt);
		status = remove_once(part, backend, dry_run, attempt);
		ops->close(backend);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status ? -1 : 0;
}

static void say_foreign(const struct removal_part *part)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (guard_is_foreign(snapshot_table(part->snapshot, (enum family)family, GUARD_TABLE)))
			diag_warning("the table '%s " GUARD_TABLE "' is another program's, and stays",
				     family == FAMILY_IPV4 ? "ip" : "ip6");
}

/* Removes until nothing is left; the report shows what was found first. */
static int remove_part(struct removal_part *part, const struct backend_ops *ops, bool dry_run)
{
	for (int round = 0; round <= REPAIR_ROUNDS; round++) {
		struct attempt attempt = { 0 };
		int status = remove_until_unchanged(part, ops, dry_run, &attempt);
		bool done = status || dry_run || !attempt.edits.n;

		part->written |= !done;
		if (!status && !part->snapshot) {
			part->snapshot = attempt.snapshot;
			part->edits = attempt.edits;
			removal_kept(part->policy, part->snapshot, &part->kept);
			say_foreign(part);
		} else {
			attempt_clear(&attempt);
		}
		if (done)
			return status;
		deadline_step("reading again, after the write");
	}
	diag_error("another program has put back what was removed, %d times; stop it, and remove again",
		   REPAIR_ROUNDS);
	return -1;
}

int removal_run(struct removal *removal, backend_list backends, const struct policy *policy)
{
	static const enum backend_choice choices[] = {
		[BACKEND_NFT] = CHOICE_NFT, [BACKEND_LEGACY] = CHOICE_LEGACY,
	};
	unsigned int families = policy->families;

	if (session_families(&families))
		return -1;
	if (policy->backend == CHOICE_LEGACY && backend_check_built(backends[BACKEND_LEGACY], "chosen"))
		return -1;
	removal->families = families;
	/* The guard, which is in nf_tables, protects until the rest is gone. */
	for (int kind = BACKEND_KINDS; kind-- > 0;) {
		struct removal_part *part = &removal->parts[kind];

		part->filter = policy->backend == CHOICE_AUTO || policy->backend == choices[kind];
		if (!part->filter && kind != BACKEND_NFT)
			continue;
		deadline_step("removing");
		part->policy = policy_canonical(policy, families, backends[kind]->canonical);
		if (remove_part(part, backends[kind], removal->dry_run))
			return -1;
	}
	return 0;
}

void removal_clear(struct removal *removal)
{
	for (int kind = 0; kind < BACKEND_KINDS; kind++) {
		struct removal_part *part = &removal->parts[kind];

		rule_places_clear(&part->kept);
		edits_clear(&part->edits);
		snapshot_free(part->snapshot);
		policy_free(part->policy);
	}
	*removal = (struct removal){ 0 };
}
