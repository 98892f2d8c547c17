/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
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
#include "deadline.h"
#include "diag.h"

/* Whole configurations, read from files in a temporary folder. */

static char folder[] = "/tmp/dockfw-config.XXXXXX";
static char *path; /* of the main file */

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
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(utimensat(AT_FDCWD, file, old, 0), 0);
	free(file);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static struct policy *read_text(const char *text)
{
	diag_cleanup();
	put_text("dockfw.conf", text);
	return config_read(path);
}

static struct policy *good(const char *text)
{
	struct policy *policy = read_text(text);

	if (!policy)
		fail_msg("refused: %s\nin: %s", diag_first_error(), text);
	return policy;
}

/* The first error is for that line of the main file, and contains these words. */
static void refused_at(const char *text, unsigned int line, const char *words)
{
	struct policy *policy = read_text(text);
	char *place = xasprintf("%s:%u: ", path, line);

	if (policy)
		fail_msg("accepted: %s", text);
	assert_non_null(diag_first_error());
	if (strncmp(diag_first_error(), place, strlen(place)) || !strstr(diag_first_error(), words))
		fail_msg("'%s' is not '%s' with '%s'\nfor: %s", diag_first_error(), place, words, text);
	free(place);
}

static const struct wanted_rules *user_rules(const struct policy *policy, enum family family)
{
	return &policy->chains[0]->rules[family];
}

static void empty_is_default(void **state)
{
	static const char *const texts[] = { "", "\n", "# nothing\n", "/* nothing */", "\xef\xbb\xbf" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct policy *policy = good(texts[i]);

		assert_int_equal(policy->families, 3);
		assert_int_equal(policy->backend, CHOICE_AUTO);
		assert_int_equal(policy->foreign_rules, FOREIGN_KEEP);
		assert_int_equal(policy->recovery, RECOVERY_RESTORE);
		assert_int_equal(policy->nchains, 1);
		assert_string_equal(policy->chains[0]->name, "DOCKER-USER");
		assert_int_equal(user_rules(policy, FAMILY_IPV4)->n, 0);
		policy_free(policy);
	}
}

static void settings(void **state)
{
	struct policy *policy = good("families = { \"ipv6\" }\r\n"
				     "backend = \"legacy\"\n"
				     "trusted-chains = { ts-forward, \"cali-FORWARD\" }\n"
				     "trusted-chains += { 'KUBE-FORWARD' }\n"
				     "foreign-rules = \"remove\"\n"
				     "ignore = { \"rule-stale\", \"rule-unreachable\" }\n"
				     "docker-recovery = \"restart\"\n");

	(void)state;
	assert_int_equal(policy->families, 1U << FAMILY_IPV6);
	assert_int_equal(policy->backend, CHOICE_LEGACY);
	assert_int_equal(policy->trusted_chains.n, 3);
	assert_string_equal(policy->trusted_chains.v[2], "KUBE-FORWARD");
	assert_int_equal(policy->foreign_rules, FOREIGN_REMOVE);
	assert_int_equal(policy->ignore.n, 2);
	assert_int_equal(policy->recovery, RECOVERY_RESTART);
	policy_free(policy);
}

static void lines_of_rules(void **state)
{
	struct policy *policy = good("# a comment\n"
				     "# another\n"
				     "/* and one\n"
				     "   of two lines */\n"
				     "chain \"DOCKER-USER\" { // here\n"
				     "  rules = { # in a list\n"
				     "    \"-s 192.0.2.1 -j RETURN\", # behind a rule\n"
				     "    \"-s 192.0.2.2 \\\n"
				     "        -j RETURN\",\n"
				     "    \"-s 192.0.2.3,192.0.2.4 -j DROP\"\n"
				     "  }\n"
				     "}\n");
	const struct wanted_rules *rules = user_rules(policy, FAMILY_IPV4);

	(void)state;
	assert_int_equal(policy->chains[0]->line, 5);
	assert_int_equal(rules->n, 4);
	assert_int_equal(rules->v[0].line, 7);
	assert_int_equal(rules->v[1].line, 8);
	assert_int_equal(rules->v[2].line, 10);
	assert_int_equal(rules->v[3].line, 10);
	assert_string_equal(rules->v[0].file, path);
	assert_int_equal(user_rules(policy, FAMILY_IPV6)->n, 0);
	policy_free(policy);
}

