/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "meet.h"

#include <string.h>

#include "util.h"
#include "xt_match.h"

/* ---- values under a mask: addresses and names of interfaces ---- */

struct masked {
	const uint8_t *value, *mask;
	bool not;
};

/* Whether each value that b takes is one that a takes; neither is inverted. */
static bool masked_within(const struct masked *b, const struct masked *a, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (a->mask[i] & ~b->mask[i] || (a->value[i] ^ b->value[i]) & a->mask[i])
			return false;
	return true;
}

static bool masked_apart(const struct masked *a, const struct masked *b, size_t size)
{
	if (a->not && b->not)
		return false;
	if (a->not)
		return masked_within(b, a, size);
	if (b->not)
		return masked_within(a, b, size);
	for (size_t i = 0; i < size; i++)
		if ((a->value[i] ^ b->value[i]) & a->mask[i] & b->mask[i])
			return true;
	return false;
}

static bool addresses_apart(const struct rule *a, const struct address *of_a,
			    const struct rule *b, const struct address *of_b, unsigned int inversion)
{
	const struct masked left = { of_a->addr, of_a->mask, a->invert & inversion };
	const struct masked right = { of_b->addr, of_b->mask, b->invert & inversion };

	return masked_apart(&left, &right, family_addr_size(a->family));
}

static bool interfaces_apart(const struct rule *a, const struct interface *of_a,
			     const struct rule *b, const struct interface *of_b,
			     unsigned int inversion)
{
	const struct masked left = { (const uint8_t *)of_a->name, of_a->mask, a->invert & inversion };
	const struct masked right = { (const uint8_t *)of_b->name, of_b->mask, b->invert & inversion };

	return masked_apart(&left, &right, IFNAMSIZ);
}

static bool protocols_apart(const struct rule *a, const struct rule *b)
{
	bool same = a->proto == b->proto;

	if (!a->proto || !b->proto || (a->invert & b->invert & INV_PROTO))
		return false;
	return (a->invert | b->invert) & INV_PROTO ? same : !same;
}

/* ---- ports ---- */

static bool spans_apart(struct span a, bool not_a, struct span b, bool not_b)
{
	if (not_a && not_b)
		return false;
	if (not_a)
		return a.lo <= b.lo && b.hi <= a.hi;
	if (not_b)
		return b.lo <= a.lo && a.hi <= b.hi;
	return a.hi < b.lo || b.hi < a.lo;
}

static bool ports_apart(const struct ext *a, const struct ext *b)
{
	struct xt_ports left, right;

	if (!xt_match_ports(a, &left) || !xt_match_ports(b, &right))
		return false;
	return spans_apart(left.source, left.not_source, right.source, right.not_source) ||
	       spans_apart(left.dest, left.not_dest, right.dest, right.not_dest);
}

/* ---- connections ---- */

enum { OUTSIDE = XT_CONNTRACK_STATE_INVALID | XT_CONNTRACK_STATE_UNTRACKED };

/*
 * Whether it matches a packet that has no connection. If its states hold, nothing else of the
 * match is evaluated then; without states it does not match (conntrack_mt() in
 * net/netfilter/xt_conntrack.c).
 */
static bool takes_outside(const struct xt_conntrack_mtinfo3 *info)
{
	if (!(info->match_flags & XT_CONNTRACK_STATE))
		return false;
	return info->invert_flags & XT_CONNTRACK_STATE ? (info->state_mask & OUTSIDE) != OUTSIDE :
							 (info->state_mask & OUTSIDE) != 0;
}

static bool origins_apart(const struct rule *rule, const struct xt_conntrack_mtinfo3 *a,
			  const struct xt_conntrack_mtinfo3 *b)
{
	const struct masked left = { (const uint8_t *)&a->origdst_addr,
				     (const uint8_t *)&a->origdst_mask,
				     a->invert_flags & XT_CONNTRACK_ORIGDST };
	const struct masked right = { (const uint8_t *)&b->origdst_addr,
				      (const uint8_t *)&b->origdst_mask,
				      b->invert_flags & XT_CONNTRACK_ORIGDST };

	return masked_apart(&left, &right, family_addr_size(rule->family));
}

static bool connections_apart(const struct rule *rule, const struct ext *a, const struct ext *b)
{
	struct xt_conntrack_mtinfo3 left, right;
	unsigned int both;

	if (!xt_match_conntrack(a, &left) || !xt_match_conntrack(b, &right) ||
	    (takes_outside(&left) && takes_outside(&right)))
		return false;
	both = left.match_flags & right.match_flags;
	if (both & XT_CONNTRACK_DIRECTION &&
	    (left.invert_flags ^ right.invert_flags) & XT_CONNTRACK_DIRECTION)
		return true;
	if (both & XT_CONNTRACK_ORIGDST_PORT &&
	    spans_apart((struct span){ left.origdst_port, left.origdst_port_high },
			left.invert_flags & XT_CONNTRACK_ORIGDST_PORT,
			(struct span){ right.origdst_port, right.origdst_port_high },
			right.invert_flags & XT_CONNTRACK_ORIGDST_PORT))
		return true;
	return both & XT_CONNTRACK_ORIGDST && origins_apart(rule, &left, &right);
}

