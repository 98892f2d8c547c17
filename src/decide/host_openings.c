/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_openings.h"

#include <stdlib.h>

#include "host_firewall.h"
#include "proto.h"
#include "text.h"
#include "world.h"

#define PORTS_NAMED 8

struct host_openings {
	struct openings openings;
	struct opening_doubts doubts;
};

struct host_openings *host_openings(const struct policy *policy, const struct host_facts *facts)
{
	const struct world world = { .snapshot = facts->snapshot, .guard = facts->guard,
				     .others = facts->others, .info = facts->info,
				     .sets = facts->sets };
	struct host_openings *host = xcalloc(1, sizeof(*host));

	if (!openings_compute(policy, &world, &host->openings, &host->doubts))
		return host;
	host_openings_free(host);
	return NULL;
}

const struct openings *host_openings_of(const struct host_openings *host)
{
	return host ? &host->openings : NULL;
}

void host_openings_free(struct host_openings *host)
{
	if (!host)
		return;
	openings_clear(&host->openings);
	opening_doubts_clear(&host->doubts);
	free(host);
}

/* "80/tcp, 8000-8010/tcp and 3 more". */
char *host_ports_text(const struct addrset *ports, uint8_t proto)
{
	struct text text;

	text_open(&text);
	for (size_t i = 0; i < ports->n && i < PORTS_NAMED; i++) {
		const struct addrrange *range = &ports->v[i];

		fprintf(text.out, "%s%u", i ? ", " : "", (unsigned int)range->lo);
		if (range->hi > range->lo)
			fprintf(text.out, "-%u", (unsigned int)range->hi);
		fprintf(text.out, "/%s", proto_name(proto));
	}
	if (ports->n > PORTS_NAMED)
		fprintf(text.out, " and %zu more", ports->n - PORTS_NAMED);
	return text_take(&text);
}

char *host_decider_text(const struct decider *by)
{
	if (by->reason)
		return xstrdup(by->reason);
	if (by->number)
		return xasprintf("rule %zu of the chain %s (table %s)", by->number, by->chain,
				 by->table);
	return xasprintf("the chain %s (table %s)", by->chain, by->table);
}

void check_host_openings(const struct policy *policy, const struct host_openings *host,
			 struct findings *findings)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (host->openings.unfiltered & host->openings.published & 1U << family)
			findings_add(findings, HOST_FIREWALL_ABSENT, SEVERITY_WARNING, (enum family)family,
				     xasprintf("nothing filters INPUT, so published ports that follow the "
					       "host's own firewall are %s",
					       policy->on_error == ON_ERROR_CLOSE
						       ? "closed (on-error = \"close\")"
						       : "open to everyone"));
	for (size_t i = 0; i < host->doubts.n; i++) {
		const struct opening_doubt *doubt = &host->doubts.v[i];
		char *ports = host_ports_text(&doubt->ports, doubt->proto);
		char *by = host_decider_text(&doubt->by);

		findings_add(findings, HOST_FIREWALL_UNCLEAR, SEVERITY_WARNING, doubt->family,
			     xasprintf("%s: whom the host's firewall lets in is not known for all sources; "
				       "the others stay closed: %s", ports, by));
		free(ports);
		free(by);
	}
}
