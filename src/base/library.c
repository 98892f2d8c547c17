/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "library.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "diag.h"

void *library_symbol(struct library *library, const char *name)
{
	const char *why;
	void *symbol = NULL;

	if (!library->handle)
		library->handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
	if (library->handle)
		symbol = dlsym(library->handle, name);
	if (symbol)
		return symbol;
	why = dlerror();
	diag_error("cannot %s: %s; install the library '%s'", library->purpose,
		   why ? why : "the library cannot be loaded", library->file);
	return NULL;
}
