/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_refusal.h"

#include <errno.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"
#include "nft_attr.h"
#include "nft_headers.h"
#include "util.h"
#include "xt_target.h"

static const struct nlmsghdr *message_at(const struct nft_batch *batch, uint32_t message)
{
	struct netlink_messages messages = { batch->v, batch->n };
	const struct nlmsghdr *nlh;

	do
		nlh = netlink_next(&messages);
	while (nlh && nlh->nlmsg_seq != batch->seq + message);
	return nlh;
}

struct extension {
	const char *kind; /* "match" or "target" */
	const char *name; /* NULL: the kernel points at none */
};

/* The extension that the kernel points at; borrowed from the batch. */
static struct extension extension_at(const struct nft_batch *batch,
				     const struct nft_refusal *refusal)
{
	const struct nlmsghdr *nlh = message_at(batch, refusal->message);
	const uint32_t name = NFT_ATTR(NFTA_MATCH_NAME);
	const struct nlattr *attr;
	struct nft_attrs expr, data;
	struct extension none = { 0 }, found;

	if (!nlh || !refusal->offset || refusal->offset % MNL_ALIGNTO ||
	    refusal->offset + sizeof(*attr) > nlh->nlmsg_len)
		return none;
	attr = (const struct nlattr *)((const uint8_t *)nlh + refusal->offset);
	if (attr->nla_len < sizeof(*attr) || refusal->offset + attr->nla_len > nlh->nlmsg_len ||
	    !nft_attrs_nested(&expr, attr, NFT_ATTR(NFTA_EXPR_NAME) | NFT_ATTR(NFTA_EXPR_DATA)))
		return none;
	found.kind = nft_attr_string(expr.v[NFTA_EXPR_NAME]);
	if (!found.kind || (strcmp(found.kind, "match") && strcmp(found.kind, "target")))
		return none;
	nft_attrs_nested(&data, expr.v[NFTA_EXPR_DATA], name);
	found.name = nft_attr_string(data.v[NFTA_MATCH_NAME]);
	return found;
}

/* What the kernel lacks, and what to do. The caller frees it. */
static char *what_is_missing(const struct extension *extension, const struct edit *edit)
{
	const char *object = extension->name ? xt_object_missing(extension->name) : NULL;

	if (object)
		return xasprintf("; %s, or this kernel has no %s '%s'", object, extension->kind,
				 extension->name);
	if (extension->name)
		return xasprintf("; this kernel has no %s '%s': load or install its module",
				 extension->kind, extension->name);
	if (edit && edit->op == EDIT_INSERT && edit->rule->chain)
		return xasprintf("; is there a chain '%s'?", edit->rule->chain);
	return xstrdup("; this kernel lacks something that it needs");
}

/* What the kernel could not use. The caller frees it. */
static char *what_is_invalid(const struct extension *extension, const struct edit *edit)
{
	const struct rule *rule = edit && edit->op == EDIT_INSERT ? edit->rule : NULL;
	bool target = rule && rule->verdict == VERDICT_EXT && extension->name &&
		      !strcmp(extension->kind, "target");
	const char *table = target ? xt_target_table(rule->target.name) : NULL;

	if (table)
		return xasprintf("; target '%s' is only for the table %s", extension->name, table);
	if (rule && rule->chain && !extension->name)
		return xasprintf("; a rule that '%s' has or leads to may not be used here, dmesg may "
				 "say more", rule->chain);
	if (!extension->name)
		return xstrdup("; dmesg may say more");
	return xasprintf("; %s '%s' was refused, dmesg may say more", extension->kind,
			 extension->name);
}

/* A hint for the operator; the caller frees it. */
static char *refusal_hint(const struct nft_batch *batch, const struct nft_refusal *refusal,
			  const struct edit *edit)
{
	struct extension extension = extension_at(batch, refusal);
	char *text;

	switch (refusal->error) {
	case EPERM:
		/* Without the right to write, the batch as a whole is refused. */
		if (edit)
			text = xasprintf("; perhaps another process owns the table: "
					 "nft list table %s %s shows which",
					 edit->family == FAMILY_IPV4 ? "ip" : "ip6", edit->table);
		else
			text = xstrdup("; run as root (CAP_NET_ADMIN)");
		break;
	case ENOENT:
		text = what_is_missing(&extension, edit);
		break;
	case EINVAL:
		text = what_is_invalid(&extension, edit);
		break;
	case E2BIG:
		text = xstrdup(edit && edit->op == EDIT_CREATE ?
			       "; the hook has as many base chains as the kernel allows (1024): nft list chains shows whose they are" : "");
		break;
	case ELOOP:
	case EMLINK:
		text = xstrdup("; its chains jump to one another in a loop, or too deeply");
		break;
	case EBUSY:
		text = xstrdup(edit && edit->op == EDIT_DROP_SET ? "; a rule still matches on it"
			       : "; a rule or an element of a verdict map still jumps to it");
		break;
	default:
		text = xstrdup("");
	}
	return text;
}

char *nft_refusal_why(const struct nft_batch *batch, const struct nft_refusal *refusal,
		      const struct edit *edit)
{
	char *more = refusal_hint(batch, refusal, edit);
	char *why = xasprintf("%s%s%s%s%s", strerror(refusal->error), *refusal->text ? " (" : "",
			      refusal->text, *refusal->text ? ")" : "", more);

	free(more);
	return why;
}
