/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <sanitizer/lsan_interface.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_print.h"
#include "config_read.h"
#include "diag.h"
#include "fuzz.h"
#include "rulespec.h"

/*
 * A complete configuration: its text, included files, settings, sections and the rules
 * of its publish sections. Its printed form is read again and must print the same.
 *
 * The files are in memory: the input is the main file; a line ">>>" begins the next
 * one, which is called 1.conf and so on. No process is started: rules are parsed and
 * printed by a simple substitute for libxtables, see below.
 */

#define MAIN_FILE "/fuzz/main.conf"
#define FILES 4

static struct {
	bool active;
	int fds[FILES];
	char *names[FILES];
	size_t n;
} disk;

int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);
int __wrap_glob(const char *pattern, int flags, int (*failed)(const char *, int), glob_t *found);
void __wrap_globfree(glob_t *found);

/* libFuzzer's own files are not among these. */
int __wrap_open(const char *name, int flags, ...)
{
	char path[64];

	if (!disk.active)
		return __real_open(name, flags, 0600);
	for (size_t i = 0; i < disk.n; i++) {
		if (strcmp(name, disk.names[i]))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", disk.fds[i]);
		return __real_open(path, flags);
	}
	errno = ENOENT;
	return -1;
}

int __wrap_glob(const char *pattern, int flags, int (*failed)(const char *, int), glob_t *found)
{
	(void)flags;
	(void)failed;
	*found = (glob_t){ .gl_pathv = xcalloc(FILES, sizeof(char *)) };
	for (size_t i = 0; i < disk.n; i++)
		if (!fnmatch(pattern, disk.names[i], FNM_PATHNAME | FNM_PERIOD))
			found->gl_pathv[found->gl_pathc++] = disk.names[i];
	if (found->gl_pathc)
		return 0;
	free(found->gl_pathv);
	return GLOB_NOMATCH;
}

void __wrap_globfree(glob_t *found)
{
	free(found->gl_pathv);
}

/* Its files are in no folder. */
int __wrap_trust_path_check(const char *path, unsigned int how, const struct stat *is, char **why);
int __wrap_trust_path_check(const char *path, unsigned int how, const struct stat *is, char **why)
{
	(void)path;
	(void)how;
	(void)is;
	*why = NULL;
	return 0;
}

static void disk_add(const char *data, size_t size)
{
	/* A file of now would be read again until it stays the same. */
	static const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || fchmod(fd, 0600) || write(fd, data, size) != (ssize_t)size ||
	    futimens(fd, old))
		abort();
	disk.names[disk.n] = disk.n ? xasprintf("/fuzz/%zu.conf", disk.n) : xstrdup(MAIN_FILE);
	disk.fds[disk.n++] = fd;
}

static void disk_clear(void)
{
	for (size_t i = 0; i < disk.n; i++) {
		free(disk.names[i]);
		close(disk.fds[i]);
	}
	disk.n = 0;
}

/*
 * ---- libconfuse leaks a few bytes if an include() is not closed. Memory that the
 * program's own functions allocate while it runs must still be freed. ----
 */

static int in_confuse;

int __real_cfg_parse_fp(cfg_t *cfg, FILE *in);
int __wrap_cfg_parse_fp(cfg_t *cfg, FILE *in);

int __wrap_cfg_parse_fp(cfg_t *cfg, FILE *in)
{
	int result;

	in_confuse++;
	__lsan_disable();
	result = __real_cfg_parse_fp(cfg, in);
	__lsan_enable();
	in_confuse--;
	return result;
}

static void in_program(bool yes)
{
	for (int i = 0; i < in_confuse; i++) {
		if (yes)
			__lsan_enable();
		else
			__lsan_disable();
	}
}

#define IN_PROGRAM(name, parameters, arguments)                                \
	void *__real_##name parameters;                                        \
	void *__wrap_##name parameters;                                        \
	void *__wrap_##name parameters                                         \
	{                                                                      \
		void *p;                                                       \
                                                                               \
		in_program(true);                                              \
		p = __real_##name arguments;                                   \
		in_program(false);                                             \
		return p;                                                      \
	}

IN_PROGRAM(xcalloc, (size_t count, size_t size), (count, size))
IN_PROGRAM(xreallocarray, (void *old, size_t count, size_t size), (old, count, size))
IN_PROGRAM(xstrdup, (const char *text), (text))
IN_PROGRAM(xvasprintf, (const char *format, va_list args), (format, args))

/* ---- rules: the text as a match, the chain of -j, -4 and -6, addresses ---- */

int __wrap_rulespec_parse(enum family family, const char *const *texts, size_t n,
			  const struct strings *chains, struct spec *specs);
struct spec_batch *__wrap_rulespec_begin(const struct spec_text *texts, size_t n,
					 const struct strings *chains, struct spec *specs);
int __wrap_rulespec_end(struct spec_batch *batch, unsigned int most);
int __wrap_rulespec_print(const struct rule *const *rules, size_t n,
			  char **texts);

static void set_target(struct rule *rule, const char *text, const struct strings *chains,
		       struct spec *spec)
{
	const char *jump = strstr(text, "-j ");
	char *name = xstrdup(jump ? jump + 3 + (jump[3] == '"') : "RETURN");

