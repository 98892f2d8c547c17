/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OTHER_TEXT_H
#define DOCKFW_OTHER_TEXT_H

#include "other_filter.h"

/*
 * Returns a rule of nf_tables as nft would list it, as far as it is known: "iifname \"ens3\"
 * tcp dport 80 drop". What is not known is in brackets: "[unknown match] drop". Long sets are
 * cut. The caller frees it. The rule must not have an xt.
 */
char *other_rule_text(const struct other_rule *rule);

#endif
