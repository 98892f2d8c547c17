/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_set.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "guard_names.h"
#include "netlink.h"

/* Since Linux 4.20; a listing has the index of each set (IPSET_ATTR_INDEX). */
#define PROTOCOL_WITH_INDEX 7
#define ATTR_INDEX 11
/* All sets together may have that many members: some 100 MiB. */
#define MEMBERS_MAX 1000000
#define ATTRS 64

/* A set while it is read. */
struct read_set {
	struct ipset *set;
	enum family family;
	bool header;        /* what describes the set was received */
	bool list;          /* list:set: the names of its members follow */
	unsigned int netmask; /* of each address; 0: none */
	struct strings names;
	size_t *total;
	bool failed;
};

/* The index of every set that a rule matches on, and of those that a rule changes. */
struct used_sets {
	bool read[65536], written[65536];
	size_t n;
};

static int keep_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **attrs = data;

	if (mnl_attr_get_type(attr) < ATTRS)
		attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static bool attr_has(const struct nlattr *attr, size_t size)
{
	return attr && mnl_attr_get_payload_len(attr) >= size;
}

static bool attr_name(const struct nlattr *attr)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0;
}

static uint32_t attr_number(const struct nlattr *attr)
{
	return attr_has(attr, sizeof(uint32_t)) ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

static unsigned int attr_small(const struct nlattr *attr, unsigned int missing)
{
	return attr_has(attr, 1) ? mnl_attr_get_u8(attr) : missing;
}

static bool attr_address(const struct nlattr *attr, enum family family, addr_t *addr)
{
	const struct nlattr *inner[ATTRS] = { 0 };
	unsigned int type = family == FAMILY_IPV4 ? IPSET_ATTR_IPADDR_IPV4 : IPSET_ATTR_IPADDR_IPV6;

	if (!attr || mnl_attr_parse_nested(attr, keep_attr, inner) < 0 ||
	    !attr_has(inner[type], family_addr_size(family)))
		return false;
	*addr = addr_load(family, mnl_attr_get_payload(inner[type]));
	return true;
}

static bool member_address(const struct read_set *reading, const struct nlattr **attrs,
			   struct ipset_member *member)
{
	enum family family = reading->family;
	unsigned int width = family == FAMILY_IPV4 ? 32 : 128;
	addr_t host;

	if (!attr_address(attrs[IPSET_ATTR_IP], family, &member->lo))
		return false;
	member->length = attr_small(attrs[IPSET_ATTR_CIDR], width);
	if (reading->netmask && reading->netmask < member->length)
		member->length = reading->netmask;
	if (member->length > width)
		return false;
	host = member->length ? ((addr_t)1 << (width - member->length)) - 1 : addr_max(family);
	member->lo &= ~host;
	member->hi = member->lo | host;
	if (attrs[IPSET_ATTR_IP_TO] &&
	    (!attr_address(attrs[IPSET_ATTR_IP_TO], family, &member->hi) || member->hi < member->lo))
		return false;
	return true;
}

static bool take_member(struct read_set *reading, const struct nlattr *data)
{
	const struct nlattr *attrs[ATTRS] = { 0 };
	struct ipset_member member = { .port = SPAN_ALL };

	if (mnl_attr_parse_nested(data, keep_attr, attrs) < 0 || ++*reading->total > MEMBERS_MAX)
		return false;
	if (reading->list) {
		if (!attr_name(attrs[IPSET_ATTR_NAME]))
			return false;
		strings_add(&reading->names, mnl_attr_get_str(attrs[IPSET_ATTR_NAME]));
		return true;
	}
	if (reading->set->kind != SET_PORTS && !member_address(reading, attrs, &member))
		return false;
	if (reading->set->kind != SET_ADDRESSES) {
		if (!attr_has(attrs[IPSET_ATTR_PORT], sizeof(uint16_t)))
			return false;
		member.port.lo = member.port.hi = ntohs(mnl_attr_get_u16(attrs[IPSET_ATTR_PORT]));
	}
	member.proto = (uint8_t)attr_small(attrs[IPSET_ATTR_PROTO], 0);
	member.nomatch = attr_number(attrs[IPSET_ATTR_CADT_FLAGS]) & IPSET_FLAG_NOMATCH;
	ipset_add(reading->set, &member);
	return true;
}

/* What describes the set comes with its first members. */
static bool take_header(struct read_set *reading, const struct nlattr **attrs)
{
	static const struct {
		const char *name;
		int kind;
	} types[] = {
		{ "hash:ip", SET_ADDRESSES }, { "hash:net", SET_ADDRESSES },
		{ "bitmap:ip", SET_ADDRESSES }, { "hash:ip,port", SET_ADDRESS_PORTS },
		{ "hash:net,port", SET_ADDRESS_PORTS }, { "bitmap:port", SET_PORTS },
	};
	const struct nlattr *inner[ATTRS] = { 0 };
	const char *type = mnl_attr_get_str(attrs[IPSET_ATTR_TYPENAME]);
	unsigned int family = attr_small(attrs[IPSET_ATTR_FAMILY], NFPROTO_UNSPEC);

	reading->header = true;
	reading->list = !strcmp(type, "list:set");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].name, type))
			reading->set->kind = types[i].kind;
	if (!reading->list && reading->set->kind == SET_UNKNOWN)
		return false;
	reading->family = family == NFPROTO_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
	for (enum family one = 0; one < FAMILY_COUNT; one++)
		reading->set->has_family[one] = family == NFPROTO_UNSPEC || reading->family == one;
	if (attrs[IPSET_ATTR_DATA] &&
	    mnl_attr_parse_nested(attrs[IPSET_ATTR_DATA], keep_attr, inner) < 0)
		return false;
	reading->netmask = attr_small(inner[IPSET_ATTR_NETMASK], 0);
	/* A mask with holes (Linux 6.2) is an attribute that is not known here. */
	return !inner[IPSET_ATTR_MARKMASK + 1];
}

