/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_filters.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_bridge.h>
#include <stdlib.h>
#include <string.h>

#include "guard_names.h"
#include "nft_attr.h"
#include "nft_builtin.h"
#include "nft_decode.h"
#include "nft_headers.h"
#include "nft_listed_rule.h"
#include "nft_other_rule.h"
#include "nft_socket.h"
#include "util.h"

#define KNOWN ((1U << NFT_ATTRS) - 1)
/* A query has room for names as long as iptables'. */
#define ASKED_NAME_MAX 64

/* As in linux/netfilter.h since 5.10 and 5.16. */
#define INET_INGRESS NF_INET_NUMHOOKS
#define NETDEV_INGRESS 0
#define NETDEV_EGRESS 1
/* Of NFTA_HOOK_DEVS: since Linux 6.16 a name may be followed by anything. */
#define DEVICE_NAME 1
#define DEVICE_PREFIX 2

struct listed_chain {
	uint8_t family; /* of nf_tables */
	char *table, *chain;
	bool wanted;  /* a base chain that is read; then hook is filled in, but for its chain */
	bool base;
	struct other_hook hook;
};

struct listed_table {
	uint8_t family;
	char *name;
};

struct nft_listing {
	bool but_builtin;
	struct listed_chain *v;
	size_t n, room;
	struct listed_table *dormant;
	size_t ndormant, dormant_room;
	size_t elements, forks; /* that may still be read and made */
};

static const char *nft_family(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	default:
		return NULL;
	}
}

static unsigned int hook_families(uint8_t family)
{
	if (family == NFPROTO_IPV4)
		return 1U << FAMILY_IPV4;
	if (family == NFPROTO_IPV6)
		return 1U << FAMILY_IPV6;
	return 1U << FAMILY_IPV4 | 1U << FAMILY_IPV6;
}

/* Returns false for a hook that no packet from outside passes on its way to a port. */
static bool place_of(uint8_t family, uint32_t number, enum other_place *place)
{
	static const enum other_place inet[] = {
		[NF_INET_PRE_ROUTING] = OTHER_PREROUTING, [NF_INET_LOCAL_IN] = OTHER_INPUT,
		[NF_INET_FORWARD] = OTHER_FORWARD, [NF_INET_POST_ROUTING] = OTHER_POSTROUTING,
		[INET_INGRESS] = OTHER_INGRESS,
	};
	static const enum other_place bridge[] = {
		[NF_BR_PRE_ROUTING] = OTHER_BRIDGE_IN, [NF_BR_LOCAL_IN] = OTHER_BRIDGE_IN,
		[NF_BR_FORWARD] = OTHER_BRIDGE_FORWARD, [NF_BR_LOCAL_OUT] = OTHER_BRIDGE_OUT,
		[NF_BR_POST_ROUTING] = OTHER_BRIDGE_OUT,
	};

	if (family == NFPROTO_NETDEV) {
		*place = number == NETDEV_EGRESS ? OTHER_EGRESS : OTHER_INGRESS;
		return true;
	}
	if (family == NFPROTO_BRIDGE) {
		if (number >= ARRAY_SIZE(bridge))
			return false;
		*place = bridge[number];
		return true;
	}
	if (number == NF_INET_LOCAL_OUT || number >= ARRAY_SIZE(inet))
		return false;
	*place = inet[number];
	return true;
}

/*
 * A chain of iptables or of the guard, which does not count as another filter: a walk
 * follows it, with either backend.
 */
static bool is_builtin(uint8_t family, const char *table, const char *chain, const char *type,
		       uint32_t hook, int32_t priority)
{
	const struct nft_builtin *builtin = nft_builtin(table, chain);

	return (family == NFPROTO_IPV4 || family == NFPROTO_IPV6) && builtin &&
	       builtin->hook == hook && builtin->priority == priority && !strcmp(type, builtin->type);
}

static void add_device(struct other_hook *hook, const struct nlattr *attr, bool prefix)
{
	const char *name = nft_attr_string(attr);
	struct interface device = { 0 };
	size_t length = name ? strlen(name) : 0;

	/* A device that cannot be read may be any: nothing is compared. */
	if (length && length < IFNAMSIZ) {
		memcpy(device.name, name, length);
		memset(device.mask, 0xff, prefix ? length : length + 1);
	}
	hook->devices = xreallocarray(hook->devices, hook->ndevices + 1, sizeof(*hook->devices));
	hook->devices[hook->ndevices++] = device;
}

static void take_devices(const struct nft_attrs *attrs, struct other_hook *hook)
{
	const struct nlattr *list = attrs->v[NFTA_HOOK_DEVS];

	if (hook->place != OTHER_INGRESS && hook->place != OTHER_EGRESS)
		return;
	for (const struct nlattr *at = nft_attr_first(list); at; at = nft_attr_next(list, at))
		add_device(hook, at, mnl_attr_get_type(at) == DEVICE_PREFIX);
	if (!list && attrs->v[NFTA_HOOK_DEV])
		add_device(hook, attrs->v[NFTA_HOOK_DEV], false);
}

