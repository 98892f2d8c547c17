/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "options.h"
#include "util.h"

/*
 * generate SHELL: prints the completion for bash, zsh or fish, made from the program's own
 * table of modes and options, so that it cannot disagree with the parser. Where a mode is
 * given, only its options and formats are offered, and no other mode.
 */

/* The words of a packet, see --trace. */
#define PACKET_WORDS "from in to tcp udp sctp dccp udplite icmp icmpv6 proto sport"

static const struct option_row *rows;
static size_t n;

/* ---- what all shells share ---- */

static bool is(const struct option_row *row, const char *choices)
{
	return row->choices && !strcmp(row->choices, choices);
}

static void put_findings(void)
{
	for (int id = 0; id < FINDING_COUNT; id++)
		printf("%s%s", id ? " " : "", finding_name((enum finding_id)id));
}

/* The values of the row, separated by blanks, if they are known. */
static void put_values(const struct option_row *row)
{
	if (is(row, "ID"))
		put_findings();
	else if (is(row, "WORDS"))
		printf(PACKET_WORDS);
	else if (row->choices)
		fputs(row->choices, stdout);
}

/* The format with that number, as a word of the row of --format. */
static void put_format(const struct option_row *format, unsigned int number)
{
	const char *word = format->choices;

	while (number-- && (word = strchr(word, ' ')))
		word++;
	if (word)
		printf("%.*s", (int)strcspn(word, " "), word);
}

/* Whether both can be on one command line. */
static bool go_together(const struct option_row *a, const struct option_row *b)
{
	return !a->modes || !b->modes || a->modes & b->modes;
}

/* The help with the name of the value where --help has its words; the caller frees it. */
static char *plain_help(const struct option_row *row)
{
	size_t before = strcspn(row->help, "*");
	bool mark = row->help[before] != '\0';

	return xasprintf("%.*s%s%s", (int)before, row->help, mark ? row->value : "",
			 row->help + before + mark);
}

/* ---- bash ---- */

static const char bash_head[] =
	"# bash completion for dockfw-check(8), generated from its option table\n"
	"\n"
	"_dockfw_check()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} mode= words i\n"
	"\n"
	"\t# Bash splits --option=value into three words.\n"
	"\tif [[ $cur == '=' ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == '=' ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t";

static void bash_value(const struct option_row *row)
{
	if (row->key < 256)
		printf("\t-%c | --%s)\n", row->key, row->name);
	else
		printf("\t--%s)\n", row->name);
	if (is(row, "FILE")) {
		printf("\t\tcompopt -o filenames\n"
		       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
	} else if (row->choices) {
		printf("\t\tmapfile -t COMPREPLY < <(compgen -W '");
		put_values(row);
		printf("' -- \"$cur\")\n");
	}
	/* If nothing is known about the value, still do not offer options for it. */
	printf("\t\treturn\n"
	       "\t\t;;\n");
}

static void bash_formats(const struct option_row *row)
{
	printf("\t--%s)\n\t\tcase $mode in\n", row->name);
	for (size_t i = 0; i < n; i++) {
		if (!options_is_mode(&rows[i]))
			continue;
		printf("\t\t--%s) words='", rows[i].name);
		for (unsigned int k = 0; rows[i].formats >> k; k++)
			if (rows[i].formats & 1U << k) {
				put_format(row, k);
				putchar(rows[i].formats >> k > 1 ? ' ' : '\'');
			}
		printf(" ;;\n");
	}
	printf("\t\t*) words='%s' ;;\n\t\tesac\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	       "\t\treturn\n\t\t;;\n", row->choices);
}

/* What can be added to a mode; without one, everything. */
static void bash_options(const struct option_row *mode)
{
	bool first = true;

	printf("\t%s%s) words='", mode ? "--" : "*", mode ? mode->name : "");
	for (const struct option_row *row = rows; row && row < rows + n; row++) {
		if (mode && (options_is_mode(row) || !go_together(mode, row)))
			continue;
		printf("%s--%s", first ? "" : " ", row->name);
		first = false;
	}
	printf("' ;;\n");
}

static void bash_modes(void)
{
	for (size_t i = 0; i < n && options_is_mode(&rows[i]); i++)
		printf("%s--%s", i ? " | " : "", rows[i].name);
	printf(") mode=${COMP_WORDS[i]} ;;\n\t\tesac\n\tdone\n");
}

static void bash(void)
{
	fputs(bash_head, stdout);
	bash_modes();
	printf("\tcase $prev in\n");
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(rows[i].name, "format"))
			bash_formats(&rows[i]);
		else if (rows[i].value && !is(&rows[i], "WORDS"))
			bash_value(&rows[i]);
	}
	printf("\tesac\n"
	       "\t# The words of a packet; those before them are already there.\n"
	       "\tif [[ $mode == --trace && $cur != -* ]]; then\n"
	       "\t\twords='" PACKET_WORDS "'\n"
	       "\t\t[[ $prev != in ]] || words=$(cd /sys/class/net 2>/dev/null && echo *)\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	       "\t\treturn\n"
	       "\tfi\n"
	       "\tcase $mode in\n");
	for (size_t i = 0; i < n; i++)
		if (options_is_mode(&rows[i]))
			bash_options(&rows[i]);
	bash_options(NULL);
	printf("\tesac\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	       "}\n"
	       "\n"
	       "complete -F _dockfw_check dockfw-check\n");
}

