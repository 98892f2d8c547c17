/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_MATCH_H
#define DOCKFW_MATCH_H

#include "match_ext.h"
#include "netinfo.h"
#include "packet.h"
#include "rule.h"

/*
 * What one rule's matches say of a packet whose source is any of a set: pure.
 * It does what the kernel's match functions do; a match that asks for what is
 * not known here (time, counters, sets, payload, …) says maybe, never no.
 */

/*
 * All conditions but those on the source address. An opaque rule is a maybe.
 */
enum answer match_fixed(const struct rule *rule, const struct packet *packet,
			const struct netinfo *info);

/* Whether the rule has conditions on the source address, and of which kind. */
enum source_kind {
	SOURCE_ANY,   /* none */
	SOURCE_FIXED, /* the same for every packet */
	SOURCE_VARIES, /* they depend on the packet's state or interfaces */
};
enum source_kind match_source_kind(const struct rule *rule);

/*
 * The sources that the rule's conditions hold for, into an empty set. Where
 * a mask is too scattered to be taken apart it is left out, and false is
 * returned: then match_one_source() can tell for a single address.
 * packet may be NULL for SOURCE_FIXED.
 */
bool match_sources(const struct rule *rule, const struct packet *packet,
		   const struct netinfo *info, struct addrset *set);
enum answer match_one_source(const struct rule *rule, const struct packet *packet,
			     const struct netinfo *info, addr_t src);

/* The part of sources that matches for sure, or may match. */
struct matched {
	enum answer answer; /* NO: set is empty; else what is true of every source in it */
	struct addrset set; /* owned by the caller */
};
/* A rule and what is known of it before any packet. */
struct ready_rule {
	const struct rule *rule; /* borrowed */
	enum source_kind kind;
	struct addrset sources; /* owned; of SOURCE_FIXED, as match_sources() gives them … */
	bool exact;             /* … and what it returned */
};
void match_ready(struct ready_rule *ready, const struct rule *rule, const struct netinfo *info);
void match_ready_clear(struct ready_rule *ready);
/* Both kinds of conditions together. sources: those of the packet. */
void match_rule(const struct ready_rule *ready, const struct packet *packet,
		const struct netinfo *info, const struct addrset *sources,
		struct matched *matched);

/* What a rule's conditions can be looked up by, when a chain is long. */
struct match_key {
	bool has_dst, has_dport, has_orig_dport;
	addr_t dst;
	uint16_t dport, orig_dport;
};
/*
 * The conditions of a rule that are for one value: a packet with another value
 * does not match. orig_dport holds for tracked packets and those that are not.
 */
void match_key(const struct rule *rule, struct match_key *key);

/* Two destinations of one class are the same to this rule. */
uint32_t match_dst_class(const struct rule *rule, addr_t dst);
/* Whether its conditions depend on the incoming interface in another way. */
bool match_asks_interface(const struct rule *rule);
/* Whether it looks at a mark. */
bool match_asks_mark(const struct rule *rule);

#endif
