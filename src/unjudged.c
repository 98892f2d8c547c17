/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unjudged.h"

#include <stdlib.h>

#include "check_docker.h"
#include "check_elsewhere.h"
#include "check_families.h"
#include "check_hidden.h"
#include "diag.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "docker_ports_unread.h"
#include "dockerd_find.h"
#include "report_findings.h"
#include "util.h"

int unjudged_read(struct unjudged *unjudged, const struct policy *policy)
{
	struct docker_elsewhere elsewhere;

	*unjudged = (struct unjudged){ 0 };
	if (docker_elsewhere_find(&elsewhere))
		return -1;
	unjudged->elsewhere = elsewhere_text(&elsewhere);
	if (elsewhere.hidden && !report_ignores(policy, PROCESSES_HIDDEN))
		strings_take(&unjudged->docker, hidden_text(true));
	return 0;
}

/* Those of a check that the policy does not ignore. */
static void add_findings(struct unjudged *unjudged, const struct policy *policy,
			 const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->v[i];
		char *text;

		if (report_ignores(policy, finding->id))
			continue;
		text = finding->id != FAMILY_LEFT_OUT
			? xasprintf("%s: %s", family_title(finding->family), finding->message)
			: xasprintf("%s is not looked at: %s", family_title(finding->family),
				    finding->message);
		strings_take(&unjudged->docker, text);
	}
}

/* Whether Docker has its own tables, of either family, whatever the backend. */
static bool is_native(const struct world *world)
{
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (docker_has_nftables(world->snapshot, (enum family)family))
			return true;
	for (size_t t = 0; t < world->others->ntables; t++)
		if (world->others->tables[t].docker)
			return true;
	return false;
}

/* Whether Docker's chains are in the backend that was not chosen. */
static bool is_elsewhere(const struct world *world)
{
	for (size_t c = 0; c < world->others->nchains; c++)
		if (docker_owns_chain(world->others->chains[c].name))
			return true;
	return false;
}

/* By one of dockerd's own names, or by what docker-proxy leads to. */
static bool knows_bridge(const struct world *world)
{
	for (size_t i = 0; i < world->info->nifs; i++)
		if (world->info->ifs[i].bridge && docker_names_bridge(world->info->ifs[i].name))
			return true;
	return world->proxies->n > 0;
}

/* Docker's rules name its networks. */
static void check_rules(struct unjudged *unjudged, const struct policy *policy,
			const struct world *world, const struct dockerd *dockerd,
			struct findings *findings)
{
	struct policy told = *policy;

	if (!dockerd->running || is_native(world))
		return;
	told.docker.firewall = dockerd->firewall;
	told.docker.elsewhere = policy->backend != CHOICE_AUTO && is_elsewhere(world);
	check_docker(&told, world->snapshot, dockerd, findings);
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (docker_has_chains(world->snapshot, (enum family)family))
			return;
	if (!findings->n && !knows_bridge(world))
		strings_add(&unjudged->docker, "dockerd runs without chains that name its bridges, and "
			    "none has a name of Docker's: its networks are not known");
}

/* A packet with a source route has its last destination only after FORWARD: none is followed. */
static void check_source_routes(struct unjudged *unjudged, const struct policy *policy,
				const struct world *world)
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < world->info->nifs; i++) {
		const struct netif *iface = &world->info->ifs[i];

		if (!iface->source_route || !iface->forwards[FAMILY_IPV4] || iface->loopback ||
		    iface->port || !iface->up)
			continue;
		first = n++ ? first : iface->name;
	}
	if (n && policy->families & 1U << FAMILY_IPV4)
		strings_take(&unjudged->docker, xasprintf(
			"packets with an IPv4 source route are not judged, which %s%s takes: set "
			"net.ipv4.conf.all.accept_source_route to 0", first,
			n > 1 ? ", among others," : ""));
}

int unjudged_docker(struct unjudged *unjudged, const struct policy *policy,
		    const struct world *world)
{
	struct findings findings = { 0 };
	struct dockerd dockerd = { 0 };
	size_t warned = unjudged->docker.n;
	int status = dockerd_find(&dockerd);

	if (!status) {
		check_rules(unjudged, policy, world, &dockerd, &findings);
		check_families(policy, &findings);
		check_proxied_families(policy, world->proxies, &findings);
		add_findings(unjudged, policy, &findings);
		docker_ports_unread(world, policy->families, &unjudged->docker);
	}
	check_source_routes(unjudged, policy, world);
	for (size_t i = warned; i < unjudged->docker.n; i++)
		diag_warning("%s", unjudged->docker.v[i]);
	findings_clear(&findings);
	dockerd_clear(&dockerd);
	return status;
}

void unjudged_clear(struct unjudged *unjudged)
{
	free(unjudged->elsewhere);
	strings_clear(&unjudged->docker);
	*unjudged = (struct unjudged){ 0 };
}

void unjudged_warn(const struct unjudged *unjudged)
{
	if (unjudged->elsewhere)
		diag_warning("%s", unjudged->elsewhere);
	for (size_t i = 0; i < unjudged->docker.n; i++)
		diag_warning("%s", unjudged->docker.v[i]);
}

json_t *unjudged_json(const struct unjudged *unjudged)
{
	json_t *array = json_made(json_array());

	if (unjudged->elsewhere)
		json_append_checked(array, json_text(unjudged->elsewhere));
	for (size_t i = 0; i < unjudged->docker.n; i++)
		json_append_checked(array, json_text(unjudged->docker.v[i]));
	return array;
}
