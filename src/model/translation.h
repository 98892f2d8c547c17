/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TRANSLATION_H
#define DOCKFW_TRANSLATION_H

#include "proto.h"
#include "proxies.h"
#include "ruleset.h"

/*
 * What Docker translates: the DNAT rules of its chains in the nat tables, and
 * which of its listeners they leave nothing to. Pure.
 */

struct translation {
	enum family family;
	uint8_t proto;    /* 0: of every one */
	struct span port; /* on the host; SPAN_ALL: every one */
	enum { TRANSLATES_ANY_HOST, TRANSLATES_ONE_HOST, TRANSLATES_SOME_HOSTS } hosts;
	addr_t host;      /* of TRANSLATES_ONE_HOST */
	bool has_container;
	addr_t container; /* the first one, where it has several */
	struct span container_port;
	bool dormant;     /* its table is: nothing comes there */
	const struct table *table; /* where it stands */
	const struct chain *chain;
	const struct rule *rule;
	size_t number;    /* of the rule, from 1 */
};

struct translations {
	struct translation *v; /* owned; by family, as they stand in their tables */
	size_t n, room;
	/* Owned: of v, those for one port and protocol, sorted by that, and the others. */
	const struct translation **single, **wide;
	size_t nsingle, nwide;
};

/*
 * Those of the families given (bits 1U << FAMILY_…). Rules that are opaque, or for
 * no single span of ports, are left out. Borrows the snapshot; the caller clears it.
 */
void translations_collect(const struct snapshot *snapshot, unsigned int families,
			  struct translations *translations);
void translations_clear(struct translations *translations);

/*
 * The translation that takes every connection to the proxy's port to a container
 * before the proxy sees it: of its family, protocol and port, and for all of the
 * host's addresses or for just the one that the proxy listens on. NULL: the proxy
 * answers itself, and INPUT decides.
 */
const struct translation *translations_covering(const struct translations *translations,
						const struct proxy *proxy);

#endif
