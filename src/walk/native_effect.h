/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NATIVE_EFFECT_H
#define DOCKFW_NATIVE_EFFECT_H

#include "netinfo.h"
#include "other_filter.h"
#include "packet.h"
#include "target.h"

/* What a rule of nf_tables does with a packet that it matches: as target.h. Pure. */

enum effect native_effect(const struct other_rule *rule);
/* Whether it has no effect but on marks, which do not matter if no rule matches on them. */
bool native_only_marks(const struct other_rule *rule);
/* Does to the packet what the rule does before its verdict. */
void native_change(const struct other_rule *rule, struct packet *packet);
/* Gives the packet its new destination; returns false if the kernel drops it. */
bool native_translate(const struct other_rule *rule, struct packet *packet,
		      const struct netinfo *info);

#endif
