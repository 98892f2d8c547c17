/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_trace.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* At least this much of a rule is shown, even on the narrowest terminal. */
#define RULE_LEAST 20

int report_trace_rules(const struct trace *trace, struct named_rules *texts)
{
	*texts = (struct named_rules){ 0 };
	for (size_t i = 0; i < trace->steps.n; i++)
		named_rules_add(texts, trace->steps.v[i].at.rule);
	return named_rules_make(texts);
}

static const char *trace_colour(enum trace_verdict verdict)
{
	switch (verdict) {
	case TRACE_FORWARDED:
	case TRACE_LOCAL:
		return "\033[1;32m";
	case TRACE_MAYBE:
		return "\033[1;33m";
	default:
		return "\033[1;31m";
	}
}

static void put_packet(FILE *out, const struct trace *trace)
{
	const struct packet *packet = &trace->packet;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	fprintf(out, "%s from %s in %s to %s", proto_name(packet->proto),
		addr_text(packet->family, trace->src, src), packet->in,
		addr_text(packet->family, packet->dst.lo, dst));
	if (proto_has_ports(packet->proto))
		fprintf(out, " port %u", packet->dport.lo);
	fputc('\n', out);
}

/* Whether the rule matches. */
static const char *mark_of(const struct step *step)
{
	if (step->answer == ANSWER_MAYBE)
		return "maybe";
	return step->answer == ANSWER_YES ? "yes" : "no";
}

static const char *policy_of(const struct step *step)
{
	return step->at.policy == VERDICT_DROP ? "DROP" : "ACCEPT";
}

/* The caller frees it. */
static char *step_text(const struct step *step, const struct named_rules *texts)
{
	char *text, *safe;

	if (step->kind != STEP_RULE)
		return safe_text(step->text ? step->text : "");
	text = decider_rule_text(texts, &step->at);
	safe = safe_text(text);
	free(text);
	return safe;
}

/* Prints one step as a self-contained line. */
static void put_fact(FILE *out, const struct step *step, const struct named_rules *texts)
{
	char *text = step_text(step, texts);

	switch (step->kind) {
	case STEP_HOOK:
		fprintf(out, "%s %s\n", step->at.table, step->at.chain);
		break;
	case STEP_RULE:
		fprintf(out, "%s %s %zu %s: %s\n", step->at.table, step->at.chain, step->at.number,
			mark_of(step), text);
		break;
	case STEP_SAME:
		fprintf(out, "%s %s as before\n", step->at.table, step->at.chain);
		break;
	case STEP_END:
		fprintf(out, "%s %s end\n", step->at.table, step->at.chain);
		break;
	case STEP_POLICY:
		fprintf(out, "%s %s policy %s\n", step->at.table, step->at.chain, policy_of(step));
		break;
	case STEP_CHANGE:
		fprintf(out, "%s %s %zu changes: %s\n", step->at.table, step->at.chain,
			step->at.number, text);
		break;
	case STEP_ROUTE:
		fprintf(out, "routing: %s\n", text);
		break;
	case STEP_WAY:
		fprintf(out, "%s\n", text);
		break;
	}
	free(text);
}

/* How the steps are shown on a terminal. */
struct look {
	bool colour;
	bool marks; /* rules that do not match are shown as well, so those that do have a '>' */
	unsigned int width;
};

/* Prints a rule, cut to what the terminal has left after its number. */
static void put_rule(FILE *out, const struct step *step, const char *text, int indent,
		     const struct look *look)
{
	const bool colour = look->colour;
	const unsigned int width = look->width;
	const char *dim = colour && step->answer == ANSWER_NO ? "\033[2m" : "";
	const char *stress = colour && step->answer == ANSWER_MAYBE ? "\033[33m" : "";
	char *lead = xasprintf("%*s%s%4zu %s", look->marks ? indent - 2 : indent, "",
			       !look->marks ? "" : step->answer == ANSWER_YES ? "> " :
			       "  ", step->at.number,
			       step->answer == ANSWER_MAYBE ? "maybe " : "");
	size_t used = strlen(lead);

	fprintf(out, "%s%s%s", dim, stress, lead);
	utf8_put(out, text, width > used + RULE_LEAST ? width - used : RULE_LEAST);
	fprintf(out, "%s\n", *dim || *stress ? "\033[0m" : "");
	free(lead);
}

