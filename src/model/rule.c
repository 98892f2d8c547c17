/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule.h"

/* Before the kernel's headers, which then omit what this one defines. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/xt_HMARK.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_connlimit.h>
#include <linux/netfilter/xt_recent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "mark.h"
#include "util.h"

static const struct {
	const char *name, *title;
	int af;
	size_t addr_size;
} families[FAMILY_COUNT] = {
	[FAMILY_IPV4] = { "ipv4", "IPv4", AF_INET, 4 },
	[FAMILY_IPV6] = { "ipv6", "IPv6", AF_INET6, 16 },
};

const char *family_name(enum family family)
{
	return families[family].name;
}

const char *family_title(enum family family)
{
	return families[family].title;
}

int family_af(enum family family)
{
	return families[family].af;
}

size_t family_addr_size(enum family family)
{
	return families[family].addr_size;
}

struct rule *rule_new(enum family family)
{
	struct rule *rule = xcalloc(1, sizeof(*rule));

	rule->family = family;
	return rule;
}

static void ext_clear(struct ext *ext)
{
	free(ext->data);
	*ext = (struct ext){ 0 };
}

void rule_free(struct rule *rule)
{
	if (!rule)
		return;
	for (size_t i = 0; i < rule->nmatches; i++)
		ext_clear(&rule->matches[i]);
	free(rule->matches);
	ext_clear(&rule->target);
	rule_free(rule->form);
	rule_free(rule->certain);
	free(rule->chain);
	free(rule->opaque);
	free(rule);
}

struct rule *rule_copy(const struct rule *rule)
{
	struct rule *copy = xmemdup(rule, sizeof(*rule));

	copy->matches = xmemdup(rule->matches, rule->nmatches * sizeof(*rule->matches));
	for (size_t i = 0; i < rule->nmatches; i++)
		copy->matches[i].data = xmemdup(rule->matches[i].data, rule->matches[i].size);
	copy->target.data = rule->target.data ? xmemdup(rule->target.data, rule->target.size) : NULL;
	copy->form = rule->form ? rule_copy(rule->form) : NULL;
	copy->certain = rule->certain ? rule_copy(rule->certain) : NULL;
	copy->chain = rule->chain ? xstrdup(rule->chain) : NULL;
	copy->opaque = rule->opaque ? xstrdup(rule->opaque) : NULL;
	return copy;
}

static void ext_set(struct ext *ext, const char *name, uint8_t revision, const void *data,
		    uint16_t size)
{
	memset(ext, 0, sizeof(*ext));
	strncpy(ext->name, name, sizeof(ext->name) - 1);
	ext->revision = revision;
	ext->size = size;
	ext->data = xmemdup(data, size);
}

bool ext_is(const struct ext *ext, const char *name, uint8_t revision)
{
	return ext->revision == revision && !strcmp(ext->name, name);
}

bool ext_get(const struct ext *ext, void *structure, size_t size)
{
	if (ext->size < size)
		return false;
	memcpy(structure, ext->data, size);
	return true;
}

struct ext *rule_add_match(struct rule *rule, const char *name, uint8_t revision, const void *data,
			   uint16_t size)
{
	struct ext *ext;

	rule->matches = xreallocarray(rule->matches, rule->nmatches + 1, sizeof(*rule->matches));
	ext = &rule->matches[rule->nmatches++];
	ext_set(ext, name, revision, data, size);
	return ext;
}

void rule_remove_match(struct rule *rule, size_t index)
{
	ext_clear(&rule->matches[index]);
	rule->nmatches--;
	memmove(&rule->matches[index], &rule->matches[index + 1],
		(rule->nmatches - index) * sizeof(*rule->matches));
}

void rule_set_target(struct rule *rule, const char *name, uint8_t revision, const void *data,
		     uint16_t size)
{
	free(rule->target.data);
	ext_set(&rule->target, name, revision, data, size);
	rule->verdict = VERDICT_EXT;
}

void rule_set_chain(struct rule *rule, enum verdict verdict, const char *chain)
{
	free(rule->chain);
	rule->chain = xstrdup(chain);
	rule->verdict = verdict;
}

bool interface_set(struct interface *iface, const char *name)
{
	size_t length = strlen(name);

	if (length >= IFNAMSIZ)
		return false;
	memset(iface, 0, sizeof(*iface));
	memcpy(iface->name, name, length);
	if (length && name[length - 1] == '+')
		memset(iface->mask, 0xff, length - 1);
	else if (length)
		memset(iface->mask, 0xff, length + 1);
	return true;
}

bool interface_matches(const struct interface *iface, bool invert, const char name[IFNAMSIZ])
{
	uint64_t is[2], wanted[2], mask[2];

	_Static_assert(IFNAMSIZ == sizeof(is), "the name as two numbers");
	memcpy(is, name, sizeof(is));
	memcpy(wanted, iface->name, sizeof(wanted));
	memcpy(mask, iface->mask, sizeof(mask));
	return !!(((is[0] ^ wanted[0]) & mask[0]) | ((is[1] ^ wanted[1]) & mask[1])) == invert;
}

/* Compares only the bits in the mask; the others are not part of the rule. */
static bool masked_equal(const uint8_t *a, const uint8_t *amask, const uint8_t *b,
			 const uint8_t *bmask, size_t size)
{
	if (memcmp(amask, bmask, size))
		return false;
	if (!memcmp(a, b, size))
		return true;
	for (size_t i = 0; i < size; i++)
		if ((a[i] ^ b[i]) & amask[i])
			return false;
	return true;
}

