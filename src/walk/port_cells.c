/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port_cells.h"

#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_set.h>
#include <stdlib.h>
#include <string.h>

#include "xt_match.h"

#define PORTS 65536U

static void cut(struct port_cells *cells, unsigned int lo, unsigned int hi)
{
	cells->begins[lo] = true;
	if (hi + 1 < PORTS)
		cells->begins[hi + 1] = true;
}

static void cut_multiport(struct port_cells *cells, const struct ext *ext)
{
	struct xt_multiport_v1 ports;

	if (!ext_is(ext, "multiport", 1) || !ext_get(ext, &ports, sizeof(ports)) ||
	    ports.count > XT_MULTI_PORTS)
		return;
	for (size_t i = 0; i < ports.count; i++) {
		uint16_t lo = ports.ports[i], hi = lo;

		if (ports.pflags[i] && i + 1 < ports.count)
			hi = ports.ports[++i];
		if (lo <= hi)
			cut(cells, lo, hi);
	}
}

static void cut_set(struct port_cells *cells, const struct ext *ext, const struct ipsets *sets)
{
	struct xt_set_info info;
	const struct ipset *set;

	if (!sets || strcmp(ext->name, "set") || !ext->revision || ext->size < sizeof(info))
		return;
	memcpy(&info, ext->data, sizeof(info));
	set = ipsets_find(sets, info.index);
	for (size_t i = 0; set && i < set->n; i++)
		if (set->v[i].port.lo <= set->v[i].port.hi)
			cut(cells, set->v[i].port.lo, set->v[i].port.hi);
}

static void cut_rule(struct port_cells *cells, const struct rule *rule, const struct ipsets *sets)
{
	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *ext = &rule->matches[i];
		struct xt_conntrack_mtinfo3 info;
		struct xt_ports ports;

		if (xt_match_ports(ext, &ports) && ports.dest.lo <= ports.dest.hi)
			cut(cells, ports.dest.lo, ports.dest.hi);
		if (xt_match_conntrack(ext, &info) && info.match_flags & XT_CONNTRACK_ORIGDST_PORT &&
		    info.origdst_port <= info.origdst_port_high)
			cut(cells, info.origdst_port, info.origdst_port_high);
		cut_multiport(cells, ext);
		cut_set(cells, ext, sets);
	}
}

/* Conditions on more values at once than this are not looked at one by one. */
#define VALUES_MAX 100000

static void cut_native(struct port_cells *cells, const struct other_rule *rule)
{
	for (size_t t = 0; t < rule->ntests; t++) {
		const struct other_test *test = &rule->tests[t];
		size_t n = other_test_count(test);

		for (size_t k = 0; k < test->nkeys && n <= VALUES_MAX; k++) {
			enum other_field field = other_test_key(test, k)->field;

			if (field != FIELD_DPORT && field != FIELD_ORIG_DPORT)
				continue;
			for (size_t i = 0; i < n; i++) {
				struct addrrange range = other_test_range(test, i, k);

				if (range.lo <= range.hi && range.lo < PORTS)
					cut(cells, (unsigned int)range.lo,
					    range.hi < PORTS ? (unsigned int)range.hi : PORTS - 1);
			}
		}
	}
}

void port_cells_find(const struct chain_index *index, struct port_cells *cells)
{
	cells->begins = xcalloc(PORTS, sizeof(*cells->begins));
	for (size_t t = 0; t < index->n; t++) {
		const struct table *table = index->tables[t].table;

		for (size_t c = 0; c < table->nchains; c++)
			for (size_t i = 0; i < table->chains[c]->nrules; i++)
				cut_rule(cells, table->chains[c]->rules[i], index->sets);
	}
	for (size_t c = 0; index->filters && c < index->filters->nchains; c++) {
		const struct other_chain *chain = &index->filters->chains[c];

		for (size_t i = 0; i < chain->n; i++) {
			if (chain->v[i].xt)
				cut_rule(cells, chain->v[i].xt, index->sets);
			cut_native(cells, &chain->v[i]);
		}
	}
}

void port_cells_clear(struct port_cells *cells)
{
	free(cells->begins);
	*cells = (struct port_cells){ 0 };
}

bool port_cells_next(const struct port_cells *cells, const struct addrset *ports, unsigned int from,
		     struct span *span)
{
	unsigned int at = from;

	while (at < PORTS && !addrset_has(ports, at))
		at++;
	if (at >= PORTS)
		return false;
	*span = (struct span){ (uint16_t)at, (uint16_t)at };
	while (++at < PORTS && !cells->begins[at])
		if (addrset_has(ports, at))
			span->hi = (uint16_t)at;
	return true;
}
