/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_RULES_H
#define DOCKFW_CONFIG_RULES_H

#include "policy.h"
#include "rule_source.h"

/* Turns the configured texts into rules of the families that can hold them. */

#define CONFIG_RULES_LIMIT 65536 /* texts of one configuration */

/* Why a chain section may not have that name (a constant), or NULL. */
const char *config_chain_fault(const char *name);
/* Checks that a section may have each chain's name. Returns -1 after reporting why not. */
int config_chain_names(const struct policy *policy);

/*
 * Work that needs no rule: it is done once, while another process parses rules. The policy
 * has everything but them. It may still be refused.
 */
struct config_meanwhile {
	void (*work)(const struct policy *policy, void *data);
	void *data;
};

/*
 * Parses every text and adds its rules to its chain, in order, in each family
 * of the policy that can hold them. Returns -1 after reporting every text that
 * is refused, every chain that has the name of a target, or a loop of chains. With
 * left_out, which is set to their number, refused texts become refused rules of the policy,
 * unless there are too many, and the policy keeps the rules that are in force.
 */
int config_rules(struct policy *policy, const struct rule_sources *texts,
		 const struct config_meanwhile *meanwhile, size_t *left_out);

#endif
