/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_interface.h"

#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

bool nft_interface_name(uint32_t index, char name[IFNAMSIZ])
{
	struct ifreq request = { .ifr_ifindex = (int)index };
	bool found;
	int fd;

	if (!index || index > INT_MAX)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	found = !ioctl(fd, SIOCGIFNAME, &request);
	close(fd);
	if (found)
		memcpy(name, request.ifr_name, IFNAMSIZ);
	return found && name[0] && !name[IFNAMSIZ - 1];
}
