/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config_print.h"
#include "config_read.h"
#include "diag.h"
#include "flat.h"
#include "full_path.h"
#include "last_good.h"
#include "read_file.h"
#include "shrink.h"

/* The last good configuration: what is stored, what is read back, and what counts as cut off. */

static char folder[] = "/tmp/dockfw-last.XXXXXX";
static char *path;  /* of the main file */
static char *state; /* the state folder */

static char *in_folder(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

/* With an old time, or the file would be read again until it stays the same. */
static void put(const char *name, const char *text, size_t size)
{
	static const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	char *file = in_folder(name);
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(utimensat(AT_FDCWD, file, old, 0), 0);
	free(file);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

/* A configuration in both forms. */
struct config {
	struct policy *policy; /* NULL: refused */
	char *flat;
	size_t left_out;
};

static struct config load(void)
{
	struct config_sources sources;
	struct config config = { 0 };

	diag_cleanup();
	config.policy = config_read_most(path, NULL, NULL, &sources, &config.left_out);
	config.flat = sources.flat;
	strings_clear(&sources.sought);
	if (config.left_out) {
		policy_free(config.policy);
		config.policy = NULL;
	}
	return config;
}

static struct config good(const char *text)
{
	struct config config;

	put_text("dockfw.conf", text);
	config = load();
	if (!config.policy)
		fail_msg("refused: %s\nin: %s", diag_first_error(), text);
	return config;
}

static void drop(struct config *config)
{
	policy_free(config->policy);
	free(config->flat);
}

static char *shrunk(const struct config *now, const struct config *before)
{
	const struct whole a = { now->flat, policy_has_rules(now->policy), config_is_void(now->policy) };
	const struct whole b = { before->flat, policy_has_rules(before->policy), false };

	return config_shrunk(path, &a, &b);
}

static char *printed(const struct policy *policy)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(config_print(policy, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *contents(const char *file)
{
	size_t size;
	char *text = read_file(file, FLAT_LIMIT, &size);

	assert_non_null(text);
	return text;
}

static char *stored_path(void)
{
	char *name = last_good_name(path), *file = xasprintf("%s/%s", state, name);

	free(name);
	return file;
}

static void store(const struct config *config)
{
	const struct last_good none = { 0 };

	last_good_store(state, path, &none, config->flat, policy_has_rules(config->policy));
}

/* ---- what is stored ---- */

#define RULE(number) "\"-s 192.0.2." #number " -j DROP\""

static const char long_main[] =
	"\xef\xbb\xbf# the main file\n"
	"outside = { \"ens3\" } include(/* an odd place */ \"one.conf\",\n\t'conf.d/*.conf') unlisted = \"refuse\"\n"
	"/* a comment\n   of two lines */\n"
	"publish \"80/tcp\" { allow = { \"192.0.2.80\", \"2001:db8::/48\" } } // here\n"
	"publish 443/tcp { allow = any }\n"
	"chain \"OFFICE\" { rules = { " RULE(6) ", '-m comment \\\n  --comment \"a } # b\" -j RETURN' } }\n"
	"trusted-chains = { ts-forward }\ntrusted-chains += { 'KUBE-FORWARD' }\n"
	"#@1 whole\n"
	"foreign-rules = \"remove\" # the end";

static void put_long(void)
{
	put_text("one.conf", "chain DOCKER-USER { rules = { " RULE(1) ", \"-j OFFICE\" } }\n"
			     "include('two.conf') guard = 'auto' end() # over");
	put_text("two.conf", "# no newline at the end: ignore = { rule-stale }");
	put_text("conf.d/a b.conf", "ignore = {\r\n rule-stale }\r\n");
	put_text("conf.d/c.conf", "");
	put_text("dockfw.conf", long_main);
}

static void flat_means_the_same(void **unused)
{
	struct config whole;
	struct last_good last;
	struct policy *again;
	char *text, *other, *file = stored_path();

	(void)unused;
	put_long();
	whole = load();
	if (!whole.policy)
		fail_msg("refused: %s", diag_first_error());
	store(&whole);
	assert_true(last_good_read(state, path, &last));
	assert_true(last.has_rules);
	assert_string_equal(last.flat, whole.flat);
	assert_string_equal(last.file.name, file);
	again = config_read_stored(&last.file);
	assert_non_null(again);
	text = printed(whole.policy);
	other = printed(again);
	assert_string_equal(text, other);
	/* It opens nothing else, and is a configuration when it is copied back. */
	assert_null(strstr(last.flat, "\ninclude("));
	free(other);
	other = contents(file);
	put_text("dockfw.conf", other);
	policy_free(again);
	again = config_read(path);
	assert_non_null(again);
	free(other);
	other = printed(again);
	assert_string_equal(text, other);
	free(text);
	free(other);
	free(file);
	policy_free(again);
	last_good_clear(&last);
	drop(&whole);
}

static void flat_has_its_files(void **unused)
{
	struct config whole;
	struct flat_parts parts;

	(void)unused;
	put_long();
	whole = load();
	flat_split(whole.flat, &parts);
	assert_int_equal(parts.nfiles, 5);
	assert_string_equal(parts.files[0].text, "# no newline at the end: ignore = { rule-stale }");
	assert_string_equal(parts.files[1].text,
			    "chain DOCKER-USER { rules = { " RULE(1) ", \"-j OFFICE\" } }\n"
			    "include('two.conf') guard = 'auto' end() # over");
	assert_string_equal(parts.files[4].name, "");
	assert_non_null(strstr(parts.files[4].text,
			       "include(  \"one.conf\",  'conf.d/*.conf') unlisted = \"refuse\""));
	assert_int_equal(parts.nmatches, 1);
	assert_int_equal(parts.matches[0].matched, 2);
	assert_int_equal(parts.matches[0].line, 3);
	flat_parts_clear(&parts);
	drop(&whole);
}

/* Any text can be split, and every cut of a stored file is noticed. */
static void damaged(void **unused)
{
	struct config whole;
	char *text, *file = stored_path();
	struct last_good last;

	(void)unused;
	put_long();
	whole = load();
	store(&whole);
	text = contents(file);
	for (size_t size = 0; size <= strlen(text); size++) {
		assert_int_equal(truncate(file, 0), 0);
		FILE *out = fopen(file, "r+");

		assert_int_equal(fwrite(text, 1, size, out), size);
		assert_int_equal(fclose(out), 0);
		assert_int_equal(last_good_read(state, path, &last), size == strlen(text));
		last_good_clear(&last);
	}
	for (size_t size = strlen(whole.flat); size--;) {
		struct flat_parts parts;

		whole.flat[size] = '\0';
		flat_split(whole.flat, &parts);
		assert_true(parts.nfiles >= 1);
		flat_parts_clear(&parts);
	}
	free(text);
	free(file);
	drop(&whole);
}

static void untrusted(void **unused)
{
	struct config whole = good("guard = off\n");
	char *file = stored_path(), *other = in_folder("other");
	struct last_good last;

	(void)unused;
	store(&whole);
	assert_true(last_good_read(state, path, &last));
	last_good_clear(&last);
	assert_int_equal(chmod(file, 0620), 0);
	assert_false(last_good_read(state, path, &last));
	assert_int_equal(chmod(file, 0600), 0);
	if (!geteuid()) {
		/* The folder's owner may have written it, unless others can write there, too. */
		assert_int_equal(chown(file, 12345, 12345), 0);
		assert_false(last_good_read(state, path, &last));
		assert_int_equal(chown(state, 12345, 12345), 0);
		assert_true(last_good_read(state, path, &last));
		last_good_clear(&last);
		assert_int_equal(chmod(state, 0720), 0);
		assert_false(last_good_read(state, path, &last));
		assert_int_equal(chown(state, 0, 0), 0);
		assert_int_equal(chown(file, 0, 0), 0);
		assert_int_equal(chmod(state, 0700), 0);
	}
	assert_int_equal(rename(file, other), 0);
	assert_int_equal(symlink(other, file), 0);
	assert_false(last_good_read(state, path, &last));
	assert_int_equal(unlink(file), 0);
	/* What is stored for one file is not for another. */
	assert_int_equal(rename(other, file), 0);
	assert_false(last_good_read(state, other, &last));
	free(other);
	free(file);
	drop(&whole);
}

static void names(void **unused)
{
	static const char *const cases[][2] = {
		{ "/etc/dockfw/dockfw.conf", "etc-dockfw-dockfw.conf" },
		{ "/etc/dockfw-dockfw.conf", "etc-dockfw%2ddockfw.conf" },
		{ "//etc/./dockfw/x/../a b%.conf", "etc-dockfw-a%20b%25.conf" },
		{ "/.new", "%2enew" },
		{ "/", "" },
	};
	char *long_a = xcalloc(400, 1), *name, *other;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		name = last_good_name(cases[i][0]);
		assert_string_equal(name, cases[i][1]);
		free(name);
	}
	memset(long_a, 'a', 390);
	*long_a = '/';
	name = last_good_name(long_a);
	long_a[380] = 'b';
	other = last_good_name(long_a);
	assert_true(strlen(name) < 255 && strcmp(name, other) != 0);
	free(long_a);
	free(name);
	free(other);
}

/* As realpath(3), and the same when the file is missing. */
static void full_paths(void **unused)
{
	char *link = in_folder("link"), *loop = in_folder("loop"), *there, *found, *real;

	(void)unused;
	put_text("conf.d/linked", "");
	assert_int_equal(symlink("conf.d/../conf.d/linked", link), 0);
	real = realpath(link, NULL);
	assert_non_null(real);
	found = full_path(link);
	assert_string_equal(found, real);
	free(found);
	assert_int_equal(unlink(real), 0);
	found = full_path(link);
	assert_string_equal(found, real);
	free(found);
	free(real);
	assert_int_equal(symlink(loop, loop), 0);
	found = full_path(loop);
	assert_non_null(found);
	free(found);
	there = getcwd(NULL, 0);
	assert_int_equal(chdir(folder), 0);
	found = full_path("./dockfw.conf");
	real = realpath(path, NULL);
	assert_string_equal(found, real);
	assert_int_equal(chdir(there), 0);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(unlink(loop), 0);
	free(there);
	free(found);
	free(real);
	free(link);
	free(loop);
}

/* ---- what is cut off ---- */

/* Every cut of that file is refused or means the same; returns how many mean the same. */
static size_t cut_everywhere(const char *name, const char *text, const struct config *whole)
{
	char *meant = printed(whole->policy);
	size_t same = 0;

	for (size_t size = 0; size < strlen(text); size++) {
		struct config now;
		char *why, *means;

		put(name, text, size);
		now = load();
		why = now.policy ? shrunk(&now, whole) : NULL;
		if (now.policy && !why) {
			means = printed(now.policy);
			if (strcmp(meant, means) != 0)
				fail_msg("%s: the first %zu bytes are taken for a wish", name, size);
			free(means);
			same++;
		}
		free(why);
		drop(&now);
	}
	put_text(name, text);
	free(meant);
	return same;
}

static void cuts_of_long(void **unused)
{
	struct config whole;
	char *why;

	(void)unused;
	put_long();
	whole = load();
	why = shrunk(&whole, &whole);
	assert_null(why);
	/* Only the comment at the end, and the blank before it, may go. */
	assert_int_equal(cut_everywhere("dockfw.conf", long_main, &whole), strlen(" # the end"));
	put_long();
	assert_int_equal(cut_everywhere("one.conf",
					"chain DOCKER-USER { rules = { " RULE(1) ", \"-j OFFICE\" } }\n"
					"include('two.conf') guard = 'auto' end() # over", &whole),
			 strlen(" # over"));
	put_long();
	/* A carriage return by itself is no text. */
	assert_int_equal(cut_everywhere("conf.d/a b.conf", "ignore = {\r\n rule-stale }\r\n", &whole), 1);
	drop(&whole);
}

/* The sample, as it is installed, and with its examples opened. */
static void cuts_of_sample(void **unused)
{
	char *sample = contents("conf/dockfw.conf"), *from, *to;
	struct config whole = good(sample);
	bool inside = false;

	(void)unused;
	assert_true(cut_everywhere("dockfw.conf", sample, &whole) > 1000);
	drop(&whole);
	/* Without its comments, which make no difference. */
	for (from = to = sample; *from;) {
		inside |= !strncmp(from, "# chain \"", 9) || !strncmp(from, "# publish \"", 11);
		if (inside && !strncmp(from, "# }", 3)) {
			inside = false;
			from += 2;
		} else if (inside && !strncmp(from, "# ", 2)) {
			from += 2;
		} else if (*from == '#') {
			from = strchr(from, '\n') + 1;
			continue;
		}
		while (*from && (*to++ = *from++) != '\n')
			;
	}
	*to = '\0';
	whole = good(sample);
	assert_true(policy_has_rules(whole.policy));
	cut_everywhere("dockfw.conf", sample, &whole);
	drop(&whole);
	free(sample);
}

/* Whether the text is taken after the other one; words: why not. */
static void after(const char *before, const char *now, const char *words)
{
	struct config old = good(before), new = good(now);
	char *why = shrunk(&new, &old);

	if (!words != !why || (why && !strstr(why, words)))
		fail_msg("%s\nafter %s\n%s, not %s", now, before, why ? why : "taken", words ? words : "taken");
	free(why);
	drop(&old);
	drop(&new);
}

#define CHAIN(number) "chain DOCKER-USER { rules = { " RULE(number) " } }\n"

static void stated(void **unused)
{
	(void)unused;
	after(CHAIN(1) "guard = off\n", CHAIN(1), "dockfw.conf:1: the file is the beginning of the last good");
	after(CHAIN(1) "guard = off\n", CHAIN(1) "end()", NULL);
	after(CHAIN(1) "guard = off\n", CHAIN(1) "# off\n", NULL);
	after(CHAIN(1) "end()\n", CHAIN(1), "cut off");
	after(CHAIN(1) "end()\n", CHAIN(2), "it does not end with end()");
	after(CHAIN(1) "end()\n", CHAIN(2) "end(\n) // over\n", NULL);
	after("guard = off end()", "guard = auto", NULL);
	after(CHAIN(1), "", "dockfw.conf:1: no rule is configured");
	after(CHAIN(1), "guard = off", "write: chain \"DOCKER-USER\" { rules = { } }");
	after(CHAIN(1), "chain \"DOCKER-USER\" { rules = { } }", NULL);
	after("unlisted = refuse", "guard = off", "no rule is configured");
	after("publish 80/tcp { }", "guard = off", "no rule is configured");
	after(CHAIN(1), "direct = refuse", NULL);
	after("guard = off", "", "cut off in line 1");
	after("# a comment\nguard = off", "guard = auto", NULL);
	after("include('conf.d/*.conf') " CHAIN(1), CHAIN(1), NULL);
	after("include('conf.d/*.conf') " CHAIN(1), "\n\ninclude('conf.d/*x.conf') " CHAIN(1), NULL);
}

static void lost_includes(void **unused)
{
	struct config before, now;
	char *why, *one = in_folder("late.d/one"), *late = in_folder("late.d");

	(void)unused;
	assert_int_equal(mkdir(late, 0700), 0);
	put_text("late.d/one", CHAIN(1));
	before = good("\ninclude('late.d/*') guard = off");
	assert_int_equal(unlink(one), 0);
	now = load();
	why = shrunk(&now, &before);
	assert_non_null(why);
	assert_non_null(strstr(why, "no rule is configured"));
	free(why);
	drop(&now);
	now = good("\ninclude('late.d/*') unlisted = refuse");
	why = shrunk(&now, &before);
	assert_non_null(strstr(why, "dockfw.conf:2: no file matches '"));
	free(why);
	drop(&now);
	put_text("late.d/two", "");
	now = load();
	assert_null(shrunk(&now, &before));
	drop(&now);
	drop(&before);
	free(one);
	free(late);
}

static void end_is_the_end(void **unused)
{
	static const char *const texts[] = {
		"end() guard = off", "end()\nend()", "end() }", "end() include('one.conf')", "end(1)", "end('')",
		"end", "end(", "end = 1", "chain X { end() }", "\"end\"()",
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct config now;

		put_text("dockfw.conf", texts[i]);
		now = load();
		if (now.policy)
			fail_msg("accepted: %s", texts[i]);
		drop(&now);
	}
}

static int up(void **unused)
{
	char *sub;

	(void)unused;
	umask(022);
	diag_setup(0, true);
	assert_non_null(mkdtemp(folder));
	sub = in_folder("conf.d");
	assert_int_equal(mkdir(sub, 0755), 0);
	free(sub);
	path = in_folder("dockfw.conf");
	state = in_folder("state");
	return 0;
}

static int down(void **unused)
{
	char *command = xasprintf("rm -rf %s", folder);

	(void)unused;
	assert_int_equal(system(command), 0);
	free(command);
	free(path);
	free(state);
	diag_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flat_means_the_same),
		cmocka_unit_test(flat_has_its_files),
		cmocka_unit_test(damaged),
		cmocka_unit_test(untrusted),
		cmocka_unit_test(names),
		cmocka_unit_test(full_paths),
		cmocka_unit_test(cuts_of_long),
		cmocka_unit_test(cuts_of_sample),
		cmocka_unit_test(stated),
		cmocka_unit_test(lost_includes),
		cmocka_unit_test(end_is_the_end),
	};

	return cmocka_run_group_tests(tests, up, down);
}
