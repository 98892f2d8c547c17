/* SPDX-License-Identifier: GPL-2.0-or-later */
static void show(void);
#define FUZZ_SHOW show()

#include "../unit/apply.h"
#include "check.h"
#include "docker_chains.h"
#include "dockerd.h"
#include "fuzz.h"
#include "guard.h"
#include "guard_names.h"
#include "plan.h"
#include "read_set.h"
#include "report_findings.h"
#include "util.h"
#include "xt_match.h"

/*
 * Check and plan over tables and policies built from the input: rules are drawn from a
 * few patterns, so that live and configured ones are often the same. As in the kernel,
 * no jumps form a loop.
 *
 * The result of a plan has no repairable finding, needs no further plan, and has each
 * foreign rule in its order. A kernel would accept each edit. What select_judged() leaves
 * out changes neither findings nor plan. All of this includes the guard, which is planned
 * from the same tables, before they are repaired. If the repair changes what rules of
 * others lead to, the guard may need a second plan.
 */

static const char *const names[] = {
	"FORWARD", DOCKER_USER, "DOCKER-FORWARD", "DOCKER", "DOCKER-ISOLATION-STAGE-1",
	"OFFICE", "HOME", "f2b", "ts", "OLD", "OLDER",
};
#define NAMES ARRAY_SIZE(names)
#define FIRST_OWN 5 /* chains that a configuration may have, from here to OLD */
#define LAST_OWN 7

enum { PATTERNS = 10 };

/* What was built from the input, for show(). */
static struct {
	struct rule *patterns[PATTERNS];
	struct snapshot *snapshot;
	struct policy *policy;
	struct edits edits, from_partial;
	uint8_t rank[NAMES]; /* a chain jumps to those of higher rank */
	uint64_t handle;
} world;

/* ---- rules ---- */

static void add_conditions(struct rule *rule, uint8_t bits)
{
	struct xt_conntrack_mtinfo3 est = {
		.match_flags = XT_CONNTRACK_STATE,
		.state_mask = XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
			      XT_CONNTRACK_STATE_BIT(IP_CT_RELATED),
	};

	if (bits & 1) {
		memset(rule->src.mask, 0xff, 4);
		memcpy(rule->src.addr, "\x0a\x00\x00\x01", 4);
	}
	if (bits & 2)
		interface_set(&rule->in, bits & 1 ? "ens3" : "ens+");
	if (bits & 4) {
		rule->proto = 6;
		rule_add_match(rule, "tcp", 0, "\0\0\377\377P\0P\0\0\0\0\0\0\0\0", 16);
	}
	if (bits & 8 && bits & 4)
		xt_conntrack_add(rule, &(struct xt_conntrack_want){
			.direction = XT_DIRECTION_ORIGINAL, .port = 80 });
	else if (bits & 8)
		rule_add_match(rule, "conntrack", 3, &est, sizeof(est));
	if (bits & 16)
		rule_add_match(rule, bits & 1 ? "set" : "mark", 1, "12345678", 8);
	if (bits & 32)
		rule_add_match(rule, "comment", 0, "a word", 7);
	if (bits & 64)
		rule->invert = bits & 1 ? INV_SRC : bits & 2 ? INV_IN : 0;
	if (bits & 128)
		interface_set(&rule->out, bits & 1 ? "docker0" : "ens4");
}

/* The pattern of a rule; most have few conditions, and many none. */
static struct rule *make_pattern(struct input *in)
{
	struct rule *rule = rule_new(FAMILY_IPV4);
	uint8_t conditions = input_byte(in), end = input_byte(in);

	if (end & 0x80)
		add_conditions(rule, conditions);
	else if (end & 0x40)
		add_conditions(rule, (uint8_t)(1U << conditions % 8));
	switch (end % 16) {
	case 0:
		rule->verdict = VERDICT_ACCEPT;
		break;
	case 1:
		rule->verdict = VERDICT_DROP;
		break;
	case 2:
		rule->verdict = VERDICT_RETURN;
		break;
	case 3:
		rule_set_target(rule, "REJECT", 0, "\0\0\0\0\0\0\0", 8);
		break;
	case 4:
		rule_set_target(rule, "MARK", 2, "\0\0\0\0\0\0\0", 8);
		break;
	case 5:
		break;
	case 6:
		rule->opaque = xstrdup("expression 'lookup'");
		rule->verdict = conditions & 1 ? VERDICT_ACCEPT : conditions & 2 ? VERDICT_DROP :
				VERDICT_NONE;
		rule->end_known = conditions & 4;
		break;
	default:
		rule_set_chain(rule, conditions & 0x10 ? VERDICT_GOTO : VERDICT_JUMP,
			       names[1 + (conditions + end / 16) % (NAMES - 1)]);
	}
	return rule;
}

