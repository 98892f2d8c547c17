/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_IPV6_LINKS_H
#define DOCKFW_IPV6_LINKS_H

#include <stdbool.h>

#include "util.h"

/*
 * Adds the names of the interfaces with a global IPv6 address (ULA included) to names,
 * which the caller clears. Returns -1 with errno set, and reports nothing, if the kernel
 * does not list them; one without IPv6 lists none.
 *
 * Reads /proc/self/net/if_inet6: address, index, prefix length, scope (00: global), flags
 * and name of each, in hexadecimal (net/ipv6/addrconf.c, if6_seq_show()).
 */
int ipv6_links(struct strings *names);

/*
 * Whether the host forwards IPv6 packets that come in on any of its interfaces; true if it is
 * not known.
 */
bool ipv6_forwards(void);

#endif
