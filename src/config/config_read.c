/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_read.h"

#include <stdlib.h>
#include <string.h>

#include "config_parse.h"
#include "config_rules.h"
#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "finding.h"
#include "publish.h"

static int wrong(const struct config_value *value, const char *setting, const char *why)
{
	diag_error_at(value->file, value->line, "%s: '%s' %s", setting, value->text, why);
	return -1;
}

/* Which of two words a setting has; the first is the default. */
static int either(const struct config_tree *tree, enum config_setting setting, const char *first,
		  const char *second, bool *is_second)
{
	const struct config_values *values = &tree->settings[setting];
	char *why;

	*is_second = values->n && !strcmp(values->v[0].text, second);
	if (!values->n || *is_second || !strcmp(values->v[0].text, first))
		return 0;
	why = xasprintf("is neither \"%s\" nor \"%s\"", first, second);
	wrong(&values->v[0], config_setting_names[setting], why);
	free(why);
	return -1;
}

static int set_families(const struct config_tree *tree, struct policy *policy)
{
	const struct config_values *values = &tree->settings[SETTING_FAMILIES];
	const struct config_key *key = config_keys_find(&tree->keys, config_setting_names[SETTING_FAMILIES]);
	unsigned int families = 0;
	int ret = 0;

	if (key && !values->n) {
		diag_error_at(key->file, key->line, "families: the list is empty; name \"ipv4\", "
			      "\"ipv6\" or both");
		return -1;
	}
	for (size_t i = 0; i < values->n; i++) {
		unsigned int known = 0;

		for (enum family family = 0; family < FAMILY_COUNT; family++)
			if (!strcmp(values->v[i].text, family_name(family)))
				known = 1U << family;
		if (!known)
			ret = wrong(&values->v[i], "families", "is neither \"ipv4\" nor \"ipv6\"");
		families |= known;
	}
	/* With none at all every rule would be wrong, too. */
	if (families)
		policy->families = families;
	return ret;
}

static int set_backend(const struct config_tree *tree, struct policy *policy)
{
	const struct config_values *values = &tree->settings[SETTING_BACKEND];
	const char *text = values->n ? values->v[0].text : "auto";

	policy->backend_auto = !strcmp(text, "auto");
	if (!strcmp(text, "legacy"))
		policy->backend = BACKEND_LEGACY;
	else if (!policy->backend_auto && strcmp(text, "nft"))
		return wrong(&values->v[0], "backend", "is none of \"auto\", \"nft\" and \"legacy\"");
	return 0;
}

static int set_trusted(const struct config_tree *tree, struct policy *policy)
{
	const struct config_values *values = &tree->settings[SETTING_TRUSTED_CHAINS];
	int ret = 0;

	for (size_t i = 0; i < values->n; i++) {
		const char *name = values->v[i].text;

		if (docker_owns_chain(name) || !strcmp(name, DOCKER_USER))
			ret = wrong(&values->v[i], "trusted-chains",
				    "is Docker's: what comes first is the question here");
		else if (!*name || strpbrk(name, " \t"))
			ret = wrong(&values->v[i], "trusted-chains", "is no name of a chain");
		else if (!strings_has(&policy->trusted_chains, name))
			strings_add(&policy->trusted_chains, name);
	}
	return ret;
}

static int set_ignore(const struct config_tree *tree, struct policy *policy)
{
	const struct config_values *values = &tree->settings[SETTING_IGNORE];
	int ret = 0;

	for (size_t i = 0; i < values->n; i++) {
		if (finding_by_name(values->v[i].text) == FINDING_COUNT)
			ret = wrong(&values->v[i], "ignore",
				    "is no id of a finding; dockfw-check(8) lists them");
		else if (!strings_has(&policy->ignore, values->v[i].text))
			strings_add(&policy->ignore, values->v[i].text);
	}
	return ret;
}

static int set_settings(const struct config_tree *tree, struct policy *policy)
{
	bool restart;
	int ret = 0;

	ret |= set_families(tree, policy);
	ret |= set_backend(tree, policy);
	ret |= set_trusted(tree, policy);
	ret |= either(tree, SETTING_FOREIGN_RULES, "keep", "remove", &policy->remove_foreign);
	ret |= set_ignore(tree, policy);
	ret |= either(tree, SETTING_DOCKER_RECOVERY, "none", "restart", &restart);
	policy->recovery = restart ? RECOVERY_RESTART : RECOVERY_NONE;
	return ret;
}

