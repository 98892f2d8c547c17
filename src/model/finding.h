/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FINDING_H
#define DOCKFW_FINDING_H

#include "rule.h"

/* What can be wrong, and a list of what is. No I/O. */

enum severity { SEVERITY_OK, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_UNKNOWN };
/* "ok", "warning", "critical", "unknown"; the value is the exit status. */
const char *severity_name(enum severity severity);
/* The same as a plugin's status: "OK", … */
const char *severity_word(enum severity severity);

enum finding_id {
	USER_CHAIN_MISSING,
	USER_JUMP_MISSING,
	USER_JUMP_LATE,
	ACCEPT_BEFORE_USER,
	USER_JUMP_CONDITIONAL,
	USER_JUMP_DUPLICATE,
	RULE_MISSING,
	RULE_ORDER,
	RULE_BYPASSED,
	RULE_STALE,
	RULE_UNREACHABLE,
	RULE_OPAQUE,
	DOCKER_CHAINS_MISSING,
	DOCKER_ABSENT,
	BACKEND_SPLIT,
	PROXY_BYPASS,
	DOCKER_NFTABLES,
	CONTESTED,
	FINDING_COUNT,
};
/* "user-chain-missing", …: stable, scripts match on them. */
const char *finding_name(enum finding_id id);
/* The id of that name, or FINDING_COUNT. */
enum finding_id finding_by_name(const char *name);

/*
 * What the operator can do: a sentence, with a command of this program in the middle
 * where repair is set. Who prints it knows with which options the program has to run.
 */
struct remedy {
	const char *text;  /* up to the command */
	bool repair;       /* "dockfw-check --repair" comes next, with the options of this run … */
	const char *after; /* … and this after it; NULL: nothing */
};

struct finding {
	enum finding_id id;
	enum severity severity;
	enum family family;  /* FAMILY_COUNT: it is about the host as a whole */
	char *table, *chain; /* owned, or NULL */
	size_t rule;         /* from 1; 0: none */
	size_t *rules;       /* owned: others that it is about, likewise, or NULL */
	size_t nrules;
	char *message;       /* owned: one sentence, what and where */
	const struct remedy *remedy; /* a constant */
	bool repairable;     /* --repair mends it */
	/*
	 * It is about a family without Docker, where nothing is open: if it is critical,
	 * a report has docker-absent in its place (report_findings()).
	 */
	bool absent;
};

struct findings {
	struct finding *v;
	size_t n, room;
};

/*
 * Adds one finding about that family (FAMILY_COUNT: none) with the remedy of its id;
 * takes over message. It lives until the next one is added.
 */
struct finding *findings_add(struct findings *findings, enum finding_id id, enum severity severity,
			     enum family family, char *message);
/* The same about a chain of the table filter, or a rule of it (0: none); chain may be NULL. */
struct finding *findings_add_at(struct findings *findings, enum finding_id id,
				enum severity severity, enum family family, const char *chain,
				size_t rule, char *message);
/* Moves the finding to the end of another list; all zeroes are left. */
void findings_move(struct findings *to, struct finding *finding);
/* The worst: critical before unknown before warning before ok. */
enum severity findings_severity(const struct findings *findings);
/* How many have that id, in a family (FAMILY_COUNT: in any or none). NULL has none. */
size_t findings_count(const struct findings *findings, enum finding_id id, enum family family);
void findings_clear(struct findings *findings);

#endif
