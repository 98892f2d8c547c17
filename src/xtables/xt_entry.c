/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xt_entry.h"

/* Before the kernel's headers, which then leave out what it defines. */
#include <netinet/in.h>

#include <limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "xt_target.h"

#define STANDARD_SIZE XT_ALIGN(sizeof(struct xt_standard_target))

/* The bits are the same in both families. */
static const struct {
	unsigned int model;
	uint8_t kernel;
} inversions[] = {
	{ INV_IN, IPT_INV_VIA_IN },   { INV_OUT, IPT_INV_VIA_OUT }, { INV_SRC, IPT_INV_SRCIP },
	{ INV_DST, IPT_INV_DSTIP },   { INV_FRAG, IPT_INV_FRAG },   { INV_PROTO, IPT_INV_PROTO },
};

/* The head of either family's entry. */
struct head {
	size_t size;
	struct address src, dst;
	char in[IFNAMSIZ], out[IFNAMSIZ];
	uint8_t in_mask[IFNAMSIZ], out_mask[IFNAMSIZ];
	uint16_t proto;
	uint8_t tos, inverse;
	bool frag, jumps_for_good, checks_proto;
	bool odd_flags;
	size_t target_offset, next_offset;
	struct xt_counters counters;
};

#define COPY(to, from)                                                                           \
	do {                                                                                     \
		_Static_assert(sizeof(to) == sizeof(from), "copied whole");                      \
		memcpy(&(to), &(from), sizeof(to));                                              \
	} while (0)

/* The members with the same names in both families. */
#define TAKE_COMMON(head, entry, ip)                                                             \
	do {                                                                                     \
		(head)->size = sizeof(*(entry));                                                 \
		COPY((head)->in, (ip)->iniface);                                                 \
		COPY((head)->out, (ip)->outiface);                                               \
		COPY((head)->in_mask, (ip)->iniface_mask);                                       \
		COPY((head)->out_mask, (ip)->outiface_mask);                                     \
		(head)->proto = (ip)->proto;                                                     \
		(head)->inverse = (ip)->invflags;                                                \
		(head)->target_offset = (entry)->target_offset;                                  \
		(head)->next_offset = (entry)->next_offset;                                      \
		(head)->counters = (entry)->counters;                                            \
	} while (0)

static bool take_ipv4(struct head *head, const void *data, size_t size)
{
	struct ipt_entry entry;

	if (size < sizeof(entry))
		return false;
	memcpy(&entry, data, sizeof(entry));
	TAKE_COMMON(head, &entry, &entry.ip);
	memcpy(head->src.addr, &entry.ip.src, sizeof(entry.ip.src));
	memcpy(head->src.mask, &entry.ip.smsk, sizeof(entry.ip.smsk));
	memcpy(head->dst.addr, &entry.ip.dst, sizeof(entry.ip.dst));
	memcpy(head->dst.mask, &entry.ip.dmsk, sizeof(entry.ip.dmsk));
	head->frag = entry.ip.flags & IPT_F_FRAG;
	head->jumps_for_good = entry.ip.flags & IPT_F_GOTO;
	head->checks_proto = entry.ip.proto;
	head->odd_flags = entry.ip.flags & ~IPT_F_MASK;
	return true;
}

static bool take_ipv6(struct head *head, const void *data, size_t size)
{
	struct ip6t_entry entry;

	if (size < sizeof(entry))
		return false;
	memcpy(&entry, data, sizeof(entry));
	TAKE_COMMON(head, &entry, &entry.ipv6);
	COPY(head->src.addr, entry.ipv6.src);
	COPY(head->src.mask, entry.ipv6.smsk);
	COPY(head->dst.addr, entry.ipv6.dst);
	COPY(head->dst.mask, entry.ipv6.dmsk);
	head->tos = entry.ipv6.tos;
	head->jumps_for_good = entry.ipv6.flags & IP6T_F_GOTO;
	head->checks_proto = entry.ipv6.flags & IP6T_F_PROTO;
	head->odd_flags = entry.ipv6.flags & ~(IP6T_F_PROTO | IP6T_F_GOTO);
	return true;
}

static bool take_head(struct head *head, enum family family, const void *data, size_t size)
{
	*head = (struct head){ 0 };
	return family == FAMILY_IPV4 ? take_ipv4(head, data, size) : take_ipv6(head, data, size);
}

/* Makes the rule opaque, with the first reason. */
static void not_understood(struct rule *rule, const char *why)
{
	if (!rule->opaque)
		rule->opaque = xstrdup(why);
}

