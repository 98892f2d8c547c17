/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_trace.h"

#include "cmd.h"
#include "cmd_view.h"
#include "deadline.h"
#include "finding.h"
#include "host_firewall.h"
#include "put_file.h"
#include "report_trace.h"
#include "trace.h"

struct trace_shown {
	const struct view *view;
	struct trace trace;
	/* The same packet to a service of the host, if its firewall decides about the port. */
	struct trace host;
	bool has_host;
	/* The same packet as one that is INVALID to connection tracking, if only that gets in. */
	struct trace invalid;
	bool has_invalid;
};

static json_t *trace_json(const struct trace_shown *shown)
{
	json_t *trace = report_trace_json(&shown->trace);
	json_t *host = trace && shown->has_host ? report_trace_json(&shown->host) : NULL;
	json_t *invalid = trace && shown->has_invalid ? report_trace_json(&shown->invalid) : NULL;

	if (trace && (host || !shown->has_host) && (invalid || !shown->has_invalid)) {
		json_set_checked(trace, "host_firewall", host ? host : json_null());
		json_set_checked(trace, "invalid", invalid ? invalid : json_null());
		return trace;
	}
	json_decref(trace);
	json_decref(host);
	json_decref(invalid);
	return NULL;
}

static int trace_text(FILE *out, const struct trace_shown *shown)
{
	bool colour = output_colour(shown->view->options->output);
	unsigned int width = output_width(shown->view->options->output);

	if (report_trace_text(out, &shown->trace, colour, width))
		return -1;
	if (shown->has_invalid) {
		fputs("\nThe same with the length 0, which is INVALID to connection tracking:\n", out);
		if (report_trace_text(out, &shown->invalid, colour, width))
			return -1;
	}
	if (!shown->has_host)
		return 0;
	fputs("\nTo a service of the host itself on that port (host-firewall):\n", out);
	return report_trace_text(out, &shown->host, colour, width);
}

static int write_trace(FILE *out, void *data)
{
	const struct trace_shown *shown = data;
	const struct options *options = shown->view->options;

	deadline_step("printing the rules of the trace");
	if (options->format == FORMAT_JSON)
		return view_write_json(shown->view, out, "trace", trace_json(shown));
	return options->quiet ? 0 : trace_text(out, shown);
}

/* Both ways, where the guard decides for the host's firewall. */
static void follow_to_host(struct trace_shown *shown)
{
	const struct packet *packet = &shown->trace.packet;

	shown->has_host = proto_has_ports(packet->proto) &&
			  host_firewall_decides(shown->view->session.policy, packet->proto,
						packet->dport.lo);
	if (shown->has_host)
		trace_to_host(&shown->view->world, shown->view->options->verbosity > 0,
			      &shown->trace, &shown->host);
}

/* A UDP packet over IPv6 may get in with the length 0 where it does not otherwise. */
static void follow_invalid(struct trace_shown *shown)
{
	const unsigned int in = 1U << TRACE_FORWARDED | 1U << TRACE_LOCAL;

	if (shown->trace.packet.family != FAMILY_IPV6 || shown->trace.packet.proto != IPPROTO_UDP ||
	    !(shown->trace.possible & ~in))
		return;
	shown->invalid.packet = shown->trace.packet;
	shown->invalid.packet.invalid = true;
	shown->invalid.src = shown->trace.src;
	trace_packet(&shown->view->world, shown->view->options->verbosity > 0, &shown->invalid);
	shown->has_invalid = shown->invalid.possible & in & ~shown->trace.possible;
}

int cmd_trace(const struct options *options)
{
	/* The packet may be of either family, configured or not. */
	const unsigned int both = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
	struct view view;
	struct trace_shown shown = { .view = &view };
	int status = SEVERITY_UNKNOWN;

	if (!view_read(&view, options, both) &&
	    !trace_run(&view.world, options->trace, options->verbosity > 0, &shown.trace)) {
		follow_to_host(&shown);
		follow_invalid(&shown);
		if (!view_put(&view, write_trace, &shown))
			status = SEVERITY_OK;
	}
	trace_clear(&shown.trace);
	trace_clear(&shown.host);
	trace_clear(&shown.invalid);
	view_clear(&view);
	return status;
}