/* Whether all the rule's conditions on the connection's state hold in that one. */
static bool state_fits(const struct rule *rule, unsigned int state)
{
	unsigned int states;
	bool not;

	for (size_t i = 0; i < rule->nmatches; i++)
		if (xt_match_states(&rule->matches[i], &states, &not) &&
		    (states & state ? not : !not))
			return false;
	return true;
}

/* A packet has one of five states; if it has a connection, that may be translated as well. */
static bool states_apart(const struct rule *a, const struct rule *b)
{
	static const unsigned int states[] = {
		XT_CONNTRACK_STATE_INVALID, XT_CONNTRACK_STATE_UNTRACKED,
		XT_CONNTRACK_STATE_BIT(IP_CT_NEW), XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED),
		XT_CONNTRACK_STATE_BIT(IP_CT_RELATED),
	};
	static const unsigned int translated[] = {
		0, XT_CONNTRACK_STATE_SNAT, XT_CONNTRACK_STATE_DNAT,
		XT_CONNTRACK_STATE_SNAT | XT_CONNTRACK_STATE_DNAT,
	};

	for (size_t s = 0; s < ARRAY_SIZE(states); s++)
		for (size_t t = 0; t < (states[s] & OUTSIDE ? 1 : ARRAY_SIZE(translated)); t++)
			if (state_fits(a, states[s] | translated[t]) &&
			    state_fits(b, states[s] | translated[t]))
				return false;
	return true;
}

static bool matches_apart(const struct rule *a, const struct rule *b)
{
	for (size_t i = 0; i < a->nmatches; i++)
		for (size_t k = 0; k < b->nmatches; k++)
			if ((!a->either_port && !b->either_port &&
			     ports_apart(&a->matches[i], &b->matches[k])) ||
			    connections_apart(a, &a->matches[i], &b->matches[k]))
				return true;
	return a->nmatches && b->nmatches && states_apart(a, b);
}

bool rules_can_meet(const struct rule *a, const struct rule *b)
{
	if (a->opaque || b->opaque)
		return true;
	return !interfaces_apart(a, &a->in, b, &b->in, INV_IN) &&
	       !interfaces_apart(a, &a->out, b, &b->out, INV_OUT) &&
	       !protocols_apart(a, b) &&
	       !addresses_apart(a, &a->src, b, &b->src, INV_SRC) &&
	       !addresses_apart(a, &a->dst, b, &b->dst, INV_DST) && !matches_apart(a, b);
}

/* ---- what follows ---- */

/* Whether the condition of c holds where that of rule does. */
static bool masked_implies(const struct masked *rule, const struct masked *c, size_t size)
{
	if (c->not)
		return rule->not ? masked_within(c, rule, size) : masked_apart(rule, &(struct masked){
								c->value, c->mask, false }, size);
	return !rule->not && masked_within(rule, c, size);
}

static bool address_implied(const struct rule *a, const struct address *of_a, const struct rule *c,
			    const struct address *of_c, unsigned int inversion)
{
	const struct masked left = { of_a->addr, of_a->mask, a->invert & inversion };
	const struct masked right = { of_c->addr, of_c->mask, c->invert & inversion };

	return masked_implies(&left, &right, family_addr_size(a->family));
}

static bool interface_implied(const struct rule *a, const struct interface *of_a,
			      const struct rule *c, const struct interface *of_c,
			      unsigned int inversion)
{
	const struct masked left = { (const uint8_t *)of_a->name, of_a->mask, a->invert & inversion };
	const struct masked right = { (const uint8_t *)of_c->name, of_c->mask, c->invert & inversion };

	return masked_implies(&left, &right, IFNAMSIZ);
}

static bool protocol_implied(const struct rule *a, const struct rule *c)
{
	return !c->proto || (c->proto == a->proto && !((a->invert ^ c->invert) & INV_PROTO));
}

static bool match_implied(const struct rule *a, const struct ext *match)
{
	for (size_t i = 0; i < a->nmatches; i++)
		if (ext_is(&a->matches[i], match->name, match->revision) &&
		    a->matches[i].size == match->size &&
		    !memcmp(a->matches[i].data, match->data, match->size))
			return true;
	return !strcmp(match->name, "comment");
}

bool rules_imply(const struct rule *a, const struct rule *b, const struct rule *c)
{
	if (a->opaque || b->opaque || c->opaque || c->frag || c->either_port)
		return false;
	for (size_t i = 0; i < c->nmatches; i++)
		if (!match_implied(a, &c->matches[i]) && !match_implied(b, &c->matches[i]))
			return false;
	return (interface_implied(a, &a->in, c, &c->in, INV_IN) ||
		interface_implied(b, &b->in, c, &c->in, INV_IN)) &&
	       (interface_implied(a, &a->out, c, &c->out, INV_OUT) ||
		interface_implied(b, &b->out, c, &c->out, INV_OUT)) &&
	       (address_implied(a, &a->src, c, &c->src, INV_SRC) ||
		address_implied(b, &b->src, c, &c->src, INV_SRC)) &&
	       (address_implied(a, &a->dst, c, &c->dst, INV_DST) ||
		address_implied(b, &b->dst, c, &c->dst, INV_DST)) &&
	       (protocol_implied(a, c) || protocol_implied(b, c));
}