static void families_of_rules(void **state)
{
	static const struct {
		const char *text;
		size_t ipv4, ipv6;
	} rules[] = {
		{ "-p tcp -j DROP", 1, 1 },
		{ "", 1, 1 },
		{ "-4 -p tcp -j DROP", 1, 0 },
		{ "-6 -p tcp -j DROP", 0, 1 },
		{ "-s 192.0.2.0/24 -j DROP", 1, 0 },
		{ "-s 0.0.0.0/0 -j DROP", 1, 1 }, /* as in ip6tables */
		{ "-d 2001:db8::/32 -j DROP", 0, 1 },
		{ "-s 192.0.2.1,192.0.2.2 -j DROP", 2, 0 },
		{ "-j REJECT", 1, 1 },
		{ "-j REJECT --reject-with icmp-port-unreachable", 1, 0 },
		{ "-j REJECT --reject-with icmp6-port-unreachable", 0, 1 },
		{ "-m ttl --ttl-lt 2 -j DROP", 1, 0 },
		{ "-m hl --hl-lt 2 -j DROP", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		for (unsigned int families = 1; families <= 3; families++) {
			char *text = xasprintf("families = { %s }\nchain DOCKER-USER { rules = { \"%s\" } }",
					       families == 1 ? "ipv4" : families == 2 ? "ipv6" :
					       "ipv4, ipv6", rules[i].text);
			struct policy *policy = good(text);

			assert_int_equal(user_rules(policy, FAMILY_IPV4)->n,
					 families & 1 ? rules[i].ipv4 : 0);
			assert_int_equal(user_rules(policy, FAMILY_IPV6)->n,
					 families & 2 ? rules[i].ipv6 : 0);
			policy_free(policy);
			free(text);
		}
	}
}

static void quoting(void **state)
{
	static const struct {
		const char *written, *comment;
	} rules[] = {
		{ "'-m comment --comment \"a \\\"b\\\" c\" -j DROP'", "a \"b\" c" },
		{ "\"-m comment --comment \\\"a b\\\" -j DROP\"", "a b" },
		{ "\"-m comment --comment \\\"a \\\\\\\"b\\\\\\\" c\\\" -j DROP\"", "a \"b\" c" },
		{ "'-m comment --comment \"it\\'s # no // comment /* at all */ {,}\" -j DROP'",
		  "it's # no // comment /* at all */ {,}" },
		{ "'-m comment --comment \"${HOME} stays\" -j DROP'", "${HOME} stays" },
		{ "\"-m comment --comment \\${HOME} -j DROP\"", "${HOME}" },
		{ "\"-m comment --comment $HOME -j DROP\"", "$HOME" },
		{ "'-m comment --comment \"gr\xc3\xbc\xc3\x9f\x65\" -j DROP'", "gr\xc3\xbc\xc3\x9f\x65" },
		{ "'-m comment --comment \"back\\\\\\\\slash\" -j DROP'", "back\\slash" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		char *text = xasprintf("chain \"DOCKER-USER\" { rules = { %s } }", rules[i].written);
		struct policy *policy = good(text);
		const struct rule *rule = user_rules(policy, FAMILY_IPV4)->v[0].rule;

		assert_int_equal(rule->nmatches, 1);
		assert_string_equal((const char *)rule->matches[0].data, rules[i].comment);
		policy_free(policy);
		free(text);
	}
}

static void publish_goes_behind(void **state)
{
	struct policy *policy = good("publish \"80/tcp\" { allow = { \"192.0.2.1\", \"2001:db8::1\" } }\n"
				     "publish 53-54/udp { allow = any interface = ens3 }\n"
				     "chain \"DOCKER-USER\" { rules = { \"-i ens9 -j RETURN\" } }\n");
	const struct wanted_rules *rules = user_rules(policy, FAMILY_IPV4);

	(void)state;
	assert_int_equal(rules->n, 4);
	assert_string_equal(rules->v[0].text, "-i ens9 -j RETURN");
	assert_string_equal(rules->v[1].text, "-s 192.0.2.1 -p tcp -m conntrack --ctstate DNAT "
					      "--ctorigdstport 80 "
					      "--ctdir ORIGINAL -j RETURN");
	assert_string_equal(rules->v[2].text,
			    "-p tcp -m conntrack --ctstate DNAT --ctorigdstport 80 --ctdir ORIGINAL "
			    "-j REJECT");
	assert_string_equal(rules->v[3].text, "-i ens3 -p udp -m conntrack --ctstate DNAT "
					      "--ctorigdstport 53:54 "
					      "--ctdir ORIGINAL -j RETURN");
	assert_int_equal(rules->v[1].line, 1);
	assert_int_equal(rules->v[3].line, 2);
	assert_int_equal(user_rules(policy, FAMILY_IPV6)->n, 4);
	assert_int_equal(policy->nsections, 2);
	assert_int_equal(policy->sections[0].port, 80);
	assert_false(policy->sections[0].any);
	assert_int_equal(policy->sections[1].port, 53);
	assert_int_equal(policy->sections[1].last, 54);
	assert_int_equal(policy->sections[1].proto, 17);
	assert_true(policy->sections[1].any);
	assert_int_equal(policy->sections[1].line, 2);
	policy_free(policy);
}

#define RELATED "-m conntrack --ctstate RELATED"
#define ERRORS "errors" /* the rule for ICMP errors, which each family has in its own form */

static void expect_texts(const struct wanted_rules *rules, size_t first, const char *const *texts)
{
	static const char *const errors[FAMILY_COUNT] = {
		"-4 -p icmp " RELATED " -j RETURN", "-6 -p ipv6-icmp " RELATED " -j RETURN",
	};

	for (; *texts; texts++, first++) {
		assert_true(first < rules->n);
		assert_string_equal(rules->v[first].text, strcmp(*texts, ERRORS) ? *texts :
				    errors[rules->v[first].rule->family]);
	}
	assert_int_equal(first, rules->n);
}

#define CT(port) "-p tcp -m conntrack --ctstate DNAT --ctorigdstport " port " --ctdir ORIGINAL"
#define DNAT "-m conntrack --ctstate DNAT --ctdir ORIGINAL"

static void interfaces_of_sections(void **state)
{
	static const char *const rules[] = {
		"-j f2b", "-i wg0 " CT("80") " -j RETURN",
		"-i ens3 " CT("80") " -j REJECT", "-i eth+ " CT("80") " -j REJECT",
		"-i + " CT("80") " -j DROP", "-i a " CT("81") " -j RETURN", "-i b " CT("81") " -j RETURN",
		ERRORS, "-i ens3 " DNAT " -j REJECT", "-i eth+ " DNAT " -j REJECT", NULL,
	};
	static const char *const named[] = { "ens3", "eth+", "wg0", "+", "a", "b" };
	static const unsigned int lines[] = { 6, 6, 1, 3, 4, 4 };
	/* outside counts wherever it is. */
	struct policy *policy = good("publish 80/tcp { interface = wg0 allow = any }\n"
				     "publish 80/tcp { }\n"
				     "publish 80/tcp { interface = '+' otherwise = drop }\n"
				     "publish 81/tcp { interface = { a, b } allow = any }\n"
				     "unlisted = refuse\n"
				     "outside = { ens3, \"eth+\" }\n"
				     "chain DOCKER-USER { rules = { \"-j f2b\" } }\n"
				     "chain f2b { filled-by = others verdicts = refuse }\n");

	(void)state;
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		expect_texts(user_rules(policy, family), 0, rules);
		for (size_t i = 7; i < 10; i++) {
			assert_true(user_rules(policy, family)->v[i].section == SECTION_CLOSING);
			assert_int_equal(user_rules(policy, family)->v[i].line, 5);
		}
	}
	assert_int_equal(policy->nsections, 4);
	assert_int_equal(policy->sections[1].line, 2);
	assert_int_equal(policy->sections[1].interfaces.n, 2);
	assert_int_equal(policy->nnamed, ARRAY_SIZE(named));
	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		assert_string_equal(policy->named[i].name, named[i]);
		assert_int_equal(policy->named[i].line, lines[i]);
	}
	assert_int_equal(policy->chains[1]->filled_by, FILLED_BY_OTHERS);
	assert_int_equal(policy->chains[1]->verdicts, VERDICTS_REFUSE);
	policy_free(policy);

	policy = good("unlisted = refuse outside = { }");
	expect_texts(user_rules(policy, FAMILY_IPV6), 0,
		     (const char *const[]){ ERRORS, DNAT " -j REJECT", NULL });
	policy_free(policy);
	policy = good("outside = { }");
	assert_int_equal(user_rules(policy, FAMILY_IPV6)->n, 0);
	policy_free(policy);
}

