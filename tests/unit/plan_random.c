/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of check and plan over random snapshots and policies: the result of a
 * plan needs no further plan and has no repairable finding; all foreign rules are
 * there, in their order; what was correct is not touched.
 */
#include "docker_chains.h"
#include "dockerd.h"
#include "model.h"
#include "plan_undo.h"
#include "random.h"
#include "report_findings.h"

static const char *const words[] = {
	"-s 10.0.0.1 -j RETURN", "-s 10.0.0.2 -j RETURN", "-i ens3 -p 6 m:tcp ext:REJECT",
	"-i ens3 -j DROP", "-j RETURN", "-j DROP", "est -j ACCEPT", "-i x -j ACCEPT", "ext:LOG",
	"-j OFFICE", "-j f2b", "-g f2b", "?", "-p 17 m:udp -j DROP", "-j DOCKER-USER",
	"-i ens3 -j DOCKER-USER", "-j DOCKER-FORWARD", "-j DOCKER-ISOLATION-STAGE-1", "-j ts", "m:set",
	"-j OLD",
};

static const char *random_words(size_t most)
{
	return words[below((unsigned int)most)];
}

static void fill(struct snapshot *snapshot, const char *const *chains, size_t nchains)
{
	const char *lines[64];
	char *made[64];
	size_t n = 0;

	for (size_t c = 0; c < nchains; c++) {
		unsigned int rules = below(7);
		/* DOCKER-USER and the like do not jump to chains that jump to them. */
		size_t most = !strcmp(chains[c], "FORWARD") ? ARRAY_SIZE(words) :
			      !strcmp(chains[c], DOCKER_USER) ? 14 : 10;

		made[n++] = xasprintf("%s", chains[c]);
		for (unsigned int r = 0; r < rules; r++)
			made[n++] = xasprintf("%s %s%s", chains[c], random_words(most),
					      below(3) ? "" : " #");
		if (!strcmp(chains[c], DOCKER_USER) && !below(4))
			made[n++] = xasprintf("%s -j OLD #", chains[c]);
	}
	for (size_t i = 0; i < n; i++)
		lines[i] = made[i];
	lines[n] = NULL;
	model_table(snapshot, FAMILY_IPV4, lines);
	for (size_t i = 0; i < n; i++)
		free(made[i]);
}

static struct snapshot *random_snapshot(void)
{
	static const char *const all[] = { "FORWARD", "DOCKER-USER", "DOCKER-FORWARD", "OFFICE",
					   "f2b", "ts", "DOCKER-ISOLATION-STAGE-1", "OLD" };
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	const char *chains[ARRAY_SIZE(all)];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (below(8))
			chains[n++] = all[i];
	fill(snapshot, chains, n);
	return snapshot;
}

static struct policy *random_policy(void)
{
	struct policy *policy = policy_new();

	policy->families = 1U << FAMILY_IPV4;
	policy->foreign_rules = below(4) ? FOREIGN_KEEP : FOREIGN_REMOVE;
	if (below(2))
		strings_add(&policy->trusted_chains, "ts");
	for (unsigned int i = below(6); i; i--)
		model_want(policy, DOCKER_USER, random_words(5));
	if (below(2))
		for (unsigned int i = below(3); i; i--)
			model_want(policy, "OFFICE", random_words(8));
	if (!below(3)) {
		struct wanted_chain *chain = policy_add_chain(policy, "f2b", "test.conf", 1);

		chain->filled_by = FILLED_BY_OTHERS;
		chain->verdicts = below(2) ? VERDICTS_ANY : VERDICTS_REFUSE;
		model_want(policy, DOCKER_USER, "-j f2b");
	}
	return policy;
}

static bool is_wanted(const struct policy *policy, const char *chain, const struct rule *rule)
{
	const struct wanted_chain *wanted = policy_chain(policy, chain);

	for (size_t i = 0; wanted && i < wanted->rules[FAMILY_IPV4].n; i++)
		if (rule_equal_but_mark(wanted->rules[FAMILY_IPV4].v[i].rule, rule))
			return true;
	return false;
}

