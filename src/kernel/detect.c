/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "detect.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "paths.h"
#include "util.h"

/* The files that the iptables command may resolve to. */
static const struct {
	const char *name;
	enum iptables_kind kind;
} commands[] = {
	{ "xtables-nft-multi", IPTABLES_NFT },
	{ "iptables-nft", IPTABLES_NFT },
	{ "xtables-legacy-multi", IPTABLES_LEGACY },
	{ "iptables-legacy", IPTABLES_LEGACY },
	{ "xtables-multi", IPTABLES_LEGACY }, /* up to 1.6, which had only this one */
};

enum iptables_kind iptables_kind(const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum iptables_kind kind = IPTABLES_UNKNOWN;
		char *file = realpath(paths[i], NULL);

		if (!file)
			continue;
		for (size_t c = 0; c < ARRAY_SIZE(commands); c++)
			if (!strcmp(strrchr(file, '/') + 1, commands[c].name))
				kind = commands[c].kind;
		free(file);
		return kind;
	}
	return IPTABLES_UNKNOWN;
}

enum backend_kind backend_choose(bool in_nft, bool in_legacy, enum backend_kind otherwise)
{
	if (in_nft != in_legacy)
		return in_nft ? BACKEND_NFT : BACKEND_LEGACY;
	return otherwise;
}

enum backend_kind backend_choose_native(bool user_in_nft, bool user_in_legacy)
{
	return user_in_legacy && !user_in_nft ? BACKEND_LEGACY : BACKEND_NFT;
}

/* What a backend has of Docker in some family. */
struct docker_traces {
	bool chains; /* chains of iptables … */
	bool awake;  /* … in a table that is not dormant */
	bool user;   /* DOCKER-USER, which Docker leaves when it goes, not dormant */
	bool native; /* its own table */
	bool nat;    /* the chain for published ports, not dormant, if that was looked for */
};

/* What looks in one family. */
typedef int look_function(struct backend *backend, struct snapshot *snapshot, enum family family,
			  struct docker_traces *traces);

static int look_in_family(struct backend *backend, struct snapshot *snapshot, enum family family,
			  struct docker_traces *traces)
{
	const struct table *filter;
	int status = backend->ops->read_table(backend, snapshot, family, "filter");

	if (!status)
		status = backend->ops->read_table(backend, snapshot, family, DOCKER_NFT_TABLE);
	if (status)
		return status;
	filter = snapshot_table(snapshot, family, "filter");
	traces->chains |= docker_owns_any(filter);
	traces->awake |= filter && !filter->dormant && docker_owns_any(filter);
	traces->user |= filter && !filter->dormant && table_chain(filter, DOCKER_USER);
	traces->native |= snapshot_table(snapshot, family, DOCKER_NFT_TABLE) != NULL;
	return BACKEND_OK;
}

static int look_in_nat(struct backend *backend, struct snapshot *snapshot, enum family family,
		       struct docker_traces *traces)
{
	int status = backend->ops->read_table(backend, snapshot, family, "nat");
	const struct table *nat = status ? NULL : snapshot_table(snapshot, family, "nat");

	traces->nat |= nat && !nat->dormant && docker_owns_any(nat);
	return status;
}

/* Looks for traces of Docker once. */
static int look_once(const struct backend_ops *ops, unsigned int families, look_function *look,
		     struct docker_traces *traces)
{
	struct snapshot *snapshot = snapshot_new(ops->kind);
	struct backend *backend = ops->open(false);
	int status = backend ? BACKEND_OK : BACKEND_FAILED;

	for (enum family family = 0; family < FAMILY_COUNT && !status; family++)
		if (families & (1U << family))
			status = look(backend, snapshot, family, traces);
	ops->close(backend);
	snapshot_free(snapshot);
	return status;
}

/* Adds to what is known. Returns 0, or -1 after reporting why a backend cannot be read. */
static int find(const struct backend_ops *ops, unsigned int families, look_function *look,
		struct docker_traces *traces)
{
	const struct docker_traces before = *traces;
	unsigned int tries = 0;
	int status;

	do {
		*traces = before;
		status = look_once(ops, families, look, traces);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status ? -1 : 0;
}

/* Where dockerd is known to write, or what the iptables command writes. */
static enum backend_kind undecided(const struct backend_ops *known)
{
	static const char *const paths[] = {
		IPTABLES_COMMANDS,
	};

	if (known)
		return known->kind;
	return iptables_kind(paths, ARRAY_SIZE(paths)) == IPTABLES_LEGACY ? BACKEND_LEGACY : BACKEND_NFT;
}

const struct backend_ops *backend_detect(backend_list backends, unsigned int families,
					 const struct backend_ops *known)
{
	struct docker_traces nft = { 0 }, legacy = { 0 };

	/* A backend that cannot be read could be the one in use. */
	if (find(backends[BACKEND_NFT], families, look_in_family, &nft) ||
	    find(backends[BACKEND_LEGACY], families, look_in_family, &legacy))
		return NULL;
	if (nft.native && !nft.chains && !legacy.chains)
		return backends[backend_choose_native(nft.user, legacy.user)];
	/* dockerd has chains in nat as well, and a flush leaves them: without any it is a leftover. */
	if (nft.chains && legacy.chains) {
		/* The kernel evaluates no chain of a dormant table, which only nft can have. */
		if (!nft.awake)
			return backends[BACKEND_LEGACY];
		if (find(backends[BACKEND_NFT], families, look_in_nat, &nft) ||
		    find(backends[BACKEND_LEGACY], families, look_in_nat, &legacy))
			return NULL;
		return backends[backend_choose(nft.nat, legacy.nat, undecided(known))];
	}
	if (nft.chains || legacy.chains)
		return backends[nft.chains ? BACKEND_NFT : BACKEND_LEGACY];
	if (known)
		return known;
	/* Chains that were flushed come back to where DOCKER-USER is, or was put back. */
	return backends[backend_choose(nft.user, legacy.user, undecided(NULL))];
}
