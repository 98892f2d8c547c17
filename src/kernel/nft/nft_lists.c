/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_lists.h"

#include <stdlib.h>
#include <string.h>

#include "nft_builtin.h"
#include "util.h"

/* Notes why an edit cannot be done, which is not due to its rule; why is a constant. */
static int impossible(struct nft_lists *lists, size_t index, const char *why)
{
	refused_edits_add(lists->refused, index, false, xstrdup(why));
	return BACKEND_REFUSED;
}

static void add_lines(struct nft_work *work)
{
	for (size_t i = 0; work->live && i < work->live->nrules; i++) {
		GROW(work->lines, work->n, work->room);
		work->lines[work->n++] =
			(struct nft_line){ work->live->rules[i]->handle, NFT_NO_EDIT };
	}
}

bool nft_same_table(const struct edit *a, const struct edit *b)
{
	return a->family == b->family && !strcmp(a->table, b->table);
}

static bool is_place(const struct edit *a, const struct edit *b)
{
	return nft_same_table(a, b) && !strcmp(a->chain, b->chain);
}

const struct table *nft_lists_table(const struct nft_lists *lists, const struct edit *edit)
{
	for (size_t i = 0; i < lists->ndeleted; i++)
		if (nft_same_table(&lists->edits->v[lists->deleted[i]], edit))
			return NULL;
	return snapshot_table(lists->snapshot, edit->family, edit->table);
}

/* The list of the edit's chain. Edits of one chain are mostly adjacent. */
static struct nft_work *work_of(struct nft_lists *lists, const struct edit *edit)
{
	const struct table *table = nft_lists_table(lists, edit);
	struct nft_work *work;

	for (size_t i = lists->n; i-- > 0;)
		if (is_place(lists->works[i].first, edit))
			return &lists->works[i];
	GROW(lists->works, lists->n, lists->room);
	work = &lists->works[lists->n++];
	*work = (struct nft_work){
		.first = edit,
		.live = table_chain(table, edit->chain),
		.created = NFT_NO_EDIT,
		.dropped = NFT_NO_EDIT,
		.policy = NFT_NO_EDIT,
	};
	work->exists = work->live != NULL;
	add_lines(work);
	return work;
}

static int delete_line(struct nft_lists *lists, struct nft_work *work, size_t index)
{
	const struct edit *edit = &lists->edits->v[index];
	struct nft_line *line = &work->lines[edit->position - 1];

	if (line->edit == NFT_NO_EDIT) {
		/* Without a handle, the kernel would flush the chain. */
		if (!line->handle || (edit->rule->handle && edit->rule->handle != line->handle))
			return impossible(lists, index, "the rule with that number is a different one");
		GROW(work->gone, work->ngone, work->gone_room);
		work->gone[work->ngone++] = (struct nft_line){ line->handle, index };
	}
	work->n--;
	memmove(line, line + 1, (work->n - (edit->position - 1)) * sizeof(*line));
	return 0;
}

static void insert_line(struct nft_work *work, const struct edit *edit, size_t index)
{
	struct nft_line *line;

	GROW(work->lines, work->n, work->room);
	line = &work->lines[edit->position - 1];
	memmove(line + 1, line, (work->n - (edit->position - 1)) * sizeof(*line));
	work->n++;
	*line = (struct nft_line){ 0, index };
}

static int apply_chain(struct nft_lists *lists, struct nft_work *work, size_t index)
{
	bool create = lists->edits->v[index].op == EDIT_CREATE;

	if (work->exists == create)
		return impossible(lists, index, create ? "it already exists" : "it does not exist");
	if (!create && work->n)
		return impossible(lists, index, "it is not empty");
	work->exists = create;
	*(create ? &work->created : &work->dropped) = index;
	return 0;
}

static void work_clear(struct nft_work *work)
{
	free(work->lines);
	free(work->gone);
}

/* The edits so far that touch the table are void. */
static int delete_table(struct nft_lists *lists, const struct edit *edit, size_t index)
{
	bool live = nft_lists_table(lists, edit) != NULL, made = false;
	size_t kept = 0;

	for (size_t i = 0; i < lists->n; i++) {
		if (!nft_same_table(lists->works[i].first, edit)) {
			lists->works[kept++] = lists->works[i];
			continue;
		}
		made |= lists->works[i].exists;
		work_clear(&lists->works[i]);
	}
	lists->n = kept;
	for (size_t i = lists->nsets; i-- > 0;)
		if (nft_same_table(&lists->edits->v[lists->sets[i]], edit))
			lists->sets[i] = lists->sets[--lists->nsets];
	if (!live && !made)
		return impossible(lists, index, "it does not exist");
	if (live) {
		GROW(lists->deleted, lists->ndeleted, lists->deleted_room);
		lists->deleted[lists->ndeleted++] = index;
	}
	return 0;
}

int nft_lists_apply(struct nft_lists *lists, size_t index)
{
	const struct edit *edit = &lists->edits->v[index];
	struct nft_work *work;

	if (edit->op == EDIT_DROP_TABLE)
		return delete_table(lists, edit, index);
	if (edit->op == EDIT_ADD_SET || edit->op == EDIT_DROP_SET) {
		GROW(lists->sets, lists->nsets, lists->sets_room);
		lists->sets[lists->nsets++] = index;
		return 0;
	}
	work = work_of(lists, edit);
	if (edit->op == EDIT_CREATE || edit->op == EDIT_DROP)
		return apply_chain(lists, work, index);
	if (!work->exists)
		return impossible(lists, index, "there is no such chain");
	if (edit->op == EDIT_POLICY) {
		if (!nft_builtin(edit->table, edit->chain))
			return impossible(lists, index, "it is not a builtin chain");
		work->policy = index;
		return 0;
	}
	if (work->live && !work->live->loaded)
		return impossible(lists, index, "the chain was not read");
	if (edit->position < 1 || edit->position > work->n + (edit->op == EDIT_INSERT))
		return impossible(lists, index, "the chain has no rule with that number");
	if (edit->op == EDIT_DELETE)
		return delete_line(lists, work, index);
	insert_line(work, edit, index);
	return 0;
}

void nft_lists_clear(struct nft_lists *lists)
{
	free(lists->deleted);
	free(lists->sets);
	for (size_t i = 0; i < lists->n; i++)
		work_clear(&lists->works[i]);
	free(lists->works);
}