static bool interface_equal(const struct interface *a, const struct interface *b)
{
	return masked_equal((const uint8_t *)a->name, a->mask, (const uint8_t *)b->name, b->mask,
			    IFNAMSIZ);
}

/* Either side may know how much of the data is private to the kernel. */
static size_t compared_size(const struct ext *a, const struct ext *b)
{
	if (a->usersize)
		return a->usersize;
	return b->usersize ? b->usersize : a->size;
}

static bool is_comment(const struct ext *ext)
{
	return !strcmp(ext->name, "comment");
}

/*
 * Masks as long as an IPv6 address. For IPv4 the kernel reads only the first four
 * bytes. iptables fills the others by default, but not when it is given the mask that
 * it lists itself.
 */
static const struct {
	const char *name;
	uint8_t revision;
	uint16_t at;
} long_masks[] = {
	{ "recent", 1, offsetof(struct xt_recent_mtinfo_v1, mask) },
	{ "connlimit", 1, offsetof(struct xt_connlimit_info, mask) },
	{ "HMARK", 0, offsetof(struct xt_hmark_info, src_mask) },
	{ "HMARK", 0, offsetof(struct xt_hmark_info, dst_mask) },
};

/* Whether that byte of the data has a meaning for packets of the family. */
static bool counts(enum family family, const struct ext *ext, size_t byte)
{
	for (size_t i = 0; i < ARRAY_SIZE(long_masks); i++)
		if (family == FAMILY_IPV4 && byte >= long_masks[i].at + 4U &&
		    byte < long_masks[i].at + sizeof(union nf_inet_addr) &&
		    ext->revision == long_masks[i].revision && !strcmp(ext->name, long_masks[i].name))
			return false;
	return true;
}

/* family: ignore bytes that rules of this family do not use; FAMILY_COUNT: compare all. */
static bool ext_equal(enum family family, const struct ext *a, const struct ext *b)
{
	size_t size;

	if (strcmp(a->name, b->name) || a->revision != b->revision || a->size != b->size)
		return false;
	/* The bytes after the text's NUL are undefined. */
	if (is_comment(a))
		return !strncmp((const char *)a->data, (const char *)b->data, a->size);
	size = compared_size(a, b);
	if (!size || !memcmp(a->data, b->data, size))
		return true;
	for (size_t i = 0; i < size; i++)
		if (a->data[i] != b->data[i] && counts(family, a, i))
			return false;
	return true;
}

