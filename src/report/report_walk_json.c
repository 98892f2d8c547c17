/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exposure_texts.h"
#include "report_exposure.h"
#include "report_trace.h"

#include <stdlib.h>
#include <string.h>

static json_t *number(size_t n)
{
	return json_made(json_integer((json_int_t)n));
}

static json_t *boolean(bool value)
{
	return json_made(value ? json_true() : json_false());
}

static json_t *decider_json(const struct named_rules *texts, const struct decider *by)
{
	json_t *object = json_made(json_object());
	char *text = by->number ? decider_rule_text(texts, by) : NULL;

	json_set_checked(object, "table", json_text(by->chain ? by->table : NULL));
	json_set_checked(object, "chain", json_text(by->chain));
	json_set_checked(object, "rule", by->number ? number(by->number) : json_null());
	if (by->number)
		json_set_checked(object, "text", json_text(text));
	else if (by->chain && !by->reason)
		json_set_checked(object, "text",
				 json_text(by->policy == VERDICT_DROP ? "policy DROP" : "policy ACCEPT"));
	else
		json_set_checked(object, "text", json_null());
	json_set_checked(object, "reason", json_text(by->reason));
	free(text);
	return object;
}

static json_t *address_json(enum family family, addr_t addr)
{
	char text[INET6_ADDRSTRLEN];

	return json_text(addr_text(family, addr, text));
}

static void set_port(json_t *object, struct span port)
{
	json_set_checked(object, "port", number(port.lo));
	if (port.lo != port.hi)
		json_set_checked(object, "port_end", number(port.hi));
}

/* The JSON of a set, made once: many ports share one set and thus its JSON. */
struct set_json {
	const struct addrset *set;
	json_t *json;
};

struct set_cache {
	const struct exposure_list *list;
	struct set_json *v;
	size_t n, room; /* room: a power of two */
};

static struct set_json *cache_slot(const struct set_cache *cache, const struct addrset *set)
{
	size_t i = ((uintptr_t)set >> 4) * 2654435761u & (cache->room - 1);

	while (cache->v[i].set && cache->v[i].set != set)
		i = (i + 1) & (cache->room - 1);
	return &cache->v[i];
}

static json_t *set_json(struct set_cache *cache, const struct addrset *set, enum family family)
{
	struct strings names = { 0 };
	struct set_json *slot;

	if (2 * cache->n >= cache->room) {
		struct set_cache grown = { .list = cache->list, .n = cache->n,
					   .room = cache->room ? 2 * cache->room : 64 };

		grown.v = xcalloc(grown.room, sizeof(*grown.v));
		for (size_t i = 0; i < cache->room; i++)
			if (cache->v[i].set)
				*cache_slot(&grown, cache->v[i].set) = cache->v[i];
		free(cache->v);
		*cache = grown;
	}
	slot = cache_slot(cache, set);
	if (!slot->set) {
		slot->set = set;
		slot->json = json_made(json_array());
		cache->n++;
		exposure_texts(cache->list, set, family, &names);
		for (size_t i = 0; i < names.n; i++)
			json_append_checked(slot->json, json_text(names.v[i]));
		strings_clear(&names);
	}
	return json_incref(slot->json);
}

static void cache_clear(struct set_cache *cache)
{
	for (size_t i = 0; i < cache->room; i++)
		json_decref(cache->v[i].json);
	free(cache->v);
}

static json_t *way_json(const struct exposed_way *way, enum family family,
			struct set_cache *cache, const struct named_rules *texts)
{
	json_t *object = json_made(json_object()), *names = json_made(json_array());
	struct addrset rest = { 0 };

