/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GUARD_RULES_H
#define DOCKFW_GUARD_RULES_H

#include "guard_set.h"
#include "policy.h"

/*
 * The rules that the guard (model/guard_names.h) should hold: the configured ones once
 * more. Pure.
 *
 * The chain "forward" never refuses a packet that DOCKER-USER, jumped to first and
 * holding its rules, would let pass. What cannot be decided without state or side
 * effects is therefore left out where it refuses, and loses that condition where it
 * accepts. What is left to the host's own firewall, only the guard refuses: no rule lets more
 * past that than is known of it. Where packets do not come to DOCKER-USER (families_guarded_only()), the guard has
 * the configured rules whole, with state and effects.
 *
 * The chain "input" refuses what a publish section refuses where the host itself takes
 * the packet, as docker-proxy does. Where a section leaves that to the host's own firewall,
 * that one itself decides about such a packet.
 */

struct guard_chain {
	char *name; /* owned */
	bool base;  /* "forward" or "input"; else a configured chain's */
	struct wanted_rules rules; /* owned, unmarked */
};

/* The wanted guard of one family. */
struct guard {
	enum family family;
	const char *table; /* its name */
	bool own; /* its table is to belong to this process */
	bool follows; /* the host's own firewall decides about some ports */
	struct guard_chain *chains; /* owned; none: there should be no guard */
	size_t n, room;
	struct guard_sets sets; /* that its rules match on */
	/*
	 * The number of the first rule of others in DOCKER-USER that may let everyone past: the
	 * guard refuses nothing that comes after it. 0: there is none.
	 */
	size_t open_at;
	size_t left_out; /* configured refusing rules that the guard cannot hold */
	/*
	 * Owned, a part of a sentence, or NULL: the first rule by which DOCKER-USER may let in whom
	 * the host's own firewall refuses, and by which the guard does not go.
	 */
	char *unheeded;
};

/*
 * Fills in guard, which the caller clears. snapshot has Docker's own tables and the filter
 * table, with what select_judged reads: rules of others in DOCKER-USER and trusted chains that accept
 * count as well.
 */
void guard_make(struct guard *guard, const struct policy *policy, const struct snapshot *snapshot,
		enum family family);
/*
 * Does the same for its copy. What has state or an effect would count each packet twice: it is
 * left out as where DOCKER-USER has it, also where the guard has it.
 */
void guard_make_copy(struct guard *guard, const struct policy *policy,
		     const struct snapshot *snapshot, enum family family);
void guard_clear(struct guard *guard);

#endif
