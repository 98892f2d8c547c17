/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_INTERFACE_H
#define DOCKFW_NFT_INTERFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Sets name to the name that the interface with that number has now, in this network
 * namespace; false if there is none, or it cannot be found out. Unlike if_indextoname() it
 * uses no socket but one of IP, which is all that the systemd units allow.
 */
bool nft_interface_name(uint32_t index, char name[IFNAMSIZ]);

#endif