static bool take_set_message(struct read_set *reading, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[ATTRS] = { 0 }, *data;

	if (mnl_attr_parse(message, sizeof(struct nfgenmsg), keep_attr, attrs) < 0)
		return false;
	if (attr_name(attrs[IPSET_ATTR_TYPENAME]) && !take_header(reading, attrs))
		return false;
	if (!reading->header)
		return false;
	if (!attrs[IPSET_ATTR_ADT])
		return true;
	mnl_attr_for_each_nested(data, attrs[IPSET_ATTR_ADT]) {
		if (mnl_attr_get_type(data) == IPSET_ATTR_DATA && !take_member(reading, data))
			return false;
	}
	return true;
}

static void take_set(const struct nlmsghdr *message, void *data)
{
	struct read_set *reading = data;

	reading->failed |= !reading->failed && !take_set_message(reading, message);
}

struct set_name {
	uint16_t index;
	char *name;
};

struct set_names {
	struct set_name *v;
	size_t n, room;
};

static void take_name(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[ATTRS] = { 0 };
	struct set_names *names = data;

	if (mnl_attr_parse(message, sizeof(struct nfgenmsg), keep_attr, attrs) < 0 ||
	    !attr_name(attrs[IPSET_ATTR_SETNAME]) ||
	    !attr_has(attrs[ATTR_INDEX], sizeof(uint16_t)))
		return;
	GROW(names->v, names->n, names->room);
	names->v[names->n++] = (struct set_name){
		.index = ntohs(mnl_attr_get_u16(attrs[ATTR_INDEX])),
		.name = xstrdup(mnl_attr_get_str(attrs[IPSET_ATTR_SETNAME])),
	};
}

static void names_clear(struct set_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].name);
	free(names->v);
}

/*
 * Lists the set of that name, or the headers of all if it is NULL. Returns 0, 1 if the
 * kernel does not give the list, or -1 after the time limit.
 */
static int list_sets(struct netlink *netlink, const char *name,
		     void (*take)(const struct nlmsghdr *message, void *data), void *data)
{
	static uint32_t sequence;
	uint8_t question[256] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(question);
	struct netlink_end end;
	struct nfgenmsg *header;

	request->nlmsg_type = NFNL_SUBSYS_IPSET << 8 | IPSET_CMD_LIST;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP;
	request->nlmsg_seq = ++sequence;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->nfgen_family = NFPROTO_IPV4;
	header->version = NFNETLINK_V0;
	mnl_attr_put_u8(request, IPSET_ATTR_PROTOCOL, PROTOCOL_WITH_INDEX);
	if (name)
		mnl_attr_put_strz(request, IPSET_ATTR_SETNAME, name);
	else
		mnl_attr_put_u32(request, IPSET_ATTR_FLAGS, htonl(IPSET_FLAG_LIST_HEADER));
	if (netlink_send(netlink, request, request->nlmsg_len) ||
	    netlink_answer(netlink, request->nlmsg_seq, take, data, &end))
		return errno ? 1 : -1;
	return end.error || end.cut;
}

static const char *find_name(const struct set_names *names, uint16_t index)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->v[i].index == index)
			return names->v[i].name;
	return NULL;
}

/*
 * Reads one set by its name into set; for list:set, inner sets as well, of which a set with
 * addresses is made. Returns 0, or -1 after the time limit.
 */
