/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_DECODE_H
#define DOCKFW_NFT_DECODE_H

#include "rule.h"

#include "nft_attr.h"

/* The insides of nft_decode(): the walk over the expressions, and what a comparison says. */

/*
 * What is in a register. iptables loads, masks and compares one value after the
 * other in every release, so there is never more than one that matters.
 */
struct nft_load {
	enum { LOAD_NONE, LOAD_META, LOAD_PAYLOAD, LOAD_IMMEDIATE } kind;
	unsigned int at;   /* first byte of the 64 that all registers have */
	unsigned int size; /* bytes loaded */
	uint32_t key;      /* of LOAD_META */
	uint32_t base, offset; /* of LOAD_PAYLOAD */
	bool masked;
	uint8_t mask[16];
	uint8_t value; /* of LOAD_IMMEDIATE, which has one byte */
};

/* Parts that a rule has once. */
enum nft_part {
	PART_IN = 1U << 0,
	PART_OUT = 1U << 1,
	PART_PROTO = 1U << 2,
	PART_SRC = 1U << 3,
	PART_DST = 1U << 4,
	PART_FRAG = 1U << 5,
	PART_SPORT = 1U << 6, /* these three of the tcp or udp match */
	PART_DPORT = 1U << 7,
	PART_TCP_FLAGS = 1U << 8,
};

struct nft_decoder {
	struct rule *rule;
	const char *expression; /* the name of the one in work, or NULL */
	enum { IN_MATCHES, IN_ACTION, AT_END } place;
	unsigned int parts; /* that were there */
	struct nft_load load;
	bool old_form;      /* extensions that newer releases write as expressions */
	bool has_ports;     /* native port and flag comparisons become */
	size_t ports;       /* one match, at this index */
};

/* Makes the rule opaque; the first reason is kept. Returns false. */
bool nft_refuse(struct nft_decoder *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * What a comparison (enum nft_cmp_ops) of the value in the register with size
 * bytes of data says, and one with a range of 16 bits, put into the rule. Each
 * returns false, refused, where iptables has no such thing.
 */
bool nft_decode_cmp(struct nft_decoder *d, uint32_t op, const uint8_t *data, size_t size);
bool nft_decode_range(struct nft_decoder *d, bool invert, uint16_t low, uint16_t high);
/*
 * What a load that nothing looks at says: the interface "+" in old releases.
 */
bool nft_decode_idle_load(struct nft_decoder *d);

/* Appends a match of revision 0 with data as long as the kernel's. */
struct ext *nft_add_match(struct nft_decoder *d, const char *name, const void *data, size_t size);

#endif
