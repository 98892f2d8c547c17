/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_exposure.h"

#include "cmd.h"
#include "cmd_view.h"
#include "deadline.h"
#include "diag.h"
#include "docker_proxies.h"
#include "exposure.h"
#include "finding.h"
#include "put_file.h"
#include "report_exposure.h"

struct exposure_shown {
	const struct view *view;
	struct exposure_list list;
};

static int write_exposure(FILE *out, void *data)
{
	const struct exposure_shown *shown = data;
	const struct options *options = shown->view->options;

	deadline_step("printing the rules that decide");
	if (options->format == FORMAT_JSON)
		return view_write_json(shown->view, out, "exposure",
				       report_exposure_json(&shown->list));
	return options->quiet ? 0
	       : report_exposure_text(out, &shown->list, output_colour(options->output),
				      output_width(options->output));
}

/* Whether outside names only interfaces that the host does not have: then nothing counts. */
static bool nothing_counts(const struct policy *policy, const struct exposure_list *list)
{
	if (!policy->outside.n || !list->n || exposure_has_outside(list))
		return false;
	diag_warning("outside: no packet comes in on '%s'%s, so --fail-if-open counts no port; "
		     "'ip link' lists the interfaces", policy->outside.v[0],
		     policy->outside.n > 1 ? " or the others" : "");
	return true;
}

/*
 * With --fail-if-open: a port that is open from outside but not allowed to be is
 * critical; one that may be open is a warning.
 */
static int exposure_status(const struct view *view, const struct exposure_list *list)
{
	if (!view->options->fail_if_open)
		return SEVERITY_OK;
	if (exposure_unallowed(list))
		return SEVERITY_CRITICAL;
	if (exposure_undecided(list) || nothing_counts(view->session.policy, list))
		return SEVERITY_WARNING;
	return SEVERITY_OK;
}

int cmd_exposure(const struct options *options)
{
	struct view view;
	struct proxies proxies = { 0 };
	struct exposure_shown shown = { .view = &view };
	int status = SEVERITY_UNKNOWN;

	if (!view_read(&view, options, 0) && !proxies_read(&proxies)) {
		const struct policy *policy = view.session.policy;

		view.world.proxies = &proxies;
		deadline_step("following packets to the published ports");
		if (!exposure_compute(policy, &view.world, policy->families, &shown.list) &&
		    !output_put(options->output, write_exposure, &shown))
			status = exposure_status(&view, &shown.list);
	}
	exposure_clear(&shown.list);
	proxies_clear(&proxies);
	view_clear(&view);
	return status;
}