static int read_set(struct netlink *netlink, const char *name, struct ipset *set, size_t *total,
		    bool inner)
{
	struct read_set reading = { .set = set, .total = total };
	int status = strlen(name) < IPSET_MAXNAMELEN
			     ? list_sets(netlink, name, take_set, &reading) : 1;

	if (status || reading.failed || !reading.header || (reading.list && inner)) {
		ipset_forget(set);
	} else if (!reading.list) {
		ipset_finish(set, reading.family);
	} else {
		set->kind = SET_ADDRESSES;
		for (size_t i = 0; i < reading.names.n && status >= 0; i++) {
			struct ipset part = { 0 };

			status = read_set(netlink, reading.names.v[i], &part, total, true);
			for (enum family family = 0; family < FAMILY_COUNT; family++)
				addrset_unite(&set->members[family], &part.members[family]);
			if (part.kind != SET_ADDRESSES)
				set->kind = SET_UNKNOWN;
			ipset_forget(&part);
		}
		if (set->kind == SET_UNKNOWN)
			ipset_forget(set);
	}
	strings_clear(&reading.names);
	return status < 0 ? -1 : 0;
}

/* Every revision of the match and the target but 0 begins with the sets (xt_set.h). */
static bool set_index(const struct ext *ext, size_t at, uint16_t *index)
{
	struct xt_set_info info;

	if (strcmp(ext->name, "set") && strcmp(ext->name, "SET"))
		return false;
	if (!ext->revision || ext->size < (at + 1) * sizeof(info))
		return false;
	memcpy(&info, ext->data + at * sizeof(info), sizeof(info));
	*index = info.index;
	return info.index != IPSET_INVALID_ID;
}

static void use_rule(struct used_sets *used, const struct rule *rule)
{
	uint16_t index;

	for (size_t i = 0; i < rule->nmatches; i++)
		if (!strcmp(rule->matches[i].name, "set") && set_index(&rule->matches[i], 0, &index)) {
			used->n += !used->read[index];
			used->read[index] = true;
		}
	/* -j SET has the set to add to, and the one to delete from. */
	for (size_t i = 0; i < 2 && rule->verdict == VERDICT_EXT; i++)
		if (!strcmp(rule->target.name, "SET") && set_index(&rule->target, i, &index))
			used->written[index] = true;
}

static void use_rules(struct used_sets *used, const struct snapshot *snapshot)
{
	for (size_t t = 0; snapshot && t < snapshot->ntables; t++) {
		const struct table *table = snapshot->tables[t];

		for (size_t c = 0; c < table->nchains; c++)
			for (size_t i = 0; i < table->chains[c]->nrules; i++)
				use_rule(used, table->chains[c]->rules[i]);
	}
}

/* The rules of the other backend, and what else is one of x_tables. */
static void use_others(struct used_sets *used, const struct other_filters *others)
{
	for (size_t c = 0; c < others->nchains; c++)
		for (size_t i = 0; i < others->chains[c].n; i++)
			if (others->chains[c].v[i].xt)
				use_rule(used, others->chains[c].v[i].xt);
}

static int read_used(const struct used_sets *used, struct ipsets *sets)
{
	struct netlink *netlink = netlink_open(NETLINK_NETFILTER);
	struct set_names names = { 0 };
	size_t total = 0;
	int status = netlink ? list_sets(netlink, NULL, take_name, &names) : 1;

	for (size_t index = 0; index < ARRAY_SIZE(used->read) && status >= 0; index++) {
		const char *name = find_name(&names, (uint16_t)index);
		struct ipset *set;

		if (!used->read[index])
			continue;
		set = ipsets_add(sets, (uint16_t)index, name ? name : "");
		if (name && !used->written[index])
			status = read_set(netlink, name, set, &total, false);
	}
	names_clear(&names);
	netlink_close(netlink);
	return status < 0 ? -1 : 0;
}

static void find_guard(const struct snapshot *snapshot, struct ipsets *sets)
{
	for (int family = 0; snapshot && family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, (enum family)family, GUARD_TABLE);

		if (table)
			sets->guard[family] = &table->sets;
	}
}

int sets_read(const struct snapshot *snapshot, const struct snapshot *guard,
	      const struct other_filters *others, struct ipsets *sets)
{
	struct used_sets *used = xcalloc(1, sizeof(*used));
	int status = 0;

	*sets = (struct ipsets){ 0 };
	use_rules(used, snapshot);
	use_rules(used, guard);
	use_others(used, others);
	find_guard(snapshot, sets);
	find_guard(guard, sets);
	if (used->n) {
		deadline_step("reading sets");
		status = read_used(used, sets);
	}
	free(used);
	return status;
}
