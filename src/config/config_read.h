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
/*
 * The same, but leaves out each rule that cannot be parsed if nothing else is wrong, after
 * reporting it: it is among the policy's refused rules, and left_out is their number. Also
 * sets flat to the text of all files as one (flat.h), which the caller frees: NULL if it is
 * too long, or if there is no policy. If left_out is NULL, no rule is left out; flat may be
 * NULL. If copy is not NULL, that is read in place of the file, as config_parse() does.
 * meanwhile may be NULL (config_rules.h).
 */
struct policy *config_read_most(const char *file, const char *copy,
				const struct config_meanwhile *meanwhile, char **flat,
				size_t *left_out);
/*
 * The same for a text that a repair has stored, which includes no file. stored is borrowed.
 */
struct policy *config_read_stored(const struct config_file *stored);

#endif
