/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "native_match.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "native_sources.h"
#include "native_value.h"

#define TCP_SYN 0x02U
#define TCP_KNOWN 0x17U        /* FIN, SYN, RST and ACK; a connection may begin with the others or not */
#define FRAGMENT_KNOWN 0x3fffU /* all but "do not fragment" */

static struct native_value value_is(addr_t value)
{
	return (struct native_value){ .kind = VALUE_RANGE, .range = { value, value } };
}

static struct native_value value_span(struct span span)
{
	return (struct native_value){ .kind = VALUE_RANGE, .range = { span.lo, span.hi } };
}

static struct native_value value_unknown(void)
{
	return (struct native_value){ .kind = VALUE_UNKNOWN };
}

static struct native_value value_bits(addr_t value, addr_t known)
{
	return (struct native_value){ .kind = VALUE_BITS, .range = { value, value }, .known = known };
}

static struct native_value value_address(const struct packet *packet, const struct other_key *key,
					 struct addrrange range)
{
	if (key->size != family_addr_size(packet->family))
		return value_unknown();
	return (struct native_value){ .kind = VALUE_RANGE, .range = range };
}

static struct native_value value_mark(struct mark mark)
{
	return mark.unknown ? value_unknown() : value_is(mark.value);
}

/* ---- interfaces ---- */

/* A packet of a VRF passes with its own interface and with that of the VRF. */
static bool interfaces_vague(const struct native_host *host, const struct packet *packet)
{
	const struct netif *in = netinfo_if(host->info, packet->in);

	return packet->link == LINK_VAGUE || (in && in->master && !in->port);
}

static struct native_value value_interface(const struct native_host *host, const struct packet *packet,
					   enum other_field field)
{
	bool in = field == FIELD_IN_NAME || field == FIELD_IN_INDEX;
	const char *name = in ? packet->in : packet->out;
	int index = in ? packet->in_index : packet->out_index;

	if (interfaces_vague(host, packet) || (in && packet->leaving))
		return value_unknown();
	/* A packet that is not routed yet has none; kernels differ in what "!=" makes of that. */
	if (!*name)
		return (struct native_value){ .kind = VALUE_ABSENT };
	if (field == FIELD_IN_NAME || field == FIELD_OUT_NAME)
		return value_is(other_name(name));
	return index ? value_is((addr_t)index) : value_unknown();
}

/* ---- headers ---- */

