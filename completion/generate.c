/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "options.h"

/*
 * Prints the completion for bash, generated from the program's own option table,
 * so that it cannot disagree with the parser.
 */

static const char head[] =
	"# bash completion for dockfw-check(8), generated from its option table\n"
	"\n"
	"_dockfw_check()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\n"
	"\t# Bash splits --option=value into three words.\n"
	"\tif [[ $cur == '=' ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == '=' ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tcase $prev in\n";

static const char tail[] =
	"}\n"
	"\n"
	"complete -F _dockfw_check dockfw-check\n";

static void print_value(const struct option_row *row)
{
	if (row->key < 256)
		printf("\t-%c | --%s)\n", row->key, row->name);
	else
		printf("\t--%s)\n", row->name);
	if (row->choices && !strcmp(row->choices, "FILE"))
		printf("\t\tcompopt -o filenames\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
	else if (row->choices)
		printf("\t\tmapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\")\n", row->choices);
	/* If nothing is known about the value, still do not offer options for it. */
	printf("\t\treturn\n"
	       "\t\t;;\n");
}

int main(void)
{
	size_t n;
	const struct option_row *rows = options_rows(&n);

	fputs(head, stdout);
	for (size_t i = 0; i < n; i++)
		if (rows[i].value)
			print_value(&rows[i]);
	printf("\tesac\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W '");
	for (size_t i = 0; i < n; i++)
		printf("%s--%s", i ? " " : "", rows[i].name);
	printf("' -- \"$cur\")\n");
	fputs(tail, stdout);
	return fflush(stdout) ? 3 : 0;
}
