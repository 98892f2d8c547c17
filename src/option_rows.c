/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "option_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"
#include "report.h"
#include "util.h"

#define MODE(name) (1U << MODE_##name)
#define TEXT (1U << FORMAT_TEXT)
#define JSON (1U << FORMAT_JSON)
#define NAGIOS (1U << FORMAT_NAGIOS)
#define PROMETHEUS (1U << FORMAT_PROMETHEUS)

/* The only table of modes and options: for parsing, --help and shell completion. Modes first. */
static const struct option_row rows[] = {
	{ OPT_CHECK, "check", NULL, NULL, "check and report; write nothing (the default)",
	  MODE(CHECK), TEXT | JSON | NAGIOS | PROMETHEUS, false },
	{ OPT_REPAIR, "repair", NULL, NULL, "repair the tables, restore the rules, check again",
	  MODE(REPAIR), TEXT | JSON | NAGIOS | PROMETHEUS, true },
	{ OPT_TRY, "try", "SECONDS", NULL, "repair; undo it unless confirmed in that time",
	  MODE(TRY), TEXT, true },
	{ OPT_EDIT, "edit", NULL, NULL, "edit the configuration, check it, put it in force",
	  MODE(EDIT), TEXT, true },
	{ OPT_WATCH, "watch", NULL, NULL, "stay, repair what breaks, report who broke it",
	  MODE(WATCH), TEXT | JSON | PROMETHEUS, true },
	{ OPT_REMOVE, "remove", NULL, NULL, "remove all that the program has installed",
	  MODE(REMOVE), TEXT | JSON, true },
	{ OPT_EXPOSURE, "exposure", NULL, NULL, "show who can reach each published port",
	  MODE(EXPOSURE), TEXT | JSON | NAGIOS | PROMETHEUS, false },
	{ OPT_TRACE, "trace", "PACKET", "WORDS", "follow a packet, rule by rule",
	  MODE(TRACE), TEXT | JSON, false },
	{ OPT_CAPTURE, "capture", NULL, NULL, "print a configuration with the live DOCKER-USER",
	  MODE(CAPTURE), TEXT, false },
	{ OPT_CHECK_CONFIG, "check-config", NULL, NULL, "check only the configuration; -v: print it",
	  MODE(CHECK_CONFIG), TEXT, false },
	{ OPT_EXPLAIN, "explain", "ID", "ID", "say what a finding means and what to do",
	  MODE(EXPLAIN), TEXT, false },
	{ OPT_LIST_FINDINGS, "list-findings", NULL, NULL, "list the ids of all findings",
	  MODE(LIST_FINDINGS), TEXT, false },

	{ 'n', "dry-run", NULL, NULL, "only report; write nothing",
	  .modes = MODE(REPAIR) | MODE(REMOVE) | MODE(WATCH) },
	{ OPT_RESTART_DOCKER, "restart-docker", NULL, NULL, "restart Docker if its chains are gone",
	  .modes = MODE(REPAIR) },
	{ OPT_CLOSE_FIRST, "close-first", NULL, NULL, "close published ports before anything is read",
	  .modes = MODE(REPAIR) },
	{ OPT_FORCE, "force", NULL, NULL, "with -o: replace a file; it stays as FILE.bak",
	  .modes = MODE(CAPTURE) },
	{ OPT_FAIL_IF_OPEN, "fail-if-open", NULL, NULL, "exit 2 if a port is open to all",
	  .modes = MODE(EXPOSURE) },
	{ 'f', "config", "FILE", "FILE", .help = "the configuration (" CONFIG_FILE ")" },
	{ OPT_STATE_FOLDER, "state-folder", "FOLDER", "FILE", .help = "the last good configurations (" STATE_FOLDER ")" },
	{ OPT_FORMAT, "format", "FORMAT", "text nagios json prometheus", .help = "report as * (text)" },
	{ 'o', "output", "FILE", "FILE", .help = "write the report there, whole or not at all" },
	{ OPT_COLOR, "color", "WHEN", "auto always never", .help = "colours: * (auto)" },
	{ 'b', "backend", "NAME", "auto nft legacy", .help = "tables: * (auto: Docker's)" },
	{ '4', "ipv4", NULL, NULL, .help = "look only at IPv4" },
	{ '6', "ipv6", NULL, NULL, .help = "look only at IPv6" },
	{ OPT_WAIT, "wait", "SECONDS", NULL, .help = "how long to wait for Docker's chains, at most (0)" },
	{ 't', "timeout", "SECONDS", NULL, .help = "time limit, not counting --wait (30)" },
	{ 'v', "verbose", NULL, NULL, .help = "print more; -vv: reads and writes; -vvv: each step" },
	{ 'q', "quiet", NULL, NULL, .help = "print only errors" },
	{ 'V', "version", NULL, NULL, .help = "print the version" },
	{ 'h', "help", NULL, NULL, .help = "print this help" },
};

