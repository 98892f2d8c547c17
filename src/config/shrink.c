/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shrink.h"

#include <stdlib.h>
#include <string.h>

#include "config_prelex.h"
#include "flat.h"

bool config_is_void(const struct policy *policy)
{
	return !policy_has_rules(policy) && !policy->chains[0]->line;
}

static const struct flat_part *find_part(const struct flat_parts *parts, const char *name)
{
	for (size_t i = 0; i < parts->nfiles; i++)
		if (!strcmp(parts->files[i].name, name))
			return &parts->files[i];
	return NULL;
}

static const struct flat_match *find_match(const struct flat_parts *parts, const char *pattern)
{
	for (size_t i = 0; i < parts->nmatches; i++)
		if (!strcmp(parts->matches[i].pattern, pattern))
			return &parts->matches[i];
	return NULL;
}

/* A pattern that has lost all of its files. */
static char *lost_files(const char *file, const struct flat_parts *parts,
			const struct flat_parts *before)
{
	for (size_t i = 0; i < parts->nmatches; i++) {
		const struct flat_match *match = &parts->matches[i];
		const struct flat_match *then = find_match(before, match->pattern);

		if (!match->matched && then && then->matched)
			return xasprintf("%s:%u: no file matches '%s', and %lu did in the last good "
					 "configuration; if that is meant, remove the include() or "
					 "leave an empty file there",
					 *match->file ? match->file : file, match->line,
					 match->pattern, then->matched);
	}
	return NULL;
}

/*
 * The words of a text without what is only comment or white space at its end; sets ended if
 * it has end(). The caller frees it.
 */
static char *words_of(const struct flat_part *part, bool *ended)
{
	struct config_file file = { .name = part->name, .data = part->text,
				    .size = strlen(part->text) };
	struct config_keys keys = { 0 };
	struct config_prelexed words;
	char *text;

	*ended = false;
	if (config_prelex(&file, &keys, &words)) {
		config_keys_clear(&keys);
		return xstrdup(part->text);
	}
	*ended = words.ended;
	while (words.size && strchr(" \n", words.text[words.size - 1]))
		words.size--;
	text = xasprintf("%.*s", (int)words.size, words.text);
	config_prelexed_clear(&words);
	config_keys_clear(&keys);
	return text;
}

static unsigned int lines_of(const char *text)
{
	unsigned int line = 1;

	for (; *text; text++)
		line += *text == '\n' && text[1];
	return line;
}

/* Whether it is the beginning of what it was, or has lost the statement that it is whole. */
static char *cut_off(const char *file, const struct flat_part *part,
		     const struct flat_part *then, bool has_rules)
{
	size_t size = strlen(part->text);
	bool ended, then_ended;
	const char *name = *part->name ? part->name : file;
	char *words, *then_words, *why = NULL;

	if (!strcmp(part->text, then->text))
		return NULL;
	words = words_of(part, &ended);
	then_words = words_of(then, &then_ended);
	if (!ended && !strncmp(part->text, then->text, size) && strcmp(words, then_words) != 0)
		why = xasprintf("%s:%u: the file is the beginning of the last good configuration, "
				"cut off in line %u; if that is meant, add end() as the last statement",
				name, lines_of(part->text), lines_of(part->text));
	else if (!ended && then_ended && has_rules)
		why = xasprintf("%s:%u: the file may be cut off: it does not end with end(), as it did "
				"in the last good configuration; add end() as the last statement",
				name, lines_of(part->text));
	free(words);
	free(then_words);
	return why;
}

char *config_shrunk(const char *file, const struct whole *now, const struct whole *before)
{
	struct flat_parts parts, then;
	char *why = NULL;

	if (now->is_void && before->has_rules)
		return xasprintf("%s:1: no rule is configured, and there were some in the last good "
				 "configuration; if that is meant, write: "
				 "chain \"DOCKER-USER\" { rules = { } }", file);
	flat_split(now->flat, &parts);
	flat_split(before->flat, &then);
	why = lost_files(file, &parts, &then);
	for (size_t i = 0; i < parts.nfiles && !why; i++) {
		const struct flat_part *same = find_part(&then, parts.files[i].name);

		if (same)
			why = cut_off(file, &parts.files[i], same, before->has_rules);
	}
	flat_parts_clear(&parts);
	flat_parts_clear(&then);
	return why;
}
