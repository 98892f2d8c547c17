/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "match_set.h"

#include <net/if.h>
#include <netinet/in.h>

#include <linux/netfilter/xt_set.h>
#include <string.h>

/* The parts of the match; the kernel's are in enum ip_set_kopt (linux/netfilter/ipset/ip_set.h). */
struct set_ref {
	const struct ipset *set; /* NULL: not known */
	bool invert;
	bool source[2];          /* for the address and the port: of the source */
	unsigned int dimensions; /* that the match names */
	bool known;              /* nothing else is matched on */
};

static struct set_ref read_ref(const struct ext *ext, const struct ipsets *sets)
{
	struct xt_set_info_match_v4 counted;
	struct xt_set_info info = { 0 };
	struct set_ref ref = { 0 };

	if (!ext->revision || ext->size < sizeof(info))
		return ref;
	memcpy(&info, ext->data, sizeof(info));
	ref.set = ipsets_find(sets, info.index);
	ref.invert = info.flags & IPSET_INV_MATCH;
	ref.source[0] = info.flags & IPSET_DIM_ONE_SRC;
	ref.source[1] = info.flags & IPSET_DIM_TWO_SRC;
	ref.dimensions = info.dim;
	ref.known = ref.set && !(info.flags & IPSET_RETURN_NOMATCH);
	if (ext->revision == 3)
		ref.known = false;
	if (ext->revision >= 4)
		ref.known &= ext_get(ext, &counted, sizeof(counted)) &&
			     counted.packets.op == IPSET_COUNTER_NONE &&
			     counted.bytes.op == IPSET_COUNTER_NONE &&
			     !(counted.flags & IPSET_FLAG_RETURN_NOMATCH);
	return ref;
}

/* A set that was not read, which may have to count as empty. */
static bool is_unknown(const struct set_ref *ref)
{
	return !ref->known || ref->set->kind == SET_UNKNOWN;
}

/*
 * The kernel matches nothing if the match names fewer dimensions than the set has, or if
 * the packet is of another family (ip_set_test() in net/netfilter/ipset/ip_set_core.c).
 */
static bool fits(const struct set_ref *ref, enum family family)
{
	return ref->dimensions >= (ref->set->kind == SET_ADDRESS_PORTS ? 2U : 1U) &&
	       ref->set->has_family[family];
}

const struct ipset *match_set_of_destinations(const struct ext *ext, const struct ipsets *sets,
					      enum family family, bool *address, bool *port,
					      bool *invert)
{
	struct set_ref ref;

	if (strcmp(ext->name, "set"))
		return NULL;
	ref = read_ref(ext, sets);
	if (is_unknown(&ref) || !fits(&ref, family))
		return NULL;
	*address = ref.set->kind != SET_PORTS && !ref.source[0];
	*port = ref.set->kind == SET_PORTS ? !ref.source[0]
					   : ref.set->kind == SET_ADDRESS_PORTS && !ref.source[1];
	*invert = ref.invert;
	return *address || *port ? ref.set : NULL;
}

bool match_set_reads_source(const struct ext *ext, const struct ipsets *sets, enum family family,
			    bool *varies)
{
	struct set_ref ref = read_ref(ext, sets);

	*varies = false;
	if (is_unknown(&ref) || ref.set->kind == SET_PORTS || !ref.source[0] || !fits(&ref, family))
		return false;
	*varies = ref.set->kind == SET_ADDRESS_PORTS;
	return true;
}

bool match_set_reads_destination(const struct ext *ext)
{
	struct set_ref ref = read_ref(ext, NULL);

	return !ref.source[0] || (ref.dimensions > 1 && !ref.source[1]);
}

static enum answer address_in(const struct addrset *set, const struct addrrange *dst)
{
	size_t i = addrset_find(set, dst->lo);

	if (i == set->n || set->v[i].lo > dst->hi)
		return ANSWER_NO;
	return set->v[i].lo <= dst->lo && set->v[i].hi >= dst->hi ? ANSWER_YES : ANSWER_MAYBE;
}

/* A port of the packet, in the form of a set's member; false if the kernel has none. */
static bool set_port(const struct set_ref *ref, const struct packet *packet, size_t dimension,
		     uint8_t *proto, struct span *port)
{
	*proto = ref->set->kind == SET_PORTS ? 0 : packet->proto;
	*port = ref->source[dimension] ? packet->sport : packet->dport;
	return proto_has_ports(packet->proto);
}

