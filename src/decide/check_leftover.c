/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check_leftover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "docker_layout.h"
#include "reach.h"
#include "split_left.h"
#include "text.h"
#include "util.h"

/* The iptables filter table of one backend and family, beside Docker's own tables. */
struct left {
	const struct table *table;
	const struct table *nat; /* of the same, or NULL if it was not read */
	enum backend_kind kind;
	bool guarded; /* the configuration wants the guard */
	const struct strings *bridges; /* that Docker's own table names */
	struct findings *findings;
};

static const struct remedy accept_bridges = {
	"have whoever keeps that policy accept packets to and from Docker's bridges there, after the jump to DOCKER-USER; a restart of the host takes back a policy that Docker has set",
	RUN_NONE, NULL,
};
static const struct remedy own_rules = {
	"put what is needed of these rules into the configuration, then delete them one by one",
	RUN_NONE, NULL,
};
static const struct remedy nothing_to_do = {
	"nothing has to be done: a restart of the host takes it away",
	RUN_NONE, NULL,
};
static const struct remedy ask_docker = {
	"docker info shows the Firewall Backend; dockerd 29 deletes what is left of the other one when it starts",
	RUN_NONE, NULL,
};

/* "iptables-nft", as a command. */
static char *command_of(const struct left *left)
{
	return xasprintf("%s-%s", left->table->family == FAMILY_IPV4 ? "iptables" : "ip6tables",
			 backend_kind_name(left->kind));
}

static struct finding *add_left(const struct left *left, enum severity severity, const char *chain,
				const struct remedy *remedy, char *message)
{
	struct finding *finding = findings_add_at(left->findings, DOCKER_LEFTOVER, severity,
						  left->table->family, chain, 0, message);

	if (remedy)
		finding->remedy = remedy;
	return finding;
}

/* ---- the policy of FORWARD ---- */

/* Whether it accepts every packet that comes in by the interface, or goes out by it. */
static bool accepts_all_of(const struct rule *rule, const char *name, bool out)
{
	struct rule bare = *rule;
	const struct interface *iface = out ? &rule->out : &rule->in;

	if (rule->opaque || rule->verdict != VERDICT_ACCEPT ||
	    rule->invert & (out ? INV_OUT : INV_IN) ||
	    (iface->mask[0] && strncmp(iface->name, name, IFNAMSIZ)))
		return false;
	memset(out ? &bare.out : &bare.in, 0, sizeof(bare.in));
	return rule_unconditional(&bare);
}

static bool forward_accepts(const struct chain *forward, const char *bridge, bool out)
{
	for (size_t i = 0; i < forward->nrules; i++)
		if (accepts_all_of(forward->rules[i], bridge, out))
			return true;
	return false;
}

/* The bridges for which FORWARD does not accept everything in both directions; NULL: none. */
static char *cut_off(const struct left *left, const struct chain *forward)
{
	size_t n = 0;
	struct text text;
	char *list;

	text_open(&text);
	for (size_t i = 0; i < left->bridges->n; i++) {
		const char *bridge = left->bridges->v[i];

		if (forward_accepts(forward, bridge, true) && forward_accepts(forward, bridge, false))
			continue;
		if (n++ < 4)
			fprintf(text.out, "%s%s", n == 1 ? "" : ", ", bridge);
	}
	if (n > 4)
		fprintf(text.out, " and %zu more", n - 4);
	list = text_take(&text);
	if (n)
		return list;
	free(list);
	return NULL;
}

/* Whether a rule that FORWARD leads to can accept packets, or those that start a connection. */
static bool can_accept(const struct left *left, const struct chain *forward, bool new_only)
{
	struct reach *reach = reach_new(left->table, NULL);
	bool accepts = false;

	for (size_t i = 0; i < forward->nrules && !accepts; i++)
		accepts = reach_accepts(reach, forward, forward->rules[i], new_only);
	reach_free(reach);
	return accepts;
}

/*
 * Docker sets it in iptables' backend if it switches on forwarding, and never resets it. Where
 * others have rules that accept, these may let pass what is meant to pass; bans do not.
 */
static void check_policy(const struct left *left)
{
	const struct chain *forward = table_chain(left->table, "FORWARD");
	char *bridges, *owners, *command;

	if (!forward || !forward->builtin || forward->policy != VERDICT_DROP)
		return;
	bridges = cut_off(left, forward);
	if (!bridges)
		return;
	owners = can_accept(left, forward, false) ? split_owners(left->table) : NULL;
	command = command_of(left);
	add_left(left, owners && can_accept(left, forward, true) ? SEVERITY_WARNING
								 : SEVERITY_CRITICAL, "FORWARD", &accept_bridges,
		 xasprintf("FORWARD of %s has policy DROP, which drops %s packets that Docker's own table accepts for %s%s%s",
			   command, owners ? "what its rules do not accept, also" : "all", bridges,
			   owners ? "; its rules are of " : "", owners ? owners : ""));
	free(bridges);
	free(owners);
	free(command);
}

/* ---- DOCKER-USER and Docker's chains ---- */

/* Rules of others that decide by themselves: what only jumps belongs to a program. */
static size_t plain_rules(const struct chain *user)
{
	size_t n = 0;

	for (size_t i = 0; i < user->nrules; i++)
		n += !rule_is_marked(user->rules[i]) && !docker_is_closing(user, i) &&
		     !rule_jumps(user->rules[i]);
	return n;
}

