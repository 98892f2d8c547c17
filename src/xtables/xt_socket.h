/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_XT_SOCKET_H
#define DOCKFW_XT_SOCKET_H

#include <sys/socket.h>

/*
 * libiptc, libxtables and the set extensions reach the kernel's tables with an option
 * of a raw socket, which needs CAP_NET_RAW. The kernel takes these options from every
 * Internet socket and checks CAP_NET_ADMIN only (nf_setsockopt() and nf_getsockopt()
 * in net/netfilter/nf_sockopt.c, called for udp(7) as for raw(7)). So this program has
 * no need of raw packets: its own socket(), which comes before libc's for every library
 * that it loads, opens a datagram socket where a library wants a raw one for that.
 */
#endif