static void take_chain(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *message = mnl_nlmsg_get_payload(nlh);
	struct nft_listing *listing = data;
	struct nft_attrs attrs, hook;
	struct listed_chain made = { .family = message->nfgen_family };
	const char *table, *chain, *type;
	uint32_t number = UINT32_MAX, priority = 0, policy = NF_ACCEPT;

	/* Unknown attributes do not matter for whether the chain exists. */
	nft_attrs_message(&attrs, nlh, KNOWN);
	nft_attrs_nested(&hook, attrs.v[NFTA_CHAIN_HOOK], KNOWN);
	table = nft_attr_string(attrs.v[NFTA_CHAIN_TABLE]);
	chain = nft_attr_string(attrs.v[NFTA_CHAIN_NAME]);
	type = nft_attr_string(attrs.v[NFTA_CHAIN_TYPE]);
	if (!table || !chain || !nft_family(made.family))
		return;
	made.table = xstrdup(table);
	made.chain = xstrdup(chain);
	made.base = attrs.v[NFTA_CHAIN_HOOK];
	nft_attr_u32(hook.v[NFTA_HOOK_HOOKNUM], &number);
	nft_attr_u32(hook.v[NFTA_HOOK_PRIORITY], &priority);
	nft_attr_u32(attrs.v[NFTA_CHAIN_POLICY], &policy);
	if (made.base && type && place_of(made.family, number, &made.hook.place)) {
		made.hook.priority = (int32_t)priority;
		made.hook.nat = !strcmp(type, "nat");
		made.hook.link = made.family == NFPROTO_NETDEV || made.family == NFPROTO_BRIDGE ||
				 made.hook.place == OTHER_INGRESS;
		made.hook.drops = policy == NF_DROP;
		made.hook.families = hook_families(made.family);
		made.wanted = !((listing->but_builtin || guard_has_name(table)) &&
				is_builtin(made.family, table, chain, type, number,
					   made.hook.priority));
		take_devices(&hook, &made.hook);
	}
	GROW(listing->v, listing->n, listing->room);
	listing->v[listing->n++] = made;
}

/* The kernel registers no hook for a dormant table, though it lists the hooks. */
static void take_table(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *message = mnl_nlmsg_get_payload(nlh);
	struct nft_listing *listing = data;
	struct nft_attrs attrs;
	uint32_t flags = 0;
	const char *name;

	nft_attrs_message(&attrs, nlh, KNOWN);
	name = nft_attr_string(attrs.v[NFTA_TABLE_NAME]);
	nft_attr_u32(attrs.v[NFTA_TABLE_FLAGS], &flags);
	if (!name || !(flags & NFT_TABLE_F_DORMANT))
		return;
	GROW(listing->dormant, listing->ndormant, listing->dormant_room);
	listing->dormant[listing->ndormant++] = (struct listed_table){ message->nfgen_family,
								       xstrdup(name) };
}

static void leave_out_dormant(struct nft_listing *listing)
{
	for (size_t i = 0; i < listing->ndormant; i++)
		for (size_t k = 0; k < listing->n; k++)
			if (listing->v[k].family == listing->dormant[i].family &&
			    !strcmp(listing->v[k].table, listing->dormant[i].name))
				listing->v[k].wanted = false;
}

static void listing_clear(struct nft_listing *listing)
{
	for (size_t i = 0; i < listing->n; i++) {
		free(listing->v[i].table);
		free(listing->v[i].chain);
		free(listing->v[i].hook.devices);
	}
	for (size_t i = 0; i < listing->ndormant; i++)
		free(listing->dormant[i].name);
	free(listing->v);
	free(listing->dormant);
	listing->v = NULL;
	listing->dormant = NULL;
	listing->n = listing->room = listing->ndormant = listing->dormant_room = 0;
}

/* The rules of one table. */
struct rules_read {
	struct other_filters *filters;
	struct nft_other_sets *sets; /* of the table */
	size_t table;                /* in filters */
	uint8_t family;
	const char *name;
	size_t chain;                /* that the last rule was of, in filters */
	uint64_t previous;           /* handle of that rule */
	bool broken;                 /* what was listed is not one after the other */
};

/* A rule of x_tables is kept whole, if it can be decoded. */
static bool take_xt(const struct nlmsghdr *nlh, const struct nft_other_place *place)
{
	struct other_chain *chain = &place->filters->chains[place->chain];
	struct other_rule made = { .to = OTHER_NOWHERE, .number = place->number };

	if (place->family != NFPROTO_IPV4 && place->family != NFPROTO_IPV6)
		return false;
	made.xt = nft_decode(place->family == NFPROTO_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6, nlh);
	if (made.xt->opaque) {
		rule_free(made.xt);
		return false;
	}
	if (made.xt->chain)
		made.to = other_filters_chain(place->filters, place->table, made.xt->chain);
	other_chain_add(chain, &made);
	return true;
}

