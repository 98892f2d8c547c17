/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_view.h"

#include "cmd.h"
#include "deadline.h"
#include "guard_names.h"
#include "netinfo_read.h"
#include "other_filters.h"
#include "put_file.h"
#include "read_set.h"
#include "sets.h"
#include "snapshot_read.h"
#include "walk.h"

/* The guard is in nf_tables, whatever the backend; a kernel without it has none. */
static int read_guard(struct view *view, const struct session *session)
{
	static const char *const guard[] = { GUARD_TABLE, NULL };

	if (session->ops->kind == BACKEND_NFT)
		return 0;
	return snapshot_read(cmd_backends[BACKEND_NFT], session->policy, guard, select_all,
			     &view->guard);
}

int view_read_tables(struct view *view, const struct session *session)
{
	/* What Docker's bridges are is in the tables of IPv4, also where it has none of IPv6. */
	const struct policy all = { .families = session->policy->families | 1U << FAMILY_IPV4 };

	deadline_step("reading all tables");
	if (snapshot_read(session->ops, &all, walk_tables, select_all, &view->snapshot) ||
	    read_guard(view, session) ||
	    other_filters_read(cmd_backends, view->snapshot, &view->others) ||
	    netinfo_read(&view->info) ||
	    sets_read(view->snapshot, view->guard, &view->others, &view->sets))
		return -1;
	view->world = (struct world){ .snapshot = view->snapshot, .others = &view->others,
				      .info = &view->info, .guard = view->guard,
				      .sets = &view->sets };
	return 0;
}

int view_read(struct view *view, const struct options *options, unsigned int families)
{
	struct policy *configured;

	*view = (struct view){ .options = options };
	if (configuration_view(&view->configuration, options) || output_check(options->output))
		return -1;
	configured = view->configuration.policy;
	cmd_override(configured, options);
	if (families)
		configured->families = families;
	if (session_open(&view->session, cmd_backends, configured) ||
	    view_read_tables(view, &view->session) || unjudged_read(&view->unjudged, configured))
		return -1;
	unjudged_warn(&view->unjudged);
	return 0;
}

void view_clear_tables(struct view *view)
{
	ipsets_clear(&view->sets);
	unjudged_clear(&view->unjudged);
	netinfo_clear(&view->info);
	other_filters_clear(&view->others);
	snapshot_free(view->guard);
	snapshot_free(view->snapshot);
}

void view_clear(struct view *view)
{
	view_clear_tables(view);
	session_close(&view->session);
	configuration_clear(&view->configuration);
}

int view_put(const struct view *view, int (*write)(FILE *out, void *data), void *data)
{
	const struct options *options = view->options;

	/* Where nothing had to wait, nothing has looked at the time. */
	if (deadline_check())
		return -1;
	return options->format == FORMAT_JSON ? output_put(options->output, write, data)
					      : output_put_text(options->output, write, data);
}

int view_write_json(const struct view *view, FILE *out, const char *key, json_t *value)
{
	json_t *root;

	if (!value)
		return -1;
	root = json_made(json_object());
	json_set_checked(root, "version", json_text(VERSION));
	json_set_checked(root, "backend", json_text(backend_kind_name(view->session.ops->kind)));
	json_set_checked(root, "unknown", unjudged_json(&view->unjudged));
	json_set_checked(root, key, value);
	json_write(root, out);
	return 0;
}
