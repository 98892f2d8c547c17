/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_other_value.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <string.h>

#include "nft_headers.h"

/* Of linux/netfilter/nf_tables.h since 4.17. */
#define CT_SRC_IP 19
#define CT_DST_IP 20
#define CT_SRC_IP6 21
#define CT_DST_IP6 22

/* The bytes of the headers. */
#define IPV4_FRAGMENT 6
#define IPV4_PROTOCOL 9
#define IPV4_SOURCE 12
#define IPV6_NEXT 6
#define IPV6_SOURCE 8
#define ETHER_TYPE 12
#define TCP_FLAGS_AT 13

#define ONLY_IPV4 (1U << FAMILY_IPV4)
#define ONLY_IPV6 (1U << FAMILY_IPV6)

/* ---- registers ---- */

size_t nft_other_word(const struct nlattr *attr)
{
	uint32_t reg;

	if (!nft_attr_u32(attr, &reg))
		return NFT_OTHER_WORDS;
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		return 4 * (size_t)(reg - NFT_REG_1);
	if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15)
		return reg - NFT_REG32_00;
	return NFT_OTHER_WORDS;
}

/* The rest of a value of data, from that word of it on. */
static struct nft_other_value rest_of(const struct nft_other_value *value, size_t words)
{
	struct nft_other_value rest = { .kind = NFT_DATA, .size = value->size - 4 * words };

	memcpy(rest.bytes, value->bytes + 4 * words, rest.size);
	return rest;
}

struct nft_other_value nft_other_read(const struct nft_other_reading *reading,
				      const struct nlattr *attr)
{
	size_t word = nft_other_word(attr);

	if (word == NFT_OTHER_WORDS)
		return (struct nft_other_value){ 0 };
	if (reading->regs[word].kind != NFT_NOTHING || reading->regs[word].size)
		return reading->regs[word];
	for (size_t at = word; at-- > 0;) {
		const struct nft_other_value *value = &reading->regs[at];

		if (value->kind == NFT_NOTHING && !value->size)
			continue;
		if (value->kind == NFT_DATA && value->size > 4 * (word - at))
			return rest_of(value, word - at);
		break;
	}
	return (struct nft_other_value){ 0 };
}

void nft_other_write(struct nft_other_reading *reading, const struct nlattr *attr,
		     const struct nft_other_value *value)
{
	size_t word = nft_other_word(attr), words = (value->size + 3) / 4;

	if (word == NFT_OTHER_WORDS)
		return;
	/* What is not known may be of any size. */
	if (!words)
		words = NFT_OTHER_WORDS;
	for (size_t i = word; i < NFT_OTHER_WORDS && i < word + words; i++)
		reading->regs[i] = (struct nft_other_value){ 0 };
	/* A longer value may begin before it. */
	for (size_t i = 0; i < word; i++)
		if (reading->regs[i].size > 4 * (word - i))
			reading->regs[i] = (struct nft_other_value){ 0 };
	reading->regs[word] = *value;
}

void nft_other_data(const struct nlattr *attr, struct nft_other_value *value)
{
	struct nft_attrs data;
	size_t size;

	*value = (struct nft_other_value){ 0 };
	nft_attrs_nested(&data, attr, NFT_OTHER_KNOWN);
	attr = data.v[NFTA_DATA_VALUE];
	size = attr ? mnl_attr_get_payload_len(attr) : 0;
	if (!size || size > sizeof(value->bytes))
		return;
	value->kind = NFT_DATA;
	value->size = size;
	memcpy(value->bytes, mnl_attr_get_payload(attr), size);
}

unsigned int nft_other_families(uint8_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return ONLY_IPV4;
	case NFPROTO_IPV6:
		return ONLY_IPV6;
	default:
		return ONLY_IPV4 | ONLY_IPV6;
	}
}

/* ---- what is loaded ---- */

/* A value of one whole field. */
static struct nft_other_value field_value(enum other_field field, uint8_t size, bool host)
{
	struct nft_other_value value = { .kind = NFT_PACKET, .size = size, .nparts = 1 };

	value.parts[0] = (struct nft_other_part){ .field = field, .size = size, .width = size,
						  .host = host && size > 1 };
	memset(value.mask, 0xff, sizeof(value.mask));
	return value;
}

