/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_parse.h"

#include <confuse.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "diag.h"
#include "text.h"

#define INCLUDE_DEPTH 10
#define FILES_LIMIT 1024
#define SECTIONS_LIMIT 1024 /* of either kind */

/* A file that is being read. The files that include it are below it on the stack. */
struct reading {
	const char *file;
	struct config_file disk;
	struct config_prelexed text;
	size_t section; /* number of its sections that are done */
};

/*
 * Filled by libconfuse's callbacks. libconfuse's own tree is not used: it does
 * not know a value's line or the order of sections.
 */
struct loader {
	cfg_t *cfg;
	struct config_tree *tree;
	struct reading *stack[INCLUDE_DEPTH];
	size_t depth;
	bool failed; /* an include failed; the rest is still read to report its errors */
};

/* libconfuse passes no user pointer to its callbacks. */
static struct loader *loading;

static void values_clear(struct config_values *values)
{
	for (size_t i = 0; i < values->n; i++)
		free(values->v[i].text);
	free(values->v);
	*values = (struct config_values){ 0 };
}

static struct reading *current(void)
{
	return loading->stack[loading->depth - 1];
}

static void section_begin(struct config_section *section, enum setting_section kind)
{
	size_t n;

	setting_rows(&n);
	*section = (struct config_section){
		.kind = kind, .values = xcalloc(n, sizeof(*section->values)),
	};
}

static void section_clear(struct config_section *section)
{
	size_t n;

	setting_rows(&n);
	for (size_t i = 0; section->values && i < n; i++)
		values_clear(&section->values[i]);
	free(section->values);
	free(section->title);
}

static enum setting_section section_kind(const char *name)
{
	enum setting_section kind = SECTION_NONE + 1;

	while (kind < SECTION_COUNT - 1 && strcmp(name, setting_section_name(kind)))
		kind++;
	return kind;
}

static struct config_section *open_section(enum setting_section kind)
{
	struct config_tree *tree = loading->tree;
	struct config_section *section;

	if (tree->nsections && !tree->sections[tree->nsections - 1].title)
		return &tree->sections[tree->nsections - 1];
	GROW(tree->sections, tree->nsections, tree->room);
	section = &tree->sections[tree->nsections++];
	section_begin(section, kind);
	return section;
}

static struct config_values *values_of(const cfg_t *cfg, const char *option)
{
	enum setting_section kind = cfg == loading->cfg ? SECTION_NONE : section_kind(cfg->name);
	struct config_section *section = kind ? open_section(kind) : &loading->tree->top;
	size_t n;

	return &section->values[setting_find(kind, option) - setting_rows(&n)];
}

/* Called for each value as it is parsed, so that it gets its own line. */
static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *text, void *result)
{
	struct config_values *values = values_of(cfg, option->name);

	GROW(values->v, values->n, values->room);
	values->v[values->n++] = (struct config_value){
		.text = xstrdup(text), .file = current()->file, .line = (unsigned int)cfg->line,
	};
	*(const char **)result = text;
	return 0;
}

/*
 * libconfuse replaces a section by a later one with the same title. A port may have several
 * publish sections, so each loses its title to a text that no file can have.
 */
static char *take_title(enum setting_section kind, cfg_t *section)
{
	char *title = xstrdup(cfg_title(section));

	if (kind == SECTION_PUBLISH) {
		free(section->title);
		section->title = xstrdup("\1");
	}
	return title;
}

/* Called after the closing brace of a section. */
static int on_section(cfg_t *cfg, cfg_opt_t *option)
{
	struct reading *reading = current();
	struct config_section *section = open_section(section_kind(option->name));
	cfg_t *last = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);

	section->title = take_title(section->kind, last);
	section->file = reading->file;
	section->line = reading->section < reading->text.nsections ?
				reading->text.sections[reading->section++] : (unsigned int)cfg->line;
	if (cfg_opt_size(option) > SECTIONS_LIMIT) {
		cfg_error(cfg, "more than %u '%s' sections", SECTIONS_LIMIT, option->name);
		return -1;
	}
	return 0;
}

