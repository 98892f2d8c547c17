/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snapshot_read.h"

int snapshot_read_once(struct backend *backend, const struct policy *policy,
		       const char *const *tables, chain_selector *next, struct snapshot **result)
{
	struct snapshot *snapshot = snapshot_new(backend->ops->kind);
	struct table *table;
	struct chain *chain;
	int status = BACKEND_OK;

	for (int family = 0; family < FAMILY_COUNT && !status; family++)
		for (size_t t = 0; tables[t] && !status; t++)
			if (policy->families & (1U << family))
				status = backend->ops->read_table(backend, snapshot,
								  (enum family)family, tables[t]);
	while (!status && (chain = next(policy, snapshot, &table)))
		status = backend->ops->read_chain(backend, snapshot, table, chain);
	if (!status)
		status = backend->ops->verify(backend, snapshot);
	if (status) {
		snapshot_free(snapshot);
		return status;
	}
	*result = snapshot;
	return BACKEND_OK;
}

int snapshot_read(const struct backend_ops *ops, const struct policy *policy,
		  const char *const *tables, chain_selector *next, struct snapshot **snapshot)
{
	unsigned int tries = 0;
	int status;

	do {
		struct backend *backend = ops->open(false);

		if (!backend)
			return -1;
		status = snapshot_read_once(backend, policy, tables, next, snapshot);
		ops->close(backend);
	} while (status == BACKEND_CHANGED && backend_try_again(&tries));
	return status ? -1 : 0;
}