static const struct {
	uint32_t key;
	enum other_field field;
	uint8_t size;
	bool host;
} meta_fields[] = {
	{ NFT_META_PROTOCOL, FIELD_ETHERTYPE, 2, false },
	{ NFT_META_MARK, FIELD_MARK, 4, true },
	{ NFT_META_IIF, FIELD_IN_INDEX, 4, true },
	{ NFT_META_OIF, FIELD_OUT_INDEX, 4, true },
	{ NFT_META_IIFNAME, FIELD_IN_NAME, IFNAMSIZ, false },
	{ NFT_META_OIFNAME, FIELD_OUT_NAME, IFNAMSIZ, false },
	{ NFT_META_NFPROTO, FIELD_NFPROTO, 1, true },
	{ NFT_META_L4PROTO, FIELD_PROTO, 1, true },
	{ NFT_META_PKTTYPE, FIELD_PKTTYPE, 1, true },
};

void nft_other_load_meta(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	struct nft_other_value value = { .size = 4 };
	uint32_t key = UINT32_MAX;

	nft_attr_u32(expr->v[NFTA_META_KEY], &key);
	for (size_t i = 0; i < ARRAY_SIZE(meta_fields); i++)
		if (meta_fields[i].key == key)
			value = field_value(meta_fields[i].field, meta_fields[i].size,
					    meta_fields[i].host);
	/* Most are of one word, but names and times are longer. */
	if (value.kind == NFT_NOTHING && key > NFT_META_IIFGROUP)
		value.size = 0;
	nft_other_write(reading, expr->v[NFTA_META_DREG], &value);
}

/* A field of a header. */
struct header_field {
	enum other_field field;
	uint8_t at, size;
};

static const struct header_field ipv4_fields[] = {
	{ FIELD_FRAGMENT, IPV4_FRAGMENT, 2 },
	{ FIELD_PROTO, IPV4_PROTOCOL, 1 },
	{ FIELD_SOURCE, IPV4_SOURCE, 4 },
	{ FIELD_DESTINATION, IPV4_SOURCE + 4, 4 },
};

static const struct header_field ipv6_fields[] = {
	{ FIELD_NEXT_HEADER, IPV6_NEXT, 1 },
	{ FIELD_SOURCE, IPV6_SOURCE, 16 },
	{ FIELD_DESTINATION, IPV6_SOURCE + 16, 16 },
};

static const struct header_field ether_fields[] = { { FIELD_ETHERTYPE, ETHER_TYPE, 2 } };
/* Loads of one byte are of the type or the code; see load_header(). */
static const struct header_field port_fields[] = { { FIELD_SPORT, 0, 2 }, { FIELD_DPORT, 2, 2 } };
static const struct header_field icmp_fields[] = { { FIELD_ICMP_TYPE, 0, 1 },
						   { FIELD_ICMP_CODE, 1, 1 },
						   { FIELD_TCP_FLAGS, TCP_FLAGS_AT, 1 } };

/* Adds the part of the value that begins at that byte of the header; false if it is not known. */
static bool add_part(struct nft_other_value *value, const struct header_field *fields, size_t n,
		     uint32_t header, size_t at)
{
	for (size_t i = 0; i < n; i++) {
		size_t left = value->size - at;

		if (fields[i].at != header || value->nparts == NFT_OTHER_PARTS)
			continue;
		value->parts[value->nparts++] = (struct nft_other_part){
			.field = fields[i].field, .at = (uint8_t)at, .width = fields[i].size,
			.size = left < fields[i].size ? (uint8_t)left : fields[i].size,
		};
		return true;
	}
	return false;
}

/* Fills in the parts of a load of whole fields, of which the last one may be cut short. */
static void load_header(struct nft_other_value *value, const struct header_field *fields, size_t n,
			uint32_t offset)
{
	size_t at = 0;

	while (at < value->size && add_part(value, fields, n, offset + (uint32_t)at, at))
		at += value->parts[value->nparts - 1].size;
	if (at >= value->size) {
		value->kind = NFT_PACKET;
		memset(value->mask, 0xff, sizeof(value->mask));
	} else {
		value->nparts = 0;
	}
}

#define LOAD(value, fields, offset) load_header(value, fields, ARRAY_SIZE(fields), offset)