static bool is_icmp(const struct packet *packet)
{
	return packet->proto == (packet->family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* The first bytes after the IP header. */
static struct native_value value_transport(const struct packet *packet, enum other_field field)
{
	bool icmp = is_icmp(packet) && packet->icmp_type.lo == packet->icmp_type.hi &&
		    packet->icmp_code.lo == packet->icmp_code.hi;

	switch (field) {
	case FIELD_SPORT:
		if (proto_has_ports(packet->proto))
			return value_span(packet->sport);
		return icmp ? value_is((addr_t)(packet->icmp_type.lo << 8 | packet->icmp_code.lo))
			    : value_unknown();
	case FIELD_DPORT:
		return proto_has_ports(packet->proto) ? value_span(packet->dport) : value_unknown();
	case FIELD_ICMP_TYPE:
		return is_icmp(packet) ? value_span(packet->icmp_type) : value_unknown();
	case FIELD_ICMP_CODE:
		return is_icmp(packet) ? value_span(packet->icmp_code) : value_unknown();
	default:
		return packet->proto == IPPROTO_TCP && !packet->established
			       ? value_bits(TCP_SYN, TCP_KNOWN) : value_unknown();
	}
}

/* ---- connection tracking ---- */

/* A bridge may have tracked it before. */
static bool tracking_vague(const struct native_host *host, const struct packet *packet)
{
	const struct netif *in = netinfo_if(host->info, packet->in);

	return packet->link == LINK_VAGUE ||
	       (packet->ct == CT_NONE && in && in->bridge && host->in_bridges);
}

static struct native_value value_state(const struct packet *packet)
{
	if (packet->ct == CT_NEW && packet->established)
		return value_is(OTHER_STATE_ESTABLISHED);
	return value_is(packet->ct == CT_NEW ? OTHER_STATE_NEW
			: packet->ct == CT_UNTRACKED ? OTHER_STATE_UNTRACKED : OTHER_STATE_INVALID);
}

static struct native_value value_status(const struct packet *packet)
{
	addr_t known = IPS_EXPECTED | IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED;

	if (packet->established)
		return value_unknown();
	if (!packet->leaving)
		known |= IPS_SRC_NAT;
	if (!packet->dnat || !packet->dnat_unsure)
		known |= IPS_DST_NAT;
	return value_bits(packet->dnat ? IPS_DST_NAT : 0, known);
}

/* An address of the connection; if one of the other family is wanted, there is none. */
static struct native_value value_ct_address(const struct packet *packet, const struct other_key *key,
					    struct addrrange range)
{
	struct native_value value = value_address(packet, key, range);

	if (value.kind == VALUE_UNKNOWN)
		value.kind = VALUE_NONE;
	return value;
}

/* What a packet without a connection does not have. */
static struct native_value value_connection(const struct packet *packet,
					    const struct other_key *key)
{
	bool ports = proto_has_ports(packet->proto);

	switch (key->field) {
	case FIELD_STATUS:
		return value_status(packet);
	case FIELD_DIRECTION:
		return value_is(0);
	case FIELD_CT_MARK:
		return value_mark(packet->ctmark);
	case FIELD_CT_NFPROTO:
		return value_is(packet->family == FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	case FIELD_CT_PROTO:
		return value_is(packet->proto);
	case FIELD_ORIG_DESTINATION:
		return value_ct_address(packet, key, packet->orig_dst);
	case FIELD_ORIG_SPORT:
		return ports ? value_span(packet->sport) : value_unknown();
	case FIELD_ORIG_DPORT:
		return value_span(packet->orig_dport);
	/* Replies come from where the packet goes to now. */
	case FIELD_REPLY_SOURCE:
		return value_ct_address(packet, key, packet->dst);
	case FIELD_REPLY_SPORT:
		return ports ? value_span(packet->dport) : value_unknown();
	case FIELD_REPLY_DPORT:
		return ports ? value_span(packet->sport) : value_unknown();
	case FIELD_ORIG_SOURCE:
	case FIELD_REPLY_DESTINATION:
		if (key->size == family_addr_size(packet->family))
			return (struct native_value){ .kind = VALUE_SOURCE };
		return (struct native_value){ .kind = VALUE_NONE };
	default:
		return value_unknown();
	}
}

/* ---- types of addresses ---- */

/* Every type but that of the host's own addresses. */
static uint32_t types_not_local(void)
{
	return ((1U << NATIVE_TYPES) - 1) & ~(1U << RTN_LOCAL);
}

/* The types that a destination may have: in IPv6, routing decides on all but one. */
static struct native_value value_type(const struct native_host *host, const struct packet *packet,
				      enum other_field field)
{
	const struct netinfo *info = host->info;
	struct native_value value = { .kind = VALUE_TYPES };
	int dev = field == FIELD_DESTINATION_TYPE_IN ? packet->in_index
		: field == FIELD_DESTINATION_TYPE_OUT ? packet->out_index : 0;
	uint8_t type;

	if (field != FIELD_DESTINATION_TYPE && (!dev || interfaces_vague(host, packet)))
		return value_unknown();
	if (packet->dst.lo != packet->dst.hi) {
		int local = packet->to_host ? 1 : native_range_is_local(info, packet->family, packet->dst);

		if (!local || field != FIELD_DESTINATION_TYPE)
			return value_unknown();
		value.types = local > 0 ? 1U << RTN_LOCAL : types_not_local();
		return value;
	}
	type = netinfo_addr_type(info, packet->family, packet->dst.lo, dev);
	/* In IPv6, a packet that is forwarded has a route. */
	value.types = type == RTN_LOCAL || packet->family == FAMILY_IPV4 || (*packet->out && !dev)
			      ? 1U << type : types_not_local();
	if (netinfo_local_elsewhere(info, packet->family, packet->dst.lo, packet->dst.lo))
		value.types |= 1U << RTN_LOCAL | 1U << RTN_UNICAST;
	return value;
}

static struct native_value native_look(const struct native_host *host, const struct packet *packet,
				       const struct other_key *key)
{
	bool v4 = packet->family == FAMILY_IPV4;

	switch (key->field) {
	case FIELD_IN_NAME:
	case FIELD_OUT_NAME:
	case FIELD_IN_INDEX:
	case FIELD_OUT_INDEX:
		return value_interface(host, packet, key->field);
	case FIELD_NFPROTO:
		return packet->link == LINK_VAGUE ? value_unknown()
						  : value_is(v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	case FIELD_ETHERTYPE:
		return value_is(v4 ? ETH_P_IP : ETH_P_IPV6);
	case FIELD_PROTO:
		return value_is(packet->proto);
	case FIELD_NEXT_HEADER:
		return (struct native_value){ .kind = VALUE_NEXT_HEADER,
					      .range = { packet->proto, packet->proto } };
	case FIELD_SOURCE:
		if (key->size != family_addr_size(packet->family))
			return value_unknown();
		return (struct native_value){ .kind = VALUE_SOURCE };
	case FIELD_DESTINATION:
		return value_address(packet, key, packet->dst);
	case FIELD_SPORT:
	case FIELD_DPORT:
	case FIELD_ICMP_TYPE:
	case FIELD_ICMP_CODE:
	case FIELD_TCP_FLAGS:
		return value_transport(packet, key->field);
	case FIELD_FRAGMENT:
		return v4 ? value_bits(0, FRAGMENT_KNOWN) : value_unknown();
	case FIELD_MARK:
		return value_mark(packet->mark);
	case FIELD_PKTTYPE:
		return value_span(match_frame_types(packet, host->info));
	case FIELD_DESTINATION_TYPE:
	case FIELD_DESTINATION_TYPE_IN:
	case FIELD_DESTINATION_TYPE_OUT:
		return value_type(host, packet, key->field);
	case FIELD_SOURCE_TYPE:
	case FIELD_SOURCE_TYPE_IN:
	case FIELD_SOURCE_TYPE_OUT:
	case FIELD_WAY_BACK:
		return (struct native_value){ .kind = VALUE_SOURCE };
	case FIELD_UNKNOWN:
	case OTHER_FIELDS:
		return value_unknown();
	default:
		break;
	}
	if (tracking_vague(host, packet))
		return value_unknown();
	if (key->field == FIELD_STATE)
		return value_state(packet);
	return packet->ct == CT_NEW ? value_connection(packet, key)
				    : (struct native_value){ .kind = VALUE_NONE };
}

/* ---- tests ---- */

/* Whether a value is in one interval of a test with several keys. */
static enum answer in_interval(const struct other_key *key, const struct native_value *value,
			       struct addrrange range)
{
	const struct other_test one = { .key = *key, .nkeys = 1, .range = range };

	return native_value_in(&one, value);
}

static bool test_reads_source(const struct other_test *test)
{
	for (size_t i = 0; i < test->nkeys; i++)
		if (native_is_source(other_test_key(test, i)->field))
			return true;
	return false;
}

/* The values of all keys; returns false if the packet has one of them not at all. */
static bool look_all(const struct native_host *host, const struct other_test *test,
		     const struct packet *packet, struct native_value *values)
{
	for (size_t i = 0; i < test->nkeys; i++) {
		values[i] = native_look(host, packet, other_test_key(test, i));
		if (values[i].kind == VALUE_NONE)
			return false;
	}
	return true;
}

/* Whether the combination of intervals can hold, apart from what depends on the source. */
static enum answer box_holds(const struct other_test *test, size_t at,
			     const struct native_value *values)
{
	enum answer answer = ANSWER_YES;

	for (size_t k = 0; k < test->nkeys && answer != ANSWER_NO; k++)
		if (values[k].kind != VALUE_SOURCE)
			answer = answer_and(answer, in_interval(other_test_key(test, k), &values[k],
								other_test_range(test, at, k)));
	return answer;
}

/* The answer of a test with several keys, taking conditions on the source as met. */
static enum answer boxes_hold(const struct other_test *test, const struct native_value *values)
{
	enum answer answer = ANSWER_NO;

	for (size_t i = 0; i < other_test_count(test) && answer != ANSWER_YES; i++) {
		enum answer one = box_holds(test, i, values);

		if (one > answer)
			answer = one;
	}
	return test->inverted ? answer_not(answer) : answer;
}

static enum answer test_fixed(const struct native_host *host, const struct other_test *test,
			      const struct packet *packet)
{
	struct native_value values[OTHER_KEYS_MAX];

	if (!look_all(host, test, packet, values))
		return ANSWER_NO;
	if (test->set && test->set->unsure)
		return ANSWER_MAYBE;
	if (test->nkeys == 1) {
		/* Which sources it is true of is for native_match(). */
		return values[0].kind == VALUE_SOURCE ? ANSWER_YES : native_value_in(test, &values[0]);
	}
	if (test_reads_source(test)) {
		enum answer answer = boxes_hold(test, values);

		return test->inverted || answer == ANSWER_YES ? ANSWER_MAYBE : answer;
	}
	return boxes_hold(test, values);
}

static enum answer fixed(const struct native_host *host, const struct other_rule *rule,
			 const struct packet *packet, bool sources_apart)
{
	bool vague = rule->unsure || packet->link == LINK_VAGUE;
	enum answer answer = vague ? ANSWER_MAYBE : ANSWER_YES;

	for (size_t i = 0; i < rule->ntests && answer != ANSWER_NO; i++) {
		const struct other_test *test = &rule->tests[i];
		enum answer one = test_fixed(host, test, packet);

		if (sources_apart && one == ANSWER_MAYBE && test_reads_source(test) &&
		    !(test->set && test->set->unsure))
			one = ANSWER_YES;
		answer = answer_and(answer, one);
	}
	return answer;
}

enum answer native_fixed(const struct native_host *host, const struct other_rule *rule,
			 const struct packet *packet)
{
	return fixed(host, rule, packet, false);
}

/* ---- sources ---- */

void native_ready(struct ready_rule *ready, const struct other_rule *rule, enum family family)
{
	*ready = (struct ready_rule){ .kind = SOURCE_ANY, .exact = true };
	for (size_t i = 0; i < rule->ntests; i++) {
		const struct other_test *test = &rule->tests[i];

		if (!test_reads_source(test))
			continue;
		if (test->nkeys > 1 || test->key.field != FIELD_SOURCE ||
		    test->key.size != family_addr_size(family) || (test->set && test->set->unsure))
			ready->kind = SOURCE_VARIES;
		else if (ready->kind == SOURCE_ANY)
			ready->kind = SOURCE_FIXED;
	}
	if (ready->kind != SOURCE_FIXED)
		return;
	addrset_all(&ready->sources, family);
	for (size_t i = 0; i < rule->ntests; i++) {
		struct addrset set = { 0 };

		if (!test_reads_source(&rule->tests[i]))
			continue;
		native_test_sources(&rule->tests[i], family, &set);
		addrset_intersect(&ready->sources, &set);
		addrset_clear(&set);
	}
}

static int by_lo(const void *left, const void *right)
{
	const struct addrrange *a = left, *b = right;

	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

/* Adds the ranges in order, which costs least. */
static void add_sorted(struct addrset *set, struct addrrange *ranges, size_t n)
{
	if (n)
		qsort(ranges, n, sizeof(*ranges), by_lo);
	for (size_t i = 0; i < n; i++)
		addrset_add(set, ranges[i].lo, ranges[i].hi);
}

/*
 * Adds the sources for which the combinations of intervals hold, and those for which they
 * may.
 */
static void add_boxes(const struct other_test *test, const struct native_value *values,
		      struct native_split *split)
{
	struct addrrange *possible = xcalloc(other_test_count(test) + 1, sizeof(*possible));
	struct addrrange *sure = xcalloc(other_test_count(test) + 1, sizeof(*sure));
	size_t npossible = 0, nsure = 0;

	for (size_t i = 0; i < other_test_count(test); i++) {
		enum answer answer = box_holds(test, i, values);
		struct addrrange range = { 0, OTHER_MASK_ALL };

		for (size_t k = 0; k < test->nkeys; k++) {
			struct addrrange one = other_test_range(test, i, k);

			if (values[k].kind != VALUE_SOURCE)
				continue;
			if (!native_is_address(other_test_key(test, k)->field)) {
				answer = answer_and(answer, ANSWER_MAYBE);
				continue;
			}
			if (one.lo > range.lo)
				range.lo = one.lo;
			if (one.hi < range.hi)
				range.hi = one.hi;
		}
		if (answer == ANSWER_NO || range.lo > range.hi)
			continue;
		possible[npossible++] = range;
		if (answer == ANSWER_YES)
			sure[nsure++] = range;
	}
	add_sorted(&split->possible, possible, npossible);
	add_sorted(&split->sure, sure, nsure);
	free(possible);
	free(sure);
}

/* Which of all sources the test is true of. */
static void split_sources(struct native_host *host, const struct other_test *test,
			  const struct packet *packet, struct native_split *split)
{
	struct native_value values[OTHER_KEYS_MAX];
	enum family family = packet->family;

	*split = (struct native_split){ 0 };
	/* Without a connection, the test holds for nobody; else it is not known. */
	if (!look_all(host, test, packet, values))
		return;
	if ((test->set && test->set->unsure) ||
	    (test->nkeys == 1 && values[0].kind != VALUE_SOURCE)) {
		addrset_all(&split->possible, family);
	} else if (test->nkeys > 1) {
		add_boxes(test, values, split);
		if (test->inverted) {
			struct addrset sure = split->sure;

			addrset_complement(&split->possible, family);
			addrset_complement(&sure, family);
			split->sure = split->possible;
			split->possible = sure;
		}
	} else {
		native_split_field(host, test, packet, split);
	}
}

void native_match(struct native_host *host, const struct ready_rule *ready,
		  const struct other_rule *rule, const struct packet *packet,
		  const struct addrset *sources, struct matched *matched)
{
	struct addrset sure = { 0 };

	*matched = (struct matched){ .answer = fixed(host, rule, packet, true) };
	if (matched->answer == ANSWER_NO)
		return;
	addrset_copy(&matched->set, sources);
	if (ready->kind == SOURCE_FIXED) {
		addrset_intersect(&matched->set, &ready->sources);
	} else if (ready->kind == SOURCE_VARIES) {
		addrset_copy(&sure, sources);
		for (size_t i = 0; i < rule->ntests; i++) {
			struct native_split split;

			if (!test_reads_source(&rule->tests[i]))
				continue;
			split_sources(host, &rule->tests[i], packet, &split);
			addrset_intersect(&matched->set, &split.possible);
			addrset_intersect(&sure, &split.sure);
			addrset_clear(&split.possible);
			addrset_clear(&split.sure);
		}
		if (!addrset_equal(&sure, &matched->set))
			matched->answer = ANSWER_MAYBE;
		addrset_clear(&sure);
	}
	if (!matched->set.n) {
		matched->answer = ANSWER_NO;
		addrset_clear(&matched->set);
	}
}
