/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of each kind of rule in the guard. */
#include "model_text.h"

#include "guard_rules.h"
#include "pure_match.h"
#include "read_set.h"

#include <linux/netfilter/xt_set.h>

struct given {
	const char *name;
	const char *const *live, *const *wanted;
	const char *const *guard; /* a line of each rule */
	size_t left_out;
	const char *trusted;
	bool off, exclusive;
	/* The last configured rule leaves its port to the host's own firewall. */
	bool by_host;
	const char *unheeded;
};

/* What becomes of such a rule, "-i x to:80". */
#define BY_HOST "forward -i x est to:80 -j ACCEPT", "forward -i x to:80 ext:REJECT"

#define FIRST "FORWARD -j DOCKER-USER"

static const struct given cases[] = {
	{ "verdicts", LINES(FIRST),
	  LINES("DOCKER-USER -i a -j RETURN", "DOCKER-USER -i b -j ACCEPT", "DOCKER-USER -i c -j DROP",
		"DOCKER-USER -i d ext:REJECT", "DOCKER-USER -i e", "DOCKER-USER -i f ext:LOG",
		"DOCKER-USER -i g ext:NFQUEUE", "DOCKER-USER -i h -j QUEUE", "DOCKER-USER -j RETURN"),
	  LINES("forward -i a -j ACCEPT", "forward -i b -j ACCEPT", "forward -i c -j DROP",
		"forward -i d ext:REJECT", "forward -i g -j ACCEPT", "forward -i h -j ACCEPT",
		"forward -j ACCEPT") },
	{ "conditions are kept, comments are not", LINES(FIRST),
	  LINES("DOCKER-USER ! -i a -o b -p 6 -s 192.0.2.1 -d 192.0.2.2 m:tcp m:comment est -j DROP"),
	  LINES("forward ! -i a -o b -p 6 -s 192.0.2.1 -d 192.0.2.2 m:tcp est -j DROP") },
	{ "a condition with state or an effect", LINES(FIRST),
	  LINES("DOCKER-USER -i a m:limit -j DROP", "DOCKER-USER -i b m:udp m:limit -j RETURN",
		"DOCKER-USER m:quota ext:REJECT", "DOCKER-USER m:new ext:NFQUEUE",
		"DOCKER-USER m:recent ext:LOG", "DOCKER-USER m:recent"),
	  LINES("forward -i b m:udp -j ACCEPT", "forward -j ACCEPT"), .left_out = 2 },
	{ "no rule that the guard can hold", LINES(FIRST),
	  LINES("DOCKER-USER m:limit -j DROP", "DOCKER-USER ext:LOG"), LINES(NULL), .left_out = 1 },
	{ "it is off", LINES(FIRST), LINES("DOCKER-USER -j DROP"), LINES(NULL), .off = true },

	{ "user-defined chains", LINES(FIRST),
	  LINES("DOCKER-USER -i a -j OFFICE", "DOCKER-USER -i b -g OFFICE", "OFFICE -i c -j RETURN",
		"OFFICE m:limit -j RETURN", "OFFICE -i d -j DROP", "OFFICE m:limit -j DROP",
		"OFFICE -p 6 -j INNER", "INNER -j DROP", "UNUSED -j DROP"),
	  LINES("forward -i a -j OFFICE", "forward -i b -g OFFICE", "OFFICE -i c -j RETURN",
		"OFFICE -j ACCEPT", "OFFICE -i d -j DROP", "OFFICE -p 6 -j INNER", "INNER -j DROP"),
	  .left_out = 1 },
	{ "a jump with a condition that has state", LINES(FIRST),
	  LINES("DOCKER-USER -i a m:limit -j REFUSES", "DOCKER-USER -i b m:limit -j OUTER",
		"DOCKER-USER -i c m:limit -j ACCEPTS", "DOCKER-USER -i d m:limit -g REFUSES",
		"OUTER -j REFUSES", "OUTER -j RETURN", "REFUSES -i x -j DROP", "ACCEPTS -i y -j ACCEPT"),
	  LINES("forward -i c -j ACCEPT", "forward -i d -j ACCEPT"), .left_out = 3 },
	{ "chains that others fill", LINES(FIRST),
	  LINES("DOCKER-USER -i a -j f2b", "DOCKER-USER -i b -j f2b", "DOCKER-USER -i c -g f2b",
		"DOCKER-USER -i d -j mine", "DOCKER-USER -i e m:limit -j mine", "DOCKER-USER -j DROP",
		"f2b refuse", "mine any"),
	  LINES("forward -i c -j ACCEPT", "forward -i d -j ACCEPT", "forward -i e -j ACCEPT",
		"forward -j DROP") },

	{ "rules of others that let pass before the configured ones",
	  LINES(FIRST, "DOCKER-USER est -j ACCEPT", "DOCKER-USER -i a -j DROP", "DOCKER-USER -j bans",
		"DOCKER-USER -i b -j DROP #", "DOCKER-USER est -j ACCEPT", "bans -j DROP"),
	  LINES("DOCKER-USER -i b -j DROP"), LINES("forward est -j ACCEPT", "forward -i b -j DROP") },
	{ "also if the configured ones are not there yet",
	  LINES(FIRST, "DOCKER-USER est m:limit -j ACCEPT", "DOCKER-USER -j RETURN"),
	  LINES("DOCKER-USER -i b -j DROP"), LINES("forward est -j ACCEPT", "forward -i b -j DROP") },
	{ "in a configured chain, as a repair leaves it",
	  LINES(FIRST, "DOCKER-USER -i a -j OFFICE", "DOCKER-USER -i b -j HOME", "DOCKER-USER ext:NFLOG",
		"DOCKER-USER -j DROP", "OFFICE est -j ACCEPT", "HOME -j DROP"),
	  LINES("DOCKER-USER -j DROP", "OFFICE -i x -j DROP", "HOME est -j ACCEPT"),
	  LINES("forward -i b -j ACCEPT", "forward -j DROP") },
	{ "not if no packet that they let pass is refused after them",
	  LINES(FIRST, "DOCKER-USER -i b -j ACCEPT", "DOCKER-USER ! -i c -j RETURN",
		"DOCKER-USER -i c -j DROP"),
	  LINES("DOCKER-USER -i c -j DROP"), LINES("forward -i c -j DROP") },
	{ "but not if a repair puts those first",
	  LINES(FIRST, "DOCKER-USER -i b -j ACCEPT", "DOCKER-USER ?", "DOCKER-USER -i b -j DROP"),
	  LINES("DOCKER-USER -i b -j DROP"), LINES("forward -i b -j DROP") },
	{ "nor rules that no packet reaches after a ban on everybody",
	  LINES(FIRST, "DOCKER-USER -i x -j ACCEPT", "DOCKER-USER -j DROP",
		"DOCKER-USER -s 192.0.2.1 -j ACCEPT"),
	  LINES("DOCKER-USER -i b -j DROP"), LINES("forward -i b -j DROP") },
	{ "nor if it removes them",
	  LINES(FIRST, "DOCKER-USER est -j ACCEPT", "DOCKER-USER -i b -j DROP"),
	  LINES("DOCKER-USER -i b -j DROP"), LINES("forward -i b -j DROP"), .exclusive = true },
	{ "nor rules with the mark, which go",
	  LINES(FIRST, "DOCKER-USER est -j ACCEPT #", "DOCKER-USER -i b -j DROP"),
	  LINES("DOCKER-USER -i b -j DROP"), LINES("forward -i b -j DROP") },

	{ "a chain of others: only what it accepts",
	  LINES(FIRST, "DOCKER-USER -p 6 -j mine", "DOCKER-USER -i b -j DROP #", "mine -s 192.0.2.9 -j DROP",
		"mine -s 192.0.2.1 -j ACCEPT", "mine -p 17 -s 192.0.2.2 -j ACCEPT", "mine -i c -j inner",
		"inner -s 192.0.2.3 -j ACCEPT", "inner -i d -s 192.0.2.4 -j ACCEPT", "inner est -j RETURN"),
	  LINES("DOCKER-USER -p 6 -j RETURN", "DOCKER-USER -j DROP"),
	  LINES("forward -p 6 -s 192.0.2.1 -j ACCEPT", "forward -i c -p 6 -s 192.0.2.3 -j ACCEPT",
		"forward -p 6 -j ACCEPT", "forward -j DROP") },
	{ "or more, where that is not known",
	  LINES(FIRST, "DOCKER-USER -p 6 -j mine", "DOCKER-USER -i b -j DROP #", "mine -s 192.0.2.9 -j DROP",
		"mine -s 192.0.2.1 m:limit -j ACCEPT", "mine -i c -j inner", "inner ?"),
	  LINES("DOCKER-USER -p 6 -j RETURN", "DOCKER-USER -j DROP"),
	  LINES("forward -p 6 -s 192.0.2.1 -j ACCEPT", "forward -i c -p 6 -j ACCEPT",
		"forward -p 6 -j ACCEPT", "forward -j DROP") },
	{ "not what the program of a queue accepts",
	  LINES(FIRST, "DOCKER-USER ext:NFQUEUE", "DOCKER-USER -j mine", "DOCKER-USER -i b -j DROP #",
		"mine -i c -j QUEUE", "mine -s 192.0.2.1 -j ACCEPT"),
	  LINES("DOCKER-USER -i b -p 6 -j RETURN", "DOCKER-USER -i b -j DROP"),
	  LINES("forward -s 192.0.2.1 -j ACCEPT", "forward -i b -p 6 -j ACCEPT", "forward -i b -j DROP") },
	{ "before what only the guard refuses: what is known, and narrow",
	  LINES(FIRST, "DOCKER-USER -j mine", "mine -s 192.0.2.9 -j DROP", "mine -s 192.0.2.1 -j ACCEPT",
		"mine est m:limit -j ACCEPT"),
	  LINES("DOCKER-USER -i x to:80 -j RETURN"),
	  LINES("forward -s 192.0.2.1 -j ACCEPT", "forward est -j ACCEPT", BY_HOST), .by_host = true },
	{ "… not by a condition with state",
	  LINES(FIRST, "DOCKER-USER -j mine", "mine -s 192.0.2.9 -j DROP", "mine -i x m:limit -j ACCEPT",
		"mine -i y m:limit -j ACCEPT"),
	  LINES("DOCKER-USER -i x to:80 -j RETURN"), LINES(BY_HOST), .by_host = true,
	  .unheeded = "rule 1 of DOCKER-USER" },
	{ "… nor by what cannot be read",
	  LINES(FIRST, "DOCKER-USER ?", "DOCKER-USER -s 192.0.2.9 -j DROP"),
	  LINES("DOCKER-USER -i x to:80 -j RETURN"), LINES(BY_HOST), .by_host = true,
	  .unheeded = "rule 1 of DOCKER-USER" },
	{ "… nor for whom it may have returned before",
	  LINES(FIRST, "DOCKER-USER -j mine", "mine -s 192.0.2.9 -j DROP", "mine -i x -j RETURN",
		"mine -p 6 -s 192.0.2.1 -j ACCEPT"),
	  LINES("DOCKER-USER -i x to:80 -j RETURN"), LINES(BY_HOST), .by_host = true,
	  .unheeded = "rule 1 of DOCKER-USER" },
	{ "… nor for everybody",
	  LINES(FIRST, "DOCKER-USER -i x -j RETURN", "DOCKER-USER -s 192.0.2.9 -j DROP"),
	  LINES("DOCKER-USER -i x to:80 -j RETURN"), LINES(BY_HOST), .by_host = true,
	  .unheeded = "rule 1 of DOCKER-USER" },
	{ "… of chains that others fill, what is in them",
	  LINES(FIRST, "f2b -s 192.0.2.9 -j DROP", "f2b -s 192.0.2.1 -j ACCEPT", "empty"),
	  LINES("DOCKER-USER -j f2b", "DOCKER-USER -j empty", "DOCKER-USER -j OFFICE",
		"DOCKER-USER -i x to:80 -j RETURN", "f2b any", "empty any", "OFFICE -p 6 -j f2b"),
	  LINES("forward -s 192.0.2.1 -j ACCEPT", "forward -j OFFICE", BY_HOST,
		"OFFICE -p 6 -s 192.0.2.1 -j ACCEPT"), .by_host = true },
	{ "… of configured rules, those without a limit",
	  LINES(FIRST),
	  LINES("DOCKER-USER -s 192.0.2.1 -j RETURN", "DOCKER-USER m:limit -j RETURN",
		"DOCKER-USER -j OFFICE", "DOCKER-USER -i x to:80 -j RETURN", "OFFICE m:limit -j RETURN",
		"OFFICE -j DROP", "OFFICE m:limit -j ACCEPT"),
	  LINES("forward -s 192.0.2.1 -j ACCEPT", "forward -j OFFICE", BY_HOST, "OFFICE -j RETURN",
		"OFFICE -j DROP"), .by_host = true,
	  .unheeded = "'m:limit -j RETURN' (test.conf:1)" },
	{ "… beside a trusted chain, too, where they lead to others",
	  LINES("FORWARD -j ts", FIRST, "ts -i t -j ACCEPT"),
	  LINES("DOCKER-USER -j OFFICE", "DOCKER-USER @ -i x to:80 -j RETURN", "OFFICE -j DROP",
		"OFFICE -s 192.0.2.1 -j ACCEPT"),
	  LINES("forward -j OFFICE", BY_HOST, "OFFICE -s 192.0.2.1 -j ACCEPT",
		"input -i x to:80 -j ACCEPT"), .trusted = "ts", .by_host = true, .left_out = 1 },

	{ "a trusted chain accepts what DOCKER-USER never sees",
	  LINES("FORWARD -j ts", FIRST, "ts -i t -j ACCEPT"),
	  LINES("DOCKER-USER -i a -j DROP", "DOCKER-USER -i b -j RETURN", "DOCKER-USER -j DROP"),
	  LINES(NULL), .trusted = "ts", .left_out = 2 },
	{ "sections hold all the same, and rules before them may let pass",
	  LINES("FORWARD -j ts", FIRST, "ts -i t -j ACCEPT"),
	  LINES("DOCKER-USER -i a -j DROP", "DOCKER-USER -i b -j RETURN", "DOCKER-USER -j OFFICE",
		"DOCKER-USER @ -p 6 to:80 -j DROP", "OFFICE -i e -j DROP", "OFFICE -i f -j ACCEPT"),
	  LINES("forward -i b -j ACCEPT", "forward -j ACCEPT", "forward -p 6 to:80 -j DROP",
		"input ! -i lo -p 6 to:80 -j DROP", "input ! -i lo -p 6 none:80 -j DROP"), .trusted = "ts", .left_out = 2 },
	{ "not if it only refuses", LINES("FORWARD -j ts", FIRST, "ts -i t -j DROP"),
	  LINES("DOCKER-USER -j DROP"), LINES("forward -j DROP"), .trusted = "ts" },
	{ "nor after DOCKER-USER", LINES(FIRST, "FORWARD -j ts", "ts -i t -j ACCEPT"),
	  LINES("DOCKER-USER -j DROP"), LINES("forward -j DROP"), .trusted = "ts" },
	{ "nor before it without a jump", LINES(FIRST, "ts -i t -j ACCEPT"),
	  LINES("DOCKER-USER -j DROP"), LINES("forward -j DROP"), .trusted = "ts" },
	{ "nor where a repair puts that first",
	  LINES("FORWARD -j DOCKER", "FORWARD -j ts", FIRST, "ts -i t -j ACCEPT", "DOCKER -j ACCEPT"),
	  LINES("DOCKER-USER -j DROP"), LINES("forward -j DROP"), .trusted = "ts" },
	{ "but where a repair leaves it first",
	  LINES("FORWARD -j ts", "FORWARD -j DOCKER", FIRST, "ts -i t -j ACCEPT", "DOCKER -j ACCEPT"),
	  LINES("DOCKER-USER -j DROP"), LINES(NULL), .trusted = "ts", .left_out = 1 },

	{ "sections are about a port of the host as well", LINES(FIRST),
	  LINES("DOCKER-USER -p 6 m:tcp -j DROP", "DOCKER-USER @ -i a -p 6 -s 192.0.2.1 to:80 -j RETURN",
		"DOCKER-USER @ -i a -p 6 to:80 ext:REJECT", "DOCKER-USER @ -p 17 to:53 -j DROP"),
	  LINES("forward -p 6 m:tcp -j DROP", "forward -i a -p 6 -s 192.0.2.1 to:80 -j ACCEPT",
		"forward -i a -p 6 to:80 ext:REJECT", "forward -p 17 to:53 -j DROP",
		"input -i a -p 6 -s 192.0.2.1 to:80 -j ACCEPT", "input -i a -p 6 to:80 ext:REJECT",
		"input ! -i lo -p 17 to:53 -j DROP", "input -i a -p 6 -s 192.0.2.1 none:80 -j ACCEPT",
		"input -i a -p 6 none:80 -j DROP", "input ! -i lo -p 17 none:53 -j DROP") },
	{ "nothing is refused: a packet without a connection needs no rule", LINES(FIRST),
	  LINES("DOCKER-USER @ -p 6 -s 192.0.2.1 to:80 -j RETURN", "DOCKER-USER @ -p 17 to:53 -j RETURN"),
	  LINES("forward -p 6 -s 192.0.2.1 to:80 -j ACCEPT", "forward -p 17 to:53 -j ACCEPT",
		"input ! -i lo -p 6 -s 192.0.2.1 to:80 -j ACCEPT", "input ! -i lo -p 17 to:53 -j ACCEPT") },
	{ "nor what comes after the last refusal; SCTP has no such rule", LINES(FIRST),
	  LINES("DOCKER-USER @ -p 6 to:80 -j DROP", "DOCKER-USER @ -p 132 to:81 -j DROP",
		"DOCKER-USER @ -p 17 to:53 -j RETURN"),
	  LINES("forward -p 6 to:80 -j DROP", "forward -p 132 to:81 -j DROP", "forward -p 17 to:53 -j ACCEPT",
		"input ! -i lo -p 6 to:80 -j DROP", "input ! -i lo -p 132 to:81 -j DROP",
		"input ! -i lo -p 17 to:53 -j ACCEPT", "input ! -i lo -p 6 none:80 -j DROP") },

	{ "a refusal of what was not translated is two: one is of packets without a connection",
	  LINES(FIRST), LINES("DOCKER-USER -o a direct ext:REJECT", "DOCKER-USER -o b direct -j RETURN"),
	  LINES("forward -o a direct ext:REJECT", "forward -o a none ext:REJECT",
		"forward -o b direct -j ACCEPT") },

	{ "a mark that nothing in the table sets", LINES(FIRST),
	  LINES("DOCKER-USER m:mark m:connmark -j DROP"), LINES("forward m:mark m:connmark -j DROP") },
	{ "one that a configured rule sets", LINES(FIRST),
	  LINES("DOCKER-USER -j OFFICE", "DOCKER-USER m:mark -j DROP", "DOCKER-USER m:connmark -j DROP",
		"OFFICE ext:MARK"),
	  LINES("forward -j OFFICE", "forward m:connmark -j DROP"), .left_out = 1 },
	{ "one that a rule of another program sets", LINES(FIRST, "mine ext:CONNMARK"),
	  LINES("DOCKER-USER m:mark -j DROP", "DOCKER-USER m:connmark -j RETURN",
		"DOCKER-USER m:mark -j RETURN"),
	  LINES("forward -j ACCEPT", "forward -j ACCEPT"), .left_out = 1 },
	{ "one that a rule may set that cannot be read", LINES(FIRST, "mine ?"),
	  LINES("DOCKER-USER m:mark -j DROP", "DOCKER-USER m:connmark -j DROP"), LINES(NULL),
	  .left_out = 2 },
	{ "not by a rule that a repair deletes", LINES(FIRST, "DOCKER-USER ext:MARK #"),
	  LINES("DOCKER-USER m:mark -j DROP"), LINES("forward m:mark -j DROP") },
};

