/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CHAIN_OWNER_H
#define DOCKFW_CHAIN_OWNER_H

/* The programs that put rules into chains of their own, known by the names that they choose. */

/* The program that fills a chain, or a set, of that name: a constant, or NULL. */
const char *chain_owner(const char *name);

/*
 * The program whose set (-m set) or list of addresses (-m recent) a rule's text, as
 * iptables lists it, matches on: a constant, or NULL.
 */
const char *text_owner(const char *text);

#endif