static size_t index_of(const char *name)
{
	size_t i = 0;

	while (strcmp(names[i], name))
		i++;
	return i;
}

/* The base chains of the guard are jumped to as little as FORWARD. */
static uint8_t rank_of(const char *name)
{
	return strcmp(name, GUARD_FORWARD) && strcmp(name, GUARD_INPUT) ?
		world.rank[index_of(name)] : 0;
}

static void lead_nowhere(struct rule *rule)
{
	free(rule->chain);
	rule->chain = NULL;
	rule->verdict = VERDICT_RETURN;
}

static struct rule *draw(struct input *in, enum family family, bool *marked)
{
	uint8_t choice = input_byte(in);
	struct rule *rule = rule_copy(world.patterns[choice % PATTERNS]);

	rule->family = family;
	*marked = choice & 0x80;
	return rule;
}

/* ---- tables ---- */

static void fill_chain(struct input *in, const struct table *table, struct chain *chain)
{
	unsigned int n = input_below(in, 8);
	bool marked;

	for (unsigned int i = 0; i < n; i++) {
		struct rule *rule = draw(in, table->family, &marked);

		/* Docker's chains jump only to Docker's. */
		if (rule->chain && (!table_chain(table, rule->chain) ||
				    docker_owns_chain(chain->name) > docker_owns_chain(rule->chain) ||
				    rank_of(rule->chain) <= rank_of(chain->name)))
			lead_nowhere(rule);
		if (marked && !rule->opaque)
			rule_add_mark(rule);
		rule->handle = ++world.handle;
		rule->packets = rule->handle;
		chain_add_rule(chain, rule);
	}
}

static void make_table(struct input *in, enum family family)
{
	unsigned int absent = input_byte(in) | (unsigned int)input_byte(in) << 8;
	struct table *table;

	if (absent & 0x8000)
		return;
	table = snapshot_add_table(world.snapshot, family, "filter");
	for (size_t i = 0; i < NAMES; i++) {
		struct chain *chain;

		if (absent & 1U << i)
			continue;
		chain = table_add_chain(table, names[i]);
		chain->loaded = true;
		/* In nf_tables it may have another hook, or none. */
		chain->builtin = !i && (absent & 0x1800) != 0x1800;
		chain->policy = absent & 0x4000 ? VERDICT_DROP : VERDICT_ACCEPT;
	}
	table_sort(table);
	for (size_t i = 0; i < NAMES; i++)
		if (table_chain(table, names[i]))
			fill_chain(in, table, table_chain(table, names[i]));
}

/* A table with the guard's name: the guard, or another program's. */
static void make_guard_table(struct input *in, enum family family)
{
	static const char *const chains[] = { GUARD_FORWARD, GUARD_INPUT, "OFFICE", "HOME", "OLD" };
	unsigned int bits = input_byte(in) | (unsigned int)input_byte(in) << 8;
	struct table *table;

	if (bits & 1)
		return;
	table = snapshot_add_table(world.snapshot, family, GUARD_TABLE);
	table->marked = bits & 2;
	table->dormant = (bits & 0xc) == 0xc;
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		struct chain *chain;

		if (bits & 0x10U << i)
			continue;
		chain = table_add_chain(table, chains[i]);
		chain->loaded = true;
		chain->builtin = i < 2 && !table->dormant && (bits & 0xe00) != 0xe00;
		chain->foreign_base = i == 2 && (bits & 0xe00) == 0xa00;
		chain->policy = (bits & 0x7000) == 0x7000 ? VERDICT_DROP : VERDICT_ACCEPT;
	}
	table_sort(table);
	for (size_t i = 0; i < table->nchains; i++)
		fill_chain(in, table, table->chains[i]);
}

static struct rule *copy_or_null(const struct rule *rule)
{
	return rule ? rule_copy(rule) : NULL;
}

static struct snapshot *copy_snapshot(const struct snapshot *from, bool loaded)
{
	struct snapshot *to = snapshot_new(from->backend);

