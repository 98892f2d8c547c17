/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_other_sets.h"

#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "nft_attr.h"
#include "nft_headers.h"
#include "util.h"

#define KNOWN ((1U << NFT_ATTRS) - 1)
/* A query has room for two names as long as these together; longer ones are rare. */
#define NAMES_MAX 400

/* Of linux/netfilter/nf_tables.h since 5.13. */
#define ELEM_CATCHALL 0x2U
/* NFTA_SET_ELEM_KEY_END since 5.6, NFTA_SET_ELEM_EXPRESSIONS since 5.11. */
#define ELEM_KEY_END 10
#define ELEM_EXPRESSIONS 11

void nft_other_sets_clear(struct nft_other_sets *sets)
{
	for (size_t i = 0; i < sets->n; i++) {
		struct nft_other_set *set = &sets->v[i];

		for (size_t k = 0; k < set->n; k++)
			free(set->v[k].chain);
		free(set->v);
		free(set->made);
		free(set->bytes);
		free(set->name);
	}
	free(sets->v);
	*sets = (struct nft_other_sets){ .left = sets->left, .forks = sets->forks };
}

struct nft_other_set *nft_other_sets_find(const struct nft_other_sets *sets, const char *name)
{
	for (size_t i = 0; sets && i < sets->n; i++)
		if (!strcmp(sets->v[i].name, name))
			return &sets->v[i];
	return NULL;
}

/* The table whose sets are read, or the set whose elements are. */
struct sets_read {
	struct nft_other_sets *sets;
	struct nft_other_set *set;
	const char *table;
	const char *only; /* the name of the only set that is read; NULL: all are */
};

static void take_set(const struct nlmsghdr *nlh, void *data)
{
	struct sets_read *read = data;
	struct nft_other_sets *sets = read->sets;
	struct nft_other_set set = { 0 };
	struct nft_attrs attrs;
	const char *table, *name;
	uint32_t type = 0;

	/* Unknown attributes do not change what is in the set. */
	nft_attrs_message(&attrs, nlh, KNOWN);
	table = nft_attr_string(attrs.v[NFTA_SET_TABLE]);
	name = nft_attr_string(attrs.v[NFTA_SET_NAME]);
	if (!table || !name || strcmp(table, read->table) || (read->only && strcmp(name, read->only)))
		return;
	nft_attr_u32(attrs.v[NFTA_SET_FLAGS], &set.flags);
	nft_attr_u32(attrs.v[NFTA_SET_KEY_LEN], &set.key_size);
	nft_attr_u32(attrs.v[NFTA_SET_DATA_TYPE], &type);
	set.verdicts = set.flags & NFT_SET_MAP && type == NFT_DATA_VERDICT;
	/* An object is not a value. */
	set.unread = set.flags & NFT_SET_OBJECT;
	/* Rules that add elements mark a set as one that is evaluated. */
	set.unsure = set.flags & NFT_SET_EVAL;
	set.name = xstrdup(name);
	GROW(sets->v, sets->n, sets->room);
	sets->v[sets->n++] = set;
}

/* Appends the value within the attribute to the bytes of the set. */
static void take_value(struct nft_other_set *set, const struct nlattr *nest, size_t *at,
		       uint32_t *size)
{
	struct nft_attrs data;
	const struct nlattr *value;

	nft_attrs_nested(&data, nest, KNOWN);
	value = data.v[NFTA_DATA_VALUE];
	if (!value)
		return;
	*size = mnl_attr_get_payload_len(value);
	*at = set->nbytes;
	while (set->bytes_room - set->nbytes < *size) {
		set->bytes_room = set->bytes_room ? 2 * set->bytes_room : 1024;
		set->bytes = xreallocarray(set->bytes, set->bytes_room, 1);
	}
	memcpy(set->bytes + set->nbytes, mnl_attr_get_payload(value), *size);
	set->nbytes += *size;
}

static void take_element_verdict(struct nft_element *element, const struct nlattr *nest)
{
	struct nft_attrs data, verdict;
	const char *chain;
	uint32_t code = 0;

	nft_attrs_nested(&data, nest, KNOWN);
	nft_attrs_nested(&verdict, data.v[NFTA_DATA_VERDICT], KNOWN);
	if (!nft_attr_u32(verdict.v[NFTA_VERDICT_CODE], &code))
		element->unsure = true;
	chain = nft_attr_string(verdict.v[NFTA_VERDICT_CHAIN]);
	element->verdict = (int32_t)code;
	element->chain = chain ? xstrdup(chain) : NULL;
}

