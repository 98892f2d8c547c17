/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_check_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_interfaces.h"
#include "cmd.h"
#include "config_print.h"
#include "config_read.h"
#include "diag.h"
#include "finding.h"
#include "interface_names.h"
#include "policy.h"

/* Only notes: the interface may come later, or the file may be for another host. */
static void note_interfaces(const struct policy *policy)
{
	struct strings present = { 0 };
	struct missing_interfaces missing = { 0 };

	if (!interfaces_named(policy) ||
	    strings_has(&policy->ignore, finding_name(INTERFACE_MISSING)))
		return;
	if (interface_names(&present))
		diag_step(1, "the interfaces of this host cannot be listed: %s", strerror(errno));
	else
		interfaces_missing(policy, &present, &missing);
	for (size_t i = 0; i < missing.n; i++) {
		char *text = missing_interface_text(&missing.v[i]);

		diag_warning("%s:%u: %s%s", missing.v[i].file, missing.v[i].line, text,
			     missing_interface_hint(&missing.v[i]));
		free(text);
	}
	missing_interfaces_clear(&missing);
	strings_clear(&present);
}

int cmd_check_config(const struct options *options)
{
	struct policy *policy = config_read(options->config);
	int status = SEVERITY_OK;

	if (!policy)
		return SEVERITY_UNKNOWN;
	note_interfaces(policy);
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
