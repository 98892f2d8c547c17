/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NEXTHOP_HEADERS_H
#define DOCKFW_NEXTHOP_HEADERS_H

#include <linux/rtnetlink.h>

/*
 * Nexthop objects, which the headers of Linux 4.18 (Enterprise Linux 8) may lack: they are
 * linux/nexthop.h and three numbers of linux/rtnetlink.h, since 5.3. The layouts and numbers
 * are the kernel's for good; each macro hides the enumerator of its name in newer headers.
 */
#if __has_include(<linux/nexthop.h>)
#include <linux/nexthop.h>
#else
struct nhmsg {
	unsigned char nh_family, nh_scope, nh_protocol, resvd;
	unsigned int nh_flags;
};
struct nexthop_grp {
	__u32 id;
	__u8 weight, resvd1;
	__u16 resvd2;
};
#define NHA_ID 1
#define NHA_GROUP 2
#define NHA_BLACKHOLE 4
#define NHA_OIF 5
#define NHA_GATEWAY 6
#endif

#undef RTM_NEWNEXTHOP
#define RTM_NEWNEXTHOP 104
#undef RTM_GETNEXTHOP
#define RTM_GETNEXTHOP 106
#define RTA_NH_ID 30

#endif