static void mark_is_taken_off(void **state)
{
	struct policy *policy = good("chain \"DOCKER-USER\" { rules = {\n"
				     "\"-p tcp -m comment --comment dockfw -j DROP\" } }");

	(void)state;
	assert_int_equal(user_rules(policy, FAMILY_IPV4)->v[0].rule->nmatches, 0);
	policy_free(policy);
}

static void includes(void **state)
{
	struct policy *policy;
	char *folder_d = in_folder("conf[1].d");

	(void)state;
	assert_int_equal(mkdir(folder_d, 0755), 0);
	put_text("conf[1].d/b.conf", "publish \"81/tcp\" { }\n");
	put_text("conf[1].d/a.conf", "# first\npublish \"80/tcp\" { }\ninclude(\"deep/x.inc\")\n");
	put_text("conf[1].d/.hidden.conf", "no such thing");
	free(folder_d);
	folder_d = in_folder("conf[1].d/deep");
	assert_int_equal(mkdir(folder_d, 0755), 0);
	free(folder_d);
	put_text("conf[1].d/deep/x.inc", "chain \"OWN\" { rules = { \"-j DROP\" } }");
	policy = good("include('conf\\\\[1].d/*.conf') include(\"conf[1].d/nothing-*\")\n"
		      "publish \"82/tcp\" { }\n");
	assert_int_equal(policy->nsections, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(policy->sections[i].port, 80 + i);
	assert_int_equal(policy->sections[0].line, 2);
	assert_non_null(strstr(policy->sections[0].file, "/conf[1].d/a.conf"));
	assert_int_equal(policy->sections[2].line, 2);
	assert_string_equal(policy->chains[1]->name, "OWN");
	assert_non_null(strstr(policy->chains[1]->file, "/deep/x.inc"));
	policy_free(policy);

	put_text("loop.inc", "\ninclude(\"dockfw.conf\")\n");
	assert_null(read_text("include(\"loop.inc\")\n"));
	assert_non_null(strstr(diag_first_error(), "/loop.inc:2: "));
	assert_non_null(strstr(diag_first_error(), "includes itself"));
	refused_at("\ninclude(\"gone.inc\")\n", 2, "No such file");
	refused_at("include(\"deep.inc\"", 1, "never closed");
	refused_at("include()", 1, "no file");
	put_text("set.inc", "\nbackend = nft\n");
	assert_null(read_text("backend = auto\ninclude(\"set.inc\")"));
	assert_non_null(strstr(diag_first_error(), "/set.inc:2: 'backend' is already set"));
}

/* A file that is missing or wrong hides no wrong word of the others, and makes none wrong. */
static void around_a_wrong_include(void **state)
{
	static const char *const missing[] = { "gone.inc", "wrong.inc", "torn.inc" };

	(void)state;
	put_text("wrong.inc", "outside = { \"a\" \"b\" }\nignore = { }\n");
	put_text("torn.inc", "chain \"OFFICE\" {\n");
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		char *good_words = xasprintf("include(\"%s\")\n"
					     "chain \"DOCKER-USER\" { rules = { \"-j OFFICE\" } }\n"
					     "publish \"80/tcp\" { interface = wg0 allow = { } }\n"
					     "publish \"80/tcp\" { allow = { } }\n", missing[i]);
		char *wrong = xasprintf("backend = nfs\n%s"
					"publish \"80\" { allow = { host } }\n"
					"chain \"FORWARD\" { filled-by = \"me\" }\n"
					"chain \"DOCKER-USER\" { }\n", good_words);
		unsigned int before = diag_error_count();

		assert_null(read_text(good_words));
		assert_int_equal(diag_error_count(), before + 1);
		refused_at(wrong, 1, "backend: 'nfs'");
		assert_int_equal(diag_error_count(), before + 1 + 1 + 6);
		free(good_words);
		free(wrong);
	}
	/* Where a file is not read to its end, nothing more is known. */
	put_text("stop.inc", "include()\nbackend = nfs\n");
	assert_null(read_text("guard = on\ninclude(\"stop.inc\")\nchain \"FORWARD\" { }\n"));
	assert_non_null(strstr(diag_first_error(), "/stop.inc:1: include() names no file"));
}

