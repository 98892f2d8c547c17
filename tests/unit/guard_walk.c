/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guard refuses, DOCKER-USER refuses: walks over random configurations, tables
 * and packets.
 *
 * A case is a policy and a filter table as it may be found. The reference is that table
 * after a repair, with a FORWARD that only jumps to DOCKER-USER. For every packet and every
 * source: if the guard's chain "forward" by itself may drop the packet, the reference
 * drops it for certain. The same holds with a trusted chain before DOCKER-USER, for what
 * the guard refuses by rules of chain sections. Queues of others count as if they were not there.
 *
 * What a walk cannot know but keeps no state (the length of a packet, a set that no rule
 * writes) is decided by lot before, the same in both. What keeps state stays undecided, and
 * may differ between two evaluations: so the guard must not depend on it.
 *
 * Half of the cases are about packets of an established connection, which a walk does not
 * know: their conntrack matches are decided before as well.
 *
 * If all conditions are such that the guard can hold them, the converse holds as well. And
 * the chain "input" refuses at an untranslated port of the host just what the reference
 * refuses if the port is translated.
 */
#include "guard_cases.h"
#include "guard_names.h"
#include "guard_rules.h"
#include "trace.h"
#include "xt_target.h"

#include <linux/netfilter/nf_nat.h>
#include <linux/rtnetlink.h>

#define CASES 8000
#define PACKETS 12

static struct netinfo info;
static unsigned int number; /* of the case, from 1 */
/* Packets of which some sources are refused. */
static struct {
	unsigned long forward, input, complete;
} counts;

/* ---- the worlds that are compared ---- */

/* Ports 80 and 443 of the host are two containers' port 8080. */
static void add_nat(struct snapshot *snapshot)
{
	static const uint16_t ports[] = { 80, 443 };
	static const char *const to[] = { "172.17.0.2", "172.17.0.3" };
	struct table *nat = snapshot_add_table(snapshot, FAMILY_IPV4, "nat");
	struct chain *chain = add_chain(nat, "PREROUTING", true);

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		struct nf_nat_range2 range = {
			.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED,
		};
		struct xt_tcp tcp = { .spts = { 0, 65535 }, .dpts = { ports[i], ports[i] } };
		struct xt_addrtype_info_v1 local = { .dest = XT_ADDRTYPE_LOCAL };
		struct rule *rule = rule_new(FAMILY_IPV4);

		rule->proto = IPPROTO_TCP;
		rule_add_match(rule, "tcp", 0, &tcp, sizeof(tcp));
		rule_add_match(rule, "addrtype", 1, &local, sizeof(local));
		addr_store(FAMILY_IPV4, addr(to[i]), &range.min_addr);
		range.max_addr = range.min_addr;
		range.min_proto.all = range.max_proto.all = htons(8080);
		rule_set_target(rule, "DNAT", 2, &range, sizeof(range));
		chain_add_rule(chain, rule);
	}
	table_sort(nat);
}

static bool writes_set(const struct rule *rule)
{
	return !rule->opaque && rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "SET");
}

/* What is decided by lot. */
struct lots {
	uint32_t bits; /* for each length, and for each set that no rule writes */
	bool written;  /* one set is */
	/* Half of the cases are about packets of a connection that is established: this one. */
	bool old, dnat, reply;
	uint16_t port; /* that the client connected to */
};

/* Whether a conntrack match of the kinds in add_conntrack() matches an established packet. */
static bool matches_old(const struct xt_conntrack_mtinfo3 *want, struct lots lots)
{
	unsigned int states = XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
			      (lots.dnat ? XT_CONNTRACK_STATE_DNAT : 0);
	bool is = true;

	if (want->match_flags & XT_CONNTRACK_STATE)
		is &= !!(want->state_mask & states) != !!(want->invert_flags & XT_CONNTRACK_STATE);
	if (want->match_flags & XT_CONNTRACK_DIRECTION)
		is &= lots.reply == !!(want->invert_flags & XT_CONNTRACK_DIRECTION);
	if (want->match_flags & XT_CONNTRACK_ORIGDST_PORT)
		is &= lots.port >= want->origdst_port && lots.port <= want->origdst_port_high;
	return is;
}

/* Replaces a match by one that matches every packet, or none. */
static void settle(struct ext *match, bool matches)
{
	/* A mark compared in no bit is 0. */
	struct xt_mark_mtinfo1 decided = { .mark = !matches };

	strcpy(match->name, "mark");
	match->revision = 1;
	match->size = sizeof(decided);
	free(match->data);
	match->data = xmemdup(&decided, sizeof(decided));
}