static void test_case_runs(void **state)
{
	const struct given *given = *state;
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct policy *policy = model_policy(given->wanted);
	struct guard guard;
	struct text text;

	model_table(snapshot, FAMILY_IPV4, given->live);
	policy->guard = given->off ? GUARD_OFF : GUARD_AUTO;
	policy->foreign_rules = given->exclusive ? FOREIGN_REMOVE : FOREIGN_KEEP;
	if (given->by_host) {
		struct wanted_rules *rules = &policy_chain(policy, "DOCKER-USER")->rules[FAMILY_IPV4];

		policy->unlisted = UNLISTED_HOST_FIREWALL;
		rules->v[rules->n - 1].by_host = true;
	}
	if (given->trusted)
		strings_add(&policy->trusted_chains, given->trusted);
	guard_make(&guard, policy, snapshot, FAMILY_IPV4);
	text_open(&text);
	for (size_t i = 0; i < guard.n; i++) {
		bool base = !strcmp(guard.chains[i].name, GUARD_FORWARD) ||
			    !strcmp(guard.chains[i].name, GUARD_INPUT);

		assert_int_equal(guard.chains[i].base, base);
		print_wanted(text.out, guard.chains[i].name, &guard.chains[i].rules);
	}
	is_text(given->name, text_take(&text), given->guard);
	assert_int_equal(guard.left_out, given->left_out);
	assert_string_equal(guard.unheeded ? guard.unheeded : "", given->unheeded ? given->unheeded : "");
	guard_clear(&guard);

	/* The other family is not configured. */
	guard_make(&guard, policy, snapshot, FAMILY_IPV6);
	assert_int_equal(guard.n, 0);
	guard_clear(&guard);
	snapshot_free(snapshot);
	policy_free(policy);
}

