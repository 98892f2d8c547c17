/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_H
#define DOCKFW_SPEC_H

#include <getopt.h>
#include <sys/types.h>

#include "rule.h"
#include "util.h"

/*
 * The insides of rulespec: what its parent and its child share. Everything
 * named spec_parse_*, spec_print_* and in xtlib.h runs in the child alone.
 */

/* A batch: texts to parse, or (texts is NULL) rules to print. */
struct spec_job {
	enum family family;
	size_t n;
	const char *const *texts;
	const struct strings *chains;
	const struct rule *const *rules;
};

/* ---- words: a text as iptables-restore splits it ---- */

#define SPEC_TEXT_MAX 65536 /* the longest text of a rule */

/* An argument vector: v[0] is the program's name, v[n] is NULL. */
struct words {
	char **v;
	int n;
};

/* Returns NULL, or why the text cannot be split (the caller frees it). */
char *words_split(const char *text, struct words *words);
void words_clear(struct words *words);

/* ---- parsing and printing one rule, in the child ---- */

#define SPEC_RULES_MAX 4096  /* rules that the address lists of one text may give */
#define SPEC_MATCHES_MAX 120 /* nf_tables takes 128 expressions in a rule */

/* What one text gave: rules, or why it was refused. */
struct spec_result {
	struct rule **rules; /* owned */
	size_t nrules;
	char *error;         /* owned */
	bool other_family;
};
void spec_result_clear(struct spec_result *result);

/* Parses one text; libxtables may end the process on the way. */
void spec_parse_text(const struct spec_job *job, const char *text, struct spec_result *result);

/*
 * Writes the rule to stdout as iptables -S would, without a newline. Returns
 * NULL, or why the rule cannot be written (the caller frees it; what is on
 * stdout by then is worth nothing).
 */
char *spec_print_rule(const struct rule *rule);

/* The options that every rule may have, ended by a zeroed one. */
extern struct option spec_options[];

/* An address list of -s or -d. */
struct spec_addresses {
	struct address *v;
	size_t n;
};

/*
 * Whether every address of the list is one: NULL, or what is wrong (the caller
 * frees it). A NULL list is fine. *other is set where the bad one is an address
 * of the other family.
 */
char *spec_addresses_check(enum family family, const char *list, bool *other);
/* The addresses of a list that was checked, in their order; NULL: any. */
void spec_addresses_parse(enum family family, const char *list, struct spec_addresses *addresses);

/*
 * Why a name is no address of that family, in words for the operator (the
 * caller frees them). *other is set where it is an address of the other one.
 */
char *spec_bad_address(enum family family, const char *name, bool *other);

/*
 * No name is looked up from here on: whatever libxtables or an extension asks
 * the resolver for is refused with bad(), which does not return.
 */
void spec_names_forbid(enum family family, void (*bad)(const char *why, bool other_family));

/* Its exit status where the child itself failed, which says nothing of the text at hand. */
#define SPEC_CHILD_FAILED 2

/*
 * What a fork of the program does from the text or rule at first on: answers
 * for each with records to out, each at_once or many together, of which a child
 * that crashes loses some. parent is who forked; errors becomes stderr.
 */
_Noreturn void spec_child_run(const struct spec_job *job, size_t first, bool at_once, int out,
			      int errors, pid_t parent);

/* ---- the pipe between the two ---- */

enum record_kind {
	RECORD_READY,   /* libxtables is set up; no payload */
	RECORD_RULE,    /* one more rule of the text at index */
	RECORD_DONE,    /* the text at index was accepted; no payload */
	RECORD_REFUSED, /* it was refused: why */
	RECORD_REFUSED_OTHER, /* the same, but the other family may hold it */
	RECORD_TEXT,    /* the print of the rule at index */
	RECORD_OPAQUE,  /* it cannot be printed: why */
	RECORD_KINDS,
};

struct record {
	enum record_kind kind;
	uint32_t index;
	const uint8_t *payload;
	size_t size;
};

/* Bytes that were read and not used up yet, or are to be written. */
struct bytes {
	uint8_t *v;
	size_t n, room;
};
void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_drop(struct bytes *bytes, size_t size);

/* Appends a record. */
void record_put(struct bytes *bytes, enum record_kind kind, size_t index, const void *payload,
		size_t size);
void record_put_rule(struct bytes *bytes, size_t index, const struct rule *rule);

/*
 * Takes the first record of bytes, without using it up. Returns the bytes that
 * it has, 0 where it is not all there yet, -1 where this is no record.
 */
long record_get(const struct bytes *bytes, struct record *record);

/* The rule of a RECORD_RULE, checked to the last byte; NULL where it is bad. */
struct rule *record_rule(const struct record *record, enum family family);

#endif
