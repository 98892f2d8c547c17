/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "paths.h"
#include "ruleset.h"
#include "util.h"

/* Values above the range of a char, for options without a short letter. */
enum { OPT_CHECK = 256, OPT_REPAIR, OPT_REMOVE, OPT_CAPTURE, OPT_CHECK_CONFIG, OPT_FORMAT, OPT_WAIT,
       OPT_RESTART_DOCKER, OPT_EXPOSURE, OPT_TRACE, OPT_FAIL_IF_OPEN };

/* The only table of options: for parsing, --help and shell completion. */
static const struct option_row rows[] = {
	{ OPT_CHECK, "check", NULL, NULL, "check and report; write nothing (the default)" },
	{ OPT_REPAIR, "repair", NULL, NULL, "repair the tables, restore the configured rules, check again" },
	{ OPT_REMOVE, "remove", NULL, NULL, "remove all that the program has installed, keep the rest" },
	{ OPT_EXPOSURE, "exposure", NULL, NULL, "show who can reach each published port" },
	{ OPT_TRACE, "trace", "PACKET", NULL, "follow a packet: 'from ADDRESS in IFACE tcp PORT'" },
	{ OPT_CAPTURE, "capture", NULL, NULL, "print a configuration that holds the live DOCKER-USER" },
	{ OPT_CHECK_CONFIG, "check-config", NULL, NULL, "check only the configuration; with -v print its rules" },
	{ 'n', "dry-run", NULL, NULL, "with --repair, --remove: print the edits, write nothing" },
	{ OPT_RESTART_DOCKER, "restart-docker", NULL, NULL, "with --repair: restart Docker if its chains are gone" },
	{ OPT_FAIL_IF_OPEN, "fail-if-open", NULL, NULL, "with --exposure: exit 2 if a port is open to all" },
	{ 'f', "config", "FILE", "FILE", "the configuration (" CONFIG_FILE ")" },
	{ OPT_FORMAT, "format", "FORMAT", "text nagios json prometheus", "report format (text)" },
	{ 'o', "output", "FILE", "FILE", "write the report there, whole or not at all (stdout)" },
	{ 'b', "backend", "NAME", "auto nft legacy", "the tables to look at (auto: those with Docker's chains)" },
	{ '4', "ipv4", NULL, NULL, "look only at IPv4" },
	{ '6', "ipv6", NULL, NULL, "look only at IPv6" },
	{ OPT_WAIT, "wait", "SECONDS", NULL, "wait up to that long for Docker's chains to be complete (0)" },
	{ 't', "timeout", "SECONDS", NULL, "time limit, not counting --wait; then exit 3 (30)" },
	{ 'v', "verbose", NULL, NULL, "print more; up to three times" },
	{ 'q', "quiet", NULL, NULL, "print only errors" },
	{ 'V', "version", NULL, NULL, "print the version" },
	{ 'h', "help", NULL, NULL, "print this help" },
};

const struct option_row *options_rows(size_t *n)
{
	*n = ARRAY_SIZE(rows);
	return rows;
}

static void print_help(void)
{
	printf("Usage: dockfw-check [MODE] [OPTION...]\n"
	       "Checks that FORWARD on a Docker host jumps to DOCKER-USER before Docker's own\n"
	       "chains and that DOCKER-USER holds the configured rules; repairs it on demand.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *name = xasprintf("--%s%s%s", rows[i].name, rows[i].value ? " " : "",
				       rows[i].value ? rows[i].value : "");

		if (rows[i].key < 256)
			printf("  -%c, %-20s  %s\n", rows[i].key, name, rows[i].help);
		else
			printf("      %-20s  %s\n", name, rows[i].help);
		free(name);
	}
	printf("\nExit status: 0 ok, 1 warning, 2 critical, 3 unknown (an error of any kind).\n"
	       "See dockfw-check(8) and dockfw.conf(5).\n");
}

static void build_tables(struct option *longs, char *shorts)
{
	size_t n = 0;

	/* With a leading ':', getopt distinguishes a missing value from an unknown option. */
	shorts[n++] = ':';
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].value ? required_argument : no_argument,
			.val = rows[i].key,
		};
		if (rows[i].key < 256) {
			shorts[n++] = (char)rows[i].key;
			if (rows[i].value)
				shorts[n++] = ':';
		}
	}
	longs[ARRAY_SIZE(rows)] = (struct option){ 0 };
	shorts[n] = '\0';
}

static const char *const formats[] = { "text", "nagios", "json", "prometheus" };

static bool find_format(struct options *options, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(name, formats[i])) {
			options->format = (enum format)i;
			return true;
		}
	}
	return false;
}

static int set_format(struct options *options, const char *name)
{
	if (find_format(options, name))
		return 0;
	diag_error("unknown --format '%s': use text, nagios, json or prometheus", name);
	return -1;
}

static int set_mode(struct options *options, bool *chosen, enum mode mode)
{
	if (*chosen && options->mode != mode) {
		diag_error("more than one mode: give one of --check, --repair, --remove, --exposure, --trace, --capture, --check-config");
		return -1;
	}
	*chosen = true;
	options->mode = mode;
	return 0;
}

static int set_seconds(unsigned int *seconds, const char *option, unsigned long min,
		       const char *text)
{
	unsigned long value;

	if (!parse_number(text, min, 86400, &value)) {
		diag_error("bad value of --%s '%s': give a number of seconds from %lu to 86400",
			   option, text, min);
		return -1;
	}
	*seconds = (unsigned int)value;
	return 0;
}

static int set_backend(struct options *options, const char *name)
{
	if (strcmp(name, "auto") && strcmp(name, "nft") && strcmp(name, "legacy")) {
		diag_error("unknown --backend '%s': use auto, nft or legacy", name);
		return -1;
	}
	options->backend = name;
	return 0;
}

