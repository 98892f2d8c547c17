/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pure_match.h"

#include <stdlib.h>
#include <string.h>

#include "xt_match.h"

/* The kernel's headers need <net/if.h> and <netinet/in.h>, which the one above includes. */
#include <linux/netfilter/xt_set.h>

/*
 * Every revision of the set match and of the SET target but 0 begins with the sets
 * that it uses: one, or the one to add to and the one to delete from.
 * (linux/netfilter/xt_set.h)
 */
static bool set_index(const struct ext *ext, size_t at, uint16_t *index)
{
	struct xt_set_info info;

	if (!ext->revision || ext->size < (at + 1) * sizeof(info))
		return false;
	memcpy(&info, ext->data + at * sizeof(info), sizeof(info));
	*index = info.index;
	return info.index != IPSET_INVALID_ID;
}

static void add_set(struct written *written, uint16_t index)
{
	GROW(written->sets, written->nsets, written->room);
	written->sets[written->nsets++] = index;
}

void written_add(struct written *written, const struct rule *rule)
{
	const char *name = rule->target.name;
	uint16_t index;

	if (rule->opaque)
		written->mark = written->connmark = true;
	if (rule->verdict != VERDICT_EXT)
		return;
	if (!strcmp(name, "MARK") || !strcmp(name, "HMARK"))
		written->mark = true;
	/* CONNMARK may also restore the packet's mark. */
	if (!strcmp(name, "CONNMARK"))
		written->mark = written->connmark = true;
	if (strcmp(name, "SET"))
		return;
	for (size_t i = 0; i < 2; i++)
		if (set_index(&rule->target, i, &index))
			add_set(written, index);
	/* From revision 3 on, it may set the mark to what a set has for the packet. */
	written->mark |= rule->target.revision >= 3;
}

void written_clear(struct written *written)
{
	free(written->sets);
	*written = (struct written){ 0 };
}

/* A set that no rule writes, and without a condition on its counters. */
static bool set_is_pure(const struct ext *match, const struct written *written)
{
	struct xt_set_info_match_v4 info;
	uint16_t index;

	if (!set_index(match, 0, &index))
		return false;
	for (size_t i = 0; i < written->nsets; i++)
		if (written->sets[i] == index)
			return false;
	if (match->revision < 3)
		return true;
	return match->revision == 4 && ext_get(match, &info, sizeof(info)) &&
	       info.packets.op == IPSET_COUNTER_NONE && info.bytes.op == IPSET_COUNTER_NONE;
}

/* How long a connection is still kept changes with time. */
static bool conntrack_is_pure(const struct ext *match)
{
	struct xt_conntrack_mtinfo3 info;

	return xt_match_conntrack(match, &info) && !(info.match_flags & XT_CONNTRACK_EXPIRES);
}

bool match_may_be_written(const struct ext *match)
{
	return !strcmp(match->name, "mark") || !strcmp(match->name, "connmark") ||
	       !strcmp(match->name, "set");
}

bool rule_may_be_about_written(const struct rule *rule)
{
	for (size_t i = 0; i < rule->nmatches; i++)
		if (match_may_be_written(&rule->matches[i]))
			return true;
	return false;
}

bool match_is_pure(const struct ext *match, const struct written *written)
{
	static const char *const names[] = {
		"ah", "addrtype", "comment", "dccp", "devgroup", "dscp", "dst", "ecn", "esp",
		"eui64", "frag", "hbh", "helper", "hl", "icmp", "icmp6", "iprange", "ipv6header",
		"length", "mac", "mh", "multiport", "physdev", "pkttype", "policy", "realm", "rt",
		"sctp", "state", "string", "tcp", "time", "tos", "ttl", "u32", "udp", "udplite",
	};

	if (!strcmp(match->name, "mark"))
		return !written->mark;
	if (!strcmp(match->name, "connmark"))
		return !written->connmark;
	if (!strcmp(match->name, "set"))
		return set_is_pure(match, written);
	if (!strcmp(match->name, "conntrack"))
		return conntrack_is_pure(match);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(match->name, names[i]))
			return true;
	return false;
}
