/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SETTINGS_H
#define DOCKFW_SETTINGS_H

#include "policy.h"

/*
 * The settings of a configuration in one table, which parsing, reading and printing
 * follow. A new setting is a row of the table and a field of struct policy, or of struct
 * publish for a publish section (what a field owns is freed with its struct);
 * dockfw.conf(5) and conf/dockfw.conf describe it. Pure.
 */

enum setting_section { SECTION_NONE, SECTION_CHAIN, SECTION_PUBLISH, SECTION_COUNT };
/* "" outside of sections, "chain", "publish" */
const char *setting_section_name(enum setting_section section);

enum setting_kind {
	SETTING_WORD,  /* one of the words; the field is an enum in the same order */
	SETTING_WORDS, /* a list of such words; the field is unsigned, with bit N for word N */
	SETTING_TEXT,  /* any text; the field is a char *, owned, or NULL */
	SETTING_LIST,  /* a list of texts; the field is a struct strings that has each once */
	SETTING_RULES, /* a list of rules, which config_rules.h parses; no field */
};

struct setting_row {
	const char *name;
	enum setting_section section;
	enum setting_kind kind;
	size_t offset;             /* of the field */
	const char *const *words;  /* ended by NULL */
	/* The default of a word or of words, as in the field; texts and lists default to empty. */
	unsigned int initial;
	/* What is wrong with a text, given those before it in its list: a constant, or NULL. */
	const char *(*fault)(const struct strings *before, const char *text);
	const char *if_empty;      /* what to do about an empty list, if that is an error */
	bool always;               /* printed even if it has its default */
};
/* All n settings in the order in which they are read and printed; constants. */
const struct setting_row *setting_rows(size_t *n);
/* The setting of that name in that kind of section, or NULL. */
const struct setting_row *setting_find(enum setting_section section, const char *name);
bool setting_is_list(const struct setting_row *row);

/* Below, into and from are the struct that holds the fields of the row's section. */

/* Set the default of one row, and of every row of the section. */
void setting_reset(const struct setting_row *row, void *into);
void setting_defaults(enum setting_section section, void *into);
/* Empties a list, whatever its default is; leaves other settings alone. */
void setting_clear(const struct setting_row *row, void *into);
/*
 * Sets the value, or adds it to the list. Returns NULL, or what is wrong with the text
 * ("is neither "a" nor "b""), which the caller frees; the field is then unchanged.
 */
char *setting_add(const struct setting_row *row, void *into, const char *text);
bool setting_is_default(const struct setting_row *row, const void *from);
/* Adds the values, as a configuration has them, to texts. */
void setting_values(const struct setting_row *row, const void *from, struct strings *texts);

/* A policy with the default of every setting and an empty DOCKER-USER; the caller frees it. */
struct policy *setting_default_policy(void);

#endif
