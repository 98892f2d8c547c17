/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SHELL_WORD_H
#define DOCKFW_SHELL_WORD_H

/* Words of the commands that a message proposes. */

/* The word, quoted if a shell would otherwise not read it as one. The caller frees it. */
char *shell_word(const char *word);

/*
 * The same for a path: one that begins with '-' gets "./" before it, so that no command takes it
 * for an option.
 */
char *shell_path(const char *path);

#endif
