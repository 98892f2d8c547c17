/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "split_left.h"

#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "reach.h"
#include "text.h"
#include "util.h"
#include "xt_match.h"

/* The set of 28.0.0 that holds the bridges, in each family. */
static const char *const bridge_sets[FAMILY_COUNT] = {
	"docker-ext-bridges-v4", "docker-ext-bridges-v6",
};

/* ---- what is Docker's ---- */

size_t split_user_rules(const struct table *table)
{
	const struct chain *user = table_chain(table, DOCKER_USER);
	size_t n = 0;

	for (size_t i = 0; user && i < user->nrules; i++)
		n += !rule_is_marked(user->rules[i]) && !docker_is_closing(user, i);
	return n;
}

/*
 * Whether the chain goes: one of Docker's, or, if it may, a DOCKER-USER that is known to hold
 * nothing else.
 */
static bool chain_goes(const struct table *table, const struct chain *chain, bool user)
{
	if (strcmp(chain->name, DOCKER_USER))
		return docker_owns_chain(chain->name);
	return user && chain->loaded && !split_user_rules(table);
}

bool split_has_left(const struct table *table)
{
	for (size_t c = 0; table && c < table->nchains; c++)
		if (docker_owns_chain(table->chains[c]->name) ||
		    !strcmp(table->chains[c]->name, DOCKER_USER))
			return true;
	return false;
}

static bool leads_to_left(const struct table *table, const struct rule *rule, bool user)
{
	const struct chain *to = rule_jumps(rule) ? table_chain(table, rule->chain) : NULL;

	return to && chain_goes(table, to, user);
}

/* Whether it is a whole name, and one that a shell reads as it is. */
static bool plain_interface(const struct interface *iface)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t length = strlen(iface->name);

	return length && iface->mask[length] && iface->name[strspn(iface->name, letters)] == '\0';
}

/* "br-" and 12 hexadecimal digits, or one of the two fixed names. */
static bool default_name(const char *name)
{
	return !strcmp(name, "docker0") || !strcmp(name, "docker_gwbridge") ||
	       (!strncmp(name, "br-", 3) && strlen(name) == 15 &&
		strspn(name + 3, "0123456789abcdef") == 12);
}

/* Whether a rule of FORWARD leads the interface's packets to Docker's chain, or its name shows it. */
static bool is_bridge(const struct table *table, const struct interface *iface)
{
	const struct chain *forward = table_chain(table, "FORWARD");

	if (default_name(iface->name))
		return true;
	for (size_t i = 0; i < forward->nrules; i++) {
		const struct rule *rule = forward->rules[i];

		if (leads_to_left(table, rule, true) && !(rule->invert & INV_OUT) &&
		    !memcmp(&rule->out, iface, sizeof(*iface)))
			return true;
	}
	return false;
}

static bool is_established(const struct ext *match)
{
	const unsigned int old = XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
				 XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
	unsigned int states;
	bool not;

	return !strcmp(match->name, "conntrack") && xt_match_states(match, &states, &not) && !not &&
	       states == old;
}

/* The matches of Docker's rules in FORWARD. */
struct docker_matches {
	bool set, established;
};

static bool read_matches(const struct rule *rule, struct docker_matches *matches)
{
	*matches = (struct docker_matches){ 0 };
	for (size_t i = 0; i < rule->nmatches; i++) {
		if (!i && !strcmp(rule->matches[i].name, "set"))
			matches->set = true;
		else if (!matches->established && is_established(&rule->matches[i]))
			matches->established = true;
		else
			return false;
	}
	return true;
}

static bool any_address(const struct address *address)
{
	for (size_t i = 0; i < sizeof(address->mask); i++)
		if (address->mask[i])
			return false;
	return true;
}

/*
 * Whether dockerd may have put the rule into FORWARD: a jump to its chains, or for one of its
 * bridges one of the accepts and drops beside that jump. All that it writes there can be
 * written again by rule_text().
 */
static bool is_left(const struct table *table, const struct rule *rule, bool user)
{
	bool in = rule->in.mask[0], out = rule->out.mask[0];
	struct docker_matches matches;

	if (rule->opaque || rule->proto || rule->frag || rule->invert & ~(unsigned int)INV_OUT ||
	    !any_address(&rule->src) || !any_address(&rule->dst) || !read_matches(rule, &matches) ||
	    (in && !plain_interface(&rule->in)) || (out && !plain_interface(&rule->out)))
		return false;
	if (rule_jumps(rule))
		return leads_to_left(table, rule, user);
	if (rule->verdict == VERDICT_ACCEPT && matches.set && matches.established)
		return !in && !out;
	if ((!in && !out) || (in && !is_bridge(table, &rule->in)) ||
	    (out && !is_bridge(table, &rule->out)))
		return false;
	return rule->verdict == VERDICT_ACCEPT ||
	       (rule->verdict == VERDICT_DROP && in && !memcmp(&rule->in, &rule->out, sizeof(rule->in)));
}

/* ---- the commands ---- */