void nft_other_load_payload(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	struct nft_other_value value = { 0 };
	uint32_t base = UINT32_MAX, offset = 0, length = 0;

	nft_attr_u32(expr->v[NFTA_PAYLOAD_BASE], &base);
	nft_attr_u32(expr->v[NFTA_PAYLOAD_OFFSET], &offset);
	nft_attr_u32(expr->v[NFTA_PAYLOAD_LEN], &length);
	value.size = length <= NFT_OTHER_BYTES ? length : 0;
	if (base == NFT_PAYLOAD_TRANSPORT_HEADER && length == 1)
		LOAD(&value, icmp_fields, offset);
	else if (base == NFT_PAYLOAD_TRANSPORT_HEADER)
		LOAD(&value, port_fields, offset);
	else if (base == NFT_PAYLOAD_NETWORK_HEADER && reading->families == ONLY_IPV4)
		LOAD(&value, ipv4_fields, offset);
	else if (base == NFT_PAYLOAD_NETWORK_HEADER && reading->families == ONLY_IPV6)
		LOAD(&value, ipv6_fields, offset);
	else if (base == NFT_PAYLOAD_LL_HEADER)
		LOAD(&value, ether_fields, offset);
	nft_other_write(reading, expr->v[NFTA_PAYLOAD_DREG], &value);
}

static const struct {
	uint32_t key;
	enum other_field field[2]; /* of the original direction, or none; of replies */
	uint8_t size;              /* 0: an address of the families of the rule */
	bool host;
} ct_fields[] = {
	{ NFT_CT_STATE, { FIELD_STATE, FIELD_UNKNOWN }, 4, true },
	{ NFT_CT_DIRECTION, { FIELD_DIRECTION, FIELD_UNKNOWN }, 1, true },
	{ NFT_CT_STATUS, { FIELD_STATUS, FIELD_UNKNOWN }, 4, true },
	{ NFT_CT_MARK, { FIELD_CT_MARK, FIELD_UNKNOWN }, 4, true },
	{ NFT_CT_L3PROTOCOL, { FIELD_CT_NFPROTO, FIELD_CT_NFPROTO }, 1, true },
	{ NFT_CT_PROTOCOL, { FIELD_CT_PROTO, FIELD_CT_PROTO }, 1, true },
	{ NFT_CT_SRC, { FIELD_ORIG_SOURCE, FIELD_REPLY_SOURCE }, 0, false },
	{ NFT_CT_DST, { FIELD_ORIG_DESTINATION, FIELD_REPLY_DESTINATION }, 0, false },
	{ CT_SRC_IP, { FIELD_ORIG_SOURCE, FIELD_REPLY_SOURCE }, 4, false },
	{ CT_DST_IP, { FIELD_ORIG_DESTINATION, FIELD_REPLY_DESTINATION }, 4, false },
	{ CT_SRC_IP6, { FIELD_ORIG_SOURCE, FIELD_REPLY_SOURCE }, 16, false },
	{ CT_DST_IP6, { FIELD_ORIG_DESTINATION, FIELD_REPLY_DESTINATION }, 16, false },
	{ NFT_CT_PROTO_SRC, { FIELD_ORIG_SPORT, FIELD_REPLY_SPORT }, 2, false },
	{ NFT_CT_PROTO_DST, { FIELD_ORIG_DPORT, FIELD_REPLY_DPORT }, 2, false },
};

/* The size of the addresses of the packets that the rule may be about; 0: of both. */
static uint8_t address_size(const struct nft_other_reading *reading)
{
	if (reading->families == ONLY_IPV4)
		return 4;
	return reading->families == ONLY_IPV6 ? 16 : 0;
}

void nft_other_load_ct(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	struct nft_other_value value = { .size = 0 };
	uint32_t key = UINT32_MAX;
	uint8_t direction = IP_CT_DIR_ORIGINAL;

	nft_attr_u32(expr->v[NFTA_CT_KEY], &key);
	nft_attr_u8(expr->v[NFTA_CT_DIRECTION], &direction);
	for (size_t i = 0; i < ARRAY_SIZE(ct_fields); i++) {
		uint8_t size = ct_fields[i].size ? ct_fields[i].size : address_size(reading);

		if (ct_fields[i].key == key && size && direction < 2 &&
		    ct_fields[i].field[direction] != FIELD_UNKNOWN)
			value = field_value(ct_fields[i].field[direction], size, ct_fields[i].host);
	}
	nft_other_write(reading, expr->v[NFTA_CT_DREG], &value);
}

