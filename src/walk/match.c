/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "match.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "match_ext.h"
#include "match_set.h"
#include "xt_match.h"

/* Whether any of 16 bytes is set. */
static bool is_set(const uint8_t *bytes)
{
	uint64_t parts[2];

	memcpy(parts, bytes, sizeof(parts));
	return parts[0] | parts[1];
}

static enum answer header(const struct rule *rule, const struct packet *packet)
{
	enum answer answer = ANSWER_YES, dst;

	if (packet->leaving && (is_set(rule->in.mask) || rule->invert & INV_IN))
		answer = ANSWER_MAYBE;
	else if (!interface_matches(&rule->in, rule->invert & INV_IN, packet->in))
		return ANSWER_NO;
	if (!interface_matches(&rule->out, rule->invert & INV_OUT, packet->out))
		return ANSWER_NO;
	if (rule->proto && (rule->proto == packet->proto) == !!(rule->invert & INV_PROTO))
		return ANSWER_NO;
	/* The first packet of a connection is not a fragment. */
	if (rule->frag && !(rule->invert & INV_FRAG))
		return ANSWER_NO;
	if (!is_set(rule->dst.mask) && !(rule->invert & INV_DST))
		return answer;
	dst = match_dst_masked(packet, &packet->dst, addr_load(rule->family, rule->dst.addr),
			       addr_load(rule->family, rule->dst.mask));
	answer = answer_and(answer, rule->invert & INV_DST ? answer_not(dst) : dst);
	return answer;
}

static enum answer match_set_fixed(const struct ext *ext, const struct packet *packet,
				   const struct ipsets *sets)
{
	struct set_match match;

	match_set(ext, sets, packet->family, packet, &match);
	addrset_clear(&match.own);
	return match.answer;
}

enum answer match_fixed(const struct ready_rule *ready, const struct packet *packet,
			const struct netinfo *info)
{
	const struct rule *rule = ready->rule;
	enum answer answer;

	if (rule->opaque)
		return ANSWER_MAYBE;
	if (ready->connected && packet->ct != CT_NEW)
		return ANSWER_NO;
	answer = header(rule, packet);
	for (size_t i = 0; i < rule->nmatches && answer != ANSWER_NO; i++) {
		const struct ext *ext = &rule->matches[i];

		if (ready->sets && !strcmp(ext->name, "set"))
			answer = answer_and(answer, match_set_fixed(ext, packet, ready->sets));
		else if (guard_match_is(ext))
			answer = answer_and(answer, match_guard_fixed(ext, ready->sets, packet));
		else
			answer = answer_and(answer, rule->either_port
							    ? match_either_port(ext, packet, info)
							    : match_ext(ext, packet, info));
	}
	return answer;
}

/* One condition on the source address. */
struct condition {
	enum { MASKED, RANGE, TYPES, MEMBERS } kind;
	bool invert;
	const struct addrset *members; /* borrowed … */
	struct addrset own;            /* … unless it has its own */
	addr_t a, b;    /* address and mask; or from and to */
	uint16_t types; /* bits of XT_ADDRTYPE_* */
	int dev;
};

#define CONDITIONS_MAX 16

struct conditions {
	struct condition v[CONDITIONS_MAX];
	size_t n;
	bool varies, too_many;
};

static struct condition *condition_add(struct conditions *conditions, int kind, bool invert)
{
	static struct condition dump;
	struct condition *condition = &dump;

	if (conditions->n < CONDITIONS_MAX)
		condition = &conditions->v[conditions->n++];
	else
		conditions->too_many = true;
	*condition = (struct condition){ .kind = kind, .invert = invert };
	return condition;
}

static void add_masked(struct conditions *conditions, enum family family, const void *addr,
		       const void *mask, bool invert)
{
	struct condition *condition = condition_add(conditions, MASKED, invert);

	condition->a = addr_load(family, addr);
	condition->b = addr_load(family, mask);
}

static void conntrack_sources(struct conditions *conditions, const struct ext *ext,
			      const struct packet *packet, enum family family)
{
	struct xt_conntrack_mtinfo3 info;

	if (!xt_match_conntrack(ext, &info) ||
	    !(info.match_flags & (XT_CONNTRACK_ORIGSRC | XT_CONNTRACK_REPLDST)))
		return;
	/* A packet that is not tracked has no such addresses: match_fixed() judges it. */
	conditions->varies = true;
	if (!packet || packet->ct != CT_NEW)
		return;
	if (info.match_flags & XT_CONNTRACK_ORIGSRC)
		add_masked(conditions, family, &info.origsrc_addr, &info.origsrc_mask,
			   info.invert_flags & XT_CONNTRACK_ORIGSRC);
	/* Replies go to the source, which is changed only after the last filter. */
	if (info.match_flags & XT_CONNTRACK_REPLDST)
		add_masked(conditions, family, &info.repldst_addr, &info.repldst_mask,
			   info.invert_flags & XT_CONNTRACK_REPLDST);
}

