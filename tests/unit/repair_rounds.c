/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rounds of a repair and of a removal, with a backend that keeps its tables in
 * memory: what is written, how often it is retried, and that it does not fight another
 * writer for ever.
 */
#include "model.h"

#include "apply.h"
#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "patience.h"
#include "removal.h"
#include "repair.h"
#include "settings.h"

#define FORBID "-i ens3 -s 10.0.0.1 -j DROP"
#define ALLOW "-i ens3 -p 6 -s 203.0.113.123 m:tcp -j RETURN"

/* The tables of the simulated kernel, and what happens to a commit. */
static struct {
	struct snapshot *tables;
	unsigned int lost;   /* commits that fail because the tables changed */
	bool undone;         /* another writer undoes each commit */
	bool no_guard;       /* the kernel refuses edits of the guard */
	const char *refused; /* a rule that it refuses in every table but this one, or NULL */
	const char *taken_in;
	const char *also_refused, *also_why; /* another one, of the same configured line, and why */
	const char *both; /* a rule that is configured in both families */
	bool native; /* Docker filters in its own table, so that only the guard holds the rules */
	const char *const *also; /* further rules that are live */
	unsigned int commits;
} fake;

static const char *const live[] = {
	"FORWARD -j DOCKER-FORWARD", "FORWARD -j DOCKER-USER", "DOCKER-FORWARD -j ACCEPT",
	"DOCKER-USER -j RETURN", NULL,
};

static void lay(void)
{
	snapshot_free(fake.tables);
	fake.tables = snapshot_new(BACKEND_NFT);
	if (fake.native) {
		snapshot_add_table(fake.tables, FAMILY_IPV4, DOCKER_NFT_TABLE);
		return;
	}
	model_table(fake.tables, FAMILY_IPV4, live);
	if (fake.both)
		model_table(fake.tables, FAMILY_IPV6, live);
	for (const char *const *rule = fake.also; rule && *rule; rule++)
		chain_add_rule(table_chain(fake.tables->tables[0], "DOCKER-USER"),
			       model_rule(FAMILY_IPV4, *rule));
}

static const struct backend_ops fake_nft, fake_legacy;

static struct backend *open_nft(bool for_write)
{
	static struct backend backend = { .ops = &fake_nft };

	(void)for_write;
	return &backend;
}

static struct backend *open_legacy(bool for_write)
{
	static struct backend backend = { .ops = &fake_legacy };

	(void)for_write;
	return &backend;
}

static int fake_read_table(struct backend *backend, struct snapshot *snapshot, enum family family,
			   const char *name)
{
	const struct table *from = snapshot_table(fake.tables, family, name);
	struct table *to = from ? snapshot_add_table(snapshot, family, name) : NULL;

	(void)backend;
	for (size_t c = 0; from && c < from->nchains; c++) {
		struct chain *chain = table_add_chain(to, from->chains[c]->name);

		chain->builtin = from->chains[c]->builtin;
		chain->policy = from->chains[c]->policy;
	}
	if (to)
		table_sort(to);
	return BACKEND_OK;
}

static int fake_read_chain(struct backend *backend, struct snapshot *snapshot, struct table *table,
			   struct chain *chain)
{
	const struct chain *from = table_chain(
		snapshot_table(fake.tables, table->family, table->name), chain->name);

	(void)backend;
	(void)snapshot;
	for (size_t i = 0; i < from->nrules; i++)
		chain_add_rule(chain, rule_copy(from->rules[i]));
	chain->loaded = true;
	return BACKEND_OK;
}

static int fake_verify(struct backend *backend, struct snapshot *snapshot)
{
	(void)backend;
	(void)snapshot;
	return BACKEND_OK;
}

/* Adds the inserts of that rule. */
static void refuse_rule(const struct edits *edits, const char *text, const char *why,
			struct refused_edits *refused)
{
	struct rule *rule = model_rule(FAMILY_IPV4, text);

	for (size_t i = 0; i < edits->n; i++)
		if (edits->v[i].op == EDIT_INSERT && rule_equal_but_mark(edits->v[i].rule, rule) &&
		    (!fake.taken_in || strcmp(edits->v[i].table, fake.taken_in)))
			refused_edits_add(refused, i, true, xstrdup(why));
	rule_free(rule);
}