/* A rule that is_left(), as iptables has it. -D finds only exactly this rule. */
static void print_rule(const struct rule *rule, FILE *out)
{
	struct docker_matches matches;

	read_matches(rule, &matches);
	if (rule->in.mask[0])
		fprintf(out, " -i %s", rule->in.name);
	if (rule->out.mask[0])
		fprintf(out, "%s -o %s", rule->invert & INV_OUT ? " !" : "", rule->out.name);
	if (matches.set)
		fprintf(out, " -m set --match-set %s dst", bridge_sets[rule->family]);
	if (matches.established)
		fputs(" -m conntrack --ctstate RELATED,ESTABLISHED", out);
	if (rule_jumps(rule))
		fprintf(out, " %s %s", rule->verdict == VERDICT_GOTO ? "-g" : "-j", rule->chain);
	else
		fprintf(out, " -j %s", rule->verdict == VERDICT_ACCEPT ? "ACCEPT" : "DROP");
}

/* The names of the chains that go, each after a blank; "" if there is none. */
static char *names_left(const struct table *table, bool user)
{
	struct text names;

	text_open(&names);
	for (size_t c = 0; c < table->nchains; c++)
		if (chain_goes(table, table->chains[c], user))
			fprintf(names.out, " %s", table->chains[c]->name);
	return text_take(&names);
}

char *split_left_commands(const struct table *table, enum backend_kind kind, bool user)
{
	const struct chain *forward = table_chain(table, "FORWARD");
	char *command = xasprintf("%s-%s", table->family == FAMILY_IPV4 ? "iptables" : "ip6tables",
				  backend_kind_name(kind));
	char *names = names_left(table, user);
	const char *between = "";
	struct text text;

	text_open(&text);
	for (size_t i = 0; forward && i < forward->nrules; i++) {
		if (!is_left(table, forward->rules[i], user))
			continue;
		fprintf(text.out, "%s%s -D FORWARD", between, command);
		print_rule(forward->rules[i], text.out);
		between = "; ";
	}
	if (*names)
		fprintf(text.out, "%sfor option in -F -X; do for chain in%s; do %s $option $chain; done; done",
			between, names, command);
	free(command);
	free(names);
	return text_take(&text);
}

/* ---- whose the others are ---- */

static const struct {
	const char *prefix, *program;
} chain_owners[] = {
	{ "LIBVIRT_", "libvirt" },     { "f2b-", "fail2ban" },       { "fail2ban-", "fail2ban" },
	{ "ufw-", "ufw" },             { "ufw6-", "ufw" },           { "FORWARD_", "firewalld" },
	{ "FWD", "firewalld" },        { "KUBE-", "Kubernetes" },    { "cali-", "Calico" },
	{ "CILIUM_", "Cilium" },       { "FLANNEL-", "flannel" },    { "WEAVE", "Weave" },
	{ "CNI-", "CNI plugins" },     { "NETAVARK_", "Podman" },    { "ts-", "Tailscale" },
	{ "CROWDSEC", "CrowdSec" },    { "crowdsec", "CrowdSec" },   { "sshguard", "SSHGuard" },
	{ "PVEFW-", "Proxmox VE" },
	{ DOCKER_USER, "the administrator, in DOCKER-USER" },
}, interface_owners[] = {
	{ "virbr", "libvirt" }, { "lxcbr", "LXC" },       { "lxdbr", "LXD" },
	{ "incusbr", "Incus" }, { "podman", "Podman" },   { "cni", "CNI plugins" },
	{ "tailscale", "Tailscale" },
};

static const char others[] = "another program or the administrator";

static const char *owner(const struct rule *rule)
{
	for (size_t i = 0; rule->chain && i < ARRAY_SIZE(chain_owners); i++)
		if (!strncmp(rule->chain, chain_owners[i].prefix, strlen(chain_owners[i].prefix)))
			return chain_owners[i].program;
	for (size_t i = 0; i < ARRAY_SIZE(interface_owners); i++) {
		size_t length = strlen(interface_owners[i].prefix);

		if (!strncmp(rule->in.name, interface_owners[i].prefix, length) ||
		    !strncmp(rule->out.name, interface_owners[i].prefix, length))
			return interface_owners[i].program;
	}
	return others;
}

/* The owners in the order of their first rules, with the number of those. */
struct owners {
	struct {
		const char *program;
		size_t n;
	} v[ARRAY_SIZE(chain_owners) + ARRAY_SIZE(interface_owners) + 1];
	size_t n;
};

static void count_owner(struct owners *owners, const char *program)
{
	size_t i = 0;

	while (i < owners->n && strcmp(owners->v[i].program, program))
		i++;
	if (i == owners->n)
		owners->v[owners->n++].program = program;
	owners->v[i].n++;
}

char *split_owners(const struct table *table)
{
	const struct chain *forward = table_chain(table, "FORWARD");
	struct owners owners = { 0 };
	struct text text;

	for (size_t i = 0; forward && i < forward->nrules; i++)
		if (!is_left(table, forward->rules[i], true))
			count_owner(&owners, owner(forward->rules[i]));
	if (!owners.n)
		return NULL;
	text_open(&text);
	for (size_t i = 0; i < owners.n; i++)
		fprintf(text.out, "%s%s (%zu rule%s)", i ? ", " : "", owners.v[i].program, owners.v[i].n,
			owners.v[i].n == 1 ? "" : "s");
	return text_take(&text);
}
