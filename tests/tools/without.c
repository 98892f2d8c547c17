/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * without nft|ipv6 COMMAND…: runs it as on a kernel without netfilter's netlink family,
 * or without IPv6 sockets.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
/* If the value is another one, the next n instructions are skipped. */
#define ONLY(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, n)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)

int main(int argc, char *argv[])
{
	static struct sock_filter no_nft[] = {
		LOAD(nr),
		ONLY(__NR_socket, 5),
		LOAD(args[0]),
		ONLY(AF_NETLINK, 3),
		LOAD(args[2]),
		ONLY(NETLINK_NETFILTER, 1),
		RETURN(SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
		RETURN(SECCOMP_RET_ALLOW),
	};
	static struct sock_filter no_ipv6[] = {
		LOAD(nr),
		ONLY(__NR_socket, 3),
		LOAD(args[0]),
		ONLY(AF_INET6, 1),
		RETURN(SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(no_nft) / sizeof(*no_nft), no_nft };

	if (argc > 2 && !strcmp(argv[1], "ipv6"))
		program = (struct sock_fprog){ sizeof(no_ipv6) / sizeof(*no_ipv6), no_ipv6 };
	if (argc < 3 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("without");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 125;
}
