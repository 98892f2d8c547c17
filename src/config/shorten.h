/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SHORTEN_H
#define DOCKFW_SHORTEN_H

#include "rule.h"
#include "util.h"

/*
 * iptables lists some options that no one wrote: defaults that it names
 * differently by family (-j REJECT), or that it does not read back as the same
 * rule (the --mask of -m recent in IPv4). They are left out of the text of a rule
 * if it means the same without them.
 */

struct shortening {
	const struct rule *rule;
	const char *text;
	/*
	 * Set by shorten(), owned: the shortest text found that gives exactly
	 * this rule, or NULL if no option can be left out.
	 */
	char *shortest;
};

/*
 * Shortens n texts of rules of one family; chains are the names that they may jump to.
 * Returns -1 after reporting why if the texts could not be tried.
 */
int shorten(enum family family, const struct strings *chains, struct shortening *shortenings,
	    size_t n);

#endif
