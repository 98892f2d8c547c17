/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_exposure.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config_read.h"
#include "deadline.h"
#include "paths.h"
#include "put_file.h"
#include "report_exposure.h"
#include "report_trace.h"
#include "session.h"
#include "settings.h"

/* What both modes read. */
struct view {
	const struct options *options;
	struct policy *policy;
	const struct backend_ops *ops;
	struct snapshot *snapshot;
	struct other_filters others;
	struct netinfo info;
	struct proxies proxies;
	struct exposure_list list;
	struct trace trace;
};

/*
 * The question "who gets in" comes before any configuration: where nobody named
 * one, and the usual one is not there, the defaults do.
 */
static struct policy *read_policy(const struct options *options)
{
	if (!strcmp(options->config, CONFIG_FILE) && access(CONFIG_FILE, F_OK) < 0 &&
	    errno == ENOENT)
		return setting_default_policy();
	return config_read(options->config);
}

static int read_view(struct view *view, const struct options *options)
{
	view->options = options;
	view->policy = read_policy(options);
	if (!view->policy)
		return -1;
	policy_override(view->policy, options);
	/* A packet is of the family that it is of, configured or not. */
	if (options->mode == MODE_TRACE)
		view->policy->families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	view->ops = session_backend(view->policy);
	if (!view->ops)
		return -1;
	deadline_step("reading all tables");
	if (snapshot_read(view->ops, view->policy, walk_tables, next_of_all, &view->snapshot) ||
	    other_filters_read(view->ops->kind, &view->others) || netinfo_read(&view->info))
		return -1;
	return 0;
}

static void view_clear(struct view *view)
{
	exposure_clear(&view->list);
	trace_clear(&view->trace);
	proxies_clear(&view->proxies);
	netinfo_clear(&view->info);
	other_filters_clear(&view->others);
	snapshot_free(view->snapshot);
	policy_free(view->policy);
}

/* The frame that every json answer of the program has; takes over value. */
static int write_json(FILE *out, const struct view *view, const char *key, json_t *value)
{
	json_t *root;

	if (!value)
		return -1;
	root = json_made(json_object());
	json_set_checked(root, "version", json_text(VERSION));
	json_set_checked(root, "backend", json_text(backend_kind_name(view->ops->kind)));
	json_set_checked(root, key, value);
	json_write(root, out);
	return 0;
}

static int write_exposure(FILE *out, void *data)
{
	const struct view *view = data;

	deadline_step("printing the rules that decide");
	if (view->options->format == FORMAT_JSON)
		return write_json(out, view, "exposure", report_exposure_json(&view->list));
	return view->options->quiet ? 0
	       : report_exposure_text(out, &view->list, output_colour(view->options->output),
				      output_width(view->options->output));
}

/* With --fail-if-open: what is open and not meant so is critical, what may be a warning. */
static int exposure_status(const struct view *view)
{
	if (!view->options->fail_if_open)
		return SEVERITY_OK;
	if (exposure_unallowed(&view->list))
		return SEVERITY_CRITICAL;
	return exposure_undecided(&view->list) ? SEVERITY_WARNING : SEVERITY_OK;
}

int look_exposure(const struct options *options)
{
	struct view view = { 0 };
	int status = SEVERITY_UNKNOWN;

	if (!read_view(&view, options) && !proxies_read(&view.proxies)) {
		deadline_step("following packets to the published ports");
		if (!exposure_compute(view.policy, view.snapshot, &view.others, &view.info, &view.proxies,
				      view.policy->families, &view.list) &&
		    !output_put(options->output, write_exposure, &view))
			status = exposure_status(&view);
	}
	view_clear(&view);
	return status;
}

static int write_trace(FILE *out, void *data)
{
	const struct view *view = data;

	deadline_step("printing the rules of the trace");
	if (view->options->format == FORMAT_JSON)
		return write_json(out, view, "trace", report_trace_json(&view->trace));
	return view->options->quiet ? 0
	       : report_trace_text(out, &view->trace, output_colour(view->options->output),
				   output_width(view->options->output));
}

int look_trace(const struct options *options)
{
	struct view view = { 0 };
	int status = SEVERITY_UNKNOWN;

	if (!read_view(&view, options) &&
	    !trace_run(view.snapshot, &view.others, &view.info, options->trace, options->verbosity > 0,
		       &view.trace) &&
	    !output_put(options->output, write_trace, &view))
		status = SEVERITY_OK;
	view_clear(&view);
	return status;
}
