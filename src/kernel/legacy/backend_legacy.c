/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend_legacy.h"

#include <errno.h>
#include <linux/netfilter/x_tables.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "diag.h"
#include "iptc.h"
#include "legacy_filters.h"
#include "text.h"
#include "util.h"
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
struct fetched {
	enum family family;
	char *name; /* owned */
	struct xtc_handle *handle;
};

struct legacy {
	struct backend base; /* first: the two are one pointer */
	int lock;            /* -1: open only for reading */
	struct fetched **tables; /* owned */
	size_t n, room;
};

static const struct iptc *iptc_of(const struct fetched *table)
{
	return &iptc_families[table->family];
}

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

static void copy_chains(const struct fetched *from, struct table *to)
{
	const struct iptc *iptc = iptc_of(from);
	struct xtc_handle *handle = from->handle;

	for (const char *name = iptc->ops->first_chain(handle); name;
	     name = iptc->ops->next_chain(handle)) {
		struct chain *chain = table_add_chain(to, name);
		struct xt_counters ignored;
		const char *policy = iptc->ops->get_policy(name, &ignored, handle);

		chain->builtin = policy != NULL;
		if (policy)
			chain->policy = !strcmp(policy, "DROP") ? VERDICT_DROP : VERDICT_ACCEPT;
	}
	table_sort(to);
}

static struct rule *decode(const struct fetched *table, const void *entry)
{
	const struct iptc *iptc = iptc_of(table);
	size_t size = iptc->entry_size(entry);
	const char *leads_to = NULL;

	/* The library aborts on a verdict that it does not know. */
	if (xt_entry_has_offset(table->family, entry, size))
		leads_to = iptc->target(entry, table->handle);
	return xt_entry_decode(table->family, entry, size, leads_to);
}

static void copy_rules(const struct fetched *from, struct chain *to)
{
	const struct iptc *iptc = iptc_of(from);
	/* In an empty chain, next_rule() would continue in the previous chain. */
	const void *entry = iptc->first_rule(to->name, from->handle);

	for (; entry; entry = iptc->next_rule(entry, from->handle))
		chain_add_rule(to, decode(from, entry));
	to->loaded = true;
}

static int legacy_read_table(struct backend *backend, struct snapshot *snapshot,
			     enum family family, const char *name)
{
	struct xtc_handle *handle;
	int registered;

	deadline_step("reading ip_tables");
	registered = iptc_registered(family, name);
	if (registered <= 0)
		return registered;
	handle = iptc_open(family, name, false);
	if (!handle)
		return BACKEND_FAILED;
	copy_chains(fetched_keep((struct legacy *)backend, family, name, handle),
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
	copy_rules(from, chain);
	return BACKEND_OK;
}

/* A table is read in one system call, so it cannot be torn. */
static int legacy_verify(struct backend *backend, struct snapshot *snapshot)
{
	(void)backend;
	(void)snapshot;
	return BACKEND_OK;
}

static int edit_refused(const struct fetched *table, const struct edit *edit, const char *why)
{
	static const char *const ops[] = {
		[EDIT_CREATE] = "create",
		[EDIT_INSERT] = "insert a rule into",
		[EDIT_DELETE] = "delete a rule of",
		[EDIT_DROP] = "remove",
		[EDIT_DROP_TABLE] = "remove the table of",
	};

	diag_error("cannot %s the chain '%s' of the %s table '%s': %s; nothing was written",
		   ops[edit->op], edit->chain ? edit->chain : "", family_name(table->family),
		   table->name, why);
	return -1;
}

static const void *entry_at(const struct fetched *table, const char *chain, size_t position)
{
	const struct iptc *iptc = iptc_of(table);
	const void *entry = iptc->first_rule(chain, table->handle);

	while (entry && --position)
		entry = iptc->next_rule(entry, table->handle);
	return entry;
}

/* Opaque rules equal nothing; the same reason must suffice. */
static bool is_rule(const struct rule *live, const struct rule *meant)
{
	if (live->opaque && meant->opaque)
		return !strcmp(live->opaque, meant->opaque);
	return rule_equal(live, meant);
}

static int delete_rule(const struct fetched *table, const struct edit *edit,
		       const xt_chainlabel chain)
{
	const void *entry = edit->position ? entry_at(table, edit->chain, edit->position) : NULL;
	struct rule *live;
	bool right;

	if (!entry)
		return edit_refused(table, edit, "it has no rule with that number");
	live = decode(table, entry);
	right = is_rule(live, edit->rule);
	rule_free(live);
	if (!right)
		return edit_refused(table, edit, "the rule with that number is a different one");
	if (!iptc_of(table)->delete_rule(chain, (unsigned int)edit->position - 1, table->handle))
		return edit_refused(table, edit, strerror(errno));
	return 0;
}

static int insert_rule(const struct fetched *table, const struct edit *edit,
		       const xt_chainlabel chain)
{
	const struct iptc *iptc = iptc_of(table);
	const struct rule *rule = edit->rule;
	size_t size;
	void *entry;
	int done;

	/* The library looks only at the name and takes one that is not a chain's for a target. */
	if (rule_jumps(rule) && (!iptc->ops->is_chain(rule->chain, table->handle) ||
				 iptc->ops->builtin(rule->chain, table->handle)))
		return edit_refused(table, edit, "it leads to a chain that does not exist");
	if (rule->verdict == VERDICT_EXT && iptc->ops->is_chain(rule->target.name, table->handle))
		return edit_refused(table, edit, "its target has the name of a chain");
	if (!edit->position)
		return edit_refused(table, edit, "it has no rule with that number");
	entry = xt_entry_encode(rule, &size);
	if (!entry)
		return edit_refused(table, edit, "ip_tables cannot hold it");
	/* The entry has the rule's counters; the library takes them from there. */
	done = iptc->insert_rule(chain, entry, (unsigned int)edit->position - 1, table->handle);
	free(entry);
	if (done)
		return 0;
	return edit_refused(table, edit,
			    errno == E2BIG ? "it has no rule with that number" : strerror(errno));
}

/* Applies an edit to the fetched table, not to the kernel. */
static int fetched_apply(const struct fetched *table, const struct edit *edit)
{
	const struct iptc *iptc = iptc_of(table);
	xt_chainlabel chain = "";

	if (!edit->chain || strlen(edit->chain) > CHAIN_NAME_MAX || !iptc_label(chain, edit->chain))
		return edit_refused(table, edit, "its name is too long");
	switch (edit->op) {
	case EDIT_CREATE:
		/* A table always has all of its builtin chains. */
		if (iptc->ops->builtin(chain, table->handle) ||
		    iptc->ops->create_chain(chain, table->handle))
			return 0;
		break;
	case EDIT_DROP:
		if (iptc->delete_chain(chain, table->handle))
			return 0;
		break;
	case EDIT_INSERT:
		return insert_rule(table, edit, chain);
	case EDIT_DELETE:
		return delete_rule(table, edit, chain);
	case EDIT_DROP_TABLE:
		return edit_refused(table, edit, "ip_tables cannot do that");
	}
	return edit_refused(table, edit, strerror(errno));
}

/*
 * libiptc zeroes the policies' counters with each commit unless they are set.
 * This keeps them, except for packets between the read and this point.
 */
static int keep_policy_counters(const struct fetched *table)
{
	const struct xtc_ops *ops = iptc_of(table)->ops;

	for (const char *name = ops->first_chain(table->handle); name;
	     name = ops->next_chain(table->handle)) {
		struct xt_counters counters;
		const char *policy = ops->get_policy(name, &counters, table->handle);
		xt_chainlabel chain = "", target = "";

		if (policy && (!iptc_label(chain, name) || !iptc_label(target, policy) ||
			       !ops->set_policy(chain, target, &counters, table->handle))) {
			diag_error("cannot keep the policy of '%s' in the %s table '%s': %s; "
				   "nothing was written", name, family_name(table->family),
				   table->name, strerror(errno));
			return -1;
		}
	}
	return 0;
}

/* Copies the whole table, for a comparison. */
static struct snapshot *fetched_copy(const struct fetched *from)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_LEGACY);
	struct table *table = snapshot_add_table(snapshot, from->family, from->name);

	copy_chains(from, table);
	for (size_t i = 0; i < table->nchains; i++)
		copy_rules(from, table->chains[i]);
	return snapshot;
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
		return "; run as root (CAP_NET_ADMIN and CAP_NET_RAW)";
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
		   commit_hint(error), *written ? "written before it: " : "nothing was written",
		   written);
	return BACKEND_FAILED;
}

