/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include <errno.h>
#include <string.h>

#include "backend_legacy.h"
#include "backend_nft.h"
#include "diag.h"
#include "finding.h"
#include "put_file.h"
#include "util.h"

backend_list cmd_backends = {
	[BACKEND_NFT] = &backend_nft,
	[BACKEND_LEGACY] = &backend_legacy,
};

void cmd_override(struct policy *policy, const struct options *options)
{
	policy->listed = policy->families;
	if (options->families)
		policy->families = options->families;
	if (options->backend)
		policy->backend = !strcmp(options->backend, "auto") ? CHOICE_AUTO :
				  !strcmp(options->backend, "nft") ? CHOICE_NFT : CHOICE_LEGACY;
}

struct report cmd_report(const struct options *options)
{
	return (struct report){
		.format = options->format,
		.output = options->output,
		.config = options->config,
		.state_folder = options->state_folder,
		.backend_option = options->backend,
		.families_option = options->families,
		.repair = options->mode == MODE_REPAIR || options->mode == MODE_TRY,
		.dry_run = options->dry_run,
		.preview = options->config_copy != NULL,
		.quiet = options->quiet,
		.verbosity = options->verbosity,
		.status = SEVERITY_UNKNOWN,
		.started_ms = clock_ms(),
	};
}

char *cmd_command(const struct options *options, enum remedy_command command)
{
	const struct report report = cmd_report(options);

	return report_command(&report, command);
}

int cmd_print_failed(void)
{
	/* Whoever reads the output has seen enough of it. */
	if (output_reader_gone())
		return SEVERITY_OK;
	diag_error("cannot write to standard output: %s", strerror(errno));
	return SEVERITY_UNKNOWN;
}
