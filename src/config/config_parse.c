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

#define INCLUDE_DEPTH 10
#define FILES_LIMIT 1024
#define SECTIONS_LIMIT 1024 /* of either kind */

const char *const config_setting_names[SETTING_COUNT] = {
	"families", "backend", "trusted-chains", "foreign-rules", "ignore", "docker-recovery",
};

/* A file that is being read; those that include it are under it. */
struct reading {
	const char *file;
	struct config_file disk;
	struct config_text text;
	size_t section; /* how many of its sections are done */
};

/*
 * What the callbacks of libconfuse fill. libconfuse's own tree is not looked
 * at: it knows no line of a value, and no order between sections.
 */
struct loader {
	cfg_t *cfg;
	struct config_tree *tree;
	struct reading *stack[INCLUDE_DEPTH];
	size_t depth;
	bool failed; /* an include did; the rest is read on for its own errors */
};

/* libconfuse hands no pointer through to its callbacks. */
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

static struct config_section *open_section(bool publish)
{
	struct config_tree *tree = loading->tree;
	struct config_section *section;

	if (tree->nsections && !tree->sections[tree->nsections - 1].title)
		return &tree->sections[tree->nsections - 1];
	GROW(tree->sections, tree->nsections, tree->room);
	section = &tree->sections[tree->nsections++];
	*section = (struct config_section){ .publish = publish };
	return section;
}

static struct config_values *values_of(const cfg_t *cfg, const char *option)
{
	struct config_section *section;

	for (int i = 0; cfg == loading->cfg && i < SETTING_COUNT; i++)
		if (!strcmp(option, config_setting_names[i]))
			return &loading->tree->settings[i];
	section = open_section(!strcmp(cfg->name, "publish"));
	if (!strcmp(option, "rules"))
		return &section->rules;
	if (!strcmp(option, "interface"))
		return &section->interface;
	if (!strcmp(option, "allow"))
		return &section->allow;
	return &section->otherwise;
}

/* Called for each value where it stands, so that it has its own line. */
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

/* Called behind the closing brace of a section. */
static int on_section(cfg_t *cfg, cfg_opt_t *option)
{
	struct reading *reading = current();
	struct config_section *section = open_section(!strcmp(option->name, "publish"));
	cfg_t *last = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);

	section->title = xstrdup(cfg_title(last));
	section->file = reading->file;
	section->line = reading->section < reading->text.nsections ?
				reading->text.sections[reading->section++] : (unsigned int)cfg->line;
	if (cfg_opt_size(option) > SECTIONS_LIMIT) {
		cfg_error(cfg, "more than %u '%s' sections", SECTIONS_LIMIT, option->name);
		return -1;
	}
	return 0;
}

/* The last line that has anything in it; what is cut off is said to be behind the end. */
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

static int parse(struct reading *reading)
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
	/* libconfuse has no word for an option whose name is empty. */
	if (ret && diag_error_count() == errors)
		diag_error_at(reading->file, (unsigned int)loading->cfg->line,
			      "an empty text stands where an option's name should be");
	free(loading->cfg->filename);
	loading->cfg->filename = file_before;
	loading->cfg->line = line_before;
	loading->depth--;
	fclose(stream);
	return ret;
}

/* Reads one file at the place where it is included, or the main file. */
static int read_file(const char *name, const struct place *from)
{
	struct config_tree *tree = loading->tree;
	struct reading reading = { 0 };
	int ret = -1;

	if (from && (loading->depth == INCLUDE_DEPTH || tree->files.n == FILES_LIMIT)) {
		diag_error_at(from->file, from->line, "'%s' is not read: %s", name,
			      loading->depth == INCLUDE_DEPTH ? "files include each other too deeply" :
								"too many files");
		return -1;
	}
	if (config_file_read(name, from, &reading.disk))
		return -1;
	if (from && in_loop(&reading.disk)) {
		diag_error_at(from->file, from->line, "'%s' includes itself, by way of this line",
			      name);
		goto out;
	}
	strings_add(&tree->files, name);
	reading.file = tree->files.v[tree->files.n - 1];
	if (!config_text_clean(&reading.disk, &loading->tree->keys, &reading.text) && !parse(&reading))
		ret = 0;
out:
	config_text_clear(&reading.text);
	config_file_clear(&reading.disk);
	return ret;
}

