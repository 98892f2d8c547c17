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

#include "apply.h"
#include "capture.h"
#include "check.h"
#include "config_read.h"
#include "deadline.h"
#include "diag.h"
#include "dockerd.h"
#include "plan.h"
#include "report_findings.h"
#include "rulespec.h"
#include "settings.h"

/* Hosts built from option texts, captured, and checked against the captured configuration. */

static char file[] = "/tmp/dockfw-capture.XXXXXX";

struct live {
	const char *chain, *text;
};

static struct chain *chain_of(struct table *table, const char *name)
{
	for (size_t i = 0; i < table->nchains; i++)
		if (!strcmp(table->chains[i]->name, name))
			return table->chains[i];
	return NULL;
}

static struct chain *make_chain(struct table *table, const char *name)
{
	struct chain *chain = chain_of(table, name);

	if (!chain) {
		chain = table_add_chain(table, name);
		chain->loaded = true;
		chain->builtin = !strcmp(name, "FORWARD");
		chain->policy = chain->builtin ? VERDICT_DROP : VERDICT_NONE;
	}
	return chain;
}

/* Adds a family as Docker 28 sets it up, with these rules; the list ends with NULL. */
static void add_family(struct snapshot *snapshot, enum family family, const struct live *live)
{
	static const struct live docker[] = {
		{ "FORWARD", "-j DOCKER-USER" },
		{ "FORWARD", "-j DOCKER-FORWARD" },
		{ "DOCKER-FORWARD", "-i docker0 -j ACCEPT" },
		{ "DOCKER-USER", NULL },
	};
	struct table *table = snapshot_add_table(snapshot, family, "filter");
	struct strings names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(docker); i++)
		make_chain(table, docker[i].chain);
	for (const struct live *l = live; l->chain; l++)
		make_chain(table, l->chain);
	for (size_t i = 0; i < table->nchains; i++)
		strings_add(&names, table->chains[i]->name);
	for (const struct live *l = docker;; l++) {
		struct spec spec;

		if (l == docker + ARRAY_SIZE(docker))
			l = live;
		if (!l->chain)
			break;
		if (!l->text)
			continue;
		assert_int_equal(rulespec_parse(family, &l->text, 1, &names, &spec), 0);
		if (spec.error)
			fail_msg("'%s': %s", l->text, spec.error);
		for (size_t k = 0; k < spec.nrules; k++)
			chain_add_rule(chain_of(table, l->chain), spec.rules[k]);
		spec.nrules = 0;
		spec_clear(&spec);
	}
	strings_clear(&names);
	table_sort(table);
}

static char *capture_as(const struct snapshot *snapshot, unsigned int families,
			enum captured result)
{
	struct policy *policy = policy_new();
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	policy->families = families;
	assert_int_equal(capture(policy, snapshot, out), result);
	assert_int_equal(fclose(out), 0);
	policy_free(policy);
	return text;
}

static char *capture_all(const struct snapshot *snapshot, unsigned int families)
{
	return capture_as(snapshot, families, CAPTURED_WHOLE);
}

static struct policy *read_back(const char *text)
{
	static const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	FILE *out = fopen(file, "w");
	struct policy *policy;

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	/* A file of now would be read again until it stays the same. */
	assert_int_equal(utimensat(AT_FDCWD, file, old, 0), 0);
	diag_cleanup();
	policy = config_read(file);
	if (!policy)
		fail_msg("%s\n%s", diag_first_error(), text);
	return policy;
}

/* With the captured configuration the host is correct, and there is nothing to repair. */
static void host_is_right(const struct snapshot *snapshot, const char *text)
{
	struct policy *policy = read_back(text);
	struct findings findings = { 0 };
	struct edits edits = { 0 };
	struct dockerd docker = { .running = false };

	check(policy, snapshot, &docker, &findings);
	report_findings(&findings, policy, NULL);
	if (findings.n)
		fail_msg("%s: %s\n%s", finding_name(findings.v[0].id), findings.v[0].message, text);
	plan(policy, snapshot, &edits);
	assert_int_equal(edits.n, 0);
	edits_clear(&edits);
	policy_free(policy);
}