/* A match or target header: both have the layout of struct xt_entry_match. */
struct part {
	size_t size;
	char name[sizeof(((struct xt_entry_match *)0)->u.user.name)];
	uint8_t revision;
	const uint8_t *data;
	size_t data_size;
};

_Static_assert(sizeof(struct xt_entry_match) == sizeof(struct xt_entry_target), "one layout");
_Static_assert(EXT_NAME_SIZE == XT_EXTENSION_MAXNAMELEN, "names of the kernel's size");

/* Reads the header at bytes, of which there are room; false if it is not complete. */
static bool take_part(struct part *part, const uint8_t *bytes, size_t room)
{
	struct xt_entry_match header;

	if (room < sizeof(header))
		return false;
	memcpy(&header, bytes, sizeof(header));
	part->size = header.u.user.match_size;
	if (part->size < sizeof(header) || part->size > room || part->size % XT_ALIGN(1))
		return false;
	memcpy(part->name, header.u.user.name, sizeof(part->name));
	part->revision = header.u.user.revision;
	part->data = bytes + sizeof(header);
	part->data_size = part->size - sizeof(header);
	return memchr(part->name, '\0', sizeof(part->name)) != NULL;
}

/* Reads the target; false unless it fills the end of the entry. */
static bool take_target(struct part *part, const struct head *head, const uint8_t *entry,
			size_t size)
{
	return head->next_offset == size && head->target_offset >= head->size &&
	       head->target_offset < size &&
	       take_part(part, entry + head->target_offset, size - head->target_offset) &&
	       part->size == size - head->target_offset;
}

/* The verdict of the kernel's standard target, which has no name; false for another target. */
static bool take_verdict(const struct part *target, int *verdict)
{
	if (target->name[0] || target->size != STANDARD_SIZE)
		return false;
	memcpy(verdict, target->data, sizeof(*verdict));
	return true;
}

bool xt_entry_has_offset(enum family family, const void *entry, size_t size)
{
	struct part target;
	struct head head;
	int verdict = -1;

	return take_head(&head, family, entry, size) && take_target(&target, &head, entry, size) &&
	       take_verdict(&target, &verdict) && verdict >= 0;
}

static void read_verdict(struct rule *rule, const struct head *head, int verdict,
			 const char *leads_to)
{
	switch (verdict) {
	case -NF_ACCEPT - 1:
		rule->verdict = VERDICT_ACCEPT;
		break;
	case -NF_DROP - 1:
		rule->verdict = VERDICT_DROP;
		break;
	case -NF_QUEUE - 1:
		rule->verdict = VERDICT_QUEUE;
		break;
	case XT_RETURN:
		rule->verdict = VERDICT_RETURN;
		break;
	default:
		if (verdict < 0 || !leads_to)
			not_understood(rule, "unknown verdict");
		else if (*leads_to)
			rule_set_chain(rule, head->jumps_for_good ? VERDICT_GOTO : VERDICT_JUMP,
				       leads_to);
	}
}

static void read_target(struct rule *rule, const struct head *head, const uint8_t *entry,
			size_t size, const char *leads_to)
{
	struct part target;
	int verdict;

	if (!take_target(&target, head, entry, size))
		not_understood(rule, "target of an unknown layout");
	else if (take_verdict(&target, &verdict))
		read_verdict(rule, head, verdict, leads_to);
	else if (!target.name[0] || !strcmp(target.name, XT_ERROR_TARGET))
		not_understood(rule, "target that is internal to the kernel");
	else
		rule_set_target(rule, target.name, target.revision, target.data,
				(uint16_t)target.data_size);
	if (head->jumps_for_good && rule->verdict != VERDICT_GOTO)
		not_understood(rule, "goto that leads to no chain");
}

static void read_matches(struct rule *rule, const struct head *head, const uint8_t *entry,
			 size_t size)
{
	size_t end = head->target_offset < size ? head->target_offset : size;
	size_t at = head->size;
	struct part match;

	while (at < end) {
		if (!take_part(&match, entry + at, end - at) || !match.name[0]) {
			not_understood(rule, "match of an unknown layout");
			return;
		}
		rule_add_match(rule, match.name, match.revision, match.data,
			       (uint16_t)match.data_size);
		at += match.size;
	}
}

/*
 * The kernel does not ignore an address bit that the mask does not cover: such a
 * rule matches nothing, which the model cannot express.
 */
