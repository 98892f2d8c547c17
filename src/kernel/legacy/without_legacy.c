/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend_legacy.h"
#include "diag.h"
#include "util.h"

/*
 * What takes the place of the legacy backend in a program that was built with LEGACY=no. A host
 * without tables of ip_tables is read as one: it has none. Where there is one, its rules decide
 * on packets as well, so that nothing can be said without reading it: an error, never nothing.
 */

#define NOT_BUILT "this program was built without the legacy backend (LEGACY=no)"

static struct backend *absent_open(bool for_write)
{
	struct backend *backend = xcalloc(1, sizeof(*backend));

	(void)for_write;
	backend->ops = &backend_legacy;
	return backend;
}

/* Whether there is no table; otherwise, or if that cannot be seen, reports it. */
static int absent_look(enum family family)
{
	const char *path = family == FAMILY_IPV4 ? "/proc/net/ip_tables_names"
						  : "/proc/net/ip6_tables_names";
	FILE *file = fopen(path, "re");
	char table[64] = "";

	/* Without the file there is no module, and so no table. */
	if (!file && errno == ENOENT)
		return BACKEND_OK;
	if (!file || (!fgets(table, sizeof(table), file) && ferror(file))) {
		diag_error("cannot read '%s': %s%s", path, strerror(errno),
			   errno == EACCES || errno == EPERM ? "; run as root" : "");
		if (file)
			fclose(file);
		return BACKEND_FAILED;
	}
	fclose(file);
	table[strcspn(table, "\n")] = '\0';
	if (!*table)
		return BACKEND_OK;
	diag_error("cannot read the %s table '%s' of ip_tables: " NOT_BUILT "; use a program that was "
		   "built with it, or unload the module that has the table", family_name(family), table);
	return BACKEND_FAILED;
}

static int absent_read_table(struct backend *backend, struct snapshot *snapshot, enum family family,
			     const char *table)
{
	(void)backend;
	(void)snapshot;
	(void)table;
	return absent_look(family);
}

static int absent_read_chain(struct backend *backend, struct snapshot *snapshot, struct table *table,
			     struct chain *chain)
{
	(void)backend;
	(void)snapshot;
	(void)table;
	(void)chain;
	return BACKEND_OK;
}

static int absent_verify(struct backend *backend, struct snapshot *snapshot)
{
	(void)backend;
	(void)snapshot;
	return BACKEND_OK;
}

static int absent_commit(struct backend *backend, const struct snapshot *snapshot,
			 const struct edits *edits, struct refused_edits *refused)
{
	(void)backend;
	(void)snapshot;
	(void)refused;
	if (!edits->n)
		return BACKEND_OK;
	diag_error("cannot change tables of ip_tables: " NOT_BUILT);
	return BACKEND_FAILED;
}

static void absent_close(struct backend *backend)
{
	free(backend);
}

static int absent_read_filters(const struct backend_ops *ops, bool but_builtin,
			       struct other_filters *filters)
{
	(void)ops;
	(void)filters;
	/* Every base chain there is made by iptables. */
	if (but_builtin)
		return 0;
	return absent_look(FAMILY_IPV4) || absent_look(FAMILY_IPV6) ? -1 : 0;
}

const struct backend_ops backend_legacy = {
	.kind = BACKEND_LEGACY,
	.absent = true,
	.open = absent_open,
	.read_table = absent_read_table,
	.read_chain = absent_read_chain,
	.verify = absent_verify,
	.commit = absent_commit,
	.try = absent_commit,
	.close = absent_close,
	.read_filters = absent_read_filters,
};
