/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_LIBRARY_H
#define DOCKFW_LIBRARY_H

/*
 * Libraries that most runs do not need: each is loaded at its first use, not when the program
 * starts. The Makefile takes the names of their files (LIBRARY_…) from the linker.
 */

struct library {
	const char *file;    /* such as "libjansson.so.4", found as the dynamic linker does */
	const char *purpose; /* for the message if it is missing: "cannot <purpose>" */
	void *handle;        /* NULL: not loaded */
};

/*
 * The address of a function or variable of the library, which is loaded if it is not yet, and
 * stays loaded. Returns NULL after reporting what is missing.
 */
void *library_symbol(struct library *library, const char *name);

#endif
