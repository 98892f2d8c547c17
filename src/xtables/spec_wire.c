/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_wire.h"

#include <stdlib.h>
#include <string.h>

#include "spec.h"

/*
 * The records on the pipe from the child. Both ends are the same program, so
 * these are plain structures; but what the child read may have corrupted it, so
 * the parent trusts no length, count or string in them.
 */

struct record_head {
	uint32_t kind;
	uint32_t index;
	uint32_t size;
};

#define RECORD_MAX (4U << 20)

struct wire_rule {
	uint64_t packets, bytes;
	struct address src, dst;
	uint32_t invert;
	uint32_t nmatches;
	uint16_t proto;
	uint8_t verdict;
	uint8_t frag;
	uint8_t any_proto;
	char in[IFNAMSIZ], out[IFNAMSIZ];
	char chain[EXT_NAME_SIZE];
};

struct wire_ext {
	uint32_t size, usersize;
	uint8_t revision;
	char name[EXT_NAME_SIZE];
};

#define INV_ALL (INV_SRC | INV_DST | INV_IN | INV_OUT | INV_PROTO | INV_FRAG)

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	if (bytes->room - bytes->n < size) {
		bytes->room = 2 * bytes->room + size;
		bytes->v = xreallocarray(bytes->v, bytes->room, 1);
	}
	if (size)
		memcpy(bytes->v + bytes->n, data, size);
	bytes->n += size;
}

void bytes_drop(struct bytes *bytes, size_t size)
{
	bytes->n -= size;
	memmove(bytes->v, bytes->v + size, bytes->n);
}

static size_t head_put(struct bytes *bytes, enum record_kind kind, size_t index)
{
	struct record_head head = { .kind = kind, .index = (uint32_t)index };
	size_t at = bytes->n;

	bytes_add(bytes, &head, sizeof(head));
	return at;
}

/* A record's size is known only when it is complete. */
static void head_close(struct bytes *bytes, size_t at)
{
	uint32_t size = (uint32_t)(bytes->n - at - sizeof(struct record_head));

	memcpy(bytes->v + at + offsetof(struct record_head, size), &size, sizeof(size));
}

void record_put(struct bytes *bytes, enum record_kind kind, size_t index, const void *payload,
		size_t size)
{
	size_t at = head_put(bytes, kind, index);

	bytes_add(bytes, payload, size);
	head_close(bytes, at);
}

static void ext_put(struct bytes *bytes, const struct ext *ext)
{
	struct wire_ext wire;

	memset(&wire, 0, sizeof(wire));
	wire.size = ext->size;
	wire.usersize = ext->usersize;
	wire.revision = ext->revision;
	memcpy(wire.name, ext->name, sizeof(wire.name));
	bytes_add(bytes, &wire, sizeof(wire));
	bytes_add(bytes, ext->data, ext->size);
}

void record_put_rule(struct bytes *bytes, size_t index, const struct rule *rule)
{
	size_t at = head_put(bytes, RECORD_RULE, index);
	struct wire_rule wire;

	memset(&wire, 0, sizeof(wire));
	wire.packets = rule->packets;
	wire.bytes = rule->bytes;
	wire.src = rule->src;
	wire.dst = rule->dst;
	wire.invert = rule->invert;
	wire.nmatches = (uint32_t)rule->nmatches;
	wire.proto = rule->proto;
	wire.verdict = rule->verdict;
	wire.frag = rule->frag;
	wire.any_proto = rule->any_proto;
	memcpy(wire.in, rule->in.name, IFNAMSIZ);
	memcpy(wire.out, rule->out.name, IFNAMSIZ);
	if (rule->chain)
		strncpy(wire.chain, rule->chain, sizeof(wire.chain) - 1);
	bytes_add(bytes, &wire, sizeof(wire));
	for (size_t i = 0; i < rule->nmatches; i++)
		ext_put(bytes, &rule->matches[i]);
	if (rule->verdict == VERDICT_EXT)
		ext_put(bytes, &rule->target);
	head_close(bytes, at);
}

