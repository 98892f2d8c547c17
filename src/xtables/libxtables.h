/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LIBXTABLES_H
#define DOCKFW_LIBXTABLES_H

#include "rule.h"

/* The kernel's headers agree with the C library's in this order alone. */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <xtables.h>

/*
 * libxtables: its globals, and how extensions are found. It keeps all of this
 * in one set per process, so it is used in a child, for one family.
 */

/* Option values of one extension; libxtables adds a multiple of it to each. */
#define LIBXT_OPTIONS_SCALE 256

/* What extensions are given as the rule: struct ipt_entry or ip6t_entry. */
union libxt_entry {
	struct ipt_entry ipv4;
	struct ip6t_entry ipv6;
};
void libxt_entry_set(union libxt_entry *entry, const struct rule *rule);

/*
 * Starts the library with the options that every rule may have. Where it does
 * not like something it calls failed(), which does not return; elsewhere it
 * writes to stderr and calls exit() on its own.
 *
 * With for_parsing, extensions are found in the best revision that the kernel
 * has; otherwise in any revision, for libxt_match() and libxt_target().
 */
void libxt_start(enum family family, struct option *options, bool for_parsing,
		 void (*failed)(const char *why));

/* Says why and does not return, as the library itself would. */
void libxt_fail(const char *why) __attribute__((noreturn));

/* ---- to parse one rule ---- */

/* Clears the marks that the rule before has left. */
void libxt_begin(void);
/* The options of now, for getopt_long(). */
const struct option *libxt_options(void);
/*
 * Gives the match, just found, an empty blob and its options a place among
 * those of now; merge: even where it is a clone.
 */
void libxt_use_match(struct xtables_match *match, bool merge);
void libxt_use_target(struct xtables_target *target);
/* Frees what the rule took; NULL targets are fine. */
void libxt_end(struct xtables_rule_match **matches, struct xtables_target *target);

/* ---- to print ---- */

/* The extension in that very revision, or NULL where none is installed. */
const struct xtables_match *libxt_match(const char *name, uint8_t revision);
const struct xtables_target *libxt_target(const char *name, uint8_t revision);

/*
 * The name that iptables prints for a protocol, NULL where it prints the
 * number.
 */
const char *libxt_protocol(uint16_t proto);

#endif