/* Whether the expression of an element lets every packet pass. */
static bool only_counts(const struct nlattr *expr)
{
	struct nft_attrs attrs;
	const char *name;

	if (!expr)
		return true;
	nft_attrs_nested(&attrs, expr, KNOWN);
	name = nft_attr_string(attrs.v[NFTA_EXPR_NAME]);
	return name && (!strcmp(name, "counter") || !strcmp(name, "last"));
}

static void take_element(struct nft_other_set *set, const struct nlattr *nest)
{
	struct nft_element element = { 0 };
	const struct nlattr *list;
	struct nft_attrs attrs;
	uint32_t flags = 0;

	if (!nft_attrs_nested(&attrs, nest, KNOWN))
		element.unsure = true;
	nft_attr_u32(attrs.v[NFTA_SET_ELEM_FLAGS], &flags);
	element.interval_end = flags & NFT_SET_ELEM_INTERVAL_END;
	element.catchall = flags & ELEM_CATCHALL;
	take_value(set, attrs.v[NFTA_SET_ELEM_KEY], &element.key, &element.key_size);
	take_value(set, attrs.v[ELEM_KEY_END], &element.last, &element.last_size);
	if (set->verdicts && !element.interval_end)
		take_element_verdict(&element, attrs.v[NFTA_SET_ELEM_DATA]);
	else
		take_value(set, attrs.v[NFTA_SET_ELEM_DATA], &element.data, &element.data_size);
	element.unsure |= !only_counts(attrs.v[NFTA_SET_ELEM_EXPR]);
	list = attrs.v[ELEM_EXPRESSIONS];
	for (const struct nlattr *at = nft_attr_first(list); at; at = nft_attr_next(list, at))
		element.unsure |= !only_counts(at);
	set->unsure |= element.unsure;
	if (!element.catchall && element.key_size != set->key_size)
		set->unread = true;
	GROW(set->v, set->n, set->room);
	set->v[set->n++] = element;
}

static void take_elements(const struct nlmsghdr *nlh, void *data)
{
	struct sets_read *read = data;
	const struct nlattr *list;
	struct nft_attrs attrs;

	nft_attrs_message(&attrs, nlh, KNOWN);
	list = attrs.v[NFTA_SET_ELEM_LIST_ELEMENTS];
	for (const struct nlattr *at = nft_attr_first(list); at; at = nft_attr_next(list, at)) {
		if (!*read->sets->left) {
			read->set->unread = true;
			return;
		}
		--*read->sets->left;
		take_element(read->set, at);
	}
}

static int read_elements(struct nft_socket *nft, uint8_t family, struct sets_read *read)
{
	struct nlmsghdr *question;

	if (strlen(read->table) + strlen(read->set->name) > NAMES_MAX)
		read->set->unread = true;
	if (read->set->unread)
		return BACKEND_OK;
	question = nft_request_begin(nft, NFT_MSG_GETSETELEM, family);
	mnl_attr_put_strz(question, NFTA_SET_ELEM_LIST_TABLE, read->table);
	mnl_attr_put_strz(question, NFTA_SET_ELEM_LIST_SET, read->set->name);
	return nft_request(nft, take_elements, read);
}

int nft_other_sets_read_one(struct nft_socket *nft, uint8_t family, const char *table,
			    const char *name, struct nft_other_sets *sets)
{
	struct sets_read read = { .sets = sets, .table = table, .only = name };
	struct nlmsghdr *question = nft_request_begin(nft, NFT_MSG_GETSET, family);
	int status;

	if (strlen(table) <= NAMES_MAX)
		mnl_attr_put_strz(question, NFTA_SET_TABLE, table);
	status = nft_request(nft, take_set, &read);
	for (size_t i = 0; i < sets->n && !status; i++) {
		read.set = &sets->v[i];
		status = read_elements(nft, family, &read);
	}
	return status;
}

int nft_other_sets_read(struct nft_socket *nft, uint8_t family, const char *table,
			struct nft_other_sets *sets)
{
	return nft_other_sets_read_one(nft, family, table, NULL, sets);
}