bool rule_is_marked(const struct rule *rule)
{
	const struct ext *last;

	if (rule->opaque || !rule->nmatches)
		return false;
	last = &rule->matches[rule->nmatches - 1];
	return is_comment(last) && last->revision == 0 && last->size >= sizeof(RULE_MARK) &&
	       !strncmp((const char *)last->data, RULE_MARK, last->size);
}

void rule_add_mark(struct rule *rule)
{
	struct xt_comment_info comment = { .comment = RULE_MARK };

	if (!rule_is_marked(rule))
		rule_add_match(rule, "comment", 0, &comment, sizeof(comment))->usersize =
			sizeof(comment);
}

void rule_remove_mark(struct rule *rule)
{
	if (rule_is_marked(rule))
		rule_remove_match(rule, rule->nmatches - 1);
}

struct rule *rule_conditions(const struct rule *rule)
{
	struct rule *part = rule_new(rule->family);

	part->invert = rule->invert;
	part->src = rule->src;
	part->dst = rule->dst;
	part->in = rule->in;
	part->out = rule->out;
	part->proto = rule->proto;
	part->frag = rule->frag;
	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *match = &rule->matches[i];

		if (!is_comment(match))
			rule_add_match(part, match->name, match->revision, match->data, match->size)
				->usersize = match->usersize;
	}
	return part;
}

static bool body_equal(enum family used, const struct rule *a, size_t amatches, const struct rule *b,
		       size_t bmatches)
{
	size_t size = family_addr_size(a->family);

	if (a->opaque || b->opaque || a->family != b->family || a->invert != b->invert ||
	    a->proto != b->proto || a->frag != b->frag || a->verdict != b->verdict ||
	    amatches != bmatches)
		return false;
	if (!masked_equal(a->src.addr, a->src.mask, b->src.addr, b->src.mask, size) ||
	    !masked_equal(a->dst.addr, a->dst.mask, b->dst.addr, b->dst.mask, size) ||
	    !interface_equal(&a->in, &b->in) || !interface_equal(&a->out, &b->out))
		return false;
	for (size_t i = 0; i < amatches; i++)
		if (!ext_equal(used, &a->matches[i], &b->matches[i]))
			return false;
	switch (a->verdict) {
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		return !strcmp(a->chain, b->chain);
	case VERDICT_EXT:
		return ext_equal(used, &a->target, &b->target);
	default:
		return true;
	}
}

static const struct rule *compared(const struct rule *rule)
{
	return rule->form ? rule->form : rule;
}

bool rule_equal(const struct rule *a, const struct rule *b)
{
	a = compared(a);
	b = compared(b);
	return body_equal(FAMILY_COUNT, a, a->nmatches, b, b->nmatches);
}

static size_t unmarked_matches(const struct rule *rule)
{
	return rule->nmatches - rule_is_marked(rule);
}

bool rule_equal_but_mark(const struct rule *a, const struct rule *b)
{
	a = compared(a);
	b = compared(b);
	return body_equal(a->family, a, unmarked_matches(a), b, unmarked_matches(b));
}

/* The step of FNV-1a, with four bytes at a time. */
static uint32_t hash_word(uint32_t hash, uint32_t word)
{
	hash = (hash ^ word) * 16777619u;
	return hash ^ hash >> 15;
}

static uint32_t hash_bytes(uint32_t hash, const void *data, size_t size)
{
	const uint8_t *from = data;
	uint32_t word;

	for (; size >= sizeof(word); size -= sizeof(word), from += sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		hash = hash_word(hash, word);
	}
	for (word = 0; size; size--)
		word = word << 8 | *from++;
	return hash_word(hash, word);
}

/* size: a multiple of 4. */
static uint32_t hash_masked(uint32_t hash, const uint8_t *data, const uint8_t *mask, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof(uint32_t)) {
		uint32_t word, part;

		memcpy(&word, data + i, sizeof(word));
		memcpy(&part, mask + i, sizeof(part));
		hash = hash_word(hash, word & part);
	}
	return hash;
}