/* Commits each table by itself, in order; the kernel cannot do it at once. */
static int commit_tables(struct fetched *const *tables, size_t n)
{
	struct text text;
	int error = 0, result = BACKEND_OK;
	char *written;
	size_t done;

	text_open(&text);
	for (done = 0; done < n; done++) {
		const struct fetched *table = tables[done];

		if (!iptc_of(table)->ops->commit(table->handle)) {
			/* libiptc passes some on negative, as the kernel has them. */
			error = errno < 0 ? -errno : errno;
			break;
		}
		fprintf(text.out, "%s%s '%s'", done ? ", " : "", family_name(table->family),
			table->name);
	}
	written = text_take(&text);
	if (done < n)
		result = commit_failed(tables[done], written, error);
	free(written);
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

static int legacy_commit(struct backend *backend, const struct snapshot *snapshot,
			 const struct edits *edits)
{
	struct legacy *legacy = (struct legacy *)backend;
	struct fetched **changed; /* in the order of their first edits */
	int result = BACKEND_OK;
	size_t n = 0;

	(void)snapshot;
	if (!edits->n)
		return BACKEND_OK;
	if (legacy->lock < 0) {
		diag_error("ip_tables was opened only for reading; nothing was written");
		return BACKEND_FAILED;
	}
	deadline_step("writing ip_tables");
	changed = xcalloc(edits->n, sizeof(*changed));
	for (size_t i = 0; i < edits->n && result == BACKEND_OK; i++) {
		const struct edit *edit = &edits->v[i];
		struct fetched *table = fetched_find(legacy, edit->family, edit->table);

		if (!table)
			table = new_table(legacy, edit, &result);
		if (table && !is_listed(changed, n, table)) {
			changed[n++] = table;
			result = keep_policy_counters(table);
		}
		if (result == BACKEND_OK)
			result = fetched_apply(table, edit);
	}
	if (result == BACKEND_OK)
		result = commit_tables(changed, n);
	free(changed);
	return result;
}

const struct backend_ops backend_legacy = {
	.kind = BACKEND_LEGACY,
	.open = legacy_open,
	.read_table = legacy_read_table,
	.read_chain = legacy_read_chain,
	.verify = legacy_verify,
	.commit = legacy_commit,
	.canonical = xt_entry_canonical,
	.close = legacy_close,
	.read_filters = legacy_read_filters,
};
