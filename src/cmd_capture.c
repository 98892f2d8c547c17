/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "cmd.h"
#include "config_read.h"
#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "finding.h"
#include "guard_names.h"
#include "guard_only.h"
#include "last_good.h"
#include "put_file.h"
#include "read_set.h"
#include "sample.h"
#include "session.h"
#include "settings.h"
#include "snapshot_read.h"
#include "text.h"

struct capture_job {
	const struct options *options;
	const struct session *session;
	const struct snapshot *snapshot;
	const struct snapshot *own; /* Docker's own nf_tables tables, and the guard */
	enum captured result;
	bool lossy; /* the guard holds more */
};

static const char *const tables[] = { "filter", NULL };

/*
 * A configuration without rules, in place of one that was lost with the rules, would make
 * every later check pass. So a file of that kind is only written on demand.
 */
static int say_nothing(const struct options *options, enum captured result, bool native)
{
	const char *text = result == CAPTURED_NONE
		? "none of the rules of DOCKER-USER can be captured"
		: native
		? "DOCKER-USER, which Docker has left here, holds no rules: there is nothing to capture; write a "
		  "publish section for each port that others may reach"
		: "DOCKER-USER holds no rules: there is nothing to capture; a reload of firewalld, or a "
		  "restart of it or of Docker, may have removed them";

	if (options->output && !options->force) {
		diag_error("%s; nothing is written to '%s' without --force", text, options->output);
		return -1;
	}
	diag_warning("%s; this configuration requires no rule", text);
	return 0;
}

static bool is_there(const struct snapshot *own, const char *table)
{
	return snapshot_table(own, FAMILY_IPV4, table) || snapshot_table(own, FAMILY_IPV6, table);
}

/* Warns of what the guard holds, and would lose in a repair from the captured configuration. */
static void warn_of_guard(struct capture_job *job, const struct session *captured,
			  const struct snapshot *snapshot)
{
	const struct options *options = job->options;
	char *stored = last_good_stored(options->state_folder, options->config);

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		char *what = guard_only(captured->policy, snapshot, job->own, family);

		if (what)
			diag_warning("%s: what only the guard holds cannot be captured: %s; a repair from this "
				     "configuration would take that out%s%s%s", family_name(family), what,
				     stored ? "; the last good configuration, which may have it, is '" : "",
				     stored ? stored : "", stored ? "'" : "");
		job->lossy |= what != NULL;
		free(what);
	}
	free(stored);
}

/* Compares the guard with the one that the captured configuration leads to. */
static int look_at_guard(struct capture_job *job, char *text)
{
	static const char *const judged[] = { "filter", DOCKER_NFT_TABLE, NULL };
	const struct config_file file = { .name = (char *)"the captured configuration", .data = text,
					  .size = strlen(text) };
	struct snapshot *snapshot = NULL;
	struct session captured = { 0 };
	struct policy *policy;
	int status = -1;

	if (!is_there(job->own, GUARD_TABLE))
		return 0;
	/* It has been read before: what it warns of was reported then. */
	diag_only_new(true);
	policy = config_read_stored(&file);
	diag_only_new(false);
	if (policy) {
		cmd_override(policy, job->options);
		policy->backend = job->session->ops->kind == BACKEND_NFT ? CHOICE_NFT : CHOICE_LEGACY;
		if (!session_open(&captured, cmd_backends, policy))
			status = snapshot_read(captured.ops, captured.policy, judged, select_judged,
					       &snapshot);
	}
	if (!status) {
		snapshot_copy_tables(snapshot, job->own, DOCKER_NFT_TABLE);
		warn_of_guard(job, &captured, snapshot);
	}
	snapshot_free(snapshot);
	session_close(&captured);
	policy_free(policy);
	return status;
}

