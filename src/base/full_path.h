/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FULL_PATH_H
#define DOCKFW_FULL_PATH_H

/*
 * Returns the absolute path of the file with every link resolved, as realpath(3) does, but
 * also for a file that does not exist: what is missing is left as it is, so that the path
 * stays the same when the file goes. That also suits a pattern. The caller frees it.
 */
char *full_path(const char *path);

struct strings;
/* The same; adds each path that is looked up on the way: folders, links and what they lead to. */
char *full_path_steps(const char *path, struct strings *steps);

#endif