static void addrtype_sources(struct conditions *conditions, const struct ext *ext,
			     const struct packet *packet)
{
	struct xt_addrtype_info_v1 info;
	struct condition *condition;

	if (!xt_match_addrtype(ext, &info) || !info.source)
		return;
	condition = condition_add(conditions, TYPES, info.flags & XT_ADDRTYPE_INVERT_SOURCE);
	condition->types = info.source;
	if (info.flags & (XT_ADDRTYPE_LIMIT_IFACE_IN | XT_ADDRTYPE_LIMIT_IFACE_OUT)) {
		conditions->varies = true;
		if (packet)
			condition->dev = info.flags & XT_ADDRTYPE_LIMIT_IFACE_IN ? packet->in_index
										 : packet->out_index;
	}
}

static void set_sources(struct conditions *conditions, const struct ext *ext,
			const struct packet *packet, const struct ipsets *sets, enum family family)
{
	const struct guard_set *guard = match_guard_set(ext, sets, family);
	struct condition *condition;
	struct set_match match;
	bool varies;

	if (guard && guard->field == GUARD_FROM) {
		condition_add(conditions, MEMBERS, false)->members = &guard->values;
		return;
	}
	if (!sets || strcmp(ext->name, "set") || !match_set_reads_source(ext, sets, family, &varies))
		return;
	conditions->varies |= varies;
	if (varies && !packet)
		return;
	match_set(ext, sets, family, packet, &match);
	if (!match.has_source) {
		addrset_clear(&match.own);
		return;
	}
	condition = condition_add(conditions, MEMBERS, match.invert);
	condition->members = varies ? NULL : match.members;
	condition->own = match.own;
}

static void conditions_clear(struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->n; i++)
		addrset_clear(&conditions->v[i].own);
}

static const struct addrset *members_of(const struct condition *condition)
{
	return condition->members ? condition->members : &condition->own;
}

static void source_conditions(const struct rule *rule, const struct packet *packet,
			      const struct ipsets *sets, struct conditions *conditions)
{
	*conditions = (struct conditions){ 0 };
	if (rule->opaque)
		return;
	if (is_set(rule->src.mask) || rule->invert & INV_SRC)
		add_masked(conditions, rule->family, rule->src.addr, rule->src.mask,
			   rule->invert & INV_SRC);
	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *ext = &rule->matches[i];
		struct xt_iprange_mtinfo range;

		if (xt_match_iprange(ext, &range) && range.flags & IPRANGE_SRC) {
			struct condition *condition =
				condition_add(conditions, RANGE, range.flags & IPRANGE_SRC_INV);

			condition->a = addr_load(rule->family, &range.src_min);
			condition->b = addr_load(rule->family, &range.src_max);
		}
		conntrack_sources(conditions, ext, packet, rule->family);
		addrtype_sources(conditions, ext, packet);
		set_sources(conditions, ext, packet, sets, rule->family);
	}
}

enum source_kind match_source_kind(const struct rule *rule, const struct ipsets *sets)
{
	struct conditions conditions;

	source_conditions(rule, NULL, sets, &conditions);
	conditions_clear(&conditions);
	if (conditions.varies)
		return SOURCE_VARIES;
	return conditions.n ? SOURCE_FIXED : SOURCE_ANY;
}

