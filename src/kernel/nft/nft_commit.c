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
#include "nft_lists.h"
#include "nft_mark.h"
#include "nft_owner.h"
#include "nft_refusal.h"
#include "util.h"

/*
 * The kernel lists rules in messages of up to 32 KiB less its own overhead. It
 * accepts a larger rule, but then lists neither that rule nor those after it.
 */
#define RULE_MAX 32000

#define TABLES 4 /* that a plan changes: filter and the guard of each family */

struct commit {
	struct nft_lists lists;
	struct nft_batch batch;
	size_t *edit_of; /* owned; indexed by message, from 0 */
	size_t edit_room;
	size_t failed[TABLES]; /* for each table, the edit after which validation fails */
	size_t nfailed;
	bool *left_out; /* owned; by edit: not in this batch; NULL: all are */
};

/* ---- the batch ---- */

static struct nlmsghdr *open_message(struct commit *c, uint16_t type, uint16_t flags, size_t edit)
{
	GROW(c->edit_of, c->batch.messages, c->edit_room);
	c->edit_of[c->batch.messages] = edit;
	return nft_batch_open(&c->batch, type, family_af(c->lists.edits->v[edit].family), flags);
}

static void put_new_table(struct commit *c, const struct nft_work *work)
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

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, c->lists.edits->v[index].table);
	nft_batch_close(&c->batch, nlh);
}

static void put_chain(struct commit *c, const struct nft_work *work)
{
	const struct nft_builtin *builtin = nft_builtin(work->first->table, work->first->chain);
	uint16_t flags = builtin ? NLM_F_CREATE : NLM_F_CREATE | NLM_F_EXCL;
	struct nlmsghdr *nlh;

	if (!nft_lists_table(&c->lists, work->first))
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

static void put_policy(struct commit *c, const struct nft_work *work)
{
	struct nlmsghdr *nlh = open_message(c, NFT_MSG_NEWCHAIN, 0, work->policy);
	bool drops = c->lists.edits->v[work->policy].policy == VERDICT_DROP;

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, work->first->table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, work->first->chain);
	mnl_attr_put_u32(nlh, NFTA_CHAIN_POLICY, htonl(drops ? NF_DROP : NF_ACCEPT));
	nft_batch_close(&c->batch, nlh);
}

static void put_drop(struct commit *c, const struct nft_work *work)
{
	struct nlmsghdr *nlh = open_message(c, NFT_MSG_DELCHAIN, NLM_F_NONREC, work->dropped);

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, work->first->table);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, work->first->chain);
	nft_batch_close(&c->batch, nlh);
}

static void put_delete(struct commit *c, const struct nft_work *work, const struct nft_line *gone)
{
	struct nlmsghdr *nlh = open_message(c, NFT_MSG_DELRULE, 0, gone->edit);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, work->first->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, work->first->chain);
	mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(gone->handle));
	nft_batch_close(&c->batch, nlh);
}

/* With NLM_F_APPEND after the rule with the handle place, or without before it; 0: of them all. */
static void put_new_rule(struct commit *c, const struct nft_line *line, uint16_t flags,
			 uint64_t place)
{
	const struct edit *edit = &c->lists.edits->v[line->edit];
	struct nftnl_rule *rule;
	struct nlmsghdr *nlh;
	const char *why;

	if (c->left_out && c->left_out[line->edit])
		return;
	rule = nft_encode(edit->rule, edit->table, edit->chain, &why);
	if (!rule) {
		refused_edits_add(c->lists.refused, line->edit, true, xstrdup(why));
		return;
	}
	if (place)
		nftnl_rule_set_u64(rule, NFTNL_RULE_POSITION, place);
	nlh = open_message(c, NFT_MSG_NEWRULE, NLM_F_CREATE | flags, line->edit);
	nftnl_rule_nlmsg_build_payload(nlh, rule);
	nftnl_rule_free(rule);
	if (nlh->nlmsg_len > RULE_MAX)
		refused_edits_add(c->lists.refused, line->edit, true,
				  xstrdup("it is larger than nf_tables can list"));
	nft_batch_close(&c->batch, nlh);
}

