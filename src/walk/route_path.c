/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "route_path.h"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

enum sure { NO, MAYBE, YES };

static enum sure both(enum sure a, enum sure b)
{
	return a < b ? a : b;
}

/* If the kernel has no policy routing, the rules that every host has. */
static const struct netrule *route_rules(const struct netinfo *info, enum family family, size_t *n)
{
	static const struct netrule standard[FAMILY_COUNT][3] = {
		[FAMILY_IPV4] = { { .table = RT_TABLE_LOCAL, .action = FR_ACT_TO_TBL },
				  { .table = RT_TABLE_MAIN, .action = FR_ACT_TO_TBL },
				  { .table = RT_TABLE_DEFAULT, .action = FR_ACT_TO_TBL } },
		[FAMILY_IPV6] = { { .family = FAMILY_IPV6, .table = RT_TABLE_LOCAL,
				    .action = FR_ACT_TO_TBL },
				  { .family = FAMILY_IPV6, .table = RT_TABLE_MAIN,
				    .action = FR_ACT_TO_TBL } },
	};

	*n = info->nrules;
	if (*n)
		return info->rules;
	*n = family == FAMILY_IPV4 ? 3 : 2;
	return standard[family];
}

bool route_in_vrf(const struct netif *iface)
{
	return iface && (iface->vrf || (iface->master && !iface->port));
}

/* Whether all conditions of the rule hold, apart from the destination. Ignores invert. */
static enum sure selects(const struct netrule *rule, const struct route_query *query)
{
	enum sure is = rule->unknown ? MAYBE : YES;

	if (rule->never)
		return NO;
	if (rule->vrf)
		is = query->any || route_in_vrf(query->in) ? MAYBE : NO;
	if (*rule->in && query->any)
		is = both(is, MAYBE);
	else if (*rule->in && strncmp(rule->in, query->in ? query->in->name : "lo", IFNAMSIZ))
		return NO;
	if (rule->src_length && query->any)
		is = both(is, MAYBE);
	else if (!netinfo_prefix_has(query->family, rule->src, rule->src_length, query->src))
		return NO;
	if (rule->mask && query->any_mark)
		is = both(is, MAYBE);
	else if ((rule->mark ^ query->mark) & rule->mask)
		return NO;
	return is;
}

static enum sure holds(const struct netrule *rule, const struct route_query *query)
{
	enum sure is = selects(rule, query);

	if (!netinfo_prefix_has(query->family, rule->dst, rule->dst_length, query->dst))
		is = NO;
	return rule->invert ? YES - is : is;
}

/* Whether the route counts for the rule that leads to its table. */
static bool route_counts(const struct netrule *rule, const struct netroute *route)
{
	return route && route->type != RTN_THROW &&
	       !(rule->suppresses && route->length <= rule->suppress);
}

/*
 * IPv6 looks up a link-local destination only on the interface on which the packet came
 * in (rt6_need_strict() in the kernel). Returns 0 for any other packet.
 */
static int only_interface(const struct route_query *query)
{
	return query->family == FAMILY_IPV6 && query->dst >> 118 == 0xfe80 >> 6 && query->in
		       ? query->in->index : 0;
}

/* The result of a rule that matches. Returns false if the next rule decides. */
static bool result_of(const struct netinfo *info, const struct netrule *rule,
		      const struct route_query *query, struct route_path *path)
{
	const struct netroute *route;

	*path = (struct route_path){ .type = RTN_UNREACHABLE };
	if (rule->action != FR_ACT_TO_TBL)
		return true;
	/* The table of a VRF is not read. */
	if (rule->vrf) {
		path->unsure = true;
		return true;
	}
	route = netinfo_lookup(info, query->family, rule->table, query->dst, only_interface(query));
	if (!route_counts(rule, route))
		return false;
	path->type = route->type;
	path->out = route->out ? netinfo_if_index(info, route->out) : NULL;
	path->gateway = route->gateway;
	path->unsure = route->multipath || route->unknown ||
		       (route->ambiguous && !only_interface(query));
	return true;
}

