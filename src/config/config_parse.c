/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_parse.h"

#include <confuse.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config_file.h"
#include "diag.h"
#include "flat.h"
#include "full_path.h"
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
	size_t call;    /* … and of its calls */
	size_t flat;    /* how much of it is in the flat text */
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
	struct flat flat;
	bool stored; /* the text is one that a repair has stored: it includes nothing */
	bool failed; /* an include failed; the rest is still read to report its errors */
	bool torn;   /* libconfuse stopped within a file, perhaps within a section */
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
 * publish sections, and two sections of one chain are an error that names both, so each
 * loses its title to a text that no file can have.
 */
static char *take_title(cfg_t *section)
{
	char *title = xstrdup(cfg_title(section));

	free(section->title);
	section->title = xstrdup("\1");
	return title;
}

/* Called after the closing brace of a section. */
static int on_section(cfg_t *cfg, cfg_opt_t *option)
{
	struct reading *reading = current();
	struct config_section *section = open_section(section_kind(option->name));
	cfg_t *last = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);

	section->title = take_title(last);
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

/* ---- the flat text ---- */

/* Adds the file up to there to the flat text. */
static void flat_up_to(struct reading *reading, size_t end)
{
	if (end > reading->flat)
		flat_put(&loading->flat, reading->disk.data + reading->flat, end - reading->flat);
	reading->flat = end;
}

/* The call that libconfuse is at, with the text before it in the flat text; NULL: none is left. */
static const struct config_call *next_call(struct reading *reading)
{
	const struct config_call *call;

	if (reading->call == reading->text.ncalls)
		return NULL;
	call = &reading->text.calls[reading->call++];
	if (!call->is_end || loading->depth > 1) {
		flat_up_to(reading, call->begin);
		reading->flat = call->end;
	}
	return call;
}

/* The statement without comments, on one line. The caller frees it. */
static char *statement_of(const struct reading *reading, const struct config_call *call)
{
	char *text = xasprintf("%.*s", (int)(call->out_end - call->out_begin),
			       reading->text.text + call->out_begin);

	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	return text;
}

/* The marks have whole paths, however the main file is named in this run. */
static void flat_begin_file(const char *name)
{
	char *path = full_path(name);

	flat_file(&loading->flat, path);
	free(path);
}

static void flat_matched(const char *pattern, unsigned int line, size_t matched)
{
	char *path = full_path(pattern);

	flat_pattern(&loading->flat, path, line, matched);
	free(path);
}

/* ---- */

/* Parses what is in reading->disk. */
static int read_text(struct reading *reading)
{
	struct config_tree *tree = loading->tree;

	strings_add(&tree->files, reading->disk.name);
	reading->file = tree->files.v[tree->files.n - 1];
	if (!strncmp(reading->disk.data, "\xef\xbb\xbf", 3))
		reading->flat = 3; /* the byte order mark can only be at the beginning */
	if (config_prelex(&reading->disk, &tree->keys, &reading->text))
		return -1;
	if (parse_reading(reading)) {
		loading->torn = true;
		return -1;
	}
	flat_up_to(reading, reading->disk.size);
	return 0;
}

/* What includes the file that the copy is to become, includes itself. */
static void take_place_of(struct config_file *copy, const char *name)
{
	struct stat st;

	if (stat(name, &st))
		return;
	copy->dev = st.st_dev;
	copy->ino = st.st_ino;
}

/* Reads an included file in place, the main file, or its copy. */
static int read_config_file(const char *name, const char *copy, const struct place *from)
{
	struct config_tree *tree = loading->tree;
	struct reading reading = { 0 };
	int ret = -1;

	strings_add(&tree->sought, name);
	if (from && (loading->depth == INCLUDE_DEPTH || tree->files.n == FILES_LIMIT)) {
		diag_error_at(from->file, from->line, "cannot include '%s': %s", name,
			      loading->depth == INCLUDE_DEPTH ? "includes are nested too deeply" :
			      "too many files");
		return -1;
	}
	if (config_file_read(name, copy, from, &reading.disk))
		return -1;
	if (copy)
		take_place_of(&reading.disk, name);
	if (from && in_loop(&reading.disk)) {
		diag_error_at(from->file, from->line, "'%s' includes itself through this line", name);
		goto out;
	}
	if (from)
		flat_begin_file(name);
	ret = read_text(&reading);
	if (from)
		flat_file_over(&loading->flat);
out:
	config_prelexed_clear(&reading.text);
	config_file_clear(&reading.disk);
	return ret;
}

