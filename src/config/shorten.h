/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SHORTEN_H
#define DOCKFW_SHORTEN_H

#include "rule.h"
#include "util.h"

/*
 * iptables lists some options that nobody wrote: defaults, which it names
 * differently by family (-j REJECT), or which it does not take back as the same
 * rule (the --mask of -m recent in IPv4). So the text of a rule is told again
 * without those that it does not need.
 */

struct telling {
	const struct rule *rule;
	const char *text;
	/*
	 * Set: owned; the shortest text found that gives the very rule, or
	 * NULL where no option can be left out.
	 */
	char *shortest;
};

/* Returns -1, said, where the texts could not be tried. */
int retell(enum family family, const struct strings *chains, struct telling *tellings, size_t n);

#endif
