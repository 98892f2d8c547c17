/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_commit.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "diag.h"
#include "guard_names.h"
#include "nft_attr.h"
#include "nft_builtin.h"
#include "nft_encode.h"
#include "nft_guard_sets.h"
#include "nft_headers.h"
#include "nft_mark.h"
#include "nft_owner.h"
#include "nft_refusal.h"
#include "util.h"

/*
 * Edits use positions, which each edit moves; nf_tables uses handles, which new
 * rules do not have yet. So the edits are first applied to lists, and the
 * difference between the lists and the kernel is sent.
 */

#define NO_EDIT SIZE_MAX

/*
 * The kernel lists rules in messages of up to 32 KiB less its own overhead. It
 * accepts a larger rule, but then lists neither that rule nor those after it.
 */
#define RULE_MAX 32000

#define TABLES 4 /* that a plan changes: filter and the guard of each family */

/* A rule: one in the kernel, or one that an edit inserts. */
struct rule_line {
	uint64_t handle; /* 0: new */
	size_t edit;
};

/* A chain that the edits touch. */
struct work {
	const struct edit *first; /* the first of those edits, which names the chain */
	const struct chain *live; /* NULL: the kernel has none, or its table is deleted first */
	bool exists;
	size_t created, dropped; /* the edit that does so, or NO_EDIT */
	size_t policy;           /* the edit that sets it, or NO_EDIT */
	struct rule_line *lines; /* owned; the chain's rules after the edits */
	size_t n, room;
	struct rule_line *gone; /* owned; rules in the kernel to delete */
	size_t ngone, gone_room;
};

struct commit {
	const struct snapshot *snapshot;
	const struct edits *edits;
	struct work *works; /* owned */
	size_t n, room;
	size_t *sets; /* owned; the edits that create or delete a set */
	size_t nsets, sets_room;
	size_t *deleted; /* owned; the edits that delete a table of the kernel */
	size_t ndeleted, deleted_room;
	struct nft_batch batch;
	size_t *edit_of; /* owned; indexed by message, from 0 */
	size_t edit_room;
	struct refused_edits *refused;
};

/* Notes why an edit cannot be done, which is not due to its rule; why is a constant. */
static int impossible(struct commit *c, size_t index, const char *why)
{
	refused_edits_add(c->refused, index, false, xstrdup(why));
	return BACKEND_REFUSED;
}

/* ---- the lists ---- */

static void add_lines(struct work *work)
{
	for (size_t i = 0; work->live && i < work->live->nrules; i++) {
		GROW(work->lines, work->n, work->room);
		work->lines[work->n++] =
			(struct rule_line){ work->live->rules[i]->handle, NO_EDIT };
	}
}

static bool same_table(const struct edit *a, const struct edit *b)
{
	return a->family == b->family && !strcmp(a->table, b->table);
}

static bool is_place(const struct edit *a, const struct edit *b)
{
	return same_table(a, b) && !strcmp(a->chain, b->chain);
}

/* The table as the kernel has it when the messages about its chains come; NULL: none. */
static const struct table *live_table(const struct commit *c, const struct edit *edit)
{
	for (size_t i = 0; i < c->ndeleted; i++)
		if (same_table(&c->edits->v[c->deleted[i]], edit))
			return NULL;
	return snapshot_table(c->snapshot, edit->family, edit->table);
}

/* The list of the edit's chain. Edits of one chain are mostly adjacent. */
static struct work *work_of(struct commit *c, const struct edit *edit)
{
	const struct table *table = live_table(c, edit);
	struct work *work;

	for (size_t i = c->n; i-- > 0;)
		if (is_place(c->works[i].first, edit))
			return &c->works[i];
	GROW(c->works, c->n, c->room);
	work = &c->works[c->n++];
	*work = (struct work){
		.first = edit,
		.live = table_chain(table, edit->chain),
		.created = NO_EDIT,
		.dropped = NO_EDIT,
		.policy = NO_EDIT,
	};
	work->exists = work->live != NULL;
	add_lines(work);
	return work;
}

