/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend_nft.h"

#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "diag.h"
#include "guard_names.h"
#include "nft_attr.h"
#include "nft_builtin.h"
#include "nft_canonical.h"
#include "nft_changes.h"
#include "nft_commit.h"
#include "nft_decode.h"
#include "nft_filters.h"
#include "nft_guard_sets.h"
#include "nft_headers.h"
#include "nft_listed_rule.h"
#include "nft_mark.h"
#include "nft_opaque.h"
#include "nft_owner.h"
#include "nft_socket.h"
#include "nft_verdict_maps.h"
#include "patience.h"
#include "util.h"

/*
 * iptables-nft's tables. The kernel lists all chains of a family, and the rules
 * of one chain. The generation shows whether the answers belong together: it is
 * read before the first answer and after the last.
 */

/*
 * The number of rules in a base chain. The kernel silently ends a listing before a
 * rule that does not fit into one of its messages, which hides the rules after it.
 */
struct base_count {
	enum family family;
	const char *table, *chain; /* point into nft.chains */
	uint32_t rules;
};

struct nft {
	struct backend base; /* first: the two are one pointer */
	struct nft_socket *writes; /* owns what it creates, if one socket does */
	/*
	 * Another one then, and a new one each time: on a socket with the rest of a dump that was
	 * given up, the kernel begins no other (EBUSY).
	 */
	struct nft_socket *reads;
	bool started; /* generation is known */
	uint32_t generation;
	bool listed[FAMILY_COUNT];
	struct snapshot *chains; /* of the listed families, without rules */
	struct base_count *counts; /* owned */
	size_t ncounts, room;
};

static struct backend *nft_open(bool for_write)
{
	struct nft_socket *reads = nft_socket_open();
	struct nft *nft;

	(void)for_write;
	if (!reads)
		return NULL;
	nft = xcalloc(1, sizeof(*nft));
	nft->base.ops = &backend_nft;
	nft->reads = reads;
	nft->writes = nft_owner_socket() ? nft_owner_socket() : reads;
	nft->chains = snapshot_new(BACKEND_NFT);
	return &nft->base;
}

static void nft_close(struct backend *backend)
{
	struct nft *nft = (struct nft *)backend;

	if (!nft)
		return;
	nft_socket_close(nft->reads);
	snapshot_free(nft->chains);
	free(nft->counts);
	free(nft);
}

/* ---- chains ---- */

struct listing {
	struct nft *nft;
	enum family family;
	bool odd; /* has a table or chain that cannot be read */
};

/* A base chain is builtin if everything about it is as iptables makes it. */
static bool is_builtin(const struct chain *chain, const char *table, const struct nlattr *hook,
		       const char *type)
{
	const struct nft_builtin *builtin = nft_builtin(table, chain->name);
	uint32_t number, priority;
	struct nft_attrs attrs;

	nft_attrs_nested(&attrs, hook, NFT_ATTR(NFTA_HOOK_HOOKNUM) | NFT_ATTR(NFTA_HOOK_PRIORITY));
	return builtin && type && !strcmp(type, builtin->type) &&
	       nft_attr_u32(attrs.v[NFTA_HOOK_HOOKNUM], &number) && number == builtin->hook &&
	       nft_attr_u32(attrs.v[NFTA_HOOK_PRIORITY], &priority) &&
	       (int32_t)priority == builtin->priority;
}

static void note_count(struct listing *listing, const char *table, const char *chain,
		       uint32_t rules)
{
	struct nft *nft = listing->nft;

	GROW(nft->counts, nft->ncounts, nft->room);
	nft->counts[nft->ncounts++] = (struct base_count){ listing->family, table, chain, rules };
}