/* The handles of the rules that no repair may touch, in their order. */
static size_t foreign(const struct policy *policy, const struct snapshot *snapshot,
		      const char *name, uint64_t *handles)
{
	const struct chain *chain = table_chain(snapshot_table(snapshot, FAMILY_IPV4, "filter"), name);
	const struct wanted_chain *wanted = policy_chain(policy, name);
	bool others = wanted && wanted->filled_by == FILLED_BY_OTHERS;
	size_t n = 0;

	for (size_t i = 0; chain && i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];

		if (!rule->handle)
			continue;
		if (!strcmp(name, "FORWARD") ? !rule->opaque && rule->verdict == VERDICT_JUMP &&
					       !strcmp(rule->chain, DOCKER_USER)
					     : !others && (rule_is_marked(rule) ||
							   is_wanted(policy, name, rule)))
			continue;
		handles[n++] = rule->handle;
	}
	return n;
}

static struct snapshot *copy_of(const struct snapshot *from)
{
	struct snapshot *to = snapshot_new(from->backend);

	for (size_t t = 0; t < from->ntables; t++) {
		const struct table *table = from->tables[t];
		struct table *copy = snapshot_add_table(to, table->family, table->name);

		for (size_t c = 0; c < table->nchains; c++) {
			struct chain *chain = table_add_chain(copy, table->chains[c]->name);

			chain->builtin = table->chains[c]->builtin;
			chain->loaded = table->chains[c]->loaded;
			chain->policy = table->chains[c]->policy;
			for (size_t i = 0; i < table->chains[c]->nrules; i++)
				chain_add_rule(chain, rule_copy(table->chains[c]->rules[i]));
		}
		table_sort(copy);
	}
	return to;
}

/* Puts a rule of others into some chains that the repair has written, or takes them out again. */
static void meddle(struct snapshot *snapshot, bool remove)
{
	static const char *const names[] = { "FORWARD", DOCKER_USER };
	struct table *table = snapshot_table(snapshot, FAMILY_IPV4, "filter");

	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		struct chain *chain = table_chain(table, names[n]);
		struct rule *theirs = model_rule(FAMILY_IPV4, "-i theirs -j DROP");
		size_t found = 0;

		for (size_t i = 0; chain && remove && i < chain->nrules; i++)
			if (rule_equal(chain->rules[i], theirs)) {
				rule_free(chain_remove_rule(chain, i--));
				found++;
			}
		if (chain && !remove)
			chain_insert_rule(chain, below((unsigned int)chain->nrules + 1), rule_copy(theirs));
		assert_true(!remove || !chain || found == 1);
		rule_free(theirs);
	}
}

/* Only builtin chains have one; the model gives it to all. */
static void no_policies(struct snapshot *snapshot)
{
	for (size_t t = 0; t < snapshot->ntables; t++)
		for (size_t c = 0; c < snapshot->tables[t]->nchains; c++)
			if (!snapshot->tables[t]->chains[c]->builtin)
				snapshot->tables[t]->chains[c]->policy = VERDICT_NONE;
}

static void print_chains(const char *when, const struct snapshot *snapshot)
{
	const struct table *table = snapshot->tables[0];

	for (size_t c = 0; c < table->nchains; c++)
		for (size_t i = 0; i < table->chains[c]->nrules; i++)
			print_error("%s: %s %zu: hash %x handle %u%s\n", when, table->chains[c]->name, i + 1,
				    rule_hash(table->chains[c]->rules[i]),
				    (unsigned int)table->chains[c]->rules[i]->handle,
				    rule_is_marked(table->chains[c]->rules[i]) ? " #" : "");
}

static void differ(const struct snapshot *before, const struct snapshot *now)
{
	print_chains("before", before);
	print_chains("now", now);
	fail_msg("an undo has left something");
}

