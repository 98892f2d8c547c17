/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a repair puts the configured rules among those of others: which order a few chains
 * get, and over random chains what becomes of every packet. Whatever a rule of others refused
 * is refused afterwards; so is what a configured rule refused, unless the configuration
 * lets it pass; and if nothing is reported, whatever the configuration refuses is refused.
 */
#include "chain_diff.h"
#include "docker_chains.h"
#include "dockerd.h"
#include "gains.h"
#include "losses.h"
#include "model_text.h"
#include "random.h"

#define FROM "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", "DOCKER-FORWARD -o docker0 -j ACCEPT"

struct order {
	const char *name;
	const char *const *live, *const *configured, *const *after;
	const char *findings; /* the ids that are left, each after a blank */
};

static const struct order orders[] = {
	{ "an allowing rule comes after a ban",
	  LINES(FROM, "DOCKER-USER -s 192.0.2.1 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -j RETURN", "DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -s 192.0.2.1 -j DROP", "DOCKER-USER -i ens3 -j RETURN #",
		"DOCKER-USER -i ens3 -j DROP #"), "" },
	{ "also after one that stands after the refusing rule, which then moves",
	  LINES(FROM, "DOCKER-USER -i ens3 -j DROP #", "DOCKER-USER -s 192.0.2.1 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -j RETURN", "DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -s 192.0.2.1 -j DROP", "DOCKER-USER -i ens3 -j RETURN #",
		"DOCKER-USER -i ens3 -j DROP #"), "" },
	{ "a ban that cannot concern the same packet does not matter",
	  LINES(FROM, "DOCKER-USER -i ens3 -j DROP #", "DOCKER-USER -s 192.0.2.1 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -s 192.0.2.2 -j RETURN", "DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -s 192.0.2.2 -j RETURN #", "DOCKER-USER -i ens3 -j DROP #",
		"DOCKER-USER -s 192.0.2.1 -j DROP"), "" },
	{ "one that is after the allowing rule stays there",
	  LINES(FROM, "DOCKER-USER -j RETURN", "DOCKER-USER -i ens3 -j DROP",
		"DOCKER-USER -s 192.0.2.1 -j DROP"),
	  LINES("DOCKER-USER -j RETURN", "DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -j RETURN", "DOCKER-USER -i ens3 -j DROP",
		"DOCKER-USER -s 192.0.2.1 -j DROP"), " rule-unreachable" },
	{ "an accept that no packet reaches lets nobody past",
	  LINES(FROM, "DOCKER-USER -j DROP", "DOCKER-USER -s 192.0.2.9 -j ACCEPT",
		"DOCKER-USER -i ens3 -j DROP #"),
	  LINES("DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -j DROP", "DOCKER-USER -s 192.0.2.9 -j ACCEPT",
		"DOCKER-USER -i ens3 -j DROP #"), " rule-unreachable rule-not-evaluated" },
	{ "a chain that is filled with bans counts, though it is empty",
	  LINES(FROM, "DOCKER-USER -j f2b", "DOCKER-USER -j RETURN", "f2b -j RETURN"),
	  LINES("DOCKER-USER -i ens3 -j RETURN", "DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -j f2b", "DOCKER-USER -i ens3 -j RETURN #", "DOCKER-USER -i ens3 -j DROP #",
		"DOCKER-USER -j RETURN"), "" },
	{ "a chain that accepts does not",
	  LINES(FROM, "DOCKER-USER -j vpn", "DOCKER-USER -j RETURN", "vpn -i wg0 -j ACCEPT"),
	  LINES("DOCKER-USER -i ens3 -j RETURN", "DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -j RETURN #", "DOCKER-USER -i ens3 -j DROP #", "DOCKER-USER -j vpn",
		"DOCKER-USER -j RETURN"), "" },
	{ "refusing rules come before an accept, with a ban after it",
	  LINES(FROM, "DOCKER-USER -s 192.0.2.9 -j ACCEPT", "DOCKER-USER -s 192.0.2.1 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -j DROP #", "DOCKER-USER -s 192.0.2.9 -j ACCEPT",
		"DOCKER-USER -s 192.0.2.1 -j DROP"), "" },
	{ "those after an allowing rule cannot: nobody gets in who was refused",
	  LINES(FROM, "DOCKER-USER -s 192.0.2.9 -j ACCEPT", "DOCKER-USER -s 192.0.2.1 -j DROP"),
	  LINES("DOCKER-USER -i x -j DROP", "DOCKER-USER -i ens3 -j RETURN", "DOCKER-USER -j DROP"),
	  LINES("DOCKER-USER -i x -j DROP #", "DOCKER-USER -s 192.0.2.9 -j ACCEPT",
		"DOCKER-USER -s 192.0.2.1 -j DROP", "DOCKER-USER -i ens3 -j RETURN #",
		"DOCKER-USER -j DROP #"), " rule-bypassed" },
	{ "nor does one that was before the accept move after it: the allowing rule is left out",
	  LINES(FROM, "DOCKER-USER -i ens3 -j DROP #", "DOCKER-USER -s 192.0.2.9 -j ACCEPT",
		"DOCKER-USER -s 192.0.2.1 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -j RETURN", "DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -j DROP #", "DOCKER-USER -s 192.0.2.9 -j ACCEPT",
		"DOCKER-USER -s 192.0.2.1 -j DROP"), " rule-missing" },
	{ "or stays where it is",
	  LINES(FROM, "DOCKER-USER -i ens3 -j DROP #", "DOCKER-USER -s 192.0.2.9 -j ACCEPT",
		"DOCKER-USER -s 192.0.2.1 -j DROP", "DOCKER-USER -i ens3 -j RETURN #"),
	  LINES("DOCKER-USER -i ens3 -j RETURN", "DOCKER-USER -i ens3 -j DROP"),
	  LINES("DOCKER-USER -i ens3 -j DROP #", "DOCKER-USER -s 192.0.2.9 -j ACCEPT",
		"DOCKER-USER -s 192.0.2.1 -j DROP", "DOCKER-USER -i ens3 -j RETURN #"), " rule-order" },
	{ "what refuses unlisted ports does, though errors of connections pass before it",
	  LINES(FROM, "DOCKER-USER -s 192.0.2.9 -j ACCEPT", "DOCKER-USER -s 192.0.2.1 -j DROP"),
	  LINES("DOCKER-USER @@ -p 1 related -j RETURN", "DOCKER-USER @@ -i ens3 -j DROP"),
	  LINES("DOCKER-USER -p 1 related -j RETURN #", "DOCKER-USER -i ens3 -j DROP #",
		"DOCKER-USER -s 192.0.2.9 -j ACCEPT", "DOCKER-USER -s 192.0.2.1 -j DROP"), "" },
	{ "accepts of other interfaces and networks are not in the way",
	  LINES(FROM, "DOCKER-USER -i virbr0 -j ACCEPT", "DOCKER-USER ! -i ens+ -j RETURN",
		"DOCKER-USER -i ens3 -d 192.0.2.7 -j ACCEPT", "DOCKER-USER -i ens3 -j DROP #"),
	  LINES("DOCKER-USER -i ens3 -d 192.0.2.8 -j DROP"),
	  LINES("DOCKER-USER -i virbr0 -j ACCEPT", "DOCKER-USER ! -i ens+ -j RETURN",
		"DOCKER-USER -i ens3 -d 192.0.2.7 -j ACCEPT",
		"DOCKER-USER -i ens3 -d 192.0.2.8 -j DROP #"), "" },
	{ "nor is one that leads elsewhere, for a section",
	  LINES(FROM, "DOCKER-USER -o virbr0 -j ACCEPT", "DOCKER-USER to:80 -j DROP #"),
	  LINES("DOCKER-USER @ to:80 -j DROP"),
	  LINES("DOCKER-USER -o virbr0 -j ACCEPT", "DOCKER-USER to:80 -j DROP #"), "" },
	{ "but to a bridge of Docker's, or for another rule, it is",
	  LINES(FROM, "DOCKER-USER -o docker0 -j ACCEPT", "DOCKER-USER -o virbr0 -j ACCEPT",
		"DOCKER-USER to:80 -j DROP #", "DOCKER-USER -i x -j DROP #"),
	  LINES("DOCKER-USER -i x -j DROP", "DOCKER-USER @ to:80 -j DROP"),
	  LINES("DOCKER-USER -i x -j DROP #", "DOCKER-USER to:80 -j DROP #",
		"DOCKER-USER -o docker0 -j ACCEPT", "DOCKER-USER -o virbr0 -j ACCEPT"), "" },
	{ "a jump to a chain that is still to be filled lets nobody pass yet",
	  LINES(FROM, "DOCKER-USER -j OFFICE", "DOCKER-USER -s 192.0.2.1 -j DROP", "OFFICE"),
	  LINES("DOCKER-USER -j OFFICE", "OFFICE -i ens3 -j ACCEPT"),
	  LINES("DOCKER-USER -s 192.0.2.1 -j DROP", "DOCKER-USER -j OFFICE #"), "" },
	{ "a chain of the configuration keeps rules that cannot be read",
	  LINES(FROM, "DOCKER-USER -j OFFICE", "OFFICE -s 192.0.2.1 -j DROP",
		"OFFICE -i ens3 -j DROP", "DOCKER-USER ?= -j DROP"),
	  LINES("DOCKER-USER -j OFFICE", "OFFICE -i ens3 -j DROP"),
	  LINES("DOCKER-USER -j OFFICE", "? DOCKER-USER -j DROP"), " rule-opaque" },
};

