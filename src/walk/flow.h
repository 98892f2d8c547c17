/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FLOW_H
#define DOCKFW_FLOW_H

#include "chain_index.h"
#include "native_sources.h"
#include "source_validation.h"
#include "world.h"

/*
 * Packets on their way through the tables: what becomes of them, what decided, and
 * the steps. Pure.
 */

/* What decided: a rule, the policy of a chain, or something outside the tables. */
struct decider {
	const char *table, *chain; /* borrowed from the snapshot; NULL: not a chain */
	size_t number;             /* of the rule, from 1; 0: the policy */
	enum verdict policy;       /* … which is this */
	const struct rule *rule;
	const struct other_rule *native; /* instead, of a table that is not iptables' */
	const char *reason;        /* borrowed; set if neither a rule nor a policy decided */
};

/* Packets that differ only in their sources. */
struct flow {
	struct packet packet;
	struct addrset src;
	struct decider by; /* what accepted the largest part of them in table filter */
	double size;       /* of that part */
};

struct flows {
	struct flow *v;
	size_t n, room;
};

/* Sources whose packets get no further. */
struct ending {
	struct addrset set;
	struct decider by; /* of the largest part */
	double size;       /* of that part */
};

struct fate {
	struct flows forwarded, local;
	struct ending dropped, refused;
	struct ending lost;    /* no route, forwarding switched off, … */
	struct ending unknown; /* anything may become of these: it is not known where they go */
	/* Anything may become of these as well: the host connects in their place (target_relays()). */
	struct ending relayed;
	struct decider doubt;  /* the first that could not be decided … */
	bool doubtful;         /* … if there is one */
};
void fate_clear(struct fate *fate);
/* Notes that this could not be decided, unless something else was noted before. */
void fate_doubt(struct fate *fate, const struct decider *by);

enum step_kind {
	STEP_HOOK,   /* a built-in chain is entered */
	STEP_RULE,   /* answer: whether it matches the packet */
	STEP_SAME,   /* a chain that the same packet went through before: it fares as then */
	STEP_END,    /* of a user-defined chain: back to the chain that jumped to it */
	STEP_POLICY,
	STEP_CHANGE, /* a rule changed the packet: text */
	STEP_ROUTE,  /* text */
	STEP_WAY,    /* the first step of one of several ways: text */
};

struct step {
	enum step_kind kind;
	unsigned int depth; /* of jumps */
	struct decider at;
	enum answer answer;
	enum effect effect;
	char *text; /* owned, or NULL */
};

struct steps {
	struct step *v;
	size_t n, room;
	bool all; /* rules that do not match are recorded as well */
};
void steps_clear(struct steps *steps);

struct walker {
	struct chain_index index;
	const struct other_filters *others; /* borrowed; NULL: none */
	size_t *order; /* owned: the indexes of its base chains, by their priorities */
	struct addrpool pool;
	struct source_validation validation;
	struct native_host native;
	struct memo *memo; /* outcomes of chains already walked with the same relevant rules */
};

/* What became of the flows that went into a chain. */
struct outcome {
	struct flows accepted, returned;
	struct ending dropped, refused;
	struct ending relayed; /* of those above: the host may connect in their place */
	struct decider doubt;
	bool doubtful;
};

void flow_copy(struct flow *to, const struct flow *from);
void flow_clear(struct flow *flow);
/* Takes the flow over; flows of equal packets are merged. */
void flows_add(struct flows *flows, struct flow *flow);
/* Adds a copy of the set. */
void ending_add(struct ending *ending, const struct addrset *set, const struct decider *by,
		double size);
void outcome_doubt(struct outcome *outcome, const struct decider *by);
void outcome_clear(struct outcome *outcome);

/* No kernel allows deeper jumps, but a snapshot made by hand might contain a loop. */
#define WALK_DEPTH_MAX 512

struct walk {
	struct walker *walker;
	struct steps *steps; /* NULL: steps are not recorded */
	unsigned int depth;
	struct visited *visited; /* owned by walk_packet(); NULL: no chain yet */
	size_t rules;            /* that were applied */
	bool decides;            /* an accept of the chains of others is what lets packets in */
	const char *stopped;     /* why nothing more is followed; NULL: it is */
	bool to_host;            /* to a listener of the host, as if nothing were published */
};

/*
 * Whether an accept of that chain is what lets the flow in: in table filter and in Docker's own
 * always the last one, else the first.
 */
bool walk_names(const struct walk *walk, const struct indexed_chain *indexed,
		const struct flow *flow);

/* Evaluates the conditions of a rule, apart from those on the source of the packet. */
enum answer walk_rule_fixed(const struct walk *walk, const struct indexed_rule *entry,
			    const struct packet *packet);

/* Records a step. Takes text over. */
void walk_step(struct walk *walk, enum step_kind kind, const struct decider *at,
	       enum answer answer, enum effect effect, char *text);

#endif