static void deep_includes(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		char *name = xasprintf("n%d.inc", i), *text = xasprintf("include(\"n%d.inc\")", i + 1);

		put_text(name, text);
		free(name);
		free(text);
	}
	assert_null(read_text("include(\"n0.inc\")"));
	assert_non_null(strstr(diag_first_error(), "too deeply"));
}

static void bad_syntax(void **state)
{
	(void)state;
	refused_at("\nnonsense = 1\n", 2, "there is no setting 'nonsense'; there are families, backend");
	refused_at("chain \"X\" { rule = { } }", 1, "'rule' is not a setting of a chain section; did you mean 'rules'?");
	refused_at("chain \"X\" {\n rules = { \"-j DROP\" }\n", 1, "never closed");
	refused_at("chain \"X\" {\n rules = { \"-j DROP }\n}\n", 2, "a quote (\") is missing");
	refused_at("chain \"X\" {\n rules = { '-j DROP\" }\n}\n", 2, "a quote (') is missing");
	refused_at("ignore = { }\n/* never\nclosed", 2, "comment is never closed");
	refused_at("families = { \"ipv4\" \"ipv6\" }", 1, "a ',' or '}' is missing before \"ipv6\"");
	refused_at("backend = nft }", 1, "closes nothing");
	refused_at("backend = nft\nbackend = legacy\n", 2, "already set");
	refused_at("ignore = { }\n\nignore = { }\n", 3, "already set");
	assert_non_null(strstr(diag_first_error(), "; '+=' adds to a list"));
	refused_at("backend = nft\nbackend = legacy\n", 2, "already set");
	assert_null(strstr(diag_first_error(), "+="));
	refused_at("chain \"X\" { rules = { \"-j DROP\" }\n rules = { } }", 2, "already set");
	refused_at("chain \"X\" { }\n\nchain \"X\" { }", 3, "there is already a section for the chain 'X', at ");
	refused_at("publish \"80/tcp\" { interface = ens+ }", 1, "'+' is not allowed here");
	refused_at("backend = ${HOME}", 1, "'$' is not allowed here");
	refused_at("backend = \"${HOME}\"", 1, "'${' in double quotes");
	refused_at("backend = \"n\\x66t\"", 1, "'\\x' has no meaning");
	refused_at("backend = \"n\\146t\"", 1, "'\\1' has no meaning");
	refused_at("\"backend\" = nft", 1, "found \"backend\"; a list is { \"a\", \"b\" }, and names have no quotes");
	refused_at("\n'' nft", 2, "expected the name of a setting or of a section, found \"\"");
	refused_at("\nchain \"X\" { \"\" }", 2, "expected the name of a setting or of a section, found \"\"");
	refused_at("backend nft", 1, "a '=' is missing after 'backend'");
	refused_at("ignore = { }\nbackend =\n\n\n", 2, "the file ends after 'backend', before its value");
	refused_at("backend = { nft }", 1, "'backend' takes one value, not a list");
	refused_at("publish { }", 1, "the name is missing: a section is publish \"PORT\" { … }");
	refused_at("chain \"X\" { chain \"Y\" { } }", 1, "'chain' cannot be in a chain section");
	refused_at("chain \"X\" { include(\"f\") }", 1, "'include' cannot be in a chain section");
	refused_at("\xc3\xbc = 1", 1, "'\xc3\xbc' is not allowed here");
	refused_at("{{{{{{{{{", 1, "found '{'");
	refused_at("backend = \"nft\\", 1, "is missing on the line");
	refused_at("families = \"ipv4\", \"ipv6\"", 1, "found ','; a list is { \"a\", \"b\" }");
	refused_at("backnd = nft", 1, "did you mean 'backend'?");
	refused_at("rules = { }", 1, "'rules' is a setting of a chain section");
	refused_at("chain \"X\" {\n guard = off }", 2, "'guard' is a setting of the whole file");
	refused_at("backend += nft", 1, "'+=' adds to a list");
	refused_at("include \"f\"", 1, "'include' is written as include(\"FILE\")");
	refused_at("rules = { { } }", 1, "chain section");
	refused_at("ignore = { { a } }\n", 1, "'{' in the list 'ignore'");
	refused_at("backend = nft\npublish", 2, "the file ends at the beginning of a publish section");
	refused_at("chain \"X\" { rules = { }", 1, "never closed");
}