long record_get(const struct bytes *bytes, struct record *record)
{
	struct record_head head;

	if (bytes->n < sizeof(head))
		return 0;
	memcpy(&head, bytes->v, sizeof(head));
	if (head.kind >= RECORD_KINDS || head.size > RECORD_MAX)
		return -1;
	if (bytes->n - sizeof(head) < head.size)
		return 0;
	record->kind = head.kind;
	record->index = head.index;
	record->payload = bytes->v + sizeof(head);
	record->size = head.size;
	return (long)(sizeof(head) + head.size);
}

/* The rest of a payload. */
struct reader {
	const uint8_t *v;
	size_t n;
};

static bool reader_take(struct reader *from, void *to, size_t size)
{
	if (from->n < size)
		return false;
	memcpy(to, from->v, size);
	from->v += size;
	from->n -= size;
	return true;
}

static bool is_string(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* Reads an extension; returns its data, which stays in the payload. */
static const uint8_t *ext_take(struct reader *from, struct wire_ext *wire)
{
	const uint8_t *data;

	if (!reader_take(from, wire, sizeof(*wire)) || wire->size > UINT16_MAX ||
	    wire->size > from->n || wire->usersize > wire->size ||
	    !is_string(wire->name, sizeof(wire->name)) || !wire->name[0])
		return NULL;
	data = from->v;
	from->v += wire->size;
	from->n -= wire->size;
	return data;
}

static bool exts_take(struct reader *from, struct rule *rule, uint32_t nmatches)
{
	struct wire_ext wire;
	const uint8_t *data;

	for (uint32_t i = 0; i < nmatches; i++) {
		data = ext_take(from, &wire);
		if (!data)
			return false;
		rule_add_match(rule, wire.name, wire.revision, data, (uint16_t)wire.size)->usersize =
			(uint16_t)wire.usersize;
	}
	if (rule->verdict == VERDICT_EXT) {
		data = ext_take(from, &wire);
		if (!data)
			return false;
		rule_set_target(rule, wire.name, wire.revision, data, (uint16_t)wire.size);
		rule->target.usersize = (uint16_t)wire.usersize;
	}
	return true;
}

bool record_question(const struct record *record, struct revision_question *question)
{
	if (record->kind != RECORD_QUESTION || record->size != sizeof(*question))
		return false;
	memcpy(question, record->payload, sizeof(*question));
	return is_string(question->name, sizeof(question->name));
}

static bool wire_sane(const struct wire_rule *wire, enum family family)
{
	bool chained = wire->verdict == VERDICT_JUMP || wire->verdict == VERDICT_GOTO;

	return !(wire->invert & ~INV_ALL) && wire->nmatches <= SPEC_MATCHES_MAX &&
	       wire->verdict <= VERDICT_EXT && wire->frag <= (family == FAMILY_IPV4) &&
	       wire->any_proto <= !wire->proto &&
	       is_string(wire->in, IFNAMSIZ) && is_string(wire->out, IFNAMSIZ) &&
	       is_string(wire->chain, sizeof(wire->chain)) && chained == (wire->chain[0] != '\0');
}

struct rule *record_rule(const struct record *record, enum family family)
{
	struct reader from = { record->payload, record->size };
	struct wire_rule wire;
	struct rule *rule;

	if (!reader_take(&from, &wire, sizeof(wire)) || !wire_sane(&wire, family))
		return NULL;
	rule = rule_new(family);
	rule->packets = wire.packets;
	rule->bytes = wire.bytes;
	rule->src = wire.src;
	rule->dst = wire.dst;
	rule->invert = wire.invert;
	rule->proto = wire.proto;
	rule->frag = wire.frag;
	rule->any_proto = wire.any_proto;
	rule->verdict = wire.verdict;
	if (wire.chain[0])
		rule_set_chain(rule, wire.verdict, wire.chain);
	if (!interface_set(&rule->in, wire.in) || !interface_set(&rule->out, wire.out) ||
	    !exts_take(&from, rule, wire.nmatches) || from.n) {
		rule_free(rule);
		return NULL;
	}
	return rule;
}
