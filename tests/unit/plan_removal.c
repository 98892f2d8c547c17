/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a removal takes out of the filter table, and what it leaves. */
#include "model.h"

#include "plan_removal.h"
#include "text.h"

/*
 * A table and the configuration, as lines "CHAIN RULE" of model.h; "CHAIN" configures an
 * empty chain, and "CHAIN others" one that another program fills. edits are lines
 * "delete CHAIN NUMBER" and "drop CHAIN", kept are lines "CHAIN".
 */
struct given {
	const char *name;
	const char *const *live, *const *wanted;
	bool dormant;
	const char *edits, *kept;
};
#define LINES(...) (const char *const[]){ __VA_ARGS__, NULL }

static const struct given cases[] = {
	{ "nothing there", LINES("FORWARD"), LINES("DOCKER-USER"), .edits = "", .kept = "" },
	{ "marked rules beside Docker: the chain and the jump stay",
	  LINES("FORWARD -j DOCKER-USER", "FORWARD -j DOCKER", "DOCKER -j ACCEPT",
		"DOCKER-USER -p 6 -j DROP #", "DOCKER-USER -p 17 -j DROP", "DOCKER-USER -i a -j DROP #",
		"DOCKER-USER -j RETURN"),
	  LINES("DOCKER-USER -p 6 -j DROP"),
	  .edits = "delete DOCKER-USER 1\ndelete DOCKER-USER 2\n", .kept = "" },
	{ "in every chain, Docker's, too",
	  LINES("FORWARD -i a -j ACCEPT #", "DOCKER -j DROP #", "DOCKER -j ACCEPT", "MINE -j DROP",
		"MINE -j DROP #"), LINES("DOCKER-USER"),
	  .edits = "delete DOCKER 1\ndelete FORWARD 1\ndelete MINE 2\n", .kept = "" },
	{ "without Docker: the chain and the jump go",
	  LINES("FORWARD -i a -j DROP", "FORWARD -j DOCKER-USER", "FORWARD -j MINE",
		"FORWARD -j DOCKER-USER", "MINE -j DROP", "DOCKER-USER -j DROP #"),
	  LINES("DOCKER-USER -j DROP"),
	  .edits = "delete DOCKER-USER 1\ndelete FORWARD 2\ndelete FORWARD 3\ndrop DOCKER-USER\n",
	  .kept = "" },
	{ "but not if it holds a rule of others",
	  LINES("FORWARD -j DOCKER-USER", "DOCKER-USER -p 6 -j DROP #", "DOCKER-USER -j RETURN"),
	  LINES("DOCKER-USER -p 6 -j DROP"), .edits = "delete DOCKER-USER 1\n", .kept = "" },
	{ "nor if others jump to it as well",
	  LINES("FORWARD -j DOCKER-USER", "MINE -j DOCKER-USER", "DOCKER-USER -p 6 -j DROP #"),
	  LINES("DOCKER-USER -p 6 -j DROP"), .edits = "delete DOCKER-USER 1\n", .kept = "" },
	{ "or with a condition",
	  LINES("FORWARD -j DOCKER-USER", "FORWARD -i a -j DOCKER-USER", "DOCKER-USER"),
	  LINES("DOCKER-USER"), .edits = "", .kept = "" },
	{ "user-defined chains, of the configuration and stale ones",
	  LINES("FORWARD -j DOCKER-USER", "DOCKER", "DOCKER-USER -j OFFICE #", "DOCKER-USER -g OLD #",
		"OFFICE -p 6 -j OLDER #", "EMPTY", "OLD -j OLDER #", "OLDER -j DROP #", "THEIRS"),
	  LINES("DOCKER-USER -j OFFICE", "OFFICE -p 6 -j OLDER", "EMPTY"),
	  .edits = "delete DOCKER-USER 1\ndelete DOCKER-USER 1\ndelete OFFICE 1\ndelete OLD 1\n"
		   "delete OLDER 1\ndrop EMPTY\ndrop OFFICE\ndrop OLD\ndrop OLDER\n", .kept = "" },
	{ "not with rules of others in them, and not if others lead to them",
	  LINES("FORWARD -j DOCKER-USER", "FORWARD -g LED", "DOCKER", "DOCKER-USER -j OFFICE #",
		"DOCKER-USER -j LED #", "OFFICE -p 6 -j DROP #", "OFFICE -p 17 -j DROP",
		"LED -j DROP #", "OLD -j DROP #", "FORWARD ? -j OLD"),
	  LINES("DOCKER-USER -j OFFICE", "OFFICE -p 6 -j DROP", "LED -j DROP"),
	  .edits = "delete DOCKER-USER 1\ndelete DOCKER-USER 1\ndelete LED 1\ndelete OFFICE 1\n"
		   "delete OLD 1\n", .kept = "" },
	{ "not those that others fill",
	  LINES("FORWARD -j DOCKER-USER", "DOCKER", "DOCKER-USER -j f2b #", "f2b"),
	  LINES("DOCKER-USER -j f2b", "f2b others"), .edits = "delete DOCKER-USER 1\n", .kept = "" },
	{ "no chain of a dormant table",
	  LINES("FORWARD -j DOCKER-USER", "INPUT -j DROP #", "DOCKER-USER -j DROP #"),
	  LINES("DOCKER-USER"), .dormant = true,
	  .edits = "delete DOCKER-USER 1\ndelete FORWARD 1\ndelete INPUT 1\n", .kept = "" },
	{ "configured rules without the mark stay, Docker's last one is not said",
	  LINES("FORWARD -j DOCKER-USER", "DOCKER", "DOCKER-USER -p 6 -j DROP",
		"DOCKER-USER -p 17 -j DROP #", "DOCKER-USER -p 1 -j DROP", "DOCKER-USER -p 6 -j DROP",
		"DOCKER-USER -j RETURN", "OFFICE -j ACCEPT"),
	  LINES("DOCKER-USER -p 6 -j DROP", "DOCKER-USER -p 17 -j DROP", "DOCKER-USER -j RETURN",
		"OFFICE -j ACCEPT", "OFFICE -j DROP"),
	  .edits = "delete DOCKER-USER 2\n", .kept = "DOCKER-USER\nDOCKER-USER\nOFFICE\n" },
};

