/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SAMPLE_H
#define DOCKFW_SAMPLE_H

/*
 * The text of conf/dockfw.conf as "make install" installs it. The Makefile makes the file
 * that defines it.
 */
extern const char sample_text[];

#endif