/* Adds the inserts of the rules that the kernel refuses. */
static int refuse(const struct edits *edits, struct refused_edits *refused)
{
	if (!fake.refused)
		return BACKEND_OK;
	refuse_rule(edits, fake.refused, "Invalid argument", refused);
	if (fake.also_refused)
		refuse_rule(edits, fake.also_refused, fake.also_why, refused);
	return refused->n ? BACKEND_REFUSED : BACKEND_OK;
}

static int fake_commit(struct backend *backend, const struct snapshot *snapshot,
		       const struct edits *edits, struct refused_edits *refused)
{
	(void)backend;
	(void)snapshot;
	if (fake.lost) {
		fake.lost--;
		return BACKEND_CHANGED;
	}
	for (size_t i = 0; fake.no_guard && i < edits->n; i++) {
		if (!strcmp(edits->v[i].table, GUARD_TABLE)) {
			refused_edits_add(refused, i, false, xstrdup("no"));
			return BACKEND_REFUSED;
		}
	}
	if (refuse(edits, refused))
		return BACKEND_REFUSED;
	fake.commits++;
	if (!fake.undone)
		assert_true(edits_apply(fake.tables, edits));
	return BACKEND_OK;
}

static int fake_try(struct backend *backend, const struct snapshot *snapshot,
		    const struct edits *edits, struct refused_edits *refused)
{
	(void)backend;
	(void)snapshot;
	return refuse(edits, refused);
}

static void fake_close(struct backend *backend)
{
	(void)backend;
}

static int fake_filters(const struct backend_ops *ops, bool but_builtin,
			struct other_filters *filters)
{
	(void)ops;
	(void)but_builtin;
	(void)filters;
	return BACKEND_OK;
}

static int empty_read_table(struct backend *backend, struct snapshot *snapshot, enum family family,
			    const char *name)
{
	(void)backend;
	(void)snapshot;
	(void)family;
	(void)name;
	return BACKEND_OK;
}

static const struct backend_ops fake_nft = {
	.kind = BACKEND_NFT, .open = open_nft, .read_table = fake_read_table,
	.read_chain = fake_read_chain, .verify = fake_verify, .commit = fake_commit,
	.try = fake_try, .close = fake_close, .read_filters = fake_filters,
}, fake_legacy = {
	.kind = BACKEND_LEGACY, .open = open_legacy, .read_table = empty_read_table,
	.read_chain = fake_read_chain, .verify = fake_verify, .close = fake_close,
	.read_filters = fake_filters,
};

static const struct backend_ops *const backends[] = {
	[BACKEND_NFT] = &fake_nft, [BACKEND_LEGACY] = &fake_legacy,
};

/* Repairs once; the caller frees the contents of both. */
static int repair(struct session *session, struct repair *repair, bool dry_run)
{
	struct policy *policy = setting_default_policy();
	int status;

	policy->families = 1U << FAMILY_IPV4;
	model_want(policy, "DOCKER-USER", ALLOW);
	if (fake.refused)
		model_want(policy, "DOCKER-USER", FORBID);
	if (fake.also_refused)
		wanted_rules_add(&policy->chains[0]->rules[FAMILY_IPV4],
				 model_rule(FAMILY_IPV4, fake.also_refused), FORBID, "test.conf", 1);
	for (int family = 0; family < FAMILY_COUNT && fake.both; family++) {
		policy->families |= 1U << family;
		wanted_rules_add(&policy->chains[0]->rules[family],
				 model_rule((enum family)family, fake.both), fake.both,
				 "test.conf", 2);
	}
	fake.commits = 0;
	lay();
	*repair = (struct repair){ .session = session, .dry_run = dry_run };
	assert_int_equal(session_open(session, backends, policy), 0);
	assert_int_equal(state_settle(session, &repair->found), 0);
	status = repair_run(repair);
	policy_free(policy);
	return status;
}

static size_t contested(struct repair *repair)
{
	return findings_count(&repair_newest(repair)->findings, CONTESTED, FAMILY_COUNT);
}