/* Returns the part of a text from the first chain section on. */
static const char *chains_of(const char *text)
{
	const char *chains = strstr(text, "\nchain ");

	assert_non_null(chains);
	return chains + 1;
}

static void merged(void **state)
{
	static const struct live ipv4[] = {
		{ "DOCKER-USER", "-m conntrack --ctstate ESTABLISHED -j RETURN" },
		{ "DOCKER-USER", "-s 203.0.113.123 -i ens3 -p tcp --dport 80 -m comment --comment dockfw -j RETURN" },
		{ "DOCKER-USER", "-p udp -j DROP" },
		{ "DOCKER-USER", "-i ens3 -p tcp --dport 80 -m comment --comment dockfw -j REJECT" },
		{ "DOCKER-USER", "-p icmp -j OFFICE" },
		{ "DOCKER-USER", "-m comment --comment \"it's \\\"my\\\" ${rule}\" -j OFFICE" },
		{ "DOCKER-USER", "-j RETURN" },
		{ "OFFICE", "-p tcp -j DEEP" },
		{ "OFFICE", "-j RETURN" },
		{ "DEEP", "-j DROP" },
		{ "ELSEWHERE", "-j DROP" },
		{ NULL, NULL },
	};
	static const struct live ipv6[] = {
		{ "DOCKER-USER", "-m conntrack --ctstate ESTABLISHED -j RETURN" },
		{ "DOCKER-USER", "-s 2001:db8::/48 -i ens3 -p tcp --dport 80 -j RETURN" },
		{ "DOCKER-USER", "-p sctp -j DROP" },
		{ "DOCKER-USER", "-i ens3 -p tcp --dport 80 -j REJECT" },
		{ "DOCKER-USER", "-j REJECT --reject-with icmp6-adm-prohibited" },
		{ NULL, NULL },
	};
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	char *text;

	(void)state;
	add_family(snapshot, FAMILY_IPV4, ipv4);
	add_family(snapshot, FAMILY_IPV6, ipv6);
	text = capture_all(snapshot, 3);
	assert_non_null(strstr(text, "\nfamilies        = { \"ipv4\", \"ipv6\" }\n"));
	assert_string_equal(chains_of(text),
		"chain \"DOCKER-USER\" {\n"
		"    rules = {\n"
		"        \"-m conntrack --ctstate ESTABLISHED -j RETURN\",\n"
		"        \"-s 203.0.113.123/32 -i ens3 -p tcp -m tcp --dport 80 -j RETURN\",\n"
		"        \"-4 -p udp -j DROP\",\n"
		"        \"-s 2001:db8::/48 -i ens3 -p tcp -m tcp --dport 80 -j RETURN\",\n"
		"        \"-6 -p sctp -j DROP\",\n"
		"        \"-i ens3 -p tcp -m tcp --dport 80 -j REJECT\",\n"
		"        \"-4 -p icmp -j OFFICE\",\n"
		"        '-4 -m comment --comment \"it\\\\\\'s \\\"my\\\" ${rule}\" -j OFFICE',\n"
		"        \"-6 -j REJECT --reject-with icmp6-adm-prohibited\"\n"
		"    }\n"
		"}\n"
		"\n"
		"# A chain with rules here holds only these. If another program fills one, put\n"
		"# filled-by = \"others\" into its section in place of the rules.\n"
		"\n"
		"chain \"OFFICE\" {\n"
		"    rules = {\n"
		"        \"-4 -p tcp -j DEEP\",\n"
		"        \"-4 -j RETURN\"\n"
		"    }\n"
		"}\n"
		"\n"
		"chain \"DEEP\" {\n"
		"    rules = {\n"
		"        \"-4 -j DROP\"\n"
		"    }\n"
		"}\n");
	free(text);
	snapshot_free(snapshot);
}