	name[strcspn(name, " \t\"")] = '\0';
	if (strings_has(chains, name))
		rule_set_chain(rule, VERDICT_JUMP, name);
	else if (!strcmp(name, "DROP"))
		rule->verdict = VERDICT_DROP;
	else if (!strcmp(name, "RETURN"))
		rule->verdict = VERDICT_RETURN;
	else if (!strcmp(name, "REJECT") || !strcmp(name, "LOG"))
		rule_set_target(rule, name, 0, "", 0);
	else
		spec->error = xasprintf("-j %s: there is no chain '%s'", name, name);
	free(name);
}

static void parse_text(enum family family, const char *text, const struct strings *chains,
		       struct spec *spec)
{
	const char *tie = family == FAMILY_IPV4 ? "-4" : "-6";
	const char *own = family == FAMILY_IPV4 ? "." : ":", *others = family == FAMILY_IPV4 ? ":" : ".";
	const char *addr = strstr(text, "-s ");
	struct rule *rule;

	while (!strncmp(text, tie, 2) && strchr(" ", text[2]))
		text += text[2] ? 3 : 2;
	spec->other_family = !strncmp(text, "-4", 2) || !strncmp(text, "-6", 2) ||
			     (addr && strstr(addr, others));
	if (spec->other_family || strstr(text, "bad") || strlen(text) > UINT16_MAX) {
		spec->error = xasprintf("'%s' is refused", text);
		return;
	}
	rule = rule_new(family);
	if (addr && strstr(addr, own))
		memset(rule->src.mask, 0xff, family_addr_size(family));
	rule_add_match(rule, "text", 0, text, (uint16_t)strlen(text));
	if (strstr(text, "dockfw"))
		rule_add_mark(rule);
	set_target(rule, text, chains, spec);
	spec->nrules = spec->error ? 0 : strstr(text, "two") ? 2 : 1;
	spec->rules = xcalloc(2, sizeof(*spec->rules));
	for (size_t i = 0; i < spec->nrules; i++)
		spec->rules[i] = rule_copy(rule);
	rule_free(rule);
}

int __wrap_rulespec_parse(enum family family, const char *const *texts, size_t n,
			  const struct strings *chains, struct spec *specs)
{
	for (size_t i = 0; i < n; i++) {
		specs[i] = (struct spec){ 0 };
		parse_text(family, texts[i], chains, &specs[i]);
	}
	return 0;
}

struct spec_batch *__wrap_rulespec_begin(const struct spec_text *texts, size_t n,
					 const struct strings *chains, struct spec *specs)
{
	for (size_t i = 0; i < n; i++) {
		specs[i] = (struct spec){ 0 };
		if (!texts[i].target)
			parse_text(texts[i].family, texts[i].text, chains, &specs[i]);
		else if (!strcmp(texts[i].text, "LOG") || !strcmp(texts[i].text, "REJECT"))
			specs[i].error = xstrdup("it is the name of a target");
	}
	return NULL;
}

int __wrap_rulespec_end(struct spec_batch *batch, unsigned int most)
{
	(void)most;
	(void)batch;
	return 0;
}

int __wrap_rulespec_print(const struct rule *const *rules, size_t n, char **texts)
{
	for (size_t i = 0; i < n; i++)
		texts[i] = xasprintf("%.*s", rules[i]->matches[0].size,
				     (const char *)rules[i]->matches[0].data);
	return 0;
}

/* ---- */

static struct policy *read_main(void)
{
	unsigned int errors = diag_error_count();
	struct policy *policy;

	disk.active = true;
	policy = config_read(MAIN_FILE);
	disk.active = false;
	REQUIRE((policy == NULL) == (diag_error_count() > errors), "%u errors",
		diag_error_count() - errors);
	return policy;
}

/* NULL if a rule cannot be printed. */
static char *print(const struct policy *policy, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	int failed = config_print(policy, out);

	fclose(out);
	if (!failed)
		return text;
	free(text);
	return NULL;
}

static void print_again(struct policy *policy)
{
	size_t size, again_size;
	char *text = print(policy, &size), *again;

	if (!text)
		return;
	disk_clear();
	disk_add(text, size);
	/* A text that gives two rules is printed as two texts, which then give four. */
	if (!strstr(text, "two")) {
		struct policy *other = read_main();

		REQUIRE(other, "refused: %s\n%s", diag_first_error(), text);
		again = print(other, &again_size);
		REQUIRE(again && !strcmp(text, again), "%s\n---\n%s", text, again);
		free(again);
		policy_free(other);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size, *next;
	struct policy *policy;

	diag_setup(0, true);
	while (disk.n < FILES - 1 && (next = memmem(at, (size_t)(end - at), "\n>>>\n", 5))) {
		disk_add(at, (size_t)(next + 1 - at));
		at = next + 5;
	}
	disk_add(at, (size_t)(end - at));
	policy = read_main();
	if (policy)
		print_again(policy);
	policy_free(policy);
	disk_clear();
	diag_cleanup();
	return 0;
}
