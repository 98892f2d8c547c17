/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "nearest.h"
#include "paths.h"
#include "put_file.h"
#include "ruleset.h"
#include "text.h"
#include "util.h"

#define TRY_LEAST 5 /* seconds: in less, nobody tests a connection and answers */

/* The Makefile's LEGACY. */
#ifdef WITHOUT_LEGACY
#define BACKENDS_BUILT "nft (built with LEGACY=no)"
#else
#define BACKENDS_BUILT "nft, legacy"
#endif

/* A mode or option of the table and its number there. */
static const struct option_row *row_at(size_t i)
{
	size_t n;
	const struct option_row *rows = options_rows(&n);

	return i < n ? &rows[i] : NULL;
}

static const struct option_row *row_of(int key)
{
	const struct option_row *row;
	size_t i = 0;

	while ((row = row_at(i++)) && row->key != key)
		;
	return row;
}

/* Fills the names of all modes and options; the caller frees the array. */
static const char **row_names(size_t *n)
{
	const struct option_row *rows = options_rows(n);
	const char **names = xcalloc(*n, sizeof(*names));

	for (size_t i = 0; i < *n; i++)
		names[i] = rows[i].name;
	return names;
}

/* "; did you mean '--NAME'?", or "; see dockfw-check --help". The caller frees it. */
static char *hint_for(const char *word)
{
	size_t n, length = strcspn(word, "=");
	const char **names = row_names(&n);
	char *name = xasprintf("%.*s", (int)length, word);
	const char *meant = nearest(name, names, n);

	/* A mode without its dashes is exactly that name. */
	for (size_t i = 0; i < n && !meant; i++)
		if (!strcmp(names[i], name))
			meant = names[i];
	free(name);
	free(names);
	return meant ? xasprintf("; did you mean '--%s'?", meant) : xstrdup("; see dockfw-check --help");
}