static void read_address(struct rule *rule, struct address *to, const struct address *from)
{
	*to = *from;
	for (size_t i = 0; i < sizeof(from->addr); i++)
		if (from->addr[i] & ~from->mask[i])
			not_understood(rule, "address beyond its mask");
}

/* Accepts only names and masks as iptables makes them. */
static void read_interface(struct rule *rule, struct interface *to, const char *name,
			   const uint8_t *mask)
{
	static const uint8_t any[IFNAMSIZ];

	if (!memcmp(mask, any, sizeof(any))) {
		interface_set(to, name[0] == '+' && !name[1] ? "+" : "");
		return;
	}
	if (!memchr(name, '\0', IFNAMSIZ) || !interface_set(to, name) ||
	    memcmp(to->mask, mask, sizeof(any)))
		not_understood(rule, "interface mask that iptables does not make");
}

static void read_head(struct rule *rule, const struct head *head)
{
	uint8_t inverse = head->inverse;

	read_address(rule, &rule->src, &head->src);
	read_address(rule, &rule->dst, &head->dst);
	read_interface(rule, &rule->in, head->in, head->in_mask);
	read_interface(rule, &rule->out, head->out, head->out_mask);
	rule->proto = head->proto;
	rule->frag = head->frag;
	for (size_t i = 0; i < ARRAY_SIZE(inversions); i++) {
		if (inverse & inversions[i].kernel)
			rule->invert |= inversions[i].model;
		inverse &= (uint8_t)~inversions[i].kernel;
	}
	if (inverse || head->odd_flags || head->tos)
		not_understood(rule, "unknown flags");
	/* The kernel reads each of these differently from what it seems to mean. */
	if (head->proto > UINT8_MAX || (head->proto && !head->checks_proto) ||
	    (!head->proto && rule->invert & INV_PROTO))
		not_understood(rule, "protocol that is never compared");
	rule->any_proto = rule->family == FAMILY_IPV6 && !rule->proto && head->checks_proto;
	if (rule->invert & INV_FRAG && !rule->frag)
		not_understood(rule, "inverted fragment flag by itself");
	rule->packets = head->counters.pcnt;
	rule->bytes = head->counters.bcnt;
}

struct rule *xt_entry_decode(enum family family, const void *entry, size_t size,
			     const char *leads_to)
{
	struct rule *rule = rule_new(family);
	struct head head;

	if (!take_head(&head, family, entry, size)) {
		not_understood(rule, "truncated entry");
		return rule;
	}
	read_head(rule, &head);
	read_matches(rule, &head, entry, size);
	read_target(rule, &head, entry, size, leads_to);
	return rule;
}

/* The name by which libiptc knows the rule's verdict or target. */
static const char *target_name(const struct rule *rule)
{
	switch (rule->verdict) {
	case VERDICT_ACCEPT:
		return "ACCEPT";
	case VERDICT_DROP:
		return "DROP";
	case VERDICT_RETURN:
		return "RETURN";
	case VERDICT_QUEUE:
		return "QUEUE";
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		return rule->chain;
	case VERDICT_EXT:
		return rule->target.name;
	case VERDICT_NONE:
		break;
	}
	return "";
}

static size_t part_size(size_t data_size)
{
	return XT_ALIGN(sizeof(struct xt_entry_match)) + XT_ALIGN(data_size);
}

static size_t target_size(const struct rule *rule)
{
	return rule->verdict == VERDICT_EXT ? part_size(rule->target.size) : STANDARD_SIZE;
}

static uint8_t *put_part(uint8_t *to, size_t size, const char *name, uint8_t revision,
			 const void *data, size_t data_size)
{
	struct xt_entry_match header = { 0 };

	header.u.user.match_size = (uint16_t)size;
	memcpy(header.u.user.name, name, strlen(name));
	header.u.user.revision = revision;
	memcpy(to, &header, sizeof(header));
	if (data_size)
		memcpy(to + sizeof(header), data, data_size);
	return to + size;
}

static uint8_t kernel_inverse(const struct rule *rule)
{
	uint8_t inverse = 0;

	for (size_t i = 0; i < ARRAY_SIZE(inversions); i++)
		if (rule->invert & inversions[i].model)
			inverse |= inversions[i].kernel;
	return inverse;
}

