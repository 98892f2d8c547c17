/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHERS_H
#define DOCKFW_OTHERS_H

#include "flow.h"

/*
 * What base chains outside the followed tables do to packets on their way, in the order of
 * their priorities. Pure.
 */

/* The base chains of one place with a priority above lo, or from INT32_MIN on, up to hi. */
struct others_stage {
	enum other_place place;
	int32_t lo, hi;
	/*
	 * There is a chain of iptables before or after them, of priority lo or hi. Chains of the
	 * same priority, whose order is not known, may be before or after it.
	 */
	bool tie_lo, tie_hi;
};

/*
 * Takes the flow over. Adds what goes on to next: more than one flow if it may have been
 * changed. Other ends are added to fate.
 */
void others_pass(struct walk *walk, const struct others_stage *stage, struct flow *flow,
		 struct flows *next, struct fate *fate);

/* Adds every end to fate, since nothing is known any more about where the packets go. */
void others_anything(struct walk *walk, const struct flow *flow, const struct decider *by,
		     struct fate *fate);

/*
 * The same for those in whose place the host itself may connect (target_relays()), if there are
 * any; packet is as it came to the chain.
 */
void others_relay(struct walk *walk, const struct packet *packet, const struct ending *relayed,
		  struct fate *fate);

/* The indexes of the base chains, by their priorities. The caller frees it. */
size_t *others_order(const struct other_filters *others);

#endif
