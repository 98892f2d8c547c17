/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_hidden.h"

#include <stdlib.h>

#include "util.h"

char *hidden_text(bool here)
{
	return xasprintf("/proc does not show the processes of others (hidepid=): whether %s is not known",
			 here ? "dockerd runs, and which ports docker-proxy answers on,"
			      : "a dockerd runs in another network namespace");
}

void check_hidden(const struct policy *policy, const struct dockerd *dockerd,
		  struct findings *findings)
{
	bool open = dockerd->may_run && policy->unlisted == UNLISTED_REFUSE;
	char *text;

	if (!dockerd->hidden)
		return;
	text = hidden_text(dockerd->may_run);
	findings_add(findings, PROCESSES_HIDDEN, open ? SEVERITY_UNKNOWN : SEVERITY_WARNING, FAMILY_COUNT,
		     open ? xasprintf("%s, so unlisted = \"refuse\" does not close these", text)
			  : xstrdup(text));
	free(text);
}
