/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend_legacy.h"

#include <errno.h>
#include <linux/netfilter/x_tables.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "diag.h"
#include "legacy_digest.h"
#include "legacy_filters.h"
#include "legacy_table.h"
#include "legacy_try.h"
#include "patience.h"
#include "text.h"
#include "xt_entry.h"
#include "xtlock.h"

/*
 * The kernel hands out and replaces a table of a family as a whole. The xtables
 * lock guards a change against other writers; it is taken before the read and
 * held until after the write. The kernel's own check is weak: it replaces a
 * table if it still has as many entries as when it was fetched, so the handle
 * of the read is the one that is committed. A writer that does not take the
 * lock and keeps the number of entries is not noticed, and its change is lost.
 */
struct legacy {
	struct backend base; /* first: the two are one pointer */
	int lock;            /* -1: open only for reading */
	struct fetched **tables; /* owned */
	size_t n, room;
};

static struct fetched *fetched_find(const struct legacy *legacy, enum family family,
				    const char *name)
{
	for (size_t i = 0; i < legacy->n; i++)
		if (legacy->tables[i]->family == family && !strcmp(legacy->tables[i]->name, name))
			return legacy->tables[i];
	return NULL;
}

static struct fetched *fetched_keep(struct legacy *legacy, enum family family, const char *name,
				    struct xtc_handle *handle)
{
	struct fetched *table = fetched_find(legacy, family, name);

	if (table) {
		iptc_of(table)->ops->free(table->handle);
	} else {
		GROW(legacy->tables, legacy->n, legacy->room);
		table = xcalloc(1, sizeof(*table));
		legacy->tables[legacy->n++] = table;
		table->family = family;
		table->name = xstrdup(name);
	}
	table->handle = handle;
	return table;
}

static struct backend *legacy_open(bool for_write)
{
	int lock = for_write ? xtlock_take() : -1;
	struct legacy *legacy;

	if (for_write && lock < 0)
		return NULL;
	legacy = xcalloc(1, sizeof(*legacy));
	legacy->base.ops = &backend_legacy;
	legacy->lock = lock;
	return &legacy->base;
}

static void legacy_close(struct backend *backend)
{
	struct legacy *legacy = (struct legacy *)backend;

	if (!legacy)
		return;
	for (size_t i = 0; i < legacy->n; i++) {
		iptc_of(legacy->tables[i])->ops->free(legacy->tables[i]->handle);
		free(legacy->tables[i]->name);
		free(legacy->tables[i]);
	}
	free(legacy->tables);
	xtlock_release(legacy->lock);
	free(legacy);
}

