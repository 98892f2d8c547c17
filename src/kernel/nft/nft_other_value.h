/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_OTHER_VALUE_H
#define DOCKFW_NFT_OTHER_VALUE_H

#include "nft_attr.h"
#include "nft_other_sets.h"

/* What the expressions of a rule load into registers: data, or parts of the packet. */

#define NFT_OTHER_KNOWN ((1U << NFT_ATTRS) - 1)
#define NFT_OTHER_WORDS 16 /* registers of four bytes; in the old numbering, four of 16 bytes */
#define NFT_OTHER_BYTES 64
#define NFT_OTHER_PARTS 4

struct nft_other_value {
	enum { NFT_NOTHING, NFT_DATA, NFT_PACKET } kind;
	size_t size;                 /* 0: not known */
	uint8_t bytes[NFT_OTHER_BYTES]; /* of NFT_DATA */
	/* Of NFT_PACKET: the value is (packet & mask) ^ flip. */
	struct nft_other_part parts[NFT_OTHER_PARTS];
	size_t nparts;
	uint8_t mask[NFT_OTHER_BYTES], flip[NFT_OTHER_BYTES];
};

struct nft_other_reading {
	struct other_filters *filters;
	size_t table;
	uint8_t family;
	struct nft_other_sets *sets;  /* NULL: not read */
	struct other_chain *chain;    /* takes the rules */
	struct other_rule rule;       /* that is being read */
	unsigned int families;        /* that its packets may be of */
	struct nft_other_value regs[NFT_OTHER_WORDS];
	bool forked; /* the rule is one of the elements of a map */
	bool ended;  /* it has its verdict … */
	bool branched; /* … or rules were made of all elements of a map */
};

/* What is in the register that the attribute names, from there on; nothing if there is none. */
struct nft_other_value nft_other_read(const struct nft_other_reading *reading,
				      const struct nlattr *attr);
/* The word of the register, or NFT_OTHER_WORDS. */
size_t nft_other_word(const struct nlattr *attr);
void nft_other_write(struct nft_other_reading *reading, const struct nlattr *attr,
		     const struct nft_other_value *value);
/* The data within the attribute; NFT_NOTHING if there is none. */
void nft_other_data(const struct nlattr *attr, struct nft_other_value *value);

/* The families, as bits 1U << FAMILY_…, of an nf_tables family. */
unsigned int nft_other_families(uint8_t family);

/*
 * Take the attributes of an expression that loads something: each writes it to the register,
 * or a value that is not known.
 */
void nft_other_load_meta(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_load_payload(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_load_ct(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_load_fib(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_bitwise(struct nft_other_reading *reading, const struct nft_attrs *expr);
void nft_other_byteorder(struct nft_other_reading *reading, const struct nft_attrs *expr);

#endif
