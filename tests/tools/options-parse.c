/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"
#include "options.h"

/*
 * Whether the program accepts these arguments: exits with 0, or with 3 and the reason
 * on stderr. Nothing is done, except for --help and --version.
 */
int main(int argc, char *argv[])
{
	struct options options;
	enum parsed parsed;

	diag_setup(0, false);
	parsed = options_parse(&options, argc, argv);
	diag_cleanup();
	return parsed == PARSED_ERROR ? 3 : 0;
}