	for (size_t i = 0; i < way->nifs; i++)
		json_append_checked(names, json_text(way->ifs[i]->name));
	json_set_checked(object, "interfaces", names);
	json_set_checked(object, "outside", boolean(way->outside));
	json_set_checked(object, "allowed", boolean(way->allowed));
	json_set_checked(object, "open", set_json(cache, way->open, family));
	json_set_checked(object, "maybe", set_json(cache, way->maybe, family));
	exposure_shut_out(cache->list, family, way, &rest);
	json_set_checked(object, "everyone",
			 boolean(!rest.n && !way->unread && addrset_is_world(way->open, family)));
	addrset_clear(&rest);
	json_set_checked(object, "unread_set", json_text(way->unread ? way->unread->name : NULL));
	json_set_checked(object, "by_invalid", boolean(way->by_invalid));
	json_set_checked(object, "opened_by",
			 way->has_open_by ? decider_json(texts, &way->open_by) : json_null());
	json_set_checked(object, "closed_by",
			 way->has_closed_by ? decider_json(texts, &way->closed_by) : json_null());
	json_set_checked(object, "undecided_by",
			 way->has_doubt ? decider_json(texts, &way->doubt) : json_null());
	json_set_checked(object, "host_firewall",
			 way->has_host ? decider_json(texts, &way->host_by) : json_null());
	return object;
}

/* An address or a prefix. */
static json_t *range_json(enum family family, struct addrrange range)
{
	char *text = addrrange_text(family, range);
	json_t *object = json_text(text);

	free(text);
	return object;
}

/* "172.17.0.0/16": an address without a length is one host. */
static json_t *network_json(const struct exposure *exposure)
{
	char text[INET6_ADDRSTRLEN], *both;
	json_t *json;

	addr_text(exposure->family, exposure->network, text);
	both = xasprintf("%s/%u", text, exposure->length);
	json = json_text(both);
	free(both);
	return json;
}

/* Ports and addresses: null for any port. */
static void set_place(json_t *object, const struct exposure *exposure, struct span port)
{
	if (exposure->length && span_equal(port, SPAN_ALL))
		json_set_checked(object, "port", json_null());
	else
		set_port(object, port);
}

static json_t *exposure_json(const struct exposure *exposure, struct set_cache *cache,
			     const struct named_rules *texts)
{
	struct addrrange container = { exposure->container,
				       exposure->container + exposure->container_more };
	json_t *object = json_made(json_object()), *list;

	json_set_checked(object, "family", json_text(family_name(exposure->family)));
	json_set_checked(object, "protocol",
			 json_text(exposure->proto ? proto_name(exposure->proto) : NULL));
	if (exposure->length) {
		list = json_made(json_array());
		json_append_checked(list, network_json(exposure));
		json_set_checked(object, "host", list);
	} else if (exposure->any_host || !exposure->nhosts) {
		json_set_checked(object, "host", json_null());
	} else {
		list = json_made(json_array());
		for (size_t i = 0; i < exposure->nhosts; i++)
			json_append_checked(list, range_json(exposure->family, exposure->hosts[i]));
		json_set_checked(object, "host", list);
	}
	set_place(object, exposure, exposure->port);
	list = json_made(json_object());
	json_set_checked(list, "family", json_text(family_name(exposure->container_family)));
	json_set_checked(list, "address", exposure->length
						  ? network_json(exposure)
						  : range_json(exposure->container_family, container));
	set_place(list, exposure, exposure->container_port);
	json_set_checked(object, "container", list);
	json_set_checked(object, "network", json_text(*exposure->bridge ? exposure->bridge : NULL));
	json_set_checked(object, "answers", json_text(answers_name(exposure->answers)));
	json_set_checked(object, "openness", json_text(openness_name(exposure->openness)));
	json_set_checked(object, "nearby", boolean(exposure->nearby));
	json_set_checked(object, "allowed", boolean(exposure->allowed));
	json_set_checked(object, "counts", json_text(exposure->unallowed == OPEN_NOBODY
							     ? NULL
							     : openness_name(exposure->unallowed)));
	json_set_checked(object, "translation",
			 exposure->has_dnat ? decider_json(texts, &exposure->dnat) : json_null());
	json_set_checked(object, "decided_by", decider_json(texts, &exposure->by));
	list = json_made(json_array());
	for (size_t i = 0; i < exposure->nways; i++)
		json_append_checked(list, way_json(&exposure->ways[i], exposure->family, cache,
						   texts));
	json_set_checked(object, "ways", list);
	return object;
}

json_t *report_exposure_json(const struct exposure_list *list)
{
	struct set_cache cache = { .list = list };
	struct named_rules texts;
	json_t *array = NULL;

	if (!report_exposure_rules(list, &texts)) {
		array = json_made(json_array());
		for (size_t i = 0; i < list->n; i++)
			json_append_checked(array, exposure_json(&list->v[i], &cache, &texts));
	}
	cache_clear(&cache);
	named_rules_clear(&texts);
	return array;
}