static struct policy *make_policy(const char *const *lines)
{
	struct policy *policy = policy_new();

	policy->families = 1U << FAMILY_IPV4;
	for (; *lines; lines++) {
		size_t length = strcspn(*lines, " ");
		char *name = xasprintf("%.*s", (int)length, *lines);

		if (!policy_chain(policy, name))
			policy_add_chain(policy, name, "test.conf", 1);
		if (!strcmp(*lines + length, " others"))
			policy_chain(policy, name)->filled_by = FILLED_BY_OTHERS;
		else if ((*lines)[length])
			model_want(policy, name, *lines + length + 1);
		free(name);
	}
	return policy;
}

static char *edits_text(const struct edits *edits)
{
	struct text text;

	text_open(&text);
	for (size_t i = 0; i < edits->n; i++) {
		fprintf(text.out, "%s %s", edit_op_name(edits->v[i].op), edits->v[i].chain);
		if (edits->v[i].position)
			fprintf(text.out, " %zu", edits->v[i].position);
		fputc('\n', text.out);
	}
	return text_take(&text);
}

static char *kept_text(const struct rule_places *kept)
{
	struct text text;

	text_open(&text);
	for (size_t i = 0; i < kept->n; i++)
		fprintf(text.out, "%s\n", kept->v[i].chain->name);
	return text_take(&text);
}

static void is(const char *name, const char *what, char *found, const char *wanted)
{
	if (strcmp(found, wanted) != 0)
		fail_msg("%s: %s are\n%snot\n%s", name, what, found, wanted);
	free(found);
}

static void run(const struct given *given)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *table = model_table(snapshot, FAMILY_IPV4, given->live);
	struct policy *policy = make_policy(given->wanted);
	struct edits edits = { 0 }, again = { 0 };
	struct rule_places kept = { 0 };

	table->dormant = given->dormant;
	for (size_t c = 0; c < table->nchains && given->dormant; c++)
		table->chains[c]->builtin = false;
	plan_removal(policy, snapshot, &edits);
	removal_kept(policy, snapshot, &kept);
	is(given->name, "the edits", edits_text(&edits), given->edits);
	is(given->name, "the kept rules", kept_text(&kept), given->kept);
	rule_places_clear(&kept);

	/* They can be carried out, and leave nothing to do. */
	assert_true(edits_apply(snapshot, &edits));
	plan_removal(policy, snapshot, &again);
	is(given->name, "the edits after them", edits_text(&again), "");

	/* Nothing is done in a family that is not the policy's. */
	edits_clear(&edits);
	policy->families = 1U << FAMILY_IPV6;
	plan_removal(policy, snapshot, &edits);
	assert_int_equal(edits.n, 0);
	edits_clear(&edits);
	edits_clear(&again);
	policy_free(policy);
	snapshot_free(snapshot);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		run(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