void nft_other_load_fib(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	const uint32_t iif = NFTA_FIB_F_IIF, oif = NFTA_FIB_F_OIF;
	struct nft_other_value value = { .size = 4 };
	uint32_t result = 0, flags = 0, plain;
	enum other_field field = FIELD_UNKNOWN;

	nft_attr_u32(expr->v[NFTA_FIB_RESULT], &result);
	nft_attr_u32(expr->v[NFTA_FIB_FLAGS], &flags);
	/* With the mark, a route is looked up by it as well. */
	plain = flags & ~(uint32_t)(NFTA_FIB_F_MARK | NFTA_FIB_F_PRESENT);
	if (result == NFT_FIB_RESULT_OIF && plain == (NFTA_FIB_F_SADDR | iif))
		field = FIELD_WAY_BACK;
	else if (result == NFT_FIB_RESULT_ADDRTYPE && !(flags & NFTA_FIB_F_PRESENT))
		field = plain == NFTA_FIB_F_DADDR ? FIELD_DESTINATION_TYPE
		      : plain == (NFTA_FIB_F_DADDR | iif) ? FIELD_DESTINATION_TYPE_IN
		      : plain == (NFTA_FIB_F_DADDR | oif) ? FIELD_DESTINATION_TYPE_OUT
		      : plain == NFTA_FIB_F_SADDR ? FIELD_SOURCE_TYPE
		      : plain == (NFTA_FIB_F_SADDR | iif) ? FIELD_SOURCE_TYPE_IN
		      : plain == (NFTA_FIB_F_SADDR | oif) ? FIELD_SOURCE_TYPE_OUT : FIELD_UNKNOWN;
	if (field != FIELD_UNKNOWN)
		value = field_value(field, 4, true);
	if (result == NFT_FIB_RESULT_OIFNAME)
		value.size = IFNAMSIZ;
	nft_other_write(reading, expr->v[NFTA_FIB_DREG], &value);
}

/* ---- what is computed ---- */

void nft_other_bitwise(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	struct nft_other_value value = nft_other_read(reading, expr->v[NFTA_BITWISE_SREG]);
	struct nft_other_value mask, flip;
	uint32_t op = NFT_BITWISE_BOOL;

	nft_other_data(expr->v[NFTA_BITWISE_MASK], &mask);
	nft_other_data(expr->v[NFTA_BITWISE_XOR], &flip);
	nft_attr_u32(expr->v[NFTA_BITWISE_OP], &op);
	if (op != NFT_BITWISE_BOOL || value.kind != NFT_PACKET || value.size > sizeof(value.mask) ||
	    mask.size != value.size || flip.size != value.size) {
		nft_other_write(reading, expr->v[NFTA_BITWISE_DREG],
				&(struct nft_other_value){ .size = value.size });
		return;
	}
	for (size_t i = 0; i < value.size; i++) {
		value.mask[i] &= mask.bytes[i];
		value.flip[i] = (uint8_t)((value.flip[i] & mask.bytes[i]) ^ flip.bytes[i]);
	}
	nft_other_write(reading, expr->v[NFTA_BITWISE_DREG], &value);
}

void nft_other_byteorder(struct nft_other_reading *reading, const struct nft_attrs *expr)
{
	struct nft_other_value value = nft_other_read(reading, expr->v[NFTA_BYTEORDER_SREG]);
	uint32_t size = 0, length = 0;

	nft_attr_u32(expr->v[NFTA_BYTEORDER_SIZE], &size);
	nft_attr_u32(expr->v[NFTA_BYTEORDER_LEN], &length);
	/* Both directions swap, or on a host of the network's order, none does. */
	if (value.kind != NFT_PACKET || value.nparts != 1 || size != value.size ||
	    length != value.size || !value.parts[0].host) {
		value = (struct nft_other_value){ .size = value.size };
	} else {
		value.parts[0].host = false;
		for (size_t i = 0; i < value.size / 2; i++) {
			uint8_t *pairs[] = { value.mask, value.flip };

			for (size_t k = 0; k < ARRAY_SIZE(pairs) &&
					   __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__; k++) {
				uint8_t byte = pairs[k][i];

				pairs[k][i] = pairs[k][value.size - 1 - i];
				pairs[k][value.size - 1 - i] = byte;
			}
		}
	}
	nft_other_write(reading, expr->v[NFTA_BYTEORDER_DREG], &value);
}