/* Whether one of these lines makes an estimator, which the kernel must have before it is used. */
static bool makes_estimator(const struct commit *c, const struct nft_work *work, size_t first,
			    size_t end)
{
	for (size_t i = first; i < end; i++) {
		const struct edit *edit = work->lines[i].edit == NFT_NO_EDIT ? NULL :
					  &c->lists.edits->v[work->lines[i].edit];

		if (edit && edit->rule->verdict == VERDICT_EXT &&
		    !strcmp(edit->rule->target.name, "RATEEST"))
			return true;
	}
	return false;
}

/*
 * Adds consecutive new rules, from first to end. The kernel finds a place by
 * walking through the chain, so they are appended to its end, or each is put
 * after the rule before them all, last one first: no walk gets longer. Where one may
 * need another, each is put before the rule after them all.
 */
static void put_run(struct commit *c, const struct nft_work *work, size_t first, size_t end)
{
	uint64_t after = first ? work->lines[first - 1].handle : 0;
	uint64_t before = end < work->n ? work->lines[end].handle : 0;
	uint16_t flags = after ? NLM_F_APPEND : 0;

	if (end == work->n || (before && makes_estimator(c, work, first, end))) {
		for (size_t i = first; i < end; i++)
			put_new_rule(c, &work->lines[i], before ? 0 : NLM_F_APPEND, before);
		return;
	}
	for (size_t i = end; i-- > first;)
		put_new_rule(c, &work->lines[i], flags, after);
}

static void put_rules(struct commit *c, const struct nft_work *work)
{
	for (size_t first = 0, end; first < work->n; first = end) {
		for (end = first; end < work->n && work->lines[end].edit != NFT_NO_EDIT;)
			end++;
		if (end > first)
			put_run(c, work, first, end);
		end += end == first;
	}
}

/* A number in a batch is that of the edit. */
static void put_sets(struct commit *c, enum edit_op op)
{
	for (size_t i = 0; i < c->lists.nsets; i++) {
		const struct edit *edit = &c->lists.edits->v[c->lists.sets[i]];
		uint32_t id = (uint32_t)c->lists.sets[i];
		struct nlmsghdr *nlh;

		if (edit->op != op)
			continue;
		if (op == EDIT_DROP_SET) {
			nlh = open_message(c, NFT_MSG_DELSET, 0, c->lists.sets[i]);
			nft_guard_set_delete(nlh, edit->table, edit->chain);
			nft_batch_close(&c->batch, nlh);
			continue;
		}
		nlh = open_message(c, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, c->lists.sets[i]);
		nft_guard_set_new(nlh, edit->table, edit->set, id);
		nft_batch_close(&c->batch, nlh);
		for (size_t at = 0; at < edit->set->values.n;) {
			nlh = open_message(c, NFT_MSG_NEWSETELEM, NLM_F_CREATE, c->lists.sets[i]);
			nft_guard_set_elements(nlh, edit->table, edit->set, id, &at);
			nft_batch_close(&c->batch, nlh);
		}
	}
}

/*
 * Tables are deleted first. Then chains and sets are created, since rules use them. Rules are
 * deleted before others are added, so that a jump that changes its direction makes no
 * loop. A plan fills FORWARD last; here it is first, so that the kernel already knows which
 * hooks lead to a rule when it comes; before it only a chain with what makes an estimator, which
 * rules of any chain may use. Chains and sets are deleted last.
 */
