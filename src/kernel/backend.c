/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend.h"

#include <errno.h>
#include <stdlib.h>

#include "deadline.h"
#include "diag.h"
#include "patience.h"
#include "util.h"

bool backend_try_again(unsigned int *tries)
{
	unsigned int shift = *tries / 4;

	if (deadline_check())
		return false;
	if (++*tries >= LOST_RACES) {
		diag_error("the tables changed %d times while they were read; nothing was written; "
			   "run it again when the other program is done", LOST_RACES);
		return false;
	}
	sleep_ms(shift < 6 ? 1U << shift : LOST_RACE_PAUSE_MS);
	return true;
}

int backend_check_built(const struct backend_ops *ops, const char *why)
{
	if (!ops->absent)
		return 0;
	diag_error("the backend %s is %s, but this program was built without it (LEGACY=no); use "
		   "--backend=nft if Docker's rules are in nf_tables", backend_kind_name(ops->kind), why);
	return -1;
}

bool backend_error_passes(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS || error == ENOMEM;
}

void refused_edits_add(struct refused_edits *list, size_t edit, bool rule, char *why)
{
	GROW(list->v, list->n, list->room);
	list->v[list->n++] = (struct refused_edit){ edit, rule, false, why };
}

void refused_edits_clear(struct refused_edits *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].why);
	free(list->v);
	*list = (struct refused_edits){ 0 };
}

void refused_edit_report(const struct edits *edits, const struct refused_edit *refused,
			 const char *written)
{
	static const char *const names[] = {
		[EDIT_CREATE] = "create the chain",
		[EDIT_INSERT] = "insert rule",
		[EDIT_DELETE] = "delete rule",
		[EDIT_DROP] = "remove the chain",
		[EDIT_DROP_TABLE] = "delete",
		[EDIT_ADD_SET] = "create the set",
		[EDIT_DROP_SET] = "remove the set",
		[EDIT_POLICY] = "set the policy of",
	};
	const struct edit *edit = &edits->v[refused->edit];
	const char *family = family_name(edit->family);

	if (edit->op == EDIT_INSERT || edit->op == EDIT_DELETE)
		diag_error("cannot %s %zu of the chain '%s' in the %s table '%s': %s; %s",
			   names[edit->op], edit->position, edit->chain, family, edit->table,
			   refused->why, written);
	else if (edit->op == EDIT_DROP_TABLE)
		diag_error("cannot %s the %s table '%s': %s; %s", names[edit->op], family,
			   edit->table, refused->why, written);
	else
		diag_error("cannot %s '%s' in the %s table '%s': %s; %s", names[edit->op],
			   edit->chain, family, edit->table, refused->why, written);
}