static char *user_chain(const struct snapshot *snapshot)
{
	const struct chain *chain = table_chain(snapshot_table(snapshot, FAMILY_IPV4, "filter"),
						DOCKER_USER);
	struct text text;

	text_open(&text);
	for (size_t i = 0; chain && i < chain->nrules; i++) {
		if (chain->rules[i]->opaque)
			fputs("? ", text.out);
		print_rule(text.out, DOCKER_USER, chain->rules[i]);
	}
	return text_take(&text);
}

static char *ids_of(const struct findings *findings)
{
	struct text text;

	text_open(&text);
	for (size_t i = 0; i < findings->n; i++)
		fprintf(text.out, " %s", finding_name(findings->v[i].id));
	return text_take(&text);
}

static void test_order(void **state)
{
	const struct order *order = *state;
	struct policy *policy = model_policy(order->configured);
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct dockerd docker = { 0 };
	struct findings left = { 0 };
	struct edits edits = { 0 }, again = { 0 };
	char *ids;

	if (!policy_chain(policy, DOCKER_USER))
		policy_add_chain(policy, DOCKER_USER, "", 0);
	model_table(snapshot, FAMILY_IPV4, order->live);
	plan(policy, snapshot, &edits);
	assert_true(edits_apply(snapshot, &edits));
	is_text(order->name, user_chain(snapshot), order->after);
	check(policy, snapshot, &docker, &left);
	ids = ids_of(&left);
	assert_string_equal(ids, order->findings);
	for (size_t i = 0; i < left.n; i++)
		assert_false(left.v[i].repairable);
	plan(policy, snapshot, &again);
	assert_int_equal(again.n, 0);
	free(ids);
	findings_clear(&left);
	edits_clear(&edits);
	edits_clear(&again);
	snapshot_free(snapshot);
	policy_free(policy);
}