static void put_all(struct commit *c)
{
	for (size_t i = 0; i < c->lists.ndeleted; i++)
		put_delete_table(c, c->lists.deleted[i]);
	for (size_t i = 0; i < c->lists.n; i++)
		if (c->lists.works[i].exists && !c->lists.works[i].live)
			put_chain(c, &c->lists.works[i]);
	put_sets(c, EDIT_ADD_SET);
	for (size_t i = 0; i < c->lists.n; i++)
		for (size_t r = 0; r < c->lists.works[i].ngone; r++)
			put_delete(c, &c->lists.works[i], &c->lists.works[i].gone[r]);
	for (int estimators = 1; estimators >= 0; estimators--)
		for (size_t i = c->lists.n; i-- > 0;) {
			const struct nft_work *work = &c->lists.works[i];

			if (makes_estimator(c, work, 0, work->n) == estimators)
				put_rules(c, work);
		}
	for (size_t i = 0; i < c->lists.n; i++)
		if (c->lists.works[i].policy != NFT_NO_EDIT)
			put_policy(c, &c->lists.works[i]);
	for (size_t i = 0; i < c->lists.n; i++)
		if (!c->lists.works[i].exists && c->lists.works[i].live)
			put_drop(c, &c->lists.works[i]);
	put_sets(c, EDIT_DROP_SET);
}

/* ---- the kernel's answer ---- */

/*
 * The kernel validates the chains of a table again after each new rule. One that fails stays
 * until the end of the batch, and so all that come after it in that table fail as well. (A
 * rule that is refused by itself is never added, and the kernel points at its expression.)
 */
static void note_suspect(struct commit *c, const struct nft_refusal *refusal)
{
	struct refused_edit *last = &c->lists.refused->v[c->lists.refused->n - 1];
	const struct edit *edit = &c->lists.edits->v[last->edit];
	size_t known = 0;

	if (refusal->offset || edit->op != EDIT_INSERT)
		return;
	while (known < c->nfailed && !nft_same_table(&c->lists.edits->v[c->failed[known]], edit))
		known++;
	last->suspect = known == TABLES || known < c->nfailed;
	if (!last->suspect)
		c->failed[c->nfailed++] = last->edit;
}

/* Adds what the kernel refused. Returns -1 after reporting that it refused the whole batch. */
static int take_refusals(struct commit *c, const struct nft_refusals *refusals)
{
	for (size_t i = 0; i < refusals->n; i++) {
		const struct nft_refusal *refusal = &refusals->v[i];
		size_t index = refusal->message ? c->edit_of[refusal->message - 1] : NFT_NO_EDIT;
		const struct edit *edit = index == NFT_NO_EDIT ? NULL : &c->lists.edits->v[index];
		char *why = nft_refusal_why(&c->batch, refusal, edit);

		if (edit) {
			refused_edits_add(c->lists.refused, index, edit->op == EDIT_INSERT &&
					  refusal->error != EPERM, why);
			note_suspect(c, refusal);
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
		  c->batch.messages, c->batch.n, c->lists.snapshot->generation,
		  only_try ? ", only to try them" : "");
	status = nft_batch_send(&c->batch, nft, only_try, &refusals);
	if (status == BACKEND_REFUSED && take_refusals(c, &refusals))
		status = BACKEND_FAILED;
	if (status == BACKEND_CHANGED)
		diag_step(2, "netlink: the tables changed meanwhile, nothing was written");
	nft_refusals_clear(&refusals);
	return status;
}

/* ---- the suspects ---- */

/*
 * Puts the rule of an edit at the end of its chain. With an id, it is deleted again in the
 * same batch, so that the kernel validates it without the suspects before it.
 */
static void put_by_itself(struct commit *c, size_t index, uint32_t id)
{
	const struct edit *edit = &c->lists.edits->v[index];
	const char *why;
	/* It was sent before, so it can be encoded. */
	struct nftnl_rule *rule = nft_encode(edit->rule, edit->table, edit->chain, &why);
	struct nlmsghdr *nlh;

	if (id)
		nftnl_rule_set_u32(rule, NFTNL_RULE_ID, id);
	nlh = open_message(c, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, index);
	nftnl_rule_nlmsg_build_payload(nlh, rule);
	nftnl_rule_free(rule);
	nft_batch_close(&c->batch, nlh);
	if (!id)
		return;
	nlh = open_message(c, NFT_MSG_DELRULE, 0, index);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, edit->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, edit->chain);
	mnl_attr_put_u32(nlh, NFTA_RULE_ID, htonl(id));
	nft_batch_close(&c->batch, nlh);
}

