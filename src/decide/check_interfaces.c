/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_interfaces.h"

#include <stdlib.h>
#include <string.h>

#include "proto.h"
#include "rule_bridge.h"
#include "util.h"
#include "xt_match.h"

/* A name that the policy has, and the first place of it. */
struct place {
	const char *name, *file;
	bool in_rule; /* else in a setting */
	bool port;    /* as a port of a bridge, by -m physdev */
	unsigned int line;
	size_t number; /* in the order of the policy */
};

struct places {
	struct place *v; /* owned */
	size_t n, room;
	const char *last; /* the last name: many rules in a row have the same */
};

static void add_place(struct places *places, const struct place *place)
{
	if (places->last && !place->port && !strcmp(places->last, place->name))
		return;
	places->last = place->port ? NULL : place->name;
	GROW(places->v, places->n, places->room);
	places->v[places->n] = *place;
	places->v[places->n].number = places->n;
	places->n++;
}

static int by_name(const void *a, const void *b)
{
	const struct place *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	order = order ? order : left->port - right->port;
	return order ? order : (left->number > right->number) - (left->number < right->number);
}

static int by_number(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

/* Leaves the first of each name and kind, in the order of the policy. */
static void keep_first(struct places *places)
{
	size_t n = 0;

	if (!places->n)
		return;
	qsort(places->v, places->n, sizeof(*places->v), by_name);
	for (size_t i = 0; i < places->n; i++)
		if (!n || strcmp(places->v[n - 1].name, places->v[i].name) ||
		    places->v[n - 1].port != places->v[i].port)
			places->v[n++] = places->v[i];
	places->n = n;
	qsort(places->v, places->n, sizeof(*places->v), by_number);
}

static void find_in_rule(struct places *places, const struct wanted_rule *wanted)
{
	struct place place = { .file = wanted->file, .line = wanted->line, .in_rule = true };
	const struct interface *names[] = { &wanted->rule->in, &wanted->rule->out };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		place.name = names[i]->name;
		if (names[i]->mask[0])
			add_place(places, &place);
	}
	place.port = true;
	for (size_t i = 0; i < wanted->rule->nmatches; i++) {
		struct xt_physdev physdev;

		if (!xt_match_physdev(&wanted->rule->matches[i], &physdev))
			continue;
		place.name = physdev.in.name;
		if (place.name && physdev.in.port.mask[0])
			add_place(places, &place);
		place.name = physdev.out.name;
		if (place.name && physdev.out.port.mask[0])
			add_place(places, &place);
	}
}

/* The caller frees places->v. */
static void find_places(struct places *places, const struct policy *policy)
{
	*places = (struct places){ 0 };
	for (size_t i = 0; i < policy->nnamed; i++) {
		const struct named_interface *named = &policy->named[i];
		struct interface wanted;

		if (interface_set(&wanted, named->name) && wanted.mask[0])
			add_place(places, &(struct place){ .name = named->name, .file = named->file,
							   .line = named->line });
	}
	for (size_t i = 0; i < policy->nchains; i++)
		for (int family = 0; family < FAMILY_COUNT; family++)
			for (size_t k = 0; k < policy->chains[i]->rules[family].n; k++)
				find_in_rule(places, &policy->chains[i]->rules[family].v[k]);
	keep_first(places);
}

bool interfaces_named(const struct policy *policy)
{
	struct places places;

	if (policy_has_both_ends(policy))
		return true;
	find_places(&places, policy);
	free(places.v);
	return places.n > 0;
}

static bool is_pattern(const char *name)
{
	return name[strlen(name) - 1] == '+';
}

/* Adds the bridges to which the addresses of rules belong. */
static void want_bridges(const struct policy *policy, const struct netinfo *net,
			 struct strings *names)
{
	for (size_t c = 0; c < policy->nchains; c++)
		for (int family = 0; family < FAMILY_COUNT; family++) {
			const struct wanted_rules *rules = &policy->chains[c]->rules[family];

			for (size_t i = 0; i < rules->n; i++) {
				const struct netif *bridge = rule_bridge(net, rules->v[i].rule);

				if (bridge && !strings_has(names, bridge->name))
					strings_add(names, bridge->name);
			}
		}
}

void interface_names_wanted(const struct policy *policy, const struct netinfo *net,
			    struct strings *names)
{
	struct places places;

	find_places(&places, policy);
	for (size_t i = 0; i < places.n; i++)
		if (!is_pattern(places.v[i].name) && !strings_has(names, places.v[i].name))
			strings_add(names, places.v[i].name);
	free(places.v);
	if (net)
		want_bridges(policy, net, names);
}

/* ---- names ---- */