/* Errors of several passes come in the order of the file, and one does not hide the next. */
static void in_order(void **state)
{
	struct strings files = { 0 };
	unsigned int before;

	(void)state;
	refused_at("publish \"80\" { }\nchain \"X\" { rules = { \"--nosuch\" } }\nbackend = nfs\n", 1,
		   "is not a port");
	refused_at("chain \"X\" { rules = { \"--nosuch\" } }\nbackend = nfs\n", 1, "--nosuch");
	refused_at("backend = nfs", 1, "did you mean 'nft'?");
	refused_at("ignore = { \"rule-mising\" }", 1, "did you mean 'rule-missing'?");
	diag_cleanup();
	before = diag_error_count();
	assert_null(read_text("backnd = nft\nguard { \"auto\" }\nunlisted = { refuse }\n"
			      "chain { rules = { } }\nignore = { \"a\" \"b\" }\n"));
	assert_int_equal(diag_error_count(), before + 5);
	strings_add(&files, "second");
	strings_add(&files, "first");
	diag_cleanup();
	diag_sort_begin();
	diag_error("of no file");
	diag_error_at("first", 1, "one");
	diag_error_at("second", 9, "nine");
	diag_error_at("second", 2, "two");
	diag_sort_end(&files);
	assert_string_equal(diag_first_error(), "second:2: two");
	diag_cleanup();
	strings_clear(&files);
}

static void bad_values(void **state)
{
	unsigned int errors;

	(void)state;
	refused_at("families = {\n \"ipv4\",\n \"ipv5\" }", 3, "neither \"ipv4\" nor \"ipv6\"");
	refused_at("\nfamilies = { }", 2, "the list is empty");
	/* A rule is not invalid because of it. */
	errors = diag_error_count();
	refused_at("families = { \"ipv5\" } chain DOCKER-USER { rules = { \"-j DROP\" } }", 1, "ipv5");
	assert_int_equal(diag_error_count(), errors + 1);
	refused_at("backend = nftables", 1, "is not one of");
	refused_at("foreign-rules = yes", 1, "is not one of");
	refused_at("docker-recovery = reboot", 1, "is not one of \"none\", \"restart\" or \"restore\"");
	refused_at("ignore = {\n \"rule-lost\" }", 2, "is not a finding id");
	refused_at("trusted-chains = { DOCKER }", 1, "Docker's");
	refused_at("trusted-chains = { DOCKER-USER }", 1, "Docker's");
	refused_at("trusted-chains = { \"a b\" }", 1, "is not a chain name");
	refused_at("publish \"80\" { }", 1, "is not a port and protocol");
	refused_at("\npublish \"0/tcp\" { }", 2, "is not a port and protocol");
	refused_at("publish \"80/tcp\" {\n interface = \"a b\" }", 2, "is not an interface name");
	refused_at("publish \"80/tcp\" {\n\n allow = { \"192.0.2.1\",\n\"here\" } }", 4, "is neither an address");
	refused_at("publish 80/tcp { allow = { any, nobody } }", 1, "'nobody' is neither an address");
	refused_at("publish 80/tcp { allow = { any, \"::1\" } }", 1, "'::1' is listed along with \"any\"");
	refused_at("publish 80/tcp { allow = { host-firewall, any } }", 1,
		   "'any' already lets everyone in");
	refused_at("publish 80/tcp { allow = { any, any } }", 1, "'any' is in the list twice");
	refused_at("publish \"80/tcp\" { otherwise = accept }", 1, "neither \"reject\" nor \"drop\"");
	refused_at("publish \"80-90/tcp\" { }\npublish \"85/tcp\" { interface = ens3 }", 2,
		   "already decided by '80-90/tcp'");
	refused_at("publish 80/tcp { }\npublish 80/tcp { }", 2, "already decided by '80/tcp' at ");
	/* What is not said is what outside says. */
	refused_at("outside = wg0\npublish 80/tcp { }\npublish 80/tcp { interface = wg0 }", 3,
		   "already decided by '80/tcp'");
	policy_free(good("outside = wg0\npublish 80/tcp { }\npublish 80/tcp { interface = wg1 }"));
	refused_at("publish 80/tcp {\n interface = { a,\n a } }", 3, "interface: 'a' is in the list twice");
	refused_at("outside = { a, a }", 1, "outside: 'a' is in the list twice");
	refused_at("outside =\n \"a, b\"", 2, "a list is written { \"a\", \"b\" }");
	refused_at("publish 80/tcp { interface = \"ens3,ens4,ens5,wg0\" }", 1, "a list is written");
	refused_at("guard = on", 1, "neither \"auto\" nor \"off\"");
	refused_at("unlisted = deny", 1, "not one of \"allow\", \"refuse\" or \"host-firewall\"");
}