/* The rule that a goto leads to; n if it leads nowhere and thus does nothing. */
static size_t target_of(const struct netrule *rules, size_t n, size_t i)
{
	size_t to = i + 1;

	while (to < n && (rules[to].family != rules[i].family ||
			  rules[to].priority != rules[i].target))
		to++;
	return to;
}

static struct route_path ask_from(const struct netinfo *info, const struct route_query *query,
				  size_t i)
{
	struct route_path path = { .type = RTN_UNREACHABLE }, here;
	bool unsure = false;
	size_t n;
	const struct netrule *rules = route_rules(info, query->family, &n);

	for (; i < n; i++) {
		enum sure is = rules[i].family == query->family ? holds(&rules[i], query) : NO;

		if (is == NO || rules[i].action == FR_ACT_NOP)
			continue;
		if (rules[i].action == FR_ACT_GOTO) {
			size_t to = target_of(rules, n, i);

			if (to < n && is == YES)
				i = to - 1;
			unsure |= to < n && is == MAYBE;
			continue;
		}
		if (!result_of(info, &rules[i], query, &here))
			continue;
		if (is == YES) {
			path = here;
			break;
		}
		path = ask_from(info, query, i + 1);
		unsure |= here.type != path.type || here.out != path.out || here.unsure ||
			  here.gateway != path.gateway;
		break;
	}
	path.unsure |= unsure;
	return path;
}

struct route_path route_path(const struct netinfo *info, const struct route_query *query)
{
	bool multicast = query->family == FAMILY_IPV4 ? query->dst >> 28 == 0xe
						      : query->dst >> 120 == 0xff;

	if (multicast)
		return (struct route_path){ .type = RTN_MULTICAST };
	if (query->family == FAMILY_IPV4 && query->dst == 0xffffffff)
		return (struct route_path){ .type = RTN_BROADCAST };
	return ask_from(info, query, 0);
}

static void sources_leave_out(struct addrset *set, addr_t lo, addr_t hi)
{
	struct addrset one = { 0 };

	addrset_add(&one, lo, hi);
	addrset_subtract(set, &one);
	addrset_clear(&one);
}

/*
 * Whether the kernel looks up a source in the routes rather than in its list of
 * addresses. It does so with rp_filter, or once a rule of policy routing was added.
 */
static bool routes_asked(const struct netinfo *info, const struct netif *in)
{
	size_t own = 0;

	for (size_t i = 0; i < info->nrules; i++)
		own += info->rules[i].family == FAMILY_IPV4;
	return in->rp_filter || own > 3;
}

void route_sources(const struct netinfo *info, enum family family, const struct netif *in,
		   struct addrset *set)
{
	struct addrset own = { 0 };

	addrset_all(set, family);
	if (in->loopback)
		return;
	if (family == FAMILY_IPV6) {
		sources_leave_out(set, 1, 1);
		sources_leave_out(set, (addr_t)0xff << 120, addr_max(family));
		return;
	}
	sources_leave_out(set, 0, 0);
	sources_leave_out(set, 0xe0000000, 0xefffffff);
	sources_leave_out(set, 0xffffffff, 0xffffffff);
	if (!in->localnet)
		sources_leave_out(set, 0x7f000000, 0x7fffffff);
	if (routes_asked(info, in)) {
		netinfo_type_set(info, family, RTN_BROADCAST, 0, &own);
		if (!in->accept_local)
			netinfo_type_set(info, family, RTN_LOCAL, 0, &own);
	} else if (!in->accept_local) {
		for (size_t i = 0; i < info->nroutes; i++)
			if (info->routes[i].family == family && info->routes[i].type == RTN_LOCAL &&
			    info->routes[i].length == 32)
				addrset_add(&own, info->routes[i].dst, info->routes[i].dst);
	}
	addrset_subtract(set, &own);
	addrset_clear(&own);
}

/* What the routes of one table say about the way back to each source. */
struct verdicts {
	const struct netinfo *info;
	const struct netif *in;
	const struct netrule *rule;
	struct addrset good, bad, unsure;
};

/* Whether packets may leave by that interface. Strict filters accept any of several hops. */
static enum sure leads_to(const struct netinfo *info, const struct netroute *route, int index)
{
	bool found = route->out == index;

