/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TARGET_H
#define DOCKFW_TARGET_H

#include "packet.h"
#include "rule.h"

/* What a rule does with a packet that it matches: pure. */

enum effect {
	EFFECT_GO_ON,
	EFFECT_ACCEPT,
	EFFECT_DROP,
	EFFECT_REFUSE,
	EFFECT_RETURN,
	EFFECT_JUMP,
	EFFECT_GOTO,
	EFFECT_CHANGE,    /* goes on, and target_change() says with what packet */
	EFFECT_TRANSLATE, /* the same, and the chain of nat ends with accept */
	EFFECT_UNDECIDED, /* ends; someone else accepts or drops: a queue, a proxy */
	EFFECT_UNKNOWN,   /* anything: a target that is not known here, an opaque rule */
};

enum effect target_effect(const struct rule *rule);

/* Whether it only changes marks, which nobody may ask for. */
bool target_only_marks(const struct rule *rule);

/*
 * Makes the packet what the target of EFFECT_CHANGE or EFFECT_TRANSLATE leaves.
 * What cannot be told becomes unknown; false where not even that holds any
 * packet (REDIRECT on an interface without an address: dropped).
 */
bool target_change(const struct rule *rule, struct packet *packet, const struct netinfo *info);

#endif