/* Prints one step for a terminal: indented by depth, with the chain named when it changes. */
static void put_step(FILE *out, const struct step *step, const struct step *before,
		     const struct named_rules *texts, const struct look *look)
{
	int indent = 2 + 4 * (int)(step->depth < 8 ? step->depth : 8);
	char *text = step_text(step, texts);

	switch (step->kind) {
	case STEP_HOOK:
		fprintf(out, "%s %s\n", step->at.table, step->at.chain);
		break;
	case STEP_RULE:
		if (!before || before->depth != step->depth || before->at.chain != step->at.chain)
			if (step->depth)
				fprintf(out, "%*s%s\n", indent - 2, "", step->at.chain);
		put_rule(out, step, text, indent, look);
		break;
	case STEP_SAME:
		fprintf(out, "%*s%s: as before\n", indent - 2, "", step->at.chain);
		break;
	case STEP_END:
		fprintf(out, "%*send of %s\n", indent - 2, "", step->at.chain);
		break;
	case STEP_POLICY:
		fprintf(out, "%*spolicy %s\n", indent, "", policy_of(step));
		break;
	case STEP_CHANGE:
		fprintf(out, "%*s     becomes: %s\n", indent, "", text);
		break;
	case STEP_ROUTE:
		fprintf(out, "routing: %s\n", text);
		break;
	case STEP_WAY:
		fprintf(out, "%s\n", text);
		break;
	}
	free(text);
}

static void put_end(FILE *out, const char *lead, const char *name, const struct decider *by,
		    const struct named_rules *texts)
{
	char *text = by->chain || by->reason ? decider_text(texts, by) : NULL;
	char *safe = text ? safe_text(text) : NULL;

	/* By a rule or policy; otherwise the reason follows. */
	fprintf(out, "%s%s%s%s", lead, name,
		!safe || !*safe ? "" : by->chain ? " by " : ": ", safe ? safe : "");
	free(text);
	free(safe);
}

static void put_destination(FILE *out, const struct packet *packet)
{
	char dst[INET6_ADDRSTRLEN];

	if (packet_goes_anywhere(packet)) {
		fputs(" to a destination that is not known", out);
		return;
	}
	fprintf(out, " to %s", addr_text(packet->family, packet->dst.lo, dst));
	if (packet->dst.lo != packet->dst.hi)
		fputs(" or others", out);
	if (!proto_has_ports(packet->proto))
		return;
	if (packet->dport.lo == packet->dport.hi)
		fprintf(out, " port %u", packet->dport.lo);
	else
		fprintf(out, " ports %u-%u", packet->dport.lo, packet->dport.hi);
}

static void put_flow(FILE *out, const char *lead, const char *name, const struct flow *flow,
		     const struct named_rules *texts)
{
	const struct packet *packet = &flow->packet;

	put_end(out, lead, name, &flow->by, texts);
	fputs(flow->by.chain || flow->by.reason ? "," : "", out);
	put_destination(out, packet);
	if (*packet->out)
		fprintf(out, " out through %s", packet->out);
	fputc('\n', out);
}

static void put_verdict(FILE *out, const struct trace *trace, const struct named_rules *texts,
			bool colour)
{
	const struct fate *fate = &trace->fate;
	const char *lead = trace->verdict == TRACE_MAYBE ? "  perhaps " : "verdict: ";
	const struct {
		const struct ending *ending;
		enum trace_verdict verdict;
	} ends[] = {
		{ &fate->dropped, TRACE_DROPPED }, { &fate->refused, TRACE_REFUSED },
		{ &fate->lost, TRACE_LOST },
	};

	if (colour)
		fputs(trace_colour(trace->verdict), out);
	if (trace->verdict == TRACE_MAYBE) {
		put_end(out, "verdict: ", "maybe", &(struct decider){ 0 }, texts);
		if (fate->doubtful) {
			char *text = decider_text(texts, &fate->doubt), *safe = safe_text(text);

			fprintf(out, ", undecided%s%s", fate->doubt.chain ? " at " : ": ", safe);
			free(safe);
			free(text);
		}
		fputc('\n', out);
	}
	for (size_t i = 0; i < fate->forwarded.n; i++)
		put_flow(out, lead, "forwarded", &fate->forwarded.v[i], texts);
	for (size_t i = 0; i < fate->local.n; i++)
		put_flow(out, lead, "local: accepted for the host itself", &fate->local.v[i], texts);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (!ends[i].ending->set.n)
			continue;
		put_end(out, lead, trace_verdict_name(ends[i].verdict), &ends[i].ending->by, texts);
		fputc('\n', out);
	}
	if (colour)
		fputs("\033[0m", out);
}

/* Whether rules that do not match are among the steps. */
static bool has_others(const struct trace *trace)
{
	for (size_t i = 0; i < trace->steps.n; i++)
		if (trace->steps.v[i].kind == STEP_RULE && trace->steps.v[i].answer == ANSWER_NO)
			return true;
	return false;
}

int report_trace_text(FILE *out, const struct trace *trace, bool colour, unsigned int width)
{
	const struct look look = { colour, has_others(trace), width };
	struct named_rules texts;
	int status = report_trace_rules(trace, &texts);

	if (!status) {
		put_packet(out, trace);
		for (size_t i = 0; i < trace->steps.n; i++) {
			const struct step *step = &trace->steps.v[i];

			if (width)
				put_step(out, step, i ? step - 1 : NULL, &texts, &look);
			else
				put_fact(out, step, &texts);
		}
		put_verdict(out, trace, &texts, colour);
	}
	named_rules_clear(&texts);
	return status;
}