/*
 * The suspects that were refused by themselves are none any more. Their messages come in
 * pairs after the first ones. What is refused of those, or a rule that could not be deleted
 * again, may be why all that follows was refused.
 */
static void take_culprits(struct commit *c, const struct nft_refusals *refusals, uint32_t first,
			  const size_t *suspects, size_t n)
{
	for (size_t i = 0; i < refusals->n; i++) {
		const struct nft_refusal *refusal = &refusals->v[i];
		size_t pair = refusal->message <= first ? n : (refusal->message - first - 1) / 2;
		struct refused_edit *suspect;

		if (pair >= n || (refusal->message - first - 1) % 2 ||
		    backend_error_passes(refusal->error))
			return;
		suspect = &c->lists.refused->v[suspects[pair]];
		suspect->suspect = false;
		free(suspect->why);
		suspect->why = nft_refusal_why(&c->batch, refusal, &c->lists.edits->v[suspect->edit]);
	}
}

/*
 * Has the kernel try each suspect by itself, with all that is not refused. Without a failure
 * that lasts until the end it would not validate each new rule, so the rules that certainly
 * fail come last. In a table that the edits create it may not even then: its suspects stay
 * suspects, and the next commit, without the rule that fails first, has the next one.
 */
static void try_suspects(struct commit *c, struct nft_socket *nft)
{
	struct nft_refusals refusals = { 0 };
	size_t *suspects = xcalloc(c->lists.refused->n, sizeof(*suspects)), n = 0;
	bool can = true;
	uint32_t first;

	c->left_out = xcalloc(c->lists.edits->n, sizeof(*c->left_out));
	for (size_t i = 0; i < c->lists.refused->n; i++) {
		c->left_out[c->lists.refused->v[i].edit] = true;
		can &= c->lists.refused->v[i].rule;
		if (c->lists.refused->v[i].suspect)
			suspects[n++] = i;
	}
	if (can && n) {
		nft_batch_free(&c->batch);
		nft_batch_begin(&c->batch, nft, c->lists.snapshot->generation);
		put_all(c);
		first = c->batch.messages;
		for (size_t i = 0; i < n; i++)
			put_by_itself(c, c->lists.refused->v[suspects[i]].edit, (uint32_t)i + 1);
		for (size_t i = 0; i < c->nfailed; i++)
			put_by_itself(c, c->failed[i], 0);
		diag_step(2, "netlink: trying %zu rules each by itself", n);
		if (nft_batch_send(&c->batch, nft, true, &refusals) == BACKEND_REFUSED)
			take_culprits(c, &refusals, first, suspects, n);
	}
	nft_refusals_clear(&refusals);
	free(suspects);
}

static int run(struct commit *c, struct nft_socket *nft, bool only_try)
{
	int status = BACKEND_OK;

	for (size_t i = 0; i < c->lists.edits->n && !status; i++)
		status = nft_lists_apply(&c->lists, i);
	nft_batch_begin(&c->batch, nft, c->lists.snapshot->generation);
	if (status)
		return status;
	put_all(c);
	/* What cannot be sent cannot be committed; the kernel may still refuse more. */
	if (c->lists.refused->n)
		only_try = true;
	status = send_batch(c, nft, only_try);
	if (status == BACKEND_REFUSED)
		try_suspects(c, nft);
	return status == BACKEND_OK && c->lists.refused->n ? BACKEND_REFUSED : status;
}

int nft_commit(struct nft_socket *nft, const struct snapshot *snapshot, const struct edits *edits,
	       bool only_try, struct refused_edits *refused)
{
	struct refused_edits first = { 0 };
	struct commit c = { .lists = { .snapshot = snapshot, .edits = edits,
				       .refused = refused ? refused : &first } };
	int status = run(&c, nft, only_try);

	if (status == BACKEND_REFUSED && !refused) {
		refused_edit_report(edits, &first.v[0], "nothing was written");
		status = BACKEND_FAILED;
	}
	refused_edits_clear(&first);
	nft_batch_free(&c.batch);
	free(c.edit_of);
	free(c.left_out);
	nft_lists_clear(&c.lists);
	return status;
}
