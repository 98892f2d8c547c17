/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "equivalence.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "own_places.h"

/* The rules of every chain in turn, without those that were read as rules of nf_tables. */
#define FOR_EACH_RULE(set, rule)                                                                   \
	for (size_t t_ = 0; t_ < (set)->n; t_++)                                                   \
		for (size_t c_ = 0; c_ < (set)->tables[t_].table->nchains; c_++)                   \
			for (size_t r_ = 0; r_ < (set)->tables[t_].chains[c_].n; r_++)             \
				if (((rule) = (set)->tables[t_].chains[c_].v[r_].ready.rule))

/* The tests of every rule of others, and of those of iptables' tables that nft wrote. */
#define FOR_EACH_TEST(index, test)                                                                 \
	for (size_t c_ = 0; c_ < (index)->nothers; c_++)                                           \
		for (size_t r_ = 0; r_ < (index)->others[c_].n; r_++)                              \
			for (size_t t_ = 0; t_ < tests_of(&(index)->others[c_].v[r_]) &&           \
			     ((test) = &(index)->others[c_].v[r_].native->tests[t_]); t_++)

/* Rules of the other backend, which are of x_tables. */
#define FOR_EACH_OTHER(index, rule)                                                                \
	for (size_t c_ = 0; c_ < (index)->nothers; c_++)                                           \
		for (size_t r_ = 0; r_ < (index)->others[c_].n; r_++)                              \
			if (((rule) = (index)->others[c_].v[r_].ready.rule))

static size_t tests_of(const struct indexed_rule *entry)
{
	return entry->native ? entry->native->ntests : 0;
}

static uint64_t class_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0xff51afd7ed558ccdu;
	return hash ^ hash >> 32;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct interface));
}

/* The distinct -i patterns of all rules; the caller frees them. */
static struct interface *patterns(const struct chain_index *index, size_t *n)
{
	struct interface *all = NULL;
	const struct rule *rule;
	size_t room = 0, kept = 0;

	*n = 0;
	FOR_EACH_RULE(index, rule) {
		if (*n && !by_bytes(&all[*n - 1], &rule->in))
			continue;
		GROW(all, *n, room);
		all[(*n)++] = rule->in;
	}
	FOR_EACH_OTHER(index, rule) {
		GROW(all, *n, room);
		all[(*n)++] = rule->in;
	}
	if (*n)
		qsort(all, *n, sizeof(*all), by_bytes);
	for (size_t i = 0; i < *n; i++)
		if (!kept || by_bytes(&all[kept - 1], &all[i]))
			all[kept++] = all[i];
	*n = kept;
	return all;
}

/* Whether any rule depends on more of an interface than its name. */
static bool rule_tells_apart(const struct rule *rule)
{
	return match_reads_interface(rule) ||
	       (rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "REDIRECT"));
}

static bool test_tells_apart(const struct other_test *test)
{
	return other_test_reads(test, FIELD_DESTINATION_TYPE_IN) ||
	       other_test_reads(test, FIELD_SOURCE_TYPE_IN) ||
	       other_test_reads(test, FIELD_WAY_BACK);
}

static bool tells_interfaces_apart(const struct chain_index *index)
{
	const struct other_test *test;
	const struct rule *rule;

	FOR_EACH_RULE(index, rule)
		if (rule_tells_apart(rule))
			return true;
	FOR_EACH_OTHER(index, rule)
		if (rule_tells_apart(rule))
			return true;
	FOR_EACH_TEST(index, test)
		if (test_tells_apart(test))
			return true;
	for (size_t c = 0; c < index->nothers; c++)
		for (size_t i = 0; i < index->others[c].n; i++)
			if (index->others[c].v[i].native &&
			    index->others[c].v[i].native->nat.redirect)
				return true;
	return false;
}

/* Which intervals of the field have the value. */
static uint64_t mix_intervals(uint64_t signature, const struct other_test *test,
			      enum other_field field, addr_t value)
{
	for (size_t k = 0; k < test->nkeys; k++) {
		const struct other_key *key = other_test_key(test, k);

		if (key->field != field)
			continue;
		if (test->nkeys == 1)
			return class_mix(signature, other_test_has(test, value & key->mask));
		for (size_t i = 0; i < other_test_count(test); i++) {
			struct addrrange range = other_test_range(test, i, k);
			addr_t masked = value & key->mask;

			signature = class_mix(signature, masked >= range.lo && masked <= range.hi);
		}
	}
	return signature;
}

/* How the rules of others distinguish an interface by which packets come in. */
static uint64_t mix_interface(uint64_t signature, const struct chain_index *index,
			      const struct netif *iface)
{
	const struct other_test *test;

	FOR_EACH_TEST(index, test) {
		signature = mix_intervals(signature, test, FIELD_IN_NAME, other_name(iface->name));
		signature = mix_intervals(signature, test, FIELD_IN_INDEX, (addr_t)iface->index);
	}
	for (size_t i = 0; index->filters && i < index->filters->n; i++) {
		const struct other_hook *hook = &index->filters->v[i];

		for (size_t k = 0; k < hook->ndevices; k++)
			signature = class_mix(signature, interface_matches(&hook->devices[k], false,
									   iface->name));
	}
	return signature;
}