/* Modules register only these (net/ipv4/netfilter/iptable_*.c): no others need to be looked for. */
static bool has_such_tables(const char *name)
{
	static const char *const names[] = { "filter", "nat", "mangle", "raw", "security" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static int legacy_read_table(struct backend *backend, struct snapshot *snapshot,
			     enum family family, const char *name)
{
	struct xtc_handle *handle;
	int registered;

	deadline_step("reading ip_tables");
	registered = has_such_tables(name) ? iptc_registered(family, name) : 0;
	if (registered <= 0)
		return registered;
	handle = iptc_open(family, name, false);
	if (!handle)
		return BACKEND_FAILED;
	fetched_chains(fetched_keep((struct legacy *)backend, family, name, handle),
		    snapshot_add_table(snapshot, family, name));
	return BACKEND_OK;
}

static int legacy_read_chain(struct backend *backend, struct snapshot *snapshot,
			     struct table *table, struct chain *chain)
{
	const struct fetched *from =
		fetched_find((struct legacy *)backend, table->family, table->name);

	(void)snapshot;
	if (!from || !iptc_of(from)->ops->is_chain(chain->name, from->handle)) {
		diag_error("the %s table '%s' of ip_tables was not read",
			   family_name(table->family), table->name);
		return BACKEND_FAILED;
	}
	fetched_rules(from, chain);
	return BACKEND_OK;
}

/* A table is read in one system call, so it cannot be torn. */
static int legacy_verify(struct backend *backend, struct snapshot *snapshot)
{
	(void)backend;
	(void)snapshot;
	return BACKEND_OK;
}

/*
 * Whether the table is in the kernel although its commit failed: libiptc
 * replaces the table in one call, restores the counters in a second, and does
 * not report which of them failed.
 */
static bool in_kernel(const struct fetched *table)
{
	struct fetched now = *table;
	struct snapshot *wanted, *live;
	bool same;

	now.handle = iptc_open(table->family, table->name, false);
	if (!now.handle)
		return false;
	wanted = fetched_copy(table);
	live = fetched_copy(&now);
	same = snapshot_same(wanted, live);
	snapshot_free(wanted);
	snapshot_free(live);
	iptc_of(&now)->ops->free(now.handle);
	return same;
}

static const char *commit_hint(int error)
{
	switch (error) {
	case EPERM:
		return "; run as root (CAP_NET_ADMIN)";
	case EINVAL:
		return "; the kernel does not report which rule it is, see dmesg";
	case ENOENT:
		return "; this kernel lacks an extension that a rule uses, see dmesg";
	case ELOOP:
		return "; its chains jump to one another in a loop";
	default:
		return "";
	}
}

static int commit_failed(const struct fetched *table, const char *written, int error)
{
	const char *family = family_name(table->family);

	if (in_kernel(table)) {
		diag_error("the %s table '%s' was written, but its counters are lost: %s", family,
			   table->name, strerror(error));
		return BACKEND_FAILED;
	}
	if (error == EAGAIN && !*written)
		return BACKEND_CHANGED;
	diag_error("cannot write the %s table '%s': %s%s; %s%s", family, table->name,
		   error == EAGAIN ? "another program changed it meanwhile" : strerror(error),
		   commit_hint(error), *written ? "written: " : "nothing was written",
		   written);
	return BACKEND_FAILED;
}

/*
 * Returns 0, or an errno. A shortage of the kernel passes; EAGAIN means that the table
 * changed. The call before may have replaced the table and failed with its counters.
 */
static int commit_table(const struct fetched *table)
{
	uint64_t patient = clock_ms() + SHORTAGE_OF_RULE_MS;

	for (;;) {
		int error;

		if (iptc_of(table)->ops->commit(table->handle))
			return 0;
		/* libiptc passes some on negative, as the kernel has them. */
		error = errno < 0 ? -errno : errno;
		if (error == EAGAIN || !backend_error_passes(error) || clock_ms() > patient ||
		    in_kernel(table) || deadline_check())
			return error;
		sleep_ms(1);
	}
}

/*
 * Commits each table by itself, in order; the kernel cannot do it at once. One that is
 * refused does not keep the others from being written. Adds the families of those to in_force.
 */
static int commit_tables(struct fetched *const *tables, size_t n, unsigned int *in_force)
{
	struct text text;
	int result = BACKEND_OK;
	char *written;
	int *errors = xcalloc(n, sizeof(*errors));
	const char *between = "";

	text_open(&text);
	for (size_t i = 0; i < n; i++) {
		const struct fetched *table = tables[i];

		errors[i] = commit_table(table);
		if (errors[i] == EAGAIN && !*between)
			break;
		if (errors[i] && !in_kernel(table))
			continue;
		*in_force |= 1U << table->family;
		if (errors[i])
			continue;
		fprintf(text.out, "%s%s '%s'", between, family_name(table->family), table->name);
		between = ", ";
	}
	written = text_take(&text);
	for (size_t i = 0; i < n; i++)
		if (errors[i] && result != BACKEND_FAILED)
			result = commit_failed(tables[i], written, errors[i]);
	free(written);
	free(errors);
	return result;
}

/*
 * Registers a table that the snapshot does not have, for edits that need it.
 * If it holds something, another program was first. Returns NULL with *result
 * set on failure.
 */
static struct fetched *new_table(struct legacy *legacy, const struct edit *edit, int *result)
{
	struct snapshot *snapshot;
	struct fetched *table;
	struct xtc_handle *handle;
	bool pristine = true;

	handle = iptc_open(edit->family, edit->table, true);
	if (!handle) {
		*result = BACKEND_FAILED;
		return NULL;
	}
	table = fetched_keep(legacy, edit->family, edit->table, handle);
	snapshot = fetched_copy(table);
	for (size_t i = 0; i < snapshot->tables[0]->nchains; i++) {
		const struct chain *chain = snapshot->tables[0]->chains[i];

		if (!chain->builtin || chain->nrules)
			pristine = false;
	}
	snapshot_free(snapshot);
	if (!pristine)
		*result = BACKEND_CHANGED;
	return pristine ? table : NULL;
}

static bool is_listed(struct fetched *const *tables, size_t n, const struct fetched *table)
{
	for (size_t i = 0; i < n; i++)
		if (tables[i] == table)
			return true;
	return false;
}

/* The fetched tables of the edits, in the order of their first edits. */
struct changed {
	struct fetched **v; /* owned */
	size_t n;
};

static int find_changed(struct legacy *legacy, const struct edits *edits, struct changed *changed)
{
	int result = BACKEND_OK;

	changed->v = xcalloc(edits->n, sizeof(*changed->v));
	for (size_t i = 0; i < edits->n && result == BACKEND_OK; i++) {
		const struct edit *edit = &edits->v[i];
		struct fetched *table = fetched_find(legacy, edit->family, edit->table);

		if (!table)
			table = new_table(legacy, edit, &result);
		if (!table || is_listed(changed->v, changed->n, table))
			continue;
		changed->v[changed->n++] = table;
		result = fetched_keep_policies(table);
	}
	return result;
}

/* A snapshot may lack chains from which packets come to those that are edited. */
static int try_fetched(const struct fetched *table, const struct edits *edits,
		       struct refused_edits *refused)
{
	struct snapshot *whole = fetched_copy(table);
	int status = legacy_try(whole->tables[0], table->family, table->name, edits, refused);

	snapshot_free(whole);
	return status;
}

/*
 * The kernel does not report which rule of a table it refuses, so those that are new are
 * tried first.
 */
static int try_changed(const struct changed *changed, const struct edits *edits,
		       struct refused_edits *refused)
{
	struct refused_edits first = { 0 }, *list = refused ? refused : &first;
	int result = BACKEND_OK;

	for (size_t i = 0; i < changed->n && result == BACKEND_OK; i++)
		if (try_fetched(changed->v[i], edits, list))
			result = BACKEND_FAILED;
	if (result == BACKEND_OK && list->n)
		result = BACKEND_REFUSED;
	if (result == BACKEND_REFUSED && !refused) {
		refused_edit_report(edits, &list->v[0], "nothing was written");
		result = BACKEND_FAILED;
	}
	refused_edits_clear(&first);
	return result;
}

static int legacy_commit(struct backend *backend, const struct snapshot *snapshot,
			 const struct edits *edits, struct refused_edits *refused)
{
	struct legacy *legacy = (struct legacy *)backend;
	struct changed changed = { 0 };
	unsigned int written = 0;
	int result;

	(void)snapshot;
	if (!edits->n)
		return BACKEND_OK;
	if (legacy->lock < 0) {
		diag_error("ip_tables was opened only for reading; nothing was written");
		return BACKEND_FAILED;
	}
	deadline_step("writing ip_tables");
	result = find_changed(legacy, edits, &changed);
	if (result == BACKEND_OK)
		result = try_changed(&changed, edits, refused);
	for (size_t i = 0; i < edits->n && result == BACKEND_OK; i++) {
		struct fetched *table = fetched_find(legacy, edits->v[i].family, edits->v[i].table);

		/* Each was found when its changes were noted. */
		result = table ? fetched_apply(table, &edits->v[i]) : BACKEND_FAILED;
	}
	if (result == BACKEND_OK)
		result = commit_tables(changed.v, changed.n, &written);
	if (result == BACKEND_FAILED && refused)
		refused->written = written;
	free(changed.v);
	return result;
}

static bool has_inserts(const struct edits *edits, enum family family, const char *table)
{
	for (size_t i = 0; i < edits->n; i++)
		if (edits->v[i].op == EDIT_INSERT && edits->v[i].family == family &&
		    !strcmp(edits->v[i].table, table))
			return true;
	return false;
}

/* A table that is not registered is not registered for a trial. */
static int legacy_try_edits(struct backend *backend, const struct snapshot *snapshot,
			    const struct edits *edits, struct refused_edits *refused)
{
	(void)backend;
	deadline_step("trying the rules in ip_tables");
	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, (enum family)family, "filter");
		struct fetched now = { .family = (enum family)family };
		int status;

		if (!table || !has_inserts(edits, now.family, table->name))
			continue;
		now.name = table->name;
		now.handle = iptc_open(now.family, now.name, false);
		if (!now.handle)
			return BACKEND_FAILED;
		status = try_fetched(&now, edits, refused);
		iptc_of(&now)->ops->free(now.handle);
		if (status)
			return BACKEND_FAILED;
	}
	return refused->n ? BACKEND_REFUSED : BACKEND_OK;
}

const struct backend_ops backend_legacy = {
	.kind = BACKEND_LEGACY,
	.open = legacy_open,
	.read_table = legacy_read_table,
	.read_chain = legacy_read_chain,
	.verify = legacy_verify,
	.commit = legacy_commit,
	.try = legacy_try_edits,
	.canonical = xt_entry_canonical,
	.close = legacy_close,
	.busy = xtlock_is_taken,
	.digest = legacy_digest,
	.read_filters = legacy_read_filters,
};