static void check_user(const struct left *left, bool held)
{
	const struct chain *user = table_chain(left->table, DOCKER_USER);
	size_t others = split_user_rules(left->table);
	char *command;

	if (!user || !user->loaded || !docker_user_is_left(left->table))
		return;
	command = command_of(left);
	if (others)
		add_left(left, plain_rules(user) ? SEVERITY_WARNING : SEVERITY_OK, DOCKER_USER,
			 &own_rules,
			 xasprintf("DOCKER-USER is left in %s: dockerd no longer uses it, but the kernel evaluates it; %zu of its rules %s not this program's",
				   command, others, others == 1 ? "is" : "are"));
	else if (held)
		add_left(left, SEVERITY_OK, DOCKER_USER, &nothing_to_do,
			 xasprintf("DOCKER-USER is left in %s, where dockerd does not use it: this program holds the rules there as well as in the guard",
				   command));
	else if (user->nrules)
		add_left(left, SEVERITY_WARNING, DOCKER_USER, NULL,
			 xasprintf("DOCKER-USER is left in %s, where this program no longer holds its rules, but the kernel evaluates them%s%s%s",
				   command, left->guarded ? "; once the guard is right, take the jump out with: " : "",
				   left->guarded ? command : "", left->guarded ? " -D FORWARD -j " DOCKER_USER : ""));
	free(command);
}

/* Docker's chains beside its own tables, where its settings say that it uses those. */
static void check_chains_left(const struct left *left)
{
	char *commands, *command;

	if (!docker_owns_any(left->table))
		return;
	/* Only the chains of which it is certain: a DOCKER-USER stays, as dockerd leaves it. */
	commands = split_left_commands(left->table, left->kind, false);
	command = command_of(left);
	add_left(left, SEVERITY_WARNING, "FORWARD", NULL,
		 xasprintf("Docker filters in its own nf_tables tables, and its former chains are left in %s, which the kernel also evaluates%s%s%s",
			   command,
			   docker_owns_any(left->nat) ? "; those of nat there still translate to former containers, until the host is restarted" : "",
			   *commands ? "; delete those of filter with: " : "", commands));
	free(commands);
	free(command);
}

/* ---- Docker's own table ---- */

/* Whether each chain is one that dockerd makes. */
static bool is_only_dockers(const struct table *table)
{
	static const char *const prefixes[] = {
		"filter-FORWARD", "filter-forward-", "nat-", "raw-PREROUTING",
	};

	for (size_t c = 0; c < table->nchains; c++) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
			known |= !strncmp(table->chains[c]->name, prefixes[i], strlen(prefixes[i]));
		if (!known)
			return false;
	}
	return true;
}

/* certain: dockerd uses iptables, by its settings. */
static void check_table_left(const struct table *table, bool certain, struct findings *findings)
{
	const char *family = table->family == FAMILY_IPV4 ? "ip" : "ip6";
	struct finding *finding;
	char *message;

	if (!certain)
		message = xasprintf("Docker has chains in iptables and also its own nf_tables table '%s %s', and the kernel evaluates both: those of one backend are left over",
				    family, DOCKER_NFT_TABLE);
	else if (is_only_dockers(table))
		message = xasprintf("dockerd uses iptables, and its former nf_tables table '%s %s' is left, which the kernel also evaluates: it drops what it does not know, and translates to former containers; delete it with: nft delete table %s %s",
				    family, DOCKER_NFT_TABLE, family, DOCKER_NFT_TABLE);
	else
		message = xasprintf("dockerd uses iptables, and its former nf_tables table '%s %s' is left, which the kernel also evaluates; it has chains that are not Docker's: delete the others one by one",
				    family, DOCKER_NFT_TABLE);
	finding = findings_add(findings, DOCKER_LEFTOVER, SEVERITY_WARNING, table->family, message);
	if (!certain)
		finding->remedy = &ask_docker;
}

/* ---- the whole ---- */

static void check_filter(const struct policy *policy, const struct left *left, bool held)
{
	bool native = policy->docker.firewall == FIREWALL_NFTABLES;

	if (!left->table || (docker_owns_any(left->table) && !native))
		return;
	check_policy(left);
	check_chains_left(left);
	check_user(left, held);
}

void check_leftover(const struct policy *policy, const struct snapshot *snapshot,
		    const struct snapshot *other, const struct dockerd *dockerd,
		    struct findings *findings)
{
	unsigned int in_force = families_in_force(policy, snapshot);

	for (int at = 0; at < FAMILY_COUNT; at++) {
		enum family family = (enum family)at;
		const struct table *own = snapshot_table(snapshot, family, DOCKER_NFT_TABLE);
		struct strings bridges = { 0 };
		struct left left = { .guarded = policy->guard != GUARD_OFF, .bridges = &bridges,
				     .findings = findings };

		if (!(policy->families & 1U << family) || !own)
			continue;
		docker_native_bridges(snapshot, family, &bridges);
		left.table = snapshot_table(snapshot, family, "filter");
		left.nat = snapshot_table(snapshot, family, "nat");
		left.kind = snapshot->backend;
		if (left.table && docker_owns_any(left.table) &&
		    policy->docker.firewall != FIREWALL_NFTABLES)
			check_table_left(own, dockerd->running &&
					 policy->docker.firewall == FIREWALL_IPTABLES, findings);
		check_filter(policy, &left, in_force & 1U << family);
		/* Where Docker has chains in the chosen backend, check_split() judges the other one. */
		if (other && !(left.table && docker_owns_any(left.table))) {
			left.table = snapshot_table(other, family, "filter");
			left.nat = NULL;
			left.kind = other->backend;
			check_filter(policy, &left, false);
		}
		strings_clear(&bridges);
	}
}