/* Takes sources over. */
static void equivalence_add_if(struct equivalence *equivalence, const struct netif *iface,
			       uint64_t signature, struct addrset *sources)
{
	struct if_class *class = NULL;

	for (size_t i = 0; i < equivalence->nclasses && !class; i++)
		if (equivalence->classes[i].signature == signature)
			class = &equivalence->classes[i];
	if (!class) {
		GROW(equivalence->classes, equivalence->nclasses, equivalence->room);
		class = &equivalence->classes[equivalence->nclasses++];
		*class = (struct if_class){ .signature = signature, .sources = *sources };
	} else {
		addrset_clear(sources);
	}
	GROW(class->v, class->n, class->room);
	class->v[class->n++] = iface;
}

/* Whether packets come in there. bridges: those that only have containers; NULL: none. */
static bool comes_in(const struct netinfo *info, const struct netif *iface,
		     const struct strings *bridges)
{
	if (iface->loopback || iface->port || iface->vrf)
		return false;
	return !bridges || !strings_has(bridges, iface->name) || netinfo_leads_outside(info, iface);
}

static void sort_interfaces(struct equivalence *equivalence, const struct chain_index *index,
			    struct source_validation *validation,
			    const struct strings *bridges)
{
	const struct netinfo *info = index->info;
	enum family family = index->family;
	bool apart = tells_interfaces_apart(index), by_interface = false, by_address = false;
	size_t n;
	struct interface *names = patterns(index, &n);

	/* Rules of policy routing may also match on an interface. */
	for (size_t i = 0; i < info->nrules; i++) {
		by_interface |= *info->rules[i].in || info->rules[i].vrf;
		by_address |= info->rules[i].src_length;
	}
	for (size_t i = 0; i < info->nifs; i++) {
		const struct netif *iface = &info->ifs[i];
		const struct valid_sources *from;
		struct addrset sources = { 0 };
		uint64_t signature = 1;

		if (!comes_in(info, iface, bridges))
			continue;
		for (size_t k = 0; k < n; k++)
			signature = class_mix(signature,
					      interface_matches(&names[k], false, iface->name));
		signature = mix_interface(signature, index, iface);
		signature = class_mix(signature, iface->forwards[family] | iface->bridge << 1 |
							 iface->localnet << 2 |
							 iface->passes_broadcast << 3);
		from = source_validation_guess(validation, info, iface, family);
		addrset_copy(&sources, &from->valid);
		addrset_unite(&sources, &from->doubtful);
		signature = class_mix(signature, addrset_hash(&sources));
		/*
		 * A bridge passes on what is for its own network; routes of a VRF are not followed;
		 * the way back may depend on the address that the reply comes from.
		 */
		if (apart || by_interface || iface->bridge || route_in_vrf(iface) ||
		    (by_address && iface->rp_filter))
			signature = class_mix(signature, (uint64_t)iface->index + 1);
		equivalence_add_if(equivalence, iface, signature, &sources);
	}
	free(names);
}

/* Whether the rule may match on the destination that the packet was sent to. */
static bool asks_sent_to(const struct rule *rule)
{
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!strcmp(rule->matches[i].name, "conntrack") ||
		    guard_match_is(&rule->matches[i]))
			return true;
	return false;
}

/*
 * Whether the rule's plain destination is a single address that is not one of the host's, and
 * nothing else depends on where the packet was sent before a translation.
 */
static bool is_for_another(const struct rule *rule, const struct addrrange *hosts, size_t n)
{
	enum family family = rule->family;
	addr_t dst = addr_load(family, rule->dst.addr);

	if (rule->invert & INV_DST || rule->opaque ||
	    addr_load(family, rule->dst.mask) != addr_max(family) || asks_sent_to(rule))
		return false;
	for (size_t i = 0; i < n; i++)
		if (hosts[i].lo == dst)
			return false;
	return true;
}

/* Whether the rule gives each address another new one. */
static bool maps_address(const struct rule *rule)
{
	return rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "NETMAP");
}

/* Cheaper than decoding the matches: most rules do not depend on the destination. */
static bool asks_dst(const struct rule *rule)
{
	if (addr_load(rule->family, rule->dst.mask) || maps_address(rule))
		return true;
	for (size_t i = 0; i < rule->nmatches; i++) {
		const char *name = rule->matches[i].name;

		if (!strcmp(name, "conntrack") || !strcmp(name, "iprange") ||
		    !strcmp(name, "addrtype") || !strcmp(name, "set") ||
		    guard_match_is(&rule->matches[i]))
			return true;
	}
	return false;
}

