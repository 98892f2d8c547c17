/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_REVISION_H
#define DOCKFW_SPEC_REVISION_H

#include "rule.h"

/*
 * The kernel's revisions of matches and targets. Only the parent asks the kernel, since
 * that needs CAP_NET_ADMIN; the child sends it the question.
 */
struct revision_question {
	uint8_t revision;
	uint8_t target; /* 0: a match */
	uint8_t ipv6;
	char name[EXT_NAME_SIZE];
};

struct netlink;

/* netlink may be NULL if the kernel cannot be asked. */
bool revision_known(struct netlink *netlink, const struct revision_question *question);

#endif
