/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NEAREST_H
#define DOCKFW_NEAREST_H

#include <stddef.h>

/* Which name was probably meant: for "did you mean" in messages. Pure. */

/*
 * Returns the name that differs least from the word, if it differs by so few letters (missing,
 * added, other or swapped ones) that it was probably meant, or if the word is the beginning
 * of this name and of no other. Otherwise, and for the name itself, NULL. Names may be NULL.
 */
const char *nearest(const char *word, const char *const *names, size_t n);

/*
 * The same as the part of a message: "; did you mean 'NAME'?", with the prefix before the
 * name, or "" if there is none. The caller frees it.
 */
char *nearest_hint(const char *word, const char *prefix, const char *const *names, size_t n);

#endif
