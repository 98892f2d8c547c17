/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_changes.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "netlink.h"
#include "nft_attr.h"
#include "nft_headers.h"
#include "util.h"

/*
 * Of the receive buffer: a reload of firewalld is some 1,000 messages, a program that loads
 * 10,000 rules sends as many in one transaction. More than that is read from the tables.
 */
#define ROOM_ANSWERS 16384

struct changes {
	struct netlink *netlink;
	struct netlink_messages left; /* of the last datagram, not yet taken */
	struct table_change open;     /* the transaction whose end has not come yet */
};

static void changes_close(struct changes *changes)
{
	if (!changes)
		return;
	netlink_close(changes->netlink);
	table_change_clear(&changes->open);
	free(changes);
}

static struct changes *changes_open(void)
{
	struct changes *changes = xcalloc(1, sizeof(*changes));

	changes->netlink = netlink_open(NETLINK_NETFILTER);
	if (changes->netlink)
		netlink_make_room(changes->netlink, 0, ROOM_ANSWERS);
	if (changes->netlink &&
	    !netlink_set(changes->netlink, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES))
		return changes;
	diag_error("cannot listen for changes of nf_tables: %s; run as root (CAP_NET_ADMIN)",
		   strerror(errno));
	changes_close(changes);
	return NULL;
}

static int changes_fd(const struct changes *changes)
{
	return netlink_fd(changes->netlink);
}

/* The names of table and chain have these numbers in each kind of message. */
_Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 &&
	       NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1 && NFTA_OBJ_TABLE == 1 &&
	       NFTA_FLOWTABLE_TABLE == 1, "the table is the first attribute");
_Static_assert(NFTA_RULE_CHAIN == 2, "the chain of a rule is the second one");

/* What the caller of changes_next() is interested in. */
struct interest {
	change_filter *wanted;
	const void *data;
};

/* The entry for a change with these names, or NULL if it is of no interest. */
static struct chain_change *wanted_change(struct table_change *open, const struct interest *interest,
					  const struct chain_change *change)
{
	return interest->wanted(interest->data, change) ?
	       table_change_of(open, change->family, change->table, change->chain) : NULL;
}

static void take_rule(struct table_change *open, const struct interest *interest, int family,
		      const struct nft_attrs *attrs, bool added)
{
	const struct chain_change named = {
		.family = family, .table = (char *)nft_attr_string(attrs->v[NFTA_RULE_TABLE]),
		.chain = (char *)nft_attr_string(attrs->v[NFTA_RULE_CHAIN]),
	};
	struct chain_change *change;

	if (!named.table || !named.chain) {
		open->lost = true;
		return;
	}
	change = wanted_change(open, interest, &named);
	if (!change)
		return;
	change->added += added;
	change->removed += !added;
}

/* A table, a chain, a set, or anything else that belongs to a table. */
static void take_other(struct table_change *open, const struct interest *interest, int family,
		       const struct nft_attrs *attrs, unsigned int type)
{
	bool of_chain = type == NFT_MSG_NEWCHAIN || type == NFT_MSG_DELCHAIN;
	struct chain_change named = {
		.family = family, .table = (char *)nft_attr_string(attrs->v[NFTA_TABLE_NAME]),
		.chain = (char *)(of_chain ? nft_attr_string(attrs->v[NFTA_CHAIN_NAME]) : ""),
		.deleted = type == NFT_MSG_DELCHAIN || type == NFT_MSG_DELTABLE,
		.made = type == NFT_MSG_NEWCHAIN || type == NFT_MSG_NEWTABLE,
	};
	struct chain_change *change;

	if (!named.table || !named.chain) {
		open->lost = true;
		return;
	}
	/* Of a chain that is renamed, only the new name is announced. */
	if (type == NFT_MSG_NEWCHAIN)
		nft_attr_u64(attrs->v[NFTA_CHAIN_HANDLE], &named.handle);
	change = wanted_change(open, interest, &named);
	if (!change)
		return;
	change->deleted |= named.deleted;
	change->made |= named.made;
	change->handle = named.handle ? named.handle : change->handle;
}

static void take_end(struct table_change *open, const struct nft_attrs *attrs)
{
	const char *name = nft_attr_string(attrs->v[NFTA_GEN_PROC_NAME]);
	uint32_t pid = 0;

	nft_attr_u32(attrs->v[NFTA_GEN_ID], &open->generation);
	if (nft_attr_u32(attrs->v[NFTA_GEN_PROC_PID], &pid))
		open->pid = (pid_t)pid;
	if (name)
		strncpy(open->name, name, sizeof(open->name) - 1);
}

/* Returns whether the message ends a transaction. */
static bool take_message(struct table_change *open, const struct interest *interest,
			 const struct nlmsghdr *message)
{
	const struct nfgenmsg *head = NLMSG_DATA(message);
	unsigned int type = NFNL_MSG_TYPE(message->nlmsg_type);
	struct nft_attrs attrs;

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*head)))
		return false;
	nft_attrs_message(&attrs, message, ~0U);
	switch (type) {
	case NFT_MSG_NEWGEN:
		take_end(open, &attrs);
		return true;
	case NFT_MSG_NEWRULE:
	case NFT_MSG_DELRULE:
		take_rule(open, interest, head->nfgen_family, &attrs, type == NFT_MSG_NEWRULE);
		return false;
	/* What follows packets, such as the trace of a rule, changes nothing. */
	case NFT_MSG_TRACE:
		return false;
	default:
		take_other(open, interest, head->nfgen_family, &attrs, type);
		return false;
	}
}

/* Receives a datagram. Returns 1, or 0 if there is none, or -1 after reporting why. */
static int receive(struct changes *changes)
{
	while (netlink_receive(changes->netlink, &changes->left)) {
		if (errno == EAGAIN)
			return 0;
		if (errno != ENOBUFS && errno != ENOSPC) {
			diag_error("cannot receive changes of nf_tables: %s", strerror(errno));
			return -1;
		}
		changes->open.lost = true;
		/* After an overflow, the end of a transaction may never come. */
		return 1;
	}
	return 1;
}

static int changes_next(struct changes *changes, change_filter *wanted, const void *data,
			struct table_change *change)
{
	const struct interest interest = { wanted, data };

	for (;;) {
		const struct nlmsghdr *message = netlink_next(&changes->left);
		int got;

		if (message && !take_message(&changes->open, &interest, message))
			continue;
		if (message || (changes->open.lost && !changes->left.n)) {
			*change = changes->open;
			changes->open = (struct table_change){ 0 };
			return 1;
		}
		got = receive(changes);
		if (got <= 0)
			return got;
	}
}

const struct change_source nft_changes = {
	.open = changes_open,
	.fd = changes_fd,
	.next = changes_next,
	.close = changes_close,
};
