/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "util.h"

#define REPAIR "run: dockfw-check --repair"

static const struct {
	const char *name;
	const char *remedy;
	bool repairable;
} kinds[FINDING_COUNT] = {
	[USER_CHAIN_MISSING] = { "user-chain-missing", REPAIR, true },
	[USER_JUMP_MISSING] = { "user-jump-missing", REPAIR, true },
	[USER_JUMP_LATE] = { "user-jump-late", REPAIR, true },
	[ACCEPT_BEFORE_USER] = { "accept-before-user", REPAIR, true },
	[USER_JUMP_CONDITIONAL] = { "user-jump-conditional", REPAIR, true },
	[USER_JUMP_DUPLICATE] = { "user-jump-duplicate", REPAIR, true },
	[RULE_MISSING] = { "rule-missing", REPAIR, true },
	[RULE_ORDER] = { "rule-order", REPAIR, true },
	[RULE_BYPASSED] = { "rule-bypassed", REPAIR, true },
	[RULE_STALE] = { "rule-stale", REPAIR, true },
	[RULE_UNREACHABLE] = { "rule-unreachable",
		"put it in front of that rule, or into the configuration", false },
	[RULE_OPAQUE] = { "rule-opaque",
		"read it with: nft --handle list table ip filter (ip6 for IPv6)", false },
	[DOCKER_CHAINS_MISSING] = { "docker-chains-missing",
		"run: systemctl restart docker", false },
	[DOCKER_ABSENT] = { "docker-absent",
		"start Docker, or lay the rules before it: dockfw-check --repair", true },
	[BACKEND_SPLIT] = { "backend-split", "clear the backend that Docker does not use, with the commands of the message", false },
	[PROXY_BYPASS] = { "proxy-bypass",
		"publish on an IPv4 address (-p 0.0.0.0:80:80), or filter INPUT", false },
	[DOCKER_NFTABLES] = { "docker-nftables",
		"run dockerd with --firewall-backend=iptables, or filter in a table of your own",
		false },
	[CONTESTED] = { "contested", "stop the other writer, or name its chain in trusted-chains",
		false },
};

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_OK] = "ok",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "critical",
		[SEVERITY_UNKNOWN] = "unknown",
	};

	return names[severity];
}

const char *severity_word(enum severity severity)
{
	static const char *const words[] = {
		[SEVERITY_OK] = "OK",
		[SEVERITY_WARNING] = "WARNING",
		[SEVERITY_CRITICAL] = "CRITICAL",
		[SEVERITY_UNKNOWN] = "UNKNOWN",
	};

	return words[severity];
}

const char *finding_name(enum finding_id id)
{
	return kinds[id].name;
}

enum finding_id finding_by_name(const char *name)
{
	int id = 0;

	while (id < FINDING_COUNT && strcmp(kinds[id].name, name))
		id++;
	return (enum finding_id)id;
}

struct finding *findings_add(struct findings *findings, enum finding_id id, enum severity severity,
			     char *message)
{
	struct finding *finding;

	GROW(findings->v, findings->n, findings->room);
	finding = &findings->v[findings->n++];
	*finding = (struct finding){
		.id = id,
		.severity = severity,
		.message = message,
		.remedy = kinds[id].remedy,
		.repairable = kinds[id].repairable,
	};
	return finding;
}

enum severity findings_severity(const struct findings *findings)
{
	static const int rank[] = {
		[SEVERITY_OK] = 0,
		[SEVERITY_WARNING] = 1,
		[SEVERITY_UNKNOWN] = 2,
		[SEVERITY_CRITICAL] = 3,
	};
	enum severity worst = SEVERITY_OK;

	for (size_t i = 0; i < findings->n; i++)
		if (rank[findings->v[i].severity] > rank[worst])
			worst = findings->v[i].severity;
	return worst;
}

static void finding_clear(struct finding *finding)
{
	free(finding->table);
	free(finding->chain);
	free(finding->rules);
	free(finding->message);
}

void findings_clear(struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		finding_clear(&findings->v[i]);
	free(findings->v);
	*findings = (struct findings){ 0 };
}

void findings_leave_out(struct findings *findings, const struct policy *policy)
{
	size_t kept = 0;

	for (size_t i = 0; i < findings->n; i++) {
		struct finding *finding = &findings->v[i];

		if (strings_has(&policy->ignore, finding_name(finding->id)))
			finding_clear(finding);
		else
			findings->v[kept++] = *finding;
	}
	findings->n = kept;
}