/* Adds the addresses of those types. Returns false if they are not known. */
static bool types_set(const struct condition *condition, enum family family,
		      const struct netinfo *info, struct addrset *set)
{
	static const uint8_t types[] = { RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST };

	if (family == FAMILY_IPV6) {
		/* Of the types that depend on routing, only LOCAL is known here. */
		if (condition->types != XT_ADDRTYPE_LOCAL)
			return false;
		netinfo_type_set(info, family, RTN_LOCAL, condition->dev, set);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (condition->types & 1U << types[i])
			netinfo_type_set(info, family, types[i], condition->dev, set);
	return true;
}

bool match_sources(const struct rule *rule, const struct packet *packet,
		   const struct netinfo *info, const struct ipsets *sets, struct addrset *set)
{
	struct conditions conditions;
	bool exact;

	source_conditions(rule, packet, sets, &conditions);
	exact = !conditions.too_many;
	addrset_all(set, rule->family);
	for (size_t i = 0; i < conditions.n; i++) {
		const struct condition *condition = &conditions.v[i];
		struct addrset one = { 0 };
		bool known = true;

		switch (condition->kind) {
		case MASKED:
			known = addrset_add_masked(&one, rule->family, condition->a, condition->b);
			break;
		case RANGE:
			if (condition->a <= condition->b)
				addrset_add(&one, condition->a, condition->b);
			break;
		case TYPES:
			known = types_set(condition, rule->family, info, &one);
			break;
		case MEMBERS:
			addrset_copy(&one, members_of(condition));
			break;
		}
		if (known) {
			if (condition->invert)
				addrset_subtract(set, &one);
			else
				addrset_intersect(set, &one);
		}
		exact &= known;
		addrset_clear(&one);
	}
	conditions_clear(&conditions);
	return exact;
}

enum answer match_one_source(const struct rule *rule, const struct packet *packet,
			     const struct netinfo *info, const struct ipsets *sets, addr_t src)
{
	enum answer answer = ANSWER_YES;
	struct conditions conditions;

	source_conditions(rule, packet, sets, &conditions);
	if (conditions.too_many)
		answer = ANSWER_MAYBE;
	for (size_t i = 0; i < conditions.n; i++) {
		const struct condition *condition = &conditions.v[i];
		enum answer one = ANSWER_NO;

		switch (condition->kind) {
		case MASKED:
			if (addr_masked_equal(src, condition->a, condition->b))
				one = ANSWER_YES;
			break;
		case RANGE:
			if (src >= condition->a && src <= condition->b)
				one = ANSWER_YES;
			break;
		case TYPES:
			one = match_addr_types(rule->family, src, condition->types, condition->dev,
					       info);
			break;
		case MEMBERS:
			if (addrset_has(members_of(condition), src))
				one = ANSWER_YES;
			break;
		}
		answer = answer_and(answer, condition->invert ? answer_not(one) : one);
	}
	conditions_clear(&conditions);
	return answer;
}

/*
 * Whether it has a conntrack match that is the expression "ct" in the guard's table: a
 * packet without a connection does not match that, not even with "! --ctstate DNAT"
 * (linux/net/netfilter/nft_ct.c, nft_ct_get_eval). Rules that do not refuse have no "ct"
 * with that.
 */
static bool has_native_conntrack(const struct rule *rule)
{
	struct xt_conntrack_want want;

	for (size_t i = 0; rule_refuses(rule) && i < rule->nmatches; i++)
		if (xt_conntrack_read(&rule->matches[i], &want))
			return true;
	return false;
}

static bool has_set(const struct rule *rule)
{
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!strcmp(rule->matches[i].name, "set") || guard_match_is(&rule->matches[i]))
			return true;
	return false;
}

void match_ready(struct ready_rule *ready, const struct rule *rule, const struct netinfo *info,
		 const struct ipsets *sets, bool guard)
{
	*ready = (struct ready_rule){ .rule = rule, .exact = true,
				      .sets = sets && has_set(rule) ? sets : NULL,
				      .connected = guard && has_native_conntrack(rule) };
	ready->kind = match_source_kind(rule, ready->sets);
	if (ready->kind == SOURCE_FIXED)
		ready->exact = match_sources(rule, NULL, info, ready->sets, &ready->sources);
}

void match_ready_clear(struct ready_rule *ready)
{
	addrset_clear(&ready->sources);
}

void match_rule(const struct ready_rule *ready, const struct packet *packet,
		const struct netinfo *info, const struct addrset *sources,
		struct matched *matched)
{
	const struct addrset *with = &ready->sources;
	struct addrset own = { 0 };
	bool exact = ready->exact;

	*matched = (struct matched){ .answer = match_fixed(ready, packet, info) };
	if (matched->answer == ANSWER_NO)
		return;
	addrset_copy(&matched->set, sources);
	if (ready->kind == SOURCE_VARIES) {
		exact = match_sources(ready->rule, packet, info, ready->sets, &own);
		with = &own;
	}
	if (ready->kind != SOURCE_ANY)
		addrset_intersect(&matched->set, with);
	addrset_clear(&own);
	if (!exact) {
		enum answer one = ANSWER_MAYBE;

		if (addrset_is_one(&matched->set))
			one = match_one_source(ready->rule, packet, info, ready->sets,
					       matched->set.v[0].lo);
		matched->answer = answer_and(matched->answer, one);
	}
	if (!matched->set.n || matched->answer == ANSWER_NO) {
		matched->answer = ANSWER_NO;
		addrset_clear(&matched->set);
	}
}

