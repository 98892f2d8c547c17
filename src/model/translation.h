/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TRANSLATION_H
#define DOCKFW_TRANSLATION_H

#include "proto.h"
#include "proxies.h"
#include "ruleset.h"

/*
 * The DNAT rules of Docker's chains in the nat tables, and which docker-proxy
 * listeners they leave without packets. Pure.
 */

struct translation {
	enum family family;
	uint8_t proto;    /* 0: every protocol */
	struct span port; /* on the host; SPAN_ALL: every port */
	enum { TRANSLATES_ANY_HOST, TRANSLATES_ONE_HOST, TRANSLATES_SOME_HOSTS } hosts;
	addr_t host;      /* for TRANSLATES_ONE_HOST */
	bool has_container;
	addr_t container; /* the first one of a range */
	struct span container_port;
	bool dormant;     /* its table is dormant: it sees no packets */
	const struct table *table; /* the table, chain and rule that it is in */
	const struct chain *chain;
	const struct rule *rule;
	size_t number;    /* of the rule, from 1 */
};

struct translations {
	struct translation *v; /* owned; by family, in the order of their tables */
	size_t n, room;
	/* Owned: pointers into v to those for one port and protocol, sorted by it; to the others. */
	const struct translation **single, **wide;
	size_t nsingle, nwide;
};

/*
 * Reads one rule; the chain and the table that it is in are left open. False if it is not a
 * DNAT rule, is opaque, or its ports are not a single range. Borrows the rule.
 */
bool translation_read(const struct rule *rule, struct translation *translation);
/* Whether it redirects every connection to the proxy's port before the proxy sees it. */
bool translation_covers(const struct translation *translation, const struct proxy *proxy);

/*
 * Collects those of the families (bits 1U << FAMILY_…). Rules that are opaque, or whose
 * ports are not a single range, are left out. Borrows the snapshot; the caller clears
 * the translations.
 */
void translations_collect(const struct snapshot *snapshot, unsigned int families,
			  struct translations *translations);
void translations_clear(struct translations *translations);

/*
 * The translation that redirects every connection to the proxy's port to a container
 * before the proxy sees it: it has the proxy's family, protocol and port, and covers
 * all addresses of the host or exactly the one that the proxy listens on. NULL: the
 * proxy itself answers, and INPUT decides.
 */
const struct translation *translations_covering(const struct translations *translations,
						const struct proxy *proxy);

#endif
