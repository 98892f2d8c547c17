/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHER_FILTER_H
#define DOCKFW_OTHER_FILTER_H

#include "addrset.h"
#include "other_test.h"
#include "proto.h"
#include "rule.h"

/*
 * Base chains outside the iptables tables of one backend, which the kernel evaluates as
 * well: those of firewalld, of Docker's own nf_tables backend, of nft and of the other
 * backend. No I/O; kernel/other_filters.h reads them, walk/others.h evaluates them.
 */

/* What becomes of the packets that a rule matches. */
enum other_verdict {
	OTHER_GO_ON,
	OTHER_ACCEPT,    /* ends this base chain, and no other */
	OTHER_DROP,
	OTHER_REFUSE,    /* drops and answers */
	OTHER_RETURN,
	OTHER_JUMP,
	OTHER_GOTO,
	OTHER_TRANSLATE, /* gives the connection another destination, and ends the base chain */
	OTHER_ANYTHING,  /* not known: new addresses, a local socket, a queue */
};

/* What a rule changes before its verdict. */
enum other_change_kind { OTHER_SET_MARK, OTHER_SET_CT_MARK, OTHER_SET_ZONE, OTHER_NOTRACK };
struct other_change {
	enum other_change_kind kind;
	/* A mark becomes (from & keep) ^ flip; if from is not known, nothing is. */
	enum { OTHER_FROM_NOTHING, OTHER_FROM_MARK, OTHER_FROM_CT_MARK, OTHER_FROM_UNKNOWN } from;
	uint32_t keep, flip;
};

/* The new destination. */
struct other_nat {
	bool known;     /* else it may be any */
	bool redirect;  /* to the interface by which the packet comes in */
	bool netmap;    /* addr is a prefix: the rest of the old address stays */
	bool has_addr, has_port;
	bool random;    /* any port of the range */
	struct addrrange addr;
	struct span port;
};

#define OTHER_NOWHERE SIZE_MAX

struct other_rule {
	struct other_test *tests; /* owned; the sets in them are the filters' */
	size_t ntests, tests_room;
	bool unsure;              /* it has conditions that are not known here */
	struct other_change *changes; /* owned; in order */
	size_t nchanges, changes_room;
	enum other_verdict verdict;
	size_t to; /* of OTHER_JUMP and OTHER_GOTO: the chain, or OTHER_NOWHERE if it is not known … */
	const char *to_name; /* … and its name: borrowed from the filters; NULL: not known */
	struct other_nat nat; /* of OTHER_TRANSLATE */
	bool relays;          /* of OTHER_ANYTHING: it may be a synproxy */
	size_t number;        /* of the rule that was read, from 1: one may become several */
	uint64_t handle;      /* of that rule, if its table is a followed one */
	/*
	 * It is one of the elements of a map of the same rule as the one before: packets
	 * that an earlier one of them matches do not come to it.
	 */
	bool alternative;
	/* A rule of x_tables: all of its conditions, and of its targets what is not above. Owned. */
	struct rule *xt;
};

struct other_chain {
	size_t table; /* the index of its table */
	char *name;   /* owned */
	bool base;
	size_t rules; /* that were read, also those that do nothing and are not kept */
	struct other_rule *v; /* owned */
	size_t n, room;
};

enum other_place {
	OTHER_INGRESS, OTHER_BRIDGE_IN, OTHER_PREROUTING, OTHER_INPUT, OTHER_FORWARD,
	OTHER_POSTROUTING, OTHER_BRIDGE_OUT, OTHER_BRIDGE_FORWARD, OTHER_EGRESS,
};

/* A base chain. */
struct other_hook {
	enum other_place place;
	int32_t priority;
	bool nat;              /* sees only connections that no nat chain has translated yet */
	bool link;             /* of the families netdev and bridge, below IP */
	bool drops;            /* by its policy */
	unsigned int families; /* bits 1U << FAMILY_… */
	struct interface *devices; /* owned; of INGRESS and EGRESS */
	size_t ndevices;
	size_t chain;
	char *name;            /* owned: "inet firewalld filter_INPUT" */
};

