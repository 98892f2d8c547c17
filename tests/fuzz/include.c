/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_read.h"
#include "diag.h"
#include "fuzz.h"
#include "util.h"

/*
 * The argument of include(), over real files: it is refused with a place, or read, and
 * each time alike. A pattern for which a shell finds only good files is not refused.
 *
 * The input is the argument; a first byte of 1 writes it into a file that is included.
 */

/* The paths below are in here. */
static char folder[] = "/tmp/dockfw-include.XXXXXX";
static char main_file[64], deep_file[64];

static const char *const files[] = {
	"a.conf", "b.conf", ".hidden.conf", "[x].conf", "a b.conf", "conf.d/10-a.conf",
	"conf.d/20-b.conf", "conf.d/.swp", "conf.d/deep/c.conf", "*",
};

static char *path_of(const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", folder, name);
	return path;
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	REQUIRE(out && fputs(text, out) >= 0 && !fclose(out) && !chmod(path, 0600), "%s", path);
}

static void remove_all(void)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlink(path_of(files[i], path));
	unlink(main_file);
	rmdir(path_of("conf.d/deep", path));
	rmdir(path_of("conf.d", path));
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[64];

	(void)argc;
	(void)argv;
	if (!mkdtemp(folder) || mkdir(path_of("conf.d", path), 0700) ||
	    mkdir(path_of("conf.d/deep", path), 0700))
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		write_file(path_of(files[i], path), "# nothing\n");
	path_of("main.conf", main_file);
	path_of("conf.d/main.conf", deep_file);
	atexit(remove_all);
	return 0;
}

/* As a string of the configuration. */
static void put_quoted(FILE *out, const char *text)
{
	fputs("include(\"", out);
	for (; *text; text++) {
		if (strchr("\"\\$", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
	fputs("\")\n", out);
}

static bool read_it(char **error)
{
	struct policy *policy;
	bool good;

	diag_setup(0, true);
	policy = config_read(main_file);
	good = policy != NULL;
	REQUIRE(good == (diag_error_count() == 0), "%u errors", diag_error_count());
	*error = good ? NULL : xstrdup(diag_first_error());
	policy_free(policy);
	diag_forget();
	return good;
}

static bool is_text(const char *text)
{
	while (*text >= ' ' && *text < 0x7f)
		text++;
	return !*text;
}

/* Whether a shell finds files, and all are among those that can be read. */
static bool all_good(const char *pattern, const char *below)
{
	char *path = *pattern == '/' ? xstrdup(pattern) : xasprintf("%s/%s%s", folder, below, pattern);
	glob_t found = { 0 };
	bool good;

	good = !glob(path, GLOB_ERR, NULL, &found);

	for (size_t i = 0; good && i < found.gl_pathc; i++) {
		const char *name = found.gl_pathv[i] + strlen(folder) + 1;
		bool known = false;

		for (size_t k = 0; k < ARRAY_SIZE(files) && !known; k++)
			known = !strncmp(found.gl_pathv[i], folder, strlen(folder)) && !strcmp(name, files[k]);
		good = known;
	}
	globfree(&found);
	free(path);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool deep = size && data[0] == 1, good;
	char *pattern = xcalloc(1, size + 1), *error, *again;
	FILE *out;

	for (size_t i = deep; i < size; i++)
		pattern[i - deep] = (char)data[i];
	/* Text, as a configuration may have it; paths elsewhere are not ours. */
	if (!is_text(pattern) || strstr(pattern, "main.conf") || *pattern == '/' ||
	    strstr(pattern, "..")) {
		free(pattern);
		return -1;
	}
	out = fopen(deep ? deep_file : main_file, "w");
	REQUIRE(out, "no file");
	put_quoted(out, pattern);
	REQUIRE(!fclose(out), "no space");
	if (deep)
		write_file(main_file, "include(\"conf.d/main.conf\")\n");
	REQUIRE(!chmod(main_file, 0600) && (!deep || !chmod(deep_file, 0600)), "mode");
	good = read_it(&error);
	REQUIRE(read_it(&again) == good && (good || !strcmp(error, again)), "%s, then %s", error, again);
	REQUIRE(good || strstr(error, ":1: "), "no place: %s", error);
	if (strpbrk(pattern, "*?[") && all_good(pattern, deep ? "conf.d/" : ""))
		REQUIRE(good, "'%s': %s", pattern, error);
	free(error);
	free(again);
	free(pattern);
	unlink(deep_file);
	return 0;
}