static bool is_present(const struct strings *present, const char *text)
{
	struct interface wanted;

	if (!interface_set(&wanted, text))
		return false;
	for (size_t i = 0; i < present->n; i++) {
		char name[IFNAMSIZ] = "";

		memcpy(name, present->v[i], strnlen(present->v[i], sizeof(name)));
		if (interface_matches(&wanted, false, name))
			return true;
	}
	return false;
}

/* Takes ownership of text and hint. */
static void add_fault(struct interface_faults *faults, enum finding_id id, const char *file,
		      unsigned int line, char *text, char *hint)
{
	GROW(faults->v, faults->n, faults->room);
	faults->v[faults->n++] = (struct interface_fault){
		.id = id, .family = FAMILY_COUNT, .file = file, .line = line, .text = text,
		.hint = hint,
	};
}

/* The first publish section that names the interface and none that the host has, or NULL. */
static const struct publish_section *idle_section(const struct policy *policy, const char *name,
						  const struct strings *present)
{
	for (size_t i = 0; i < policy->nsections; i++) {
		const struct publish_section *section = &policy->sections[i];
		bool any = !strings_has(&section->interfaces, name);

		for (size_t k = 0; k < section->interfaces.n && !any; k++)
			any = is_present(present, section->interfaces.v[k]);
		if (!any)
			return section;
	}
	return NULL;
}

/* What to write in place of a name that is hardly one, or NULL. */
static char *written_hint(const struct place *place)
{
	const char *name = place->name;
	size_t length = strlen(name);

	if (strchr(name, ','))
		return xstrdup(place->in_rule ? "; a rule has one interface: write one rule for each"
					     : "; a list is written { \"a\", \"b\" }");
	if (place->in_rule && *name == '!')
		return xstrdup("; a ! comes before -i or -o");
	if (length > 1 && name[length - 1] == '*')
		return xasprintf("; all names that begin so are written '%.*s+'", (int)length - 1, name);
	/* The kernel allows no name with a colon. */
	if (strchr(name, ':') > name)
		return xasprintf("; an alias is an address of its interface: write '%.*s'",
				 (int)strcspn(name, ":"), name);
	return NULL;
}

/* Of the settings that close what comes in from outside, those that do nothing; or NULL. */
static const char *idle_settings(const struct policy *policy, const char *name,
				 const struct strings *present)
{
	bool unlisted = policy->unlisted == UNLISTED_REFUSE, direct = policy->direct == DIRECT_REFUSE;
	bool outside = false;

	for (size_t i = 0; i < policy->outside.n; i++) {
		if (is_present(present, policy->outside.v[i]))
			return NULL;
		outside |= !strcmp(policy->outside.v[i], name);
	}
	if (!outside || (!unlisted && !direct))
		return NULL;
	return !direct ? "unlisted refuses nothing" : !unlisted ? "direct refuses nothing"
	       : "unlisted and direct refuse nothing";
}

/* What to write in its place, or else what does not work because of it. */
static char *missing_hint(const struct policy *policy, const struct place *place,
			  const struct strings *present)
{
	const struct publish_section *idle;
	char *written = written_hint(place);
	const char *settings;

	if (written)
		return written;
	settings = idle_settings(policy, place->name, present);
	if (settings)
		return xasprintf("; without an interface of outside, %s: published ports are as open as Docker makes them",
				 settings);
	idle = idle_section(policy, place->name, present);
	if (!idle)
		return xstrdup("");
	if (idle->last && idle->last != idle->port)
		return xasprintf("; the section for %u-%u/%s limits nothing", idle->port, idle->last,
				 proto_name(idle->proto));
	return xasprintf("; the section for %u/%s limits nothing", idle->port,
			 proto_name(idle->proto));
}

