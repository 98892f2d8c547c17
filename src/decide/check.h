/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_H
#define DOCKFW_CHECK_H

#include "dockerd.h"
#include "policy.h"
#include "ruleset.h"

/* (policy, snapshot, docker) to findings: pure. */

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

struct finding {
	enum finding_id id;
	enum severity severity;
	bool has_family;
	enum family family;
	char *table, *chain; /* owned, or NULL */
	size_t rule;         /* from 1; 0: none */
	size_t *rules;       /* owned: others that it is about, likewise, or NULL */
	size_t nrules;
	char *message;       /* owned: one sentence, what and where */
	const char *remedy;  /* what the operator can do; a constant, see report_remedy() */
	bool repairable;     /* --repair mends it */
};

struct findings {
	struct finding *v;
	size_t n, room;
};

/* Adds what is wrong to findings; ignored ids are left out. */
void check(const struct policy *policy, const struct snapshot *snapshot,
	   const struct dockerd *docker, struct findings *findings);

/* Adds one finding; takes over message. */
struct finding *findings_add(struct findings *findings, enum finding_id id, enum severity severity,
			     char *message);
/* Takes out those that the policy ignores. */
void findings_leave_out(struct findings *findings, const struct policy *policy);
/* The worst: critical before unknown before warning before ok. */
enum severity findings_severity(const struct findings *findings);
void findings_clear(struct findings *findings);

/* What concerns Docker itself: its chains, its own nf_tables backend. */
void check_docker(const struct policy *policy, const struct snapshot *snapshot,
		  const struct dockerd *docker, struct findings *findings);

/*
 * A chain of Docker's in the family's filter or nat table, set in table, that
 * check_docker() needs and that is not loaded; NULL where there is none.
 */
struct chain *docker_chain_in_doubt(struct table *filter, struct table *nat, struct table **table);

/*
 * What the other backend's filter tables do to forwarded packets: both are
 * asked by the kernel, whichever iptables shows.
 */
void check_split(const struct policy *policy, const struct snapshot *snapshot,
		 const struct snapshot *other, struct findings *findings);

/*
 * The families that are looked at: those of the policy with chains of Docker's
 * in their filter table, and all of the policy where there are none. IPv4 is
 * where Docker always has its chains: when only IPv6 has them, IPv4 lost its
 * own. None where Docker uses nf_tables itself, which asks no DOCKER-USER.
 */
unsigned int families_in_force(const struct policy *policy, const struct snapshot *snapshot);
bool docker_has_chains(const struct snapshot *snapshot, enum family family);

#endif
