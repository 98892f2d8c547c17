/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "close_first.h"

#include <string.h>

#include "deadline.h"
#include "diag.h"
#include "guard.h"
#include "guard_closed.h"
#include "guard_names.h"
#include "read_set.h"
#include "session.h"
#include "snapshot_read.h"

/* Whether forward, or a chain that it may lead to, refuses something. */
static bool holds_rules(const struct table *table)
{
	const struct chain *forward = table_chain(table, GUARD_FORWARD);

	if (!forward || !forward->builtin)
		return false;
	for (size_t c = 0; c < table->nchains; c++)
		for (size_t i = 0; i < table->chains[c]->nrules; i++)
			if (strcmp(table->chains[c]->name, GUARD_INPUT) &&
			    rule_refuses(table->chains[c]->rules[i]))
				return true;
	return false;
}

/* ---- what is written ---- */

static void plan_closing(const struct snapshot *own, enum family family, struct edits *edits)
{
	const struct table *table = snapshot_table(own, family, GUARD_TABLE);
	struct rule *rule;

	if (guard_is_foreign(table)) {
		diag_warning("--close-first: the %s table '" GUARD_TABLE "' is another program's, so "
			     "published ports are not closed before the configuration is read",
			     family_name(family));
		return;
	}
	if (holds_rules(table))
		return;
	if (table)
		edits_table(edits, EDIT_DROP_TABLE, family, GUARD_TABLE);
	edits_chain(edits, EDIT_CREATE, family, GUARD_TABLE, GUARD_FORWARD);
	rule = guard_closed_rule(family);
	edits_rule(edits, EDIT_INSERT, family, GUARD_TABLE, GUARD_FORWARD, 1, rule);
	rule_free(rule);
}

static void plan_lifting(const struct snapshot *own, enum family family, struct edits *edits)
{
	if (guard_is_closed(snapshot_table(own, family, GUARD_TABLE)))
		edits_table(edits, EDIT_DROP_TABLE, family, GUARD_TABLE);
}

static void plan_nothing(const struct snapshot *own, enum family family, struct edits *edits)
{
	(void)own;
	(void)family;
	(void)edits;
}

/* What one write is about. */
struct change {
	void (*plan)(const struct snapshot *own, enum family family, struct edits *edits);
	unsigned int families;
	unsigned int closed; /* result: the families where the closing rule was, or is now */
	bool absent;         /* result: the kernel has no nf_tables */
};

static int write_once(struct change *change, struct backend *nft)
{
	static const char *const tables[] = { GUARD_TABLE, NULL };
	const struct policy in_families = { .families = change->families };
	struct edits edits = { 0 };
	struct snapshot *own;
	int status = snapshot_read_once(nft, &in_families, tables, select_guard, &own);

	if (status)
		return status;
	change->absent = own->absent;
	change->closed = 0;
	for (int family = 0; family < FAMILY_COUNT && !own->absent; family++) {
		size_t before = edits.n;

		if (!(change->families & 1U << family))
			continue;
		change->plan(own, (enum family)family, &edits);
		if (edits.n > before ||
		    guard_is_closed(snapshot_table(own, (enum family)family, GUARD_TABLE)))
			change->closed |= 1U << family;
	}
	if (edits.n)
		status = nft->ops->commit(nft, own, &edits, NULL);
	edits_clear(&edits);
	snapshot_free(own);
	return status;
}

static int write_change(backend_list backends, struct change *change)
{
	unsigned int tries = 0;
	int status;

	do {
		struct backend *nft = backends[BACKEND_NFT]->open(true);

		if (!nft)
			return -1;
		status = write_once(change, nft);
		nft->ops->close(nft);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status ? -1 : 0;
}

/* One family: what the kernel refuses in the other must not leave this one open. */
static void close_family(backend_list backends, enum family family, struct change *change)
{
	change->families = 1U << family;
	if (!write_change(backends, change))
		return;
	/* The run reports it again if it needs the same, and then it is final. */
	diag_forget();
	change->closed = 0;
	diag_warning("--close-first: published ports are not closed over %s before the "
		     "configuration is read", family_title(family));
}

unsigned int close_first(backend_list backends, unsigned int families)
{
	struct change change = { .plan = plan_closing };
	unsigned int closed = 0;

	deadline_step("closing published ports");
	if (session_families(&families)) {
		diag_forget();
		return 0;
	}
	for (int family = 0; family < FAMILY_COUNT && !change.absent; family++) {
		if (!(families & 1U << family))
			continue;
		close_family(backends, (enum family)family, &change);
		closed |= change.closed;
	}
	if (change.absent)
		diag_warning("--close-first: this kernel has no nf_tables, so published ports are not "
			     "closed before the configuration is read");
	return closed;
}

bool close_first_remains(backend_list backends, unsigned int families)
{
	struct change change = { .plan = plan_nothing, .families = families };

	return families && (write_change(backends, &change) || change.closed);
}

int close_first_lift(backend_list backends, unsigned int families)
{
	struct change change = { .plan = plan_lifting, .families = families };

	deadline_step("lifting what --close-first refused");
	return write_change(backends, &change);
}
