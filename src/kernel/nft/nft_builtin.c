/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_builtin.h"

#include <linux/netfilter.h>
#include <stddef.h>
#include <string.h>

#include "guard_names.h"
#include "util.h"

#define PREROUTING "PREROUTING", NF_INET_PRE_ROUTING
#define INPUT "INPUT", NF_INET_LOCAL_IN
#define FORWARD "FORWARD", NF_INET_FORWARD
#define OUTPUT "OUTPUT", NF_INET_LOCAL_OUT
#define POSTROUTING "POSTROUTING", NF_INET_POST_ROUTING

static const struct nft_builtin builtins[] = {
	{ "filter", INPUT, 0, "filter" },
	{ "filter", FORWARD, 0, "filter" },
	{ "filter", OUTPUT, 0, "filter" },
	{ "nat", PREROUTING, -100, "nat" },
	{ "nat", INPUT, 100, "nat" },
	{ "nat", OUTPUT, -100, "nat" },
	{ "nat", POSTROUTING, 100, "nat" },
	{ "mangle", PREROUTING, -150, "filter" },
	{ "mangle", INPUT, -150, "filter" },
	{ "mangle", FORWARD, -150, "filter" },
	{ "mangle", OUTPUT, -150, "route" },
	{ "mangle", POSTROUTING, -150, "filter" },
	{ "raw", PREROUTING, -300, "filter" },
	{ "raw", OUTPUT, -300, "filter" },
	{ "security", INPUT, 150, "filter" },
	{ "security", FORWARD, 150, "filter" },
	{ "security", OUTPUT, 150, "filter" },
	{ GUARD_TABLE, GUARD_FORWARD, NF_INET_FORWARD, GUARD_PRIORITY, "filter" },
	{ GUARD_TABLE, GUARD_INPUT, NF_INET_LOCAL_IN, GUARD_PRIORITY, "filter" },
	{ GUARD_COPY_TABLE, GUARD_FORWARD, NF_INET_FORWARD, GUARD_COPY_PRIORITY, "filter" },
	{ GUARD_COPY_TABLE, GUARD_INPUT, NF_INET_LOCAL_IN, GUARD_COPY_PRIORITY, "filter" },
};

const struct nft_builtin *nft_builtin(const char *table, const char *chain)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
		if (!strcmp(builtins[i].chain, chain) && !strcmp(builtins[i].table, table))
			return &builtins[i];
	return NULL;
}