static void equivalence_add_host(struct equivalence *equivalence, struct addrrange host,
				 uint64_t signature)
{
	struct host_class *class = NULL;

	for (size_t i = 0; i < equivalence->nhosts && !class; i++)
		if (equivalence->hosts[i].signature == signature)
			class = &equivalence->hosts[i];
	if (!class) {
		GROW(equivalence->hosts, equivalence->nhosts, equivalence->hosts_room);
		class = &equivalence->hosts[equivalence->nhosts++];
		*class = (struct host_class){ .signature = signature };
	}
	GROW(class->v, class->n, class->room);
	class->v[class->n++] = host;
}

static bool maps_natively(const struct chain_index *index)
{
	for (size_t c = 0; c < index->nothers; c++)
		for (size_t i = 0; i < index->others[c].n; i++)
			if (index->others[c].v[i].native && index->others[c].v[i].native->nat.netmap)
				return true;
	return false;
}

static uint64_t mix_rule(uint64_t signature, const struct rule *rule, addr_t addr)
{
	signature = class_mix(signature, match_dst_class(rule, addr));
	return maps_address(rule) ? class_mix(signature, (uint64_t)addr) : signature;
}

/* How the rules of others distinguish an address of the host. */
static uint64_t mix_address(uint64_t signature, const struct chain_index *index, addr_t addr)
{
	static const enum other_field fields[] = { FIELD_DESTINATION, FIELD_ORIG_DESTINATION,
						   FIELD_REPLY_SOURCE };
	const struct other_test *test;
	const struct rule *rule;

	FOR_EACH_TEST(index, test) {
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			signature = mix_intervals(signature, test, fields[i], addr);
		/* The interface of the address matters: each address is its own class. */
		if (other_test_reads(test, FIELD_DESTINATION_TYPE_IN) ||
		    other_test_reads(test, FIELD_DESTINATION_TYPE_OUT))
			signature = class_mix(signature, (uint64_t)addr);
	}
	FOR_EACH_OTHER(index, rule)
		signature = mix_rule(signature, rule, addr);
	return maps_natively(index) ? class_mix(signature, (uint64_t)addr) : signature;
}

/*
 * How policy routing distinguishes an address of the host. The reverse path filter looks up
 * the reply, which comes from there. Rules before the local table may route it elsewhere.
 */
static uint64_t mix_routing(uint64_t signature, const struct netinfo *info, enum family family,
			    addr_t addr)
{
	bool local = false;

	signature = class_mix(signature, netinfo_local_elsewhere(info, family, addr, addr));
	for (size_t i = 0; i < info->nrules; i++) {
		const struct netrule *rule = &info->rules[i];

		if (rule->family != family)
			continue;
		local |= rule->table == RT_TABLE_LOCAL && rule->action == FR_ACT_TO_TBL;
		if (rule->src_length)
			signature = class_mix(signature, netinfo_prefix_has(family, rule->src,
									    rule->src_length, addr));
		if (!local)
			signature = class_mix(signature, (uint64_t)addr);
	}
	return signature;
}

static void sort_addresses(struct equivalence *equivalence, const struct chain_index *index)
{
	struct own_addresses hosts;
	const struct rule *rule;
	uint64_t *signatures;
	size_t n = 0;

	own_addresses_find(index->info, index->family, &hosts);
	while (n < hosts.n && hosts.v[n].lo == hosts.v[n].hi)
		n++;
	signatures = xcalloc(hosts.n, sizeof(*signatures));
	FOR_EACH_RULE(index, rule) {
		if (hosts.n < 2 || !asks_dst(rule) || is_for_another(rule, hosts.v, n))
			continue;
		for (size_t i = 0; i < n; i++)
			signatures[i] = mix_rule(signatures[i], rule, hosts.v[i].lo);
	}
	for (size_t i = 0; i < n && hosts.n > 1; i++)
		signatures[i] = mix_routing(mix_address(signatures[i], index, hosts.v[i].lo),
					    index->info, index->family, hosts.v[i].lo);
	for (size_t i = n; i < hosts.n; i++)
		signatures[i] = class_mix(1, i);
	for (size_t i = 0; i < hosts.n; i++)
		equivalence_add_host(equivalence, hosts.v[i], signatures[i]);
	free(signatures);
	own_addresses_clear(&hosts);
}

void equivalence_make(struct equivalence *equivalence, const struct chain_index *index,
		      struct source_validation *validation, const struct strings *bridges)
{
	*equivalence = (struct equivalence){ 0 };
	sort_interfaces(equivalence, index, validation, bridges);
	if (!equivalence->nclasses)
		sort_interfaces(equivalence, index, validation, NULL);
	sort_addresses(equivalence, index);
}

void equivalence_clear(struct equivalence *equivalence)
{
	for (size_t i = 0; i < equivalence->nclasses; i++) {
		addrset_clear(&equivalence->classes[i].sources);
		free(equivalence->classes[i].v);
	}
	for (size_t i = 0; i < equivalence->nhosts; i++)
		free(equivalence->hosts[i].v);
	free(equivalence->classes);
	free(equivalence->hosts);
	*equivalence = (struct equivalence){ 0 };
}
