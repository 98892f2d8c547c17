/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "legacy_table.h"

#include <errno.h>
#include <linux/netfilter/x_tables.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "xt_entry.h"

void fetched_chains(const struct fetched *from, struct table *to)
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

void fetched_rules(const struct fetched *from, struct chain *to)
{
	const struct iptc *iptc = iptc_of(from);
	/* In an empty chain, next_rule() would continue in the previous chain. */
	const void *entry = iptc->first_rule(to->name, from->handle);

	for (; entry; entry = iptc->next_rule(entry, from->handle))
		chain_add_rule(to, decode(from, entry));
	to->loaded = true;
}

struct snapshot *fetched_copy(const struct fetched *from)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_LEGACY);
	struct table *table = snapshot_add_table(snapshot, from->family, from->name);

	fetched_chains(from, table);
	for (size_t i = 0; i < table->nchains; i++)
		fetched_rules(from, table->chains[i]);
	return snapshot;
}

static int edit_refused(const struct fetched *table, const struct edit *edit, const char *why)
{
	static const char *const ops[] = {
		[EDIT_CREATE] = "create",
		[EDIT_INSERT] = "insert a rule into",
		[EDIT_DELETE] = "delete a rule of",
		[EDIT_DROP] = "remove",
		[EDIT_DROP_TABLE] = "remove the table of",
		[EDIT_ADD_SET] = "create the set",
		[EDIT_DROP_SET] = "remove the set",
		[EDIT_POLICY] = "set the policy of",
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

/* With the counters that it has. Returns 0 with errno set if it cannot. */
static int set_policy(const struct fetched *table, const struct edit *edit, const xt_chainlabel chain)
{
	const struct xtc_ops *ops = iptc_of(table)->ops;
	struct xt_counters counters;
	xt_chainlabel target = "";

	errno = EINVAL;
	return ops->get_policy(edit->chain, &counters, table->handle) &&
	       iptc_label(target, edit_policy_name(edit)) &&
	       ops->set_policy(chain, target, &counters, table->handle);
}

int fetched_apply(const struct fetched *table, const struct edit *edit)
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
	case EDIT_ADD_SET:
	case EDIT_DROP_SET:
		return edit_refused(table, edit, "ip_tables cannot do that");
	case EDIT_POLICY:
		if (set_policy(table, edit, chain))
			return 0;
		break;
	}
	return edit_refused(table, edit, strerror(errno));
}

/*
 * libiptc zeroes the policies' counters with each commit unless they are set.
 * This keeps them, except for packets between the read and this point.
 */
int fetched_keep_policies(const struct fetched *table)
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