static int delete_line(struct commit *c, struct work *work, size_t index)
{
	const struct edit *edit = &c->edits->v[index];
	struct rule_line *line = &work->lines[edit->position - 1];

	if (line->edit == NO_EDIT) {
		/* Without a handle, the kernel would flush the chain. */
		if (!line->handle || (edit->rule->handle && edit->rule->handle != line->handle))
			return impossible(c, index, "the rule with that number is a different one");
		GROW(work->gone, work->ngone, work->gone_room);
		work->gone[work->ngone++] = (struct rule_line){ line->handle, index };
	}
	work->n--;
	memmove(line, line + 1, (work->n - (edit->position - 1)) * sizeof(*line));
	return 0;
}

static void insert_line(struct work *work, const struct edit *edit, size_t index)
{
	struct rule_line *line;

	GROW(work->lines, work->n, work->room);
	line = &work->lines[edit->position - 1];
	memmove(line + 1, line, (work->n - (edit->position - 1)) * sizeof(*line));
	work->n++;
	*line = (struct rule_line){ 0, index };
}

static int apply_chain(struct commit *c, struct work *work, size_t index)
{
	bool create = c->edits->v[index].op == EDIT_CREATE;

	if (work->exists == create)
		return impossible(c, index, create ? "it already exists" : "it does not exist");
	if (!create && work->n)
		return impossible(c, index, "it is not empty");
	work->exists = create;
	*(create ? &work->created : &work->dropped) = index;
	return 0;
}

static void work_clear(struct work *work)
{
	free(work->lines);
	free(work->gone);
}

/* The edits so far that touch the table are void. */
static int delete_table(struct commit *c, const struct edit *edit, size_t index)
{
	bool live = live_table(c, edit) != NULL, made = false;
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (!same_table(c->works[i].first, edit)) {
			c->works[kept++] = c->works[i];
			continue;
		}
		made |= c->works[i].exists;
		work_clear(&c->works[i]);
	}
	c->n = kept;
	for (size_t i = c->nsets; i-- > 0;)
		if (same_table(&c->edits->v[c->sets[i]], edit))
			c->sets[i] = c->sets[--c->nsets];
	if (!live && !made)
		return impossible(c, index, "it does not exist");
	if (live) {
		GROW(c->deleted, c->ndeleted, c->deleted_room);
		c->deleted[c->ndeleted++] = index;
	}
	return 0;
}

static int commit_apply(struct commit *c, size_t index)
{
	const struct edit *edit = &c->edits->v[index];
	struct work *work;

	if (edit->op == EDIT_DROP_TABLE)
		return delete_table(c, edit, index);
	if (edit->op == EDIT_ADD_SET || edit->op == EDIT_DROP_SET) {
		GROW(c->sets, c->nsets, c->sets_room);
		c->sets[c->nsets++] = index;
		return 0;
	}
	work = work_of(c, edit);
	if (edit->op == EDIT_CREATE || edit->op == EDIT_DROP)
		return apply_chain(c, work, index);
	if (!work->exists)
		return impossible(c, index, "there is no such chain");
	if (edit->op == EDIT_POLICY) {
		if (!nft_builtin(edit->table, edit->chain))
			return impossible(c, index, "it is not a builtin chain");
		work->policy = index;
		return 0;
	}
	if (work->live && !work->live->loaded)
		return impossible(c, index, "the chain was not read");
	if (edit->position < 1 || edit->position > work->n + (edit->op == EDIT_INSERT))
		return impossible(c, index, "the chain has no rule with that number");
	if (edit->op == EDIT_DELETE)
		return delete_line(c, work, index);
	insert_line(work, edit, index);
	return 0;
}

/* ---- the batch ---- */

