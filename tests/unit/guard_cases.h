/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TEST_GUARD_CASES_H
#define DOCKFW_TEST_GUARD_CASES_H

/*
 * Random policies and filter tables for guard_walk.c, determined by the seed: configured
 * rules, publish sections, chains that another program fills, a trusted chain, and rules of
 * others in DOCKER-USER.
 */

#include "addrset.h"
#include "docker_chains.h"
#include "model.h"
#include "random.h"
#include "xt_match.h"

#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter/xt_tcpudp.h>

#define SETS 3
#define WRITTEN_SET 2 /* the only one that SET targets write */

static bool one_in(unsigned int n)
{
	return !below(n);
}

static addr_t addr(const char *text)
{
	enum family family;
	addr_t value = 0;

	assert_true(addr_parse(text, &family, &value));
	return value;
}

#define PICK(list) ((list)[below(ARRAY_SIZE(list))])

/* ---- rules ---- */

static void random_net(struct address *net)
{
	static const char *const nets[] = { "203.0.113.0", "203.0.113.128", "10.0.0.0", "0.0.0.0",
					    "172.17.0.2", "172.17.0.0", "198.51.100.10" };
	static const unsigned int lengths[] = { 1, 8, 16, 24, 25, 32 };

	addr_store(FAMILY_IPV4, 0xffffffffu << (32 - PICK(lengths)), net->mask);
	addr_store(FAMILY_IPV4, addr(PICK(nets)) & addr_load(FAMILY_IPV4, net->mask), net->addr);
}

static void add_ports(struct rule *rule)
{
	static const uint16_t ports[] = { 80, 8080, 443, 53, 0 };
	struct xt_tcp tcp = { .spts = { 0, 65535 } };

	tcp.dpts[0] = PICK(ports);
	tcp.dpts[1] = one_in(3) ? 9000 : tcp.dpts[0];
	tcp.invflags = one_in(4) ? XT_TCP_INV_DSTPT : 0;
	/* Only "-p tcp" goes with it. */
	rule->proto = IPPROTO_TCP;
	rule->invert &= ~(unsigned int)INV_PROTO;
	rule_add_match(rule, "tcp", 0, &tcp, sizeof(tcp));
}

static void add_conntrack(struct rule *rule)
{
	static const uint16_t states[] = {
		XT_CONNTRACK_STATE_BIT(IP_CT_NEW), XT_CONNTRACK_STATE_INVALID,
		XT_CONNTRACK_STATE_UNTRACKED | XT_CONNTRACK_STATE_DNAT,
		XT_CONNTRACK_STATE_BIT(IP_CT_RELATED) | XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED),
	};
	struct xt_conntrack_want want = { .dnat = below(3) };
	struct xt_conntrack_mtinfo3 other = {
		.match_flags = XT_CONNTRACK_STATE, .state_mask = PICK(states),
		.origdst_port = 80, .origdst_port_high = 443,
	};

	want.direction = below(3);
	want.port = one_in(2) ? 80 : 0;
	if (want.dnat || want.direction || want.port) {
		xt_conntrack_add(rule, &want);
		return;
	}
	if (one_in(3))
		other.invert_flags |= XT_CONNTRACK_STATE;
	if (one_in(2))
		other.match_flags |= XT_CONNTRACK_ORIGDST_PORT;
	rule_add_match(rule, "conntrack", 3, &other, sizeof(other));
}

static void add_addrtype(struct rule *rule)
{
	struct xt_addrtype_info_v1 type = { 0 };

	if (one_in(2))
		type.source = XT_ADDRTYPE_LOCAL;
	else
		type.dest = XT_ADDRTYPE_LOCAL;
	type.flags = one_in(2) ? XT_ADDRTYPE_INVERT_SOURCE | XT_ADDRTYPE_INVERT_DEST : 0;
	rule_add_match(rule, "addrtype", 1, &type, sizeof(type));
}

static void add_mark_match(struct rule *rule)
{
	struct xt_mark_mtinfo1 mark = { .mark = below(3), .mask = 3 };

	mark.invert = one_in(3);
	rule_add_match(rule, "mark", 1, &mark, sizeof(mark));
}

static void add_connmark_match(struct rule *rule)
{
	struct xt_connmark_mtinfo1 mark = { .mark = below(2), .mask = 3 };

	rule_add_match(rule, "connmark", 1, &mark, sizeof(mark));
}