static void bad_chains(void **state)
{
	static const char *const names[] = {
		"", "-x", "!x", "a b", "a/b", "INPUT", "FORWARD", "ACCEPT", "RETURN", "DOCKER",
		"DOCKER-FORWARD", "DOCKER-INGRESS", "DOCKER-ISOLATION", "forward", "input", "LOG", "REJECT", "DNAT", "TTL", "HL", "12345678901234567890123456789",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *text = xasprintf("\nchain \"%s\" { }", names[i]);

		refused_at(text, 2, "the name ");
		free(text);
	}
	refused_at("chain \"a/b\" { }", 1, "must not contain '/'");
	policy_free(good("chain \"1234567890123456789012345678\" { }"));
	policy_free(good("chain tcp { }\nchain standard { }\nchain set { }"));
	policy_free(good("trusted-chains = { DOCKER-BLOCK }\nchain DOCKER-USER-web { }\nchain DOCKER_X { }"));
	policy_free(good("chain OFFICE { rules = { \"-j RETURN\" } }\n"
			 "chain DOCKER-USER { rules = { \"-j OFFICE\", \"-g OFFICE\" } }"));
	refused_at("chain DOCKER-USER { rules = {\n\"-j OFFICE\" } }", 2, "no chain 'OFFICE'");
	refused_at("chain DOCKER-USER { rules = {\n\"-6 -s 192.0.2.1 -j DROP\" } }", 2, "'192.0.2.1' is not an IPv6 address");
	refused_at("chain DOCKER-USER { rules = {\n\"-4 -6 -j DROP\" } }", 2, "it has both -4 and -6");
	refused_at("families = { ipv6 }\nchain DOCKER-USER { rules = {\n\"--ipv6 -4 -j DROP\" } }", 3,
		   "it has both -4 and -6");
	refused_at("chain A { rules = {\n\"-j A\" } }", 2, "the chains form a loop: A -> A");
	refused_at("chain A { rules = {\n\"-j B\" } }\nchain B { rules = {\n \"-j DROP\",\n\"-g C\" } }\n"
		   "chain C { rules = {\n \"-p tcp -j A\" } }", 7, "A -> B -> C -> A");
	refused_at("chain A { rules = {\n\"-6 -j B\" } }\nchain B { rules = {\n \"-6 -j A\" } }", 4,
		   "A -> B -> A");
	/* In different families they do not conflict. */
	policy_free(good("chain A { rules = { \"-6 -j B\" } } chain B { rules = { \"-4 -j A\" } }"));
	refused_at("chain A { rules = {\n\"-j DOCKER-USER\" } }", 2, "only FORWARD may jump");
	refused_at("chain DOCKER-USER { rules = {\n\"-j DOCKER-USER\" } }", 2, "only FORWARD may jump");
	refused_at("\nchain DOCKER-USER { filled-by = others }", 2, "cannot be filled by others");
	refused_at("chain A { filled-by = others\nrules = {\n\"-j DROP\" } }", 3, "cannot have rules here");
	refused_at("chain A {\nverdicts = refuse }", 2, "is only for a chain with filled-by");
	refused_at("chain A { filled-by = dockfw\n\nverdicts = refuse }", 3, "is only for a chain");
	refused_at("chain A {\nfilled-by = fail2ban }", 2, "neither \"dockfw\" nor \"others\"");
	policy_free(good("chain A { filled-by = others verdicts = any }\n"
			 "chain DOCKER-USER { filled-by = dockfw verdicts = any }"));
}

