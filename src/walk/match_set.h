/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_MATCH_SET_H
#define DOCKFW_MATCH_SET_H

#include "ipset.h"
#include "match_ext.h"

/* What a match on a set (-m set) says of a packet. Pure. */

struct set_match {
	enum answer answer; /* apart from the source */
	/* Whether the source has to be among these addresses, or must not be. */
	bool has_source, invert;
	const struct addrset *members; /* borrowed from the set … */
	struct addrset own;            /* … unless they are made for the packet's port */
};

/*
 * The set, if what it has of the destination is known; else NULL. address, port: what of the
 * destination it is about. invert: the match is on all others.
 */
const struct ipset *match_set_of_destinations(const struct ext *ext, const struct ipsets *sets,
					      enum family family, bool *address, bool *port,
					      bool *invert);
/* Whether the match depends on the source; and if so, on the packet's port as well. */
bool match_set_reads_source(const struct ext *ext, const struct ipsets *sets, enum family family,
			    bool *varies);
/* Whether it compares an address or a port of the destination. */
bool match_set_reads_destination(const struct ext *ext);
/* packet may be NULL if the match does not vary. The caller frees match->own. */
void match_set(const struct ext *ext, const struct ipsets *sets, enum family family,
	       const struct packet *packet, struct set_match *match);
/* The set of the guard that the match is on; NULL: it is not such a match, or not known. */
const struct guard_set *match_guard_set(const struct ext *ext, const struct ipsets *sets,
					enum family family);
/* What such a match says of a packet, apart from its source. */
enum answer match_guard_fixed(const struct ext *ext, const struct ipsets *sets,
			      const struct packet *packet);
/* The set, if the rule matches on a source by one that could not be read; else NULL. */
const struct ipset *match_set_unknown(const struct rule *rule, const struct ipsets *sets);

#endif
