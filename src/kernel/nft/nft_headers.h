/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_HEADERS_H
#define DOCKFW_NFT_HEADERS_H

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

/*
 * What the headers of Linux 4.18 (Enterprise Linux 8) do not have of these two. The numbers
 * are the kernel's for good; each hides the enumerator of its name in newer headers.
 */

/* Since Linux 5.3, 5.4 and 5.8. */
#define NFT_OBJECT_SECMARK 8
#define NFT_OBJECT_CT_EXPECT 9
#define NF_NAT_RANGE_NETMAP (1 << 6)
/* Since 5.5 and 5.6. */
#define NFTA_HOOK_DEVS 4
#define NFTA_BITWISE_OP 6
#undef NFT_BITWISE_BOOL
#define NFT_BITWISE_BOOL 0
/* Since 5.10 and 5.12. */
#define NFTA_TABLE_USERDATA 6
#define NFTA_TABLE_OWNER 7
#define NFT_TABLE_F_OWNER 0x2
/* Since 6.9: NFT_TABLE_F_PERSIST. */
#define TABLE_F_PERSIST 0x4

/* The registers of 4 bytes; headers have only the first and the last until 5.13. */
#define REGISTERS (NFT_REG32_15 - NFT_REG32_00 + 1)

#endif
