/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "detect.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
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

enum backend_kind backend_choose(bool in_nft, bool in_legacy, enum iptables_kind command)
{
	if (in_nft != in_legacy)
		return in_nft ? BACKEND_NFT : BACKEND_LEGACY;
	return command == IPTABLES_LEGACY ? BACKEND_LEGACY : BACKEND_NFT;
}

/* Looks for Docker's chains once; sets *found if there are any. */
static int look_for_docker(const struct backend_ops *ops, unsigned int families, bool *found)
{
	struct snapshot *snapshot = snapshot_new(ops->kind);
	struct backend *backend = ops->open(false);
	int status = backend ? BACKEND_OK : BACKEND_FAILED;

	*found = false;
	for (enum family family = 0; family < FAMILY_COUNT && !status && !*found; family++) {
		if (!(families & (1U << family)))
			continue;
		status = ops->read_table(backend, snapshot, family, "filter");
		*found = !status && docker_owns_any(snapshot_table(snapshot, family, "filter"));
	}
	ops->close(backend);
	snapshot_free(snapshot);
	return status;
}

/* Whether the backend's filter tables hold Docker's chains: 1 or 0; -1 after reporting why not. */
static int holds_docker(const struct backend_ops *ops, unsigned int families)
{
	unsigned int tries = 0;
	bool found;
	int status;

	do
		status = look_for_docker(ops, families, &found);
	while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status ? -1 : found;
}

const struct backend_ops *backend_detect(backend_list backends, unsigned int families)
{
	static const char *const paths[] = {
		IPTABLES_COMMANDS,
	};
	int in_nft = holds_docker(backends[BACKEND_NFT], families);
	int in_legacy = in_nft < 0 ? -1 : holds_docker(backends[BACKEND_LEGACY], families);
	const struct backend_ops *ops;

	/* A backend that cannot be read could be the one in use. */
	if (in_legacy < 0)
		return NULL;
	ops = backends[backend_choose(in_nft, in_legacy, iptables_kind(paths, ARRAY_SIZE(paths)))];
	diag_step(1, "backend %s", backend_kind_name(ops->kind));
	return ops;
}