/* Adds the chain, and takes its texts over. */
static void add_chain(struct policy *policy, struct config_section *section, struct rule_texts *texts)
{
	struct wanted_chain *chain;

	if (!strcmp(section->title, DOCKER_USER)) {
		chain = policy->chains[0];
		free(chain->file);
		chain->file = xstrdup(section->file);
		chain->line = section->line;
	} else {
		chain = policy_add_chain(policy, section->title, section->file, section->line);
	}
	for (size_t i = 0; i < section->rules.n; i++) {
		struct config_value *value = &section->rules.v[i];

		rule_texts_take(texts, chain, value->text, value->file, value->line);
		value->text = NULL;
	}
}

static int read_publish(const struct config_section *section, struct publish *publish)
{
	const char *why = publish_set_port(publish, section->title);
	int ret = 0;

	if (why) {
		diag_error_at(section->file, section->line, "publish: '%s' %s", section->title, why);
		ret = -1;
	}
	for (size_t i = 0; i < section->interface.n; i++) {
		why = publish_set_interface(publish, section->interface.v[i].text);
		if (why)
			ret = wrong(&section->interface.v[i], "interface", why);
	}
	for (size_t i = 0; i < section->allow.n; i++) {
		why = publish_add_allow(publish, section->allow.v[i].text);
		if (why)
			ret = wrong(&section->allow.v[i], "allow", why);
	}
	for (size_t i = 0; i < section->otherwise.n; i++) {
		why = publish_set_otherwise(publish, section->otherwise.v[i].text);
		if (why)
			ret = wrong(&section->otherwise.v[i], "otherwise", why);
	}
	return ret;
}

static void add_publish(struct policy *policy, const struct config_section *section,
			const struct publish *publish, struct rule_texts *texts)
{
	struct published published = { .port = publish->port, .last = publish->last,
				       .proto = publish->proto, .any = publish->any,
				       .file = (char *)section->file, .line = section->line };
	struct strings rules = { 0 };

	policy_add_published(policy, &published);
	publish_rules(publish, &rules);
	for (size_t i = 0; i < rules.n; i++)
		rule_texts_take(texts, policy->chains[0], rules.v[i], section->file, section->line);
	free(rules.v);
}

/* The publish sections, whose rules come behind those of DOCKER-USER's own section. */
static int set_published(struct config_tree *tree, struct policy *policy, struct rule_texts *texts)
{
	struct publish *done = xcalloc(tree->nsections, sizeof(*done));
	const struct config_section **from = xcalloc(tree->nsections, sizeof(const struct config_section *));
	size_t n = 0;
	int ret = 0;

	for (size_t i = 0; i < tree->nsections; i++) {
		const struct config_section *section = &tree->sections[i];

		if (!section->publish)
			continue;
		from[n] = section;
		if (read_publish(section, &done[n])) {
			publish_clear(&done[n]);
			ret = -1;
			continue;
		}
		for (size_t k = 0; k < n; k++) {
			if (!publish_overlap(&done[k], &done[n]))
				continue;
			diag_error_at(section->file, section->line, "publish: ports of '%s' are "
				      "decided already by '%s' at %s:%u", section->title,
				      from[k]->title, from[k]->file, from[k]->line);
			ret = -1;
			break;
		}
		add_publish(policy, section, &done[n], texts);
		n++;
	}
	for (size_t i = 0; i < n; i++)
		publish_clear(&done[i]);
	free(done);
	free(from);
	return ret;
}

static int set_policy(struct config_tree *tree, struct policy *policy)
{
	struct rule_texts texts = { 0 };
	int ret = set_settings(tree, policy);

	for (size_t i = 0; i < tree->nsections; i++)
		if (!tree->sections[i].publish)
			add_chain(policy, &tree->sections[i], &texts);
	ret |= set_published(tree, policy, &texts);
	/* A wrong name is said once, not again by every rule that leads to it. */
	if (config_chain_names(policy))
		ret = -1;
	else
		ret |= config_rules(policy, &texts);
	rule_texts_clear(&texts);
	return ret;
}

struct policy *config_read(const char *file)
{
	struct policy *policy = policy_new();
	struct config_tree tree;

	deadline_step("reading the configuration");
	if (config_load(file, &tree) || set_policy(&tree, policy)) {
		policy_free(policy);
		policy = NULL;
	}
	config_tree_clear(&tree);
	return policy;
}
