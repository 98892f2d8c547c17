/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULE_H
#define DOCKFW_RULE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one rule model, which both backends decode into and encode from: the
 * parts that an iptables command has. No I/O.
 *
 * Matches and targets are the xt_* structures of the kernel, by name and
 * revision: what nf_tables holds as native expressions (ports, marks, limits,
 * log groups) is put into the structure that iptables has for it, so that one
 * iptables command is one rule here, however it was encoded.
 */

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILY_COUNT };

/* "ipv4", "ipv6"; "IPv4", "IPv6" for sentences; AF_INET, AF_INET6; the bytes of an address. */
const char *family_name(enum family family);
const char *family_title(enum family family);
int family_af(enum family family);
size_t family_addr_size(enum family family);

#define EXT_NAME_SIZE 29 /* XT_EXTENSION_MAXNAMELEN */
#define CHAIN_NAME_MAX 28 /* the longest chain name that iptables accepts */

/* A match or a target of libxtables' kind. */
struct ext {
	char name[EXT_NAME_SIZE];
	uint8_t revision;
	uint16_t size;     /* of data */
	/*
	 * How many bytes in front of data userspace decides; the rest is the
	 * kernel's own. 0: not known, then all of them count.
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
	VERDICT_NONE, /* no -j: counts and goes on */
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_RETURN,
	VERDICT_QUEUE,
	VERDICT_JUMP, /* -j CHAIN */
	VERDICT_GOTO, /* -g CHAIN */
	VERDICT_EXT,  /* -j TARGET, see target */
};

/* An address as iptables holds it: IPv4 in the first four bytes. */
struct address {
	uint8_t addr[16];
	uint8_t mask[16]; /* all zero: any */
};

/*
 * An interface: the name as typed ("eth+" with its plus) and the mask of the
 * bytes that count ("eth+": 3; "eth0": 5, the NUL too; none or "+": 0).
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
	 * Any, but said so: ip6_tables keeps that "-p all" was given, and
	 * iptables -C looks at it. No comparison of rules here does.
	 */
	bool any_proto;
	bool frag;      /* -f, IPv4 alone */
	/*
	 * iptables-nft before 1.8.11 puts "! --sport A ! --dport B" into one
	 * comparison, which holds where either port differs. It lists that as it
	 * was typed, so no comparison of rules looks at this; a walk does.
	 */
	bool either_port;

	struct ext *matches; /* owned, in their order */
	size_t nmatches;

	enum verdict verdict;
	char *chain;       /* owned; of VERDICT_JUMP and VERDICT_GOTO */
	struct ext target; /* of VERDICT_EXT */

	/*
	 * The rule as its backend would write it anew, where that is another form
	 * of the same rule: it is what is compared. Owned; NULL: as it is.
	 */
	struct rule *form;

	uint64_t packets, bytes;
	uint64_t handle; /* nf_tables' name for it; 0 where it has none */

	/*
	 * Not decoded to the last byte: why, for example "expression 'ct'"
	 * (owned; NULL for a rule that is whole). Such a rule equals nothing,
	 * is assumed able to accept, and is never written. verdict and chain
	 * hold what could be read of its end, VERDICT_NONE where nothing could.
	 */
	char *opaque;
};

struct rule *rule_new(enum family family);
void rule_free(struct rule *rule); /* NULL is fine */
struct rule *rule_copy(const struct rule *rule);

/* Appends a match with a copy of data; returns it, owned by the rule. */
struct ext *rule_add_match(struct rule *rule, const char *name, uint8_t revision,
			   const void *data, uint16_t size);
/* Whether it is that match or target, in that revision. */
bool ext_is(const struct ext *ext, const char *name, uint8_t revision);
/* Copies its structure out, since the bytes need not be aligned. False: they are too few. */
bool ext_get(const struct ext *ext, void *structure, size_t size);
/* Sets the verdict to VERDICT_EXT with a copy of data. */
void rule_set_target(struct rule *rule, const char *name, uint8_t revision,
		     const void *data, uint16_t size);
/* Sets a jump or goto to a copy of the chain's name. */
void rule_set_chain(struct rule *rule, enum verdict verdict, const char *chain);

/* Sets name and mask from "eth0", "eth+" or "+"; false where it is too long. */
bool interface_set(struct interface *iface, const char *name);
/* Whether -i or -o (with invert: ! -i, ! -o) holds for the interface of that name. */
bool interface_matches(const struct interface *iface, bool invert, const char name[IFNAMSIZ]);

/*
 * Whether two rules are the same iptables command. Counters and handles do not
 * count; an opaque rule equals nothing, not even itself.
 */
bool rule_equal(const struct rule *a, const struct rule *b);
/*
 * Whether they do the same, but for the mark, which either may carry: bytes
 * that the kernel does not look at in rules of this family do not count either.
 */
bool rule_equal_but_mark(const struct rule *a, const struct rule *b);
/* Rules that are equal but for the mark have equal hashes. */
uint32_t rule_hash(const struct rule *rule);

bool rule_is_marked(const struct rule *rule);
/* Adds the mark behind the rule's own matches, where it is not there yet. */
void rule_add_mark(struct rule *rule);
/* Takes it off, where the rule carries it. */
void rule_remove_mark(struct rule *rule);

/* Every packet of its family: no condition, comments apart. Not opaque ones. */
bool rule_unconditional(const struct rule *rule);
/* A jump or goto, whose chain is known: it may be one of an opaque rule. */
bool rule_calls(const struct rule *rule);
/* … to that chain. */
bool rule_leads_to(const struct rule *rule, const char *chain);

#endif
