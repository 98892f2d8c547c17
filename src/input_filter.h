/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_INPUT_FILTER_H
#define DOCKFW_INPUT_FILTER_H

/*
 * In which families something filters what comes in to the host itself: a base
 * chain at the input hook, of any table of nf_tables (firewalld's too) or the
 * legacy one, that has a rule or drops by its policy. Sets a bit 1U <<
 * FAMILY_… each. Returns 0, or -1, said.
 */
int input_filtered(unsigned int *families);

#endif
