/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_ANSWER_H
#define DOCKFW_ANSWER_H

/*
 * What somebody typed as the answer to a question: "yes", "no" or "edit", or its first letter, in
 * any case, with nothing else in the line. Returns that letter if it is one of letters, or 0.
 * Changes the line.
 */
char answer_parse(char *line, const char *letters);

#endif