static void draw_lots(struct lots lots, const struct rule *rule)
{
	for (size_t i = 0; i < rule->nmatches; i++) {
		struct ext *match = &rule->matches[i];
		struct xt_conntrack_mtinfo3 conntrack;
		struct xt_set_info_match_v4 set;

		if (!strcmp(match->name, "length"))
			settle(match, lots.bits >> match->data[0] & 1);
		else if (!strcmp(match->name, "set") && ext_get(match, &set, sizeof(set)) &&
			 !set.packets.op && !(set.match_set.index == WRITTEN_SET && lots.written))
			settle(match, lots.bits >> (8 + set.match_set.index) & 1);
		else if (lots.old && xt_match_conntrack(match, &conntrack))
			settle(match, matches_old(&conntrack, lots));
	}
}

#define FOR_EACH_RULE(snapshot, rule)                                                              \
	for (size_t t_ = 0; t_ < (snapshot)->ntables; t_++)                                        \
		for (size_t c_ = 0; c_ < (snapshot)->tables[t_]->nchains; c_++)                    \
			for (size_t r_ = 0; r_ < (snapshot)->tables[t_]->chains[c_]->nrules &&     \
			     ((rule) = (snapshot)->tables[t_]->chains[c_]->rules[r_]); r_++)

static void decide(const struct snapshot *snapshot, struct lots lots)
{
	const struct rule *rule;

	FOR_EACH_RULE(snapshot, rule)
		draw_lots(lots, rule);
}

static bool is_set_written(const struct snapshot *snapshot)
{
	const struct rule *rule;
	bool written = false;

	FOR_EACH_RULE(snapshot, rule)
		written |= writes_set(rule);
	return written;
}

/* Whether the trusted chain comes before DOCKER-USER. */
static bool is_trusted_first(const struct chain *forward)
{
	size_t i = 0;

	while (i < forward->nrules && !rule_leads_to(forward->rules[i], DOCKER_USER)) {
		if (rule_leads_to(forward->rules[i], "ts"))
			return true;
		i++;
	}
	return false;
}

/*
 * Makes the live table the reference: DOCKER-USER with its rules, to which FORWARD only
 * jumps. Returns whether a repair leaves the trusted chain before it.
 */
static bool make_reference(const struct given *given)
{
	struct table *filter = snapshot_table(given->live, FAMILY_IPV4, "filter");
	struct chain *forward = table_chain(filter, "FORWARD");
	struct edits edits = { 0 };
	bool trusted;

	plan(given->policy, given->live, &edits);
	assert_true(edits_apply(given->live, &edits));
	edits_clear(&edits);
	trusted = is_trusted_first(forward);
	while (forward->nrules)
		rule_free(chain_remove_rule(forward, 0));
	forward->policy = VERDICT_ACCEPT;
	if (trusted)
		add_jump(forward, "ts");
	add_jump(forward, DOCKER_USER);
	add_nat(given->live);
	return trusted;
}

/* What the program of a queue of others accepts goes on to the guard: as without the queue. */
static void without_queues(struct table *filter)
{
	for (size_t c = 0; c < filter->nchains; c++) {
		struct chain *chain = filter->chains[c];

		for (size_t i = 0; i < chain->nrules && strcmp(chain->name, "ts") != 0; i++)
			if (rule_queues(chain->rules[i]) && !rule_is_marked(chain->rules[i]))
				chain->rules[i]->verdict = VERDICT_NONE;
	}
}

enum { TO_CONTAINER = 1, WITHOUT_SECTIONS = 2 };

/*
 * TO_CONTAINER: with translations, and without the chain "input". WITHOUT_SECTIONS: what
 * publish sections refuse passes.
 */
static struct snapshot *make_guarded(const struct guard *guard, struct lots lots, unsigned int how)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *table = snapshot_add_table(snapshot, FAMILY_IPV4, GUARD_TABLE);

	for (size_t c = 0; c < guard->n; c++) {
		const struct guard_chain *from = &guard->chains[c];
		struct chain *chain;

		if (how & TO_CONTAINER && !strcmp(from->name, GUARD_INPUT))
			continue;
		chain = add_chain(table, from->name, from->base);
		for (size_t i = 0; i < from->rules.n; i++) {
			struct rule *rule = rule_copy(from->rules.v[i].rule);

			if (how & WITHOUT_SECTIONS && from->rules.v[i].section)
				rule->verdict = VERDICT_ACCEPT;
			chain_add_rule(chain, rule);
		}
	}
	table_sort(table);
	if (how & TO_CONTAINER)
		add_nat(snapshot);
	decide(snapshot, lots);
	return snapshot;
}

