/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULE_H
#define DOCKFW_RULE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The rule model that both backends decode into and encode from: the parts of an
 * iptables command. No I/O.
 *
 * Matches and targets are the kernel's xt_* structures, by name and revision. Native
 * nf_tables expressions (ports, marks, limits, log groups) are converted to the
 * structure that iptables has for them, so that one iptables command is one rule
 * here, however it was encoded.
 */

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILY_COUNT };

/* "ipv4", "ipv6"; "IPv4", "IPv6" for sentences; AF_INET, AF_INET6; address size in bytes. */
const char *family_name(enum family family);
const char *family_title(enum family family);
int family_af(enum family family);
size_t family_addr_size(enum family family);

#define EXT_NAME_SIZE 29 /* XT_EXTENSION_MAXNAMELEN */
#define CHAIN_NAME_MAX 28 /* the longest chain name that iptables accepts */

/* A match or a target, as libxtables has it. */
struct ext {
	char name[EXT_NAME_SIZE];
	uint8_t revision;
	uint16_t size;     /* of data */
	/*
	 * The number of leading bytes of data that userspace sets; the rest is private
	 * to the kernel. 0: not known, and all bytes count.
	 */
	uint16_t usersize;
	uint8_t *data;     /* owned */
};

enum rule_invert {
	INV_SRC = 1U << 0,
	INV_DST = 1U << 1,
	INV_IN = 1U << 2,
	INV_OUT = 1U << 3,
	INV_PROTO = 1U << 4,
	INV_FRAG = 1U << 5,
};

enum verdict {
	VERDICT_NONE, /* no -j: counts the packet and continues */
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_RETURN,
	VERDICT_QUEUE,
	VERDICT_JUMP, /* -j CHAIN */
	VERDICT_GOTO, /* -g CHAIN */
	VERDICT_EXT,  /* -j TARGET, see target */
};

/* An address as iptables stores it: IPv4 in the first four bytes. */
struct address {
	uint8_t addr[16];
	uint8_t mask[16]; /* all zero: any */
};

/*
 * An interface: the name as typed ("eth+" includes the plus) and the mask of the bytes
 * that are compared ("eth+": 3; "eth0": 5, including the NUL; none or "+": 0).
 */
struct interface {
	char name[IFNAMSIZ];
	uint8_t mask[IFNAMSIZ];
};

struct rule {
	enum family family;

	unsigned int invert;
	struct address src, dst;
	struct interface in, out;
	uint16_t proto; /* 0: any */
	/*
	 * An explicit "any": ip6_tables records that "-p all" was given, and iptables -C
	 * compares it. Comparisons of rules here ignore it.
	 */
	bool any_proto;
	bool frag;      /* -f, only in IPv4 */
	/*
	 * iptables-nft before 1.8.11 puts "! --sport A ! --dport B" into one
	 * comparison, which holds if either port differs. It still lists the rule as it
	 * was typed, so comparisons of rules ignore this; a walk does not.
	 */
	bool either_port;

	struct ext *matches; /* owned, in order */
	size_t nmatches;

	enum verdict verdict;
	char *chain;       /* owned; for VERDICT_JUMP and VERDICT_GOTO */
	struct ext target; /* for VERDICT_EXT */

	/*
	 * The rule as its backend would write it now, if that is another form of the
	 * same rule; comparisons use it. Owned; NULL: the rule itself.
	 */
	struct rule *form;

	uint64_t packets, bytes;
	uint64_t handle; /* of nf_tables; 0: none */

	/*
	 * Why the rule could not be decoded in full, for example "expression 'ct'"
	 * (owned; NULL: it was). Such a rule equals no rule and is never written. Which
	 * packets it matches is not known. verdict and chain hold what could be read of
	 * its end, or VERDICT_NONE.
	 */
	char *opaque;
	bool keeps_packet; /* if it is opaque: it changes neither addresses nor marks */
	bool relays;       /* likewise: it may be a synproxy */
	/*
	 * Of an opaque rule: verdict, chain and target are all that it can do with a
	 * packet that it matches. Otherwise it may do anything, accept and drop as well.
	 */
	bool end_known;
	/*
	 * Of an opaque rule: conditions that all packets meet that it matches, as a rule of
	 * conditions only. There may be others. Owned; NULL: none is known.
	 */
	struct rule *certain;
	/* Of an opaque rule: a map of verdicts decides, and the end is that of its elements now. */
	bool by_map;
};

struct rule *rule_new(enum family family);
void rule_free(struct rule *rule); /* NULL is fine */
struct rule *rule_copy(const struct rule *rule);

/* Appends a match with a copy of data; returns the match, which the rule owns. */
struct ext *rule_add_match(struct rule *rule, const char *name, uint8_t revision,
			   const void *data, uint16_t size);
/* Whether it is the match or target with that name and revision. */
bool ext_is(const struct ext *ext, const char *name, uint8_t revision);
/* Copies the structure out, since data need not be aligned; false if data is too short. */
bool ext_get(const struct ext *ext, void *structure, size_t size);
/* Removes the match with that index, which is below nmatches. */
void rule_remove_match(struct rule *rule, size_t index);
/* Sets the target with a copy of data, and the verdict to VERDICT_EXT. */
void rule_set_target(struct rule *rule, const char *name, uint8_t revision,
		     const void *data, uint16_t size);
/* Makes the rule a jump or goto, with a copy of the chain name. */
void rule_set_chain(struct rule *rule, enum verdict verdict, const char *chain);

/*
 * A new rule with the same conditions, and with nothing else: no verdict, no comments, so no
 * mark. The rule must not be opaque. The caller frees the new one.
 */
struct rule *rule_conditions(const struct rule *rule);

/* Sets name and mask from "eth0", "eth+" or "+"; false if the name is too long. */
bool interface_set(struct interface *iface, const char *name);
/* Whether -i or -o (with invert: ! -i, ! -o) matches the interface with that name. */
bool interface_matches(const struct interface *iface, bool invert, const char name[IFNAMSIZ]);

/*
 * Whether two rules are the same iptables command. Counters and handles are ignored;
 * an opaque rule equals no rule, not even itself.
 */
bool rule_equal(const struct rule *a, const struct rule *b);
/*
 * Whether two rules do the same thing. The mark, which either may carry, is ignored,
 * and so are bytes that the kernel does not read in rules of this family.
 */
bool rule_equal_but_mark(const struct rule *a, const struct rule *b);
/* Rules that are equal except for the mark have equal hashes. */
uint32_t rule_hash(const struct rule *rule);

bool rule_is_marked(const struct rule *rule);
/* Adds the mark after the rule's own matches, unless it is marked already. */
void rule_add_mark(struct rule *rule);
/* Removes the mark, if there is one. */
void rule_remove_mark(struct rule *rule);

/* Whether it matches every packet of its family: no condition except comments; not opaque. */
bool rule_unconditional(const struct rule *rule);
/*
 * The first of -s, -d, -i and -o that is the negation of everything, so that no packet matches
 * the rule: 's', 'd', 'i' or 'o'; 0: none of them, or an opaque rule.
 */
char rule_negates_all(const struct rule *rule);
/* Whether it drops or rejects what it matches; false for an opaque rule. */
bool rule_refuses(const struct rule *rule);
/* Whether it may do anything: an opaque rule whose end is not known either. */
bool rule_is_unknown(const struct rule *rule);
/* Whether it is a jump or goto to a known chain; it may be opaque. */
bool rule_jumps(const struct rule *rule);
/* Whether it is a jump or goto to that chain. */
bool rule_leads_to(const struct rule *rule, const char *chain);

#endif
