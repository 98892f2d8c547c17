/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to nf_tables again and again, as kube-proxy and the like do.
 *
 *	nft-storm ip|ip6|inet TABLE CHAIN TRANSACTIONS [A-SECOND]
 *
 * Each transaction adds a rule without an expression to a chain, which exists; each fiftieth
 * removes these rules again. Prints how many transactions a second there were.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RULES 50

static struct nlmsghdr *put(char *at, uint16_t type, uint16_t flags, uint8_t family, uint16_t id)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct nfgenmsg *head;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	head = mnl_nlmsg_put_extra_header(nlh, sizeof(*head));
	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	head->res_id = htons(id);
	return nlh;
}

/* The rules that were added have this user data, and get a handle from the kernel each. */
static size_t transaction(char *buffer, uint8_t family, const char *table, const char *chain,
			  const uint64_t *handles, size_t n)
{
	struct nlmsghdr *nlh = put(buffer, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	char *at = buffer + nlh->nlmsg_len;

	for (size_t i = 0; i < n; i++) {
		nlh = put(at, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE, 0, family, 0);
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table);
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
		mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, handles[i]);
		at += nlh->nlmsg_len;
	}
	if (!n) {
		nlh = put(at, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE,
			  NLM_F_CREATE | NLM_F_APPEND | NLM_F_ECHO, family, 0);
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table);
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
		at += nlh->nlmsg_len;
	}
	nlh = put(at, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	return (size_t)(at + nlh->nlmsg_len - buffer);
}

static int find_handle(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NFTA_RULE_HANDLE)
		*(uint64_t *)data = mnl_attr_get_u64(attr);
	return MNL_CB_OK;
}

/* Returns the handle of the rule that was added, from the echo; 0: none. Exits on an error. */
static uint64_t take_answers(struct mnl_socket *socket, char *buffer, size_t room)
{
	uint64_t handle = 0;
	ssize_t got;

	while ((got = recv(mnl_socket_get_fd(socket), buffer, room, MSG_DONTWAIT)) > 0) {
		int left = (int)got;

		for (struct nlmsghdr *nlh = (void *)buffer; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left)) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

			if (nlh->nlmsg_type == NLMSG_ERROR && error->error) {
				fprintf(stderr, "nft-storm: %s\n", strerror(-error->error));
				exit(1);
			}
			if (nlh->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE))
				mnl_attr_parse(nlh, sizeof(struct nfgenmsg), find_handle, &handle);
		}
	}
	return handle;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void wait_until(double at)
{
	double left = at - now_s();

	if (left > 0)
		nanosleep(&(struct timespec){ .tv_sec = (time_t)left,
					      .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) }, NULL);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; uint8_t family; } families[] = {
		{ "ip", NFPROTO_IPV4 }, { "ip6", NFPROTO_IPV6 }, { "inet", NFPROTO_INET },
	};
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	static char buffer[65536];
	uint64_t handles[RULES];
	unsigned long count, rate;
	uint8_t family = 0;
	size_t n = 0;
	double began;

	for (size_t i = 0; argc > 4 && i < sizeof(families) / sizeof(*families); i++)
		if (!strcmp(argv[1], families[i].name))
			family = families[i].family;
	if (!family || !socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID)) {
		fprintf(stderr, "usage: nft-storm ip|ip6|inet TABLE CHAIN TRANSACTIONS [A-SECOND]\n");
		return 2;
	}
	count = strtoul(argv[4], NULL, 10);
	rate = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;
	began = now_s();
	for (unsigned long i = 0; i < count; i++) {
		bool full = n == RULES;
		size_t size = transaction(buffer, family, argv[2], argv[3], handles, full ? n : 0);
		uint64_t handle;

		if (mnl_socket_sendto(socket, buffer, size) < 0) {
			perror("nft-storm: cannot send");
			return 1;
		}
		handle = take_answers(socket, buffer, sizeof(buffer));
		if (full)
			n = 0;
		else if (handle)
			handles[n++] = handle;
		if (rate)
			wait_until(began + (double)(i + 1) / (double)rate);
	}
	printf("%.0f transactions a second\n", (double)count / (now_s() - began));
	mnl_socket_close(socket);
	return 0;
}
