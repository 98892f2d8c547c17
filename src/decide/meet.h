/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_MEET_H
#define DOCKFW_MEET_H

#include "rule.h"

/*
 * Whether there can be a packet that both rules match. False only if it is certain that there
 * is none: by their interfaces, protocols, addresses, ports, connection states, or by the
 * original destination or direction of the connection. Any other condition may always
 * hold, and so may an opaque rule. Pure.
 *
 * Both are rules of one family, evaluated for one packet in the same hook.
 */
bool rules_can_meet(const struct rule *a, const struct rule *b);
/* Whether it is certain that each packet that both a and b match is one that c matches. */
bool rules_imply(const struct rule *a, const struct rule *b, const struct rule *c);

#endif