/* What it is a part of, in words; NULL: nothing that would hide its name. */
static const char *part_of(const struct link *link)
{
	static const struct {
		const char *kind, *words;
	} kinds[] = {
		{ "bridge", "a port of the bridge" }, { "bond", "a part of the bond" },
		{ "team", "a part of the team" },
		/* INPUT and FORWARD see its packets as the VRF's (vrf_ip_rcv() in the kernel). */
		{ "vrf", "a part of the VRF" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(link->master_kind, kinds[i].kind) && *link->master)
			return kinds[i].words;
	return NULL;
}

static void judge_name(const struct policy *policy, const struct interface_facts *facts,
		       const struct place *place, struct interface_faults *faults)
{
	const struct link *link = links_find(facts->links, place->name);
	bool present = is_present(facts->present, place->name);
	const char *part = link && !place->port ? part_of(link) : NULL;

	/* The master's name is also what packets of an altname have. */
	if (part)
		add_fault(faults, RULE_NOT_EVALUATED, place->file, place->line,
			  xasprintf("no packet has the interface '%s' in a rule, since it is %s '%s'",
				    place->name, part, link->master),
			  xasprintf("; write '%s'", link->master));
	else if (!present && link)
		add_fault(faults, RULE_NOT_EVALUATED, place->file, place->line,
			  xasprintf("no packet has the interface '%s' in a rule, since it is another name of '%s'",
				    place->name, link->name),
			  xasprintf("; write '%s'", link->name));
	else if (!present)
		add_fault(faults, INTERFACE_MISSING, place->file, place->line,
			  xasprintf("this host has no interface %s'%s'",
				    is_pattern(place->name) ? "that matches " : "", place->name),
			  missing_hint(policy, place, facts->present));
}

/* ---- rules between the ports of one bridge ---- */

/* Whether the bridge is both -i and -o of the rule. */
static bool names_only(const struct rule *rule, const char *bridge)
{
	return rule->in.mask[0] && !(rule->invert & (INV_IN | INV_OUT)) &&
	       !is_pattern(rule->in.name) && !memcmp(&rule->in, &rule->out, sizeof(rule->in)) &&
	       !strcmp(rule->in.name, bridge);
}

/* The bridge that both ends of the rule are on, if it keeps its packets from netfilter; or NULL. */
static const struct link *silent_bridge(const struct rule *rule, enum family family,
					const struct interface_facts *facts)
{
	const struct netif *bridge = facts->net ? rule_bridge(facts->net, rule) : NULL;
	const struct links *links = facts->links;
	const char *name = bridge ? bridge->name : rule->in.name;
	const struct link *link = *name ? links_find(links, name) : NULL;

	if (!link || !link->bridge || strcmp(link->name, name) || (!bridge && !names_only(rule, name)))
		return NULL;
	return !link->calls[family] && !links->calls[family] ? link : NULL;
}

/* Adds the fault of the bridge, whose first rule this is; n is the number of its rules. */
static void add_silent(struct interface_faults *faults, const struct links *links,
		       const struct link *bridge, enum family family,
		       const struct wanted_rule *first, size_t n)
{
	const char *setting = family == FAMILY_IPV4 ? "bridge-nf-call-iptables"
						    : "bridge-nf-call-ip6tables";
	char *more = n > 1 ? xasprintf(" and %zu more do", n - 1) : xstrdup(" does");
	char *why = links->loaded ? xasprintf("net.bridge.%s is 0; set it to 1", setting)
				  : xasprintf("the module br_netfilter is not loaded; load it, and set net.bridge.%s to 1",
					      setting);

	add_fault(faults, RULE_NOT_EVALUATED, first->file, first->line,
		  xasprintf("'%s'%s not see packets that the bridge '%s' passes between its ports",
			    first->text, more, bridge->name),
		  xasprintf(": %s if it should", why));
	faults->v[faults->n - 1].family = family;
	free(more);
	free(why);
}

static void judge_bridge(const struct policy *policy, const struct interface_facts *facts,
			 const struct link *bridge, enum family family,
			 struct interface_faults *faults)
{
	const struct wanted_rule *first = NULL;
	size_t n = 0;

	for (size_t c = 0; c < policy->nchains; c++) {
		const struct wanted_rules *rules = &policy->chains[c]->rules[family];

		for (size_t i = 0; i < rules->n; i++) {
			if (silent_bridge(rules->v[i].rule, family, facts) != bridge)
				continue;
			first = first ? first : &rules->v[i];
			n++;
		}
	}
	if (n)
		add_silent(faults, facts->links, bridge, family, first, n);
}

void interfaces_judge(const struct policy *policy, const struct interface_facts *facts,
		      struct interface_faults *faults)
{
	struct places places;

	*faults = (struct interface_faults){ 0 };
	find_places(&places, policy);
	for (size_t i = 0; i < places.n; i++)
		judge_name(policy, facts, &places.v[i], faults);
	free(places.v);
	for (size_t i = 0; i < facts->links->n; i++)
		for (int family = 0; family < FAMILY_COUNT; family++)
			if (facts->links->v[i].bridge && facts->families & 1U << family)
				judge_bridge(policy, facts, &facts->links->v[i],
					     (enum family)family, faults);
}

void interface_faults_clear(struct interface_faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		free(faults->v[i].text);
		free(faults->v[i].hint);
	}
	free(faults->v);
	*faults = (struct interface_faults){ 0 };
}

void check_interfaces(const struct policy *policy, const struct interface_facts *facts,
		      struct findings *findings)
{
	struct interface_faults faults;

	interfaces_judge(policy, facts, &faults);
	for (size_t i = 0; i < faults.n; i++)
		findings_add(findings, faults.v[i].id, SEVERITY_WARNING, faults.v[i].family,
			     xasprintf("%s (%s:%u)%s", faults.v[i].text, faults.v[i].file,
				       faults.v[i].line, faults.v[i].hint));
	interface_faults_clear(&faults);
}
