/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SHORTEN_H
#define DOCKFW_SHORTEN_H

#include "rule.h"
#include "util.h"

/*
 * iptables lists some options that nobody wrote: defaults, which it names
 * differently by family (-j REJECT), or which it does not take back as the same
 * rule (the --mask of -m recent in IPv4). So these are left out of the text of a rule
 * where it means the same without them.
 */

struct shortening {
	const struct rule *rule;
	const char *text;
	/*
	 * Set: owned; the shortest text found that gives the very rule, or
	 * NULL where no option can be left out.
	 */
	char *shortest;
};

/*
 * Shortens n texts of rules of one family; chains are the names that they may jump to.
 * Returns -1, reported, where the texts could not be tried.
 */
int shorten(enum family family, const struct strings *chains, struct shortening *shortenings,
	    size_t n);

#endif