static void match_ports_set(const struct set_ref *ref, const struct packet *packet,
			    struct set_match *match)
{
	struct span port;
	uint8_t proto;

	if (!set_port(ref, packet, 0, &proto, &port) || !ipset_any_in(ref->set, proto, port))
		match->answer = ANSWER_NO;
	else
		match->answer = port.lo == port.hi ? ANSWER_YES : ANSWER_MAYBE;
	if (ref->invert)
		match->answer = answer_not(match->answer);
}

static void match_address_ports(const struct set_ref *ref, enum family family,
				const struct packet *packet, struct set_match *match)
{
	struct span port;
	uint8_t proto;
	bool ports = set_port(ref, packet, 1, &proto, &port);

	/* An ICMP packet has its type in the place of a port. */
	if (!ports || port.lo != port.hi) {
		match->answer = ports && !ipset_any_in(ref->set, proto, port) ? ANSWER_NO
									      : ANSWER_MAYBE;
		if (ref->invert)
			match->answer = answer_not(match->answer);
		return;
	}
	ipset_at(ref->set, family, proto, port.lo, &match->own);
	match->members = &match->own;
	match->has_source = ref->source[0];
	match->invert = ref->invert;
	if (!match->has_source) {
		match->answer = address_in(&match->own, &packet->dst);
		if (ref->invert)
			match->answer = answer_not(match->answer);
	}
}

const struct guard_set *match_guard_set(const struct ext *ext, const struct ipsets *sets,
					enum family family)
{
	enum guard_field field;
	const struct guard_set *set;
	const char *name;

	if (!sets || !sets->guard[family] || !guard_match_read(ext, &field, &name))
		return NULL;
	set = guard_sets_find(sets->guard[family], name);
	return set && !set->odd && set->field == field ? set : NULL;
}

enum answer match_guard_fixed(const struct ext *ext, const struct ipsets *sets,
			      const struct packet *packet)
{
	const struct guard_set *set = match_guard_set(ext, sets, packet->family);
	struct addrset in = { 0 }, all = { 0 };
	enum answer answer = ANSWER_MAYBE;

	if (!set)
		return ANSWER_MAYBE;
	if (set->field == GUARD_FROM)
		return ANSWER_YES;
	/* A packet without a connection has neither of the others. */
	if (packet->ct != CT_NEW || (set->field == GUARD_PORT && !proto_has_ports(packet->proto)))
		return ANSWER_NO;
	if (set->field == GUARD_PORT)
		addrset_add(&all, packet->orig_dport.lo, packet->orig_dport.hi);
	else
		addrset_add(&all, packet->orig_dst.lo, packet->orig_dst.hi);
	addrset_copy(&in, &all);
	addrset_intersect(&in, &set->values);
	if (!in.n)
		answer = ANSWER_NO;
	else if (addrset_equal(&in, &all))
		answer = ANSWER_YES;
	addrset_clear(&in);
	addrset_clear(&all);
	return answer;
}

void match_set(const struct ext *ext, const struct ipsets *sets, enum family family,
	       const struct packet *packet, struct set_match *match)
{
	struct set_ref ref = read_ref(ext, sets);

	*match = (struct set_match){ .answer = ANSWER_YES };
	if (is_unknown(&ref)) {
		match->answer = ANSWER_MAYBE;
		if (sets && sets->unknown_empty && ref.source[0])
			match->answer = ref.invert ? ANSWER_YES : ANSWER_NO;
	} else if (!fits(&ref, family)) {
		match->answer = ref.invert ? ANSWER_YES : ANSWER_NO;
	} else if (ref.set->kind == SET_PORTS) {
		match_ports_set(&ref, packet, match);
	} else if (ref.set->kind == SET_ADDRESS_PORTS) {
		match_address_ports(&ref, family, packet, match);
	} else if (ref.source[0]) {
		match->has_source = true;
		match->invert = ref.invert;
		match->members = &ref.set->members[family];
	} else {
		match->answer = address_in(&ref.set->members[family], &packet->dst);
		if (ref.invert)
			match->answer = answer_not(match->answer);
	}
}

const struct ipset *match_set_unknown(const struct rule *rule, const struct ipsets *sets)
{
	for (size_t i = 0; i < rule->nmatches; i++) {
		struct set_ref ref;

		if (strcmp(rule->matches[i].name, "set"))
			continue;
		ref = read_ref(&rule->matches[i], sets);
		if (ref.set && ref.source[0] && !ref.invert && is_unknown(&ref))
			return ref.set;
	}
	return NULL;
}
