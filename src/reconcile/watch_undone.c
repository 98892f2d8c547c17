/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch_undone.h"

#include <stdlib.h>
#include <string.h>

#include "patience.h"
#include "util.h"
#include "watch_told.h"

/* FNV-1a, 64 bits. */
#define HASH_BEGIN 0xcbf29ce484222325U
#define HASH_PRIME 0x100000001b3U

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ byte[i]) * HASH_PRIME;
	return hash;
}

static uint64_t hash_number(uint64_t hash, uint32_t number)
{
	return hash_bytes(hash, &number, sizeof(number));
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return text ? hash_bytes(hash, text, strlen(text) + 1) : hash;
}

/* Not the position: others may have written before it. A set's name is made of what is in it. */
static uint64_t hash_edit(const struct edit *edit)
{
	uint64_t hash = HASH_BEGIN;

	hash = hash_number(hash, edit->op);
	hash = hash_number(hash, edit->family);
	hash = hash_number(hash, edit->policy);
	hash = hash_number(hash, edit->rule ? rule_hash(edit->rule) : 0);
	hash = hash_text(hash_text(hash, edit->table), edit->chain);
	return edit->set ? hash_text(hash, edit->set->name) : hash;
}

static int by_value(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static bool makes_again(const struct watch_undone *undone, const uint64_t *made, size_t n)
{
	for (size_t i = 0; undone->n && i < n; i++)
		if (bsearch(&made[i], undone->made, undone->n, sizeof(*made), by_value))
			return true;
	return false;
}

void watch_undone_note(struct watch_undone *undone, const struct edits *edits, uint64_t now)
{
	uint64_t *made = xcalloc(edits->n, sizeof(*made));
	bool soon = undone->at_ms && now < watch_undone_next(undone) + WATCH_UNDONE_MS;

	for (size_t i = 0; i < edits->n; i++)
		made[i] = hash_edit(&edits->v[i]);
	qsort(made, edits->n, sizeof(*made), by_value);
	undone->rounds = soon && makes_again(undone, made, edits->n) ? undone->rounds + 1 : 0;
	undone->at_ms = now;
	free(undone->made);
	undone->made = made;
	undone->n = edits->n;
}

uint64_t watch_undone_next(const struct watch_undone *undone)
{
	return undone->at_ms + watch_pause(undone->rounds);
}

void watch_undone_clear(struct watch_undone *undone)
{
	free(undone->made);
	*undone = (struct watch_undone){ 0 };
}
