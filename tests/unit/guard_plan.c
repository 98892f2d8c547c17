/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guard in the kernel against what it should be: its state, findings and edits. */
#include "model_text.h"

#include "check.h"
#include "check_void.h"
#include "docker_chains.h"
#include "dockerd.h"
#include "guard.h"
#include "plan.h"

/* A host with both tables of its IPv4, and what is configured. */
struct host {
	struct policy *policy;
	struct snapshot *snapshot;
	struct dockerd docker;
};

static const char *const wanted[] = {
	"DOCKER-USER -i a -j RETURN", "DOCKER-USER -p 6 -j OFFICE", "DOCKER-USER -j DROP",
	"DOCKER-USER @ -p 6 to:80 ext:REJECT", "OFFICE -s 192.0.2.1 -j RETURN", "OFFICE ext:REJECT",
	NULL,
};
static const char *const right[] = {
	"forward -i a -j ACCEPT #", "forward -p 6 -j OFFICE #", "forward -j DROP #",
	"forward -p 6 to:80 ext:REJECT #", "OFFICE -s 192.0.2.1 -j RETURN #", "OFFICE ext:REJECT #",
	"input ! -i lo -p 6 to:80 ext:REJECT #", "input ! -i lo -p 6 none:80 -j DROP #", NULL,
};

static void host_up(struct host *host)
{
	*host = (struct host){ .policy = model_policy(wanted), .snapshot = snapshot_new(BACKEND_NFT) };
	model_table(host->snapshot, FAMILY_IPV4, LINES("FORWARD -j DOCKER-USER", "DOCKER-USER"));
}

static void host_down(struct host *host)
{
	snapshot_free(host->snapshot);
	policy_free(host->policy);
}

static struct table *own(struct host *host)
{
	return snapshot_table(host->snapshot, FAMILY_IPV4, GUARD_TABLE);
}

/* A table with the guard's name, as nft reads it. */
static struct table *lay(struct host *host, const char *const *lines, bool marked)
{
	struct table *table = model_table(host->snapshot, FAMILY_IPV4, lines);

	free(table->name);
	table->name = xstrdup(GUARD_TABLE);
	table->marked = marked;
	for (size_t c = 0; c < table->nchains; c++) {
		struct chain *chain = table->chains[c];

		chain->builtin = !strcmp(chain->name, GUARD_FORWARD) ||
				 !strcmp(chain->name, GUARD_INPUT);
		chain->policy = VERDICT_ACCEPT;
	}
	return table;
}

static enum guard_state state_of(struct host *host)
{
	return guard_state(host->policy, host->snapshot, host->snapshot, FAMILY_IPV4);
}

/* The only finding, or if NULL none, has this id, severity and part of a message. */
static void finds(struct host *host, enum finding_id id, enum severity severity, const char *part)
{
	struct findings found = { 0 };

	guard_check(host->policy, host->snapshot, host->snapshot, &host->docker, &found);
	if (found.n != (part ? 1 : 0))
		fail_msg("%zu findings: %s", found.n, found.n ? found.v[0].message : "");
	if (part && (found.v[0].id != id || found.v[0].severity != severity ||
		     found.v[0].family != FAMILY_IPV4 || !strstr(found.v[0].message, part)))
		fail_msg("not %s of %s: %s", severity_name(severity), finding_name(id),
			 found.v[0].message);
	findings_clear(&found);
}

static size_t planned(struct host *host)
{
	struct edits edits = { 0 };
	size_t n;

	guard_plan(host->policy, host->snapshot, host->snapshot, &edits);
	n = edits.n;
	edits_clear(&edits);
	return n;
}

/* Carries out the plan, which has n edits and leaves nothing to find or to do. */
static void mends(struct host *host, size_t n, const char *const *lines)
{
	static const char *const order[] = { GUARD_FORWARD, "OFFICE", GUARD_INPUT };
	struct edits edits = { 0 };
	struct text text;

	guard_plan(host->policy, host->snapshot, host->snapshot, &edits);
	if (edits.n != n)
		fail_msg("%zu edits, not %zu", edits.n, n);
	for (size_t i = 0; i < edits.n; i++)
		assert_string_equal(edits.v[i].table, GUARD_TABLE);
	assert_true(edits_apply(host->snapshot, &edits));
	edits_clear(&edits);
	assert_int_equal(planned(host), 0);
	finds(host, GUARD_MISSING, SEVERITY_OK, NULL);
	text_open(&text);
	for (size_t c = 0; c < ARRAY_SIZE(order); c++) {
		const struct chain *chain = table_chain(own(host), order[c]);

		for (size_t i = 0; chain && i < chain->nrules; i++)
			print_rule(text.out, order[c], chain->rules[i]);
	}
	is_text("the guard", text_take(&text), lines);
}

