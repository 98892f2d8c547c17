/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "finding.h"
#include "publish.h"
#include "text.h"

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }

/* Enums are written through pointers to unsigned int. */
_Static_assert(sizeof(enum backend_choice) == sizeof(unsigned int), "enums are unsigned int");

static const char *trusted_fault(const struct strings *before, const char *text)
{
	(void)before;
	if (docker_owns_chain(text) || !strcmp(text, DOCKER_USER))
		return "is one of Docker's chains, whose order is what is checked";
	if (!*text || strpbrk(text, " \t"))
		return "is not a chain name";
	return NULL;
}

static const char *ignore_fault(const struct strings *before, const char *text)
{
	(void)before;
	return finding_by_name(text) == FINDING_COUNT ?
		       "is not a finding id; dockfw-check --list-findings lists them" : NULL;
}

/* A row begins with its name; tests/docs/configuration.sh looks for that. */
static const struct setting_row rows[] = {
	{ "families", SECTION_NONE, SETTING_WORDS, offsetof(struct policy, families),
	  .words = WORDS("ipv4", "ipv6"), .initial = 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6,
	  .if_empty = "name \"ipv4\", \"ipv6\" or both", .always = true },
	{ "backend", SECTION_NONE, SETTING_WORD, offsetof(struct policy, backend),
	  .words = WORDS("auto", "nft", "legacy"), .initial = CHOICE_AUTO },
	{ "trusted-chains", SECTION_NONE, SETTING_LIST, offsetof(struct policy, trusted_chains),
	  .fault = trusted_fault },
	{ "foreign-rules", SECTION_NONE, SETTING_WORD, offsetof(struct policy, foreign_rules),
	  .words = WORDS("keep", "remove", "remove-all"), .initial = FOREIGN_KEEP },
	{ "ignore", SECTION_NONE, SETTING_LIST, offsetof(struct policy, ignore),
	  .fault = ignore_fault },
	{ "docker-recovery", SECTION_NONE, SETTING_WORD, offsetof(struct policy, recovery),
	  .words = WORDS("none", "restart", "restore"), .initial = RECOVERY_RESTORE },
	{ "guard", SECTION_NONE, SETTING_WORD, offsetof(struct policy, guard),
	  .words = WORDS("auto", "off"), .initial = GUARD_AUTO },
	{ "on-error", SECTION_NONE, SETTING_WORD, offsetof(struct policy, on_error),
	  .words = WORDS("leave-out", "close"), .initial = ON_ERROR_LEAVE_OUT },
	{ "outside", SECTION_NONE, SETTING_LIST, offsetof(struct policy, outside),
	  .fault = publish_interface_fault },
	{ "unlisted", SECTION_NONE, SETTING_WORD, offsetof(struct policy, unlisted),
	  .words = WORDS("allow", "refuse", "host-firewall"), .initial = UNLISTED_ALLOW },
	{ "direct", SECTION_NONE, SETTING_WORD, offsetof(struct policy, direct),
	  .words = WORDS("allow", "refuse"), .initial = DIRECT_ALLOW },
	{ "filled-by", SECTION_CHAIN, SETTING_WORD, offsetof(struct wanted_chain, filled_by),
	  .words = WORDS("dockfw", "others"), .initial = FILLED_BY_DOCKFW },
	{ "verdicts", SECTION_CHAIN, SETTING_WORD, offsetof(struct wanted_chain, verdicts),
	  .words = WORDS("any", "refuse"), .initial = VERDICTS_ANY },
	{ "rules", SECTION_CHAIN, .kind = SETTING_RULES },
	{ "interface", SECTION_PUBLISH, SETTING_LIST, offsetof(struct publish, interfaces),
	  .fault = publish_interface_fault },
	{ "allow", SECTION_PUBLISH, SETTING_LIST, offsetof(struct publish, allow),
	  .fault = publish_allow_fault },
	{ "otherwise", SECTION_PUBLISH, SETTING_WORD, offsetof(struct publish, otherwise),
	  .words = WORDS("reject", "drop"), .initial = OTHERWISE_REJECT },
};

const char *setting_section_name(enum setting_section section)
{
	static const char *const names[SECTION_COUNT] = { "", "chain", "publish" };

	return names[section];
}

const struct setting_row *setting_rows(size_t *n)
{
	*n = ARRAY_SIZE(rows);
	return rows;
}

const struct setting_row *setting_find(enum setting_section section, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].section == section && !strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

