/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wanted_fate.h"

#include <string.h>

#include "docker_chains.h"
#include "match.h"
#include "xt_match.h"

/* The parser refuses loops of configured chains; the kernel does not go deeper either. */
#define DEPTH_MAX 16

struct follow {
	const struct policy *policy;
	const struct packet *packet;
	const struct netinfo *info;
	const struct addrset *by_input; /* NULL: none */
	struct wanted_fate *fate;
};

void wanted_fate_clear(struct wanted_fate *fate)
{
	addrset_clear(&fate->refused);
	addrset_clear(&fate->refused_port);
	addrset_clear(&fate->let_port);
}

/* What a rule is about: any port, or even the port of the host, before any translation. */
enum about { ABOUT_NOTHING, ABOUT_PORT, ABOUT_HOST_PORT };

/* A plain --dport sees the port of the container. */
static enum about rule_about(const struct rule *rule)
{
	enum about about = ABOUT_NOTHING;

	for (size_t i = 0; i < rule->nmatches; i++) {
		const struct ext *ext = &rule->matches[i];
		struct xt_conntrack_mtinfo3 info;
		struct xt_ports ports;

		if (xt_match_conntrack(ext, &info) && info.match_flags & XT_CONNTRACK_ORIGDST_PORT)
			return ABOUT_HOST_PORT;
		if (!strcmp(ext->name, "multiport") ||
		    (xt_match_ports(ext, &ports) && !span_equal(ports.dest, SPAN_ALL)))
			about = ABOUT_PORT;
	}
	return about;
}

static void follow_chain(const struct follow *follow, const struct wanted_chain *chain,
			 enum about about, unsigned int depth, struct addrset *sources);

/*
 * A rule that leads to a configured chain: what returns from there is in matched, and goes
 * on after a jump.
 */
static void follow_jump(const struct follow *follow, const struct rule *rule, enum about about,
			unsigned int depth, struct addrset *matched)
{
	const struct wanted_chain *to = policy_chain(follow->policy, rule->chain);

	if (to && to->filled_by != FILLED_BY_OTHERS && depth < DEPTH_MAX)
		follow_chain(follow, to, about, depth + 1, matched);
}

/* Whether the host has no firewall of its own in that family. */
static bool is_unfiltered(const struct follow *follow)
{
	const struct openings *openings = follow->policy->openings;

	return openings && openings->unfiltered & 1U << follow->packet->family;
}

/*
 * Takes out of sources whom the host's own firewall does not let in to the port. Whom INPUT
 * itself let in, it does, unless a host without a firewall is to be closed.
 */
static void refuse_by_host(const struct follow *follow, struct addrset *sources)
{
	const struct openings *openings = follow->policy->openings;
	const struct packet *packet = follow->packet;
	struct addrset refused = { 0 };

	if (!openings)
		return;
	addrset_copy(&refused, sources);
	if (follow->by_input &&
	    !(is_unfiltered(follow) && follow->policy->on_error == ON_ERROR_CLOSE))
		addrset_subtract(&refused, follow->by_input);
	for (size_t i = 0; i < openings->n; i++) {
		const struct opening *opening = &openings->v[i];
		struct addrset ports = { 0 };

		addrset_add(&ports, packet->orig_dport.lo, packet->orig_dport.hi);
		addrset_intersect(&ports, &opening->ports);
		/* To which address of the host it goes is not looked at: only what is certain counts. */
		if (ports.n && opening->kind == OPENING_LETS_IN &&
		    opening->family == packet->family && opening->proto == packet->proto &&
		    !strncmp(opening->in, packet->in, IFNAMSIZ))
			addrset_subtract(&refused, &opening->sources);
		addrset_clear(&ports);
	}
	addrset_unite(&follow->fate->refused, &refused);
	addrset_unite(&follow->fate->refused_port, &refused);
	addrset_subtract(sources, &refused);
	addrset_clear(&refused);
}

/* Takes out of sources what the rule decides; what it returns goes to returned. */
static void follow_rule(const struct follow *follow, const struct wanted_rule *wanted,
			enum about about, unsigned int depth, struct addrset *sources,
			struct addrset *returned)
{
	const struct rule *rule = wanted->rule;
	struct wanted_fate *fate = follow->fate;
	struct ready_rule ready;
	struct matched matched;