/* What the plan has made of the first snapshot, the second, is undone, whoever wrote meanwhile. */
static void undo(struct snapshot *before, struct snapshot *now, const struct edits *written)
{
	const struct edits *const lists[] = { written };
	/*
	 * A builtin chain stays, empty. So do others, since the model has jumps to chains that do not
	 * exist.
	 */
	static const char *const may_stay[] = { "FORWARD", "OFFICE", "f2b", DOCKER_USER };
	const struct undo what = { before, lists, 1, FAMILY_IPV4, "filter" };
	const bool others = below(2) && table_chain(snapshot_table(before, FAMILY_IPV4, "filter"),
							   DOCKER_USER);
	struct edits edits = { 0 };

	if (!plan_undo_can(before, written))
		return;
	if (others)
		meddle(now, false);
	plan_undo(&what, now, &edits);
	assert_true(edits_apply(now, &edits));
	if (others)
		meddle(now, true);
	for (size_t i = 0; i < ARRAY_SIZE(may_stay); i++) {
		struct chain *chain = table_chain(snapshot_table(now, FAMILY_IPV4, "filter"), may_stay[i]);

		if (!chain || table_chain(snapshot_table(before, FAMILY_IPV4, "filter"), may_stay[i]))
			continue;
		chain->builtin = false;
		assert_true(apply_drop(snapshot_table(now, FAMILY_IPV4, "filter"), may_stay[i]));
	}
	no_policies(before);
	no_policies(now);
	if (!snapshot_same(before, now))
		differ(before, now);
	edits_clear(&edits);
}

static void one(void)
{
	static const char *const untouched[] = { "FORWARD", DOCKER_USER, "f2b", "ts" };
	struct policy *policy = random_policy();
	struct snapshot *snapshot = random_snapshot(), *first = copy_of(snapshot);
	struct dockerd docker = { .running = true, .iptables = FLAG_OFF };
	struct findings before = { 0 }, left = { 0 };
	struct edits edits = { 0 }, again = { 0 };
	uint64_t had[ARRAY_SIZE(untouched)][32], has[32];
	size_t nhad[ARRAY_SIZE(untouched)];
	bool repairable = false;

	for (size_t c = 0; c < ARRAY_SIZE(untouched); c++)
		nhad[c] = foreign(policy, snapshot, untouched[c], had[c]);
	check(policy, snapshot, &docker, &before);
	report_findings(&before, policy, NULL);
	for (size_t i = 0; i < before.n; i++)
		repairable |= before.v[i].repairable;
	plan(policy, snapshot, &edits);
	assert_int_equal(repairable, edits.n > 0);
	assert_true(edits_apply(snapshot, &edits));

	check(policy, snapshot, &docker, &left);
	report_findings(&left, policy, NULL);
	for (size_t i = 0; i < left.n; i++)
		if (left.v[i].repairable)
			fail_msg("left: %s", left.v[i].message);
	plan(policy, snapshot, &again);
	for (size_t i = 0; i < again.n; i++)
		print_error("again: %d %s %zu\n", (int)again.v[i].op, again.v[i].chain,
			    again.v[i].position);
	assert_int_equal(again.n, 0);
	for (size_t c = 0; c < ARRAY_SIZE(untouched); c++) {
		if (policy->foreign_rules == FOREIGN_REMOVE && !strcmp(untouched[c], DOCKER_USER))
			continue;
		assert_int_equal(foreign(policy, snapshot, untouched[c], has), nhad[c]);
		assert_memory_equal(has, had[c], nhad[c] * sizeof(*has));
	}
	undo(first, snapshot, &edits);
	snapshot_free(first);
	findings_clear(&before);
	findings_clear(&left);
	edits_clear(&edits);
	edits_clear(&again);
	snapshot_free(snapshot);
	policy_free(policy);
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 20000; i++) {
		seed = i * 2654435761u | 1;
		one();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