static void bad_rules(void **state)
{
	(void)state;
	refused_at("chain DOCKER-USER { rules = {\n\n\"-p tcp --dport 99999 -j DROP\" } }", 3, "99999");
	refused_at("chain DOCKER-USER { rules = {\n\"-m nosuch -j DROP\" } }", 2, "nosuch");
	refused_at("chain DOCKER-USER { rules = {\n\"-6 -m nosuch -j DROP\" } }", 2, "nosuch");
	refused_at("families = ipv4 chain DOCKER-USER { rules = {\n\"-6 -m nosuch -j DROP\" } }", 2,
		   "nosuch");
	refused_at("families = ipv4 chain DOCKER-USER { rules = {\n\"-m nosuch -j DROP\" } }", 2,
		   "nosuch");
	refused_at("chain DOCKER-USER { rules = {\n\"-A DOCKER-USER -j DROP\" } }", 2, "-A");
	refused_at("chain DOCKER-USER { rules = {\n'-m comment --comment \"x -j DROP' } }", 2, "\"");
}

static void bad_files(void **state)
{
	char *other = in_folder("other"), *words;
	struct policy *policy;

	(void)state;
	diag_cleanup();
	assert_null(config_read(other));
	assert_non_null(strstr(diag_first_error(), "No such file"));
	assert_non_null(strstr(diag_first_error(), "--capture"));
	diag_cleanup();
	assert_null(config_read(folder));
	assert_non_null(strstr(diag_first_error(), "is a directory"));
	diag_cleanup();
	assert_null(config_read("/dev/zero"));
	assert_non_null(strstr(diag_first_error(), "is a device"));
	diag_cleanup();
	policy = config_read("/dev/null");
	assert_non_null(policy);
	policy_free(policy);
	assert_int_equal(mkfifo(other, 0600), 0);
	diag_cleanup();
	assert_null(config_read(other));
	assert_non_null(strstr(diag_first_error(), "is a FIFO"));
	assert_int_equal(unlink(other), 0);

	put("dockfw.conf", "\n\n\0x", 4);
	diag_cleanup();
	assert_null(config_read(path));
	words = xasprintf("%s:3: not a text file", path);
	assert_non_null(strstr(diag_first_error(), words));
	free(words);
	refused_at("# \xff\xfe\n", 1, "not a text file");
	refused_at("# \xed\xa0\x80\n", 1, "not a text file");
	refused_at("\n# \x1b[31m\n", 2, "control character 0x1b");
	refused_at("a\rb", 1, "control character 0x0d");

	/* A link is fine; its target is checked. */
	put_text("dockfw.conf", "");
	assert_int_equal(symlink(path, other), 0);
	policy = config_read(other);
	assert_non_null(policy);
	policy_free(policy);
	assert_int_equal(chmod(path, 0664), 0);
	diag_cleanup();
	assert_null(config_read(other));
	assert_non_null(strstr(diag_first_error(), "writable by its group (mode 0664); run: chmod g-w"));
	assert_int_equal(chmod(path, 0666), 0);
	diag_cleanup();
	assert_null(config_read(path));
	assert_non_null(strstr(diag_first_error(), "its group and everyone else"));
	assert_int_equal(chmod(path, 0600), 0);
	put_text("bad.inc", "");
	free(other);
	other = in_folder("bad.inc");
	assert_int_equal(chmod(other, 0646), 0);
	refused_at("\n\ninclude(\"bad.inc\")", 3, "writable by everyone");
	if (!geteuid()) {
		assert_int_equal(chmod(other, 0644), 0);
		assert_int_equal(chown(other, 12345, 0), 0);
		refused_at("include(\"bad.inc\")", 1, "belongs to user 12345");
	}
	assert_int_equal(truncate(other, 17 * 1024 * 1024), 0);
	assert_int_equal(chown(other, geteuid(), getegid()), 0);
	refused_at("include(\"bad.inc\")", 1, "at most 16777216 are read");
	free(other);
}