/* ---- packets ---- */

static void random_packet(struct packet *packet, bool to_port)
{
	static const char *const ins[] = { "ens3", "ens3", "ens4", "docker0" };
	static const char *const to[] = { "198.51.100.10", "198.51.100.10", "192.0.2.10",
					  "172.17.0.2", "172.17.0.3", "203.0.113.9" };
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
	static const uint16_t ports[] = { 80, 443, 8080, 53, 0 };
	uint8_t proto = to_port ? IPPROTO_TCP : PICK(protos);
	addr_t dst = addr(to_port ? "198.51.100.10" : PICK(to));
	uint16_t port = to_port ? ports[below(2)] : PICK(ports);

	packet_init(packet, FAMILY_IPV4, netinfo_if(&info, PICK(ins)), proto, dst, port);
	if (proto == IPPROTO_ICMP)
		packet_icmp(packet, one_in(2) ? 8 : 3, 0);
	packet->mark.value = packet->ctmark.value = one_in(2) ? 0 : below(3);
	if (!to_port && one_in(6))
		packet->ct = CT_UNTRACKED;
}

/* The sources that get through for certain or perhaps, and those that perhaps do not. */
struct sorted_sources {
	struct addrset pass, refused;
};

static void walk(struct walker *walker, const struct packet *packet, struct sorted_sources *sources)
{
	struct addrset all = { 0 };
	struct fate fate;

	*sources = (struct sorted_sources){ 0 };
	addrset_all(&all, FAMILY_IPV4);
	walk_packet(walker, packet, &all, NULL, &fate);
	for (size_t i = 0; i < fate.forwarded.n; i++)
		addrset_unite(&sources->pass, &fate.forwarded.v[i].src);
	for (size_t i = 0; i < fate.local.n; i++)
		addrset_unite(&sources->pass, &fate.local.v[i].src);
	addrset_unite(&sources->refused, &fate.dropped.set);
	addrset_unite(&sources->refused, &fate.refused.set);
	fate_clear(&fate);
	addrset_clear(&all);
}

static void sources_clear(struct sorted_sources *sources)
{
	addrset_clear(&sources->pass);
	addrset_clear(&sources->refused);
}

static void print_rules(const struct chain *chain)
{
	for (size_t i = 0; i < chain->nrules; i++) {
		const struct rule *rule = chain->rules[i];
		char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

		print_error("%s %zu: invert %x -s %s/%x -d %s/%x -i %s -o %s -p %u verdict %d %s %s",
			    chain->name, i + 1, rule->invert,
			    addr_text(FAMILY_IPV4, addr_load(FAMILY_IPV4, rule->src.addr), src),
			    (unsigned int)addr_load(FAMILY_IPV4, rule->src.mask),
			    addr_text(FAMILY_IPV4, addr_load(FAMILY_IPV4, rule->dst.addr), dst),
			    (unsigned int)addr_load(FAMILY_IPV4, rule->dst.mask), rule->in.name,
			    rule->out.name, rule->proto, (int)rule->verdict,
			    rule->chain ? rule->chain : "", rule->target.name);
		for (size_t m = 0; m < rule->nmatches; m++)
			print_error(" %s", rule->matches[m].name);
		print_error("%s\n", rule->opaque ? " (opaque)" : "");
	}
}

static void complain(const struct snapshot *guarded, const struct given *given,
		     const struct packet *packet, const struct addrset *set, const char *what)
{
	struct table *filter = snapshot_table(given->live, FAMILY_IPV4, "filter");
	struct table *own = snapshot_table(guarded, FAMILY_IPV4, GUARD_TABLE);
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	for (size_t c = 0; c < filter->nchains; c++)
		print_rules(filter->chains[c]);
	print_error("the guard:\n");
	for (size_t c = 0; c < own->nchains; c++)
		print_rules(own->chains[c]);
	fail_msg("case %u: %s: proto %u from %s in %s to %s port %u, conntrack %d", number, what,
		 packet->proto, addr_text(FAMILY_IPV4, set->v[0].lo, src), packet->in,
		 addr_text(FAMILY_IPV4, packet->dst.lo, dst), packet->dport.lo, (int)packet->ct);
}

enum { TO_INPUT = 1, COMPLETE = 2 };

/*
 * TO_INPUT: the packets are for a published port. COMPLETE: the guard refuses all that the
 * reference does; a packet without a connection may not count as one without a translation.
 */