/* The last line with anything on it: libconfuse reports a truncated text past the end. */
static unsigned int last_line(const struct reading *reading)
{
	size_t end = reading->text.size;
	unsigned int line = 1;

	while (end && strchr(" \t\r\n", reading->text.text[end - 1]))
		end--;
	for (size_t i = 0; i < end; i++)
		line += reading->text.text[i] == '\n';
	return line;
}

static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *format, va_list args)
{
	char *text = xvasprintf(format, args);
	unsigned int line = (unsigned int)cfg->line, last = last_line(current());

	diag_error_at(current()->file, line < last ? line : last, "%s", text);
	free(text);
}

static bool in_loop(const struct config_file *disk)
{
	for (size_t i = 0; i < loading->depth; i++)
		if (loading->stack[i]->disk.dev == disk->dev &&
		    loading->stack[i]->disk.ino == disk->ino)
			return true;
	return false;
}

static int parse_reading(struct reading *reading)
{
	char *file_before = loading->cfg->filename;
	int line_before = loading->cfg->line;
	unsigned int errors = diag_error_count();
	FILE *stream;
	int ret = -1;

	stream = fmemopen(reading->text.text, reading->text.size, "r");
	if (!stream) {
		diag_error("cannot read the configuration '%s': %s", reading->file, strerror(errno));
		return -1;
	}
	loading->stack[loading->depth++] = reading;
	loading->cfg->filename = xstrdup(reading->file);
	if (cfg_parse_fp(loading->cfg, stream) == CFG_SUCCESS)
		ret = 0;
	/* libconfuse reports nothing for an option whose name is empty. */
	if (ret && diag_error_count() == errors)
		diag_error_at(reading->file, (unsigned int)loading->cfg->line,
			      "expected an option name, found an empty string");
	free(loading->cfg->filename);
	loading->cfg->filename = file_before;
	loading->cfg->line = line_before;
	loading->depth--;
	fclose(stream);
	return ret;
}

/* Reads an included file in place, or the main file. */
static int read_config_file(const char *name, const struct place *from)
{
	struct config_tree *tree = loading->tree;
	struct reading reading = { 0 };
	int ret = -1;

	if (from && (loading->depth == INCLUDE_DEPTH || tree->files.n == FILES_LIMIT)) {
		diag_error_at(from->file, from->line, "cannot include '%s': %s", name,
			      loading->depth == INCLUDE_DEPTH ? "includes are nested too deeply" :
			      "too many files");
		return -1;
	}
	if (config_file_read(name, from, &reading.disk))
		return -1;
	if (from && in_loop(&reading.disk)) {
		diag_error_at(from->file, from->line, "'%s' includes itself through this line", name);
		goto out;
	}
	strings_add(&tree->files, name);
	reading.file = tree->files.v[tree->files.n - 1];
	if (!config_prelex(&reading.disk, &tree->keys, &reading.text) && !parse_reading(&reading))
		ret = 0;
out:
	config_prelexed_clear(&reading.text);
	config_file_clear(&reading.disk);
	return ret;
}

static void read_included(const char *name, const struct place *from)
{
	if (read_config_file(name, from))
		loading->failed = true;
}

/* A relative name is relative to the directory of the file that has it. */
static char *resolve(const char *name, const char *includer, bool pattern)
{
	const char *slash = strrchr(includer, '/');
	struct text path;

	if (*name == '/' || !slash)
		return xstrdup(name);
	text_open(&path);
	for (const char *c = includer; c <= slash; c++) {
		if (pattern && strchr("*?[]\\", *c)) /* the directory's own name is not a pattern */
			putc('\\', path.out);
		putc(*c, path.out);
	}
	fputs(name, path.out);
	return text_take(&path);
}

static void include_all(const char *pattern, const struct place *from)
{
	glob_t found;

	switch (glob(pattern, GLOB_ERR, NULL, &found)) {
	case 0:
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_included(found.gl_pathv[i], from);
		globfree(&found);
		break;
	case GLOB_NOMATCH: /* the directory may be filled later */
		break;
	default:
		diag_error_at(from->file, from->line, "cannot search for '%s': %s", pattern,
			      strerror(errno));
		loading->failed = true;
	}
}

