/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/rtnetlink.h>

#include "exposure_compute.h"
#include "fuzz.h"
#include "guard_names.h"
#include "trace.h"
#include "util.h"

/*
 * Walks of packets through tables built from the input, on a host with two networks:
 * rules with any data in any extension that a walk knows.
 *
 * A packet from one address has no outcome that a walk of all addresses did not have for
 * that address. That a long chain is indexed changes no result. As in the kernel, no
 * jumps form a loop.
 */

static const char *const table_names[] = { "raw", "mangle", "nat", "filter", GUARD_TABLE };
static const char *const chains[] = { "PREROUTING", "INPUT", "FORWARD", "POSTROUTING",
				      "DOCKER-USER", "DOCKER", "A", "B", "C" };
#define BUILTINS 4
#define PROBES 4
#define INDEXED 40 /* rules in a chain that is indexed */

static const struct {
	const char *name;
	uint8_t revision;
	uint16_t size;
} extensions[] = {
	{ "tcp", 0, 16 }, { "udp", 0, 16 }, { "multiport", 1, 48 }, { "conntrack", 3, 168 },
	{ "conntrack", 2, 168 }, { "conntrack", 1, 168 }, { "state", 0, 8 }, { "addrtype", 1, 8 },
	{ "addrtype", 0, 8 }, { "iprange", 1, 72 }, { "mark", 1, 16 }, { "connmark", 1, 16 },
	{ "icmp", 0, 8 }, { "icmp6", 0, 8 }, { "comment", 0, 8 }, { "physdev", 0, 72 },
	{ "pkttype", 0, 8 }, { "set", 4, 40 }, { "limit", 0, 40 }, { "mac", 0, 16 },
	{ "rpfilter", 0, 8 }, { "socket", 1, 8 }, { "ttl", 0, 8 }, { "length", 0, 8 },
}, targets[] = {
	{ "DNAT", 2, 48 }, { "DNAT", 0, 24 }, { "DNAT", 1, 40 }, { "REDIRECT", 0, 24 },
	{ "NETMAP", 0, 24 }, { "MARK", 2, 16 }, { "CONNMARK", 1, 16 }, { "CT", 2, 80 },
	{ "NOTRACK", 0, 0 }, { "TTL", 0, 8 }, { "HL", 0, 8 }, { "SNAT", 0, 24 },
	{ "MASQUERADE", 0, 24 }, { "REJECT", 0, 8 }, { "LOG", 0, 40 }, { "NFQUEUE", 3, 8 },
	{ "TPROXY", 1, 48 }, { "SET", 3, 40 }, { "NOBODY", 0, 8 },
};

static struct {
	struct netinfo info;
	uint8_t rank[ARRAY_SIZE(chains)];
} world;

/* ---- the host ---- */

static addr_t address(const char *text)
{
	enum family family;
	addr_t addr = 0;

	if (!addr_parse(text, &family, &addr))
		abort();
	return addr;
}

static void add_network(const char *name, int index, const char *const *own, const char *const *net)
{
	static const unsigned int lengths[FAMILY_COUNT] = { 24, 64 };
	struct netif *iface = netinfo_add_if(&world.info, name, index);

	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		iface->forwards[family] = true;
		iface->has_addr[family] = true;
		iface->addr[family] = address(own[family]);
		netinfo_add_addr(&world.info, family, address(own[family]), index, false);
		netinfo_add_route(&world.info, family, address(own[family]), family ? 128 : 32,
				  RTN_LOCAL, index);
		netinfo_add_route(&world.info, family, address(net[family]), lengths[family],
				  RTN_UNICAST, index);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const lo[] = { "127.0.0.1", "::1" }, *const lo_net[] = { "127.0.0.0", "::" };
	static const char *const ens[] = { "198.51.100.10", "2001:db8:1::10" };
	static const char *const ens_net[] = { "198.51.100.0", "2001:db8:1::" };
	static const char *const bridge[] = { "172.17.0.1", "fd00::1" };
	static const char *const bridge_net[] = { "172.17.0.0", "fd00::" };

	(void)argc;
	(void)argv;
	add_network("lo", 1, lo, lo_net);
	add_network("ens3", 2, ens, ens_net);
	add_network("docker0", 3, bridge, bridge_net);
	world.info.ifs[0].loopback = true;
	world.info.ifs[2].bridge = true;
	netinfo_add_route(&world.info, FAMILY_IPV4, 0, 0, RTN_UNICAST, 2);
	netinfo_add_route(&world.info, FAMILY_IPV6, 0, 0, RTN_UNICAST, 2);
	netinfo_sort(&world.info);
	return 0;
}

/* ---- its tables ---- */

