/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diag.h"
#include "options.h"

/*
 * Whether the program takes these arguments: 0, or 3 with the reason on
 * stderr. Nothing of what they ask for is done, but for --help and --version.
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
