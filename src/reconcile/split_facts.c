/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "split_facts.h"

#include "check_split.h"
#include "netinfo_read.h"
#include "read_set.h"
#include "snapshot_read.h"

/* An open backend holds the lock of legacy tables: it cannot be opened a second time. */
static int read_bridges(const struct session *session, struct backend *backend,
			struct split_known *known)
{
	static const char *const tables[] = { "filter", NULL };

	if (!backend)
		return snapshot_read(session->ops, session->policy, tables, select_bridges,
				     &known->docker);
	/* If the tables have just changed, the write after this is tried again anyway. */
	if (snapshot_read_once(backend, session->policy, tables, select_bridges, &known->docker))
		known->docker = NULL;
	return 0;
}

int split_known_read(const struct session *session, struct backend *backend,
		     const struct snapshot *snapshot, const struct snapshot *other,
		     struct split_known *known)
{
	if (!check_split_needs_facts(session->policy, snapshot, other))
		return 0;
	if (read_bridges(session, backend, known) || netinfo_read(&known->net))
		return -1;
	known->has_net = true;
	return 0;
}

struct split_facts split_known_facts(const struct split_known *known)
{
	return (struct split_facts){
		.net = known->has_net ? &known->net : NULL, .docker = known->docker,
	};
}

void split_known_clear(struct split_known *known)
{
	netinfo_clear(&known->net);
	snapshot_free(known->docker);
	*known = (struct split_known){ 0 };
}
