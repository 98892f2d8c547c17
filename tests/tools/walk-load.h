/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads the rules of a walk-proof's host: what the generators print for a seed.
 */
#ifndef WALK_LOAD_H
#define WALK_LOAD_H

#include "walk-run.h"

/* Pipes what generators print to another program. */
static void pipe_rules(const char *generators, unsigned long seed, const char *to)
{
	char *command = xasprintf("{ %s } | %s", generators, to);

	if (system(command)) {
		fprintf(stderr, "walk-proof: cannot load seed %lu: %s\n", seed, command);
		exit(3);
	}
	free(command);
}

/* The command that prints rules, with a ';' at its end. */
static char *generates(const char *generator, unsigned long seed, const char *what)
{
	return xasprintf("%s/%s %s %lu %s;", run.folder, generator, family_name(run.family), seed, what);
}

/* Which rules the tables of iptables have; NULL: none, not even the tables. */
static const char *iptables_rules(unsigned long seed)
{
	if (has(PART_MAYBE))
		return "maybe";
	if (has(PART_GUARD) && !has_native())
		return "few";
	/* Where they drop most packets, the others would meet few. */
	if (has(PART_OTHERS) || has(PART_BESIDE))
		return seed % 4 ? "few" : "";
	return has_native() ? NULL : "";
}

static void load_iptables(const char *name, unsigned long seed, const char *what)
{
	char *restore = xasprintf("%s-restore", name);
	char *command = generates("walk-generate", seed, what);

	pipe_rules(command, seed, restore);
	free(command);
	free(restore);
}

static void load_native(unsigned long seed)
{
	const struct {
		bool wanted;
		const char *generator, *what;
	} all[] = {
		{ has(PART_GUARD), "walk-generate", "guard" },
		{ has(PART_OTHERS), "walk-others", "" },
		{ has(PART_DOCKER), "walk-docker",
		  has(PART_FORMS) ? "forms" : has(PART_BROKEN) ? "broken" : "" },
		{ has(PART_OWN), "walk-own", has(PART_VAGUE) ? "vague" : "" },
	};
	char *commands = xstrdup("");

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char *one, *more;

		if (!all[i].wanted)
			continue;
		one = generates(all[i].generator, seed, all[i].what);
		more = xasprintf("%s %s", commands, one);
		free(commands);
		free(one);
		commands = more;
	}
	if (*commands)
		pipe_rules(commands, seed, "nft -f -");
	free(commands);
}

static void load(unsigned long seed)
{
	const char *what = iptables_rules(seed);

	if (what)
		load_iptables(run.name, seed, what);
	load_native(seed);
	if (has(PART_OTHERS))
		load_iptables(run.other_name, seed + 1000000, seed % 3 ? "none" : "few");
}

#endif
