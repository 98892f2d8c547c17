/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_exposure.h"

#include <stdlib.h>

#include "cmd.h"
#include "cmd_view.h"
#include "deadline.h"
#include "diag.h"
#include "docker_proxies.h"
#include "exposure_compute.h"
#include "exposure_host.h"
#include "finding.h"
#include "proxy_allowed.h"
#include "put_file.h"
#include "report_exposure.h"
#include "report_exposure_monitor.h"
#include "util.h"

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
	if (options->quiet)
		return 0;
	return report_exposure_text(out, &shown->list, output_colour(options->output),
				    output_width(options->output));
}

/* If outside names only interfaces that the host does not have, nothing is open from there. */
static void judge_outside(struct view *view, const struct exposure_list *list)
{
	const struct strings *outside = &view->session.policy->outside;
	char *text;

	if (!outside->n || !list->n || exposure_has_outside(list))
		return;
	text = xasprintf("outside: no packet comes in on '%s'%s, so no port counts as open from outside; "
			 "'ip -brief link' lists the interfaces", outside->v[0],
			 outside->n > 1 ? " or the others" : "");
	diag_warning("%s", text);
	strings_add(&view->unjudged.docker, text);
	free(text);
}

/*
 * With --fail-if-open: a port that is open from outside but not allowed to be is
 * critical; one that may be open is a warning, and a Docker elsewhere counts as well.
 */
static int exposure_status(const struct view *view, const struct exposure_list *list)
{
	if (view->options->fail_if_open && exposure_unallowed(list))
		return SEVERITY_CRITICAL;
	if (view->options->fail_if_open && view->unjudged.elsewhere)
		return SEVERITY_UNKNOWN;
	if (!view->options->fail_if_open)
		return SEVERITY_OK;
	/* Without a configuration it is not known what it allows, either. */
	if (exposure_undecided(list) || view->configuration.unknown || view->unjudged.docker.n)
		return SEVERITY_WARNING;
	return SEVERITY_OK;
}

/* Why the status is not that of the ports. */
static const char *status_note(const struct view *view)
{
	if (view->unjudged.elsewhere)
		return view->unjudged.elsewhere;
	if (view->configuration.unknown)
		return "the configuration is broken: which ports it allows is not known";
	return view->unjudged.docker.n ? view->unjudged.docker.v[0] : NULL;
}

static bool is_monitored(const struct options *options)
{
	return options->format == FORMAT_NAGIOS || options->format == FORMAT_PROMETHEUS;
}

static int write_monitored(FILE *out, void *data)
{
	struct exposure_report *report = data;

	return report->nagios ? report_exposure_nagios(out, report)
			      : report_exposure_prometheus(out, report);
}

/* Puts it in place even if a part is missing. */
static int put_monitored(const struct options *options, struct exposure_report *report)
{
	report->nagios = options->format == FORMAT_NAGIOS;
	report->verbosity = options->verbosity;
	if (!report->list) {
		report->status = SEVERITY_UNKNOWN;
		report->error = diag_first_error();
	}
	/* stderr reports that the report itself cannot be written. */
	diag_release(false);
	return output_put(options->output, write_monitored, report) ? SEVERITY_UNKNOWN
								    : (int)report->status;
}

static void judge_ports(const struct view *view, const struct exposure_list *list,
			struct exposure_report *report)
{
	report->list = list;
	report->status = (enum severity)exposure_status(view, list);
	report->note = status_note(view);
}

int cmd_exposure_error(const struct options *options)
{
	struct exposure_report report = { .started_ms = clock_ms() };

	return put_monitored(options, &report);
}

int cmd_exposure(const struct options *options)
{
	struct view view;
	struct proxies proxies = { 0 };
	struct exposure_shown shown = { .view = &view };
	struct exposure_report report = { .started_ms = clock_ms() };
	int status = SEVERITY_UNKNOWN;
	bool known = false;

	if (!view_read(&view, options, 0) && !proxies_read(&proxies)) {
		const struct policy *policy = view.session.policy;

		view.world.proxies = &proxies;
		known = !unjudged_docker(&view.unjudged, policy, &view.world);
		deadline_step("following packets to the published ports");
		known = known && !exposure_compute(policy, &view.world, policy->families, &shown.list);
		if (known) {
			exposure_host(policy, &view.world, &shown.list);
			proxy_allow(policy, &view.world, &shown.list);
			judge_outside(&view, &shown.list);
		}
	}
	if (is_monitored(options)) {
		if (known && !deadline_check())
			judge_ports(&view, &shown.list, &report);
		status = put_monitored(options, &report);
	} else if (known && !view_put(&view, write_exposure, &shown)) {
		status = exposure_status(&view, &shown.list);
	}
	exposure_clear(&shown.list);
	proxies_clear(&proxies);
	view_clear(&view);
	return status;
}