/* Only remove-all deletes a rule that cannot be read. */
static void test_opaque_is_kept(void **state)
{
	static const char *const live[] = { FROM, "DOCKER-USER ?= -j DROP", "DOCKER-USER -s 10.0.0.9 -j DROP",
					    "DOCKER-USER -j OFFICE", "OFFICE ?", NULL };
	static const size_t edits_of[] = { [FOREIGN_KEEP] = 0, [FOREIGN_REMOVE] = 1, [FOREIGN_REMOVE_ALL] = 3 };

	(void)state;
	for (enum foreign_rules word = FOREIGN_KEEP; word <= FOREIGN_REMOVE_ALL; word++) {
		struct policy *policy = model_policy(LINES("DOCKER-USER -j OFFICE", "OFFICE"));
		struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
		struct edits edits = { 0 };

		policy->foreign_rules = word;
		model_table(snapshot, FAMILY_IPV4, live);
		plan(policy, snapshot, &edits);
		assert_int_equal(edits.n, edits_of[word]);
		assert_true(edits_apply(snapshot, &edits));
		edits_clear(&edits);
		plan(policy, snapshot, &edits);
		assert_int_equal(edits.n, 0);
		edits_clear(&edits);
		snapshot_free(snapshot);
		policy_free(policy);
	}
}

