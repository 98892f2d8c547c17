/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is taken back of a repair that has changed the guard's sets. */
#include "model_text.h"

#include "plan_undo.h"

/* The addresses from lo to hi, as the only interval of a set. */
static const char *set_of(struct table *table, addr_t lo, addr_t hi)
{
	struct addrset values = { 0 };
	const char *name;

	addrset_add(&values, lo, hi);
	name = guard_sets_keep(&table->sets, FAMILY_IPV4, GUARD_FROM, &values)->name;
	addrset_clear(&values);
	return name;
}

static struct rule *refusal(const char *set)
{
	struct rule *rule = model_rule(FAMILY_IPV4, "-i ens3 -j DROP");

	guard_match_add(rule, GUARD_FROM, set);
	return rule;
}

static void add_refusal(struct table *table, const char *set)
{
	struct rule *rule = refusal(set);

	rule->handle = table->chains[0]->nrules + 1;
	chain_add_rule(table->chains[0], rule);
}

/* A guard with a rule that matches on a set, and one that matches on none. */
static struct snapshot *guard_up(void)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *table = snapshot_add_table(snapshot, FAMILY_IPV4, GUARD_TABLE);
	struct chain *chain = table_add_chain(table, GUARD_FORWARD);

	chain->builtin = chain->loaded = true;
	chain->policy = VERDICT_ACCEPT;
	table->marked = true;
	add_refusal(table, set_of(table, 10, 20));
	chain_add_rule(chain, model_rule(FAMILY_IPV4, "-i lo -j ACCEPT"));
	return snapshot;
}

static struct table *guard_of(const struct snapshot *snapshot)
{
	return snapshot_table(snapshot, FAMILY_IPV4, GUARD_TABLE);
}

/* A table that was deleted stays in the snapshot under another name. */
static void is_as_before(const struct snapshot *before, const struct snapshot *now)
{
	struct snapshot *left = snapshot_new(BACKEND_NFT), *right = snapshot_new(BACKEND_NFT);

	snapshot_copy_tables(left, before, GUARD_TABLE);
	snapshot_copy_tables(right, now, GUARD_TABLE);
	assert_true(snapshot_same(left, right));
	assert_true(guard_sets_same(&guard_of(before)->sets, &guard_of(now)->sets));
	snapshot_free(left);
	snapshot_free(right);
}

static void undo(const struct snapshot *before, struct snapshot *now, const struct edits *written)
{
	const struct undo what = { before, &written, 1, FAMILY_IPV4, GUARD_TABLE };
	struct edits edits = { 0 };

	assert_true(plan_undo_can(before, written));
	plan_undo(&what, now, &edits);
	assert_true(edits_apply(now, &edits));
	edits_clear(&edits);
}

/* The edits that put another set in the place of the guard's, with the rule that needs it. */
static void replace(const struct table *table, struct edits *edits)
{
	struct table other = { .family = FAMILY_IPV4 };
	const char *set = set_of(&other, 30, 40);
	struct rule *rule = refusal(set);

	edits_add_set(edits, GUARD_TABLE, other.sets.v[0]);
	edits_rule(edits, EDIT_DELETE, FAMILY_IPV4, GUARD_TABLE, GUARD_FORWARD, 1,
		   table->chains[0]->rules[0]);
	edits_rule(edits, EDIT_INSERT, FAMILY_IPV4, GUARD_TABLE, GUARD_FORWARD, 1, rule);
	edits_drop_set(edits, FAMILY_IPV4, GUARD_TABLE, table->sets.v[0]->name);
	rule_free(rule);
	guard_sets_clear(&other.sets);
}

static void test_replaced(void **state)
{
	struct snapshot *before = guard_up(), *now = guard_up();
	struct edits edits = { 0 };

	(void)state;
	replace(guard_of(before), &edits);
	assert_true(edits_apply(now, &edits));
	assert_false(guard_sets_same(&guard_of(before)->sets, &guard_of(now)->sets));
	undo(before, now, &edits);
	is_as_before(before, now);
	edits_clear(&edits);
	snapshot_free(before);
	snapshot_free(now);
}