	for (size_t i = 0; i < route->nhops && !found; i++)
		found = info->hops[route->hop + i] == index;
	if (route->ambiguous)
		return MAYBE;
	if (found)
		return YES;
	return route->unknown || (route->multipath && !route->nhops) ? MAYBE : NO;
}

static void judge_stretch(struct verdicts *verdicts, addr_t lo, addr_t hi,
			  const struct netroute *route)
{
	const struct netif *in = verdicts->in;
	enum sure good;

	if (!route_counts(verdicts->rule, route))
		return;
	good = leads_to(verdicts->info, route, in->index);
	/* Another route with the same prefix may be a different type. */
	if (route->type != RTN_UNICAST && !(route->type == RTN_LOCAL && in->accept_local))
		good = route->ambiguous ? MAYBE : NO;
	else if (in->rp_filter != 1 && in->numbered)
		good = route->ambiguous ? MAYBE : YES;
	addrset_add(good == YES ? &verdicts->good : good == NO ? &verdicts->bad : &verdicts->unsure,
		    lo, hi);
}

static int by_start(const void *left, const void *right)
{
	const struct netroute *a = *(const struct netroute *const *)left;
	const struct netroute *b = *(const struct netroute *const *)right;

	if (a->dst != b->dst)
		return a->dst < b->dst ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return a->metric < b->metric ? -1 : a->metric > b->metric;
}

/*
 * Goes over all addresses once, in order, and judges each stretch by the longest prefix
 * that covers it. The prefixes that are open at any point are nested.
 */
static void judge_table(struct verdicts *verdicts, enum family family, uint32_t table)
{
	const struct netinfo *info = verdicts->info;
	const struct netroute **routes = xcalloc(info->nroutes, sizeof(*routes));
	const struct netroute *open[130] = { 0 };
	size_t n = 0, depth = 0;
	addr_t at = 0;

	for (size_t i = 0; i < info->nroutes; i++)
		if (info->routes[i].family == family && info->routes[i].table == table)
			routes[n++] = &info->routes[i];
	if (n)
		qsort(routes, n, sizeof(*routes), by_start);
	for (size_t i = 0; i <= n; i++) {
		const struct netroute *next = i < n ? routes[i] : NULL;

		while (depth) {
			const struct netroute *top = open[depth - 1];
			addr_t end = netinfo_prefix_end(family, top->dst, top->length);

			if (next && next->dst <= end)
				break;
			if (at <= end)
				judge_stretch(verdicts, at, end, top);
			at = end + 1;
			depth--;
			/* Nothing comes after the highest address. */
			if (end == addr_max(family))
				depth = 0;
		}
		if (!next)
			break;
		/* Of equal prefixes the first one has the lowest metric. */
		if (depth && open[depth - 1]->dst == next->dst &&
		    open[depth - 1]->length == next->length)
			continue;
		if (depth && at < next->dst)
			judge_stretch(verdicts, at, next->dst - 1, open[depth - 1]);
		at = next->dst;
		open[depth++] = next;
	}
	free(routes);
}

static void keep_common(struct addrset *to, const struct addrset *a, const struct addrset *b)
{
	struct addrset common = { 0 };

	addrset_copy(&common, a);
	addrset_intersect(&common, b);
	addrset_unite(to, &common);
	addrset_clear(&common);
}

/* The sources among those left that the rule matches: for certain, and perhaps. */
static void matching(const struct netrule *rule, const struct route_query *back,
		     const struct addrset *left, struct addrset *sure, struct addrset *perhaps)
{
	enum sure is = selects(rule, back);
	struct addrset within = { 0 }, without = { 0 };

	addrset_add(&within, rule->dst_length ? rule->dst : 0,
		    rule->dst_length ? netinfo_prefix_end(back->family, rule->dst, rule->dst_length)
				     : addr_max(back->family));
	addrset_intersect(&within, left);
	addrset_copy(&without, left);
	addrset_subtract(&without, &within);
	if (rule->invert) {
		addrset_unite(sure, &without);
		is = YES - is;
	}
	if (is != NO)
		addrset_unite(is == YES ? sure : perhaps, &within);
	addrset_clear(&within);
	addrset_clear(&without);
}