/* ---- which matches can be evaluated again ---- */

static bool is_pure(const char *name, uint8_t revision, const void *data, uint16_t size,
		    const struct written *written)
{
	struct rule *rule = rule_new(FAMILY_IPV4);
	bool pure = match_is_pure(rule_add_match(rule, name, revision, data, size), written);

	rule_free(rule);
	return pure;
}

static void write_by(struct written *written, const char *target, uint8_t revision,
		     const void *data, uint16_t size)
{
	struct rule *rule = rule_new(FAMILY_IPV4);

	rule_set_target(rule, target, revision, data, size);
	written_add(written, rule);
	rule_free(rule);
}

static void test_matches(void **state)
{
	static const char *const impure[] = {
		"bpf", "cgroup", "connbytes", "connlimit", "cpu", "dscp2", "hashlimit", "limit", "nfacct",
		"owner", "quota", "rateest", "recent", "socket", "statistic", "", "TCP",
	};
	struct xt_conntrack_mtinfo3 conntrack = { .match_flags = XT_CONNTRACK_STATE };
	struct written none = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(impure); i++)
		if (is_pure(impure[i], 0, "12345678", 8, &none))
			fail_msg("pure: %s", impure[i]);
	assert_true(is_pure("string", 1, "12345678", 8, &none));
	assert_true(is_pure("conntrack", 3, &conntrack, sizeof(conntrack), &none));
	assert_false(is_pure("conntrack", 3, &conntrack, 4, &none));
	conntrack.match_flags |= XT_CONNTRACK_EXPIRES;
	assert_false(is_pure("conntrack", 3, &conntrack, sizeof(conntrack), &none));
}