/* A rule of another program meanwhile, which may match on it or which nobody understands. */
static void test_used(void **state)
{
	(void)state;
	for (int opaque = 0; opaque < 2; opaque++) {
		struct snapshot *before = guard_up(), *now = guard_up();
		struct edits edits = { 0 };

		replace(guard_of(before), &edits);
		assert_true(edits_apply(now, &edits));
		if (opaque)
			chain_add_rule(guard_of(now)->chains[0],
				       model_rule(FAMILY_IPV4, "? -j DROP"));
		else
			add_refusal(guard_of(now), edits.v[0].set->name);
		undo(before, now, &edits);
		assert_non_null(guard_sets_find(&guard_of(now)->sets, edits.v[0].set->name));
		assert_non_null(guard_sets_find(&guard_of(now)->sets,
						guard_of(before)->sets.v[0]->name));
		edits_clear(&edits);
		snapshot_free(before);
		snapshot_free(now);
	}
}

/* Deleted and made again as a whole, with another set. */
static void test_whole(void **state)
{
	struct snapshot *before = guard_up(), *now = guard_up();
	struct table other = { .family = FAMILY_IPV4 };
	struct rule *rule = refusal(set_of(&other, 30, 40));
	struct edits edits = { 0 };

	(void)state;
	edits_table(&edits, EDIT_DROP_TABLE, FAMILY_IPV4, GUARD_TABLE);
	edits_chain(&edits, EDIT_CREATE, FAMILY_IPV4, GUARD_TABLE, GUARD_FORWARD);
	edits_add_set(&edits, GUARD_TABLE, other.sets.v[0]);
	edits_rule(&edits, EDIT_INSERT, FAMILY_IPV4, GUARD_TABLE, GUARD_FORWARD, 1, rule);
	assert_true(edits_apply(now, &edits));
	undo(before, now, &edits);
	is_as_before(before, now);

	/* Of an odd set, the values are not known. */
	guard_of(before)->sets.v[0]->odd = true;
	assert_false(plan_undo_can(before, &edits));
	rule_free(rule);
	guard_sets_clear(&other.sets);
	edits_clear(&edits);
	snapshot_free(before);
	snapshot_free(now);
}

/* Another program deletes the whole table meanwhile: no set is created without a table. */
static void test_table_gone(void **state)
{
	struct snapshot *before = guard_up(), *now = snapshot_new(BACKEND_NFT);
	struct edits edits = { 0 }, unused = { 0 };

	(void)state;
	replace(guard_of(before), &edits);
	undo(before, now, &edits);
	assert_int_equal(guard_of(now)->chains[0]->nrules, 1);
	assert_true(guard_sets_same(&guard_of(before)->sets, &guard_of(now)->sets));
	edits_clear(&edits);
	snapshot_free(now);

	now = snapshot_new(BACKEND_NFT);
	edits_drop_set(&unused, FAMILY_IPV4, GUARD_TABLE, "from-1");
	undo(before, now, &unused);
	assert_null(guard_of(now));
	edits_clear(&unused);
	snapshot_free(before);
	snapshot_free(now);
}

/* A base chain that was made goes, unless another program has put a rule into it. */
static void test_chain(void **state)
{
	(void)state;
	for (int used = 0; used < 2; used++) {
		struct snapshot *before = guard_up(), *now = guard_up();
		struct rule *rule = model_rule(FAMILY_IPV4, "-p 6 -j DROP #");
		struct edits edits = { 0 };

		edits_chain(&edits, EDIT_CREATE, FAMILY_IPV4, GUARD_TABLE, GUARD_INPUT);
		edits_rule(&edits, EDIT_INSERT, FAMILY_IPV4, GUARD_TABLE, GUARD_INPUT, 1, rule);
		assert_true(edits_apply(now, &edits));
		table_chain(guard_of(now), GUARD_INPUT)->builtin = true;
		if (used)
			chain_add_rule(table_chain(guard_of(now), GUARD_INPUT),
				       model_rule(FAMILY_IPV4, "-p 17 -j DROP"));
		undo(before, now, &edits);
		if (used)
			assert_int_equal(table_chain(guard_of(now), GUARD_INPUT)->nrules, 1);
		else
			is_as_before(before, now);
		rule_free(rule);
		edits_clear(&edits);
		snapshot_free(before);
		snapshot_free(now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced), cmocka_unit_test(test_used),
		cmocka_unit_test(test_whole), cmocka_unit_test(test_table_gone),
		cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
