/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_check_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_interfaces.h"
#include "cmd.h"
#include "config_notes.h"
#include "config_print.h"
#include "configuration.h"
#include "diag.h"
#include "finding.h"
#include "interface_names.h"
#include "links_read.h"
#include "policy.h"
#include "put_file.h"
#include "trial.h"
#include "utf8.h"

/* What the host has of the configured interfaces. Returns -1 with errno set. */
static int read_host(const struct policy *policy, struct strings *present, struct links *links)
{
	struct strings names = { 0 };
	int status;

	interface_names_wanted(policy, NULL, &names);
	status = interface_names(present) || links_read(&names, links) ? -1 : 0;
	strings_clear(&names);
	return status;
}

/* Only notes: the interface may come later, or the file may be for another host. */
static void note_interfaces(const struct policy *policy)
{
	struct strings present = { 0 };
	struct links links = { 0 };
	struct interface_facts facts = {
		.present = &present, .links = &links, .families = policy->families,
	};
	struct interface_faults faults = { 0 };

	if (!interfaces_named(policy))
		return;
	if (read_host(policy, &present, &links))
		diag_step(1, "the interfaces of this host cannot be listed: %s", strerror(errno));
	else
		interfaces_judge(policy, &facts, &faults);
	for (size_t i = 0; i < faults.n; i++)
		if (!strings_has(&policy->ignore, finding_name(faults.v[i].id)))
			diag_warning_at(faults.v[i].file, faults.v[i].line, "%s%s", faults.v[i].text,
					faults.v[i].hint);
	interface_faults_clear(&faults);
	strings_clear(&present);
	links_clear(&links);
}

/* It is allowed, but then a check gives 0 on a host that may be open. */
static void note_ignored(const struct policy *policy, const char *file)
{
	for (size_t i = 0; i < policy->ignore.n; i++)
		if (finding_can_be_critical(finding_by_name(policy->ignore.v[i])))
			diag_warning("%s: ignore has '%s', which can be critical: a check then ends with "
				     "0 although the rules may not be in force", file,
				     policy->ignore.v[i]);
}

/* Reported once: it is the only verdict that does less where Docker does not use iptables. */
static void note_accept(const struct policy *policy)
{
	for (size_t c = 0; c < policy->nchains; c++) {
		for (int family = 0; family < FAMILY_COUNT; family++) {
			const struct wanted_rules *rules = &policy->chains[c]->rules[family];

			for (size_t i = 0; i < rules->n; i++) {
				if (rules->v[i].section || rules->v[i].rule->verdict != VERDICT_ACCEPT)
					continue;
				diag_step(1, "%s:%u: where Docker filters in its own nf_tables tables, ACCEPT does not override a drop of Docker's; dockerd's option --bridge-accept-fwmark does",
					  rules->v[i].file, rules->v[i].line);
				return;
			}
		}
	}
}

/*
 * Rules whose sets are missing: once for both families. Returns -1 if there are any. Whoever may
 * not look up sets does not know.
 */
static int report_lost(const struct policy *policy)
{
	const struct refused_rules *list = &policy->refused;
	const bool may = trial_may();
	int status = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct refused_rule *rule = &list->v[i], *last = i ? rule - 1 : NULL;

		if (rule->family == FAMILY_COUNT)
			continue;
		status = may ? -1 : 0;
		if (last && last->line == rule->line && !strcmp(last->file, rule->file) &&
		    !strcmp(last->text, rule->text))
			continue;
		if (!may)
			diag_warning_at(rule->file, rule->line, "'%s' is not checked further, and -v does "
					"not print it: only root (CAP_NET_ADMIN) can look up its set",
					rule->text);
		else
			diag_error_at(rule->file, rule->line, "'%s': %s", rule->text, rule->why);
	}
	return status;
}

/* A backend that this program does not have is an error of every run. */
static int check_backend(const struct policy *policy, const struct options *options)
{
	bool legacy = options->backend ? !strcmp(options->backend, "legacy")
				       : policy->backend == CHOICE_LEGACY;

	return legacy ? backend_check_built(cmd_backends[BACKEND_LEGACY], "chosen") : 0;
}

static void print_valid(const struct policy *policy, const char *file)
{
	size_t ipv4 = policy_rules(policy, FAMILY_IPV4);
	char *safe = safe_text(file);

	printf("%s: valid: %zu rule%s for IPv4 and %zu for IPv6\n", safe, ipv4, ipv4 == 1 ? "" : "s",
	       policy_rules(policy, FAMILY_IPV6));
	free(safe);
}

int cmd_check_config(const struct options *options)
{
	struct policy *policy = configuration_read(options, NULL, NULL, NULL);
	struct strings files = { 0 };
	int status = SEVERITY_OK;

	if (!policy)
		return SEVERITY_UNKNOWN;
	/* In the order of the file; what is included comes after it. */
	strings_add(&files, options->config);
	diag_sort_begin();
	config_notes(policy);
	if (!trial_may())
		config_notes_tables(policy);
	note_interfaces(policy);
	diag_sort_end(&files);
	strings_clear(&files);
	note_ignored(policy, options->config);
	note_accept(policy);
	if (check_backend(policy, options) || (report_lost(policy) | trial_run(cmd_backends, policy))) {
		policy_free(policy);
		return SEVERITY_UNKNOWN;
	}
	if (options->verbosity && config_print(policy, stdout))
		status = SEVERITY_UNKNOWN;
	else if (!options->verbosity && !options->quiet)
		print_valid(policy, options->config);
	policy_free(policy);
	return !status && output_end() ? SEVERITY_UNKNOWN : status;
}
