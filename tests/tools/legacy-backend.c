/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "backend_legacy.h"
#include "backend_nft.h"
#include "deadline.h"
#include "detect.h"
#include "diag.h"
#include "iptc.h"
#include "show-rule.h"
#include "util.h"

/*
 * Commands for the ip_tables backend, for the tests in tests/legacy:
 *
 *   dump TABLE                    both families, as in the snapshot
 *   copy FAMILY TABLE FROM TO     creates TO with copies of FROM's rules and counters
 *   swap FAMILY TABLE CHAIN N     moves rule N to the head of its chain
 *   between FAMILY TABLE COMMAND  reads, runs COMMAND in a shell, inserts a rule
 *                                 into FORWARD; prints the result of the commit
 *   both TABLE COMMAND            the same in IPv4 and IPv6
 *   delete FAMILY TABLE CHAIN N M deletes rule N with an edit that claims to be for rule M
 *   churn FAMILY TABLE CHAIN N    inserts and deletes a rule N times, retrying if others wrote
 *   loop FAMILY TABLE             a chain that jumps to itself
 *   idle                          opens for writing, reads, commits nothing
 *   detect                        prints the backend
 *   bench FAMILY TABLE N          N full reads, compared with bare fetches by libiptc
 */

static int read_whole(struct backend *backend, struct snapshot *snapshot, enum family family,
		      const char *name)
{
	struct table *table;

	if (backend->ops->read_table(backend, snapshot, family, name) != BACKEND_OK)
		return -1;
	table = snapshot_table(snapshot, family, name);
	for (size_t i = 0; table && i < table->nchains; i++)
		if (backend->ops->read_chain(backend, snapshot, table, table->chains[i]))
			return -1;
	return 0;
}

static int dump(const char *name)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_LEGACY);
	struct backend *backend = backend_legacy.open(false);
	int result = backend ? 0 : -1;

	for (enum family family = 0; family < FAMILY_COUNT && !result; family++)
		result = read_whole(backend, snapshot, family, name);
	for (size_t t = 0; t < snapshot->ntables && !result; t++) {
		const struct table *table = snapshot->tables[t];

		printf("%s %s\n", family_name(table->family), table->name);
		for (size_t c = 0; c < table->nchains; c++) {
			const struct chain *chain = table->chains[c];

			printf(" %s%s\n", chain->name,
			       !chain->builtin ? "" :
			       chain->policy == VERDICT_DROP ? " DROP" : " ACCEPT");
			for (size_t r = 0; r < chain->nrules; r++)
				print_rule(chain->rules[r]);
		}
	}
	backend_legacy.close(backend);
	snapshot_free(snapshot);
	return result;
}

/* Makes edits of the tables that were read; returns false if it cannot. */
typedef bool make_edits(const struct snapshot *snapshot, enum family family, char **args,
			struct edits *edits);

static bool make_copy(const struct snapshot *snapshot, enum family family, char **args,
		      struct edits *edits)
{
	const struct chain *from =
		table_chain(snapshot_table(snapshot, family, args[0]), args[1]);

	if (!from)
		return false;
	edits_chain(edits, EDIT_CREATE, family, args[0], args[2]);
	for (size_t i = 0; i < from->nrules; i++) {
		if (from->rules[i]->opaque)
			return false;
		edits_rule(edits, EDIT_INSERT, family, args[0], args[2], i + 1, from->rules[i]);
	}
	return true;
}

static bool make_swap(const struct snapshot *snapshot, enum family family, char **args,
		      struct edits *edits)
{
	const struct chain *chain =
		table_chain(snapshot_table(snapshot, family, args[0]), args[1]);
	size_t n = strtoul(args[2], NULL, 10);

	if (!chain || n < 1 || n > chain->nrules)
		return false;
	edits_rule(edits, EDIT_INSERT, family, args[0], args[1], 1, chain->rules[n - 1]);
	edits_rule(edits, EDIT_DELETE, family, args[0], args[1], n + 1, chain->rules[n - 1]);
	return true;
}

static bool make_delete(const struct snapshot *snapshot, enum family family, char **args,
			struct edits *edits)
{
	const struct chain *chain =
		table_chain(snapshot_table(snapshot, family, args[0]), args[1]);
	size_t n = strtoul(args[2], NULL, 10), m = strtoul(args[3], NULL, 10);

	if (!chain || m < 1 || m > chain->nrules)
		return false;
	edits_rule(edits, EDIT_DELETE, family, args[0], args[1], n, chain->rules[m - 1]);
	return true;
}

static bool make_forward(const struct snapshot *snapshot, enum family family, char **args,
			 struct edits *edits)
{
	struct rule *rule = rule_new(family);

	if (!snapshot_table(snapshot, family, args[0]))
		edits_chain(edits, EDIT_CREATE, family, args[0], "FORWARD");
	rule->verdict = VERDICT_DROP;
	interface_set(&rule->in, "between0");
	edits_rule(edits, EDIT_INSERT, family, args[0], "FORWARD", 1, rule);
	rule_free(rule);
	if (system(args[1]))
		return false;
	return true;
}

static bool make_both(const struct snapshot *snapshot, enum family family, char **args,
		      struct edits *edits)
{
	char *silent[] = { args[0], "true" };

	return make_forward(snapshot, FAMILY_IPV4, args, edits) &&
	       make_forward(snapshot, FAMILY_IPV6, silent, edits) && family == FAMILY_IPV4;
}

static bool make_loop(const struct snapshot *snapshot, enum family family, char **args,
		      struct edits *edits)
{
	struct rule *rule = rule_new(family);

