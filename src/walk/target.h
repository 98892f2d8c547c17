/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TARGET_H
#define DOCKFW_TARGET_H

#include "packet.h"
#include "rule.h"
#include "xt_target.h"

/* What a rule does with a packet that it matches. Pure. */

enum effect {
	EFFECT_GO_ON,
	EFFECT_ACCEPT,
	EFFECT_DROP,
	EFFECT_REFUSE,
	EFFECT_RETURN,
	EFFECT_JUMP,
	EFFECT_GOTO,
	EFFECT_CHANGE,    /* goes on with the packet that target_change() makes */
	EFFECT_TRANSLATE, /* changes it likewise and ends the nat chain with accept */
	EFFECT_UNDECIDED, /* ends; something else accepts or drops: a queue, a proxy */
	EFFECT_UNKNOWN,   /* anything: a target that is not known here, an opaque rule */
};

enum effect target_effect(const struct rule *rule);

/* Whether it changes only marks, which does not matter if no rule matches on them. */
bool target_only_marks(const struct rule *rule);

/*
 * Whether it answers in the place of whoever the packet is for, and connects to them itself:
 * that connection leaves through the chains OUTPUT, where nat may translate it, and comes to
 * no other chain as a new one.
 */
bool target_relays(const struct rule *rule);

/*
 * Changes the packet as a target of EFFECT_CHANGE or EFFECT_TRANSLATE does. What cannot
 * be determined becomes unknown. Returns false if no packet is left (REDIRECT on an
 * interface without an address drops it).
 */
bool target_change(const struct rule *rule, struct packet *packet, const struct netinfo *info);
/* Changes the packet as a target of EFFECT_UNDECIDED may if it accepts it: only its marks. */
void target_accept(const struct rule *rule, struct packet *packet);
/* Gives the packet the new destination. */
void target_translate(struct packet *packet, const struct xt_dnat *dnat);

#endif