static void take_chain(const struct nlmsghdr *nlh, void *data)
{
	const uint32_t known = NFT_ATTR(NFTA_CHAIN_TABLE) | NFT_ATTR(NFTA_CHAIN_NAME) |
			       NFT_ATTR(NFTA_CHAIN_HOOK) | NFT_ATTR(NFTA_CHAIN_POLICY) |
			       NFT_ATTR(NFTA_CHAIN_TYPE) | NFT_ATTR(NFTA_CHAIN_USE) |
			       NFT_ATTR(NFTA_CHAIN_HANDLE);
	struct listing *listing = data;
	const char *table_name, *name;
	uint32_t policy = NF_ACCEPT;
	struct nft_attrs attrs;
	struct table *table;
	struct chain *chain;
	bool counted;

	/* Future kernels may report more about a chain. */
	nft_attrs_message(&attrs, nlh, known);
	table_name = nft_attr_string(attrs.v[NFTA_CHAIN_TABLE]);
	name = nft_attr_string(attrs.v[NFTA_CHAIN_NAME]);
	if (!table_name || !name || (attrs.v[NFTA_CHAIN_POLICY] &&
				     !nft_attr_u32(attrs.v[NFTA_CHAIN_POLICY], &policy))) {
		listing->odd = true;
		return;
	}
	table = snapshot_table(listing->nft->chains, listing->family, table_name);
	if (!table)
		table = snapshot_add_table(listing->nft->chains, listing->family, table_name);
	chain = table_add_chain(table, name);
	nft_attr_u64(attrs.v[NFTA_CHAIN_HANDLE], &chain->handle);
	counted = nft_attr_u32(attrs.v[NFTA_CHAIN_USE], &chain->uses);
	if (!attrs.v[NFTA_CHAIN_HOOK])
		return;
	/* Nothing jumps to a base chain, so its use count is that of its rules. */
	if (counted)
		note_count(listing, table->name, chain->name, chain->uses);
	chain->builtin = is_builtin(chain, table_name, attrs.v[NFTA_CHAIN_HOOK],
				    nft_attr_string(attrs.v[NFTA_CHAIN_TYPE]));
	chain->foreign_base = !chain->builtin;
	if (chain->builtin)
		chain->policy = policy == NF_DROP ? VERDICT_DROP : VERDICT_ACCEPT;
}

/* The kernel registers no hook for a dormant table, though it lists the hooks. */
static void take_table(const struct nlmsghdr *nlh, void *data)
{
	struct listing *listing = data;
	struct nft_attrs attrs;
	struct table *table;
	uint32_t flags = 0, owner = 0;
	const char *name;

	nft_attrs_message(&attrs, nlh, NFT_ATTR(NFTA_TABLE_NAME) | NFT_ATTR(NFTA_TABLE_FLAGS) |
				       NFT_ATTR(NFTA_TABLE_USE) | NFT_ATTR(NFTA_TABLE_USERDATA) |
				       NFT_ATTR(NFTA_TABLE_OWNER));
	name = nft_attr_string(attrs.v[NFTA_TABLE_NAME]);
	if (!name || (attrs.v[NFTA_TABLE_FLAGS] &&
		      !nft_attr_u32(attrs.v[NFTA_TABLE_FLAGS], &flags))) {
		listing->odd = true;
		return;
	}
	table = snapshot_table(listing->nft->chains, listing->family, name);
	/* One of the guard's cannot be created as long as there is one, also without chains. */
	if (!table && guard_has_name(name))
		table = snapshot_add_table(listing->nft->chains, listing->family, name);
	if (!table)
		return;
	if (!nft_attr_u32(attrs.v[NFTA_TABLE_USE], &table->objects))
		table->objects = UINT32_MAX;
	table->marked = nft_is_marked(attrs.v[NFTA_TABLE_USERDATA]);
	if (nft_attr_u32(attrs.v[NFTA_TABLE_OWNER], &owner)) {
		table->own = owner == nft_socket_port(listing->nft->writes);
		table->owned = !table->own;
	}
	if (!(flags & NFT_TABLE_F_DORMANT))
		return;
	table->dormant = true;
	for (size_t i = 0; i < table->nchains; i++)
		table->chains[i]->builtin = table->chains[i]->foreign_base = false;
}