/*
 * Of the data of a match: usersize may be known on only one side, so a short part, which userspace
 * sets in every extension. All of conntrack's is userspace's, and the rules of publish sections
 * differ only in a port that comes after its addresses.
 */
static uint32_t hash_match(uint32_t hash, enum family family, const struct ext *ext)
{
	size_t size = ext->size < 8 ? ext->size : 8;

	hash = hash_bytes(hash, ext->name, strlen(ext->name));
	if (is_comment(ext))
		return hash_bytes(hash, ext->data, strnlen((char *)ext->data, ext->size));
	if (!strcmp(ext->name, "conntrack"))
		return hash_bytes(hash, ext->data, ext->size);
	for (size_t i = 0; i < size; i++)
		if (ext->data[i] && counts(family, ext, i))
			hash = hash_word(hash, (uint32_t)i << 8 | ext->data[i]);
	return hash;
}

uint32_t rule_hash(const struct rule *rule)
{
	size_t size = family_addr_size(rule->family);
	uint32_t hash = 2166136261u;

	rule = compared(rule);
	hash = hash_bytes(hash, &rule->verdict, sizeof(rule->verdict));
	hash = hash_bytes(hash, &rule->proto, sizeof(rule->proto));
	hash = hash_bytes(hash, &rule->invert, sizeof(rule->invert));
	hash = hash_masked(hash, rule->src.addr, rule->src.mask, size);
	hash = hash_masked(hash, rule->dst.addr, rule->dst.mask, size);
	hash = hash_masked(hash, (const uint8_t *)rule->in.name, rule->in.mask, IFNAMSIZ);
	hash = hash_masked(hash, (const uint8_t *)rule->out.name, rule->out.mask, IFNAMSIZ);
	for (size_t i = 0; i < unmarked_matches(rule); i++)
		hash = hash_match(hash, rule->family, &rule->matches[i]);
	if (rule->chain)
		hash = hash_bytes(hash, rule->chain, strlen(rule->chain));
	return hash_bytes(hash, rule->target.name, strlen(rule->target.name));
}

static bool any_address(const struct address *address)
{
	static const uint8_t zero[sizeof(address->mask)];

	return !memcmp(address->mask, zero, sizeof(zero));
}

bool rule_unconditional(const struct rule *rule)
{
	if (rule->opaque || rule->invert || rule->proto || rule->frag)
		return false;
	if (!any_address(&rule->src) || !any_address(&rule->dst) || rule->in.mask[0] ||
	    rule->out.mask[0])
		return false;
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!is_comment(&rule->matches[i]))
			return false;
	return true;
}

char rule_negates_all(const struct rule *rule)
{
	const struct {
		char option;
		bool negates;
	} options[] = {
		{ 's', rule->invert & INV_SRC && any_address(&rule->src) },
		{ 'd', rule->invert & INV_DST && any_address(&rule->dst) },
		{ 'i', rule->invert & INV_IN && !rule->in.mask[0] },
		{ 'o', rule->invert & INV_OUT && !rule->out.mask[0] },
	};

	for (size_t i = 0; i < ARRAY_SIZE(options) && !rule->opaque; i++)
		if (options[i].negates)
			return options[i].option;
	return 0;
}

bool rule_refuses(const struct rule *rule)
{
	return !rule->opaque && (rule->verdict == VERDICT_DROP ||
				 (rule->verdict == VERDICT_EXT &&
				  !strcmp(rule->target.name, "REJECT")));
}

bool rule_is_unknown(const struct rule *rule)
{
	return rule->opaque && !rule->end_known;
}

bool rule_jumps(const struct rule *rule)
{
	return rule->verdict == VERDICT_JUMP || rule->verdict == VERDICT_GOTO;
}

bool rule_leads_to(const struct rule *rule, const char *chain)
{
	return rule_jumps(rule) && !strcmp(rule->chain, chain);
}