static void test_states(void **state)
{
	struct host host;

	(void)state;
	host_up(&host);
	assert_int_equal(state_of(&host), GUARD_ABSENT);
	finds(&host, GUARD_MISSING, SEVERITY_WARNING, "there is no table ip dockfw");
	mends(&host, 11, right);
	assert_int_equal(state_of(&host), GUARD_RIGHT);

	/* A kernel without nf_tables has none, and is not told to. */
	assert_int_equal(guard_state(host.policy, host.snapshot, NULL, FAMILY_IPV4), GUARD_NONE);
	guard_plan(host.policy, host.snapshot, NULL, NULL);
	guard_check(host.policy, host.snapshot, NULL, &host.docker, NULL);
	/* A family that is not configured keeps what it has. */
	host.policy->families = 1U << FAMILY_IPV6;
	assert_int_equal(planned(&host), 0);
	host.policy->families = 1U << FAMILY_IPV4;

	host.policy->guard = GUARD_OFF;
	assert_int_equal(state_of(&host), GUARD_WRONG);
	finds(&host, GUARD_DIFFERS, SEVERITY_WARNING, "no rules are configured for the table ip dockfw");
	mends(&host, 1, LINES(NULL));
	assert_int_equal(state_of(&host), GUARD_NONE);
	host_down(&host);
}

/* ---- what is by hand ---- */

static struct chain *chain_of(struct table *table, const char *name)
{
	return table_chain(table, name);
}

static void make_dormant(struct table *table) { table->dormant = true; }
static void add_chain(struct table *table)
{
	table_add_chain(table, "theirs")->loaded = true;
	table_sort(table);
}
static void unhook(struct table *table) { chain_of(table, "input")->builtin = false; }
static void hook_elsewhere(struct table *table)
{
	chain_of(table, "forward")->builtin = false;
	chain_of(table, "forward")->foreign_base = true;
}
static void hook_a_chain(struct table *table) { chain_of(table, "OFFICE")->foreign_base = true; }
static void drop_policy(struct table *table) { chain_of(table, "forward")->policy = VERDICT_DROP; }

static void take_out(struct table *table)
{
	rule_free(chain_remove_rule(chain_of(table, "forward"), 1));
}
static void put_in(struct table *table)
{
	chain_insert_rule(chain_of(table, "forward"), 0, model_rule(FAMILY_IPV4, "-j ACCEPT"));
}
static void put_last(struct table *table)
{
	chain_add_rule(chain_of(table, "OFFICE"), model_rule(FAMILY_IPV4, "-j RETURN"));
}
static void make_opaque(struct table *table)
{
	chain_of(table, "input")->rules[0]->opaque = xstrdup("expression 'x'");
}
static void swap(struct table *table)
{
	struct chain *chain = chain_of(table, "OFFICE");

	chain_insert_rule(chain, 0, chain_remove_rule(chain, 1));
}
static void flush(struct table *table)
{
	for (size_t c = 0; c < table->nchains; c++)
		while (table->chains[c]->nrules)
			rule_free(chain_remove_rule(table->chains[c], 0));
}
static void remove_chain(struct table *table)
{
	flush(table);
	assert_true(apply_drop(table, "OFFICE"));
}
/* The marks of its rules are enough. */
static void lose_mark(struct table *table)
{
	table->marked = false;
	put_in(table);
}

static const struct by_hand {
	const char *name;
	void (*change)(struct table *table);
	const char *message; /* a part of it */
	size_t edits;
} by_hand[] = {
	/* The table is made anew: 1, and 11 edits for its chains and rules. */
	{ "dormant", make_dormant, "is dormant", 12 },
	{ "a chain more", add_chain, "a chain that is not configured: 'theirs'", 12 },
	{ "a base chain without its hook", unhook, "chain 'input' of the table ip dockfw has another hook", 12 },
	{ "another hook", hook_elsewhere, "chain 'forward' of the table ip dockfw has another hook", 12 },
	{ "a hook too many", hook_a_chain, "chain 'OFFICE' of the table ip dockfw has another hook", 12 },
	{ "a policy", drop_policy, "chain 'forward' of the table ip dockfw has another policy", 12 },
	/* Only what is wrong is changed. */
	{ "a rule less", take_out, "'forward' of the table ip dockfw lacks 1 of its rules, and has 0 others", 1 },
	{ "a rule more", put_in, "'forward' of the table ip dockfw lacks 0 of its rules, and has 1 others", 1 },
	{ "a RETURN at the end", put_last, "'OFFICE' of the table ip dockfw lacks 0 of its rules, and has 1 others", 1 },
	{ "a rule that cannot be read", make_opaque, "'input' of the table ip dockfw lacks 1 of its rules, and has 1", 2 },
	{ "another order", swap, "'OFFICE' of the table ip dockfw lacks 1 of its rules", 2 },
	{ "flushed", flush, "'forward' of the table ip dockfw lacks 4 of its rules", 8 },
	{ "a chain less", remove_chain, "'forward' of the table ip dockfw lacks 4", 9 },
	{ "no comment of the table", lose_mark, "and has 1 others", 1 },
};