static void read_included(const char *name, const struct place *from)
{
	if (read_file(name, from))
		loading->failed = true;
}

/* A relative name is seen from the folder of the file that it stands in. */
static char *resolve(const char *name, const char *includer, bool pattern)
{
	const char *slash = strrchr(includer, '/');
	char *path, *to;

	if (*name == '/' || !slash)
		return xstrdup(name);
	path = to = xcalloc(2 * (size_t)(slash - includer) + strlen(name) + 2, 1);
	for (const char *c = includer; c <= slash; c++) {
		if (pattern && strchr("*?[]\\", *c)) /* no pattern in the folder's own name */
			*to++ = '\\';
		*to++ = *c;
	}
	memcpy(to, name, strlen(name) + 1);
	return path;
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
	case GLOB_NOMATCH: /* an empty folder for what may come */
		break;
	default:
		diag_error_at(from->file, from->line, "cannot look for '%s': %s", pattern,
			      strerror(errno));
		loading->failed = true;
	}
}

/* include("FILE"), read at once, where it stands. */
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

int config_load(const char *file, struct config_tree *tree)
{
	cfg_opt_t chain[] = {
		CFG_STR_LIST_CB("rules", NULL, CFGF_NODEFAULT, on_value),
		CFG_END(),
	};
	cfg_opt_t publish[] = {
		CFG_STR_CB("interface", NULL, CFGF_NODEFAULT, on_value),
		CFG_STR_LIST_CB("allow", NULL, CFGF_NODEFAULT, on_value),
		CFG_STR_CB("otherwise", NULL, CFGF_NODEFAULT, on_value),
		CFG_END(),
	};
	cfg_opt_t options[] = {
		CFG_STR_LIST_CB("families", NULL, CFGF_NODEFAULT, on_value),
		CFG_STR_CB("backend", NULL, CFGF_NODEFAULT, on_value),
		CFG_STR_LIST_CB("trusted-chains", NULL, CFGF_NODEFAULT, on_value),
		CFG_STR_CB("foreign-rules", NULL, CFGF_NODEFAULT, on_value),
		CFG_STR_LIST_CB("ignore", NULL, CFGF_NODEFAULT, on_value),
		CFG_STR_CB("docker-recovery", NULL, CFGF_NODEFAULT, on_value),
		CFG_SEC("chain", chain, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_SEC("publish", publish, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_FUNC("include", on_include),
		CFG_END(),
	};
	struct loader loader = { .tree = tree };
	int ret = -1;

	*tree = (struct config_tree){ 0 };
	loader.cfg = cfg_init(options, CFGF_NONE);
	if (!loader.cfg) {
		diag_error("cannot start libconfuse: %s", strerror(errno));
		return -1;
	}
	cfg_set_error_function(loader.cfg, on_error);
	cfg_set_validate_func(loader.cfg, "chain", on_section);
	cfg_set_validate_func(loader.cfg, "publish", on_section);
	loading = &loader;
	if (!read_file(file, NULL) && !loader.failed)
		ret = 0;
	loading = NULL;
	cfg_free(loader.cfg);
	return ret;
}

void config_tree_clear(struct config_tree *tree)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		values_clear(&tree->settings[i]);
	for (size_t i = 0; i < tree->nsections; i++) {
		free(tree->sections[i].title);
		values_clear(&tree->sections[i].rules);
		values_clear(&tree->sections[i].interface);
		values_clear(&tree->sections[i].allow);
		values_clear(&tree->sections[i].otherwise);
	}
	free(tree->sections);
	config_keys_clear(&tree->keys);
	strings_clear(&tree->files);
	*tree = (struct config_tree){ 0 };
}