static void clear(struct session *session, struct repair *repair)
{
	repair_clear(repair);
	session_close(session);
	snapshot_free(fake.tables);
	memset(&fake, 0, sizeof(fake));
}

static void test_mends_at_once(void **state)
{
	struct session session;
	struct repair run;

	(void)state;
	assert_int_equal(repair(&session, &run, false), 0);
	assert_true(run.written && run.edits.n);
	assert_int_equal(fake.commits, 1);
	assert_true(run.found.findings.n > 0);
	assert_int_equal(findings_count(&run.left.findings, USER_JUMP_LATE, FAMILY_COUNT), 0);
	assert_int_equal(contested(&run), 0);
	clear(&session, &run);
}

static void test_dry_run_writes_nothing(void **state)
{
	struct session session;
	struct repair run;

	(void)state;
	assert_int_equal(repair(&session, &run, true), 0);
	assert_true(run.edits.n && !run.written);
	assert_int_equal(fake.commits, 0);
	clear(&session, &run);
}

static void test_lost_races_are_repeated(void **state)
{
	struct session session;
	struct repair run;

	(void)state;
	fake.lost = 5;
	assert_int_equal(repair(&session, &run, false), 0);
	assert_true(run.written);
	assert_int_equal(fake.commits, 1);
	clear(&session, &run);
}

static void test_lost_races_have_an_end(void **state)
{
	struct session session;
	struct repair run;

	(void)state;
	/* The first attempt does not count: it uses the tables that were read before. */
	fake.lost = LOST_RACES + 1;
	assert_int_equal(repair(&session, &run, false), -1);
	assert_int_equal(fake.commits, 0);
	assert_non_null(diag_first_error());
	clear(&session, &run);
}

static void test_a_guard_that_is_refused(void **state)
{
	struct session session;
	struct repair run;

	(void)state;
	diag_forget();
	fake.no_guard = true;
	assert_int_equal(repair(&session, &run, false), 0);
	assert_true(run.written);
	assert_int_equal(fake.commits, 1);
	assert_null(diag_first_error());
	assert_int_equal(findings_count(&run.left.findings, RULE_MISSING, FAMILY_COUNT), 0);
	assert_int_equal(findings_count(&run.left.findings, GUARD_MISSING, FAMILY_IPV4), 1);
	clear(&session, &run);
}

static size_t count_in(enum family family, const char *table, const char *chain, const char *text)
{
	const struct chain *in = table_chain(snapshot_table(fake.tables, family, table), chain);
	struct rule *rule = model_rule(family, text);
	size_t n = 0;

	for (size_t i = 0; in && i < in->nrules; i++)
		n += rule_equal_but_mark(in->rules[i], rule);
	rule_free(rule);
	return n;
}

static size_t count_of(const char *table, const char *chain, const char *text)
{
	return count_in(FAMILY_IPV4, table, chain, text);
}

static void test_a_rule_that_is_refused(void **state)
{
	struct session session;
	struct repair run;

	(void)state;
	for (int dry_run = 0; dry_run <= 1; dry_run++) {
		diag_forget();
		fake.refused = FORBID;
		assert_int_equal(repair(&session, &run, dry_run), 0);
		assert_int_equal(fake.commits, !dry_run);
		assert_null(diag_first_error());
		/* One finding, although the guard's form is refused as well. */
		assert_int_equal(findings_count(&repair_newest(&run)->findings, RULE_REFUSED,
						FAMILY_COUNT), 1);
		assert_int_equal(findings_count(&repair_newest(&run)->findings, RULE_MISSING,
						FAMILY_COUNT), dry_run);
		assert_int_equal(count_of("filter", "DOCKER-USER", ALLOW), !dry_run);
		assert_int_equal(count_of("dockfw", "forward", FORBID), 0);
		assert_int_equal(findings_count(&repair_newest(&run)->findings, GUARD_MISSING,
						FAMILY_COUNT), dry_run);
		clear(&session, &run);
	}
}

