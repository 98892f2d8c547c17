/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_DUAL_STACK_H
#define DOCKFW_DUAL_STACK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether an IPv6 socket on every address and that port, of TCP or UDP, also takes IPv4: it
 * is not limited by IPV6_V6ONLY. Needs no rights. True if the kernel does not tell, as one
 * without CONFIG_INET_DIAG.
 */
bool takes_ipv4(uint8_t proto, uint16_t port);

#endif