static void right_afterwards(void **state)
{
	static const struct live ipv4[] = {
		{ "DOCKER-USER", "-s 203.0.113.123 -i ens3 -p tcp --dport 80 -j RETURN" },
		{ "DOCKER-USER", "-i ens3 -p tcp --dport 80 -m comment --comment dockfw -j REJECT" },
		{ "DOCKER-USER", "-p tcp -j OFFICE" },
		{ "DOCKER-USER", "-m comment --comment \"back\\\\slash 'n' \\\"quote\\\" $HOME # /*\" -j DROP" },
		{ "DOCKER-USER", "-m comment --comment \"a\tb \t\" -j DROP" },
		{ "DOCKER-USER", "-j RETURN" },
		{ "OFFICE", "-m limit --limit 3/min -j LOG --log-prefix \"a  b \" --log-level 4" },
		{ "OFFICE", "-j REJECT --reject-with tcp-reset -p tcp" },
		{ NULL, NULL },
	};
	static const struct live ipv6[] = {
		{ "DOCKER-USER", "-p tcp -j OFFICE" },
		{ "DOCKER-USER", "-i ens3 -p tcp --dport 80 -j REJECT" },
		{ "OFFICE", "-j REJECT --reject-with tcp-reset -p tcp" },
		{ "OFFICE", "-m limit --limit 3/min -j LOG --log-prefix \"a  b \" --log-level 4" },
		{ NULL, NULL },
	};
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	char *text;

	(void)state;
	add_family(snapshot, FAMILY_IPV4, ipv4);
	text = capture_all(snapshot, 3);
	/* The family that has none yet is looked at as well. */
	assert_non_null(strstr(text, "\nfamilies        = { \"ipv4\", \"ipv6\" }\n"));
	assert_non_null(strstr(text, "\"-4 "));
	host_is_right(snapshot, text);
	free(text);
	add_family(snapshot, FAMILY_IPV6, ipv6);
	text = capture_all(snapshot, 3);
	host_is_right(snapshot, text);
	free(text);
	text = capture_all(snapshot, 1U << FAMILY_IPV6);
	assert_non_null(strstr(text, "\n# Only the rules of IPv6 were captured.\n"));
	assert_non_null(strstr(text, "\nfamilies        = { \"ipv4\", \"ipv6\" }\n"));
	assert_null(strstr(text, "\"-4 "));
	free(text);
	snapshot_free(snapshot);
}

static void empty(void **state)
{
	static const struct live ret[] = { { "DOCKER-USER", "-j RETURN" }, { NULL, NULL } };
	struct snapshot *snapshot = snapshot_new(BACKEND_LEGACY);
	struct policy *policy = setting_default_policy();
	char *text;

	(void)state;
	diag_cleanup();
	assert_int_equal(capture(policy, snapshot, stdout), CAPTURED_FAILED);
	assert_non_null(strstr(diag_first_error(), "no chain DOCKER-USER in legacy"));
	policy_free(policy);
	add_family(snapshot, FAMILY_IPV4, ret);
	add_family(snapshot, FAMILY_IPV6, ret + 1);
	/* It does not state that no rule is wanted. */
	text = capture_as(snapshot, 3, CAPTURED_NOTHING);
	assert_null(strstr(text, "\nchain "));
	host_is_right(snapshot, text);
	free(text);
	snapshot_free(snapshot);
}