static void test_by_hand(void **state)
{
	const struct by_hand *test = *state;
	struct host host;

	host_up(&host);
	lay(&host, right, true);
	assert_int_equal(state_of(&host), GUARD_RIGHT);
	test->change(own(&host));
	assert_int_equal(state_of(&host), GUARD_WRONG);
	finds(&host, GUARD_DIFFERS, SEVERITY_WARNING, test->message);
	mends(&host, test->edits, right);
	assert_int_equal(state_of(&host), GUARD_RIGHT);
	host_down(&host);
}

/* ---- what else there may be ---- */

static void test_foreign(void **state)
{
	struct findings found = { 0 };
	struct edits edits = { 0 };
	struct host host;

	(void)state;
	host_up(&host);
	lay(&host, LINES("forward -j DROP", "theirs"), false);
	own(&host)->chains[0]->rules[0]->packets = 5;
	assert_int_equal(state_of(&host), GUARD_FOREIGN);
	finds(&host, GUARD_MISSING, SEVERITY_UNKNOWN, "the table ip dockfw is not this program's");
	guard_check(host.policy, host.snapshot, host.snapshot, &host.docker, &found);
	assert_false(found.v[0].repairable);
	findings_clear(&found);
	assert_int_equal(planned(&host), 0);
	guard_plan_removal(host.snapshot, 1U << FAMILY_IPV4, &edits);
	assert_int_equal(edits.n, 0);
	assert_int_equal(guard_refused(host.snapshot, FAMILY_IPV4), 0);
	/* It is nobody's business if no guard is wanted. */
	host.policy->guard = GUARD_OFF;
	finds(&host, GUARD_MISSING, SEVERITY_OK, NULL);
	assert_int_equal(planned(&host), 0);
	host_down(&host);

	host_up(&host);
	lay(&host, LINES("forward -j DROP"), false);
	assert_int_equal(state_of(&host), GUARD_FOREIGN);
	host_down(&host);

	/* Base chains without rules are what a flush leaves. */
	host_up(&host);
	lay(&host, LINES("forward", "input"), false);
	assert_int_equal(state_of(&host), GUARD_WRONG);
	mends(&host, 9, right);
	host_down(&host);

	/* One without chains is made anew, unless it has something else. */
	host_up(&host);
	lay(&host, LINES(NULL), false)->objects = 1;
	assert_int_equal(state_of(&host), GUARD_FOREIGN);
	own(&host)->objects = 0;
	finds(&host, GUARD_DIFFERS, SEVERITY_WARNING, "the table ip dockfw has no chains");
	mends(&host, 12, right);
	host_down(&host);
}

static void test_where_it_is_all_there_is(void **state)
{
	struct host host;

	(void)state;
	host_up(&host);
	host.docker = (struct dockerd){ .running = true, .iptables = FLAG_OFF };
	finds(&host, GUARD_MISSING, SEVERITY_CRITICAL, "no table ip dockfw");
	host.docker.running = false;
	finds(&host, GUARD_MISSING, SEVERITY_WARNING, "no table ip dockfw");
	snapshot_add_table(host.snapshot, FAMILY_IPV6, DOCKER_NFT_TABLE);
	finds(&host, GUARD_MISSING, SEVERITY_WARNING, "no table ip dockfw");
	snapshot_add_table(host.snapshot, FAMILY_IPV4, DOCKER_NFT_TABLE);
	finds(&host, GUARD_MISSING, SEVERITY_CRITICAL, "no table ip dockfw");
	lay(&host, LINES("forward"), true);
	finds(&host, GUARD_DIFFERS, SEVERITY_CRITICAL, "lacks 4 of its rules");
	host_down(&host);
}

