/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHECK_INTERFACES_H
#define DOCKFW_CHECK_INTERFACES_H

#include "finding.h"
#include "links.h"
#include "netinfo.h"
#include "policy.h"

/*
 * Which configured interfaces no packet can have in a rule, and which configured rules the
 * kernel does not evaluate for the packets that they name. Pure.
 */

/* What is known of the host. */
struct interface_facts {
	const struct strings *present; /* the names of all interfaces */
	const struct links *links;     /* what interface_names_wanted() gives, as far as it exists */
	unsigned int families;         /* to check, as bits 1U << FAMILY_… */
	const struct netinfo *net;     /* NULL: the bridges of addresses are not known */
};

struct interface_fault {
	enum finding_id id; /* INTERFACE_MISSING or RULE_NOT_EVALUATED */
	enum family family; /* FAMILY_COUNT: of no family in particular */
	const char *file;   /* of the policy: the first place that has it */
	unsigned int line;
	char *text; /* owned; what goes before the place in a message */
	char *hint; /* owned; what goes after it, from a "; " on; or "" */
};

struct interface_faults {
	struct interface_fault *v; /* owned */
	size_t n, room;
};

/* Whether the policy names an interface or both ends of a rule; if not, no facts are needed. */
bool interfaces_named(const struct policy *policy);
/*
 * Adds each whole name ("eth0", not "eth+") that a setting or a rule has, once, and unless net
 * is NULL the bridges that both ends of a rule are on.
 */
void interface_names_wanted(const struct policy *policy, const struct netinfo *net,
			    struct strings *names);

/*
 * Fills in faults, which the caller clears: one for each name that the host does not have, or
 * has as an altname or as a part of a bridge, bond or VRF, in the order of the policy; then one for
 * each bridge that does not show netfilter the packets between its ports although rules with
 * that bridge as -i and -o, or with two addresses of its network, are for them. Names that
 * match every interface are not looked for. Those in -m physdev may be ports of a bridge.
 */
void interfaces_judge(const struct policy *policy, const struct interface_facts *facts,
		      struct interface_faults *faults);
void interface_faults_clear(struct interface_faults *faults);

/* Adds a finding for each of them. */
void check_interfaces(const struct policy *policy, const struct interface_facts *facts,
		      struct findings *findings);

#endif
