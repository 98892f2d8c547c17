/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding.h"

#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "util.h"

static const struct {
	const char *name;
	struct remedy remedy;
	bool repairable;
} kinds[FINDING_COUNT] = {
	[CONFIGURATION_BROKEN] = { "configuration-broken",
		{ "correct the file; this lists every error: ", RUN_CHECK_CONFIG, NULL }, false },
	[USER_CHAIN_MISSING] = { "user-chain-missing", { "run: ", RUN_REPAIR, NULL }, true },
	[USER_JUMP_MISSING] = { "user-jump-missing", { "run: ", RUN_REPAIR, NULL }, true },
	[USER_JUMP_LATE] = { "user-jump-late", { "run: ", RUN_REPAIR, NULL }, true },
	[ACCEPT_BEFORE_USER] = { "accept-before-user", { "run: ", RUN_REPAIR, NULL }, true },
	[USER_JUMP_CONDITIONAL] = { "user-jump-conditional", { "run: ", RUN_REPAIR, NULL }, true },
	[USER_JUMP_DUPLICATE] = { "user-jump-duplicate", { "run: ", RUN_REPAIR, NULL }, true },
	[USER_JUMP_GOTO] = { "user-jump-goto",
		{ "run the command in the message, which deletes that rule: FORWARD has a jump as well",
		  RUN_NONE, NULL }, false },
	[RULE_REFUSED] = { "rule-refused",
		{ "correct the rule, or provide what it needs (a set, a module); the next repair tries it again",
		  RUN_NONE, NULL }, false },
	[RULE_MISSING] = { "rule-missing", { "run: ", RUN_REPAIR, NULL }, true },
	[RULE_ORDER] = { "rule-order", { "run: ", RUN_REPAIR, NULL }, true },
	[RULE_BYPASSED] = { "rule-bypassed", { "run: ", RUN_REPAIR, NULL }, true },
	[RULE_STALE] = { "rule-stale", { "run: ", RUN_REPAIR, NULL }, true },
	[RULE_UNREACHABLE] = { "rule-unreachable",
		{ "move it before that rule, or put it into the configuration",
		  RUN_NONE, NULL }, false },
	[RULE_OPAQUE] = { "rule-opaque",
		{ "inspect it with: nft --handle list table ip filter (ip6 for IPv6)",
		  RUN_NONE, NULL }, false },
	[DOCKER_CHAINS_MISSING] = { "docker-chains-missing",
		{ "a running watch brings them back within seconds; else run: systemctl restart docker",
		  RUN_NONE, NULL }, false },
	[DOCKER_ABSENT] = { "docker-absent",
		{ "start Docker, or install the rules before it starts: ", RUN_REPAIR, NULL },
		true },
	[DOCKER_ELSEWHERE] = { "docker-elsewhere",
		{ "filter the ports of that Docker in INPUT: what it publishes is a socket of this host",
		  RUN_NONE, NULL }, false },
	[PROCESSES_HIDDEN] = { "processes-hidden",
		{ "mount /proc with gid=GROUP, and give the services SupplementaryGroups=GROUP; or run this as root",
		  RUN_NONE, NULL }, false },
	[BACKEND_SPLIT] = { "backend-split",
		{ "run the commands in the message, if it has any; have other programs use the same iptables as Docker",
		  RUN_NONE, NULL }, false },
	[PROXY_BYPASS] = { "proxy-bypass",
		{ "publish on an IPv4 address (-p 0.0.0.0:80:80), or filter INPUT",
		  RUN_NONE, NULL }, false },
	[DOCKER_NFTABLES] = { "docker-nftables",
		{ "run: ", RUN_REPAIR, NULL }, true },
	[DOCKER_LEFTOVER] = { "docker-leftover",
		{ "do what the message says; the configured rules are in force meanwhile",
		  RUN_NONE, NULL }, false },
	[GUARD_MISSING] = { "guard-missing", { "run: ", RUN_REPAIR, NULL }, true },
	[GUARD_DIFFERS] = { "guard-differs", { "run: ", RUN_REPAIR, NULL }, true },
	[INTERFACE_MISSING] = { "interface-missing",
		{ "correct the name in the configuration: ip -brief link lists the interfaces",
		  RUN_NONE, NULL }, false },
	[RULE_NOT_EVALUATED] = { "rule-not-evaluated",
		{ "write the name in the message, or change the setting that it names",
		  RUN_NONE, NULL }, false },
	[FAMILY_LEFT_OUT] = { "family-left-out",
		{ "add the family to families in the configuration", RUN_NONE, NULL }, false },
	[PORT_UNLISTED] = { "port-unlisted",
		{ "add a publish section for each, or set unlisted = \"refuse\"",
		  RUN_NONE, NULL }, false },
	[PORT_UNPUBLISHED] = { "port-unpublished",
		{ "remove the section if no container will publish the port",
		  RUN_NONE, NULL }, false },
	[HOST_FIREWALL_UNCLEAR] = { "host-firewall-unclear",
		{ "write that rule of the host's firewall without such a condition, or list addresses in a "
		  "publish section", RUN_NONE, NULL }, false },
	[HOST_FIREWALL_ABSENT] = { "host-firewall-absent",
		{ "start the host's firewall; or set on-error = \"close\", which keeps the ports closed "
		  "without one", RUN_NONE, NULL }, false },
	[CONTESTED] = { "contested",
		{ "stop the other writer, or list its chain in trusted-chains",
		  RUN_NONE, NULL }, false },
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

char *finding_hint(const char *name)
{
	const char *names[FINDING_COUNT];

	for (int id = 0; id < FINDING_COUNT; id++)
		names[id] = kinds[id].name;
	return nearest_hint(name, "", names, FINDING_COUNT);
}

const struct remedy *finding_remedy(enum finding_id id)
{
	return &kinds[id].remedy;
}

bool finding_can_be_critical(enum finding_id id)
{
	switch (id) {
	case CONFIGURATION_BROKEN:
	case USER_CHAIN_MISSING:
	case USER_JUMP_MISSING:
	case USER_JUMP_LATE:
	case ACCEPT_BEFORE_USER:
	case USER_JUMP_CONDITIONAL:
	case USER_JUMP_GOTO:
	case RULE_REFUSED:
	case RULE_MISSING:
	case RULE_ORDER:
	case RULE_BYPASSED:
	case DOCKER_CHAINS_MISSING:
	case BACKEND_SPLIT:
	case PROXY_BYPASS:
	case DOCKER_NFTABLES:
	case DOCKER_LEFTOVER:
	case GUARD_MISSING:
	case GUARD_DIFFERS:
	case CONTESTED:
		return true;
	default:
		return false;
	}
}

struct finding *findings_add(struct findings *findings, enum finding_id id, enum severity severity,
			     enum family family, char *message)
{
	struct finding *finding;

	GROW(findings->v, findings->n, findings->room);
	finding = &findings->v[findings->n++];
	*finding = (struct finding){
		.id = id,
		.severity = severity,
		.family = family,
		.message = message,
		.remedy = &kinds[id].remedy,
		.repairable = kinds[id].repairable,
	};
	return finding;
}

struct finding *findings_add_at(struct findings *findings, enum finding_id id,
				enum severity severity, enum family family, const char *chain,
				size_t rule, char *message)
{
	struct finding *finding = findings_add(findings, id, severity, family, message);

	finding->table = xstrdup("filter");
	finding->chain = chain ? xstrdup(chain) : NULL;
	finding->rule = rule;
	return finding;
}

void findings_move(struct findings *to, struct finding *finding)
{
	GROW(to->v, to->n, to->room);
	to->v[to->n++] = *finding;
	*finding = (struct finding){ 0 };
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

size_t findings_count(const struct findings *findings, enum finding_id id, enum family family)
{
	size_t n = 0;

	for (size_t i = 0; findings && i < findings->n; i++)
		n += findings->v[i].id == id &&
		     (family == FAMILY_COUNT || findings->v[i].family == family);
	return n;
}
