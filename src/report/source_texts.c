/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source_texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* A set with at least this many intervals of addresses is named in place of its members. */
#define MEMBERS_FROM 16

/* At most that many texts of a set, and how many more there are. most 0: all of them. */
static char *set_text(const struct exposure_list *list, const struct addrset *set,
		      enum family family, size_t most)
{
	struct strings names = { 0 };
	size_t size = 32, n;
	char *text, *to;

	exposure_texts(list, set, family, &names);
	n = most && names.n > most ? most : names.n;
	for (size_t i = 0; i < n; i++)
		size += strlen(names.v[i]) + 2;
	to = text = xcalloc(size, 1);
	for (size_t i = 0; i < n; i++) {
		if (i)
			*to++ = ',';
		to = stpcpy(to, names.v[i]);
	}
	if (n < names.n)
		sprintf(to, " +%zu", names.n - n);
	strings_clear(&names);
	return text;
}

static char *join(char *left, const char *between, char *right)
{
	char *both = xasprintf("%s%s%s", left, between, right);

	free(left);
	free(right);
	return both;
}

/* Whether all members of the set that can send there are in rest; takes them out of it. */
static bool take_members(const struct exposure_list *list, const struct exposed_way *way,
			 enum family family, const struct ipset *set, struct addrset *rest)
{
	struct addrset members = { 0 }, others = { 0 };
	bool all;

	if (set->members[family].n < MEMBERS_FROM)
		return false;
	addrset_copy(&members, &set->members[family]);
	addrset_intersect(&members, way->possible);
	addrset_subtract(&members, &list->nobody[family]);
	addrset_copy(&others, &members);
	addrset_subtract(&others, rest);
	all = members.n && !others.n;
	if (all)
		addrset_subtract(rest, &members);
	addrset_clear(&members);
	addrset_clear(&others);
	return all;
}

static char *add_set(char *text, const struct ipset *set, bool first, const char *perhaps)
{
	char *name = safe_text(set->name);
	char *member = xasprintf("%smembers of %s%s", perhaps, *name ? "set " : "a set", name);

	free(name);
	return join(text, first ? " but " : ",", member);
}

/*
 * "anyone" and the exceptions: the members of sets, and the other sources in rest, which it
 * clears.
 */
static char *world_text(const struct exposure_list *list, const struct exposed_way *way,
			const char *anyone, struct addrset *rest, enum family family, size_t most)
{
	char *text = xstrdup(anyone);
	bool first = true;

	for (size_t i = 0; list->sets && i < list->sets->n && rest->n >= MEMBERS_FROM; i++) {
		if (!take_members(list, way, family, list->sets->v[i], rest))
			continue;
		text = add_set(text, list->sets->v[i], first, "");
		first = false;
	}
	if (rest->n) {
		text = join(text, first ? " but " : ",", set_text(list, rest, family, most));
		first = false;
	}
	if (way->unread)
		text = add_set(text, way->unread, first, "perhaps ");
	addrset_clear(rest);
	return text;
}

void source_texts_clear(struct source_texts *texts)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts->kept); i++)
		free(texts->kept[i].text);
}

/* "maybe" and who may get in; clears rest, the sources that certainly do not. */
static char *maybe_text(const struct exposure_list *list, const struct exposed_way *way,
			struct addrset *rest, enum family family, size_t most)
{
	if (addrset_is_world(way->maybe, family))
		return world_text(list, way, "maybe anyone", rest, family, most);
	addrset_clear(rest);
	return join(xstrdup("maybe"), " ", set_text(list, way->maybe, family, most));
}

static bool anyone_may(const struct exposure_list *list, const struct exposed_way *way,
		       enum family family)
{
	struct addrset maybe = { 0 };
	bool any;

	addrset_copy(&maybe, way->maybe);
	addrset_subtract(&maybe, &list->nobody[family]);
	any = maybe.n;
	addrset_clear(&maybe);
	return any;
}

/* Who gets in: "ANYONE", "ANYONE but 192.0.2.0/24", "192.0.2.1, maybe …", "maybe …", "nobody". */
static char *open_text(const struct exposure_list *list, const struct exposed_way *way,
		       enum family family, size_t most)
{
	struct addrset rest = { 0 };
	char *text;

	if (!way->open->n && !way->maybe->n)
		return xstrdup("nobody");
	exposure_shut_out(list, family, way, &rest);
	addrset_subtract(&rest, way->maybe);
	if (!way->open->n)
		return maybe_text(list, way, &rest, family, most);
	if (addrset_is_world(way->open, family))
		text = world_text(list, way, "ANYONE", &rest, family, most);
	else
		text = set_text(list, way->open, family, most);
	if (anyone_may(list, way, family))
		text = join(text, ", ", maybe_text(list, way, &rest, family, most));
	addrset_clear(&rest);
	return text;
}

const char *source_text(struct source_texts *texts, const struct exposed_way *way,
			enum family family, size_t most)
{
	struct source_text *told = texts->kept;

	for (size_t i = 0; i < ARRAY_SIZE(texts->kept); i++, told++)
		if (told->text && told->open == way->open && told->maybe == way->maybe &&
		    told->possible == way->possible && told->unread == way->unread &&
		    told->family == family && told->most == most)
			return told->text;
	told = &texts->kept[texts->next];
	texts->next = (texts->next + 1) % ARRAY_SIZE(texts->kept);
	free(told->text);
	*told = (struct source_text){ .open = way->open, .maybe = way->maybe, .possible = way->possible,
			       .unread = way->unread,
			       .family = family, .most = most,
			       .text = open_text(texts->list, way, family, most) };
	return told->text;
}