static json_t *step_json(const struct step *step, const struct named_rules *texts)
{
	static const char *const kinds[] = {
		[STEP_HOOK] = "chain", [STEP_RULE] = "rule", [STEP_END] = "end", [STEP_SAME] = "same",
		[STEP_POLICY] = "policy", [STEP_CHANGE] = "change", [STEP_ROUTE] = "route",
		[STEP_WAY] = "way",
	};
	static const char *const answers[] = {
		[ANSWER_NO] = "no", [ANSWER_MAYBE] = "maybe", [ANSWER_YES] = "yes",
	};
	json_t *object = json_made(json_object()), *at;

	json_set_checked(object, "step", json_text(kinds[step->kind]));
	json_set_checked(object, "depth", number(step->depth));
	if (step->at.chain) {
		at = decider_json(texts, &step->at);
		/* Where a chain is entered or left, its policy has not decided yet, if it has one. */
		if (!step->at.number && step->kind != STEP_POLICY)
			json_set_checked(at, "text", json_null());
		json_set_checked(object, "at", at);
	}
	if (step->kind == STEP_RULE)
		json_set_checked(object, "matches", json_text(answers[step->answer]));
	if (step->text)
		json_set_checked(object, "text", json_text(step->text));
	return object;
}

static json_t *packet_json(const struct packet *packet)
{
	json_t *object = json_made(json_object());

	json_set_checked(object, "family", json_text(family_name(packet->family)));
	json_set_checked(object, "in", json_text(packet->in));
	json_set_checked(object, "out", json_text(*packet->out ? packet->out : NULL));
	json_set_checked(object, "protocol", json_text(proto_name(packet->proto)));
	json_set_checked(object, "to", packet->dst.lo == packet->dst.hi
					       ? address_json(packet->family, packet->dst.lo)
					       : json_null());
	if (proto_has_ports(packet->proto))
		set_port(object, packet->dport);
	return object;
}

static void add_endings(json_t *ends, const struct trace *trace, const struct named_rules *texts)
{
	const struct fate *fate = &trace->fate;
	const struct {
		const struct flows *flows;
		const struct ending *ending;
		enum trace_verdict verdict;
	} all[] = {
		{ &fate->forwarded, NULL, TRACE_FORWARDED }, { &fate->local, NULL, TRACE_LOCAL },
		{ NULL, &fate->dropped, TRACE_DROPPED }, { NULL, &fate->refused, TRACE_REFUSED },
		{ NULL, &fate->lost, TRACE_LOST },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		size_t n = all[i].flows ? all[i].flows->n : all[i].ending->set.n;

		for (size_t k = 0; k < n; k++) {
			const struct flow *flow = all[i].flows ? &all[i].flows->v[k] : NULL;
			const struct decider *by = all[i].flows ? &flow->by : &all[i].ending->by;
			json_t *object = json_made(json_object());

			json_set_checked(object, "verdict",
					 json_text(trace_verdict_name(all[i].verdict)));
			json_set_checked(object, "decided_by", decider_json(texts, by));
			json_set_checked(object, "packet",
					 flow ? packet_json(&flow->packet) : json_null());
			json_append_checked(ends, object);
		}
	}
}

json_t *report_trace_json(const struct trace *trace)
{
	json_t *object = NULL, *packet, *list;
	struct named_rules texts;

	if (report_trace_rules(trace, &texts))
		goto out;
	object = json_made(json_object());
	packet = packet_json(&trace->packet);
	json_set_checked(packet, "from", address_json(trace->packet.family, trace->src));
	json_set_checked(object, "packet", packet);
	list = json_made(json_array());
	for (size_t i = 0; i < trace->steps.n; i++)
		json_append_checked(list, step_json(&trace->steps.v[i], &texts));
	json_set_checked(object, "steps", list);
	json_set_checked(object, "verdict", json_text(trace_verdict_name(trace->verdict)));
	list = json_made(json_array());
	add_endings(list, trace, &texts);
	json_set_checked(object, "ends", list);
out:
	named_rules_clear(&texts);
	return object;
}