/* What others may write is read, if a rule that the guard may hold matches on it. */
static void test_what_is_read(void **state)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *table = model_table(snapshot, FAMILY_IPV4, LINES(FIRST, "FORWARD -j mine",
					  "mine ext:MARK", "DOCKER -j ACCEPT", "DOCKER-USER"));
	struct policy *policy = model_policy(LINES("DOCKER-USER -j DROP"));
	struct table *of;

	(void)state;
	for (int about = 0; about < 3; about++) {
		struct chain *user = table_chain(table, "DOCKER-USER");

		for (size_t c = 0; c < table->nchains; c++)
			table->chains[c]->loaded = false;
		if (about == 1)
			chain_add_rule(user, model_rule(FAMILY_IPV4, "m:mark -j RETURN"));
		if (about == 2) {
			rule_free(chain_remove_rule(user, 0));
			model_want(policy, "DOCKER-USER", "m:mark -j DROP");
		}
		for (struct chain *chain; (chain = select_judged(policy, snapshot, &of));)
			chain->loaded = true;
		assert_true(user->loaded);
		assert_int_equal(table_chain(table, "mine")->loaded, about > 0);
		assert_false(table_chain(table, "DOCKER")->loaded);
	}
	policy_free(policy);
	snapshot_free(snapshot);
}