	for (size_t t = 0; t < from->ntables; t++) {
		const struct table *table = from->tables[t];
		struct table *other = snapshot_add_table(to, table->family, table->name);

		other->marked = table->marked;
		other->dormant = table->dormant;
		for (size_t c = 0; c < table->nchains; c++) {
			const struct chain *chain = table->chains[c];
			struct chain *copy = table_add_chain(other, chain->name);

			copy->builtin = chain->builtin;
			copy->foreign_base = chain->foreign_base;
			copy->policy = chain->policy;
			copy->loaded = loaded;
			for (size_t i = 0; loaded && i < chain->nrules; i++)
				chain_add_rule(copy, copy_or_null(chain->rules[i]));
		}
		table_sort(other);
	}
	return to;
}

/* ---- the policy ---- */

static void want(struct input *in, struct wanted_chain *wanted, size_t place)
{
	unsigned int n = input_below(in, 8);
	/* The rules of sections are the last ones of DOCKER-USER. */
	static const struct publish_section section = { .proto = IPPROTO_TCP, .port = 80, .last = 80,
							.file = (char *)"test.conf", .line = 1 };
	unsigned int chain_rules = strcmp(wanted->name, DOCKER_USER) ? n : input_below(in, 16);
	bool unused;

	if (n >= 6 && strcmp(wanted->name, DOCKER_USER)) {
		wanted->filled_by = FILLED_BY_OTHERS;
		wanted->verdicts = n == 6 ? VERDICTS_ANY : VERDICTS_REFUSE;
		return;
	}
	if (chain_rules < n)
		policy_add_section(world.policy, &section);
	for (unsigned int i = 0; i < n; i++) {
		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			struct rule *rule = draw(in, family, &unused);

			free(rule->opaque);
			rule->opaque = NULL;
			/* Only to a configured chain, and not in a loop. */
			if (rule->chain && (!policy_chain(world.policy, rule->chain) ||
					    index_of(rule->chain) <= place))
				lead_nowhere(rule);
			rule_remove_mark(rule);
			wanted_rules_add(&wanted->rules[family], rule, "a text", "test.conf", 1)
				->section = i >= chain_rules;
		}
	}
}

static void make_policy(struct input *in)
{
	uint8_t bits = input_byte(in);
	struct policy *policy = world.policy = policy_new();

	policy->families = bits % 3 + 1;
	policy->foreign_rules = bits & 0x80 ? FOREIGN_REMOVE : FOREIGN_KEEP;
	policy->guard = bits & 0x20 ? GUARD_OFF : GUARD_AUTO;
	if (bits & 0x40)
		strings_add(&policy->trusted_chains, "ts");
	for (size_t i = FIRST_OWN; i <= LAST_OWN; i++)
		if (bits & 4U << (i - FIRST_OWN))
			policy_add_chain(policy, names[i], "test.conf", 1);
	for (size_t i = 0; i < policy->nchains; i++)
		want(in, policy->chains[i], index_of(policy->chains[i]->name));
}

/* ---- the properties ---- */

static void show_rule(const struct rule *rule)
{
	fprintf(stderr, "  %s%s%s%s proto %u inv %x verdict %d %s",
		rule_is_marked(rule) ? "# " : "", rule->opaque ? "opaque " : "",
		rule->in.name, rule->src.mask[0] ? " src" : "", rule->proto, rule->invert,
		rule->verdict,
		rule->chain ? rule->chain : rule->verdict == VERDICT_EXT ? rule->target.name : "");
	for (size_t i = 0; i < rule->nmatches; i++)
		fprintf(stderr, " -m %s", rule->matches[i].name);
	fputc('\n', stderr);
}

static void show_edits(const char *what, const struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++)
		fprintf(stderr, "%s %d %s %s %s %zu\n", what, edits->v[i].op,
			family_name(edits->v[i].family), edits->v[i].table,
			edits->v[i].chain ? edits->v[i].chain : "", edits->v[i].position);
}