static void read_included(const char *name, const struct place *from)
{
	if (read_config_file(name, NULL, from))
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

/* The folder in which all that the pattern matches is, with its backslashes taken out. */
static char *pattern_folder(const char *pattern)
{
	char *folder = xstrdup(pattern), *to = folder, *slash = NULL;

	for (const char *c = pattern; *c && !strchr("*?[", *c); c++) {
		if (*c == '\\' && c[1])
			c++;
		*to = *c;
		if (*to++ == '/')
			slash = to;
	}
	if (slash) {
		*slash = '\0';
		return folder;
	}
	free(folder);
	return xstrdup(".");
}

static void include_all(const char *pattern, const struct place *from)
{
	char *folder = pattern_folder(pattern);
	bool refused = config_file_check_folder(folder, from);
	glob_t found;

	strings_take(&loading->tree->sought, xasprintf("%s/", folder));
	free(folder);
	if (refused) {
		loading->failed = true;
		return;
	}
	switch (glob(pattern, GLOB_ERR, NULL, &found)) {
	case 0:
		flat_matched(pattern, from->line, found.gl_pathc);
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_included(found.gl_pathv[i], from);
		globfree(&found);
		break;
	case GLOB_NOMATCH: /* the directory may be filled later */
		flat_matched(pattern, from->line, 0);
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
	const struct config_call *call = next_call(current());
	char *statement;

	(void)option;
	if (!argc || loading->stored) {
		diag_error_at(here.file, here.line, argc ? "a stored configuration includes nothing"
							 : "include() names no file");
		return -1;
	}
	if (call) {
		statement = statement_of(current(), call);
		flat_include(&loading->flat, statement);
		free(statement);
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
	flat_included(&loading->flat);
	return 0;
}

/* end() states that the file is whole; that nothing follows it was checked before. */
static int on_end(cfg_t *cfg, cfg_opt_t *option, int argc, const char **argv)
{
	(void)option;
	(void)argv;
	if (argc) {
		diag_error_at(current()->file, (unsigned int)cfg->line, "end() takes no value");
		return -1;
	}
	next_call(current());
	if (loading->depth > 1)
		flat_end(&loading->flat);
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
	cfg_opt_t *options[SECTION_COUNT], *top = options_of(SECTION_NONE, SECTION_COUNT + 1), *end = top;
	cfg_t *cfg;

	while (end->name)
		end++;
	options[SECTION_NONE] = top;
	for (enum setting_section section = SECTION_NONE + 1; section < SECTION_COUNT; section++) {
		options[section] = options_of(section, 0);
		*end++ = (cfg_opt_t)CFG_SEC(setting_section_name(section), options[section],
					    CFGF_MULTI | CFGF_TITLE);
	}
	*end++ = (cfg_opt_t)CFG_FUNC("include", on_include);
	*end++ = (cfg_opt_t)CFG_FUNC("end", on_end);
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

/* Reads the main file of that name, its copy, or the stored text. */
static int parse_main(const char *file, const char *copy, const struct config_file *stored,
		      struct config_tree *tree)
{
	struct loader loader = { .tree = tree, .stored = stored };
	int ret = -1;

	*tree = (struct config_tree){ 0 };
	section_begin(&tree->top, SECTION_NONE);
	loader.cfg = make_grammar();
	if (!loader.cfg) {
		diag_error("cannot start libconfuse: %s", strerror(errno));
		return -1;
	}
	loading = &loader;
	flat_open(&loader.flat);
	if (!stored) {
		ret = read_config_file(file, copy, NULL);
	} else {
		struct reading reading = { .disk = *stored };

		ret = read_text(&reading);
		config_prelexed_clear(&reading.text);
	}
	tree->flat = flat_take(&loader.flat);
	loading = NULL;
	cfg_free(loader.cfg);
	tree->lacks_files = loader.failed && !loader.torn && !ret;
	return loader.failed ? -1 : ret;
}

int config_parse(const char *file, const char *copy, struct config_tree *tree)
{
	return parse_main(file, copy, NULL, tree);
}

int config_parse_stored(const struct config_file *stored, struct config_tree *tree)
{
	return parse_main(NULL, NULL, stored, tree);
}

void config_tree_clear(struct config_tree *tree)
{
	section_clear(&tree->top);
	for (size_t i = 0; i < tree->nsections; i++)
		section_clear(&tree->sections[i]);
	free(tree->sections);
	config_keys_clear(&tree->keys);
	strings_clear(&tree->files);
	strings_clear(&tree->sought);
	free(tree->flat);
	*tree = (struct config_tree){ 0 };
}
