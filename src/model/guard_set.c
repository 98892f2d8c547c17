/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_NAME "dockfw-set"

/* The data of the match. */
struct guard_match {
	uint8_t field;
	char name[GUARD_SET_NAME_MAX + 1];
};

struct guard_set *guard_sets_add(struct guard_sets *sets, enum family family, const char *name)
{
	struct guard_set *set = xcalloc(1, sizeof(*set));

	set->family = family;
	set->odd = strlen(name) > GUARD_SET_NAME_MAX;
	memcpy(set->name, name, strnlen(name, GUARD_SET_NAME_MAX));
	GROW(sets->v, sets->n, sets->room);
	sets->v[sets->n++] = set;
	return set;
}

struct guard_set *guard_sets_find(const struct guard_sets *sets, const char *name)
{
	for (size_t i = 0; i < sets->n; i++)
		if (!strcmp(sets->v[i]->name, name))
			return sets->v[i];
	return NULL;
}

const struct guard_set *guard_sets_keep(struct guard_sets *sets, enum family family,
					enum guard_field field, const struct addrset *values)
{
	static const char *const kinds[GUARD_FIELDS] = { "from", "to", "port" };
	uint64_t hash = addrset_hash(values);
	char name[GUARD_SET_NAME_MAX + 1];
	struct guard_set *set;

	/* Two of one hash get names that differ. */
	for (;; hash++) {
		snprintf(name, sizeof(name), "%s-%016jx", kinds[field], (uintmax_t)hash);
		set = guard_sets_find(sets, name);
		if (!set)
			break;
		if (set->field == field && addrset_equal(&set->values, values))
			return set;
	}
	set = guard_sets_add(sets, family, name);
	set->field = field;
	addrset_copy(&set->values, values);
	return set;
}

void guard_set_free(struct guard_set *set)
{
	if (!set)
		return;
	addrset_clear(&set->values);
	free(set);
}

void guard_sets_clear(struct guard_sets *sets)
{
	for (size_t i = 0; i < sets->n; i++)
		guard_set_free(sets->v[i]);
	free(sets->v);
	*sets = (struct guard_sets){ 0 };
}

struct guard_set *guard_set_copy(const struct guard_set *set)
{
	struct guard_set *copy = xmemdup(set, sizeof(*set));

	addrset_copy(&copy->values, &set->values);
	return copy;
}

bool guard_set_equal(const struct guard_set *a, const struct guard_set *b)
{
	return !a->odd && !b->odd && a->family == b->family && a->field == b->field &&
	       addrset_equal(&a->values, &b->values);
}

bool guard_sets_same(const struct guard_sets *a, const struct guard_sets *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct guard_set *other = guard_sets_find(b, a->v[i]->name);

		if (!other || (!guard_set_equal(a->v[i], other) && !(a->v[i]->odd && other->odd)))
			return false;
	}
	return true;
}

uint32_t guard_field_size(enum guard_field field, enum family family)
{
	return field == GUARD_PORT ? sizeof(uint16_t) : (uint32_t)family_addr_size(family);
}

addr_t guard_field_max(enum guard_field field, enum family family)
{
	return field == GUARD_PORT ? UINT16_MAX : addr_max(family);
}

void guard_match_add(struct rule *rule, enum guard_field field, const char *set)
{
	struct guard_match match = { .field = (uint8_t)field };

	memcpy(match.name, set, strnlen(set, GUARD_SET_NAME_MAX));
	rule_add_match(rule, MATCH_NAME, 0, &match, sizeof(match))->usersize = sizeof(match);
}

bool guard_match_is(const struct ext *ext)
{
	return !strcmp(ext->name, MATCH_NAME);
}

bool guard_match_read(const struct ext *ext, enum guard_field *field, const char **name)
{
	if (!ext_is(ext, MATCH_NAME, 0) || ext->size != sizeof(struct guard_match) ||
	    ext->data[0] >= GUARD_FIELDS || ext->data[ext->size - 1])
		return false;
	*field = (enum guard_field)ext->data[0];
	*name = (const char *)ext->data + offsetof(struct guard_match, name);
	return true;
}
