/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure_texts.h"

#include <stdlib.h>

const struct decider *way_decider(const struct exposed_way *way, enum family family)
{
	static const struct decider none = { .reason = "" };

	if (addrset_is_world(way->open, family) && way->has_open_by)
		return &way->open_by;
	if (way->maybe->n && way->has_doubt)
		return &way->doubt;
	if (way->has_closed_by)
		return &way->closed_by;
	return way->has_open_by ? &way->open_by : &none;
}

enum openness way_openness(const struct exposed_way *way, enum family family)
{
	if (addrset_is_world(way->open, family))
		return OPEN_ALL;
	if (way->maybe->n)
		return OPEN_MAYBE;
	return way->open->n ? OPEN_SOME : OPEN_NOBODY;
}

int report_exposure_rules(const struct exposure_list *list, struct named_rules *texts)
{
	*texts = (struct named_rules){ 0 };
	for (size_t i = 0; i < list->n; i++) {
		const struct exposure *exposure = &list->v[i];

		named_rules_add(texts, exposure->by.rule);
		named_rules_add(texts, exposure->dnat.rule);
		for (size_t k = 0; k < exposure->nways; k++) {
			named_rules_add(texts, exposure->ways[k].open_by.rule);
			named_rules_add(texts, exposure->ways[k].closed_by.rule);
			named_rules_add(texts, exposure->ways[k].doubt.rule);
			named_rules_add(texts, exposure->ways[k].host_by.rule);
		}
	}
	return named_rules_make(texts);
}

static char *span_text(struct span span)
{
	return span.lo == span.hi ? xasprintf("%u", span.lo)
				  : xasprintf("%u-%u", span.lo, span.hi);
}

/* "198.51.100.10:80", or of several addresses "203.0.113.64/26:80". */
static char *hosts_text(enum family family, struct addrrange at, struct span port)
{
	char *host = addrrange_text(family, at), *number = span_text(port);
	char *text = xasprintf(family == FAMILY_IPV6 ? "[%s]:%s" : "%s:%s", host, number);

	free(host);
	free(number);
	return text;
}

/* "172.17.0.0/16:*": a network, with any port. */
static char *network_text(const struct exposure *exposure)
{
	unsigned int width = exposure->family == FAMILY_IPV4 ? 32 : 128;
	bool every = span_equal(exposure->port, SPAN_ALL), one = exposure->length == width;
	char text[INET6_ADDRSTRLEN], *port = every ? xstrdup("*") : span_text(exposure->port);
	char *length = one ? xstrdup("") : xasprintf("/%u", exposure->length), *place;

	addr_text(exposure->family, exposure->network, text);
	place = xasprintf(exposure->family == FAMILY_IPV6 ? "[%s%s]:%s" : "%s%s:%s", text, length,
			  port);
	free(length);
	free(port);
	return place;
}

char *port_text(const struct exposure *exposure, size_t host)
{
	const char *proto = exposure->proto ? proto_name(exposure->proto) : "*";
	struct addrrange at = { 0 };
	char *place, *text;

	if (!exposure->any_host && exposure->nhosts)
		at = exposure->hosts[host];
	place = exposure->length ? network_text(exposure)
				 : hosts_text(exposure->family, at, exposure->port);
	text = xasprintf("%s/%s", place, proto);
	free(place);
	return text;
}

char *container_text(const struct exposure *exposure)
{
	struct addrrange at = { exposure->container, exposure->container + exposure->container_more };

	return exposure->length ? network_text(exposure)
	       : hosts_text(exposure->container_family, at, exposure->container_port);
}

char *join_texts(char *left, const char *between, char *right)
{
	char *both = xasprintf("%s%s%s", left, between, right);

	free(left);
	free(right);
	return both;
}

char *interfaces_text(const struct exposed_way *way, size_t most)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < way->nifs; i++) {
		if (most && i == most)
			return join_texts(text, "", xasprintf(" +%zu", way->nifs - most));
		text = join_texts(text, i ? "," : "", xstrdup(way->ifs[i]->name));
	}
	return text;
}
