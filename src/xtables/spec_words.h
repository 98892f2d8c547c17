/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_WORDS_H
#define DOCKFW_SPEC_WORDS_H

/* A text as iptables-restore splits it into words. */

#define SPEC_TEXT_MAX 65536 /* the longest text of a rule */

/* An argument vector: v[0] is the program's name, v[n] is NULL. */
struct words {
	char **v;
	int n;
};

/* Returns NULL, or why the text cannot be split (the caller frees it). */
char *words_split(const char *text, struct words *words);
/*
 * Takes over the text of an error about a text and returns it, with a remark if a character of
 * the text looks like a blank, or like nothing, and does not separate words: an error that quotes
 * it looks wrong then.
 */
char *words_doubt(const char *text, char *error);
void words_clear(struct words *words);
/*
 * The argument of that option at word i of n, in each way to write it: "-j X", "-jX",
 * "--jump X", "--jump=X". NULL: there is another word, or no argument.
 */
const char *words_argument(const struct words *words, int i, char letter, const char *name);

#endif