/* The tables of getopt_long(). The caller frees both. */
static void build_tables(struct option **longs, char **shorts)
{
	size_t rows, n = 0;
	const struct option_row *row = options_rows(&rows);

	*longs = xcalloc(rows + 1, sizeof(**longs));
	*shorts = xcalloc(2 * rows + 2, 1);
	/* With a leading ':', getopt distinguishes a missing value from an unknown option. */
	(*shorts)[n++] = ':';
	for (size_t i = 0; i < rows; i++, row++) {
		bool words = row->choices && !strcmp(row->choices, "WORDS");

		(*longs)[i] = (struct option){
			.name = row->name,
			.has_arg = words ? optional_argument : row->value ? required_argument : no_argument,
			.val = row->key,
		};
		if (row->key < 256) {
			(*shorts)[n++] = (char)row->key;
			if (row->value)
				(*shorts)[n++] = ':';
		}
	}
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

/* "--repair, --remove or --watch": the modes of these bits. The caller frees it. */
static char *mode_names(unsigned int modes)
{
	struct text text;

	text_open(&text);
	for (enum mode mode = MODE_CHECK; mode <= MODE_LIST_FINDINGS; mode++) {
		unsigned int more = modes >> 1 >> mode;

		if (!(modes & 1U << mode))
			continue;
		fprintf(text.out, "--%s%s", options_mode(mode)->name,
			!more ? "" : more & (more - 1) ? ", " : " or ");
	}
	return text_take(&text);
}

/*
 * getopt_long() completes the beginning of a name. What writes must be meant: "--re" could
 * become another mode with the next version.
 */
static int check_whole(const struct option_row *row, char *argv[])
{
	const char *word = argv[optind - 1];

	/* A value of its own word may begin with dashes as well. */
	if (optarg == word && optind > 1)
		word = argv[optind - 2];
	if (!row->writes || strcspn(word + 2, "=") == strlen(row->name))
		return 0;
	diag_error("'%s' is short for a mode that writes: give the whole name, --%s", word, row->name);
	return -1;
}

static int set_mode(struct options *options, bool *chosen, const struct option_row *row, char *argv[])
{
	enum mode mode = MODE_CHECK;

	while (row->modes != 1U << mode)
		mode++;
	if (*chosen && options->mode != mode) {
		char *names = mode_names((2U << MODE_LIST_FINDINGS) - 1);

		diag_error("more than one mode: give one of %s", names);
		free(names);
		return -1;
	}
	*chosen = true;
	options->mode = mode;
	return check_whole(row, argv);
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

static int set_colour(const char *when)
{
	static const char *const words[] = {
		[COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(when, words[i])) {
			output_set_colour((enum output_colours)i);
			return 0;
		}
	diag_error("unknown --color '%s': use auto, always or never", when);
	return -1;
}

static int set_finding(struct options *options, const char *name)
{
	char *hint;

	options->explain = finding_by_name(name);
	if (options->explain != FINDING_COUNT)
		return 0;
	hint = finding_hint(name);
	diag_error("there is no finding '%s'%s", name,
		   *hint ? hint : "; dockfw-check --list-findings lists them");
	free(hint);
	return -1;
}

static int set_option(struct options *options, int key)
{
	switch (key) {
	case OPT_TRACE:
		options->trace = optarg;
		return 0;
	case OPT_TRY:
		return set_seconds(&options->try_seconds, "try", TRY_LEAST, optarg);
	case OPT_EXPLAIN:
		return set_finding(options, optarg);
	case OPT_COLOR:
		return set_colour(optarg);
	case OPT_FAIL_IF_OPEN:
		options->fail_if_open = true;
		return 0;
	case OPT_CLOSE_FIRST:
		options->close_first = true;
		return 0;
	case OPT_FORCE:
		options->force = true;
		return 0;
	case OPT_STATE_FOLDER:
		options->state_folder = optarg;
		return 0;
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
	default: /* a mode without a value */
		return 0;
	}
}

/* The option that was given a value but takes none, as in --dry-run=1, or NULL. */
static const struct option_row *given_a_value(const char *word)
{
	const struct option_row *row;

	for (size_t i = 0; (row = row_at(i)); i++) {
		size_t length = strlen(row->name);

		if (!row->value && row->key == optopt && !strncmp(word, "--", 2) &&
		    !strncmp(word + 2, row->name, length) && word[2 + length] == '=')
			return row;
	}
	return NULL;
}

/* The options that begin with the word, if there are several: "--repair, --remove"; or NULL. */
static char *ambiguous(const char *word)
{
	const struct option_row *row;
	size_t found = 0, length = strcspn(word + 2, "=");
	struct text text;
	char *names;

	text_open(&text);
	for (size_t i = 0; length && (row = row_at(i)); i++)
		if (!strncmp(row->name, word + 2, length))
			fprintf(text.out, "%s--%s", found++ ? ", " : "", row->name);
	names = text_take(&text);
	if (found > 1)
		return names;
	free(names);
	return NULL;
}

static void unknown_word(const char *word)
{
	char *several = ambiguous(word);
	char *hint = several ? NULL : hint_for(word + 2);

	if (several)
		diag_error("'%s' is short for several options: %s", word, several);
	else
		diag_error("unknown option '%s'%s", word, hint);
	free(several);
	free(hint);
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
		unknown_word(argv[optind - 1]);
	return -1;
}

/* ---- which of them go together ---- */

/* The rest of the line are the words of the packet. */
static int take_words(struct options *options, int argc, char *argv[])
{
	static char *packet; /* as long as the process */
	struct text text;

	text_open(&text);
	if (options->trace)
		fputs(options->trace, text.out);
	for (int i = optind; i < argc; i++)
		fprintf(text.out, "%s%s", i > optind || options->trace ? " " : "", argv[i]);
	free(packet);
	packet = text_take(&text);
	options->trace = packet;
	if (*packet)
		return 0;
	diag_error("--trace needs a packet, such as: --trace from 203.0.113.200 in ens3 tcp 80");
	return -1;
}

static int check_words(struct options *options, int argc, char *argv[])
{
	char *hint;

	if (options->mode == MODE_TRACE)
		return take_words(options, argc, argv);
	if (optind >= argc)
		return 0;
	/* getopt_long() leaves a word with a dash only after "--". */
	hint = argv[optind][0] == '-' && argv[optind][1]
		       ? xstrdup("; options come before '--'") : hint_for(argv[optind]);
	diag_error("unexpected argument '%s'%s", argv[optind], hint);
	free(hint);
	return -1;
}

/* An option that is only for other modes. */
static int check_mode_of(const struct options *options, const struct option_row *row)
{
	char *names;

	if (!row->modes || options_is_mode(row) || row->modes & 1U << options->mode)
		return 0;
	names = mode_names(row->modes);
	diag_error("--%s needs %s", row->name, names);
	free(names);
	return -1;
}

static int check_watch(const struct options *options)
{
	if (options->format == FORMAT_NAGIOS ||
	    !options->output != (options->format != FORMAT_PROMETHEUS)) {
		diag_error("--watch prints text, or with --format=json one object per line; with "
			   "--format=prometheus it needs --output, the file for its counters");
		return -1;
	}
	if (options->wait) {
		diag_error("--wait cannot be used with --watch, which waits as long as it runs");
		return -1;
	}
	return 0;
}

/* What writes its report itself, to standard output. */
#define ONLY_STDOUT (1U << MODE_TRY | 1U << MODE_EDIT | 1U << MODE_CHECK_CONFIG | \
		     1U << MODE_EXPLAIN | 1U << MODE_LIST_FINDINGS)

static int check_combination(const struct options *options)
{
	const struct option_row *mode = options_mode(options->mode);

	if (options->output && !*options->output) {
		diag_error("bad value of --output '': name a file");
		return -1;
	}
	if (!*options->state_folder) {
		diag_error("bad value of --state-folder '': name a folder");
		return -1;
	}
	if (options->families && options->mode == MODE_TRACE) {
		diag_error("--ipv4 and --ipv6 cannot be used with --trace: the packet's addresses decide");
		return -1;
	}
	if (options->dry_run && (options->restart_docker || options->close_first)) {
		diag_error("--%s cannot be used with --dry-run",
			   options->close_first ? "close-first" : "restart-docker");
		return -1;
	}
	if (options->output && ONLY_STDOUT & 1U << options->mode) {
		diag_error("--output cannot be used with --%s", mode->name);
		return -1;
	}
	if (options->quiet && options->output && options->format == FORMAT_TEXT &&
	    options->mode != MODE_CAPTURE) {
		diag_error("--quiet cannot be used with --output and --format=text: the report would be empty");
		return -1;
	}
	if (options->force && !options->output) {
		diag_error("--force needs --output");
		return -1;
	}
	if (options->mode == MODE_WATCH)
		return check_watch(options);
	if (!(mode->formats & 1U << options->format)) {
		diag_error("--format '%s' cannot be used with --%s; see dockfw-check --help",
			   formats[options->format], mode->name);
		return -1;
	}
	return 0;
}

/* ---- the command line ---- */

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

/*
 * The report of an error goes to the file that an option after the wrong one names, unless another
 * one says that it is the program's own.
 */
static void guess_output(struct options *options, int argc, char *argv[], const char *shorts,
			 const struct option *longs)
{
	int key;

	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		if (key == 'o' && *optarg)
			options->output = optarg;
		else if (key == 'f')
			options->config = optarg;
		else if (key == OPT_STATE_FOLDER)
			options->state_folder = optarg;
}

/* Takes one option. Returns -1 after reporting why not. */
static int take_option(struct options *options, int key, bool *mode, uint64_t *given, char *argv[])
{
	const struct option_row *row;

	if (key == '?' || key == ':')
		return bad_option(key, argv);
	row = row_of(key);
	/* getopt_long() knows the keys of the table only. */
	if (!row)
		return -1;
	*given |= 1ULL << (row - row_at(0));
	if (options_is_mode(row) && set_mode(options, mode, row, argv))
		return -1;
	return set_option(options, key);
}

static int check_given(const struct options *options, uint64_t given)
{
	const struct option_row *row;

	for (size_t i = 0; (row = row_at(i)); i++)
		if (given & 1ULL << i && check_mode_of(options, row))
			return -1;
	return 0;
}

enum parsed options_parse(struct options *options, int argc, char *argv[])
{
	struct option *longs;
	char *shorts;
	bool mode = false;
	uint64_t given = 0; /* by the number of the row */
	enum parsed parsed = PARSED_GO;
	int key;

	*options = (struct options){ .config = CONFIG_FILE, .state_folder = STATE_FOLDER,
				      .timeout = 30 };
	build_tables(&longs, &shorts);
	opterr = 0;
	guess_format(options, argc, argv);
	while (parsed == PARSED_GO && (key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == 'h') {
			options_print_help();
			parsed = PARSED_DONE;
		} else if (key == 'V') {
			printf("dockfw-check %s\nBackends: " BACKENDS_BUILT "\nLicence: GPL-2.0-or-later\n",
			       VERSION);
			parsed = PARSED_DONE;
		} else if (take_option(options, key, &mode, &given, argv)) {
			guess_output(options, argc, argv, shorts, longs);
			parsed = PARSED_ERROR;
		}
	}
	/* A monitoring system goes by the status. */
	options->fail_if_open |= options->mode == MODE_EXPOSURE &&
				 (options->format == FORMAT_NAGIOS || options->format == FORMAT_PROMETHEUS);
	if (parsed == PARSED_GO && (check_words(options, argc, argv) || check_given(options, given) ||
				    check_combination(options)))
		parsed = PARSED_ERROR;
	free(shorts);
	free(longs);
	return parsed;
}