struct other_table {
	char *name; /* owned: "inet firewalld", "ip_tables filter" */
	unsigned int families; /* bits 1U << FAMILY_… */
	bool docker; /* of Docker's own nf_tables backend */
	/*
	 * One of iptables' tables, under the name that iptables gives it. Its chains have only what
	 * was read of the rules that iptables does not understand, and no base chain is hooked.
	 */
	bool followed;
};

struct other_filters {
	struct other_hook *v; /* owned */
	size_t n, room;
	struct other_chain *chains; /* owned; sorted by table and name */
	size_t nchains, chains_room;
	struct other_table *tables; /* owned */
	size_t ntables, tables_room;
	/* What the tests of the rules borrow: owned. */
	struct other_set **sets;
	size_t nsets, sets_room;
	struct other_key **keys;
	size_t nkeys, keys_room;
	/*
	 * There are chains of the family bridge: then nf_conntrack_bridge may track a packet
	 * before the chains of IP see it (nft_ct takes it into use for that family).
	 */
	bool in_bridges;
};

/* Begins a table with a copy of the name; returns its index. */
size_t other_filters_table(struct other_filters *filters, const char *name, unsigned int families);
/* Adds a chain of the latest table; call other_filters_sort() after the last one of it. */
struct other_chain *other_filters_add_chain(struct other_filters *filters, const char *name);
void other_filters_sort(struct other_filters *filters);
/* The index of a chain, or OTHER_NOWHERE. */
size_t other_filters_chain(const struct other_filters *filters, size_t table, const char *name);
/* The chain of a followed table, or NULL if nothing of it was read; filters may be NULL. */
const struct other_chain *other_filters_followed(const struct other_filters *filters,
						 enum family family, const char *table,
						 const char *chain);
/*
 * What was read of the rule with that number, from 1, in the snapshot of a followed chain:
 * *n rules, one after the other. NULL: nothing, since iptables understands the rule, or it is
 * not the one that was read. chain may be NULL.
 */
const struct other_rule *other_chain_reading(const struct other_chain *chain, size_t number,
					     const struct rule *rule, size_t *n);
/* An empty set for tests with that many keys, which lives as long as the filters. */
struct other_set *other_filters_set(struct other_filters *filters, size_t nkeys);
/* A copy of n keys, which lives as long as the filters. */
const struct other_key *other_filters_keys(struct other_filters *filters,
					   const struct other_key *keys, size_t n);
/*
 * Takes the rule over and appends it, unless it does nothing and has no handle; does not count
 * it.
 */
void other_chain_add(struct other_chain *chain, struct other_rule *rule);
/* Takes ownership of what hook holds. */
void other_filters_take(struct other_filters *filters, struct other_hook hook);
/* Whether it has a rule, or drops by its policy. */
bool other_hook_filters(const struct other_filters *filters, const struct other_hook *hook);
/* Takes over what from holds. */
void other_filters_move(struct other_filters *to, struct other_filters *from);
void other_filters_clear(struct other_filters *filters);

void other_rule_add_test(struct other_rule *rule, const struct other_test *test);
/* Adds the test that the field is in the range; size as in struct other_key. */
void other_rule_want(struct other_rule *rule, enum other_field field, uint8_t size,
		     struct addrrange range, bool inverted);
void other_rule_change(struct other_rule *rule, const struct other_change *change);
struct other_rule other_rule_copy(const struct other_rule *rule);
void other_rule_clear(struct other_rule *rule);
/* Whether the rule may change something of the packet, or do anything. */
bool other_rule_alters(const struct other_rule *rule);
/*
 * The only interval of the field's values that the rule matches; false if there is none, or
 * there are several.
 */
bool other_rule_range(const struct other_rule *rule, enum other_field field,
		      struct addrrange *range);
/* The only protocol that the rule is about; 0 if there is none, or there are several. */
uint8_t other_rule_proto(const struct other_rule *rule);

#endif
