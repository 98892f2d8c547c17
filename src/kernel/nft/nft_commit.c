/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_commit.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "diag.h"
#include "guard_names.h"
#include "netlink.h"
#include "nft_attr.h"
#include "nft_builtin.h"
#include "nft_encode.h"
#include "nft_mark.h"
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
	size_t *deleted; /* owned; the edits that delete a table of the kernel */
	size_t ndeleted, deleted_room;
	struct nft_batch batch;
	size_t *edit_of; /* owned; indexed by message, from 0 */
	size_t edit_room;
};

static const char *const op_names[] = {
	[EDIT_CREATE] = "create the chain",
	[EDIT_INSERT] = "insert rule",
	[EDIT_DELETE] = "delete rule",
	[EDIT_DROP] = "remove the chain",
	[EDIT_DROP_TABLE] = "delete",
};

/*
 * Reports why an edit cannot be done; takes ownership of why. The rest can be done
 * without the edits of the guard.
 */
static int refused(const struct edit *edit, char *why)
{
	if (edit->op == EDIT_INSERT || edit->op == EDIT_DELETE)
		diag_error("cannot %s %zu of the chain '%s' in the %s table '%s': %s; "
			   "nothing was written", op_names[edit->op], edit->position, edit->chain,
			   family_name(edit->family), edit->table, why);
	else if (edit->op == EDIT_DROP_TABLE)
		diag_error("cannot %s the %s table '%s': %s; nothing was written",
			   op_names[edit->op], family_name(edit->family), edit->table, why);
	else
		diag_error("cannot %s '%s' in the %s table '%s': %s; nothing was written",
			   op_names[edit->op], edit->chain, family_name(edit->family), edit->table,
			   why);
	free(why);
	return strcmp(edit->table, GUARD_TABLE) ? BACKEND_FAILED : BACKEND_GUARD_REFUSED;
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
	};
	work->exists = work->live != NULL;
	add_lines(work);
	return work;
}

