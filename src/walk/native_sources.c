/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "native_sources.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "match_ext.h"
#include "route_path.h"

void native_host_make(struct native_host *host, const struct netinfo *info,
		      const struct other_filters *others)
{
	*host = (struct native_host){ .info = info, .in_bridges = others && others->in_bridges };
}

void native_host_clear(struct native_host *host)
{
	for (size_t i = 0; i < host->nways; i++) {
		addrset_clear(&host->ways[i].valid);
		addrset_clear(&host->ways[i].lost);
	}
	free(host->ways);
	*host = (struct native_host){ 0 };
}

bool native_is_source(enum other_field field)
{
	return native_is_address(field) || field == FIELD_SOURCE_TYPE ||
	       field == FIELD_SOURCE_TYPE_IN || field == FIELD_SOURCE_TYPE_OUT ||
	       field == FIELD_WAY_BACK;
}

bool native_is_address(enum other_field field)
{
	return field == FIELD_SOURCE || field == FIELD_ORIG_SOURCE ||
	       field == FIELD_REPLY_DESTINATION;
}

void native_test_sources(const struct other_test *test, enum family family, struct addrset *set)
{
	if (test->set)
		addrset_copy(set, &test->set->one);
	else
		addrset_add(set, test->range.lo, test->range.hi);
	if (test->inverted)
		addrset_complement(set, family);
}

int native_range_is_local(const struct netinfo *info, enum family family, struct addrrange range)
{
	struct addrset local = { 0 }, rest = { 0 };
	int is = 0;

	netinfo_type_set(info, family, RTN_LOCAL, 0, &local);
	addrset_add(&rest, range.lo, range.hi);
	addrset_subtract(&rest, &local);
	if (!rest.n)
		is = 1;
	else if (rest.n == 1 && rest.v[0].lo == range.lo && rest.v[0].hi == range.hi &&
		 !netinfo_local_elsewhere(info, family, range.lo, range.hi))
		is = -1;
	addrset_clear(&local);
	addrset_clear(&rest);
	return is;
}

/* ---- types ---- */

/* In IPv6, of the types that depend on routing only that of the host's own is known. */
static void split_types6(const struct netinfo *info, const struct other_test *test, int dev,
			 struct native_split *split)
{
	bool local = other_test_has(test, RTN_LOCAL), others = false, all = true;

	for (unsigned int type = 0; type <= RTN_THROW; type++)
		if (type != RTN_LOCAL) {
			others |= other_test_has(test, type);
			all &= other_test_has(test, type);
		}
	netinfo_type_set(info, FAMILY_IPV6, RTN_LOCAL, dev, &split->sure);
	if (!local)
		addrset_complement(&split->sure, FAMILY_IPV6);
	if (others == all && local != others) {
		addrset_copy(&split->possible, &split->sure);
	} else {
		addrset_clear(&split->sure);
		addrset_all(&split->possible, FAMILY_IPV6);
	}
}