#define PUT_COMMON(entry, ip, rule, target_at, end)                                              \
	do {                                                                                     \
		COPY((ip)->iniface, (rule)->in.name);                                            \
		COPY((ip)->outiface, (rule)->out.name);                                          \
		COPY((ip)->iniface_mask, (rule)->in.mask);                                       \
		COPY((ip)->outiface_mask, (rule)->out.mask);                                     \
		(ip)->proto = (rule)->proto;                                                     \
		(ip)->invflags = kernel_inverse(rule);                                           \
		(entry)->target_offset = (uint16_t)(target_at);                                  \
		(entry)->next_offset = (uint16_t)(end);                                          \
		(entry)->counters.pcnt = (rule)->packets;                                        \
		(entry)->counters.bcnt = (rule)->bytes;                                          \
	} while (0)

static void put_ipv4(void *to, const struct rule *rule, size_t target_at, size_t end)
{
	struct ipt_entry entry = { 0 };

	PUT_COMMON(&entry, &entry.ip, rule, target_at, end);
	memcpy(&entry.ip.src, rule->src.addr, sizeof(entry.ip.src));
	memcpy(&entry.ip.smsk, rule->src.mask, sizeof(entry.ip.smsk));
	memcpy(&entry.ip.dst, rule->dst.addr, sizeof(entry.ip.dst));
	memcpy(&entry.ip.dmsk, rule->dst.mask, sizeof(entry.ip.dmsk));
	entry.ip.flags = (rule->frag ? IPT_F_FRAG : 0) |
			 (rule->verdict == VERDICT_GOTO ? IPT_F_GOTO : 0);
	memcpy(to, &entry, sizeof(entry));
}

static void put_ipv6(void *to, const struct rule *rule, size_t target_at, size_t end)
{
	struct ip6t_entry entry = { 0 };

	PUT_COMMON(&entry, &entry.ipv6, rule, target_at, end);
	COPY(entry.ipv6.src, rule->src.addr);
	COPY(entry.ipv6.smsk, rule->src.mask);
	COPY(entry.ipv6.dst, rule->dst.addr);
	COPY(entry.ipv6.dmsk, rule->dst.mask);
	/* Without the flag the kernel does not look at the protocol. */
	entry.ipv6.flags = (rule->proto || rule->any_proto ? IP6T_F_PROTO : 0) |
			   (rule->verdict == VERDICT_GOTO ? IP6T_F_GOTO : 0);
	memcpy(to, &entry, sizeof(entry));
}

void xt_entry_put_head(void *to, const struct rule *rule, size_t target_at, size_t end)
{
	if (rule->family == FAMILY_IPV4)
		put_ipv4(to, rule, target_at, end);
	else
		put_ipv6(to, rule, target_at, end);
}

struct rule *xt_entry_canonical(const struct rule *rule)
{
	struct rule *copy = rule_copy(rule);
	union {
		char bytes[XT_ALIGN(sizeof(struct xt_nflog_info))];
		struct xt_nflog_info info;
	} data = { { 0 } };

	if (copy->verdict != VERDICT_EXT || !nflog_is_long(&copy->target))
		return copy;
	memcpy(&data.info, copy->target.data, sizeof(data.info));
	data.info.prefix[sizeof(data.info.prefix) - 1] = '\0';
	rule_set_target(copy, "NFLOG", 0, data.bytes, sizeof(data.bytes));
	copy->target.usersize = sizeof(data.info);
	return copy;
}

void *xt_entry_encode(const struct rule *rule, size_t *size)
{
	bool ipv4 = rule->family == FAMILY_IPV4;
	size_t target_at = ipv4 ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
	size_t end, at = target_at;
	const struct ext *target = &rule->target;
	uint8_t *entry;

	if (rule->opaque || (!ipv4 && (rule->frag || rule->invert & INV_FRAG)) ||
	    strlen(target_name(rule)) >= EXT_NAME_SIZE)
		return NULL;
	for (size_t i = 0; i < rule->nmatches; i++)
		target_at += part_size(rule->matches[i].size);
	end = target_at + target_size(rule);
	if (end > UINT16_MAX)
		return NULL;

	entry = xcalloc(1, end);
	xt_entry_put_head(entry, rule, target_at, end);
	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *match = &rule->matches[i];

		put_part(entry + at, part_size(match->size), match->name, match->revision,
			 match->data, match->size);
		at += part_size(match->size);
	}
	if (rule->verdict == VERDICT_EXT)
		put_part(entry + at, target_size(rule), target->name, target->revision,
			 target->data, target->size);
	else
		put_part(entry + at, STANDARD_SIZE, target_name(rule), 0, NULL, 0);
	*size = end;
	return entry;
}