static const char *const examples[][2] = {
	{ "is everything in force?", "" },
	{ "what would a repair change?", " --repair --dry-run" },
	{ "change the configuration, and check it first", " --edit" },
	{ "repair a host over the network that it filters", " --try 60" },
	{ "who can reach which port, and why is this client let in?", " --exposure" },
	{ NULL, " --trace from 203.0.113.200 in ens3 tcp 80" },
	{ "what does this finding mean?", " --explain user-jump-late" },
};

const struct option_row *options_rows(size_t *n)
{
	*n = ARRAY_SIZE(rows);
	return rows;
}

bool options_is_mode(const struct option_row *row)
{
	return row->formats != 0;
}

const struct option_row *options_mode(enum mode mode)
{
	size_t i = 0;

	while (rows[i].modes != 1U << mode)
		i++;
	return &rows[i];
}

/* "text, nagios, json or prometheus" from the words; the caller frees it. */
static char *listed(const char *words)
{
	char *text = xstrdup("");

	while (*words) {
		size_t length = strcspn(words, " ");
		const char *next = words + length + (words[length] == ' ');
		char *longer = xasprintf("%s%s%.*s", text, !*text ? "" : *next ? ", " : " or ",
					 (int)length, words);

		free(text);
		text = longer;
		words = next;
	}
	return text;
}

static bool is_list(const struct option_row *row)
{
	return row->choices && strchr(row->choices, ' ');
}

/* The help has a '*' in the place of the words. */
static void print_help_text(const struct option_row *row)
{
	size_t before = strcspn(row->help, "*");
	char *words;

	if (!is_list(row)) {
		puts(row->help);
		return;
	}
	words = listed(row->choices);
	printf("%.*s%s%s\n", (int)before, row->help, words, row->help + before + 1);
	free(words);
}

static void print_row(const struct option_row *row)
{
	char *name = xasprintf("--%s%s%s", row->name, row->value ? " " : "",
			       row->value ? row->value : "");

	if (row->key < 256)
		printf("  -%c, %-21s  ", row->key, name);
	else
		printf("      %-21s  ", name);
	print_help_text(row);
	free(name);
}

void options_print_help(void)
{
	printf("Usage: dockfw-check [MODE] [OPTION...]\n"
	       "Checks that FORWARD on a Docker host jumps to DOCKER-USER before Docker's own\n"
	       "chains and that DOCKER-USER holds the configured rules; repairs it on demand.\n"
	       "\nModes:\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (i && options_is_mode(&rows[i - 1]) && !options_is_mode(&rows[i]))
			printf("\nOptions:\n");
		print_row(&rows[i]);
	}
	printf("\nExamples:\n");
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		printf("%s%s%s  dockfw-check%s\n", examples[i][0] ? "  # " : "",
		       examples[i][0] ? examples[i][0] : "", examples[i][0] ? "\n" : "",
		       examples[i][1]);
	printf("\nExit status: 0 ok, 1 warning, 2 critical, 3 unknown (an error of any kind).\n"
	       "See dockfw-check(8) and dockfw.conf(5).\n");
}
