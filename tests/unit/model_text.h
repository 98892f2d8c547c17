/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TEST_MODEL_TEXT_H
#define DOCKFW_TEST_MODEL_TEXT_H

/* Policies from lines, and rules as the text of model.h. */

#include "guard_names.h"
#include "model.h"
#include "text.h"

#define LINES(...) (const char *const[]){ __VA_ARGS__, NULL }

/*
 * Configures lines "CHAIN RULE"; "CHAIN @ RULE" is of a publish section, "CHAIN @@ RULE" one of
 * unlisted or direct. "CHAIN any" and
 * "CHAIN refuse" are chains that others fill, whose rules may do that.
 */
static inline struct policy *model_policy(const char *const *lines)
{
	struct policy *policy = policy_new();

	policy->families = 1U << FAMILY_IPV4;
	for (; *lines; lines++) {
		size_t length = strcspn(*lines, " ");
		char *name = xasprintf("%.*s", (int)length, *lines);
		const char *rest = *lines + length + ((*lines)[length] != '\0');
		bool section = *rest == '@', closing = !strncmp(rest, "@@", 2);
		bool refuse = !strcmp(rest, "refuse");
		struct wanted_chain *chain = policy_chain(policy, name);

		if (!chain)
			chain = policy_add_chain(policy, name, "test.conf", 1);
		if (refuse || !strcmp(rest, "any")) {
			chain->filled_by = FILLED_BY_OTHERS;
			chain->verdicts = refuse ? VERDICTS_REFUSE : VERDICTS_ANY;
		} else if (*rest) {
			struct wanted_rules *rules = &chain->rules[FAMILY_IPV4];

			model_want(policy, name, rest + (closing ? 3 : section ? 2 : 0));
			rules->v[rules->n - 1].section = closing ? SECTION_CLOSING : section;
		}
		free(name);
	}
	return policy;
}

static inline void print_match(FILE *out, const struct ext *match)
{
	struct xt_conntrack_want want;
	struct xt_conntrack_mtinfo3 info;
	struct xt_ports ports;

	if (!strcmp(match->name, "comment"))
		return;
	if (xt_conntrack_read(match, &want) && want.direction == XT_DIRECTION_ORIGINAL)
		want.port ? fprintf(out, " to:%u", want.port) : fprintf(out, " direct");
	else if (xt_match_conntrack(match, &info))
		fprintf(out, info.state_mask & XT_CONNTRACK_STATE_INVALID ? " none" :
			     info.state_mask == XT_CONNTRACK_STATE_BIT(IP_CT_RELATED) ? " related" : " est");
	else if (xt_match_ports(match, &ports) && ports.dest.lo == ports.dest.hi)
		fprintf(out, ":%u", ports.dest.lo);
	else
		fprintf(out, " m:%s", match->name);
}

static inline void print_verdict(FILE *out, const struct rule *rule)
{
	static const char *const names[] = {
		[VERDICT_ACCEPT] = "ACCEPT", [VERDICT_DROP] = "DROP", [VERDICT_RETURN] = "RETURN",
	};

	if (rule->verdict == VERDICT_EXT)
		fprintf(out, " ext:%s", rule->target.name);
	else if (rule->verdict != VERDICT_NONE)
		fprintf(out, " %s %s", rule->verdict == VERDICT_GOTO ? "-g" : "-j",
			rule->chain ? rule->chain : names[rule->verdict]);
}

/* A line "CHAIN RULE". */
static inline void print_rule(FILE *out, const char *chain, const struct rule *rule)
{
	char address[INET_ADDRSTRLEN];

	fprintf(out, "%s%s", chain, rule->invert & INV_IN ? " !" : "");
	if (rule->in.mask[0])
		fprintf(out, " -i %s", rule->in.name);
	if (rule->out.mask[0])
		fprintf(out, "%s -o %s", rule->invert & INV_OUT ? " !" : "", rule->out.name);
	if (rule->proto)
		fprintf(out, " -p %u", rule->proto);
	if (rule->src.mask[0])
		fprintf(out, " -s %s", inet_ntop(AF_INET, rule->src.addr, address, sizeof(address)));
	if (rule->dst.mask[0])
		fprintf(out, " -d %s", inet_ntop(AF_INET, rule->dst.addr, address, sizeof(address)));
	for (size_t i = 0; i < rule->nmatches; i++)
		print_match(out, &rule->matches[i]);
	print_verdict(out, rule);
	fprintf(out, "%s\n", rule_is_marked(rule) ? " #" : "");
}

static inline void print_wanted(FILE *out, const char *chain, const struct wanted_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		print_rule(out, chain, rules->v[i].rule);
}

/* Frees text. */
static inline void is_text(const char *name, char *text, const char *const *lines)
{
	struct text wanted;
	char *all;

	text_open(&wanted);
	for (; *lines; lines++)
		fprintf(wanted.out, "%s\n", *lines);
	all = text_take(&wanted);
	if (strcmp(text, all) != 0)
		fail_msg("%s:\n%snot\n%s", name, text, all);
	free(all);
	free(text);
}

#endif