static void split_types(const struct native_host *host, const struct other_test *test,
			const struct packet *packet, struct native_split *split)
{
	static const uint8_t types[] = { RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST };
	const struct netinfo *info = host->info;
	int dev = test->key.field == FIELD_SOURCE_TYPE_IN ? packet->in_index
		: test->key.field == FIELD_SOURCE_TYPE_OUT ? packet->out_index : 0;

	if (test->key.field != FIELD_SOURCE_TYPE && (!dev || packet->leaving)) {
		addrset_all(&split->possible, packet->family);
		return;
	}
	if (packet->family == FAMILY_IPV6) {
		split_types6(info, test, dev, split);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (other_test_has(test, types[i]))
			netinfo_type_set(info, FAMILY_IPV4, types[i], dev, &split->sure);
	addrset_copy(&split->possible, &split->sure);
}

/* ---- the way back ---- */

/* Whether routes are looked up in the tables local and main, whatever the packet. */
static bool routes_plainly(const struct netinfo *info, enum family family)
{
	for (size_t i = 0; i < info->nrules; i++) {
		const struct netrule *rule = &info->rules[i];

		if (rule->family != family || rule->vrf)
			continue;
		if (rule->action != FR_ACT_TO_TBL || rule->invert || rule->never || rule->unknown ||
		    rule->src_length || rule->dst_length || rule->mask || *rule->in ||
		    rule->suppresses ||
		    (rule->table != RT_TABLE_LOCAL && rule->table != RT_TABLE_MAIN &&
		     rule->table != RT_TABLE_DEFAULT))
			return false;
	}
	return true;
}

/* fe80::/10: the kernel looks only for routes through the interface of the packet. */
static const struct addrrange link_local = { (addr_t)0x3fa << 118, ((addr_t)0x3fb << 118) - 1 };

static bool is_refused(uint8_t type)
{
	return type == RTN_UNREACHABLE || type == RTN_BLACKHOLE || type == RTN_PROHIBIT;
}

/*
 * Whether routes first to last - 1, which have the same prefix, lead out of the interface.
 * Where they differ, the kernel may prefer the one whose interface has the destination's
 * address, whatever the metrics (rt6_device_match()). Returns false if none of them counts.
 */
static bool leads_through(const struct netinfo *info, size_t first, size_t last,
			  const struct netif *in, bool local, enum answer *answer)
{
	size_t through = 0, elsewhere = 0, unclear = 0;

	for (size_t i = first; i < last; i++) {
		const struct netroute *route = &info->routes[i];
		bool plain = route->type == RTN_UNICAST && !route->multipath && !route->unknown;

		if (plain && route->out == in->index)
			through++;
		else if (local && plain)
			continue;
		else if ((plain || (is_refused(route->type) && !local)) && !route->ambiguous)
			elsewhere++;
		else
			unclear++;
	}
	*answer = unclear || (through && elsewhere) ? ANSWER_MAYBE
		: through ? ANSWER_YES : ANSWER_NO;
	return through || elsewhere || unclear;
}

static bool same_prefix(const struct netroute *a, const struct netroute *b)
{
	return a->family == b->family && a->table == b->table && a->dst == b->dst &&
	       a->length == b->length;
}

/* Sorts the sources by what the longest prefix in the table main says of them. */
static void sort_sources(const struct netinfo *info, const struct netif *in, bool local,
			 struct addrset *valid, struct addrset *lost)
{
	size_t first;

	/* Without a route there is no way back; but a host without any may not have been read. */
	for (size_t i = 0; i < info->nroutes && !lost->n; i++)
		if (info->routes[i].family == FAMILY_IPV6 && info->routes[i].table == RT_TABLE_MAIN)
			addrset_all(lost, FAMILY_IPV6);
	/* Shorter prefixes come last. */
	for (size_t last = info->nroutes; last; last = first) {
		const struct netroute *route = &info->routes[last - 1];
		struct addrset prefix = { 0 };
		enum answer answer;

		for (first = last - 1; first && same_prefix(&info->routes[first - 1], route);)
			first--;
		if (route->family != FAMILY_IPV6 || route->table != RT_TABLE_MAIN ||
		    !leads_through(info, first, last, in, local, &answer))
			continue;
		addrset_add(&prefix, route->dst,
			    netinfo_prefix_end(FAMILY_IPV6, route->dst, route->length));
		addrset_subtract(valid, &prefix);
		addrset_subtract(lost, &prefix);
		if (answer != ANSWER_MAYBE)
			addrset_unite(answer == ANSWER_YES ? valid : lost, &prefix);
		addrset_clear(&prefix);
	}
}

/*
 * What tables other than main say: a source of the host's own is lost, and of the others
 * nothing is known.
 */
static void sort_other_tables(const struct netinfo *info, const struct netif *in, bool local,
			      struct addrset *valid, struct addrset *lost)
{
	for (size_t i = 0; i < info->nroutes; i++) {
		const struct netroute *route = &info->routes[i];
		struct addrset prefix = { 0 };
		bool own = route->table == RT_TABLE_LOCAL &&
			   (route->type == RTN_LOCAL || route->type == RTN_ANYCAST);

		if (route->family != FAMILY_IPV6 || route->table == RT_TABLE_MAIN ||
		    (own && local && route->out != in->index))
			continue;
		addrset_add(&prefix, route->dst,
			    netinfo_prefix_end(FAMILY_IPV6, route->dst, route->length));
		addrset_subtract(valid, &prefix);
		if (own)
			addrset_unite(lost, &prefix);
		else
			addrset_subtract(lost, &prefix);
		addrset_clear(&prefix);
	}
}

static void find_way_back6(const struct netinfo *info, struct way_back *way)
{
	struct addrset near = { 0 }, valid = { 0 }, lost = { 0 };

	if (!routes_plainly(info, FAMILY_IPV6) || (way->in->master && !way->in->port))
		return;
	addrset_add(&near, link_local.lo, link_local.hi);
	sort_sources(info, way->in, false, &way->valid, &way->lost);
	sort_other_tables(info, way->in, false, &way->valid, &way->lost);
	sort_sources(info, way->in, true, &valid, &lost);
	sort_other_tables(info, way->in, true, &valid, &lost);
	addrset_intersect(&valid, &near);
	addrset_intersect(&lost, &near);
	addrset_subtract(&way->valid, &near);
	addrset_subtract(&way->lost, &near);
	addrset_unite(&way->valid, &valid);
	addrset_unite(&way->lost, &lost);
	/* The kernel drops sources in ff00::/8 itself (ip6_rcv_core()): no rule sees them. */
	addrset_add(&way->lost, (addr_t)0xff << 120, ~(addr_t)0);
	addrset_subtract(&way->valid, &way->lost);
	addrset_clear(&near);
	addrset_clear(&valid);
	addrset_clear(&lost);
}

static void find_way_back(const struct netinfo *info, enum family family, struct way_back *way)
{
	struct route_query back = { .family = family, .any = true, .any_mark = true };
	struct netif strict = *way->in;
	struct addrset doubtful = { 0 };

	strict.rp_filter = 1;
	if (family == FAMILY_IPV6)
		find_way_back6(info, way);
	else
		route_way_back(info, &strict, &back, &way->valid, &doubtful);
	addrset_clear(&doubtful);
}

/*
 * The kernel's fib expression also finds routes that forwarding passes over since their link is
 * down (ignore_routes_with_linkdown). Where these make a difference, nothing is known.
 */
static void doubt_links_down(const struct netinfo *info, enum family family, struct way_back *way)
{
	struct way_back other = { .in = way->in };
	struct netinfo all;

	if (!netinfo_regardless(info, &all))
		return;
	find_way_back(&all, family, &other);
	addrset_intersect(&way->valid, &other.valid);
	addrset_intersect(&way->lost, &other.lost);
	addrset_clear(&other.valid);
	addrset_clear(&other.lost);
	free(all.routes);
}

/*
 * For packets of its valid sources, "fib saddr . iif oif" finds the interface by which a reply
 * would go out, and for the lost ones nothing. Of others it is not known.
 */
static const struct way_back *way_back_of(struct native_host *host, const struct netif *in,
					  enum family family)
{
	struct way_back *way;

	for (size_t i = 0; i < host->nways; i++)
		if (host->ways[i].in == in)
			return &host->ways[i];
	host->ways = xreallocarray(host->ways, host->nways + 1, sizeof(*host->ways));
	way = &host->ways[host->nways++];
	*way = (struct way_back){ .in = in };
	find_way_back(host->info, family, way);
	doubt_links_down(host->info, family, way);
	return way;
}

/* The result is 0 without a way back, else the interface, or 1. */
static void split_way_back(struct native_host *host, const struct other_test *test,
			   const struct packet *packet, struct native_split *split)
{
	const struct netif *in = netinfo_if(host->info, packet->in);
	bool has = other_test_has(test, 1);
	const struct way_back *way;

	addrset_all(&split->possible, packet->family);
	if (!in || has != other_test_has(test, (addr_t)packet->in_index))
		return;
	way = way_back_of(host, in, packet->family);
	if (has == other_test_has(test, 0)) {
		/* It holds for every source, or for none. */
		if (has)
			addrset_copy(&split->sure, &split->possible);
		else
			addrset_clear(&split->possible);
		return;
	}
	addrset_copy(&split->sure, has ? &way->valid : &way->lost);
	addrset_subtract(&split->possible, has ? &way->lost : &way->valid);
}

void native_split_field(struct native_host *host, const struct other_test *test,
			const struct packet *packet, struct native_split *split)
{
	if (test->key.field == FIELD_WAY_BACK) {
		split_way_back(host, test, packet, split);
	} else if (native_is_address(test->key.field)) {
		native_test_sources(test, packet->family, &split->sure);
		addrset_copy(&split->possible, &split->sure);
	} else {
		split_types(host, test, packet, split);
	}
}