static void set_address(struct input *in, enum family family, struct address *addr)
{
	static const char *const known[FAMILY_COUNT][4] = {
		{ "172.17.0.2", "198.51.100.10", "203.0.113.5", "198.51.100.77" },
		{ "fd00::2", "2001:db8:1::10", "2001:db8:2::5", "2001:db8:1::77" },
	};
	uint8_t choice = input_byte(in);
	unsigned int bits = (choice >> 3) * (family ? 4 : 1);

	addr_store(family, address(known[family][choice & 3]), addr->addr);
	for (unsigned int i = 0; i <= bits && i < 8 * family_addr_size(family); i++)
		addr->mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	/* Any address under any mask. */
	if (choice & 4) {
		input_bytes(in, addr->addr, family_addr_size(family));
		input_bytes(in, addr->mask, family_addr_size(family));
	}
}

static void set_interface(struct input *in, struct interface *iface)
{
	static const char *const names[] = { "ens3", "docker0", "ens+", "br-+", "lo", "d+", "+" };

	interface_set(iface, names[input_below(in, ARRAY_SIZE(names))]);
}

static void add_extension(struct input *in, struct rule *rule, bool target)
{
	unsigned int which = input_byte(in);
	uint8_t data[256];
	uint16_t size;

	if (target) {
		which %= ARRAY_SIZE(targets);
		size = targets[which].size;
		input_bytes(in, data, size);
		rule_set_target(rule, targets[which].name, targets[which].revision, data, size);
		return;
	}
	/* Sometimes of a size that is not the kernel's. */
	size = which >= 200 ? input_byte(in) : extensions[which % ARRAY_SIZE(extensions)].size;
	which %= ARRAY_SIZE(extensions);
	input_bytes(in, data, size);
	rule_add_match(rule, extensions[which].name, extensions[which].revision, data, size);
}

/* The ports match more often than by chance. */
static void add_ports(struct input *in, struct rule *rule)
{
	uint16_t ports[8] = { 0, 65535, 0, 65535 };

	ports[2] = ports[3] = input_below(in, 2) ? 80 : 8080;
	rule->proto = IPPROTO_TCP;
	rule_add_match(rule, "tcp", 0, ports, sizeof(ports));
}

static void set_end(struct input *in, const struct table *table, const struct chain *chain,
		    struct rule *rule)
{
	uint8_t end = input_byte(in);
	size_t from = 0, to;

	switch (end % 8) {
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
		add_extension(in, rule, true);
		break;
	case 4:
		if (end & 0x80)
			rule->opaque = xstrdup("a test");
		break;
	default:
		to = BUILTINS + (end >> 3) % (ARRAY_SIZE(chains) - BUILTINS);
		while (strcasecmp(chains[from], chain->name))
			from++;
		if (world.rank[to] > world.rank[from] && table_chain(table, chains[to]))
			rule_set_chain(rule, end % 8 == 5 ? VERDICT_GOTO : VERDICT_JUMP, chains[to]);
	}
}

static struct rule *make_rule(struct input *in, const struct table *table, const struct chain *chain)
{
	struct rule *rule = rule_new(table->family);
	uint8_t bits = input_byte(in);

	if (bits & 1)
		set_address(in, table->family, &rule->src);
	if (bits & 2)
		set_address(in, table->family, &rule->dst);
	if (bits & 4)
		set_interface(in, bits & 1 ? &rule->out : &rule->in);
	if (bits & 8)
		rule->proto = bits & 1 ? IPPROTO_UDP : IPPROTO_TCP;
	if (bits & 16)
		add_ports(in, rule);
	if (bits & 32)
		add_extension(in, rule, false);
	if (bits & 64)
		rule->invert = input_byte(in) & (INV_SRC | INV_DST | INV_IN | INV_OUT | INV_PROTO);
	if (bits & 128)
		rule->frag = rule->family == FAMILY_IPV4 && bits & 1;
	set_end(in, table, chain, rule);
	return rule;
}

/* With lengthen, rules that match nothing follow, so that the chain is indexed. */
static void fill_chain(struct input *in, const struct table *table, struct chain *chain,
		       bool lengthen)
{
	unsigned int n = input_below(in, 6);

	for (unsigned int i = 0; i < n; i++)
		chain_add_rule(chain, make_rule(in, table, chain));
	while (lengthen && chain->nrules < INDEXED) {
		struct rule *rule = rule_new(table->family);

		rule->proto = 250;
		rule->verdict = VERDICT_DROP;
		chain_add_rule(chain, rule);
	}
}

/* The guard's base chains differ from those of filter in case. */
static const char *chain_name(const char *table, const char *name)
{
	if (strcmp(table, GUARD_TABLE))
		return name;
	return !strcmp(name, "INPUT") ? GUARD_INPUT : !strcmp(name, "FORWARD") ? GUARD_FORWARD : name;
}

