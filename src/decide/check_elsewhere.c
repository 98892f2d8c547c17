/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_elsewhere.h"

#include "docker_chains.h"
#include "util.h"

char *elsewhere_text(const struct docker_elsewhere *elsewhere)
{
	char *others, *text;

	if (!elsewhere->n)
		return NULL;
	others = elsewhere->n > 1 ? xasprintf(" (and %zu more)", elsewhere->n - 1) : xstrdup("");
	text = xasprintf("a dockerd (process %ld) %s%s: who reaches the ports that it publishes is not known, and %s is never evaluated for them",
			 (long)elsewhere->pid,
			 elsewhere->rootless ? "runs in a user namespace of its own (rootless)"
					     : "runs in another network namespace",
			 others, DOCKER_USER);
	free(others);
	return text;
}

void check_elsewhere(const struct docker_elsewhere *elsewhere, struct findings *findings)
{
	static const struct remedy in_that = {
		"check that network namespace as well: nsenter --net --target PID dockfw-check",
		RUN_NONE, NULL,
	};
	char *text = elsewhere_text(elsewhere);
	struct finding *finding;

	if (!text)
		return;
	finding = findings_add(findings, DOCKER_ELSEWHERE, SEVERITY_UNKNOWN, FAMILY_COUNT, text);
	if (!elsewhere->rootless)
		finding->remedy = &in_that;
}