static void add_set_match(struct rule *rule)
{
	struct xt_set_info_match_v4 set = { .match_set.index = (uint16_t)below(SETS),
					    .match_set.dim = 1 };

	if (one_in(6))
		set.packets.op = IPSET_COUNTER_GT;
	rule_add_match(rule, "set", 4, &set, sizeof(set));
}

static void add_stateful(struct rule *rule)
{
	static const char *const names[] = { "limit", "recent", "statistic", "quota", "connlimit",
					     "hashlimit", "connbytes", "nobody-knows" };
	uint64_t data = below(4);

	rule_add_match(rule, PICK(names), 0, &data, sizeof(data));
}

/* What the rules of a case that the guard cannot hold are mostly about. */
static unsigned int theme;
enum { THEME_MARK, THEME_CONNMARK, THEME_SET, THEME_STATE, THEMES };

static void add_impure(struct rule *rule)
{
	switch (one_in(5) ? below(THEMES) : theme) {
	case THEME_MARK:
		add_mark_match(rule);
		break;
	case THEME_CONNMARK:
		add_connmark_match(rule);
		break;
	case THEME_SET:
		add_set_match(rule);
		break;
	default:
		add_stateful(rule);
	}
}

static void add_match(struct rule *rule, bool pure)
{
	uint64_t length = below(4);

	switch (below(pure ? 7 : 12)) {
	case 0: case 1:
		add_ports(rule);
		break;
	case 2: case 3:
		add_conntrack(rule);
		break;
	case 4:
		add_addrtype(rule);
		break;
	case 5:
		rule_add_match(rule, "length", 0, &length, sizeof(length));
		break;
	case 6:
		rule_add_match(rule, "comment", 0, "a comment", 10);
		break;
	default:
		add_impure(rule);
	}
}

static void random_conditions(struct rule *rule, bool pure)
{
	static const char *const names[] = { "ens3", "ens4", "ens+", "docker0", "+" };

	if (one_in(3))
		random_net(&rule->src);
	if (one_in(6))
		random_net(&rule->dst);
	if (one_in(3))
		assert_true(interface_set(&rule->in, PICK(names)));
	if (one_in(8))
		assert_true(interface_set(&rule->out, PICK(names)));
	if (one_in(5))
		rule->proto = one_in(2) ? IPPROTO_UDP : IPPROTO_TCP;
	rule->invert = below(64) & below(64) & below(64) & (INV_SRC | INV_DST | INV_PROTO);
	if (one_in(8) && rule->in.mask[0])
		rule->invert |= INV_IN;
	while (one_in(2))
		add_match(rule, pure);
}

static void set_change(struct rule *rule)
{
	struct xt_mark_tginfo2 mark = { .mark = below(3), .mask = 3 };
	struct xt_connmark_tginfo1 connmark = {
		.ctmark = 1, .ctmask = ~0U, .nfmask = ~0U,
		.mode = (uint8_t)(one_in(4) ? XT_CONNMARK_RESTORE : XT_CONNMARK_SET),
	};
	struct xt_set_info_target_v1 set = { { WRITTEN_SET, 1, 0 }, { IPSET_INVALID_ID, 0, 0 } };

	switch (one_in(5) ? below(THEMES) : theme) {
	case THEME_MARK:
		rule_set_target(rule, "MARK", 2, &mark, sizeof(mark));
		break;
	case THEME_CONNMARK:
		rule_set_target(rule, "CONNMARK", 1, &connmark, sizeof(connmark));
		break;
	default:
		rule_set_target(rule, "SET", 1, &set, sizeof(set));
	}
}

/* to: the chains that it may lead to, each after those that may lead to it; at an end NULL. */
static void random_end(struct rule *rule, const char *const *to, bool pure)
{
	static const enum verdict verdicts[] = {
		VERDICT_DROP, VERDICT_DROP, VERDICT_ACCEPT, VERDICT_RETURN, VERDICT_RETURN,
	};
	size_t chains = 0;

	while (to[chains])
		chains++;
	if (chains && one_in(3)) {
		const char *chain = to[below((unsigned int)chains)];

		rule_set_chain(rule, one_in(3) ? VERDICT_GOTO : VERDICT_JUMP, chain);
		return;
	}
	switch (below(pure ? 9 : 13)) {
	case 0: case 1: case 2:
		rule_set_target(rule, "REJECT", 0, "\0\0\0\0\0\0\0", 8);
		break;
	case 3:
		rule_set_target(rule, "LOG", 0, "12345678", 8);
		break;
	case 9: case 10: case 11:
		set_change(rule);
		break;
	case 12:
		if (one_in(2))
			rule->verdict = VERDICT_QUEUE;
		else
			rule_set_target(rule, one_in(2) ? "NFQUEUE" : "NOBODY", 0, "1234", 4);
		break;
	default:
		rule->verdict = PICK(verdicts);
	}
}