static struct snapshot *make_snapshot(struct input in, enum family family, bool lengthen)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);

	for (size_t t = 0; t < ARRAY_SIZE(table_names); t++) {
		struct table *table = snapshot_add_table(snapshot, family, table_names[t]);
		uint8_t absent = input_byte(&in);

		for (size_t c = 0; c < ARRAY_SIZE(chains); c++) {
			struct chain *chain;

			if (absent & 1 && c % 3 == t % 3)
				continue;
			chain = table_add_chain(table, chain_name(table_names[t], chains[c]));
			chain->builtin = c < BUILTINS;
			chain->policy = absent & 2U << c % 4 ? VERDICT_DROP : VERDICT_ACCEPT;
			chain->loaded = c < BUILTINS || !(absent & 0x80) || c % 2;
		}
		table_sort(table);
		for (size_t c = 0; c < ARRAY_SIZE(chains); c++) {
			struct chain *chain = table_chain(table, chain_name(table_names[t], chains[c]));

			if (chain)
				fill_chain(&in, table, chain, lengthen);
		}
	}
	return snapshot;
}

/* ---- the properties ---- */

static void require_one_of_all(struct walker *walker, const struct packet *packet,
			       const struct fate *all, addr_t src, struct steps *steps)
{
	unsigned int possible = trace_ends(all, src), own;
	struct addrset sources = { 0 };
	struct fate fate = { 0 };

	REQUIRE(possible, "packets are lost on the way");
	addrset_add(&sources, src, src);
	walk_packet(walker, packet, &sources, steps, &fate);
	own = trace_ends(&fate, src);
	REQUIRE(own && !(own & ~possible), "one ends as %x, all as %x", own, possible);
	addrset_clear(&sources);
	fate_clear(&fate);
}

/* Walks from everywhere, and from each of the probes; ended gets the outcomes of the probes. */
static void walk(const struct snapshot *snapshot, const struct packet *packet, const addr_t *probes,
		 unsigned int *ended)
{
	struct addrset sources = { 0 };
	struct steps steps = { 0 };
	struct fate fate = { 0 };
	struct walker walker;

	addrset_all(&sources, packet->family);
	walker_make(&walker, &(struct world){ .snapshot = snapshot, .info = &world.info },
		    packet->family);
	walk_packet(&walker, packet, &sources, NULL, &fate);
	for (size_t i = 0; i < PROBES; i++) {
		ended[i] = trace_ends(&fate, probes[i]);
		steps.all = probes[i] & 1;
		require_one_of_all(&walker, packet, &fate, probes[i], i ? NULL : &steps);
	}
	walker_clear(&walker);
	steps_clear(&steps);
	fate_clear(&fate);
	addrset_clear(&sources);
}

static void expose(const struct snapshot *snapshot, enum family family)
{
	struct world read = { .snapshot = snapshot, .info = &world.info };
	struct policy *policy = policy_new();
	struct exposure_list list = { 0 };

	if (exposure_compute(policy, &read, 1U << family, &list))
		abort();
	exposure_unallowed(&list);
	exposure_undecided(&list);
	exposure_clear(&list);
	policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const to[FAMILY_COUNT][2] = { { "198.51.100.10", "172.17.0.2" },
							 { "2001:db8:1::10", "fd00::2" } };
	struct input in = { data, size };
	uint8_t bits = input_byte(&in);
	enum family family = bits & 1;
	unsigned int ended[PROBES], other[PROBES];
	struct snapshot *snapshot, *longer;
	struct packet packet;
	addr_t probes[PROBES];

	for (size_t i = BUILTINS; i < ARRAY_SIZE(chains); i++)
		world.rank[i] = (uint8_t)(1 + input_byte(&in) % 100);
	packet_init(&packet, family, netinfo_if(&world.info, bits & 2 ? "docker0" : "ens3"),
		    bits & 4 ? IPPROTO_UDP : IPPROTO_TCP, address(to[family][bits >> 3 & 1]),
		    bits & 16 ? 8080 : 80);
	for (size_t i = 0; i < PROBES; i++) {
		probes[i] = address(i & 1 ? to[family][1] : family ? "2001:db8:2::5" : "203.0.113.5");
		probes[i] = (probes[i] & ~(addr_t)0xffff) | (input_u32(&in) & 0xffff);
	}
	snapshot = make_snapshot(in, family, false);
	walk(snapshot, &packet, probes, ended);
	if (bits & 32) {
		longer = make_snapshot(in, family, true);
		walk(longer, &packet, probes, other);
		for (size_t i = 0; i < PROBES; i++)
			REQUIRE(ended[i] == other[i], "indexed it ends as %x, not %x", other[i],
				ended[i]);
		snapshot_free(longer);
	}
	if (bits & 64)
		expose(snapshot, family);
	snapshot_free(snapshot);
	return 0;
}
