/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CAPTURE_CHAINS_H
#define DOCKFW_CAPTURE_CHAINS_H

#include "ruleset.h"
#include "util.h"

/*
 * Which chains a captured configuration is about, and which of them others fill. To hold a
 * chain exactly means to delete what others put into it; so a chain is only held if
 * nothing indicates that it has another owner. Pure.
 */

enum filler {
	FILLER_NONE,    /* it is held */
	FILLER_PROGRAM, /* a program that is known by its names */
	FILLER_SHARED,  /* a chain that is not captured jumps to it too */
	FILLER_PARTLY,  /* not every rule in it can be captured */
};

struct captured_chain {
	char *name; /* owned */
	enum filler filler;
	bool in[FAMILY_COUNT]; /* DOCKER-USER leads to it in that family */
	char *why;  /* owned: the program, the chain that jumps to it, the rule; NULL if held */
};

struct captured_chains {
	const struct table *tables[FAMILY_COUNT]; /* borrowed; NULL: not captured */
	/* DOCKER-USER, then all chains that it leads to, in the order in which they are met. */
	struct captured_chain *v;
	size_t n, room;
	/* Those of others that were found so far. Their rules are not followed. */
	struct captured_chain *others;
	size_t nothers, others_room;
	/* Rules of DOCKER-USER that are not captured: not followed either. Indexes. */
	bool *left_out[FAMILY_COUNT];
};

/* The i-th chain in a family; NULL if DOCKER-USER does not lead to it there. */
const struct chain *captured_chain_in(const struct captured_chains *chains, size_t i,
				      enum family family);
/* The number of a chain's rules, without Docker's closing RETURN in DOCKER-USER. */
size_t captured_rules(const struct chain *chain);

/* Finds the chains. To be called again after a call of one of the next two. */
void captured_chains_find(struct captured_chains *chains);
/* Takes ownership of why. */
void captured_chains_give(struct captured_chains *chains, const char *name, enum filler filler,
			  char *why);
void captured_chains_leave_out(struct captured_chains *chains, enum family family, size_t rule);
/*
 * A chain that is not captured and that jumps to the chain, in the families in which
 * DOCKER-USER leads to it or, with in false, in the others, as text that the caller frees:
 * "INPUT (ipv4)". NULL if there is none.
 */
char *captured_chain_shared(const struct captured_chains *chains,
			    const struct captured_chain *shared, bool in);
void captured_chains_clear(struct captured_chains *chains);

/*
 * Whether a packet may get past the rule other than to the next one: it accepts or returns,
 * or a chain that it leads to does. With returns false, a return does not count.
 */
bool rule_lets_past(const struct table *table, const struct rule *rule, bool returns);
/* Whether it may drop or reject a packet, or a chain that it leads to may. */
bool rule_may_refuse(const struct table *table, const struct rule *rule);
/* Whether a rule of the chain may accept, in any family. A chain that was not read may. */
bool captured_chain_accepts(const struct captured_chains *chains, const char *name);

#endif
