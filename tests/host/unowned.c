/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into dockfw-check (LD_PRELOAD): the kernel then seems to have no tables with an
 * owner that persist, as before Linux 6.9, or, with UNOWNED=never, none with an owner at all, as
 * before Linux 5.12. The program tries one with a name of its own first; this gives it a flag
 * that no kernel knows. With UNOWNED=taken, the number in that name is 0.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length)
{
	static const char probe[] = "dockfw-probe-";
	/* NFTA_TABLE_FLAGS, with NFT_TABLE_F_OWNER, and with NFT_TABLE_F_PERSIST as well. */
	static const char fleeting[] = { 8, 0, 2, 0, 0, 0, 0, 2 }, persistent[] = { 8, 0, 2, 0, 0, 0, 0, 6 };
	const char *which = getenv("UNOWNED");
	char *found = memmem(data, size, persistent, sizeof(persistent)), *name;

	if (!found && which && !strcmp(which, "never"))
		found = memmem(data, size, fleeting, sizeof(fleeting));
	name = found ? memmem(data, size, probe, sizeof(probe) - 1) : NULL;
	if (name && which && !strcmp(which, "taken"))
		memset(name + sizeof(probe) - 1, '0', 16);
	else if (name)
		found[4] = 0x40;
	return syscall(SYS_sendto, fd, data, size, flags, to, length);
}
