/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_view.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "config_read.h"
#include "deadline.h"
#include "guard_names.h"
#include "netinfo_read.h"
#include "other_filters.h"
#include "paths.h"
#include "read_set.h"
#include "settings.h"
#include "snapshot_read.h"
#include "walk.h"

/*
 * "Who gets in?" can be asked before there is a configuration: if none is named and the
 * default file does not exist, the defaults are used.
 */
static struct policy *read_policy(const struct options *options)
{
	if (!strcmp(options->config, CONFIG_FILE) && access(CONFIG_FILE, F_OK) < 0 &&
	    errno == ENOENT)
		return setting_default_policy();
	return config_read(options->config);
}

/* The guard is in nf_tables, whatever the backend; a kernel without it has none. */
static int read_guard(struct view *view)
{
	static const char *const guard[] = { GUARD_TABLE, NULL };

	if (view->session.ops->kind == BACKEND_NFT)
		return 0;
	return snapshot_read(cmd_backends[BACKEND_NFT], view->session.policy, guard, select_all,
			     &view->guard);
}

int view_read(struct view *view, const struct options *options, unsigned int families)
{
	*view = (struct view){ .options = options };
	view->configured = read_policy(options);
	if (!view->configured)
		return -1;
	cmd_override(view->configured, options);
	if (families)
		view->configured->families = families;
	if (session_open(&view->session, cmd_backends, view->configured))
		return -1;
	deadline_step("reading all tables");
	if (snapshot_read(view->session.ops, view->session.policy, walk_tables, select_all,
			  &view->snapshot) ||
	    read_guard(view) ||
	    other_filters_read(cmd_backends, view->session.ops->kind, &view->others) ||
	    netinfo_read(&view->info))
		return -1;
	view->world = (struct world){ .snapshot = view->snapshot, .others = &view->others,
				      .info = &view->info, .guard = view->guard };
	return 0;
}

void view_clear(struct view *view)
{
	netinfo_clear(&view->info);
	other_filters_clear(&view->others);
	snapshot_free(view->guard);
	snapshot_free(view->snapshot);
	session_close(&view->session);
	policy_free(view->configured);
}

int view_write_json(const struct view *view, FILE *out, const char *key, json_t *value)
{
	json_t *root;

	if (!value)
		return -1;
	root = json_made(json_object());
	json_set_checked(root, "version", json_text(VERSION));
	json_set_checked(root, "backend", json_text(backend_kind_name(view->session.ops->kind)));
	json_set_checked(root, key, value);
	json_write(root, out);
	return 0;
}