static struct nlmsghdr *open_message(struct commit *c, uint16_t type, uint16_t flags, size_t edit)
{
	GROW(c->edit_of, c->batch.messages, c->edit_room);
	c->edit_of[c->batch.messages] = edit;
	return nft_batch_open(&c->batch, type, family_af(c->edits->v[edit].family), flags);
}

static void put_new_table(struct commit *c, const struct work *work)
{
	struct nlmsghdr *nlh = open_message(c, NFT_MSG_NEWTABLE, NLM_F_CREATE, work->created);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, work->first->table);
	mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, htonl(nft_owner_flags(work->first->table)));
	/* Kernels before 5.10 ignore it. */
	if (guard_has_name(work->first->table))
		mnl_attr_put(nlh, NFTA_TABLE_USERDATA, sizeof(nft_mark), &nft_mark);
	nft_batch_close(&c->batch, nlh);
}

static void put_delete_table(struct commit *c, size_t index)
{
	struct nlmsghdr *nlh = open_message(c, NFT_MSG_DELTABLE, 0, index);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, c->edits->v[index].table);
	nft_batch_close(&c->batch, nlh);
}

static void put_chain(struct commit *c, const struct work *work)
{
	const struct nft_builtin *builtin = nft_builtin(work->first->table, work->first->chain);
	uint16_t flags = builtin ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_EXCL;
	struct nlmsghdr *nlh;

	if (!live_table(c, work->first))
		put_new_table(c, work);
	nlh = open_message(c, NFT_MSG_NEWCHAIN, flags, work->created);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, work->first->table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, work->first->chain);
	if (builtin) {
		struct nlattr *hook = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);

		mnl_attr_put_u32(nlh, NFTA_HOOK_HOOKNUM, htonl(builtin->hook));
		mnl_attr_put_u32(nlh, NFTA_HOOK_PRIORITY, htonl((uint32_t)builtin->priority));
		mnl_attr_nest_end(nlh, hook);
		mnl_attr_put_u32(nlh, NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
		mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, builtin->type);
	}
	nft_batch_close(&c->batch, nlh);
}

static void put_policy(struct commit *c, const struct work *work)
{
	struct nlmsghdr *nlh = open_message(c, NFT_MSG_NEWCHAIN, 0, work->policy);
	bool drops = c->edits->v[work->policy].policy == VERDICT_DROP;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, work->first->table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, work->first->chain);
	mnl_attr_put_u32(nlh, NFTA_CHAIN_POLICY, htonl(drops ? NF_DROP : NF_ACCEPT));
	nft_batch_close(&c->batch, nlh);
}

static void put_drop(struct commit *c, const struct work *work)
{
	struct nlmsghdr *nlh = open_message(c, NFT_MSG_DELCHAIN, NLM_F_NONREC, work->dropped);

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, work->first->table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, work->first->chain);
	nft_batch_close(&c->batch, nlh);
}

static void put_delete(struct commit *c, const struct work *work, const struct rule_line *gone)
{
	struct nlmsghdr *nlh = open_message(c, NFT_MSG_DELRULE, 0, gone->edit);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, work->first->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, work->first->chain);
	mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(gone->handle));
	nft_batch_close(&c->batch, nlh);
}

static void put_new_rule(struct commit *c, const struct rule_line *line, uint16_t flags,
			 uint64_t after)
{
	const struct edit *edit = &c->edits->v[line->edit];
	struct nftnl_rule *rule;
	struct nlmsghdr *nlh;
	const char *why;

	rule = nft_encode(edit->rule, edit->table, edit->chain, &why);
	if (!rule) {
		refused_edits_add(c->refused, line->edit, true, xstrdup(why));
		return;
	}
	if (after)
		nftnl_rule_set_u64(rule, NFTNL_RULE_POSITION, after);
	nlh = open_message(c, NFT_MSG_NEWRULE, NLM_F_CREATE | flags, line->edit);
	nftnl_rule_nlmsg_build_payload(nlh, rule);
	nftnl_rule_free(rule);
	if (nlh->nlmsg_len > RULE_MAX)
		refused_edits_add(c->refused, line->edit, true,
				  xstrdup("it is larger than nf_tables can list"));
	nft_batch_close(&c->batch, nlh);
}

