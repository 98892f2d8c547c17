/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULESPEC_H
#define DOCKFW_RULESPEC_H

#include "rule.h"
#include "util.h"

/*
 * Rules as iptables writes them, by libxtables: option text to rule and back.
 *
 * libxtables keeps global state and ends the process on its own where it does
 * not like something, so it runs in a child, which sends back rules, texts and
 * refusals over a pipe. When a rule ends the child, that rule is refused and a
 * new child goes on with the next one.
 */

/* What became of one text. */
struct spec {
	struct rule **rules; /* owned; an address list gives several */
	size_t nrules;
	char *error;         /* owned; why it was refused, one line, or NULL */
	/*
	 * Where refused: the other family may hold it (an IPv6 address under
	 * IPv4, -6 in front, an extension that this family does not have).
	 */
	bool other_family;
	bool crashed;        /* libxtables did not get so far as to refuse it */
};
void spec_clear(struct spec *spec);

/*
 * Parses n option texts ("-i ens3 -p tcp --dport 80 -j REJECT", quoting as in
 * iptables-restore; -4 or -6 in front ties a text to a family), in one family.
 * chains are the names that -j and -g may lead to; any other is a target of
 * libxtables' or an error. Host names are refused: nothing is looked up.
 * Fills specs[0..n-1]. Returns -1, said, where no child could be run.
 */
int rulespec_parse(enum family family, const char *const *texts, size_t n,
		   const struct strings *chains, struct spec *specs);

/*
 * The texts of n rules as `iptables -S` lists them behind "-A CHAIN ", into
 * texts[0..n-1], which the caller frees. An opaque rule, and one that
 * libxtables cannot print, gives "[opaque: why]". Returns -1, said, where no
 * child could be run.
 */
int rulespec_print(enum family family, const struct rule *const *rules, size_t n, char **texts);

#endif
