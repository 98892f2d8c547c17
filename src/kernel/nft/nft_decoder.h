/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_DECODER_H
#define DOCKFW_NFT_DECODER_H

#include "rule.h"

/* Shared by the walk over a rule's expressions (nft_decode) and the comparisons in it. */

/*
 * The contents of a register. Every release of iptables loads, masks and compares
 * one value after the other, so only one matters at a time.
 */
struct nft_load {
	enum { LOAD_NONE, LOAD_META, LOAD_PAYLOAD, LOAD_IMMEDIATE } kind;
	unsigned int at;   /* first byte, of the 64 that all registers have together */
	unsigned int size; /* bytes loaded */
	uint32_t key;      /* of LOAD_META */
	uint32_t base, offset; /* of LOAD_PAYLOAD */
	bool masked;
	uint8_t mask[16];
	uint8_t value; /* of LOAD_IMMEDIATE, which has one byte */
};

/* Parts that a rule has at most once. */
enum nft_part {
	DECODED_IN = 1U << 0,
	DECODED_OUT = 1U << 1,
	DECODED_PROTO = 1U << 2,
	DECODED_SRC = 1U << 3,
	DECODED_DST = 1U << 4,
	DECODED_FRAG = 1U << 5,
	DECODED_SPORT = 1U << 6, /* these three belong to the tcp or udp match */
	DECODED_DPORT = 1U << 7,
	DECODED_TCP_FLAGS = 1U << 8,
};

struct nft_decoder {
	struct rule *rule;
	const char *expression; /* the name of the current one, or NULL */
	enum { IN_MATCHES, IN_ACTION, AT_END } place;
	unsigned int parts; /* enum nft_part that were seen */
	struct nft_load load;
	bool old_form;      /* has extensions that newer releases write as expressions */
	bool has_ports;     /* native port and flag comparisons become one match, */
	size_t ports;       /* at this index */
};

/* Makes the rule opaque, with the first reason. Returns false. */
bool nft_refuse(struct nft_decoder *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Appends a match of revision 0 with data padded to the kernel's size. */
struct ext *nft_add_match(struct nft_decoder *d, const char *name, const void *data, size_t size);

#endif
