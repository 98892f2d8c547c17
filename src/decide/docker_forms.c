/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_forms.h"

#include <string.h>

#include "docker_chains.h"

static bool is_whole_name(const struct interface *iface)
{
	size_t length = strlen(iface->name);

	return length && iface->name[length - 1] != '+';
}

static void add_bridge(const struct interface *iface, struct strings *bridges)
{
	if (is_whole_name(iface) && !strings_has(bridges, iface->name))
		strings_add(bridges, iface->name);
}

void docker_forms_bridges(const struct table *table, struct strings *bridges)
{
	for (size_t c = 0; c < table->nchains; c++) {
		const struct chain *chain = table->chains[c];

		for (size_t i = 0; i < chain->nrules; i++) {
			const struct rule *rule = chain->rules[i];
			bool leads = rule_jumps(rule) && docker_owns_chain(rule->chain);

			if (!leads && strcmp(rule->in.name, rule->out.name) != 0)
				continue;
			add_bridge(&rule->in, bridges);
			add_bridge(&rule->out, bridges);
		}
	}
}

/* ---- conditions ---- */

static bool names_bridge(const struct rule *rule, const struct strings *bridges)
{
	return strings_has(bridges, rule->in.name) || strings_has(bridges, rule->out.name);
}

/* Names bridges, and no other interface. */
static bool names_only_bridges(const struct rule *rule, const struct strings *bridges)
{
	return names_bridge(rule, bridges) &&
	       (!*rule->in.name || strings_has(bridges, rule->in.name)) &&
	       (!*rule->out.name || strings_has(bridges, rule->out.name));
}

static bool is_any(const struct address *address)
{
	static const struct address any;

	return !memcmp(&address->mask, &any.mask, sizeof(any.mask));
}

static bool has_no_address(const struct rule *rule)
{
	return is_any(&rule->src) && is_any(&rule->dst);
}

static bool is_one(const struct address *address, enum family family)
{
	for (size_t i = 0; i < family_addr_size(family); i++)
		if (address->mask[i] != 0xff)
			return false;
	return true;
}

static bool has_only_match(const struct rule *rule, const char *name)
{
	return rule->nmatches == 1 && !strcmp(rule->matches[0].name, name);
}

static bool tests_only_port(const struct rule *rule)
{
	return !rule->nmatches || has_only_match(rule, "tcp") || has_only_match(rule, "udp") ||
	       has_only_match(rule, "sctp");
}

/* ---- forms ---- */

/* "-o BRIDGE -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-i BRIDGE ! -o BRIDGE -j ACCEPT", … */
static bool is_forward_rule(const struct rule *rule, const struct strings *bridges)
{
	return names_only_bridges(rule, bridges) && has_no_address(rule) && !rule->proto &&
	       (!rule->nmatches || has_only_match(rule, "conntrack")) &&
	       (rule->verdict == VERDICT_ACCEPT || rule->verdict == VERDICT_DROP);
}

/* "-o BRIDGE -j ACCEPT", by which others let everybody in to every container. */
static bool opens_bridge(const struct rule *rule)
{
	return !*rule->in.name && !rule->nmatches && !(rule->invert & INV_OUT) &&
	       rule->verdict == VERDICT_ACCEPT;
}

/* "-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE", or of a container to itself. */
static bool is_postrouting_rule(const struct rule *rule, const struct strings *bridges)
{
	bool masks = rule->verdict == VERDICT_EXT && (!strcmp(rule->target.name, "MASQUERADE") ||
						      !strcmp(rule->target.name, "SNAT"));

	return masks && (names_bridge(rule, bridges) ||
			 (!has_no_address(rule) && !memcmp(&rule->src, &rule->dst, sizeof(rule->src))));
}

/* "-d 172.17.0.2/32 ! -i docker0 -j DROP", "-d 127.0.0.1/32 ! -i lo -p tcp --dport 80 -j DROP". */
static bool is_raw_rule(const struct rule *rule, const struct strings *bridges)
{
	return rule->verdict == VERDICT_DROP && rule->invert & INV_IN && !has_no_address(rule) &&
	       (strings_has(bridges, rule->in.name) || !strcmp(rule->in.name, "lo"));
}

bool docker_forms_builtin(const struct table *table, const struct chain *chain,
			  const struct rule *rule, const struct strings *bridges)
{
	if (rule_jumps(rule))
		return docker_owns_chain(rule->chain);
	if (!strcmp(table->name, "filter"))
		return !strcmp(chain->name, "FORWARD") && is_forward_rule(rule, bridges) &&
		       !opens_bridge(rule);
	if (!strcmp(table->name, "nat"))
		return !strcmp(chain->name, "POSTROUTING") && is_postrouting_rule(rule, bridges);
	return !strcmp(table->name, "raw") && is_raw_rule(rule, bridges);
}

/* "-d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT" */
static bool is_port_rule(const struct rule *rule, const struct strings *bridges)
{
	return rule->verdict == VERDICT_ACCEPT && is_any(&rule->src) &&
	       is_one(&rule->dst, rule->family) && !(rule->invert & (INV_DST | INV_OUT)) &&
	       rule->invert & INV_IN && strings_has(bridges, rule->out.name) &&
	       !strcmp(rule->in.name, rule->out.name) && rule->proto && tests_only_port(rule);
}

/* "! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80" */
static bool is_translation(const struct rule *rule)
{
	return rule->verdict == VERDICT_EXT && !strcmp(rule->target.name, "DNAT") &&
	       is_any(&rule->src) && rule->proto && tests_only_port(rule);
}

/* "-i docker0 -j RETURN" of nat, and the end of an isolation chain. */
static bool is_return(const struct rule *rule, const struct strings *bridges)
{
	return rule->verdict == VERDICT_RETURN && has_no_address(rule) && !rule->proto &&
	       !rule->nmatches && (!*rule->in.name || strings_has(bridges, rule->in.name)) &&
	       !*rule->out.name;
}

bool docker_forms_certain(const struct table *table, const struct chain *chain,
			  const struct rule *rule, const struct strings *bridges)
{
	if (rule_jumps(rule) || !docker_owns_chain(chain->name))
		return docker_forms_builtin(table, chain, rule, bridges);
	return (is_forward_rule(rule, bridges) && !opens_bridge(rule)) ||
	       is_port_rule(rule, bridges) || is_translation(rule) || is_return(rule, bridges);
}
