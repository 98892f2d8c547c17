/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints when transactions of nf_tables were announced, until SIGTERM: one line for each that
 * touched the guard or, in a table filter, FORWARD or DOCKER-USER:
 *
 *	MICROSECONDS PROCESS GUARD-RULES-ADDED GUARD-RULES-REMOVED FILTER-CHANGES
 *
 * A line from standard input is printed with the time and "-" in front, in its place.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct transaction {
	unsigned int added, removed, filter;
};

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

struct names {
	const char *first, *second; /* of a table and of a chain; of NEWGEN the process */
};

static int take_name(const struct nlattr *attr, void *data)
{
	struct names *names = data;

	if (mnl_attr_get_type(attr) == 1)
		names->first = mnl_attr_get_str(attr);
	if (mnl_attr_get_type(attr) == 2)
		names->second = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static int take_process(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NFTA_GEN_PROC_NAME)
		((struct names *)data)->first = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static void take(const struct nlmsghdr *nlh, struct transaction *open)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(nlh);
	unsigned int type = nlh->nlmsg_type & 0xff;
	struct names names = { "?", "" };
	bool rule = type == NFT_MSG_NEWRULE || type == NFT_MSG_DELRULE;

	if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return;
	if (type == NFT_MSG_NEWGEN) {
		mnl_attr_parse(nlh, sizeof(*head), take_process, &names);
		if (open->added || open->removed || open->filter)
			printf("%lld %s %u %u %u\n", now_us(), names.first, open->added, open->removed,
			       open->filter);
		*open = (struct transaction){ 0 };
		fflush(stdout);
		return;
	}
	if (!rule && type != NFT_MSG_DELTABLE && type != NFT_MSG_DELCHAIN)
		return;
	if (head->nfgen_family != NFPROTO_IPV4 && head->nfgen_family != NFPROTO_IPV6)
		return;
	mnl_attr_parse(nlh, sizeof(*head), take_name, &names);
	if (!strcmp(names.first, "dockfw")) {
		open->added += type == NFT_MSG_NEWRULE;
		open->removed += type != NFT_MSG_NEWRULE;
	} else if (!strcmp(names.first, "filter")) {
		open->filter += type == NFT_MSG_DELTABLE || !strcmp(names.second, "FORWARD") ||
				!strcmp(names.second, "DOCKER-USER");
	}
}

/* Returns false at the end of standard input. */
static bool take_line(void)
{
	char line[256];

	if (!fgets(line, sizeof(line), stdin))
		return false;
	printf("%lld - %s", now_us(), line);
	fflush(stdout);
	return true;
}

int main(void)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	static _Alignas(struct nlmsghdr) char buffer[1 << 18];
	struct transaction open = { 0 };
	int group = NFNLGRP_NFTABLES, room = 1 << 26;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) ||
	    setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		perror("moments: cannot listen");
		return 1;
	}
	/* Or it would be told late of one transaction, and of the next one at the same time. */
	if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 50 }))
		perror("moments: no priority, so the times are not exact");
	setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = mnl_socket_get_fd(socket), .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN },
		};
		ssize_t got;

		poll(fds, 2, -1);
		if (fds[0].revents) {
			got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
			if (got < 0) {
				perror("moments: announcements were lost");
				return 1;
			}
			int left = (int)got;

			for (struct nlmsghdr *nlh = (void *)buffer; mnl_nlmsg_ok(nlh, left);
			     nlh = mnl_nlmsg_next(nlh, &left))
				take(nlh, &open);
		}
		if (fds[1].revents && !take_line())
			return 0;
	}
}