/* A rule that no configuration can hold is named, and does not affect the others. */
static void left_out(void **state)
{
	static const struct live ipv4[] = {
		{ "DOCKER-USER", "-p tcp -j DROP" },
		{ "DOCKER-USER", "-p udp -j DOCKER-FORWARD" },
		{ "DOCKER-USER", "-m comment --comment \"latin \xe4\" -j DROP" },
		{ "DOCKER-USER", "! -s 0.0.0.0/0 -j ACCEPT" },
		{ "DOCKER-USER", "-p sctp -j DROP" },
		{ NULL, NULL },
	};
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct rule *opaque = rule_new(FAMILY_IPV4);
	struct policy *policy;
	struct chain *user;
	char *text;

	(void)state;
	add_family(snapshot, FAMILY_IPV4, ipv4);
	opaque->opaque = xstrdup("expression 'ct'");
	user = table_chain(snapshot_table(snapshot, FAMILY_IPV4, "filter"), "DOCKER-USER");
	chain_insert_rule(user, 1, opaque);
	text = capture_as(snapshot, 3, CAPTURED_UNSAFE);
	assert_string_equal(chains_of(text),
		"chain \"DOCKER-USER\" {\n"
		"    rules = {\n"
		"        \"-4 -p tcp -j DROP\",\n"
		"        # ipv4 rule 2 is left out: it cannot be read completely: [opaque: expression 'ct']\n"
		"        # Whoever only this rule lets in is refused after a repair: it moves the rules "
		"that refuse (6 here) before it.\n"
		"        # ipv4 rule 3 is left out: the chain that it leads to cannot be configured: "
		"-p udp -j DOCKER-FORWARD\n"
		"        # Whoever only this rule lets in is refused after a repair: it moves the rules "
		"that refuse (6 here) before it.\n"
		"        # ipv4 rule 4 is left out: it has characters that are not text\n"
		"        # ipv4 rule 5 is left out: no packet matches it: ! -s 0.0.0.0/0 -j ACCEPT\n"
		"        \"-4 -p sctp -j DROP\"\n"
		"    }\n"
		"}\n");
	policy = read_back(text);
	assert_int_equal(policy->chains[0]->rules[FAMILY_IPV4].n, 2);
	policy_free(policy);
	free(text);
	snapshot_free(snapshot);
}

/* Which chains are held, in which family, and which are others'. */
static void owners(void **state)
{
	static const struct live ipv4[] = {
		{ "DOCKER-USER", "-p tcp -j f2b-web" },
		{ "DOCKER-USER", "-j OFFICE" },
		{ "DOCKER-USER", "-j SHARED" },
		{ "DOCKER-USER", "-j KUBE-FORWARD" },
		{ "DOCKER-USER", "-j PARTLY" },
		{ "DOCKER-USER", "-m recent --rcheck --name f2b-ssh --rsource -j DROP" },
		{ "f2b-web", "-s 203.0.113.200 -j REJECT" },
		{ "f2b-web", "-j f2b-more" },
		{ "OFFICE", "-j INNER" },
		{ "INNER", "-s 198.51.100.7 -j DROP" },
		{ "SHARED", "-s 203.0.113.201 -j DROP" },
		{ "SHARED", "-j SUB" },
		{ "SUB", "-j RETURN" },
		{ "KUBE-FORWARD", "-j ACCEPT" },
		{ "PARTLY", "-j DOCKER-FORWARD" },
		{ "PARTLY", "-j SUB" },
		{ "INPUT", "-j SHARED" },
		{ "f2b-more", "-j RETURN" },
		{ NULL, NULL },
	};
	static const struct live ipv6[] = {
		{ "INNER", "-j DROP" },
		{ "INPUT", "-j INNER" },
		{ NULL, NULL },
	};
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	char *text;

	(void)state;
	add_family(snapshot, FAMILY_IPV4, ipv4);
	add_family(snapshot, FAMILY_IPV6, ipv6);
	text = capture_all(snapshot, 3);
	assert_string_equal(chains_of(text),
		"chain \"DOCKER-USER\" {\n"
		"    rules = {\n"
		"        \"-4 -p tcp -j f2b-web\",\n"
		"        \"-4 -j OFFICE\",\n"
		"        \"-4 -j SHARED\",\n"
		"        \"-4 -j KUBE-FORWARD\",\n"
		"        \"-4 -j PARTLY\"\n"
		"        # ipv4 rule 6 is left out: the program whose set it names puts it in by "
		"itself: -m recent --rcheck --name f2b-ssh --mask 255.255.255.255 --rsource -j DROP\n"
		"    }\n"
		"}\n"
		"\n"
		"# This chain belongs to fail2ban: what is in it stays.\n"
		"chain \"f2b-web\" {\n"
		"    filled-by       = \"others\"\n"
		"    verdicts        = \"refuse\"\n"
		"}\n"
		"\n"
		"# A chain with rules here holds only these. If another program fills one, put\n"
		"# filled-by = \"others\" into its section in place of the rules.\n"
		"\n"
		"chain \"OFFICE\" {\n"
		"    rules = {\n"
		"        \"-4 -j INNER\"\n"
		"    }\n"
		"}\n"
		"\n"
		"# Not held, since INPUT (ipv4) jumps to it as well: another program may fill it.\n"
		"# Its rules now; to hold them, put them here in place of the settings:\n"
		"#   -s 203.0.113.201/32 -j DROP\n"
		"#   -4 -j SUB\n"
		"chain \"SHARED\" {\n"
		"    filled-by       = \"others\"\n"
		"    verdicts        = \"refuse\"\n"
		"}\n"
		"\n"
		"# This chain belongs to kube-proxy: what is in it stays.\n"
		"chain \"KUBE-FORWARD\" {\n"
		"    filled-by       = \"others\"\n"
		"    verdicts        = \"any\"\n"
		"}\n"
		"\n"
		"# Not held, since it cannot be captured completely: ipv4 rule 1: the chain that it "
		"leads to cannot be configured.\n"
		"# Its rules now; to hold them, put them here in place of the settings:\n"
		"#   -4 -j DOCKER-FORWARD\n"
		"#   -4 -j SUB\n"
		"chain \"PARTLY\" {\n"
		"    filled-by       = \"others\"\n"
		"    verdicts        = \"any\"\n"
		"}\n"
		"\n"
		"chain \"INNER\" {\n"
		"    rules = {\n"
		"        \"-s 198.51.100.7/32 -j DROP\"\n"
		"    }\n"
		"}\n");
	host_is_right(snapshot, text);
	free(text);
	snapshot_free(snapshot);
}

