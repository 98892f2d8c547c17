/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_interfaces.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

/* What the names of a policy are compared with, and what was not found. */
struct search {
	const struct strings *present;
	struct missing_interfaces *missing;
	const char *last; /* the last name: many rules in a row have the same */
};

static bool is_present(const struct strings *present, const struct interface *wanted)
{
	for (size_t i = 0; i < present->n; i++) {
		char name[IFNAMSIZ] = "";

		memcpy(name, present->v[i], strnlen(present->v[i], sizeof(name)));
		if (interface_matches(wanted, false, name))
			return true;
	}
	return false;
}

/* A name that matches every interface ("+", or none at all) is not looked for. */
static void look_for(struct search *search, const struct interface *wanted, const char *name,
		     const char *file, unsigned int line, bool in_rule)
{
	struct missing_interfaces *missing = search->missing;

	if (!wanted->mask[0] || (search->last && !strcmp(search->last, name)))
		return;
	search->last = name;
	if (is_present(search->present, wanted))
		return;
	GROW(missing->v, missing->n, missing->room);
	missing->v[missing->n] = (struct missing_interface){
		.name = name, .file = file, .line = line, .number = missing->n, .in_rule = in_rule,
	};
	missing->n++;
}

static int by_name(const void *a, const void *b)
{
	const struct missing_interface *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : (left->number > right->number) - (left->number < right->number);
}

static int by_number(const void *a, const void *b)
{
	const struct missing_interface *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

/* Leaves the first of each name, in the order of the policy. */
static void keep_first(struct missing_interfaces *missing)
{
	size_t n = 0;

	if (!missing->n)
		return;
	qsort(missing->v, missing->n, sizeof(*missing->v), by_name);
	for (size_t i = 0; i < missing->n; i++)
		if (!n || strcmp(missing->v[n - 1].name, missing->v[i].name))
			missing->v[n++] = missing->v[i];
	missing->n = n;
	qsort(missing->v, missing->n, sizeof(*missing->v), by_number);
}

static void look_in_rules(struct search *search, const struct wanted_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct wanted_rule *wanted = &rules->v[i];

		look_for(search, &wanted->rule->in, wanted->rule->in.name, wanted->file,
			 wanted->line, true);
		look_for(search, &wanted->rule->out, wanted->rule->out.name, wanted->file,
			 wanted->line, true);
	}
}

void interfaces_missing(const struct policy *policy, const struct strings *present,
			struct missing_interfaces *missing)
{
	struct search search = { .present = present, .missing = missing };

	*missing = (struct missing_interfaces){ 0 };
	for (size_t i = 0; i < policy->nnamed; i++) {
		const struct named_interface *named = &policy->named[i];
		struct interface wanted;

		if (interface_set(&wanted, named->name))
			look_for(&search, &wanted, named->name, named->file, named->line, false);
	}
	for (size_t i = 0; i < policy->nchains; i++)
		for (int family = 0; family < FAMILY_COUNT; family++)
			look_in_rules(&search, &policy->chains[i]->rules[family]);
	keep_first(missing);
}

void missing_interfaces_clear(struct missing_interfaces *missing)
{
	free(missing->v);
	*missing = (struct missing_interfaces){ 0 };
}

bool interfaces_named(const struct policy *policy)
{
	struct strings nothing = { 0 };
	struct missing_interfaces all;
	bool any;

	interfaces_missing(policy, &nothing, &all);
	any = all.n > 0;
	missing_interfaces_clear(&all);
	return any;
}

char *missing_interface_text(const struct missing_interface *missing)
{
	bool several = missing->name[strlen(missing->name) - 1] == '+';

	return xasprintf("this host has no interface %s'%s'", several ? "that matches " : "",
			 missing->name);
}

const char *missing_interface_hint(const struct missing_interface *missing)
{
	if (!strchr(missing->name, ','))
		return "";
	return missing->in_rule ? "; a rule has one interface: write one rule for each"
				: "; a list is written { \"a\", \"b\" }";
}

void check_interfaces(const struct policy *policy, const struct strings *present,
		      struct findings *findings)
{
	struct missing_interfaces missing;

	interfaces_missing(policy, present, &missing);
	for (size_t i = 0; i < missing.n; i++) {
		char *text = missing_interface_text(&missing.v[i]);

		findings_add(findings, INTERFACE_MISSING, SEVERITY_WARNING, FAMILY_COUNT,
			     xasprintf("%s (%s:%u)%s", text, missing.v[i].file, missing.v[i].line,
				       missing_interface_hint(&missing.v[i])));
		free(text);
	}
	missing_interfaces_clear(&missing);
}
