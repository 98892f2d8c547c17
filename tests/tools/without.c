/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * without nft|ipv6|confinement COMMAND…: runs it as on a kernel without netfilter's netlink
 * family, or without IPv6 sockets, or where a process can give up no rights.
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

/* Newer than some installed headers; the numbers are those of all architectures here. */
#ifndef __NR_close_range
#define __NR_close_range 436
#endif
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#endif

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
	static struct sock_filter no_confinement[] = {
		LOAD(nr),
		ONLY(__NR_setgroups, 1),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		ONLY(__NR_capset, 1),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		ONLY(__NR_seccomp, 1),
		RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		ONLY(__NR_close_range, 1),
		RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		ONLY(__NR_landlock_create_ruleset, 1),
		RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		ONLY(__NR_prctl, 3),
		LOAD(args[0]),
		ONLY(PR_SET_SECCOMP, 1),
		RETURN(SECCOMP_RET_ERRNO | EINVAL),
		RETURN(SECCOMP_RET_ALLOW),
	};
	static const struct {
		const char *name;
		struct sock_fprog program;
	} filters[] = {
		{ "nft", { sizeof(no_nft) / sizeof(*no_nft), no_nft } },
		{ "ipv6", { sizeof(no_ipv6) / sizeof(*no_ipv6), no_ipv6 } },
		{ "confinement", { sizeof(no_confinement) / sizeof(*no_confinement), no_confinement } },
	};
	const struct sock_fprog *program = NULL;

	for (size_t i = 0; argc > 2 && i < sizeof(filters) / sizeof(*filters); i++)
		if (!strcmp(argv[1], filters[i].name))
			program = &filters[i].program;
	if (!program || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program)) {
		perror("without");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 125;
}
