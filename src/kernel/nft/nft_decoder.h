/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_DECODER_H
#define DOCKFW_NFT_DECODER_H

#include <libmnl/libmnl.h>

#include "rule.h"
#include "xt_match.h"

/*
 * Shared by the walk over a rule's expressions (nft_decode), the comparisons in it, and the
 * expressions of the guard.
 */

/*
 * The contents of a register. Every release of iptables loads, masks and compares
 * one value after the other, so only one matters at a time.
 */
struct nft_load {
	enum { LOAD_NONE, LOAD_META, LOAD_PAYLOAD, LOAD_IMMEDIATE, LOAD_CT } kind;
	unsigned int at;   /* first byte, of the 64 that all registers have together */
	unsigned int size; /* bytes loaded */
	uint32_t key;      /* of LOAD_META and LOAD_CT */
	uint32_t base, offset; /* of LOAD_PAYLOAD */
	bool masked;
	uint8_t mask[16];
	uint8_t value; /* of LOAD_IMMEDIATE, which has one byte */
	bool from;     /* the first port of a range was compared, the last may follow */
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
	DECODED_CT_STATUS = 1U << 9, /* these three belong to the conntrack match */
	DECODED_CT_DIRECTION = 1U << 10,
	DECODED_CT_PORT = 1U << 11,
};

struct nft_decoder {
	struct rule *rule;
	bool guard;             /* the rule is in the guard's table */
	const char *expression; /* the name of the current one, or NULL */
	enum { IN_MATCHES, IN_ACTION, AT_END } place;
	unsigned int parts; /* enum nft_part that were seen */
	struct nft_load load;
	bool old_form;      /* has extensions that newer releases write as expressions */
	bool has_ports;     /* native port and flag comparisons become one match, */
	size_t ports;       /* at this index */
	bool has_ct;        /* comparisons of the connection become one match, */
	size_t ct_at;       /* at this index */
	struct xt_conntrack_want ct;
};

/* Makes the rule opaque, with the first reason. Returns false. */
bool nft_refuse(struct nft_decoder *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The functions below that return a bool return false after nft_refuse(). */

/*
 * Finds the place of size bytes in the registers. Four of 128 bits overlay
 * sixteen of 32 bits; the kernel uses either number for the same place.
 */
bool nft_take_register(struct nft_decoder *d, const struct nlattr *attr, size_t size,
		       unsigned int *at);
/* Claims a part; iptables reads only the last one of a part that is there twice. */
bool nft_claim_part(struct nft_decoder *d, unsigned int part);
/* A condition after the counter would be read as if it were before it. */
bool nft_in_matches(struct nft_decoder *d);
/* Claims the end of the rule, of which there is only one. */
bool nft_at_end(struct nft_decoder *d);

/* Appends a match of revision 0 with data padded to the kernel's size. */
struct ext *nft_add_match(struct nft_decoder *d, const char *name, const void *data, size_t size);

#endif