static int list_chains(struct nft *nft, enum family family)
{
	struct listing listing = { nft, family, false };
	int status;

	diag_step(2, "netlink: chains of %s", family_name(family));
	nft_request_begin(nft->reads, NFT_MSG_GETCHAIN, family_af(family));
	status = nft_request(nft->reads, take_chain, &listing);
	if (!status) {
		nft_request_begin(nft->reads, NFT_MSG_GETTABLE, family_af(family));
		status = nft_request(nft->reads, take_table, &listing);
	}
	if (!status && listing.odd) {
		diag_error("nf_tables lists an %s table or chain that has no name",
			   family_name(family));
		return BACKEND_FAILED;
	}
	nft->listed[family] = true;
	return status;
}

/* Notes the generation that everything read must be of. */
static int start(struct nft *nft, struct snapshot *snapshot)
{
	int status = BACKEND_OK;

	deadline_step("reading nf_tables");
	if (!nft->started)
		status = nft_generation(nft->reads, &nft->generation);
	nft->started = !status;
	snapshot->generation = nft->generation;
	return status;
}

static int nft_read_table(struct backend *backend, struct snapshot *snapshot, enum family family,
			  const char *name)
{
	struct nft *nft = (struct nft *)backend;
	int status = start(nft, snapshot);
	const struct table *from;
	struct table *table;

	if (status)
		return status;
	snapshot->absent = nft_socket_absent(nft->reads);
	if (snapshot->absent)
		return BACKEND_OK;
	if (!nft->listed[family])
		status = list_chains(nft, family);
	if (status)
		return status;
	from = snapshot_table(nft->chains, family, name);
	/* A table without chains counts as none, except for the guard's. */
	if (!from)
		return BACKEND_OK;
	table = snapshot_add_table(snapshot, family, name);
	table->dormant = from->dormant;
	table->marked = from->marked;
	table->own = from->own;
	table->owned = from->owned;
	table->objects = from->objects;
	for (size_t i = 0; i < from->nchains; i++) {
		struct chain *chain = table_add_chain(table, from->chains[i]->name);

		chain->builtin = from->chains[i]->builtin;
		chain->foreign_base = from->chains[i]->foreign_base;
		chain->policy = from->chains[i]->policy;
		chain->uses = from->chains[i]->uses;
		chain->handle = from->chains[i]->handle;
	}
	table_sort(table);
	return guard_has_name(name) ? nft_guard_sets_read(nft->reads, family, name, &table->sets)
				    : BACKEND_OK;
}

/* ---- rules ---- */

struct rules {
	const struct table *table;
	struct chain *chain;
	uint64_t previous; /* handle of the last one */
	bool broken;       /* what was listed is not one after the other */
	struct nft_verdict_maps maps;
};

static void take_rule(const struct nlmsghdr *nlh, void *data)
{
	struct rules *rules = data;
	struct rule *rule;

	if (!nft_is_rule_of(nlh, rules->table->name, rules->chain->name))
		return;
	rules->broken |= !nft_rule_follows(nlh, &rules->previous);
	rule = nft_decode(rules->table->family, nlh);
	nft_verdict_maps_note(&rules->maps, rule, nlh);
	chain_add_rule(rules->chain, rule);
}

/* The number of rules that the chain has, or, if that is not known, that were listed. */
static size_t rule_count(const struct nft *nft, const struct table *table,
			 const struct chain *chain)
{
	for (size_t i = 0; i < nft->ncounts; i++) {
		const struct base_count *count = &nft->counts[i];

		if (count->family == table->family && !strcmp(count->table, table->name) &&
		    !strcmp(count->chain, chain->name))
			return count->rules;
	}
	return chain->nrules;
}

/*
 * The chain was not listed to its end. Another program may be in the middle of a
 * change, which is already counted; if it stays so, a rule hides others.
 */