static int set_option(struct options *options, bool *mode, int key)
{
	switch (key) {
	case OPT_CHECK:
		return set_mode(options, mode, MODE_CHECK);
	case OPT_REPAIR:
		return set_mode(options, mode, MODE_REPAIR);
	case OPT_REMOVE:
		return set_mode(options, mode, MODE_REMOVE);
	case OPT_EXPOSURE:
		return set_mode(options, mode, MODE_EXPOSURE);
	case OPT_TRACE:
		options->trace = optarg;
		return set_mode(options, mode, MODE_TRACE);
	case OPT_FAIL_IF_OPEN:
		options->fail_if_open = true;
		return 0;
	case OPT_CAPTURE:
		return set_mode(options, mode, MODE_CAPTURE);
	case OPT_CHECK_CONFIG:
		return set_mode(options, mode, MODE_CHECK_CONFIG);
	case OPT_FORMAT:
		return set_format(options, optarg);
	case OPT_WAIT:
		return set_seconds(&options->wait, "wait", 0, optarg);
	case 't':
		return set_seconds(&options->timeout, "timeout", 1, optarg);
	case 'b':
		return set_backend(options, optarg);
	case 'f':
		options->config = optarg;
		return 0;
	case 'o':
		options->output = optarg;
		return 0;
	case '4':
		options->families |= 1U << FAMILY_IPV4;
		return 0;
	case '6':
		options->families |= 1U << FAMILY_IPV6;
		return 0;
	case 'n':
		options->dry_run = true;
		return 0;
	case OPT_RESTART_DOCKER:
		options->restart_docker = true;
		return 0;
	case 'v':
		options->verbosity += options->verbosity < 3;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	default:
		return -1;
	}
}

/* The option that was given a value but takes none, as in --dry-run=1, or NULL. */
static const struct option_row *given_a_value(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t length = strlen(rows[i].name);

		if (!rows[i].value && rows[i].key == optopt && !strncmp(word, "--", 2) &&
		    !strncmp(word + 2, rows[i].name, length) && word[2 + length] == '=')
			return &rows[i];
	}
	return NULL;
}

static int bad_option(int key, char *argv[])
{
	const struct option_row *row = given_a_value(argv[optind - 1]);

	if (row)
		diag_error("option '--%s' takes no value; see dockfw-check --help", row->name);
	else if (key == ':')
		diag_error("option '%s' needs a value; see dockfw-check --help", argv[optind - 1]);
	else if (optopt > 0 && optopt < 256)
		diag_error("unknown option '-%c'; see dockfw-check --help", optopt);
	else
		diag_error("unknown option '%s'; see dockfw-check --help", argv[optind - 1]);
	return -1;
}

static int check_combination(const struct options *options, int argc, char *argv[])
{
	if (optind < argc) {
		diag_error("unexpected argument '%s'; see dockfw-check --help", argv[optind]);
		return -1;
	}
	if (options->output && !*options->output) {
		diag_error("bad value of --output '': name a file");
		return -1;
	}
	if (options->families && options->mode == MODE_TRACE) {
		diag_error("--ipv4 and --ipv6 cannot be used with --trace: the packet's addresses decide");
		return -1;
	}
	if (options->dry_run && options->mode != MODE_REPAIR && options->mode != MODE_REMOVE) {
		diag_error("--dry-run needs --repair or --remove");
		return -1;
	}
	if (options->restart_docker && (options->mode != MODE_REPAIR || options->dry_run)) {
		diag_error("--restart-docker needs --repair and cannot be used with --dry-run");
		return -1;
	}
	if (options->mode == MODE_CHECK_CONFIG && options->output) {
		diag_error("--output cannot be used with --check-config");
		return -1;
	}
	if (options->fail_if_open && options->mode != MODE_EXPOSURE) {
		diag_error("--fail-if-open needs --exposure");
		return -1;
	}
	if ((options->mode >= MODE_CAPTURE && options->format != FORMAT_TEXT) ||
	    (options->mode >= MODE_REMOVE && options->format != FORMAT_TEXT &&
	     options->format != FORMAT_JSON)) {
		diag_error("--format '%s' cannot be used with that mode; see dockfw-check --help",
			   formats[options->format]);
		return -1;
	}
	return 0;
}

/*
 * An error may come before --format and must still be reported in that format. So a
 * valid format is looked for first.
 */
static void guess_format(struct options *options, int argc, char *argv[])
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strncmp(argv[i], "--format=", 9))
			find_format(options, argv[i] + 9);
		else if (!strcmp(argv[i], "--format") && i + 1 < argc)
			find_format(options, argv[i + 1]);
	}
}

enum parsed options_parse(struct options *options, int argc, char *argv[])
{
	struct option longs[ARRAY_SIZE(rows) + 1];
	char shorts[2 * ARRAY_SIZE(rows) + 2];
	bool mode = false;
	int key, failed = 0;

	*options = (struct options){ .config = CONFIG_FILE, .timeout = 30 };
	build_tables(longs, shorts);
	opterr = 0;
	guess_format(options, argc, argv);
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == 'h') {
			print_help();
			return PARSED_DONE;
		}
		if (key == 'V') {
			printf("dockfw-check %s\nLicence: GPL-2.0-or-later\n", VERSION);
			return PARSED_DONE;
		}
		if (key == '?' || key == ':')
			failed |= bad_option(key, argv);
		else
			failed |= set_option(options, &mode, key);
		if (failed)
			return PARSED_ERROR;
	}
	return check_combination(options, argc, argv) ? PARSED_ERROR : PARSED_GO;
}
