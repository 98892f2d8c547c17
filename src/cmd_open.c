/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_open.h"

#include "cmd_view.h"
#include "deadline.h"
#include "diag.h"
#include "docker_proxies.h"
#include "find_open.h"
#include "patience.h"
#include "util.h"

static int read_all(const struct session *session, struct view *view, struct proxies *proxies)
{
	int status;

	deadline_slice(OPEN_PORTS_MS);
	status = view_read_tables(view, session) || proxies_read(proxies) ? -1 : 0;
	return deadline_slice_end() ? -1 : status;
}

void cmd_open_ports(const struct options *options, const struct session *session,
		    const struct state *state, struct open_ports *open)
{
	const struct policy *policy = state_policy(session, state);
	struct view view = { .options = options };
	struct proxies proxies = { 0 };

	if (read_all(session, &view, &proxies)) {
		open->cut = open->known = true;
		open->error = diag_first_error() ? xstrdup(diag_first_error()) : NULL;
		diag_forget();
	} else {
		view.world.proxies = &proxies;
		deadline_step("following packets to the configured ports");
		open_ports_find(policy, &view.world, policy->families, &state->findings, open);
	}
	proxies_clear(&proxies);
	view_clear_tables(&view);
}