/* What has been found out about the sources so far. */
struct way_back {
	const struct netinfo *info;
	const struct netif *in;
	const struct route_query *back;
	const struct netrule *rules;
	size_t n;
	struct addrset valid, maybe_good, maybe_bad;
};

/* Removes from left the sources that the rule decides. */
static void judge_rule(struct way_back *way, const struct netrule *rule, struct addrset *left)
{
	struct verdicts verdicts = { .info = way->info, .in = way->in, .rule = rule };
	enum family family = way->back->family;
	struct addrset sure = { 0 }, perhaps = { 0 };

	matching(rule, way->back, left, &sure, &perhaps);
	if (sure.n || perhaps.n) {
		if (rule->action != FR_ACT_TO_TBL)
			addrset_all(&verdicts.bad, family);
		else
			judge_table(&verdicts, family, rule->table);
		keep_common(&way->valid, &verdicts.good, &sure);
		keep_common(&way->maybe_good, &verdicts.good, &perhaps);
		keep_common(&way->maybe_bad, &verdicts.bad, &perhaps);
		addrset_unite(&perhaps, &sure);
		keep_common(&way->maybe_good, &verdicts.unsure, &perhaps);
		keep_common(&way->maybe_bad, &verdicts.unsure, &perhaps);
		addrset_unite(&verdicts.good, &verdicts.bad);
		addrset_unite(&verdicts.good, &verdicts.unsure);
		addrset_intersect(&sure, &verdicts.good);
		addrset_subtract(left, &sure);
	}
	addrset_clear(&verdicts.good);
	addrset_clear(&verdicts.bad);
	addrset_clear(&verdicts.unsure);
	addrset_clear(&sure);
	addrset_clear(&perhaps);
}

/* Evaluates the rules, from number first on, for the sources in left. Clears left. */
static void judge_from(struct way_back *way, size_t first, struct addrset *left)
{
	for (size_t i = first; i < way->n && left->n; i++) {
		const struct netrule *rule = &way->rules[i];
		struct addrset sure = { 0 }, perhaps = { 0 };
		size_t to;

		if (rule->family != way->back->family || rule->action == FR_ACT_NOP)
			continue;
		if (rule->action != FR_ACT_GOTO) {
			judge_rule(way, rule, left);
			continue;
		}
		to = target_of(way->rules, way->n, i);
		if (to == way->n)
			continue;
		matching(rule, way->back, left, &sure, &perhaps);
		/* A goto that only perhaps matches is too rare to be followed. */
		addrset_unite(&way->maybe_good, &perhaps);
		addrset_unite(&way->maybe_bad, &perhaps);
		addrset_subtract(left, &sure);
		addrset_subtract(left, &perhaps);
		judge_from(way, to, &sure);
		addrset_clear(&perhaps);
	}
	addrset_clear(left);
}

void route_way_back(const struct netinfo *info, const struct netif *in,
		    const struct route_query *back, struct addrset *valid,
		    struct addrset *doubtful)
{
	struct way_back way = { .info = info, .in = in, .back = back };
	struct addrset left = { 0 };

	way.rules = route_rules(info, back->family, &way.n);
	if (back->family == FAMILY_IPV6 || in->loopback || !in->rp_filter) {
		addrset_all(valid, back->family);
		return;
	}
	/* The table of its VRF is not read. */
	if (route_in_vrf(in)) {
		addrset_all(doubtful, back->family);
		return;
	}
	addrset_all(&left, back->family);
	judge_from(&way, 0, &left);
	/* Doubtful: valid by one rule but perhaps bad by another; or only perhaps good. */
	keep_common(doubtful, &way.valid, &way.maybe_bad);
	addrset_subtract(&way.maybe_good, &way.valid);
	addrset_unite(doubtful, &way.maybe_good);
	addrset_subtract(&way.valid, &way.maybe_bad);
	*valid = way.valid;
	addrset_clear(&way.maybe_good);
	addrset_clear(&way.maybe_bad);
}
