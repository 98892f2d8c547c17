/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_remove.h"

#include "cmd.h"
#include "config_read.h"
#include "deadline.h"
#include "diag.h"
#include "last_good.h"
#include "put_file.h"
#include "removal.h"
#include "report_removal.h"
#include "settings.h"
#include "systemctl.h"
#include "watch_lock.h"

/* The one of the units that runs again and again. */
#define TIMER "dockfw-check.timer"

/*
 * The configuration names the families, the backend and the chains, and shows which rules
 * without a mark are configured. The mark is enough to remove the others.
 */
static struct policy *read_policy(const struct options *options)
{
	struct policy *policy = config_read(options->config);

	if (policy || deadline_check())
		return policy;
	diag_forget();
	diag_warning("going on without the configuration: every rule with the mark is removed, "
		     "in each family and backend that no option leaves out");
	return setting_default_policy();
}

/* Whoever removes the rules wants them to stay away. */
static void warn_about_timer(void)
{
	deadline_step("looking for an active timer");
	if (systemctl_is_active(TIMER))
		diag_warning(TIMER " is active, and its next run puts everything back; run: "
			     "systemctl disable --now dockfw-early.service dockfw-check.service " TIMER);
}

static void fill_removal(struct removal_report *report, struct removal *removal)
{
	bool in[BACKEND_KINDS];

	for (int kind = BACKEND_KINDS; kind-- > 0;) {
		const struct removal_part *part = &removal->parts[kind];

		in[kind] = part->filter;
		if (part->snapshot)
			report->parts[report->n++] = (struct removed){
				.backend = backend_kind_name((enum backend_kind)kind),
				.snapshot = part->snapshot, .edits = &part->edits,
				.kept = &part->kept, .written = part->written,
			};
	}
	report->common.backend = in[BACKEND_NFT] && in[BACKEND_LEGACY] ? "nft and legacy" :
				 backend_kind_name(in[BACKEND_NFT] ? BACKEND_NFT : BACKEND_LEGACY);
	report->common.families = removal->families;
	report->common.error = diag_first_error();
	report->common.status = report->common.error ? SEVERITY_UNKNOWN : SEVERITY_OK;
}

int cmd_remove(const struct options *options)
{
	struct removal_report report = { .common = cmd_report(options) };
	struct policy *policy = read_policy(options);
	struct removal removal = { .dry_run = options->dry_run };
	bool may = policy && !output_check(options->output);
	int status = SEVERITY_UNKNOWN;

	if (may && (options->dry_run || !watch_runs(options->state_folder, "what is removed",
						    ": systemctl disable --now"))) {
		cmd_override(policy, options);
		/* A family may have been taken out of the configuration after a repair. */
		if (!options->families)
			policy->families = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
		warn_about_timer();
		removal_run(&removal, cmd_backends, policy);
	}
	fill_removal(&report, &removal);
	/* Or it would come back with the next configuration that is broken. */
	if (!options->dry_run && !options->families && report.common.status == SEVERITY_OK)
		last_good_forget(options->state_folder, options->config);
	if (!report_removal_write(&report))
		status = (int)report.common.status;
	removal_clear(&removal);
	policy_free(policy);
	return status;
}