bool setting_is_list(const struct setting_row *row)
{
	return row->kind == SETTING_WORDS || row->kind == SETTING_LIST || row->kind == SETTING_RULES;
}

static void *field_of(const struct setting_row *row, const void *from)
{
	return (char *)from + row->offset;
}

void setting_reset(const struct setting_row *row, void *into)
{
	void *field = field_of(row, into);

	switch (row->kind) {
	case SETTING_WORD:
	case SETTING_WORDS:
		*(unsigned int *)field = row->initial;
		break;
	case SETTING_TEXT:
		free(*(char **)field);
		*(char **)field = NULL;
		break;
	case SETTING_LIST:
		strings_clear(field);
		break;
	case SETTING_RULES:
		break;
	}
}

void setting_clear(const struct setting_row *row, void *into)
{
	if (row->kind == SETTING_WORDS)
		*(unsigned int *)field_of(row, into) = 0;
	else if (row->kind == SETTING_LIST)
		strings_clear(field_of(row, into));
}

/* The index of the word that a text is; the number of words if it is not one of them. */
static unsigned int find_word(const char *const *words, const char *text)
{
	unsigned int i = 0;

	while (words[i] && strcmp(words[i], text))
		i++;
	return i;
}

/* is neither "a" nor "b"; is not one of "a", "b" or "c" */
static char *none_of(const char *const *words)
{
	struct text text;

	if (words[0] && words[1] && !words[2])
		return xasprintf("is neither \"%s\" nor \"%s\"", words[0], words[1]);
	text_open(&text);
	fputs("is not one of", text.out);
	for (size_t i = 0; words[i]; i++)
		fprintf(text.out, "%s \"%s\"", !i ? "" : words[i + 1] ? "," : " or", words[i]);
	return text_take(&text);
}

/* Sets a text, or adds to a list. */
static char *add_text(const struct setting_row *row, void *field, const char *text)
{
	static const struct strings none;
	struct strings *list = row->kind == SETTING_LIST ? field : NULL;
	const char *why = row->fault ? row->fault(list ? list : &none, text) : NULL;

	if (why)
		return xstrdup(why);
	if (!list) {
		free(*(char **)field);
		*(char **)field = xstrdup(text);
	} else if (!strings_has(list, text)) {
		strings_add(list, text);
	}
	return NULL;
}

char *setting_add(const struct setting_row *row, void *into, const char *text)
{
	void *field = field_of(row, into);
	unsigned int word;

	switch (row->kind) {
	case SETTING_WORD:
	case SETTING_WORDS:
		word = find_word(row->words, text);
		if (!row->words[word])
			return none_of(row->words);
		if (row->kind == SETTING_WORD)
			*(unsigned int *)field = word;
		else
			*(unsigned int *)field |= 1U << word;
		break;
	case SETTING_TEXT:
	case SETTING_LIST:
		return add_text(row, field, text);
	case SETTING_RULES:
		break;
	}
	return NULL;
}

bool setting_is_default(const struct setting_row *row, const void *from)
{
	const void *field = field_of(row, from);

	switch (row->kind) {
	case SETTING_WORD:
	case SETTING_WORDS:
		return *(const unsigned int *)field == row->initial;
	case SETTING_TEXT:
		return !*(char *const *)field;
	case SETTING_LIST:
		return !((const struct strings *)field)->n;
	case SETTING_RULES:
		break;
	}
	return true;
}

void setting_values(const struct setting_row *row, const void *from, struct strings *texts)
{
	const void *field = field_of(row, from);
	const struct strings *list = field;

	switch (row->kind) {
	case SETTING_WORD:
		strings_add(texts, row->words[*(const unsigned int *)field]);
		break;
	case SETTING_WORDS:
		for (size_t i = 0; row->words[i]; i++)
			if (*(const unsigned int *)field & 1U << i)
				strings_add(texts, row->words[i]);
		break;
	case SETTING_TEXT:
		if (*(char *const *)field)
			strings_add(texts, *(char *const *)field);
		break;
	case SETTING_LIST:
		for (size_t i = 0; i < list->n; i++)
			strings_add(texts, list->v[i]);
		break;
	case SETTING_RULES:
		break;
	}
}

void setting_defaults(enum setting_section section, void *into)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].section == section)
			setting_reset(&rows[i], into);
}

struct policy *setting_default_policy(void)
{
	struct policy *policy = policy_new();

	setting_defaults(SECTION_NONE, policy);
	return policy;
}
