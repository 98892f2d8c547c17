/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OBSERVE_H
#define DOCKFW_OBSERVE_H

#include "session.h"

/*
 * dockerd hears of firewalld's reload when everybody does, and writes its
 * rules anew while others look already: what was right is wrong a moment later.
 *
 * Stays with the tables, from the state that was seen last, until they have
 * not changed for two seconds or the end has come. state then is the newest
 * one. Returns 1 as soon as there is something to repair, else 0; -1, said, on
 * failure.
 */
int state_stay(const struct backend_ops *ops, const struct policy *policy, uint64_t end,
	       struct state *state);

#endif
