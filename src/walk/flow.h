/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FLOW_H
#define DOCKFW_FLOW_H

#include "walk.h"

/* Flows on their way through a chain: for walk.c and chainwalk.c. */

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

/* Sends the flow, which it takes over, through the chain. */
void walk_chain(struct walk *walk, const struct links *links, struct flow *flow,
		struct outcome *outcome);

void memo_free(struct memo *memo);

#endif