static struct rule *random_rule(const char *const *to, bool pure)
{
	struct rule *rule = rule_new(FAMILY_IPV4);

	random_conditions(rule, pure);
	random_end(rule, to, pure);
	return rule;
}

/* ---- a case ---- */

/* What a rule of each chain may lead to: nothing leads back. */
static const char *const none[] = { NULL };
static const char *const from_user[] = { "A", "B", "f2b", NULL }, *const from_a[] = { "B", "f2b", NULL };
static const char *const pure_user[] = { "A", "B", NULL }, *const pure_a[] = { "B", NULL };
static const char *const foreign_user[] = { "A", "X", "Y", NULL }, *const from_x[] = { "Y", NULL };

struct given {
	struct policy *policy;
	struct snapshot *live;
	bool pure;     /* only conditions and targets that the guard can hold */
	bool sections; /* DOCKER-USER has nothing but publish sections */
	bool trusted;
};

static void want(struct policy *policy, const char *chain, struct rule *rule, size_t section)
{
	wanted_rules_add(&policy_chain(policy, chain)->rules[FAMILY_IPV4], rule, "", "test.conf", 1)
		->section = section;
}

/* The rules that a publish section stands for. */
static void want_section(struct policy *policy, size_t number)
{
	static const uint16_t ports[] = { 80, 443 };
	static const char *const names[] = { "ens3", "ens+", "ens4" };
	struct xt_conntrack_want origin = { .dnat = XT_DNAT_IS, .port = PICK(ports),
					    .direction = XT_DIRECTION_ORIGINAL };
	struct interface in = { 0 };
	unsigned int n = below(3);

	if (one_in(2))
		assert_true(interface_set(&in, PICK(names)));
	for (unsigned int i = 0; i <= n; i++) {
		struct rule *rule = rule_new(FAMILY_IPV4);

		rule->in = in;
		rule->proto = IPPROTO_TCP;
		xt_conntrack_add(rule, &origin);
		if (i < n) {
			random_net(&rule->src);
			rule->verdict = VERDICT_RETURN;
		} else if (one_in(2)) {
			rule->verdict = VERDICT_DROP;
		} else {
			rule_set_target(rule, "REJECT", 0, "\0\0\0\0\0\0\0", 8);
		}
		want(policy, DOCKER_USER, rule, number);
	}
}

static void random_policy(struct given *given)
{
	struct policy *policy = given->policy = policy_new();
	struct wanted_chain *f2b;

	policy->families = 1U << FAMILY_IPV4;
	policy->foreign_rules = one_in(4) ? FOREIGN_REMOVE : FOREIGN_KEEP;
	policy_add_chain(policy, "A", "test.conf", 1);
	policy_add_chain(policy, "B", "test.conf", 1);
	f2b = policy_add_chain(policy, "f2b", "test.conf", 1);
	f2b->filled_by = FILLED_BY_OTHERS;
	f2b->verdicts = one_in(2) ? VERDICTS_REFUSE : VERDICTS_ANY;
	given->trusted = !given->pure && one_in(4);
	if (given->trusted)
		strings_add(&policy->trusted_chains, "ts");
	given->sections = one_in(4);
	for (unsigned int i = given->sections ? 0 : 1 + below(5); i > 0; i--)
		want(policy, DOCKER_USER, random_rule(given->pure ? pure_user : from_user, given->pure),
		     0);
	for (unsigned int i = below(4); i > 0; i--)
		want(policy, "A", random_rule(given->pure ? pure_a : from_a, given->pure), 0);
	for (unsigned int i = below(4); i > 0; i--)
		want(policy, "B", random_rule(none, given->pure), 0);
	for (size_t i = given->sections ? 1 + below(3) : one_in(3), k = 1; k <= i; k++)
		want_section(policy, k);
}