/* The name of a chain of others cannot end a comment. */
static void hostile_name(void **state)
{
	static const struct live ipv4[] = {
		{ "DOCKER-USER", "-j SHARED" },
		{ "SHARED", "-m comment --comment \"latin \xe4\" -j DROP" },
		{ "x\nchain", "-j SHARED" },
		{ NULL, NULL },
	};
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	char *text;

	(void)state;
	add_family(snapshot, FAMILY_IPV4, ipv4);
	text = capture_all(snapshot, 3);
	assert_string_equal(chains_of(text),
		"chain \"DOCKER-USER\" {\n"
		"    rules = {\n"
		"        \"-4 -j SHARED\"\n"
		"    }\n"
		"}\n"
		"\n"
		"# Not held, since another chain (ipv4) jumps to it as well: another program may fill it.\n"
		"chain \"SHARED\" {\n"
		"    filled-by       = \"others\"\n"
		"    verdicts        = \"refuse\"\n"
		"}\n");
	host_is_right(snapshot, text);
	free(text);
	snapshot_free(snapshot);
}

/* Each family keeps its own order, whatever the two have in common. */
static void random_orders(void **state)
{
	static const char *const texts[] = {
		"-p tcp -j DROP", "-p udp -j DROP", "-p sctp -j DROP", "-p 99 -j DROP",
		"-j REJECT", "-p tcp -j RETURN", "-i a -j DROP", "-i b -j LOG",
	};
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
		size_t rules = 0;
		char *text;

		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			struct live live[13] = { 0 };
			size_t n = (size_t)rand_r(&seed) % ARRAY_SIZE(live);

			rules += n;
			for (size_t i = 0; i < n; i++) {
				live[i].chain = "DOCKER-USER";
				live[i].text = texts[(size_t)rand_r(&seed) % ARRAY_SIZE(texts)];
			}
			add_family(snapshot, family, live);
		}
		text = capture_as(snapshot, 3, rules ? CAPTURED_WHOLE : CAPTURED_NOTHING);
		host_is_right(snapshot, text);
		free(text);
		snapshot_free(snapshot);
	}
}

static int set_up(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	diag_setup(0, true);
	deadline_start(300);
	return fd < 0 || close(fd) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	diag_cleanup();
	return unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged),
		cmocka_unit_test(right_afterwards),
		cmocka_unit_test(empty),
		cmocka_unit_test(left_out),
		cmocka_unit_test(owners),
		cmocka_unit_test(hostile_name),
		cmocka_unit_test(random_orders),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
