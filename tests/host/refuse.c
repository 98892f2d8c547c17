/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into dockfw-check (LD_PRELOAD): while the file REFUSE exists, the kernel seems to refuse
 * each write of the guard, as it does where a security module forbids it. Each refusal is sent to
 * NOTIFY_SOCKET as well, so that whoever reads that sees it in its order among the signs of life.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static bool writes_guard(const char *data, size_t size)
{
	static const char table[] = "dockfw";
	const struct nlmsghdr *head = (const void *)data;

	return size > sizeof(*head) && head->nlmsg_type == NFNL_MSG_BATCH_BEGIN &&
	       memmem(data, size, table, sizeof(table));
}

static void tell(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy(to.sun_path, path ? path : "", sizeof(to.sun_path) - 1);
	syscall(SYS_sendto, fd, "REFUSED=1", 9, 0, &to, sizeof(to));
	close(fd);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length)
{
	/* That of the next library, which may change something as well. */
	ssize_t (*next)(int, const void *, size_t, int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "sendto");
	const char *file = getenv("REFUSE");

	if (file && !access(file, F_OK) && writes_guard(data, size)) {
		tell();
		errno = EPERM;
		return -1;
	}
	return next(fd, data, size, flags, to, length);
}
