/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_RULE_HINT_H
#define DOCKFW_RULE_HINT_H

#include "util.h"

/*
 * What was probably meant by the text of a rule that was refused. A few mistakes are known: one
 * dash where two belong, a '!' after its option, a pasted command, and the like. Pure.
 */

/*
 * Returns what follows the refusal in a message, such as "; write '--dport' for '-dport'", or ""
 * if none of these mistakes is in the text. The caller frees it. chain is the chain that the
 * rule is for, and chains are all that a rule may lead to.
 */
char *rule_hint(const char *text, const char *chain, const struct strings *chains);

#endif
