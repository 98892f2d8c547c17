/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FLOW_H
#define DOCKFW_FLOW_H

#include "chain_index.h"
#include "source_validation.h"
#include "world.h"

/*
 * Packets on their way through the tables: what becomes of them, what decided, and
 * the steps. Pure.
 */

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
	struct chain_index index;
	const struct other_filters *others; /* borrowed */
	struct addrpool pool;
	struct source_validation validation;
	struct memo *memo; /* of chains already walked with the same relevant rules */
};

/* What became of the flows that went into a chain. */
struct outcome {
	struct flows accepted, returned;
	struct ending dropped, refused;
	struct decider doubt;
	bool doubtful;
};

void flow_copy(struct flow *to, const struct flow *from);
void flow_clear(struct flow *flow);
/* Takes the flow over; equal packets become one. */
void flows_add(struct flows *flows, struct flow *flow);
/* Copies the set. */
void ending_add(struct ending *ending, const struct addrset *set, const struct decider *by,
		double size);
void outcome_doubt(struct outcome *outcome, const struct decider *by);
void outcome_clear(struct outcome *outcome);

struct walk {
	struct walker *walker;
	struct steps *steps; /* NULL: not recorded */
	unsigned int depth;
};

/* Records a step; takes over text. */
void walk_step(struct walk *walk, enum step_kind kind, const struct decider *at,
	       enum answer answer, enum effect effect, char *text);

#endif
