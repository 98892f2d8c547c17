/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FINDING_H
#define DOCKFW_FINDING_H

#include "rule.h"

/* The kinds of findings, and a list of findings. No I/O. */

enum severity { SEVERITY_OK, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_UNKNOWN };
/* "ok", "warning", "critical", "unknown"; the value is the exit status. */
const char *severity_name(enum severity severity);
/* The same as the status word of a monitoring plugin: "OK", … */
const char *severity_word(enum severity severity);

enum finding_id {
	CONFIGURATION_BROKEN,
	USER_CHAIN_MISSING,
	USER_JUMP_MISSING,
	USER_JUMP_LATE,
	ACCEPT_BEFORE_USER,
	USER_JUMP_CONDITIONAL,
	USER_JUMP_DUPLICATE,
	USER_JUMP_GOTO,
	RULE_REFUSED,
	RULE_MISSING,
	RULE_ORDER,
	RULE_BYPASSED,
	RULE_STALE,
	RULE_UNREACHABLE,
	RULE_OPAQUE,
	DOCKER_CHAINS_MISSING,
	DOCKER_ABSENT,
	DOCKER_ELSEWHERE,
	PROCESSES_HIDDEN,
	BACKEND_SPLIT,
	PROXY_BYPASS,
	DOCKER_NFTABLES,
	DOCKER_LEFTOVER,
	GUARD_MISSING,
	GUARD_DIFFERS,
	INTERFACE_MISSING,
	RULE_NOT_EVALUATED,
	FAMILY_LEFT_OUT,
	PORT_UNLISTED,
	PORT_UNPUBLISHED,
	HOST_FIREWALL_UNCLEAR,
	HOST_FIREWALL_ABSENT,
	CONTESTED,
	FINDING_COUNT,
};
/* The command of this program that a remedy has after its text. */
enum remedy_command {
	RUN_NONE,
	RUN_REPAIR,       /* "dockfw-check --repair" */
	RUN_CHECK_CONFIG, /* "dockfw-check --check-config" */
	RUN_CHECK,        /* "dockfw-check" */
	RUN_REMOVE,       /* "dockfw-check --remove" */
};

/*
 * What the operator can do: a sentence, with a command of this program inside it if one is
 * set. The printing code knows the options of the run to add to that command.
 */
struct remedy {
	const char *text;  /* up to the command */
	enum remedy_command command; /* follows, with the options of this run … */
	const char *after; /* … and this after it; NULL: nothing */
};

/* "user-chain-missing", …: stable, since scripts match on them. */
const char *finding_name(enum finding_id id);
/* The id with that name, or FINDING_COUNT. */
enum finding_id finding_by_name(const char *name);
/* "; did you mean 'ID'?", or "" if no id is like that name; the caller frees it. */
char *finding_hint(const char *name);
/* What an operator can do about a finding with that id: a constant. */
const struct remedy *finding_remedy(enum finding_id id);
/* Whether a finding with that id can be critical. */
bool finding_can_be_critical(enum finding_id id);

struct finding {
	enum finding_id id;
	enum severity severity;
	enum family family;  /* FAMILY_COUNT: about the host as a whole */
	char *table, *chain; /* owned, or NULL */
	size_t rule;         /* its number from 1; 0: none */
	size_t *rules;       /* owned: further rules it is about, as numbers from 1, or NULL */
	size_t nrules;
	char *message;       /* owned: one sentence that says what is wrong and where */
	const struct remedy *remedy; /* a constant */
	bool repairable;     /* --repair fixes it */
	/*
	 * It is about a family without Docker, where nothing is open: if it is critical,
	 * a report shows docker-absent instead (report_findings()).
	 */
	bool absent;
};

struct findings {
	struct finding *v;
	size_t n, room;
};

/*
 * Adds a finding about that family (FAMILY_COUNT: none) with the remedy of its id, and
 * takes ownership of message. The pointer is valid until the next finding is added.
 */
struct finding *findings_add(struct findings *findings, enum finding_id id, enum severity severity,
			     enum family family, char *message);
/* The same about a chain in the filter table, or a rule in it (0: none); chain may be NULL. */
struct finding *findings_add_at(struct findings *findings, enum finding_id id,
				enum severity severity, enum family family, const char *chain,
				size_t rule, char *message);
/* Moves the finding to the end of another list and leaves all zeroes behind. */
void findings_move(struct findings *to, struct finding *finding);
/* The worst severity: critical, then unknown, warning, ok. */
enum severity findings_severity(const struct findings *findings);
/* The number of findings with that id in a family (FAMILY_COUNT: any or none); 0 for NULL. */
size_t findings_count(const struct findings *findings, enum finding_id id, enum family family);
void findings_clear(struct findings *findings);

#endif