static void show(void)
{
	for (size_t t = 0; t < world.snapshot->ntables; t++) {
		const struct table *table = world.snapshot->tables[t];

		for (size_t c = 0; c < table->nchains; c++) {
			fprintf(stderr, "%s %s chain %s\n", family_name(table->family),
				table->name, table->chains[c]->name);
			for (size_t i = 0; i < table->chains[c]->nrules; i++)
				show_rule(table->chains[c]->rules[i]);
		}
	}
	for (size_t c = 0; c < world.policy->nchains; c++) {
		for (enum family family = 0; family < FAMILY_COUNT; family++) {
			const struct wanted_rules *rules = &world.policy->chains[c]->rules[family];

			fprintf(stderr, "%s wanted %s\n", family_name(family),
				world.policy->chains[c]->name);
			for (size_t i = 0; i < rules->n; i++)
				show_rule(rules->v[i].rule);
		}
	}
	show_edits("edit", &world.edits);
	show_edits("of a part", &world.from_partial);
}

static bool is_wanted(enum family family, const char *chain, const struct rule *rule)
{
	const struct wanted_chain *wanted = policy_chain(world.policy, chain);

	for (size_t i = 0; wanted && i < wanted->rules[family].n; i++)
		if (rule_equal_but_mark(wanted->rules[family].v[i].rule, rule))
			return true;
	return false;
}

/* Whether a repair must leave the rule where it is. */
static bool is_foreign(enum family family, const char *chain, const struct rule *rule)
{
	if (!strcmp(chain, "FORWARD"))
		return rule->opaque || rule->verdict != VERDICT_JUMP ||
		       strcmp(rule->chain, DOCKER_USER);
	if (strcmp(chain, DOCKER_USER)) {
		const struct wanted_chain *wanted = policy_chain(world.policy, chain);

		return wanted ? wanted->filled_by == FILLED_BY_OTHERS : !rule_is_marked(rule);
	}
	return world.policy->foreign_rules == FOREIGN_KEEP && !rule_is_marked(rule) &&
	       !is_wanted(family, chain, rule);
}

static const struct rule *next_foreign(enum family family, const struct chain *chain, size_t *i)
{
	while (chain && *i < chain->nrules) {
		const struct rule *rule = chain->rules[(*i)++];

		if (rule->handle && is_foreign(family, chain->name, rule))
			return rule;
	}
	return NULL;
}

static void require_foreign_kept(const struct snapshot *before, const struct snapshot *after)
{
	for (size_t t = 0; t < before->ntables; t++) {
		const struct table *table = before->tables[t];

		for (size_t c = 0; c < table->nchains && strcmp(table->name, GUARD_TABLE); c++) {
			const char *name = table->chains[c]->name;
			const struct chain *chain = table_chain(
				snapshot_table(after, table->family, "filter"), name);
			const struct rule *old, *now;
			size_t i = 0, k = 0;

			do {
				old = next_foreign(table->family, table->chains[c], &i);
				now = next_foreign(table->family, chain, &k);
				REQUIRE(!old == !now, "%s: one rule more or less", name);
				REQUIRE(!old || old->handle == now->handle, "%s: rule %zu", name, i);
			} while (old);
		}
	}
}

static bool is_called(const struct table *table, const char *name)
{
	for (size_t c = 0; c < table->nchains; c++)
		for (size_t i = 0; i < table->chains[c]->nrules; i++)
			if (rule_leads_to(table->chains[c]->rules[i], name))
				return true;
	return false;
}

/* As the kernel does: each edit by itself, refused if it is impossible. */
static void carry_out(struct snapshot *snapshot, const struct edits *edits)
{
	for (size_t i = 0; i < edits->n; i++) {
		const struct edit *edit = &edits->v[i];
		const struct table *table = snapshot_table(snapshot, edit->family, edit->table);
		const struct chain *chain = edit->chain ? table_chain(table, edit->chain) : NULL;
		struct edits one = { .v = edits->v + i, .n = 1 };

		if (edit->op == EDIT_INSERT && edit->rule->chain)
			REQUIRE(table_chain(table, edit->rule->chain), "edit %zu: to no chain", i);
		if (edit->op == EDIT_DROP)
			REQUIRE(chain && !chain->nrules && !is_called(table, edit->chain),
				"edit %zu: %s is in use", i, edit->chain);
		REQUIRE(edits_apply(snapshot, &one), "edit %zu", i);
	}
}

static bool repairable(const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->v[i].repairable)
			return true;
	return false;
}

/* Reads only what select_judged() selects. */
static struct snapshot *partial(void)
{
	struct snapshot *snapshot = copy_snapshot(world.snapshot, false);
	struct table *table;
	struct chain *chain;

