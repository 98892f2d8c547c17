/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LIBXTABLES_H
#define DOCKFW_LIBXTABLES_H

#include "rule.h"
#include "spec_revision.h"

/* The kernel's headers and the C library's agree only in this order. */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <xtables.h>

/*
 * libxtables: its globals and the search for extensions. It has one set of them
 * per process, so it is used in a child process, for one family at a time.
 */

/* The range of one extension's option values; libxtables adds a multiple of it to each. */
#define LIBXT_OPTIONS_SCALE 256

/* The entry that extensions get as the rule: struct ipt_entry or ip6t_entry. */
union libxt_entry {
	struct ipt_entry ipv4;
	struct ip6t_entry ipv6;
};
void libxt_entry_set(union libxt_entry *entry, const struct rule *rule);

/*
 * Initializes the library with the options that every rule may have. When it
 * refuses something, it calls failed(), which does not return; in other places
 * it writes to stderr and calls exit() itself.
 *
 * With ask(), which answers whether the kernel has a revision, an extension is found
 * in the best one that it has; otherwise in any revision, for libxt_match() and
 * libxt_target(). The environment must not have XTABLES_LIBDIR or its older forms
 * IPTABLES_LIB_DIR and IP6TABLES_LIB_DIR: they choose which objects are loaded.
 */
void libxt_start(enum family family, struct option *options,
		 bool (*ask)(const struct revision_question *question),
		 void (*failed)(const char *why));

/*
 * Goes on with the other family. False if what the library has loaded or not found in this one
 * could give another answer there: then only a new process can go on.
 */
bool libxt_switch(enum family family);
/* As xtables_find_target() and xtables_find_match() with XTF_TRY_LOAD; they note a miss. */
struct xtables_target *libxt_find_target(const char *name);
struct xtables_match *libxt_find_match(const char *name, struct xtables_rule_match **matches);
/* Whether there is a target of that name, which "-j" would mean. A miss is not remembered. */
bool libxt_has_target(const char *name);

/* Reports why and does not return, as the library itself would. */
void libxt_fail(const char *why) __attribute__((noreturn));

/* ---- parsing one rule ---- */

/* Clears the marks left by the previous rule. */
void libxt_begin(void);
/* The current options, for getopt_long(). */
const struct option *libxt_options(void);
/*
 * Gives a match that was just found an empty blob, and adds its options to the
 * current ones; with merge, even if it is a clone.
 */
void libxt_use_match(struct xtables_match *match, bool merge);
void libxt_use_target(struct xtables_target *target);
/* Frees what the rule used; a NULL target is fine. */
void libxt_end(struct xtables_rule_match **matches, struct xtables_target *target);

/* ---- printing ---- */

/* The extension in exactly that revision, or NULL if it is not installed. */
const struct xtables_match *libxt_match(const char *name, uint8_t revision);
const struct xtables_target *libxt_target(const char *name, uint8_t revision);

/* The name that iptables prints for a protocol; NULL if it prints the number. */
const char *libxt_protocol(uint16_t proto);

#endif