#define MANY 300

/* So many rules that they are sorted in another way: each three times, with one missing or moved. */
static void test_many(void **state)
{
	static const struct { size_t missing, moved, edits; } cases[] = {
		{ MANY, MANY, 0 }, { 150, MANY, 1 }, { 0, MANY, 1 }, { MANY - 1, MANY, 1 },
		{ MANY, 0, 2 }, { MANY, 200, 2 },
	};
	const char *configured[MANY + 1] = { NULL };

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		configured[i] = xasprintf("DOCKER-USER -s 10.0.0.%zu -j DROP", i % (MANY / 3) + 1);
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		struct policy *policy = model_policy(configured);
		struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
		const char *live[MANY + 2] = { "FORWARD -j DOCKER-USER" };
		struct edits edits = { 0 }, again = { 0 };
		size_t n = 1;

		for (size_t i = 0; i < MANY; i++)
			if (i != cases[c].missing && i != cases[c].moved)
				live[n++] = configured[i];
		if (cases[c].moved < MANY)
			live[n++] = configured[cases[c].moved];
		model_table(snapshot, FAMILY_IPV4, live);
		plan(policy, snapshot, &edits);
		assert_int_equal(edits.n, cases[c].edits);
		assert_true(edits_apply(snapshot, &edits));
		for (size_t i = 0; i < MANY; i++)
			assert_true(rule_equal_but_mark(
				table_chain(snapshot_table(snapshot, FAMILY_IPV4, "filter"), DOCKER_USER)->rules[i],
				policy_chain(policy, DOCKER_USER)->rules[FAMILY_IPV4].v[i].rule));
		plan(policy, snapshot, &again);
		assert_int_equal(again.n, 0);
		edits_clear(&edits);
		snapshot_free(snapshot);
		policy_free(policy);
	}
	for (size_t i = 0; i < MANY; i++)
		free((char *)configured[i]);
}

static void print_change(FILE *out, const struct access_change *change)
{
	char *place = xasprintf("rule %zu of %s,", change->rule, change->chain);

	assert_non_null(strstr(change->message, place));
	free(place);
	fprintf(out, "%s: %s\n", family_name(change->family), change->message);
}

