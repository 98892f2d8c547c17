/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_CONFIG_READ_H
#define DOCKFW_CONFIG_READ_H

#include "config_file.h"
#include "config_rules.h"
#include "policy.h"

/*
 * Reads and checks the whole file, with what it includes, and parses every rule.
 * Returns the policy, which the caller frees; NULL if anything is wrong, with
 * each error reported as "FILE:LINE: message".
 */
struct policy *config_read(const char *file);

/* What a configuration was read from. The caller clears it. */
struct config_sources {
	char *flat; /* owned; the text of all files as one (flat.h); NULL: too long, or no policy */
	/*
	 * Every file that was looked for, also one that is missing or that nobody may trust, and
	 * with a '/' at its end the folder of each pattern: if one changes, so may the outcome.
	 */
	struct strings sought;
};
void config_sources_clear(struct config_sources *sources);

/*
 * The same, but leaves out each rule that cannot be parsed if nothing else is wrong, after
 * reporting it: it is among the policy's refused rules, and left_out is their number. If
 * left_out is NULL, no rule is left out. If sources is not NULL, it is filled in, also if there
 * is no policy. If copy is not NULL, that is read in place of the file, as config_parse() does.
 * meanwhile may be NULL (config_rules.h).
 */
struct policy *config_read_most(const char *file, const char *copy,
				const struct config_meanwhile *meanwhile,
				struct config_sources *sources, size_t *left_out);
/*
 * The same for a text that a repair has stored, which includes no file. stored is borrowed.
 */
struct policy *config_read_stored(const struct config_file *stored);

#endif