/*
 * Adds consecutive new rules, from first to end. The kernel finds a place by
 * walking through the chain, so they are appended to its end, or each is put
 * after the rule before them all, last one first: no walk gets longer.
 */
static void put_run(struct commit *c, const struct work *work, size_t first, size_t end)
{
	uint64_t after = first ? work->lines[first - 1].handle : 0;
	uint16_t flags = after ? NLM_F_APPEND : 0;

	if (end == work->n) {
		for (size_t i = first; i < end; i++)
			put_new_rule(c, &work->lines[i], NLM_F_APPEND, 0);
		return;
	}
	for (size_t i = end; i-- > first;)
		put_new_rule(c, &work->lines[i], flags, after);
}

static void put_rules(struct commit *c, const struct work *work)
{
	for (size_t first = 0, end; first < work->n; first = end) {
		for (end = first; end < work->n && work->lines[end].edit != NO_EDIT;)
			end++;
		if (end > first)
			put_run(c, work, first, end);
		end += end == first;
	}
}

/* A number in a batch is that of the edit. */
static void put_sets(struct commit *c, enum edit_op op)
{
	for (size_t i = 0; i < c->nsets; i++) {
		const struct edit *edit = &c->edits->v[c->sets[i]];
		uint32_t id = (uint32_t)c->sets[i];
		struct nlmsghdr *nlh;

		if (edit->op != op)
			continue;
		if (op == EDIT_DROP_SET) {
			nlh = open_message(c, NFT_MSG_DELSET, 0, c->sets[i]);
			nft_guard_set_delete(nlh, edit->table, edit->chain);
			nft_batch_close(&c->batch, nlh);
			continue;
		}
		nlh = open_message(c, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, c->sets[i]);
		nft_guard_set_new(nlh, edit->table, edit->set, id);
		nft_batch_close(&c->batch, nlh);
		for (size_t at = 0; at < edit->set->values.n;) {
			nlh = open_message(c, NFT_MSG_NEWSETELEM, NLM_F_CREATE, c->sets[i]);
			nft_guard_set_elements(nlh, edit->table, edit->set, id, &at);
			nft_batch_close(&c->batch, nlh);
		}
	}
}

/*
 * Tables are deleted first. Then chains and sets are created, since rules use them. Rules are
 * deleted before others are added, so that a jump that changes its direction makes no
 * loop. A plan fills FORWARD last; here it is first, so that the kernel already knows which
 * hooks lead to a rule when it comes. Chains and sets are deleted last.
 */
static void put_all(struct commit *c)
{
	for (size_t i = 0; i < c->ndeleted; i++)
		put_delete_table(c, c->deleted[i]);
	for (size_t i = 0; i < c->n; i++)
		if (c->works[i].exists && !c->works[i].live)
			put_chain(c, &c->works[i]);
	put_sets(c, EDIT_ADD_SET);
	for (size_t i = 0; i < c->n; i++)
		for (size_t r = 0; r < c->works[i].ngone; r++)
			put_delete(c, &c->works[i], &c->works[i].gone[r]);
	for (size_t i = c->n; i-- > 0;)
		put_rules(c, &c->works[i]);
	for (size_t i = 0; i < c->n; i++)
		if (c->works[i].policy != NO_EDIT)
			put_policy(c, &c->works[i]);
	for (size_t i = 0; i < c->n; i++)
		if (!c->works[i].exists && c->works[i].live)
			put_drop(c, &c->works[i]);
	put_sets(c, EDIT_DROP_SET);
}

/* ---- the kernel's answer ---- */