/* include("FILE") is read at once, in place. */
static int on_include(cfg_t *cfg, cfg_opt_t *option, int argc, const char **argv)
{
	struct place here = { current()->file, (unsigned int)cfg->line };

	(void)option;
	if (!argc) {
		diag_error_at(here.file, here.line, "include() names no file");
		return -1;
	}
	for (int i = 0; i < argc; i++) {
		bool pattern = strpbrk(argv[i], "*?[");
		char *path = resolve(argv[i], here.file, pattern);

		if (pattern)
			include_all(path, &here);
		else
			read_included(path, &here);
		free(path);
	}
	return 0;
}

/*
 * The settings of one kind of section, as libconfuse takes them, with room for that
 * many more. The caller frees the array.
 */
static cfg_opt_t *options_of(enum setting_section section, size_t more)
{
	size_t n, k = 0;
	const struct setting_row *rows = setting_rows(&n);
	cfg_opt_t *options = xcalloc(n + more + 1, sizeof(*options));

	for (size_t i = 0; i < n; i++) {
		if (rows[i].section != section)
			continue;
		if (setting_is_list(&rows[i]))
			options[k++] = (cfg_opt_t)CFG_STR_LIST_CB(rows[i].name, NULL, CFGF_NODEFAULT,
								  on_value);
		else
			options[k++] = (cfg_opt_t)CFG_STR_CB(rows[i].name, NULL, CFGF_NODEFAULT,
							     on_value);
	}
	options[k] = (cfg_opt_t)CFG_END();
	return options;
}

/* libconfuse's copy of all that a configuration may have; NULL if it has no memory. */
static cfg_t *make_grammar(void)
{
	cfg_opt_t *options[SECTION_COUNT], *top = options_of(SECTION_NONE, SECTION_COUNT), *end = top;
	cfg_t *cfg;

	while (end->name)
		end++;
	options[SECTION_NONE] = top;
	for (enum setting_section section = SECTION_NONE + 1; section < SECTION_COUNT; section++) {
		cfg_flag_t unique = section == SECTION_PUBLISH ? 0 : CFGF_NO_TITLE_DUPES;

		options[section] = options_of(section, 0);
		*end++ = (cfg_opt_t)CFG_SEC(setting_section_name(section), options[section],
					    CFGF_MULTI | CFGF_TITLE | unique);
	}
	*end++ = (cfg_opt_t)CFG_FUNC("include", on_include);
	*end = (cfg_opt_t)CFG_END();
	cfg = cfg_init(top, CFGF_NONE);
	for (enum setting_section section = SECTION_NONE; section < SECTION_COUNT; section++)
		free(options[section]);
	if (!cfg)
		return NULL;
	cfg_set_error_function(cfg, on_error);
	for (enum setting_section section = SECTION_NONE + 1; section < SECTION_COUNT; section++)
		cfg_set_validate_func(cfg, setting_section_name(section), on_section);
	return cfg;
}

int config_parse(const char *file, struct config_tree *tree)
{
	struct loader loader = { .tree = tree };
	int ret = -1;

	*tree = (struct config_tree){ 0 };
	section_begin(&tree->top, SECTION_NONE);
	loader.cfg = make_grammar();
	if (!loader.cfg) {
		diag_error("cannot start libconfuse: %s", strerror(errno));
		return -1;
	}
	loading = &loader;
	if (!read_config_file(file, NULL) && !loader.failed)
		ret = 0;
	loading = NULL;
	cfg_free(loader.cfg);
	return ret;
}

void config_tree_clear(struct config_tree *tree)
{
	section_clear(&tree->top);
	for (size_t i = 0; i < tree->nsections; i++)
		section_clear(&tree->sections[i]);
	free(tree->sections);
	config_keys_clear(&tree->keys);
	strings_clear(&tree->files);
	*tree = (struct config_tree){ 0 };
}