static void test_a_rule_that_the_guard_cannot_hold(void **state)
{
	struct session session;
	struct repair run;

	(void)state;
	diag_forget();
	fake.refused = FORBID;
	fake.taken_in = "filter";
	assert_int_equal(repair(&session, &run, false), 0);
	assert_int_equal(fake.commits, 1);
	assert_int_equal(findings_count(&run.left.findings, RULE_REFUSED, FAMILY_COUNT), 1);
	for (size_t i = 0; i < run.left.findings.n; i++)
		assert_true(run.left.findings.v[i].id != RULE_REFUSED ||
			    run.left.findings.v[i].severity == SEVERITY_WARNING);
	assert_int_equal(findings_count(&run.left.findings, GUARD_DIFFERS, FAMILY_COUNT), 0);
	assert_int_equal(count_of("filter", "DOCKER-USER", FORBID), 1);
	assert_int_equal(count_of("dockfw", "forward", FORBID), 0);
	clear(&session, &run);

	/* Without one that accepts, the guard would refuse more than DOCKER-USER. */
	fake.refused = "-i ens3 -p 6 -s 203.0.113.123 m:tcp -j ACCEPT";
	fake.taken_in = "filter";
	assert_int_equal(repair(&session, &run, false), 0);
	assert_int_equal(findings_count(&run.left.findings, GUARD_MISSING, FAMILY_IPV4), 1);
	assert_int_equal(findings_count(&run.left.findings, RULE_REFUSED, FAMILY_COUNT), 0);
	assert_int_equal(count_of("filter", "DOCKER-USER", FORBID), 1);
	clear(&session, &run);
}

/* The guard goes without a rule in one family; that of the other one has it. */
static void test_a_rule_that_one_guard_cannot_hold(void **state)
{
	static const char both[] = "-i ens3 -p 17 -j DROP";
	struct session session;
	struct repair run;

	(void)state;
	diag_forget();
	fake.refused = fake.both = both;
	fake.taken_in = "filter";
	assert_int_equal(repair(&session, &run, false), 0);
	assert_int_equal(fake.commits, 1);
	assert_int_equal(findings_count(&run.left.findings, RULE_REFUSED, FAMILY_IPV4), 1);
	assert_int_equal(findings_count(&run.left.findings, RULE_REFUSED, FAMILY_IPV6), 0);
	assert_int_equal(findings_count(&run.left.findings, GUARD_DIFFERS, FAMILY_COUNT), 0);
	assert_int_equal(findings_count(&run.left.findings, GUARD_MISSING, FAMILY_COUNT), 0);
	for (int family = 0; family < FAMILY_COUNT; family++) {
		enum family in = (enum family)family;

		assert_int_equal(count_in(in, "filter", "DOCKER-USER", both), 1);
		assert_int_equal(count_in(in, "dockfw", "forward", both), in == FAMILY_IPV6);
	}
	assert_int_equal(count_of("dockfw", "forward", FORBID), 1);
	clear(&session, &run);
}

static bool has_refusal(const struct findings *findings, const char *why)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->v[i].id == RULE_REFUSED && strstr(findings->v[i].message, why))
			return true;
	return false;
}

/* Two rules of one line, as an address list gives them, are refused: the line is left out. */
static void test_a_line_of_two_refused_rules(void **state)
{
	static const char *const reasons[] = { "Invalid argument", "No such file" };
	struct session session;
	struct repair run;

	(void)state;
	for (int native = 0; native <= 1; native++) {
		for (size_t reason = 0; reason < ARRAY_SIZE(reasons); reason++) {
			diag_forget();
			fake.native = native;
			fake.refused = FORBID;
			fake.also_refused = "-i ens3 -s 10.0.0.2 -j DROP";
			fake.also_why = reasons[reason];
			assert_int_equal(repair(&session, &run, false), 0);
			assert_int_equal(fake.commits, 1);
			assert_null(diag_first_error());
			/* Once for each reason. */
			assert_int_equal(findings_count(&run.left.findings, RULE_REFUSED,
							FAMILY_COUNT), reason + 1);
			assert_true(has_refusal(&run.left.findings, reasons[0]));
			assert_true(has_refusal(&run.left.findings, reasons[reason]));
			assert_int_equal(count_of("filter", "DOCKER-USER", ALLOW), !native);
			assert_int_equal(count_of("dockfw", "forward", FORBID), 0);
			assert_non_null(table_chain(snapshot_table(fake.tables, FAMILY_IPV4, "dockfw"),
						    "forward"));
			clear(&session, &run);
		}
	}
}