	(void)snapshot;
	edits_chain(edits, EDIT_CREATE, family, args[0], "CIRCLE");
	rule_set_chain(rule, VERDICT_JUMP, "CIRCLE");
	edits_rule(edits, EDIT_INSERT, family, args[0], "CIRCLE", 1, rule);
	edits_rule(edits, EDIT_INSERT, family, args[0], "FORWARD", 1, rule);
	rule_free(rule);
	return true;
}

static bool make_nothing(const struct snapshot *snapshot, enum family family, char **args,
			 struct edits *edits)
{
	(void)snapshot;
	(void)family;
	(void)args;
	(void)edits;
	return true;
}

static int edit(make_edits *make, enum family family, char **args)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_LEGACY);
	struct backend *backend = backend_legacy.open(true);
	struct edits edits = { 0 };
	int result = BACKEND_FAILED;

	if (!backend)
		goto out;
	for (enum family each = 0; each < FAMILY_COUNT; each++)
		if (read_whole(backend, snapshot, each, args[0]))
			goto out;
	if (!make(snapshot, family, args, &edits)) {
		fprintf(stderr, "no such edits\n");
		goto out;
	}
	result = backend_legacy.commit(backend, snapshot, &edits, NULL);
out:
	edits_clear(&edits);
	backend_legacy.close(backend);
	snapshot_free(snapshot);
	return result;
}

static int print_result(int result)
{
	if (result != BACKEND_FAILED)
		puts(result == BACKEND_OK ? "ok" : "changed");
	return result == BACKEND_FAILED ? -1 : 0;
}

/* Inserts a rule, then deletes it, each under its own hold of the lock. */
static bool make_churn(const struct snapshot *snapshot, enum family family, char **args,
		       struct edits *edits)
{
	const struct chain *chain =
		table_chain(snapshot_table(snapshot, family, args[0]), args[1]);
	struct rule *rule = rule_new(family);
	size_t at = 0;

	interface_set(&rule->in, "churn0");
	rule->verdict = VERDICT_DROP;
	for (size_t i = 0; chain && i < chain->nrules; i++)
		if (rule_equal(chain->rules[i], rule))
			at = i + 1;
	if (chain)
		edits_rule(edits, at ? EDIT_DELETE : EDIT_INSERT, family, args[0], args[1],
			   at ? at : 1, rule);
	rule_free(rule);
	return chain != NULL;
}

static int churn(enum family family, char **args)
{
	unsigned long changed = 0, n = 2 * strtoul(args[2], NULL, 10);
	int result;

	for (unsigned long i = 0; i < n;) {
		deadline_start(30);
		result = edit(make_churn, family, args);
		if (result == BACKEND_FAILED)
			return -1;
		if (result == BACKEND_OK)
			i++;
		else
			changed++;
	}
	printf("%lu writes, %lu again\n", n, changed);
	return 0;
}

static int bench(enum family family, char **args)
{
	unsigned long n = strtoul(args[1], NULL, 10);
	uint64_t start = clock_ms(), bare, whole;

	for (unsigned long i = 0; i < n; i++)
		iptc_families[family].ops->free(iptc_open(family, args[0], false));
	bare = clock_ms() - start;
	start = clock_ms();
	for (unsigned long i = 0; i < n; i++) {
		struct snapshot *snapshot = snapshot_new(BACKEND_LEGACY);
		struct backend *backend = backend_legacy.open(false);

		if (backend_legacy.read_table(backend, snapshot, family, args[0]))
			return -1;
		backend_legacy.close(backend);
		snapshot_free(snapshot);
	}
	whole = clock_ms() - start;
	printf("bare %llu ms, read %llu ms\n", (unsigned long long)bare,
	       (unsigned long long)whole);
	return 0;
}

static const struct {
	const char *name;
	int args;
	make_edits *make;
} commands[] = {
	{ "copy", 4, make_copy },   { "swap", 4, make_swap }, { "delete", 5, make_delete },
	{ "between", 3, make_forward }, { "loop", 2, make_loop },
};

int main(int argc, char **argv)
{
	const char *seconds = getenv("SECONDS_LEFT");
	const struct backend_ops *ops;
	char *idle[] = { "filter", NULL };
	const char *mode = argc > 1 ? argv[1] : "";
	int result = -1;

	diag_setup(0, false);
	deadline_start(seconds ? (unsigned int)atoi(seconds) : 10);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(mode, commands[i].name) && argc == 2 + commands[i].args)
			result = print_result(edit(commands[i].make, family_of(argv[2]),
						   argv + 3));
	if (!strcmp(mode, "both") && argc == 4)
		result = print_result(edit(make_both, FAMILY_IPV4, argv + 2));
	else if (!strcmp(mode, "idle"))
		result = print_result(edit(make_nothing, FAMILY_IPV4, idle));
	else if (!strcmp(mode, "dump") && argc == 3)
		result = dump(argv[2]);
	else if (!strcmp(mode, "churn") && argc == 6)
		result = churn(family_of(argv[2]), argv + 3);
	else if (!strcmp(mode, "bench") && argc == 5)
		result = bench(family_of(argv[2]), argv + 3);
	else if (!strcmp(mode, "detect")) {
		static const struct backend_ops *const backends[] = {
			[BACKEND_NFT] = &backend_nft, [BACKEND_LEGACY] = &backend_legacy,
		};

		ops = backend_detect(backends, 3, NULL);
		puts(ops ? backend_kind_name(ops->kind) : "none");
		result = ops ? 0 : -1;
	}
	diag_cleanup();
	return result ? 3 : 0;
}