static void test_sets(void **state)
{
	struct xt_set_info_match_v4 set = { .match_set = { .index = 7, .dim = 1 } };
	struct xt_set_info_target_v2 target = {
		.add_set = { .index = IPSET_INVALID_ID }, .del_set = { .index = 7 },
	};
	struct written none = { 0 }, written = { 0 };

	(void)state;
	assert_true(is_pure("set", 4, &set, sizeof(set), &none));
	assert_true(is_pure("set", 1, &set.match_set, sizeof(set.match_set), &none));
	/* Revisions with another structure: 3 has the counters elsewhere. */
	assert_false(is_pure("set", 0, &set, sizeof(set), &none));
	assert_false(is_pure("set", 3, &set, sizeof(set), &none));
	assert_false(is_pure("set", 4, &set, sizeof(set) - 1, &none));
	set.packets.op = IPSET_COUNTER_GT;
	assert_false(is_pure("set", 4, &set, sizeof(set), &none));
	set.packets.op = IPSET_COUNTER_NONE;

	write_by(&written, "SET", 2, &target, sizeof(target));
	assert_false(written.mark);
	assert_false(is_pure("set", 4, &set, sizeof(set), &written));
	set.match_set.index = 8;
	assert_true(is_pure("set", 4, &set, sizeof(set), &written));
	/* This revision may set the mark as well. */
	write_by(&written, "SET", 3, &target, sizeof(target));
	assert_true(written.mark);
	written_clear(&written);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 3] = {
		cmocka_unit_test(test_matches), cmocka_unit_test(test_sets),
		cmocka_unit_test(test_what_is_read),
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i + 3] = (struct CMUnitTest){ cases[i].name, test_case_runs, NULL, NULL,
						    (void *)&cases[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