/* A file that takes the place of one that was lost, with less, would open what the guard holds. */
static int say_lossy(const struct capture_job *job)
{
	const struct options *options = job->options;

	if (!job->lossy || !options->output || options->force)
		return 0;
	diag_error("the guard holds more than can be captured; nothing is written to '%s' without --force",
		   options->output);
	return -1;
}

static int write_capture(FILE *out, void *data)
{
	struct capture_job *job = data;
	struct text text;
	int status = 0;
	char *all;

	text_open(&text);
	job->result = capture(job->session->policy, job->snapshot, text.out);
	all = text_take(&text);
	if (job->result == CAPTURED_FAILED || look_at_guard(job, all))
		status = -1;
	else if (job->result == CAPTURED_NOTHING || job->result == CAPTURED_NONE)
		status = say_nothing(job->options, job->result, is_there(job->own, DOCKER_NFT_TABLE));
	if (!status)
		status = say_lossy(job);
	if (!status)
		fputs(all, out);
	free(all);
	return status;
}

/* The number of rules in DOCKER-USER but Docker's RETURN, if a rule leads there; 0 if not. */
static size_t rules_in_force(const struct table *table)
{
	const struct chain *user = table_chain(table, DOCKER_USER);
	bool led = false;
	size_t n = 0;

	for (size_t c = 0; user && c < table->nchains; c++)
		for (size_t i = 0; i < table->chains[c]->nrules; i++)
			led |= rule_leads_to(table->chains[c]->rules[i], DOCKER_USER);
	for (size_t i = 0; led && i < user->nrules; i++)
		n += !docker_is_closing(user, i);
	return n;
}

/* The kernel evaluates both backends, and a capture holds the rules of one. */
static int warn_of_other(const struct session *session)
{
	enum backend_kind kind = session->ops->kind == BACKEND_NFT ? BACKEND_LEGACY : BACKEND_NFT;
	struct snapshot *other = NULL;
	int status = snapshot_read(cmd_backends[kind], session->policy, tables, select_not_docker, &other);

	for (int family = 0; family < FAMILY_COUNT && !status; family++) {
		const struct table *table = snapshot_table(other, (enum family)family, "filter");
		size_t n = session->policy->families & 1U << family && table && !table->dormant ?
			   rules_in_force(table) : 0;

		if (n)
			diag_warning("%s: this is about DOCKER-USER of %s; that of %s holds %zu rule%s as well, "
				     "which the kernel evaluates too: see --capture -b %s",
				     family_name((enum family)family), backend_kind_name(session->ops->kind),
				     backend_kind_name(kind), n, n == 1 ? "" : "s", backend_kind_name(kind));
	}
	snapshot_free(other);
	return status;
}

int cmd_capture(const struct options *options)
{
	static const char *const own_tables[] = { DOCKER_NFT_TABLE, GUARD_TABLE, NULL };
	struct policy *policy = setting_default_policy();
	struct session session;
	struct snapshot *snapshot = NULL, *own = NULL;
	int status = SEVERITY_UNKNOWN;

	cmd_override(policy, options);
	deadline_step("reading DOCKER-USER");
	if (!session_open(&session, cmd_backends, policy) &&
	    !snapshot_read(cmd_backends[BACKEND_NFT], session.policy, own_tables, select_guard, &own) &&
	    !snapshot_read(session.ops, session.policy, tables, select_not_docker, &snapshot) &&
	    !warn_of_other(&session)) {
		const struct keep keep = { .sample = sample_text, .force = options->force };
		struct capture_job job = { options, &session, snapshot, own, CAPTURED_FAILED,
					   false };

		snapshot_copy_tables(snapshot, own, DOCKER_NFT_TABLE);
		if (!output_put_kept(options->output, &keep, write_capture, &job))
			status = job.result == CAPTURED_WHOLE && !job.lossy ? SEVERITY_OK
									    : SEVERITY_WARNING;
	}
	snapshot_free(snapshot);
	snapshot_free(own);
	session_close(&session);
	policy_free(policy);
	return status;
}
