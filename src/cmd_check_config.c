/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_check_config.h"

#include <stdio.h>

#include "cmd.h"
#include "config_print.h"
#include "config_read.h"
#include "diag.h"
#include "finding.h"
#include "policy.h"

int cmd_check_config(const struct options *options)
{
	struct policy *policy = config_read(options->config);
	int status = SEVERITY_OK;

	if (!policy)
		return SEVERITY_UNKNOWN;
	if (options->verbosity && config_print(policy, stdout))
		status = SEVERITY_UNKNOWN;
	else if (!options->verbosity && !options->quiet)
		printf("%s: valid: %zu rule%s for IPv4 and %zu for IPv6\n", options->config,
		       policy_rules(policy, FAMILY_IPV4),
		       policy_rules(policy, FAMILY_IPV4) == 1 ? "" : "s",
		       policy_rules(policy, FAMILY_IPV6));
	policy_free(policy);
	if (!status && fflush(stdout))
		status = cmd_print_failed();
	return status;
}
