/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_world.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "guard_names.h"

/* A chain of the same name without rules: whoever jumps to it comes back at once. */
static struct chain *empty_chain(struct host_world *host, const struct chain *chain)
{
	struct chain *empty = xmemdup(chain, sizeof(*chain));

	empty->rules = NULL;
	empty->nrules = empty->room = 0;
	empty->loaded = true;
	GROW(host->emptied, host->nemptied, host->emptied_room);
	host->emptied[host->nemptied++] = empty;
	return empty;
}

/* A copy of the table that shares its chains, without what Docker translates. */
static void add_table(struct host_world *host, const struct table *table)
{
	struct table *copy = xmemdup(table, sizeof(*table));
	bool nat = !strcmp(table->name, "nat");

	copy->chains = xcalloc(table->nchains, sizeof(*table->chains));
	for (size_t i = 0; i < table->nchains; i++)
		copy->chains[i] = nat && docker_owns_chain(table->chains[i]->name)
					  ? empty_chain(host, table->chains[i])
					  : table->chains[i];
	GROW(host->snapshot->tables, host->snapshot->ntables, host->snapshot->room);
	host->snapshot->tables[host->snapshot->ntables++] = copy;
}

/* Whether it is a base chain of Docker's own nf_tables backend that translates. */
static bool is_dockers(const struct other_filters *others, const struct other_hook *hook)
{
	return hook->nat && others->tables[others->chains[hook->chain].table].docker;
}

static void copy_others(struct host_world *host, const struct other_filters *others)
{
	host->others = *others;
	host->others.v = xcalloc(others->n, sizeof(*others->v));
	host->others.n = 0;
	for (size_t i = 0; i < others->n; i++)
		if (!is_dockers(others, &others->v[i]))
			host->others.v[host->others.n++] = others->v[i];
}

void host_world_make(struct host_world *host, const struct world *world)
{
	*host = (struct host_world){ .world = *world,
				     .snapshot = snapshot_new(world->snapshot->backend) };
	for (size_t i = 0; i < world->snapshot->ntables; i++)
		if (strcmp(world->snapshot->tables[i]->name, GUARD_TABLE))
			add_table(host, world->snapshot->tables[i]);
	host->world.snapshot = host->snapshot;
	host->world.guard = NULL;
	if (world->others) {
		copy_others(host, world->others);
		host->world.others = &host->others;
	}
}

void host_world_clear(struct host_world *host)
{
	for (size_t i = 0; host->snapshot && i < host->snapshot->ntables; i++) {
		free(host->snapshot->tables[i]->chains);
		free(host->snapshot->tables[i]);
	}
	if (host->snapshot)
		free(host->snapshot->tables);
	free(host->snapshot);
	for (size_t i = 0; i < host->nemptied; i++)
		free(host->emptied[i]);
	free(host->emptied);
	free(host->others.v);
	*host = (struct host_world){ 0 };
}
