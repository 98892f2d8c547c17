/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_keep.h"

#include "deadline.h"
#include "docker_proxies.h"
#include "netinfo_read.h"
#include "read_set.h"
#include "snapshot_read.h"

void docker_keep_clear(struct docker_keep *keep)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		snapshot_free(keep->kept[family]);
	proxies_clear(&keep->proxies);
	*keep = (struct docker_keep){ 0 };
}

/* What decides whether a rule of the copy is still for something. */
struct facts {
	struct netinfo info;
	struct proxies proxies;
	struct docker_facts v;
};

static int facts_read(const struct docker_keep *keep, struct facts *facts)
{
	*facts = (struct facts){ .v = { &facts->info, &facts->proxies, &keep->proxies } };
	return netinfo_read(&facts->info) || proxies_read(&facts->proxies) ? -1 : 0;
}

static void facts_clear(struct facts *facts)
{
	netinfo_clear(&facts->info);
	proxies_clear(&facts->proxies);
}

/* Adds the edits for each family that has a copy. */
static struct docker_loss plan(const struct docker_keep *keep, const struct snapshot *now,
			       const struct facts *facts, struct edits *edits)
{
	struct docker_loss sum = { 0 };

	for (int family = 0; family < FAMILY_COUNT; family++) {
		struct docker_loss loss;

		if (!keep->kept[family])
			continue;
		loss = docker_restore_plan(keep->kept[family], now, &facts->v, edits);
		sum.certain += loss.certain;
		sum.left_out += loss.left_out;
	}
	return sum;
}

static void take(struct docker_keep *keep, const struct snapshot *now, struct facts *facts,
		 bool unfinished, enum docker_kept_state *state)
{
	bool any = false, all = true, same = proxies_same(&keep->proxies, &facts->proxies);

	for (int family = 0; family < FAMILY_COUNT; family++) {
		enum docker_whole whole = docker_is_whole(now, (enum family)family, &facts->proxies);

		if (whole == DOCKER_WHOLE || (unfinished && whole == DOCKER_UNFINISHED)) {
			struct snapshot *kept = docker_kept(now, (enum family)family);

			same = same && keep->kept[family] && snapshot_same(keep->kept[family], kept);
			snapshot_free(keep->kept[family]);
			keep->kept[family] = kept;
			any = true;
		} else if (whole != DOCKER_NOWHERE) {
			all = false;
		}
	}
	*state = any && all ? KEPT_NEW : any || keep->kept[0] || keep->kept[1] ? KEPT_UNFINISHED
										: KEPT_NOTHING;
	if (!any)
		return;
	keep->changed |= !same;
	proxies_clear(&keep->proxies);
	keep->proxies = facts->proxies;
	facts->proxies = (struct proxies){ 0 };
}

int docker_keep_compare(struct docker_keep *keep, const struct session *session, bool unfinished,
			enum docker_kept_state *state)
{
	struct snapshot *now;
	struct facts facts;
	struct edits edits = { 0 };
	int status;

	deadline_step("reading Docker's chains");
	if (snapshot_read(session->ops, session->policy, docker_tables, select_docker_all, &now))
		return -1;
	/* After the tables: what they have is for what exists now, or has gone since. */
	status = facts_read(keep, &facts);
	if (!status && plan(keep, now, &facts, &edits).certain)
		*state = KEPT_LOST;
	else if (!status)
		take(keep, now, &facts, unfinished, state);
	edits_clear(&edits);
	facts_clear(&facts);
	snapshot_free(now);
	return status;
}

static int restore_once(const struct docker_keep *keep, struct session *session,
			struct backend *backend, struct edits *edits, size_t *left_out)
{
	struct snapshot *now;
	struct facts facts;
	int status = snapshot_read_once(backend, session->policy, docker_tables, select_docker_all, &now);

	if (status)
		return status;
	if (facts_read(keep, &facts)) {
		status = BACKEND_FAILED;
	} else {
		struct docker_loss loss = plan(keep, now, &facts, edits);

		*left_out = loss.left_out;
		if (!loss.certain)
			edits_clear(edits);
	}
	if (!status && edits->n)
		status = backend->ops->commit(backend, now, edits, NULL);
	if (!status && edits->n && backend->ops->kind == BACKEND_NFT)
		session_wrote(session, now->generation);
	facts_clear(&facts);
	snapshot_free(now);
	return status;
}

int docker_keep_restore(const struct docker_keep *keep, struct session *session,
			struct edits *edits, size_t *left_out)
{
	unsigned int tries = 0;
	int status;

	deadline_step("restoring Docker's chains");
	do {
		struct backend *backend = session->ops->open(true);

		if (!backend)
			return -1;
		edits_clear(edits);
		status = restore_once(keep, session, backend, edits, left_out);
		session->ops->close(backend);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status ? -1 : 0;
}
