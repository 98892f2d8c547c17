/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "equivalence.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

/* The rules of every chain in turn. */
#define FOR_EACH_RULE(set, rule)                                                                   \
	for (size_t t_ = 0; t_ < (set)->n; t_++)                                                   \
		for (size_t c_ = 0; c_ < (set)->tables[t_].table->nchains; c_++)                   \
			for (size_t r_ = 0; r_ < (set)->tables[t_].chains[c_].n &&                 \
			     ((rule) = (set)->tables[t_].chains[c_].v[r_].ready.rule); r_++)

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
	if (*n)
		qsort(all, *n, sizeof(*all), by_bytes);
	for (size_t i = 0; i < *n; i++)
		if (!kept || by_bytes(&all[kept - 1], &all[i]))
			all[kept++] = all[i];
	*n = kept;
	return all;
}

/* Whether any rule depends on more of an interface than its name. */
static bool tells_interfaces_apart(const struct chain_index *index)
{
	const struct rule *rule;

	FOR_EACH_RULE(index, rule)
		if (match_reads_interface(rule) ||
		    (rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "REDIRECT")))
			return true;
	return false;
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

static void sort_interfaces(struct equivalence *equivalence, const struct chain_index *index,
			    struct source_validation *validation,
			    const struct strings *bridges)
{
	const struct netinfo *info = index->info;
	enum family family = index->family;
	bool apart = tells_interfaces_apart(index), by_interface = false;
	size_t n;
	struct interface *names = patterns(index, &n);

	/* Rules of policy routing may also match on an interface. */
	for (size_t i = 0; i < info->nrules; i++)
		by_interface |= *info->rules[i].in || info->rules[i].vrf;
	for (size_t i = 0; i < info->nifs; i++) {
		const struct netif *iface = &info->ifs[i];
		const struct valid_sources *from;
		struct addrset sources = { 0 };
		uint64_t signature = 1;

		if (iface->loopback || iface->port || strings_has(bridges, iface->name))
			continue;
		for (size_t k = 0; k < n; k++)
			signature = class_mix(signature,
					      interface_matches(&names[k], false, iface->name));
		signature = class_mix(signature, iface->forwards[family] | iface->bridge << 1 |
							 iface->localnet << 2);
		from = source_validation_guess(validation, info, iface, family);
		addrset_copy(&sources, &from->valid);
		addrset_unite(&sources, &from->doubtful);
		signature = class_mix(signature, addrset_hash(&sources));
		if (apart || by_interface)
			signature = class_mix(signature, (uint64_t)iface->index + 1);
		equivalence_add_if(equivalence, iface, signature, &sources);
	}
	free(names);
}

/* Whether the rule's plain destination is a single address that is not one of the host's. */
static bool is_for_another(const struct rule *rule, const addr_t *hosts, size_t n)
{
	enum family family = rule->family;
	addr_t dst = addr_load(family, rule->dst.addr);

	if (rule->invert & INV_DST || rule->opaque ||
	    addr_load(family, rule->dst.mask) != addr_max(family))
		return false;
	for (size_t i = 0; i < n; i++)
		if (hosts[i] == dst)
			return false;
	return true;
}

/* Cheaper than decoding the matches: most rules do not depend on the destination. */
static bool asks_dst(const struct rule *rule)
{
	if (addr_load(rule->family, rule->dst.mask))
		return true;
	for (size_t i = 0; i < rule->nmatches; i++) {
		const char *name = rule->matches[i].name;

		if (!strcmp(name, "conntrack") || !strcmp(name, "iprange") ||
		    !strcmp(name, "addrtype"))
			return true;
	}
	return false;
}

static void equivalence_add_host(struct equivalence *equivalence, addr_t host, uint64_t signature)
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

/* The host's addresses that the world can send to. */
static addr_t *own_addresses(const struct netinfo *info, enum family family, size_t *n)
{
	unsigned int width = family == FAMILY_IPV4 ? 32 : 128;
	addr_t *hosts = NULL;
	size_t room = 0;

	*n = 0;
	for (size_t i = 0; i < info->nroutes; i++) {
		const struct netroute *route = &info->routes[i];
		addr_t addr = route->dst;

		if (route->family != family || route->type != RTN_LOCAL || route->length != width)
			continue;
		if (family == FAMILY_IPV4 ? addr >> 24 == 127
					  : addr == 1 || addr >> 118 == 0xfe80 >> 6)
			continue;
		GROW(hosts, *n, room);
		hosts[(*n)++] = addr;
	}
	return hosts;
}

static void sort_addresses(struct equivalence *equivalence, const struct chain_index *index)
{
	const struct rule *rule;
	size_t n;
	addr_t *hosts = own_addresses(index->info, index->family, &n);
	uint64_t *signatures = xcalloc(n, sizeof(*signatures));

	FOR_EACH_RULE(index, rule) {
		if (n < 2 || !asks_dst(rule) || is_for_another(rule, hosts, n))
			continue;
		for (size_t i = 0; i < n; i++)
			signatures[i] = class_mix(signatures[i], match_dst_class(rule, hosts[i]));
	}
	for (size_t i = 0; i < n; i++)
		equivalence_add_host(equivalence, hosts[i], signatures[i]);
	free(signatures);
	free(hosts);
}

void equivalence_make(struct equivalence *equivalence, const struct chain_index *index,
		      struct source_validation *validation, const struct strings *bridges)
{
	*equivalence = (struct equivalence){ 0 };
	sort_interfaces(equivalence, index, validation, bridges);
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
