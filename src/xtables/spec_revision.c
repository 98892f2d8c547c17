/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_revision.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

#include "netlink.h"

/* Asks nft_compat whether it has the revision: 0, or -1 with errno. */
static int ask_kernel(struct netlink *netlink, const struct revision_question *asked)
{
	static uint32_t sequence;
	/* Zeroed, since the padding of attributes also goes to the kernel. */
	uint8_t question[512] __attribute__((aligned(MNL_ALIGNTO))) = { 0 };
	struct nlmsghdr *header = mnl_nlmsg_put_header(question);
	struct netlink_end end;
	struct nfgenmsg *message;

	header->nlmsg_type = NFNL_SUBSYS_NFT_COMPAT << 8 | NFNL_MSG_COMPAT_GET;
	/* The answer is marked as multipart; the acknowledgement ends it. */
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	header->nlmsg_seq = ++sequence;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->nfgen_family = asked->ipv6 ? AF_INET6 : AF_INET;
	message->version = NFNETLINK_V0;
	mnl_attr_put_strz(header, NFTA_COMPAT_NAME, asked->name);
	mnl_attr_put_u32(header, NFTA_COMPAT_REV, htonl(asked->revision));
	mnl_attr_put_u32(header, NFTA_COMPAT_TYPE, htonl(asked->target != 0));
	if (netlink_send(netlink, header, header->nlmsg_len) ||
	    netlink_answer(netlink, header->nlmsg_seq, NULL, NULL, &end))
		return -1;
	errno = end.error;
	return end.error ? -1 : 0;
}

/*
 * Asks as iptables-nft does. libxtables' own way, getsockopt() on a raw socket,
 * may run modprobe, and knows only revision 0 if the legacy modules are missing.
 * Here the kernel loads the module itself. A kernel that cannot answer (no
 * permission, no nft_compat) is taken to have it.
 */
bool revision_known(struct netlink *netlink, const struct revision_question *question)
{
	if (!netlink || !ask_kernel(netlink, question))
		return true;
	return errno != ENOENT && errno != EPROTONOSUPPORT;
}
