/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_WALK_H
#define DOCKFW_WALK_H

#include "chain_index.h"
#include "other_filter.h"
#include "source_validation.h"

/*
 * Follows a new connection's first packet, or a set of them that differ in
 * their source, through the kernel's tables: raw, mangle and nat PREROUTING,
 * the routing, then FORWARD or INPUT. Pure.
 *
 * Where a rule may or may not match, the packet goes both ways. So what ends
 * in one way alone is certain, and what ends in more is a maybe.
 */

/* The tables that a walk needs of each family, with all their chains; ends with NULL. */
extern const char *const walk_tables[];

/* What decided: a rule, the policy of a chain, or something beside the tables. */
struct decider {
	const char *table, *chain; /* NULL: not a chain; of the snapshot */
	size_t number;             /* of the rule, from 1; 0: the policy */
	enum verdict policy;       /* … which is this */
	const struct rule *rule;
	const char *reason;        /* a constant, where it is no rule and no policy */
};

/* Packets that are equal but for their sources. */
struct flow {
	struct packet packet;
	struct addrset src;
	struct decider by; /* who accepted the largest part of them in the table filter */
	double size;       /* of that part */
};

struct flows {
	struct flow *v;
	size_t n, room;
};

/* Sources that come no further. */
struct ending {
	struct addrset set;
	struct decider by; /* of the largest part */
	double size;       /* of that part */
};

struct fate {
	struct flows forwarded, local;
	struct ending dropped, refused;
	struct ending lost;    /* no route, forwarding switched off, … */
	struct decider doubt;  /* the first that could not be decided … */
	bool doubtful;         /* … where there is one */
};
void fate_clear(struct fate *fate);

enum step_kind {
	STEP_HOOK,   /* a builtin chain is entered */
	STEP_RULE,   /* answer is what it says of the packet */
	STEP_END,    /* of a chain of the user's: back to the caller */
	STEP_POLICY,
	STEP_CHANGE, /* the packet became another one: text */
	STEP_ROUTE,  /* text */
	STEP_WAY,    /* the first step of one of several ways: text */
};

struct step {
	enum step_kind kind;
	unsigned int depth; /* of calls */
	struct decider at;
	enum answer answer;
	enum effect effect;
	char *text; /* owned, or NULL */
};

struct steps {
	struct step *v;
	size_t n, room;
	bool all; /* the rules that do not match too */
};
void steps_clear(struct steps *steps);

struct walker {
	struct link_set links;
	const struct other_filters *others;
	struct addrpool pool;
	struct origins origins;
	struct memo *memo; /* of chains already walked with the same relevant rules */
};

/* Borrows them all. others may be NULL: none. */
void walker_make(struct walker *walker, const struct snapshot *snapshot,
		 const struct other_filters *others, const struct netinfo *info,
		 enum family family);
void walker_clear(struct walker *walker);

/*
 * Fills fate in, which the caller clears. With steps, each is recorded.
 * sources must not be empty.
 */
void walk_packet(struct walker *walker, const struct packet *packet,
		 const struct addrset *sources, struct steps *steps, struct fate *fate);

#endif