static void compare(const struct given *given, struct snapshot *guarded, unsigned int how)
{
	struct walker user, guard;

	walker_make(&user, &(struct world){ .snapshot = given->live, .info = &info }, FAMILY_IPV4);
	walker_make(&guard, &(struct world){ .snapshot = guarded, .info = &info }, FAMILY_IPV4);
	for (int i = 0; i < PACKETS; i++) {
		struct sorted_sources by_user, by_guard;
		struct packet packet;

		random_packet(&packet, how & TO_INPUT);
		walk(&user, &packet, &by_user);
		walk(&guard, &packet, &by_guard);
		*(how & TO_INPUT ? &counts.input : &counts.forward) += by_guard.refused.n > 0;
		if (how & COMPLETE && packet.ct == CT_NONE && packet.proto != IPPROTO_ICMP) {
			counts.complete += by_user.refused.n > 0;
			addrset_subtract(&by_user.refused, &by_guard.refused);
			if (by_user.refused.n)
				complain(guarded, given, &packet, &by_user.refused,
					 "the guard lets pass what it could refuse");
		}
		addrset_intersect(&by_guard.refused, &by_user.pass);
		if (by_guard.refused.n)
			complain(guarded, given, &packet, &by_guard.refused,
				 "the guard refuses what DOCKER-USER lets pass");
		sources_clear(&by_user);
		sources_clear(&by_guard);
	}
	walker_clear(&user);
	walker_clear(&guard);
	snapshot_free(guarded);
}

/* The guard may be made before or after the repair, from what is then in the tables. */
static void one_case(void)
{
	struct given given = { .pure = one_in(4) };
	struct guard before, after;
	struct lots lots;
	unsigned int how;
	bool trusted;

	theme = below(THEMES);
	random_policy(&given);
	random_live(&given);
	guard_make(&before, given.policy, given.live, FAMILY_IPV4);
	trusted = make_reference(&given);
	guard_make(&after, given.policy, given.live, FAMILY_IPV4);
	without_queues(snapshot_table(given.live, FAMILY_IPV4, "filter"));
	lots = (struct lots){ .bits = below(1U << 31), .written = is_set_written(given.live) };
	lots.old = one_in(2);
	lots.dnat = one_in(2);
	lots.reply = one_in(2);
	lots.port = one_in(2) ? 80 : 443;
	decide(given.live, lots);
	if (trusted) {
		struct chain *forward = table_chain(snapshot_table(given.live, FAMILY_IPV4, "filter"),
						    "FORWARD");

		compare(&given, make_guarded(&before, lots, TO_CONTAINER | WITHOUT_SECTIONS), 0);
		rule_free(chain_remove_rule(forward, 0));
	}
	how = given.pure || given.sections ? COMPLETE : 0;
	compare(&given, make_guarded(&before, lots, TO_CONTAINER), how);
	compare(&given, make_guarded(&after, lots, TO_CONTAINER), how);
	/* Of an established one, only the translation is known. */
	if (given.sections && !lots.old)
		compare(&given, make_guarded(&before, lots, 0), TO_INPUT | COMPLETE);
	guard_clear(&before);
	guard_clear(&after);
	snapshot_free(given.live);
	policy_free(given.policy);
}

static void test_random(void **state)
{
	(void)state;
	for (number = 1; number <= CASES; number++) {
		seed = number * 2654435761u | 1;
		one_case();
	}
	print_message("packets refused by forward %lu, by input %lu; completely %lu\n",
		      counts.forward, counts.input, counts.complete);
	assert_true(counts.forward > CASES && counts.input > CASES / 2 && counts.complete > CASES);
}

static int set_up(void **state)
{
	static const char *const names[] = { "ens3", "ens4", "docker0" };
	static const char *const own[] = { "198.51.100.10", "192.0.2.10", "172.17.0.1" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct netif *iface = netinfo_add_if(&info, names[i], i + 2);
		addr_t host = addr(own[i]);
		unsigned int length = i == 2 ? 16 : 24;

		iface->bridge = i == 2;
		iface->has_addr[FAMILY_IPV4] = true;
		iface->addr[FAMILY_IPV4] = host;
		netinfo_add_addr(&info, FAMILY_IPV4, host, i + 2, false);
		netinfo_add_route(&info, FAMILY_IPV4, host, 32, RTN_LOCAL, i + 2);
		netinfo_add_route(&info, FAMILY_IPV4, host & ((addr_t)0xffffffff << (32 - length)),
				  length, RTN_UNICAST, i + 2);
	}
	netinfo_add_route(&info, FAMILY_IPV4, 0, 0, RTN_UNICAST, 2);
	netinfo_sort(&info);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	netinfo_clear(&info);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