static void take_rule(const struct nlmsghdr *nlh, void *data)
{
	struct rules_read *read = data;
	struct nft_other_place place = { .filters = read->filters, .table = read->table,
					 .family = read->family, .sets = read->sets };
	const struct nlattr *expressions;
	const char *table, *chain;
	struct nft_attrs attrs;

	nft_attrs_message(&attrs, nlh, KNOWN);
	table = nft_attr_string(attrs.v[NFTA_RULE_TABLE]);
	chain = nft_attr_string(attrs.v[NFTA_RULE_CHAIN]);
	if (!table || !chain || strcmp(table, read->name))
		return;
	place.chain = other_filters_chain(read->filters, read->table, chain);
	if (place.chain == OTHER_NOWHERE)
		return;
	if (place.chain != read->chain)
		read->previous = 0;
	read->chain = place.chain;
	read->broken |= !nft_rule_follows(nlh, &read->previous);
	place.number = ++read->filters->chains[place.chain].rules;
	expressions = attrs.v[NFTA_RULE_EXPRESSIONS];
	if (!nft_other_has_xt(expressions) || !take_xt(nlh, &place))
		nft_other_rule(&place, expressions);
}

static int ask_rules(struct nft_socket *nft, struct rules_read *read)
{
	struct nlmsghdr *question = nft_request_begin(nft, NFT_MSG_GETRULE, read->family);
	int status;

	/* Without the name, the answer has more than is needed. */
	if (strlen(read->name) <= ASKED_NAME_MAX)
		mnl_attr_put_strz(question, NFTA_RULE_TABLE, read->name);
	status = nft_request(nft, take_rule, read);
	return !status && read->broken ? BACKEND_CHANGED : status;
}

static bool in_table(const struct listed_chain *chain, const struct listed_chain *first)
{
	return chain->family == first->family && !strcmp(chain->table, first->table);
}

/* Reads the table of the wanted chain at index first, and takes over its hooks. */
static int read_listed_table(struct nft_socket *nft, struct nft_listing *listing, size_t first,
			     struct other_filters *filters)
{
	const struct listed_chain *of = &listing->v[first];
	struct nft_other_sets sets = { .left = &listing->elements, .forks = &listing->forks };
	struct rules_read read = { .filters = filters, .sets = &sets, .family = of->family,
				   .name = of->table, .chain = OTHER_NOWHERE };
	char *name = xasprintf("%s %s", nft_family(of->family), of->table);
	int status;

	read.table = other_filters_table(filters, name, hook_families(of->family));
	for (size_t i = 0; i < listing->n; i++)
		if (in_table(&listing->v[i], of))
			other_filters_add_chain(filters, listing->v[i].chain)->base = listing->v[i].base;
	other_filters_sort(filters);
	status = nft_other_sets_read(nft, of->family, of->table, &sets);
	if (!status)
		status = ask_rules(nft, &read);
	for (size_t i = first; i < listing->n && !status; i++) {
		struct listed_chain *chain = &listing->v[i];

		if (!chain->wanted || !in_table(chain, of))
			continue;
		chain->wanted = false;
		chain->hook.chain = other_filters_chain(filters, read.table, chain->chain);
		chain->hook.name = xasprintf("%s %s", name, chain->chain);
		other_filters_take(filters, chain->hook);
		chain->hook.devices = NULL;
	}
	nft_other_sets_clear(&sets);
	free(name);
	return status;
}

static int read_once(struct nft_listing *listing, struct other_filters *filters)
{
	struct nft_socket *nft = nft_socket_open();
	uint32_t generation = 0, now = 0;
	int status = nft ? nft_generation(nft, &generation) : BACKEND_FAILED;

	if (!status && !nft_socket_absent(nft)) {
		nft_request_begin(nft, NFT_MSG_GETCHAIN, NFPROTO_UNSPEC);
		status = nft_request(nft, take_chain, listing);
		if (!status) {
			nft_request_begin(nft, NFT_MSG_GETTABLE, NFPROTO_UNSPEC);
			status = nft_request(nft, take_table, listing);
		}
	}
	leave_out_dormant(listing);
	for (size_t i = 0; i < listing->n; i++)
		filters->in_bridges |= listing->v[i].family == NFPROTO_BRIDGE;
	for (size_t i = 0; i < listing->n && !status; i++)
		if (listing->v[i].wanted)
			status = read_listed_table(nft, listing, i, filters);
	if (!status && !nft_socket_absent(nft))
		status = nft_generation(nft, &now);
	if (!status && now != generation)
		status = BACKEND_CHANGED;
	nft_socket_close(nft);
	return status;
}

int nft_read_filters(const struct backend_ops *ops, bool but_builtin,
		     struct other_filters *filters)
{
	struct nft_listing listing = { .but_builtin = but_builtin };
	struct other_filters read = { 0 };
	unsigned int tries = 0;
	int status;

	(void)ops;
	do {
		listing_clear(&listing);
		other_filters_clear(&read);
		listing.elements = NFT_ELEMENTS_MAX;
		listing.forks = NFT_FORKS_MAX;
		status = read_once(&listing, &read);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	listing_clear(&listing);
	if (!status)
		other_filters_move(filters, &read);
	other_filters_clear(&read);
	return status;
}