static bool all_ones(enum family family, const uint8_t *mask)
{
	return addr_load(family, mask) == addr_max(family);
}

/*
 * Whether the match may match a packet without a connection, about which only the state
 * decides, not the port.
 */
static bool passes_untracked(const struct xt_conntrack_mtinfo3 *info)
{
	const unsigned int none = XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_UNTRACKED;

	return info->match_flags & XT_CONNTRACK_STATE &&
	       (info->invert_flags & XT_CONNTRACK_STATE || info->state_mask & none);
}

void match_key(const struct rule *rule, struct match_key *key)
{
	*key = (struct match_key){ 0 };
	if (rule->opaque)
		return;
	if (!(rule->invert & INV_DST) && all_ones(rule->family, rule->dst.mask)) {
		key->has_dst = true;
		key->dst = addr_load(rule->family, rule->dst.addr);
	}
	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *ext = &rule->matches[i];
		struct xt_conntrack_mtinfo3 info;
		struct xt_ports ports;

		if (xt_match_ports(ext, &ports) && !ports.not_dest &&
		    ports.dest.lo == ports.dest.hi) {
			key->has_dport = true;
			key->dport = ports.dest.lo;
		}
		if (xt_match_conntrack(ext, &info) && !passes_untracked(&info) &&
		    info.match_flags & XT_CONNTRACK_ORIGDST_PORT &&
		    !(info.invert_flags & XT_CONNTRACK_ORIGDST_PORT) &&
		    info.origdst_port == info.origdst_port_high) {
			key->has_orig_dport = true;
			key->orig_dport = info.origdst_port;
		}
	}
}

uint32_t match_dst_class(const struct rule *rule, addr_t dst)
{
	enum family family = rule->family;
	uint32_t bits = 0, bit = 1;

	if (rule->opaque)
		return 0;
	if (addr_masked_equal(dst, addr_load(family, rule->dst.addr), addr_load(family, rule->dst.mask)))
		bits |= bit;
	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *ext = &rule->matches[i];
		struct xt_conntrack_mtinfo3 info;
		struct xt_iprange_mtinfo range;
		struct xt_addrtype_info_v1 type;

		if (xt_match_iprange(ext, &range) && range.flags & IPRANGE_DST) {
			bit <<= 1;
			if (dst >= addr_load(family, &range.dst_min) &&
			    dst <= addr_load(family, &range.dst_max))
				bits |= bit;
		}
		if ((!strcmp(ext->name, "set") && match_set_reads_destination(ext)) ||
		    guard_match_is(ext))
			bits ^= (uint32_t)(dst * 2654435761u) & ~3u;
		/* The interface of the address matters: each address is its own class. */
		if (xt_match_addrtype(ext, &type) && type.dest &&
		    type.flags & (XT_ADDRTYPE_LIMIT_IFACE_IN | XT_ADDRTYPE_LIMIT_IFACE_OUT))
			bits ^= (uint32_t)(dst * 2654435761u) & ~3u;
		if (!xt_match_conntrack(ext, &info))
			continue;
		if (info.match_flags & XT_CONNTRACK_ORIGDST) {
			bit <<= 1;
			if (addr_masked_equal(dst, addr_load(family, &info.origdst_addr),
					      addr_load(family, &info.origdst_mask)))
				bits |= bit;
		}
		if (info.match_flags & XT_CONNTRACK_REPLSRC) {
			bit <<= 1;
			if (addr_masked_equal(dst, addr_load(family, &info.replsrc_addr),
					      addr_load(family, &info.replsrc_mask)))
				bits |= bit;
		}
	}
	return bits;
}

bool match_reads_interface(const struct rule *rule)
{
	for (size_t i = 0; i < rule->nmatches; i++) {
		struct xt_addrtype_info_v1 type;

		if (xt_match_addrtype(&rule->matches[i], &type) &&
		    type.flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
			return true;
	}
	return false;
}

bool match_reads_mark(const struct rule *rule)
{
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!strcmp(rule->matches[i].name, "mark") ||
		    !strcmp(rule->matches[i].name, "connmark"))
			return true;
	return false;
}