static void test_counters_and_removal(void **state)
{
	struct edits edits = { 0 };
	struct host host;
	struct table *table;

	(void)state;
	host_up(&host);
	assert_int_equal(guard_refused(host.snapshot, FAMILY_IPV4), 0);
	assert_int_equal(guard_refused(NULL, FAMILY_IPV4), 0);
	table = lay(&host, right, true);
	for (size_t c = 0; c < table->nchains; c++)
		for (size_t i = 0; i < table->chains[c]->nrules; i++)
			table->chains[c]->rules[i]->packets = 1;
	/* Two DROPs and three REJECTs. */
	assert_int_equal(guard_refused(host.snapshot, FAMILY_IPV4), 5);
	assert_int_equal(guard_refused(host.snapshot, FAMILY_IPV6), 0);
	/* A rule that is right keeps its handle, and so its counters. */
	take_out(table);
	put_in(table);
	guard_plan(host.policy, host.snapshot, host.snapshot, &edits);
	assert_true(edits_apply(host.snapshot, &edits));
	edits_clear(&edits);
	assert_int_equal(guard_refused(host.snapshot, FAMILY_IPV4), 5);

	guard_plan_removal(host.snapshot, 1U << FAMILY_IPV6, &edits);
	assert_int_equal(edits.n, 0);
	guard_plan_removal(host.snapshot, 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6, &edits);
	assert_int_equal(edits.n, 1);
	assert_int_equal(edits.v[0].op, EDIT_DROP_TABLE);
	edits_clear(&edits);
	host_down(&host);
}

/* How many edits there are, of which these are the insertion or creation of something. */
static void edited(const struct host *host, size_t all, size_t added)
{
	struct edits edits = { 0 };
	size_t n = 0;

	plan(host->policy, host->snapshot, &edits);
	guard_plan(host->policy, host->snapshot, host->snapshot, &edits);
	for (size_t i = 0; i < edits.n; i++)
		n += edits.v[i].op == EDIT_INSERT || edits.v[i].op == EDIT_CREATE;
	assert_int_equal(edits.n, all);
	assert_int_equal(n, added);
	edits_clear(&edits);
}

static size_t found(const struct host *host, enum finding_id id)
{
	struct findings findings = { 0 };
	size_t n;

	check(host->policy, host->snapshot, &host->docker, &findings);
	guard_check(host->policy, host->snapshot, host->snapshot, &host->docker, &findings);
	check_void(host->policy, host->snapshot, host->snapshot, &findings);
	n = findings_count(&findings, id, FAMILY_COUNT);
	findings_clear(&findings);
	return n;
}

/* A configuration that has lost its rules, or some: what is in force stays. */
static void test_kept(void **state)
{
	static const char *const none[] = { "DOCKER-USER", NULL };
	static const char *const rest[] = { "DOCKER-USER -p 6 -j OFFICE", "OFFICE -j DROP", NULL };
	struct host host = { .policy = model_policy(none), .snapshot = snapshot_new(BACKEND_NFT) };

	(void)state;
	model_table(host.snapshot, FAMILY_IPV4,
		    LINES("FORWARD", "DOCKER-USER -i a -j RETURN #", "DOCKER-USER -j DROP #"));
	lay(&host, right, true);
	/* The jump, and all rules and the table go. */
	edited(&host, 4, 1);
	assert_int_equal(found(&host, RULE_STALE), 2);
	assert_int_equal(found(&host, CONFIGURATION_BROKEN), 0);
	host.policy->keep_rules = true;
	edited(&host, 1, 1);
	assert_int_equal(found(&host, RULE_STALE), 0);
	assert_int_equal(found(&host, GUARD_DIFFERS), 0);
	assert_int_equal(found(&host, USER_JUMP_MISSING), 1);
	assert_int_equal(found(&host, CONFIGURATION_BROKEN), 1);
	/* Some rules are known: a chain that has none gets them. */
	policy_free(host.policy);
	host.policy = model_policy(rest);
	host.policy->keep_rules = true;
	edited(&host, 3, 3);
	assert_int_equal(found(&host, CONFIGURATION_BROKEN), 0);
	host_down(&host);
	/* Rules of others do not count, nor does a guard that refuses nothing. */
	host = (struct host){ .policy = model_policy(none), .snapshot = snapshot_new(BACKEND_NFT) };
	host.policy->keep_rules = true;
	host.policy->foreign_rules = FOREIGN_REMOVE;
	model_table(host.snapshot, FAMILY_IPV4, LINES("FORWARD -j DOCKER-USER", "DOCKER-USER -j DROP"));
	lay(&host, LINES("forward -i a -j ACCEPT #"), true);
	edited(&host, 2, 0);
	assert_int_equal(found(&host, CONFIGURATION_BROKEN), 0);
	host_down(&host);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(by_hand) + 5] = {
		cmocka_unit_test(test_states), cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_where_it_is_all_there_is),
		cmocka_unit_test(test_counters_and_removal),
		cmocka_unit_test(test_kept),
	};

	for (size_t i = 0; i < ARRAY_SIZE(by_hand); i++)
		tests[i + 5] = (struct CMUnitTest){ by_hand[i].name, test_by_hand, NULL, NULL,
						    (void *)&by_hand[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