	while ((chain = select_judged(world.policy, snapshot, &table))) {
		const struct chain *from = table_chain(
			snapshot_table(world.snapshot, table->family, table->name), chain->name);

		for (size_t i = 0; i < from->nrules; i++)
			chain_add_rule(chain, rule_copy(from->rules[i]));
		chain->loaded = true;
	}
	return snapshot;
}

static void require_partial_is_enough(const struct dockerd *docker, const struct findings *found)
{
	struct snapshot *part = partial();
	struct findings findings = { 0 };
	struct edits *edits = &world.from_partial;

	check(world.policy, part, docker, &findings);
	report_findings(&findings, world.policy, NULL);
	REQUIRE(findings.n == found->n, "%zu findings, not %zu", findings.n, found->n);
	for (size_t i = 0; i < found->n; i++)
		REQUIRE(!strcmp(findings.v[i].message, found->v[i].message), "%s, not %s",
			findings.v[i].message, found->v[i].message);
	plan(world.policy, part, edits);
	guard_plan(world.policy, part, part, edits);
	REQUIRE(edits->n == world.edits.n, "%zu edits", edits->n);
	for (size_t i = 0; i < edits->n; i++) {
		const struct edit *a = &edits->v[i], *b = &world.edits.v[i];

		REQUIRE(a->op == b->op && a->family == b->family && a->position == b->position &&
			!strcmp(a->table, b->table) && !a->chain == !b->chain &&
			(!a->chain || !strcmp(a->chain, b->chain)) && !a->rule == !b->rule &&
			(!a->rule || a->rule->opaque || rule_equal(a->rule, b->rule)), "edit %zu", i);
	}
	edits_clear(edits);
	findings_clear(&findings);
	snapshot_free(part);
}

static void require_mended(const struct dockerd *docker, struct snapshot *snapshot)
{
	struct findings left = { 0 };
	struct edits again = { 0 };

	check(world.policy, snapshot, docker, &left);
	report_findings(&left, world.policy, NULL);
	for (size_t i = 0; i < left.n; i++)
		REQUIRE(!left.v[i].repairable, "left: %s", left.v[i].message);
	guard_plan(world.policy, snapshot, snapshot, &again);
	carry_out(snapshot, &again);
	edits_clear(&again);
	plan(world.policy, snapshot, &again);
	guard_plan(world.policy, snapshot, snapshot, &again);
	REQUIRE(!again.n, "again: %d %s %s %zu", again.v[0].op, again.v[0].table,
		again.v[0].chain ? again.v[0].chain : "", again.v[0].position);
	findings_clear(&left);
	edits_clear(&again);
}

static void run(const struct dockerd *docker)
{
	struct snapshot *after = copy_snapshot(world.snapshot, true);
	struct findings found = { 0 };

	check(world.policy, world.snapshot, docker, &found);
	report_findings(&found, world.policy, NULL);
	plan(world.policy, world.snapshot, &world.edits);
	REQUIRE(repairable(&found) == (world.edits.n > 0), "%zu edits", world.edits.n);
	guard_plan(world.policy, world.snapshot, world.snapshot, &world.edits);
	require_partial_is_enough(docker, &found);
	carry_out(after, &world.edits);
	require_mended(docker, after);
	require_foreign_kept(world.snapshot, after);
	findings_clear(&found);
	snapshot_free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct dockerd docker = { 0 };
	uint8_t bits = input_byte(&in);

	docker.running = bits & 1;
	docker.iptables = (bits >> 1) % 3;
	docker.ip6tables = (bits >> 3) % 3;
	world.snapshot = snapshot_new(bits & 0x80 ? BACKEND_LEGACY : BACKEND_NFT);
	world.handle = 0;
	for (size_t i = 0; i < PATTERNS; i++)
		world.patterns[i] = make_pattern(&in);
	/* Nothing jumps to FORWARD, and Docker's chains come after DOCKER-USER. */
	for (size_t i = 1; i < NAMES; i++)
		world.rank[i] = (uint8_t)(1 + input_byte(&in) % 200);
	make_policy(&in);
	make_table(&in, FAMILY_IPV4);
	make_table(&in, FAMILY_IPV6);
	make_guard_table(&in, FAMILY_IPV4);
	make_guard_table(&in, FAMILY_IPV6);
	run(&docker);
	for (size_t i = 0; i < PATTERNS; i++)
		rule_free(world.patterns[i]);
	edits_clear(&world.edits);
	snapshot_free(world.snapshot);
	policy_free(world.policy);
	return 0;
}