/*
 * The kernel validates the chains of a table again after each new rule. One that fails stays
 * until the end of the batch, and so all that come after it in that table fail as well. (A
 * rule that is refused by itself is never added, and the kernel points at its expression.)
 */
static void note_suspect(const struct commit *c, const struct nft_refusal *refusal,
			 const struct edit **failed)
{
	struct refused_edit *last = &c->refused->v[c->refused->n - 1];
	const struct edit *edit = &c->edits->v[last->edit];
	size_t known = 0;

	if (refusal->offset || edit->op != EDIT_INSERT)
		return;
	while (known < TABLES && failed[known] && !same_table(failed[known], edit))
		known++;
	last->suspect = known == TABLES || failed[known];
	if (!last->suspect)
		failed[known] = edit;
}

/* Adds what the kernel refused. Returns -1 after reporting that it refused the whole batch. */
static int take_refusals(const struct commit *c, const struct nft_refusals *refusals)
{
	const struct edit *failed[TABLES] = { NULL };

	for (size_t i = 0; i < refusals->n; i++) {
		const struct nft_refusal *refusal = &refusals->v[i];
		size_t index = refusal->message ? c->edit_of[refusal->message - 1] : NO_EDIT;
		const struct edit *edit = index == NO_EDIT ? NULL : &c->edits->v[index];
		char *why = nft_refusal_why(&c->batch, refusal, edit);

		if (edit) {
			refused_edits_add(c->refused, index, edit->op == EDIT_INSERT &&
					  refusal->error != EPERM, why);
			note_suspect(c, refusal, failed);
			continue;
		}
		diag_error("cannot write nf_tables: %s; nothing was written", why);
		free(why);
		return -1;
	}
	return 0;
}

static int send_batch(struct commit *c, struct nft_socket *nft, bool only_try)
{
	struct nft_refusals refusals = { 0 };
	int status;

	if (!c->batch.messages) {
		diag_step(2, "netlink: nothing to change");
		return BACKEND_OK;
	}
	diag_step(2, "netlink: %u changes in one batch of %zu bytes, generation %u%s",
		  c->batch.messages, c->batch.n, c->snapshot->generation,
		  only_try ? ", only to try them" : "");
	status = nft_batch_send(&c->batch, nft, only_try, &refusals);
	if (status == BACKEND_REFUSED && take_refusals(c, &refusals))
		status = BACKEND_FAILED;
	if (status == BACKEND_CHANGED)
		diag_step(2, "netlink: the tables changed meanwhile, nothing was written");
	nft_refusals_clear(&refusals);
	return status;
}

static int run(struct commit *c, struct nft_socket *nft, bool only_try)
{
	int status = BACKEND_OK;

	for (size_t i = 0; i < c->edits->n && !status; i++)
		status = commit_apply(c, i);
	nft_batch_begin(&c->batch, nft, c->snapshot->generation);
	if (status)
		return status;
	put_all(c);
	/* What cannot be sent cannot be committed; the kernel may still refuse more. */
	if (c->refused->n)
		only_try = true;
	status = send_batch(c, nft, only_try);
	return status == BACKEND_OK && c->refused->n ? BACKEND_REFUSED : status;
}

int nft_commit(struct nft_socket *nft, const struct snapshot *snapshot, const struct edits *edits,
	       bool only_try, struct refused_edits *refused)
{
	struct refused_edits first = { 0 };
	struct commit c = { .snapshot = snapshot, .edits = edits,
			    .refused = refused ? refused : &first };
	int status = run(&c, nft, only_try);

	if (status == BACKEND_REFUSED && !refused) {
		refused_edit_report(edits, &first.v[0]);
		status = BACKEND_FAILED;
	}
	refused_edits_clear(&first);
	nft_batch_free(&c.batch);
	free(c.edit_of);
	free(c.deleted);
	free(c.sets);
	for (size_t i = 0; i < c.n; i++)
		work_clear(&c.works[i]);
	free(c.works);
	return status;
}