static int delete_line(struct work *work, const struct edit *edit, size_t index)
{
	struct rule_line *line = &work->lines[edit->position - 1];

	if (line->edit == NO_EDIT) {
		/* Without a handle, the kernel would flush the chain. */
		if (!line->handle || (edit->rule->handle && edit->rule->handle != line->handle))
			return refused(edit, xstrdup("the rule with that number is a different one"));
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

static int apply_chain(struct work *work, const struct edit *edit, size_t index)
{
	bool create = edit->op == EDIT_CREATE;

	if (work->exists == create)
		return refused(edit, xstrdup(create ? "it already exists" : "it does not exist"));
	if (!create && work->n)
		return refused(edit, xstrdup("it is not empty"));
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
	if (!live && !made)
		return refused(edit, xstrdup("it does not exist"));
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
	work = work_of(c, edit);
	if (edit->op == EDIT_CREATE || edit->op == EDIT_DROP)
		return apply_chain(work, edit, index);
	if (!work->exists)
		return refused(edit, xstrdup("there is no such chain"));
	if (work->live && !work->live->loaded)
		return refused(edit, xstrdup("the chain was not read"));
	if (edit->position < 1 || edit->position > work->n + (edit->op == EDIT_INSERT))
		return refused(edit, xstrdup("the chain has no rule with that number"));
	if (edit->op == EDIT_DELETE)
		return delete_line(work, edit, index);
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
	mnl_attr_put_u32(nlh, NFTA_TABLE_FLAGS, 0);
	/* Kernels before 5.10 ignore it. */
	if (!strcmp(work->first->table, GUARD_TABLE))
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

static int put_new_rule(struct commit *c, const struct rule_line *line, uint16_t flags,
			uint64_t after)
{
	const struct edit *edit = &c->edits->v[line->edit];
	struct nftnl_rule *rule;
	struct nlmsghdr *nlh;
	const char *why;

	rule = nft_encode(edit->rule, edit->table, edit->chain, &why);
	if (!rule)
		return refused(edit, xstrdup(why));
	if (after)
		nftnl_rule_set_u64(rule, NFTNL_RULE_POSITION, after);
	nlh = open_message(c, NFT_MSG_NEWRULE, NLM_F_CREATE | flags, line->edit);
	nftnl_rule_nlmsg_build_payload(nlh, rule);
	nftnl_rule_free(rule);
	if (nlh->nlmsg_len > RULE_MAX)
		return refused(edit, xstrdup("it is larger than nf_tables can list"));
	nft_batch_close(&c->batch, nlh);
	return 0;
}

/*
 * Adds consecutive new rules, from first to end. The kernel finds a place by
 * walking through the chain, so they are appended to its end, or each is put
 * after the rule before them all, last one first: no walk gets longer.
 */
static int put_run(struct commit *c, const struct work *work, size_t first, size_t end)
{
	uint64_t after = first ? work->lines[first - 1].handle : 0;
	uint16_t flags = after ? NLM_F_APPEND : 0;

	int status = 0;

	if (end == work->n) {
		for (size_t i = first; i < end && !status; i++)
			status = put_new_rule(c, &work->lines[i], NLM_F_APPEND, 0);
		return status;
	}
	for (size_t i = end; i-- > first && !status;)
		status = put_new_rule(c, &work->lines[i], flags, after);
	return status;
}

static int put_rules(struct commit *c, const struct work *work)
{
	int status = 0;

	for (size_t first = 0, end; first < work->n && !status; first = end) {
		for (end = first; end < work->n && work->lines[end].edit != NO_EDIT;)
			end++;
		if (end > first)
			status = put_run(c, work, first, end);
		end += end == first;
	}
	return status;
}

/*
 * Tables are deleted first. Then chains are created, since rules lead to them. Rules are
 * deleted before others are added, so that a jump that changes its direction makes no
 * loop. Chains are deleted last.
 */
static int put_all(struct commit *c)
{
	int status = 0;

	for (size_t i = 0; i < c->ndeleted; i++)
		put_delete_table(c, c->deleted[i]);
	for (size_t i = 0; i < c->n; i++)
		if (c->works[i].exists && !c->works[i].live)
			put_chain(c, &c->works[i]);
	for (size_t i = 0; i < c->n; i++)
		for (size_t r = 0; r < c->works[i].ngone; r++)
			put_delete(c, &c->works[i], &c->works[i].gone[r]);
	for (size_t i = 0; i < c->n && !status; i++)
		status = put_rules(c, &c->works[i]);
	for (size_t i = 0; i < c->n; i++)
		if (!c->works[i].exists && c->works[i].live)
			put_drop(c, &c->works[i]);
	return status;
}

/* ---- the kernel's answer ---- */

static const struct nlmsghdr *message_at(const struct nft_batch *batch, uint32_t message)
{
	struct netlink_messages messages = { batch->v, batch->n };
	const struct nlmsghdr *nlh;

	do
		nlh = netlink_next(&messages);
	while (nlh && nlh->nlmsg_seq != batch->seq + message);
	return nlh;
}

/*
 * The extension that the kernel points at, "match 'x'", or NULL. The caller frees
 * it.
 */
static char *extension_at(const struct nft_batch *batch, const struct nft_refusal *refusal)
{
	const struct nlmsghdr *nlh = message_at(batch, refusal->message);
	const uint32_t name = NFT_ATTR(NFTA_MATCH_NAME);
	const struct nlattr *attr;
	struct nft_attrs expr, data;
	const char *kind, *text;

	if (!nlh || !refusal->offset || refusal->offset % MNL_ALIGNTO ||
	    refusal->offset + sizeof(*attr) > nlh->nlmsg_len)
		return NULL;
	attr = (const struct nlattr *)((const uint8_t *)nlh + refusal->offset);
	if (attr->nla_len < sizeof(*attr) || refusal->offset + attr->nla_len > nlh->nlmsg_len ||
	    !nft_attrs_nested(&expr, attr, NFT_ATTR(NFTA_EXPR_NAME) | NFT_ATTR(NFTA_EXPR_DATA)))
		return NULL;
	kind = nft_attr_string(expr.v[NFTA_EXPR_NAME]);
	if (!kind || (strcmp(kind, "match") && strcmp(kind, "target")))
		return NULL;
	nft_attrs_nested(&data, expr.v[NFTA_EXPR_DATA], name);
	text = nft_attr_string(data.v[NFTA_MATCH_NAME]);
	return text ? xasprintf("%s '%s'", kind, text) : NULL;
}

/* A hint for the operator; the caller frees it. */
static char *refusal_hint(const struct commit *c, const struct nft_refusal *refusal,
			  const struct edit *edit)
{
	bool leads = edit && edit->op == EDIT_INSERT && edit->rule->chain;
	char *extension = extension_at(&c->batch, refusal), *text;

	switch (refusal->error) {
	case EPERM:
		text = xstrdup("; run as root (CAP_NET_ADMIN)");
		break;
	case ENOENT:
		text = extension ? xasprintf("; this kernel has no %s", extension) :
		       leads ? xasprintf("; is there a chain '%s'?", edit->rule->chain) :
			       xstrdup("; this kernel lacks something that it needs");
		break;
	case EINVAL:
		if (leads && !extension)
			text = xasprintf("; a rule that '%s' has or leads to may not be used here, "
					 "dmesg may say more", edit->rule->chain);
		else
			text = xasprintf("; %s%sdmesg may say more", extension ? extension : "",
					 extension ? " was refused, " : "");
		break;
	case ELOOP:
	case EMLINK:
		text = xstrdup("; its chains jump to one another in a loop, or too deeply");
		break;
	case EBUSY:
		text = xstrdup("; a rule still jumps to it");
		break;
	default:
		text = xstrdup("");
	}
	free(extension);
	return text;
}

static int say_refusal(const struct commit *c, const struct nft_refusal *refusal)
{
	const struct edit *edit = refusal->message ?
		&c->edits->v[c->edit_of[refusal->message - 1]] : NULL;
	char *more = refusal_hint(c, refusal, edit);
	char *why = xasprintf("%s%s%s%s%s", strerror(refusal->error), *refusal->text ? " (" : "",
			      refusal->text, *refusal->text ? ")" : "", more);

	free(more);
	if (edit)
		return refused(edit, why);
	diag_error("cannot write nf_tables: %s; nothing was written", why);
	free(why);
	return BACKEND_FAILED;
}

static int send_batch(struct commit *c, struct nft_socket *nft)
{
	struct nft_refusal refusal;
	int status;

	if (!c->batch.messages) {
		diag_step(2, "netlink: nothing to change");
		return BACKEND_OK;
	}
	diag_step(2, "netlink: %u changes in one batch of %zu bytes, generation %u",
		  c->batch.messages, c->batch.n, c->snapshot->generation);
	status = nft_batch_send(&c->batch, nft, &refusal);
	if (status == BACKEND_FAILED && refusal.error)
		return say_refusal(c, &refusal);
	if (status == BACKEND_CHANGED)
		diag_step(2, "netlink: the tables changed meanwhile, nothing was written");
	return status;
}

int nft_commit(struct nft_socket *nft, const struct snapshot *snapshot, const struct edits *edits)
{
	struct commit c = { .snapshot = snapshot, .edits = edits };
	int status = BACKEND_OK;

	for (size_t i = 0; i < edits->n && !status; i++)
		status = commit_apply(&c, i);
	nft_batch_begin(&c.batch, nft, snapshot->generation);
	if (!status)
		status = put_all(&c);
	if (!status)
		status = send_batch(&c, nft);

	nft_batch_free(&c.batch);
	free(c.edit_of);
	free(c.deleted);
	for (size_t i = 0; i < c.n; i++)
		work_clear(&c.works[i]);
	free(c.works);
	return status;
}