/* ---- zsh ---- */

/* A text in single quotes and square brackets. */
static void zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr("[]:\\", *text))
			putchar('\\');
		putchar(*text);
	}
}

/* What is not offered after it: itself, what does not go with it, and after a mode any other. */
static void zsh_excluded(const struct option_row *row)
{
	printf("(");
	for (size_t i = 0; i < n; i++) {
		if (&rows[i] != row && go_together(row, &rows[i]) &&
		    !(options_is_mode(row) && options_is_mode(&rows[i])))
			continue;
		printf("--%s ", rows[i].name);
		if (rows[i].key < 256)
			printf("-%c ", rows[i].key);
	}
	printf(")");
}

static void zsh_action(const struct option_row *row)
{
	if (!row->value)
		return;
	printf(is(row, "WORDS") ? ":*:%s:" : ":%s:", row->value);
	if (is(row, "FILE")) {
		printf("_files");
	} else if (row->choices) {
		printf("(");
		put_values(row);
		printf(")");
	}
}

static void zsh_spec(const struct option_row *row, bool letter)
{
	char *help;

	printf(" \\\n\t'");
	if (row->key == 'v')
		printf("*");
	else
		zsh_excluded(row);
	if (letter)
		printf("-%c%s", row->key, row->value ? "+" : "");
	else
		printf("--%s%s", row->name, row->value && !is(row, "WORDS") ? "=" : "");
	printf("[");
	help = plain_help(row);
	zsh_text(help);
	free(help);
	printf("]");
	zsh_action(row);
	printf("'");
}

static void zsh(void)
{
	printf("#compdef dockfw-check\n"
	       "# zsh completion for dockfw-check(8), generated from its option table\n"
	       "\n"
	       "_arguments -s -S");
	for (size_t i = 0; i < n; i++) {
		if (rows[i].key < 256)
			zsh_spec(&rows[i], true);
		zsh_spec(&rows[i], false);
	}
	printf("\n");
}

/* ---- fish ---- */

static void fish_modes(unsigned int modes)
{
	printf("__fish_contains_opt");
	for (size_t i = 0; i < n; i++)
		if (options_is_mode(&rows[i]) && rows[i].modes & modes)
			printf(" %s", rows[i].name);
}

static void fish_row(const struct option_row *row)
{
	char *help;

	printf("complete -c dockfw-check -l %s", row->name);
	if (row->key < 256)
		printf(" -s %c", row->key);
	if (options_is_mode(row) || row->modes) {
		printf(" -n '");
		if (!options_is_mode(row)) {
			fish_modes(row->modes);
			printf("; or ");
		}
		/* Also where its own value is completed. */
		printf("not ");
		fish_modes(options_is_mode(row) ? ~row->modes : ~0U);
		printf("'");
	}
	if (is(row, "FILE")) {
		printf(" -r -F");
	} else if (row->value && !is(row, "WORDS")) {
		printf(" -x");
		if (row->choices) {
			printf(" -a '");
			put_values(row);
			printf("'");
		}
	}
	help = plain_help(row);
	printf(" -d \"%s\"\n", help);
	free(help);
}

static void fish(void)
{
	printf("# fish completion for dockfw-check(8), generated from its option table\n"
	       "\n"
	       "complete -c dockfw-check -f\n"
	       "complete -c dockfw-check -n '__fish_contains_opt trace' -a '" PACKET_WORDS "'\n");
	for (size_t i = 0; i < n; i++)
		fish_row(&rows[i]);
}

int main(int argc, char *argv[])
{
	const char *shell = argc == 2 ? argv[1] : "";

	rows = options_rows(&n);
	if (!strcmp(shell, "bash"))
		bash();
	else if (!strcmp(shell, "zsh"))
		zsh();
	else if (!strcmp(shell, "fish"))
		fish();
	else
		return 3;
	return fflush(stdout) ? 3 : 0;
}