static int not_whole(const struct nft *nft, const struct table *table, const struct chain *chain,
		     size_t rules)
{
	static struct {
		uint32_t generation;
		size_t rules, listed;
		uint64_t since;
	} seen;

	diag_step(2, "netlink: %s %s %s has %zu rules, but %zu were listed",
		  family_name(table->family), table->name, chain->name, rules, chain->nrules);
	if (!seen.since || seen.generation != nft->generation || seen.rules != rules ||
	    seen.listed != chain->nrules) {
		seen.since = clock_ms();
		seen.generation = nft->generation;
		seen.rules = rules;
		seen.listed = chain->nrules;
	}
	if (clock_ms() - seen.since < HIDDEN_RULES_MS)
		return BACKEND_CHANGED;
	diag_error("the chain '%s' of the %s table '%s' has %zu rules, but nf_tables lists only %zu: "
		   "rule %zu is too large to be listed and hides those after it; only flushing the "
		   "chain removes it", chain->name, family_name(table->family), table->name, rules,
		   chain->nrules, chain->nrules + 1);
	return BACKEND_FAILED;
}

static int nft_read_chain(struct backend *backend, struct snapshot *snapshot, struct table *table,
			  struct chain *chain)
{
	struct nft *nft = (struct nft *)backend;
	struct rules rules = { .table = table, .chain = chain };
	int status = start(nft, snapshot);
	struct nlmsghdr *nlh;
	size_t rules_there;

	if (status)
		return status;
	nlh = nft_request_begin(nft->reads, NFT_MSG_GETRULE, family_af(table->family));
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table->name);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain->name);
	status = nft_request(nft->reads, take_rule, &rules);
	if (!status && !rules.broken)
		status = nft_verdict_maps_read(&rules.maps, nft->reads,
					       (uint8_t)family_af(table->family), table->name);
	nft_verdict_maps_clear(&rules.maps);
	if (status)
		return status;
	if (rules.broken) {
		diag_step(2, "netlink: the rules of %s %s %s were listed while others wrote",
			  family_name(table->family), table->name, chain->name);
		return BACKEND_CHANGED;
	}
	rules_there = rule_count(nft, table, chain);
	if (rules_there != chain->nrules)
		return not_whole(nft, table, chain, rules_there);
	chain->loaded = true;
	diag_step(2, "netlink: %zu rules of %s %s %s", chain->nrules, family_name(table->family),
		  table->name, chain->name);
	return BACKEND_OK;
}

static int nft_verify(struct backend *backend, struct snapshot *snapshot)
{
	struct nft *nft = (struct nft *)backend;
	uint32_t generation = snapshot->generation;
	int status = nft_generation(nft->reads, &generation);

	if (status)
		return status;
	if (generation == snapshot->generation)
		return BACKEND_OK;
	diag_step(2, "netlink: generation %u became %u during the read", snapshot->generation,
		  generation);
	return BACKEND_CHANGED;
}

static int write_edits(struct backend *backend, const struct snapshot *snapshot,
		       const struct edits *edits, bool only_try, struct refused_edits *refused)
{
	struct nft *nft = (struct nft *)backend;
	if (nft_socket_absent(nft->reads)) {
		diag_error("cannot write nf_tables: this kernel has none");
		return BACKEND_FAILED;
	}
	return nft_commit(nft->writes, snapshot, edits, only_try, refused);
}

static int nft_commit_edits(struct backend *backend, const struct snapshot *snapshot,
			    const struct edits *edits, struct refused_edits *refused)
{
	deadline_step("writing nf_tables");
	return write_edits(backend, snapshot, edits, false, refused);
}

static int nft_try(struct backend *backend, const struct snapshot *snapshot,
		   const struct edits *edits, struct refused_edits *refused)
{
	deadline_step("trying the rules in nf_tables");
	return write_edits(backend, snapshot, edits, true, refused);
}

const struct backend_ops backend_nft = {
	.kind = BACKEND_NFT,
	.open = nft_open,
	.read_table = nft_read_table,
	.read_chain = nft_read_chain,
	.verify = nft_verify,
	.commit = nft_commit_edits,
	.try = nft_try,
	.canonical = nft_canonical,
	.close = nft_close,
	.read_filters = nft_read_filters,
	.read_opaque = nft_read_opaque,
	.changes = &nft_changes,
	.own_begin = nft_owner_begin,
	.own_end = nft_owner_end,
};
