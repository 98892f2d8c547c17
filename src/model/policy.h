/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_POLICY_H
#define DOCKFW_POLICY_H

#include "ruleset.h"
#include "util.h"

/* What the configuration wants. No I/O. */

/* The values of settings that are words, in the order of the table in config/settings.c. */
enum backend_choice { CHOICE_AUTO, CHOICE_NFT, CHOICE_LEGACY };
enum foreign_rules { FOREIGN_KEEP, FOREIGN_REMOVE };
enum recovery { RECOVERY_NONE, RECOVERY_RESTART };

/* A configured rule, in one family. */
struct wanted_rule {
	struct rule *rule; /* owned, without the mark */
	char *text;        /* owned; as the file has it, or as publish made it */
	char *file;        /* owned; where it is written */
	unsigned int line;
};

struct wanted_rules {
	struct wanted_rule *v;
	size_t n, room;
};

/*
 * A chain section; DOCKER-USER is always there, as the first (where no section
 * names it, with an empty file and line 0).
 */
struct wanted_chain {
	char *name;
	char *file;
	unsigned int line;
	struct wanted_rules rules[FAMILY_COUNT];
};

/* A publish section: also what --fail-if-open goes by. */
struct publish_section {
	uint16_t port, last; /* the ports from port to last */
	uint8_t proto;
	bool any;  /* allow = { "any" } */
	char *file;
	unsigned int line;
};

struct policy {
	unsigned int families; /* bits 1U << FAMILY_… */
	enum backend_choice backend;
	struct strings trusted_chains;
	enum foreign_rules foreign_rules;
	struct strings ignore; /* finding ids */
	enum recovery recovery;
	struct wanted_chain **chains; /* owned */
	size_t nchains, room;
	struct publish_section *sections;
	size_t nsections, sections_room;
};

/*
 * A policy with an empty DOCKER-USER and nothing set, no family either: for one with
 * the default of every setting see config/settings.h.
 */
struct policy *policy_new(void);
void policy_free(struct policy *policy);

struct wanted_chain *policy_chain(const struct policy *policy, const char *name);
/* The configured rules of all chains in a family; NULL has none. */
size_t policy_rules(const struct policy *policy, enum family family);
/*
 * Whether the chain has to be in that family: it has rules there, or one leads to
 * it. (fail2ban makes its chains in the family that has something to ban.)
 */
bool policy_needs_chain(const struct policy *policy, const struct wanted_chain *chain,
			enum family family);
struct wanted_chain *policy_add_chain(struct policy *policy, const char *name,
				      const char *file, unsigned int line);
/*
 * A copy with these families, and with every rule in the form that a backend reads
 * back, so that it can be compared with live ones; canonical NULL: as it was parsed.
 */
struct policy *policy_canonical(const struct policy *policy, unsigned int families,
				struct rule *(*canonical)(const struct rule *rule));
/* Takes over the rule, copies the rest. */
void wanted_rules_add(struct wanted_rules *rules, struct rule *rule, const char *text,
		      const char *file, unsigned int line);
/*
 * Which chain has to be read next, with its table, for a question about the
 * snapshot; NULL when all that the answer needs is there.
 */
typedef struct chain *chain_selector(const struct policy *policy, const struct snapshot *snapshot,
				     struct table **table);

/* Copies what it is given. */
void policy_add_section(struct policy *policy, const struct publish_section *section);

#endif
