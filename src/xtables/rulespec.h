/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULESPEC_H
#define DOCKFW_RULESPEC_H

#include "rule.h"
#include "spec_text.h"
#include "util.h"

/*
 * Rules as iptables writes them: option text to rule and back, with libxtables.
 *
 * libxtables keeps global state and ends the process itself when it refuses
 * something, so it runs in a child, which sends back rules, texts and refusals
 * over a pipe. When a rule ends the child, that rule is refused and a new child
 * continues with the next one.
 */

/* The result for one text. */
struct spec {
	struct rule **rules; /* owned; an address list gives several */
	size_t nrules;
	char *error;         /* owned; why it was refused, one line, or NULL */
	/*
	 * If refused: the other family may hold it (an IPv6 address under IPv4,
	 * a leading -6, an extension that this family does not have).
	 */
	bool other_family;
	bool crashed;        /* libxtables crashed before it could refuse it */
};
void spec_clear(struct spec *spec);

/*
 * Parses n option texts ("-i ens3 -p tcp --dport 80 -j REJECT", quoting as in
 * iptables-restore; a leading -4 or -6 ties a text to a family) in one family.
 * chains are the names that -j and -g may lead to; any other name is a libxtables
 * target or an error. Host names are refused: nothing is looked up.
 * Fills specs[0..n-1]. Returns -1 after reporting why if no child could be run.
 */
int rulespec_parse(enum family family, const char *const *texts, size_t n,
		   const struct strings *chains, struct spec *specs);
/*
 * The same for texts of both families, in two steps: the first one starts the child, and the
 * second one takes its answers, so that other work can be done in its time. One child serves
 * both families, so texts of a family should follow one another. Of a name of a target
 * (spec_text.h), specs[i] has an error if there is such a target, and no rule.
 *
 * texts, chains and specs are borrowed up to rulespec_end(), which also fills specs and must
 * be called. It returns -1 after reporting why if no child could be run. Every rule that
 * libxtables refuses ends a child: if more than most of them would be needed (0: any number),
 * it returns 1 and no answer.
 */
struct spec_batch *rulespec_begin(const struct spec_text *texts, size_t n,
				  const struct strings *chains, struct spec *specs);
int rulespec_end(struct spec_batch *batch, unsigned int most);

/*
 * Writes the texts of n rules, as `iptables -S` lists them after "-A CHAIN ", to
 * texts[0..n-1], which the caller frees. An opaque rule, or one that libxtables
 * cannot print, gives "[opaque: why]". Returns -1 after reporting why if no
 * child could be run. One child serves both families, as above.
 */
int rulespec_print(const struct rule *const *rules, size_t n, char **texts);

#endif