/* It would have to move before a rule that returns, and cannot be put in there. */
static void test_a_refused_rule_that_is_live(void **state)
{
	static const char *const also[] = { FORBID " #", NULL };
	struct session session;
	struct repair run;

	(void)state;
	diag_forget();
	fake.refused = FORBID;
	fake.also = also;
	assert_int_equal(repair(&session, &run, false), 0);
	assert_int_equal(findings_count(&run.left.findings, RULE_REFUSED, FAMILY_COUNT), 1);
	assert_int_equal(findings_count(&run.left.findings, RULE_STALE, FAMILY_COUNT), 0);
	assert_int_equal(count_of("filter", "DOCKER-USER", FORBID), 1);
	assert_int_equal(count_of("filter", "DOCKER-USER", ALLOW), 1);
	clear(&session, &run);
}

static void test_contested(void **state)
{
	struct session session;
	struct repair run;

	(void)state;
	fake.undone = true;
	assert_int_equal(repair(&session, &run, false), 0);
	assert_true(run.written);
	assert_int_equal(fake.commits, 1 + REPAIR_ROUNDS);
	assert_int_equal(contested(&run), 1);
	clear(&session, &run);
}

/* Removes a rule with the mark. */
static int remove_marked(struct removal *removal, bool dry_run)
{
	struct policy *policy = setting_default_policy();
	int status;

	policy->families = 1U << FAMILY_IPV4;
	fake.commits = 0;
	lay();
	chain_add_rule(table_chain(fake.tables->tables[0], "DOCKER-USER"),
		       model_rule(FAMILY_IPV4, ALLOW " #"));
	*removal = (struct removal){ .dry_run = dry_run };
	status = removal_run(removal, backends, policy);
	assert_int_equal(removal->parts[BACKEND_NFT].edits.n, 1);
	policy_free(policy);
	snapshot_free(fake.tables);
	fake.tables = NULL;
	return status;
}

static void test_removals(void **state)
{
	struct removal removal;

	(void)state;
	/* It looks again after its write. */
	fake.lost = 5;
	assert_int_equal(remove_marked(&removal, false), 0);
	assert_true(removal.parts[BACKEND_NFT].written);
	assert_int_equal(fake.commits, 1);
	removal_clear(&removal);

	assert_int_equal(remove_marked(&removal, true), 0);
	assert_false(removal.parts[BACKEND_NFT].written);
	assert_int_equal(fake.commits, 0);
	removal_clear(&removal);

	/* Another program puts the rule back each time. */
	fake.undone = true;
	diag_forget();
	assert_int_equal(remove_marked(&removal, false), -1);
	assert_true(removal.parts[BACKEND_NFT].written);
	assert_int_equal(fake.commits, 1 + REPAIR_ROUNDS);
	assert_non_null(strstr(diag_first_error(), "another program has put back"));
	removal_clear(&removal);
	memset(&fake, 0, sizeof(fake));
}

static int set_up(void **state)
{
	(void)state;
	diag_setup(0, true);
	deadline_start(300);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	diag_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mends_at_once),
		cmocka_unit_test(test_dry_run_writes_nothing),
		cmocka_unit_test(test_lost_races_are_repeated),
		cmocka_unit_test(test_lost_races_have_an_end),
		cmocka_unit_test(test_a_guard_that_is_refused),
		cmocka_unit_test(test_a_rule_that_is_refused),
		cmocka_unit_test(test_a_rule_that_the_guard_cannot_hold),
		cmocka_unit_test(test_a_rule_that_one_guard_cannot_hold),
		cmocka_unit_test(test_a_line_of_two_refused_rules),
		cmocka_unit_test(test_a_refused_rule_that_is_live),
		cmocka_unit_test(test_contested),
		cmocka_unit_test(test_removals),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
