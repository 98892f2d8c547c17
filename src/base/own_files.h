/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_OWN_FILES_H
#define DOCKFW_OWN_FILES_H

/*
 * The files that the program lives on, which no report may take the place of: those of the
 * configuration, and all in the folder of the last good ones.
 */

/* Sets the file of the configuration, and forgets what it included when it was read before. */
void own_files_begin(const char *path);
/* Adds a file that it includes. */
void own_files_add(const char *path);
/* Sets the folder of the last good ones. folder is borrowed. */
void own_files_folder(const char *folder);

/*
 * Whether path leads to one of them, under this or another name, or would if there were one.
 * Returns NULL, or what it is: "it is the configuration", as part of a sentence.
 */
const char *own_files_what(const char *path);

#endif
