/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_GUARD_UNCONNECTED_H
#define DOCKFW_GUARD_UNCONNECTED_H

#include "rule.h"

/*
 * The rules of the guard for packets of which connection tracking knows no connection: they
 * are INVALID or UNTRACKED, and the guard's rules about a connection do not match them. Pure.
 */

/*
 * A refusal of what was not translated refuses packets without a connection as well, but not
 * where it is written in nf_tables' own expressions, which then do not match: returns a rule
 * of their own, which the caller owns, or NULL.
 */
struct rule *guard_unconnected_forward(const struct rule *rule);

/*
 * A packet without a connection is not translated: it comes to the host itself, where
 * docker-proxy or another service answers. With its answer the host begins a connection, whose
 * replies the client then sends, and no rule refuses those. Linux takes a UDP packet over IPv6
 * with the length 0 so (__udp6_lib_rcv() reads it as a jumbogram, udp_error() of conntrack as
 * INVALID), and every packet where a rule wants no tracking.
 *
 * Returns what a rule of the chain "input" means for such packets, which the caller owns, or
 * NULL if it is not about a port of TCP or UDP.
 */
struct rule *guard_unconnected_input(const struct rule *rule);

#endif
