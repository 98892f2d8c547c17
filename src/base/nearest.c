/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nearest.h"

#include <string.h>

#include "util.h"

/* No name is longer; a longer word is not a slip of the finger. */
#define LONGEST 40

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The number of letters to add, remove, replace or swap with the next one (optimal string
 * alignment, by rows). Neither is longer than LONGEST.
 */
static size_t distance(const char *a, const char *b)
{
	size_t alength = strlen(a), blength = strlen(b);
	size_t rows[3][LONGEST + 1], *last = rows[0], *now = rows[1], *before = rows[2], *free_row;

	for (size_t k = 0; k <= blength; k++)
		last[k] = k;
	for (size_t i = 1; i <= alength; i++) {
		now[0] = i;
		for (size_t k = 1; k <= blength; k++) {
			now[k] = least(least(last[k], now[k - 1]) + 1, last[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				now[k] = least(now[k], before[k - 2] + 1);
		}
		free_row = before;
		before = last;
		last = now;
		now = free_row;
	}
	return last[blength];
}

/* The only name that begins with the word, or NULL. */
static const char *completed(const char *word, size_t length, const char *const *names, size_t n)
{
	const char *found = NULL;

	for (size_t i = 0; i < n && length >= 3; i++) {
		if (!names[i] || strncmp(names[i], word, length))
			continue;
		if (found)
			return NULL;
		found = names[i];
	}
	return found;
}

const char *nearest(const char *word, const char *const *names, size_t n)
{
	size_t length = strlen(word), best = 1 + length / 4;
	const char *found;

	if (length > LONGEST)
		return NULL;
	found = completed(word, length, names, n);
	for (size_t i = 0; i < n && !found; i++)
		if (names[i] && !strcmp(names[i], word))
			return NULL;
	if (found)
		return strcmp(found, word) ? found : NULL;
	for (size_t i = 0; i < n && length > 1; i++) {
		size_t differs;

		if (!names[i] || strlen(names[i]) > LONGEST)
			continue;
		differs = distance(word, names[i]);
		if (differs < best + !found && differs < strlen(names[i]) / 2 + 1) {
			best = differs;
			found = names[i];
		}
	}
	return found;
}

char *nearest_hint(const char *word, const char *prefix, const char *const *names, size_t n)
{
	const char *name = nearest(word, names, n);

	return name ? xasprintf("; did you mean '%s%s'?", prefix, name) : xstrdup("");
}