static struct chain *add_chain(struct table *table, const char *name, bool builtin)
{
	struct chain *chain = table_add_chain(table, name);

	chain->builtin = builtin;
	chain->policy = VERDICT_ACCEPT;
	chain->loaded = true;
	return chain;
}

static void add_jump(struct chain *chain, const char *to)
{
	struct rule *rule = rule_new(FAMILY_IPV4);

	rule_set_chain(rule, VERDICT_JUMP, to);
	chain_add_rule(chain, rule);
}

/* A rule of another program, which a repair leaves before the configured ones. */
static struct rule *about_old_packets(void)
{
	struct xt_conntrack_mtinfo3 old = {
		.match_flags = XT_CONNTRACK_STATE,
		.state_mask = XT_CONNTRACK_STATE_BIT(IP_CT_RELATED) |
			      XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED),
	};
	struct rule *rule = rule_new(FAMILY_IPV4);

	if (one_in(2))
		random_net(&rule->src);
	rule_add_match(rule, "conntrack", 3, &old, sizeof(old));
	rule->verdict = one_in(2) ? VERDICT_RETURN : VERDICT_ACCEPT;
	return rule;
}

static void add_foreign(struct chain *chain, const char *const *to)
{
	struct rule *rule = one_in(4) ? about_old_packets() : random_rule(to, false);

	if (one_in(12))
		rule->opaque = xstrdup("expression 'objref'");
	chain_add_rule(chain, rule);
}

/* Rules that only refuse, or any others. */
static void fill_f2b(struct chain *chain, enum verdicts verdicts)
{
	for (unsigned int i = below(3); i > 0; i--) {
		struct rule *rule = one_in(2) ? random_rule(none, false) : rule_new(FAMILY_IPV4);

		if (verdicts == VERDICTS_REFUSE)
			rule->verdict = one_in(2) ? VERDICT_RETURN : VERDICT_DROP;
		else if (one_in(2))
			rule->verdict = VERDICT_ACCEPT;
		chain_add_rule(chain, rule);
	}
}

/* The configured rules, as far as they are there, among those of others. */
static void fill_user(struct chain *chain, const struct given *given)
{
	const struct wanted_rules *wanted = &policy_chain(given->policy, DOCKER_USER)->rules[FAMILY_IPV4];

	for (size_t i = 0; i < wanted->n; i++) {
		size_t which = one_in(6) ? below((unsigned int)wanted->n) : i;

		if (!given->pure && !given->sections && one_in(2))
			add_foreign(chain, foreign_user);
		if (one_in(4))
			continue;
		chain_add_rule(chain, rule_copy(wanted->v[which].rule));
		rule_add_mark(chain->rules[chain->nrules - 1]);
	}
}

static void random_live(struct given *given)
{
	struct table *filter;
	struct chain *forward, *x, *y, *ts, *f2b;
	uint64_t handle = 1;

	given->live = snapshot_new(BACKEND_NFT);
	filter = snapshot_add_table(given->live, FAMILY_IPV4, "filter");
	forward = add_chain(filter, "FORWARD", true);
	if (!given->pure && one_in(2))
		add_foreign(forward, none);
	ts = add_chain(filter, "ts", false);
	for (unsigned int i = below(3); i > 0; i--)
		add_foreign(ts, none);
	if (given->trusted)
		add_jump(forward, "ts");
	if (!one_in(3))
		add_jump(forward, DOCKER_USER);
	add_chain(filter, "A", false);
	add_chain(filter, "B", false);
	x = add_chain(filter, "X", false);
	y = add_chain(filter, "Y", false);
	for (unsigned int i = below(3); i > 0; i--)
		add_foreign(x, from_x);
	for (unsigned int i = below(3); i > 0; i--)
		add_foreign(y, none);
	f2b = add_chain(filter, "f2b", false);
	fill_f2b(f2b, policy_chain(given->policy, "f2b")->verdicts);
	fill_user(add_chain(filter, DOCKER_USER, false), given);
	table_sort(filter);
	for (size_t c = 0; c < filter->nchains; c++)
		for (size_t i = 0; i < filter->chains[c]->nrules; i++)
			filter->chains[c]->rules[i]->handle = handle++;
}

#endif
