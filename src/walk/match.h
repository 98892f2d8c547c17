/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_MATCH_H
#define DOCKFW_MATCH_H

#include "ipset.h"
#include "match_ext.h"
#include "netinfo.h"
#include "packet.h"
#include "rule.h"

/*
 * Whether a rule matches a packet whose source is any of a set. Pure. The functions do
 * what the kernel's match functions do. A match on something that is not known here
 * (time, counters, a set that was not read, …) answers maybe, never no.
 */

/* Whether the rule has conditions on the source address, and of which kind. */
enum source_kind {
	SOURCE_ANY,   /* none */
	SOURCE_FIXED, /* the same for every packet */
	SOURCE_VARIES, /* they depend on the packet's state or interfaces */
};
enum source_kind match_source_kind(const struct rule *rule, const struct ipsets *sets);

/*
 * Fills an empty set with the sources for which the rule's conditions hold. A condition
 * that cannot be written as a set, such as a mask that is too scattered, is left out, and
 * false is returned: then match_one_source() can decide a single address. packet may be
 * NULL for SOURCE_FIXED, and sets if there are none.
 */
bool match_sources(const struct rule *rule, const struct packet *packet,
		   const struct netinfo *info, const struct ipsets *sets, struct addrset *set);
enum answer match_one_source(const struct rule *rule, const struct packet *packet,
			     const struct netinfo *info, const struct ipsets *sets, addr_t src);

/* The part of the sources that matches for certain, or may match. */
struct matched {
	enum answer answer; /* NO: set is empty; else it holds for every source in set */
	struct addrset set; /* owned by the caller */
};
/* A rule and what is known about it before any packet. */
struct ready_rule {
	const struct rule *rule; /* borrowed */
	const struct ipsets *sets; /* borrowed; NULL: no match of the rule is on a set */
	enum source_kind kind;
	struct addrset sources; /* owned; for SOURCE_FIXED, the set of match_sources() … */
	bool exact;             /* … and what that returned */
	bool connected;         /* a packet without a connection does not match */
};
/* guard: the rule is in the guard's table. sets: all that were read, or NULL. */
void match_ready(struct ready_rule *ready, const struct rule *rule, const struct netinfo *info,
		 const struct ipsets *sets, bool guard);
void match_ready_clear(struct ready_rule *ready);
/* Evaluates all conditions except those on the source address. An opaque rule is a maybe. */
enum answer match_fixed(const struct ready_rule *ready, const struct packet *packet,
			const struct netinfo *info);
/*
 * Evaluates all conditions. sources: those of the packet. The caller clears
 * matched->set.
 */
void match_rule(const struct ready_rule *ready, const struct packet *packet,
		const struct netinfo *info, const struct addrset *sources,
		struct matched *matched);

/* The values by which the rules of a long chain are indexed. */
struct match_key {
	bool has_dst, has_dport, has_orig_dport;
	addr_t dst;
	uint16_t dport, orig_dport;
};
/*
 * Finds the conditions of a rule that match only one value: a packet with another value
 * does not match. orig_dport holds for packets whether they are tracked or not.
 */
void match_key(const struct rule *rule, struct match_key *key);

/* The rule does not distinguish two destinations of the same class. */
uint32_t match_dst_class(const struct rule *rule, addr_t dst);
/* Whether a match of the rule depends on the incoming interface, apart from -i. */
bool match_reads_interface(const struct rule *rule);
/* Whether the rule matches on a mark. */
bool match_reads_mark(const struct rule *rule);

#endif