/* Who is locked out by refusing rules that move before somebody's accepts. */
static void test_losses(void **state)
{
	const struct {
		const char *const *live, *const *configured, *const *losses;
	} hosts[] = {
		{ LINES(FROM, "DOCKER-USER -i ens3 -s 198.51.100.7 -j ACCEPT", "DOCKER-USER ! -i x -j vpn",
			"DOCKER-USER ?", "DOCKER-USER -i wg0 -j ACCEPT", "vpn -j ACCEPT"),
		  LINES("DOCKER-USER -i ens3 -j DROP"),
		  LINES("ipv4: this puts '-i ens3 -j DROP' before rule 1 of DOCKER-USER, which lets 198.51.100.7 "
			"in on ens3: those that it refuses lose access",
			"ipv4: this puts '-i ens3 -j DROP' before rule 2 of DOCKER-USER, which may let clients in "
			"on interfaces other than x by way of vpn: those that it refuses lose access",
			"ipv4: this puts '-i ens3 -j DROP' before rule 3 of DOCKER-USER, which cannot be decoded in "
			"full and may let clients in: those that it refuses lose access") },
		/* Nobody whom a configured rule lets pass, nor where the rule is in its place. */
		{ LINES(FROM, "DOCKER-USER -i ens3 -s 198.51.100.7 -j ACCEPT"),
		  LINES("DOCKER-USER -s 198.51.100.7 -j RETURN", "DOCKER-USER -i ens3 -j DROP"), LINES(NULL) },
		{ LINES(FROM, "DOCKER-USER -i ens3 -j DROP", "DOCKER-USER -j ACCEPT"),
		  LINES("DOCKER-USER -i ens3 -j DROP"), LINES(NULL) },
		{ LINES(FROM, "DOCKER-USER -i ens3 -j DROP", "DOCKER-USER -j ACCEPT"),
		  LINES("DOCKER-USER -i ens3 -j RETURN"), LINES(NULL) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct policy *policy = model_policy(hosts[i].configured);
		struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
		struct access_changes losses = { 0 };
		struct text text;

		model_table(snapshot, FAMILY_IPV4, hosts[i].live);
		losses_add(policy, snapshot, &losses);
		text_open(&text);
		for (size_t k = 0; k < losses.n; k++)
			print_change(text.out, &losses.v[k]);
		is_text("losses", text_take(&text), hosts[i].losses);
		access_changes_clear(&losses);
		snapshot_free(snapshot);
		policy_free(policy);
	}
}

#define PUTS(rule, refuses, put)                                                              \
	"ipv4: this puts the jump to DOCKER-USER before rule " rule " of FORWARD, which " refuses \
	": those that DOCKER-USER accepts are no longer refused there; " put                      \
	" top of FORWARD to keep them out"
#define PUTS_BEFORE(rule, refuses) PUTS(rule, refuses, "move that rule to the")

/* Whom a jump to DOCKER-USER lets in that must come before an accept, with bans after it. */
static void test_gains(void **state)
{
	const struct {
		const char *const *live, *const *gains;
	} hosts[] = {
		{ LINES("FORWARD -s 10.0.0.1 -j DROP", "FORWARD -i x -j ACCEPT", "FORWARD -s 10.0.0.2 -j DROP",
			"FORWARD -i lo -j DROP", "FORWARD -j f2b", "FORWARD -j DOCKER-FORWARD",
			"FORWARD -s 10.0.0.3 -j DROP", "DOCKER-FORWARD -o docker0 -j ACCEPT", "f2b -j RETURN"),
		  LINES(PUTS_BEFORE("3", "refuses packets"), PUTS_BEFORE("5", "may refuse packets")) },
		{ LINES("FORWARD -j mine", "FORWARD -j DOCKER-FORWARD", "DOCKER-FORWARD -o docker0 -j ACCEPT",
			"mine -i x -j ACCEPT", "mine -s 10.0.0.2 -j DROP"),
		  LINES(PUTS("1", "leads to rule 2 of mine, which refuses packets", "put such a rule at the")) },
		{ LINES("FORWARD -j mine", "FORWARD -j DOCKER-FORWARD", "DOCKER-FORWARD -o docker0 -j ACCEPT",
			"mine -i x -j ACCEPT", "mine ?"),
		  LINES(PUTS("1", "leads to rule 2 of mine, which may refuse packets", "put such a rule at the")) },
		/* Where the ban stays before the jump, or the jump stays. */
		{ LINES("FORWARD est -j ACCEPT", "FORWARD -s 10.0.0.2 -j DROP", "FORWARD -j DOCKER-FORWARD",
			"DOCKER-FORWARD -o docker0 -j ACCEPT"), LINES(NULL) },
		{ LINES("FORWARD -i x -j ACCEPT", "FORWARD -s 10.0.0.2 -j DROP", "FORWARD -j DOCKER-USER",
			"FORWARD -j DOCKER-FORWARD", "DOCKER-FORWARD -o docker0 -j ACCEPT"), LINES(NULL) },
		{ LINES(FROM, "FORWARD -s 10.0.0.2 -j DROP"), LINES(NULL) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct policy *policy = model_policy(LINES("DOCKER-USER -i ens3 -j ACCEPT"));
		struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
		struct access_changes gains = { 0 };
		struct text text;

		model_table(snapshot, FAMILY_IPV4, hosts[i].live);
		gains_add(policy, snapshot, &gains);
		text_open(&text);
		for (size_t k = 0; k < gains.n; k++)
			print_change(text.out, &gains.v[k]);
		is_text("gains", text_take(&text), hosts[i].gains);
		access_changes_clear(&gains);
		snapshot_free(snapshot);
		policy_free(policy);
	}
}

/* ---- random chains ---- */

static const char *const of_others[] = {
	"-s 10.0.0.1 -j RETURN", "-s 10.0.0.2 -j DROP", "-s 10.0.0.1 -j DROP", "-i ens3 -j DROP",
	"-s 10.0.0.3 ext:REJECT", "est -j RETURN", "est -j DROP", "-i x -j ACCEPT",
	"-s 10.0.0.2 -j ACCEPT", "-j f2b", "-i ens3 -j f2b", "-j mine", "-g mine", "?", "?= -j DROP",
	"?= -j ACCEPT", "?= -j f2b", "?=", "ext:LOG", "ext:NFQUEUE", "-p 17 -j DROP", "-j RETURN",
	"-j DROP",
};
static const char *const of_config[] = {
	"-s 10.0.0.1 -j RETURN", "-i ens3 -s 10.0.0.2 -j ACCEPT", "-i ens3 ext:REJECT", "-j DROP",
	"-i x -j RETURN", "-j OFFICE", "-p 17 -i ens3 -j DROP", "est -j RETURN", "-i ens3 -j RETURN",
};
static const char *const of_office[] = {
	"-s 10.0.0.1 -j ACCEPT", "-s 10.0.0.2 -j DROP", "-j RETURN", "-i ens3 -j ACCEPT", "-j DROP",
};

#define ANY_OF(words) ((words)[below(ARRAY_SIZE(words))])

struct packet {
	const char *in;
	uint8_t source; /* the last byte of its address */
	uint16_t proto;
	bool open; /* of an open connection */
};

static uint32_t hash_of(const struct rule *rule, const struct packet *packet)
{
	uint32_t hash = (uint32_t)rule->handle * 2654435761u + packet->source * 97u +
			(packet->in[0] == 'x') * 53u + packet->proto * 31u + packet->open * 17u;

	return hash ^ hash >> 13;
}

static bool rule_takes(const struct rule *rule, const struct packet *packet)
{
	char in[IFNAMSIZ] = "";

	/* What an opaque rule matches is not known: anything, but always the same. */
	if (rule->opaque)
		return hash_of(rule, packet) % 2;
	memcpy(in, packet->in, strlen(packet->in));
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!strcmp(rule->matches[i].name, "conntrack") && !packet->open)
			return false;
	return (!rule->in.mask[0] || interface_matches(&rule->in, false, in)) &&
	       (!rule->src.mask[0] || rule->src.addr[3] == packet->source) &&
	       (!rule->proto || rule->proto == packet->proto);
}

enum fate { FATE_ON, FATE_RETURNED, FATE_ACCEPTED, FATE_REFUSED };

static enum fate in_chain(const struct table *table, const char *name, const struct packet *packet,
			  size_t *decisive);

static enum fate by_rule(const struct table *table, const struct rule *rule,
			 const struct packet *packet)
{
	static const enum fate anything[] = { FATE_ON, FATE_RETURNED, FATE_ACCEPTED, FATE_REFUSED };
	enum fate fate;
	size_t at;

	if (rule_is_unknown(rule))
		return anything[hash_of(rule, packet) / 2 % 4];
	switch (rule->verdict) {
	case VERDICT_ACCEPT:
		return FATE_ACCEPTED;
	case VERDICT_DROP:
		return FATE_REFUSED;
	case VERDICT_RETURN:
		return FATE_RETURNED;
	case VERDICT_EXT:
		if (!strcmp(rule->target.name, "NFQUEUE"))
			return hash_of(rule, packet) / 2 % 2 ? FATE_ACCEPTED : FATE_REFUSED;
		return strcmp(rule->target.name, "REJECT") ? FATE_ON : FATE_REFUSED;
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		fate = in_chain(table, rule->chain, packet, &at);
		if (fate == FATE_RETURNED)
			return rule->verdict == VERDICT_GOTO ? FATE_RETURNED : FATE_ON;
		return fate;
	default:
		return FATE_ON;
	}
}

/* Where the packet ends in the chain; decisive: the index of the rule. */
static enum fate in_chain(const struct table *table, const char *name, const struct packet *packet,
			  size_t *decisive)
{
	const struct chain *chain = table_chain(table, name);

	for (*decisive = 0; chain && *decisive < chain->nrules; ++*decisive) {
		const struct rule *rule = chain->rules[*decisive];
		enum fate fate = rule_takes(rule, packet) ? by_rule(table, rule, packet) : FATE_ON;

		if (fate != FATE_ON)
			return fate;
	}
	return FATE_RETURNED;
}

/* What the configured rules alone do with it, with OFFICE as it is after the repair. */
static enum fate as_configured(const struct policy *policy, const struct table *repaired,
			       const struct packet *packet)
{
	const struct wanted_rules *rules = &policy_chain(policy, DOCKER_USER)->rules[FAMILY_IPV4];

	for (size_t i = 0; i < rules->n; i++) {
		enum fate fate = rule_takes(rules->v[i].rule, packet) ?
					 by_rule(repaired, rules->v[i].rule, packet) : FATE_ON;

		if (fate != FATE_ON)
			return fate;
	}
	return FATE_RETURNED;
}

static bool is_configured(const struct policy *policy, const struct rule *rule)
{
	const struct wanted_rules *rules = &policy_chain(policy, DOCKER_USER)->rules[FAMILY_IPV4];

	for (size_t i = 0; i < rules->n; i++)
		if (rule_equal_but_mark(rules->v[i].rule, rule))
			return true;
	return false;
}

#define PACKETS (2 * 3 * 2 * 2)

static struct packet packet_of(unsigned int number)
{
	return (struct packet){
		.in = number & 1 ? "ens3" : "x", .open = number & 2, .proto = number & 4 ? 6 : 17,
		.source = (uint8_t)(1 + number / 8),
	};
}

struct host {
	struct policy *policy;
	struct snapshot *snapshot;
	struct table *table;
};

static void add_line(char **lines, size_t *n, const char *chain, const char *rule, bool mark)
{
	lines[(*n)++] = xasprintf("%s %s%s", chain, rule, mark ? " #" : "");
}

/* Of others, or as configured; others do not rely on what the configuration makes of OFFICE. */
static const char *live_rule(const struct policy *policy)
{
	const char *text = below(2) ? ANY_OF(of_others) : ANY_OF(of_config);
	struct rule *rule = model_rule(FAMILY_IPV4, text);
	bool foreign = !is_configured(policy, rule);

	rule_free(rule);
	return foreign && !strcmp(text, "-j OFFICE") ? "ext:LOG" : text;
}

static struct host random_host(void)
{
	struct host host = { .policy = policy_new(), .snapshot = snapshot_new(BACKEND_NFT) };
	char *lines[64];
	size_t n = 0;

	host.policy->families = 1U << FAMILY_IPV4;
	policy_add_chain(host.policy, "OFFICE", "test.conf", 1);
	for (unsigned int i = below(4); i--;)
		model_want(host.policy, DOCKER_USER, ANY_OF(of_config));
	for (unsigned int i = below(3); i--;)
		model_want(host.policy, "OFFICE", ANY_OF(of_office));
	lines[n++] = xstrdup("FORWARD -j DOCKER-USER");
	lines[n++] = xstrdup("DOCKER-USER");
	for (unsigned int i = below(8); i--;)
		add_line(lines, &n, DOCKER_USER, live_rule(host.policy), !below(4));
	lines[n++] = xstrdup("OFFICE");
	for (unsigned int i = below(3); i--;)
		add_line(lines, &n, "OFFICE", ANY_OF(of_office), below(2));
	for (unsigned int i = 0; i < 3; i++)
		add_line(lines, &n, i % 2 ? "f2b" : "mine", i ? of_others[below(8)] : "ext:LOG", false);
	lines[n] = NULL;
	host.table = model_table(host.snapshot, FAMILY_IPV4, (const char *const *)lines);
	while (n)
		free(lines[--n]);
	return host;
}

/* How each packet ended before the repair, and by which kind of rule. */
struct before {
	bool by_others, by_configured;
};

static struct before look(const struct host *host, const struct packet *packet)
{
	struct before before = { 0 };
	const struct rule *rule;
	size_t at;

	if (in_chain(host->table, DOCKER_USER, packet, &at) != FATE_REFUSED)
		return before;
	rule = table_chain(host->table, DOCKER_USER)->rules[at];
	/* What a configured chain is filled with may let it pass where that is jumped to already. */
	for (size_t i = 0; i < at; i++) {
		const struct rule *earlier = table_chain(host->table, DOCKER_USER)->rules[i];

		if (earlier->chain && !strcmp(earlier->chain, "OFFICE") && !earlier->opaque)
			return before;
	}
	if (is_configured(host->policy, rule))
		before.by_configured = !rule->chain;
	else
		before.by_others = !rule_is_marked(rule) &&
				   !(rule->chain && !strcmp(rule->chain, "OFFICE"));
	return before;
}

static void show_configured(const struct policy *policy)
{
	for (size_t c = 0; c < policy->nchains; c++)
		print_wanted(stderr, policy->chains[c]->name, &policy->chains[c]->rules[FAMILY_IPV4]);
}

/* The worst that is left about the configured rules; SEVERITY_OK: all of them hold. */
static enum severity left_of(const struct host *host)
{
	static const struct dockerd docker = { .running = true, .iptables = FLAG_OFF };
	enum severity worst = SEVERITY_OK;
	struct findings findings = { 0 };

	check(host->policy, host->snapshot, &docker, &findings);
	for (size_t i = 0; i < findings.n; i++) {
		enum finding_id id = findings.v[i].id;

		if (findings.v[i].repairable) {
			char *now = user_chain(host->snapshot);

			show_configured(host->policy);
			fail_msg("left: %s\nafter the repair:\n%s", findings.v[i].message, now);
		}
		if ((id == RULE_BYPASSED || id == RULE_ORDER || id == RULE_MISSING) &&
		    findings.v[i].severity > worst)
			worst = findings.v[i].severity;
	}
	findings_clear(&findings);
	return worst;
}

static unsigned int banned, held, closed;

static void one_host(void)
{
	struct host host = random_host();
	struct before before[PACKETS];
	struct edits edits = { 0 };
	enum severity worst;
	char *live = user_chain(host.snapshot);
	size_t at;

	for (unsigned int i = 0; i < PACKETS; i++) {
		struct packet packet = packet_of(i);

		before[i] = look(&host, &packet);
	}
	plan(host.policy, host.snapshot, &edits);
	assert_true(edits_apply(host.snapshot, &edits));
	worst = left_of(&host);
	for (unsigned int i = 0; i < PACKETS; i++) {
		struct packet packet = packet_of(i);
		bool refused = in_chain(host.table, DOCKER_USER, &packet, &at) == FATE_REFUSED;
		bool meant = as_configured(host.policy, host.table, &packet) == FATE_REFUSED;
		const char *why = NULL;

		if (before[i].by_others && !refused)
			why = "was refused by a rule of others";
		if (before[i].by_configured && meant && !refused)
			why = "was refused by a configured rule";
		if (meant && !refused && worst < (packet.open ? SEVERITY_WARNING : SEVERITY_CRITICAL))
			why = "is let past the configured rules, and nothing is reported";
		if (why) {
			char *now = user_chain(host.snapshot);

			show_configured(host.policy);
			fail_msg("-s 10.0.0.%u -i %s -p %u%s %s:\n%safter the repair:\n%s", packet.source,
				 packet.in, packet.proto, packet.open ? " (open)" : "", why, live, now);
		}
		banned += before[i].by_others;
		held += before[i].by_configured && meant;
		closed += meant && worst == SEVERITY_OK;
	}
	edits_clear(&edits);
	plan(host.policy, host.snapshot, &edits);
	assert_int_equal(edits.n, 0);
	free(live);
	snapshot_free(host.snapshot);
	policy_free(host.policy);
}

static void test_packets(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 30000; i++) {
		seed = i * 2654435761u | 1;
		one_host();
	}
	print_message("packets banned %u, held %u, closed %u\n", banned, held, closed);
	assert_true(banned > 10000 && held > 10000 && closed > 10000);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(orders) + 5];
	size_t n = 0;

	for (; n < ARRAY_SIZE(orders); n++)
		tests[n] = (struct CMUnitTest){
			.name = orders[n].name,
			.test_func = test_order,
			.initial_state = (void *)&orders[n],
		};
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_opaque_is_kept);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_many);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_losses);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_gains);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_packets);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
