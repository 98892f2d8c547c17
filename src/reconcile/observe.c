/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe.h"

#include "deadline.h"
#include "patience.h"
#include "plan.h"
#include "table_events.h"
#include "util.h"

static bool needs_repair(const struct policy *policy, const struct state *state)
{
	struct edits edits = { 0 };
	bool any;

	plan(policy, state->snapshot, &edits);
	any = edits.n > 0;
	edits_clear(&edits);
	return any;
}

/* Takes the newest state in place of the last; tells whether the tables differ. */
static int look(const struct backend_ops *ops, const struct policy *policy, struct state *state,
		bool *changed)
{
	struct state next;

	if (state_settle(ops, policy, &next)) {
		state_clear(&next);
		return -1;
	}
	*changed = !snapshot_same(state->snapshot, next.snapshot);
	state_clear(state);
	*state = next;
	return 0;
}

int state_stay(const struct backend_ops *ops, const struct policy *policy, uint64_t end,
	       struct state *state)
{
	struct watch *watch = watch_open(ops->kind);
	uint64_t now = clock_ms(), quiet = now + QUIET_MS;
	int status = watch ? 0 : -1;
	bool changed = false;

	deadline_step("waiting until the tables are left alone");
	while (!status && now < quiet && now < end) {
		uint64_t until = quiet < end ? quiet : end;

		status = watch_wait(watch, (unsigned int)(until - now));
		sleep_ms(BURST_MS);
		if (status || look(ops, policy, state, &changed) || deadline_check())
			status = -1;
		now = clock_ms();
		if (changed)
			quiet = now + QUIET_MS;
		if (!status && needs_repair(policy, state))
			status = 1;
	}
	watch_close(watch);
	return status;
}