static char *print(const struct policy *policy)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(config_print(policy, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* What sections and unlisted become is shown, as comments. */
static void print_shows_all_rules(void **state)
{
	static const char wanted[] =
		"\nchain \"DOCKER-USER\" {\n    rules = {\n        \"-j F\"\n    }\n}\n"
		"\nchain \"F\" {\n"
		"    filled-by       = \"others\"\n"
		"    verdicts        = \"any\"\n"
		"}\n"
		"\npublish \"80-81/tcp\" {\n"
		"    interface       = { \"ens3\" }\n"
		"    allow           = { \"192.0.2.1\" }\n"
		"    otherwise       = \"drop\"\n"
		"    # -s 192.0.2.1/32 -i ens3 " CT("80:81") " -j RETURN\n"
		"    # -i ens3 " CT("80:81") " -j DROP\n"
		"}\n"
		"\n# unlisted = \"refuse\", after all other rules of DOCKER-USER:\n"
		"#   -4 -p icmp " RELATED " -j RETURN\n"
		"#   -4 -i ens3 " DNAT " -j REJECT --reject-with icmp-port-unreachable\n"
		"#   -6 -p ipv6-icmp " RELATED " -j RETURN\n"
		"#   -6 -i ens3 " DNAT " -j REJECT --reject-with icmp6-port-unreachable\n";
	struct policy *policy = good("outside = ens3 unlisted = refuse chain DOCKER-USER { rules = \"-j F\" } "
				     "chain F { filled-by = others } publish 80-81/tcp { "
				     "allow = \"192.0.2.1\" otherwise = drop }");
	char *text = print(policy);

	(void)state;
	assert_non_null(strstr(text, "\n\n"));
	assert_string_equal(strstr(text, "\n\n") + 1, wanted);
	free(text);
	policy_free(policy);
}

static void print_is_fixed_point(void **state)
{
	static const char *const texts[] = {
		"",
		"families = ipv4 chain DOCKER-USER { rules = { \"-p tcp -j REJECT\" } }",
		"families = ipv6 ignore = { rule-stale } trusted-chains = { 'a\\'b', \"c\\\"\" } "
		"chain DOCKER-USER { rules = { \"-p tcp -j REJECT\" } } publish 80/tcp { }",
		"chain DOCKER-USER { rules = { \"-4 -p tcp -j DROP\", \"-p udp -j DROP\", \"\", \"-4\", "
		"\"-6\", \"-6 -p 99 -j RETURN\", '-m comment --comment \"\\\"${x}\\\" it\\'s \\\\\\\\\" -j A' } }"
		"chain A { } chain B { rules = { \"-s 192.0.2.0/28,192.0.3.0/28 -g A\" } }"
		"publish 80/tcp { allow = { \"2001:db8::/32\", \"192.0.2.1\" } otherwise = drop }",
		"outside = { 'ens3', \"eth+\" } unlisted = refuse direct = refuse guard = off "
		"chain DOCKER-USER { rules = { \"-j F\", \"-j G\" } } chain F { filled-by = others } "
		"chain G { filled-by = others verdicts = refuse } publish 80-81/tcp { } "
		"publish 80/tcp { interface = { a, b } allow = any } publish 443/tcp { interface = '+' "
		"allow = { \"192.0.2.1\", \"::/00\" } otherwise = drop } "
		"publish 443/udp { interface = wg0 } publish 443/udp { }",
		"unlisted = refuse families = ipv6 publish 80/tcp { allow = \"2001:db8::1\" }",
		/* Parts that the listing leaves out. */
		"chain DOCKER-USER { rules = { \"-p esp -m esp ! --espspi 0:4294967295 -j DROP\", "
		"\"-4 -p tcp ! --dport 0:65535\", \"-s 192.0.2.1 -p ipcomp -m ipcomp --ipcompspi :\", "
		"\"-m recent --set\", \"-6 -m rt --rt-segsleft :\" } }",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct policy *policy = good(texts[i]), *again;
		char *first = print(policy), *second;

		again = good(first);
		second = print(again);
		assert_string_equal(first, second);
		assert_int_equal(policy->nsections, again->nsections);
		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			const struct wanted_rules *a = user_rules(policy, family);
			const struct wanted_rules *b = user_rules(again, family);

			assert_int_equal(a->n, b->n);
			for (size_t k = 0; k < a->n; k++)
				assert_true(rule_equal_but_mark(a->v[k].rule, b->v[k].rule) &&
					    a->v[k].section == b->v[k].section);
		}
		policy_free(policy);
		policy_free(again);
		free(first);
		free(second);
	}
}

static void many_rules(void **state)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct policy *policy;

	(void)state;
	fprintf(out, "chain DOCKER-USER { rules = {\n");
	for (int i = 0; i < 10000; i++)
		fprintf(out, "  \"-p tcp -s 10.%d.%d.1 --dport %d -j DROP\",\n", i / 250, i % 250, i + 1);
	fprintf(out, "} }\n");
	fclose(out);
	policy = good(text);
	assert_int_equal(user_rules(policy, FAMILY_IPV4)->n, 10000);
	assert_int_equal(user_rules(policy, FAMILY_IPV4)->v[9999].line, 10001);
	policy_free(policy);
	free(text);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	path = in_folder("dockfw.conf");
	diag_setup(0, true);
	deadline_start(300);
	return 0;
}

static int tear_down(void **state)
{
	char *command = xasprintf("rm -r %s", folder);
	int status = system(command);

	(void)state;
	free(command);
	free(path);
	diag_cleanup();
	return status;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_default),
		cmocka_unit_test(settings),
		cmocka_unit_test(lines_of_rules),
		cmocka_unit_test(families_of_rules),
		cmocka_unit_test(quoting),
		cmocka_unit_test(publish_goes_behind),
		cmocka_unit_test(interfaces_of_sections),
		cmocka_unit_test(mark_is_taken_off),
		cmocka_unit_test(includes),
		cmocka_unit_test(around_a_wrong_include),
		cmocka_unit_test(deep_includes),
		cmocka_unit_test(bad_syntax),
		cmocka_unit_test(in_order),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(bad_chains),
		cmocka_unit_test(bad_rules),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(print_shows_all_rules),
		cmocka_unit_test(print_is_fixed_point),
		cmocka_unit_test(many_rules),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