	match_ready(&ready, rule, follow->info, NULL, false);
	match_rule(&ready, follow->packet, follow->info, sources, &matched);
	match_ready_clear(&ready);
	if (wanted->section || rule_about(rule) > about)
		about = wanted->section ? ABOUT_HOST_PORT : rule_about(rule);
	/* A rule that only may refuse does not count; one that only may let in does. */
	if (wanted->refused || (rule_refuses(rule) && matched.answer != ANSWER_YES))
		addrset_clear(&matched.set);
	if (rule_refuses(rule)) {
		addrset_unite(&fate->refused, &matched.set);
		if (about == ABOUT_HOST_PORT)
			addrset_unite(&fate->refused_port, &matched.set);
		addrset_subtract(sources, &matched.set);
	} else if (rule_jumps(rule)) {
		addrset_subtract(sources, &matched.set);
		if (matched.answer == ANSWER_YES)
			follow_jump(follow, rule, about, depth, &matched.set);
		addrset_unite(rule->verdict == VERDICT_GOTO || matched.answer != ANSWER_YES ?
			      returned : sources, &matched.set);
	} else if (rule->verdict != VERDICT_NONE && rule->verdict != VERDICT_EXT) {
		addrset_subtract(sources, &matched.set);
		if (wanted->by_host && matched.answer == ANSWER_YES)
			refuse_by_host(follow, &matched.set);
		/* Where nothing filters, it is not the rule that lets them in. */
		if (about && !(wanted->by_host && is_unfiltered(follow)))
			addrset_unite(&fate->let_port, &matched.set);
		if (rule->verdict == VERDICT_RETURN)
			addrset_unite(returned, &matched.set);
	}
	addrset_clear(&matched.set);
}

bool wanted_concerns(const struct policy *policy, const struct wanted_rule *wanted, uint8_t proto,
		     struct span port)
{
	const struct publish_section *section;

	if (!wanted->section || wanted->section == SECTION_CLOSING)
		return true;
	section = &policy->sections[wanted->section - 1];
	return section->proto == proto && section->port <= port.hi && section->last >= port.lo;
}

/* In the end sources has what returns from the chain. */
static void follow_chain(const struct follow *follow, const struct wanted_chain *chain,
			 enum about about, unsigned int depth, struct addrset *sources)
{
	const struct wanted_rules *rules = &chain->rules[follow->packet->family];
	struct addrset returned = { 0 };

	for (size_t i = 0; i < rules->n && sources->n; i++)
		if (wanted_concerns(follow->policy, &rules->v[i], follow->packet->proto,
				    follow->packet->orig_dport))
			follow_rule(follow, &rules->v[i], about, depth, sources, &returned);
	addrset_unite(sources, &returned);
	addrset_clear(&returned);
}

void wanted_fate(const struct policy *policy, const struct packet *packet,
		 const struct netinfo *info, const struct addrset *sources,
		 const struct addrset *by_input, struct wanted_fate *fate)
{
	const struct follow follow = { .policy = policy, .packet = packet, .info = info,
				       .by_input = by_input, .fate = fate };
	struct addrset rest = { 0 };

	*fate = (struct wanted_fate){ 0 };
	addrset_copy(&rest, sources);
	follow_chain(&follow, policy_chain(policy, DOCKER_USER), false, 0, &rest);
	addrset_clear(&rest);
}

void wanted_packet(const struct netinfo *info, const struct exposure *exposure,
		   const struct netif *from, struct packet *packet)
{
	const struct netif *bridge = netinfo_if(info, exposure->bridge);
	addr_t host = exposure->nhosts ? exposure->hosts[0].lo : 0;

	packet_init(packet, exposure->family, from, exposure->proto, host, exposure->port.lo);
	packet_track(packet);
	packet->dnat = true;
	packet->orig_dport = exposure->port;
	packet->dport = exposure->container_port;
	if (exposure->container_family == exposure->family)
		packet->dst = (struct addrrange){ exposure->container, exposure->container };
	memcpy(packet->out, exposure->bridge, IFNAMSIZ);
	packet->out_index = bridge ? bridge->index : 0;
}
