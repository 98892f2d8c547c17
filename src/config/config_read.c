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
#include "nearest.h"
#include "publish.h"
#include "settings.h"

/* "; did you mean 'WORD'?", or "". The caller frees it. */
static char *value_hint(const struct setting_row *row, const char *text)
{
	size_t n = 0;

	while (row->words && row->words[n])
		n++;
	return !strcmp(row->name, "ignore") ? finding_hint(text) : nearest_hint(text, "", row->words, n);
}

/* Sets one setting from its values, if there are any, and reports what is wrong with them. */
static int set_setting(const struct setting_row *row, const struct config_values *values, void *into)
{
	size_t taken = 0;

	if (!values->n)
		return 0;
	setting_clear(row, into);
	for (size_t i = 0; i < values->n; i++) {
		const struct config_value *value = &values->v[i];
		char *why = setting_add(row, into, value->text);

		if (why) {
			char *hint = value_hint(row, value->text);

			diag_error_at(value->file, value->line, "%s: '%s' %s%s", row->name, value->text,
				      why, hint);
			free(hint);
		} else {
			taken++;
		}
		free(why);
	}
	/* With no family at all, every rule would also be wrong. */
	if (!taken)
		setting_reset(row, into);
	return taken == values->n ? 0 : -1;
}

/* Handles an empty list, which leaves no values. */
static int set_empty(const struct setting_row *row, const struct config_key *key, void *into)
{
	if (row->if_empty) {
		diag_error_at(key->file, key->line, "%s: the list is empty; %s", row->name,
			      row->if_empty);
		return -1;
	}
	setting_clear(row, into);
	return 0;
}

/*
 * Sets all settings of the section, whose fields have their defaults. keys are the
 * settings that are set; NULL in a section, where an empty list is like no list.
 */
static int set_section(const struct config_section *section, const struct config_keys *keys,
		       void *into)
{
	size_t n;
	const struct setting_row *rows = setting_rows(&n);
	int ret = 0;

	for (size_t i = 0; i < n; i++) {
		const struct config_key *key;

		if (rows[i].section != section->kind)
			continue;
		key = keys ? config_keys_find(keys, rows[i].name) : NULL;
		if (key && !section->values[i].n)
			ret |= set_empty(&rows[i], key, into);
		else
			ret |= set_setting(&rows[i], &section->values[i], into);
	}
	return ret;
}

static void take_rules(struct rule_sources *texts, struct wanted_chain *chain,
		       struct config_values *values)
{
	for (size_t i = 0; i < values->n; i++) {
		struct config_value *value = &values->v[i];

		rule_sources_add(texts, chain, value->text, value->file, value->line, 0);
		value->text = NULL;
	}
}

/* The values that the section gives to a setting of its own kind. */
static struct config_values *values_of(const struct config_section *section, const char *name)
{
	size_t n;

	return &section->values[setting_find(section->kind, name) - setting_rows(&n)];
}

/* Checks what filled-by and verdicts allow. */
static int check_filled_by(const struct config_section *section, const struct wanted_chain *chain)
{
	const struct config_values *verdicts = values_of(section, "verdicts");
	const struct config_values *rules = values_of(section, "rules");
	int ret = 0;

	if (chain->filled_by == FILLED_BY_DOCKFW) {
		if (chain->verdicts == VERDICTS_ANY)
			return 0;
		diag_error_at(verdicts->v[0].file, verdicts->v[0].line, "chain '%s': verdicts = "
			      "\"refuse\" is only for a chain with filled-by = \"others\"",
			      section->title);
		return -1;
	}
	if (!strcmp(section->title, DOCKER_USER)) {
		diag_error_at(section->file, section->line, "chain '%s' cannot be filled by others; "
			      "rules of others in it are kept anyway (foreign-rules)", section->title);
		ret = -1;
	}
	if (rules->n) {
		diag_error_at(rules->v[0].file, rules->v[0].line, "chain '%s' is filled by others: "
			      "it cannot have rules here", section->title);
		ret = -1;
	}
	return ret;
}

/* Adds the chain and takes over its texts. */
static int add_chain(struct policy *policy, struct config_section *section, struct rule_sources *texts)
{
	struct wanted_chain *chain;
	int ret;

	if (!strcmp(section->title, DOCKER_USER)) {
		chain = policy->chains[0];
		free(chain->file);
		chain->file = xstrdup(section->file);
		chain->line = section->line;
	} else {
		chain = policy_add_chain(policy, section->title, section->file, section->line);
	}
	ret = set_section(section, NULL, chain);
	if (!ret)
		ret = check_filled_by(section, chain);
	take_rules(texts, chain, values_of(section, "rules"));
	return ret;
}

/* The interfaces of outside are the default of every section. */
static int read_publish(const struct policy *policy, const struct config_section *section,
			struct publish *publish)
{
	const char *why = publish_set_port(publish, section->title);
	int ret = 0;

	if (why) {
		diag_error_at(section->file, section->line, "publish: '%s' %s", section->title, why);
		ret = -1;
	}
	setting_defaults(SECTION_PUBLISH, publish);
	if (set_section(section, NULL, publish))
		return -1;
	for (size_t i = 0; !values_of(section, "interface")->n && i < policy->outside.n; i++)
		strings_add(&publish->interfaces, policy->outside.v[i]);
	return ret;
}

static void add_named(struct policy *policy, const struct config_values *values)
{
	for (size_t i = 0; i < values->n; i++)
		policy_add_named(policy, values->v[i].text, values->v[i].file, values->v[i].line);
}

static void add_publish(struct policy *policy, const struct config_section *section,
			const struct publish *publish, struct rule_sources *texts)
{
	struct publish_section added = { .port = publish->port, .last = publish->last,
					 .proto = publish->proto, .any = publish_is_any(publish),
					 .interfaces = publish->interfaces,
					 .allow = publish->allow,
					 .host_firewall = publish_is_by_host(publish),
					 .drop = publish->otherwise == OTHERWISE_DROP,
					 .file = (char *)section->file, .line = section->line };
	struct strings rules = { 0 };
	size_t each;

	policy_add_section(policy, &added);
	add_named(policy, values_of(section, "interface"));
	publish_rules(publish, &rules);
	/* The rules of each interface. */
	each = rules.n / (publish->interfaces.n ? publish->interfaces.n : 1);
	for (size_t i = 0; i < rules.n; i++) {
		struct rule_source *source =
			rule_sources_add(texts, policy->chains[0], rules.v[i], section->file,
					 section->line, policy->nsections);

		source->by_host = added.host_firewall && i % each == each - 1;
		source->by_host_drop = source->by_host && added.drop;
	}
	free(rules.v);
}

/* The rules of publish sections come after those of DOCKER-USER's own section. */
static int set_publish(struct config_tree *tree, struct policy *policy, struct rule_sources *texts)
{
	struct publish *done = xcalloc(tree->nsections, sizeof(*done));
	const struct config_section **from = xcalloc(tree->nsections, sizeof(const struct config_section *));
	size_t n = 0;
	int ret = 0;

	for (size_t i = 0; i < tree->nsections; i++) {
		const struct config_section *section = &tree->sections[i];

		if (section->kind != SECTION_PUBLISH)
			continue;
		from[n] = section;
		if (read_publish(policy, section, &done[n])) {
			publish_clear(&done[n]);
			ret = -1;
			continue;
		}
		for (size_t k = 0; k < n; k++) {
			if (!publish_overlap(&done[k], &done[n]))
				continue;
			diag_error_at(section->file, section->line, "publish: ports of '%s' are "
				      "already decided by '%s' at %s:%u; several sections of a port "
				      "must be for different interfaces", section->title,
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

/* The rules of unlisted are the last ones, and are reported at its place. */
static void set_unlisted(const struct config_tree *tree, struct policy *policy,
			 struct rule_sources *texts)
{
	const struct config_values *values = values_of(&tree->top, "unlisted");
	bool by_host = policy->unlisted == UNLISTED_HOST_FIREWALL;
	struct strings rules = { 0 };

	if (policy->unlisted == UNLISTED_ALLOW)
		return;
	publish_unlisted_rules(&policy->outside, policy->families, by_host, &rules);
	for (size_t i = 0; i < rules.n; i++)
		rule_sources_add(texts, policy->chains[0], rules.v[i], values->v[0].file,
				 values->v[0].line, SECTION_CLOSING)->by_host = by_host;
	free(rules.v);
}

/* The rules of direct are made on the host, and are reported to be where that is set. */
static void set_direct(const struct config_tree *tree, struct policy *policy)
{
	const struct config_values *values = values_of(&tree->top, "direct");

	if (!values->n)
		return;
	policy->direct_file = xstrdup(values->v[0].file);
	policy->direct_line = values->v[0].line;
}

/* The chain may have one section only. */
static int check_title(const struct config_tree *tree, size_t i)
{
	const struct config_section *section = &tree->sections[i];

	for (size_t k = 0; k < i; k++) {
		const struct config_section *other = &tree->sections[k];

		if (other->kind != section->kind || strcmp(other->title, section->title) != 0)
			continue;
		diag_error_at(section->file, section->line, "there is already a section for the chain "
			      "'%s', at %s:%u; 'rules += { … }' in it adds to a list", section->title,
			      other->file, other->line);
		return -1;
	}
	return 0;
}

/* Only the guard can hold what follows the host's firewall. */
static int check_follows(const struct config_tree *tree, const struct policy *policy)
{
	const struct config_values *guard = values_of(&tree->top, "guard");

	if (!policy_follows_host(policy) || policy->guard != GUARD_OFF)
		return 0;
	diag_error_at(guard->v[0].file, guard->v[0].line, "guard = \"off\" cannot stand beside "
		      "\"host-firewall\", which only the guard can hold: remove one of them");
	return -1;
}

static int set_policy(struct config_tree *tree, struct policy *policy,
		      const struct config_meanwhile *meanwhile, size_t *left_out)
{
	struct rule_sources texts = { 0 };
	int ret = set_section(&tree->top, &tree->keys, policy);

	if (left_out)
		*left_out = 0;
	add_named(policy, values_of(&tree->top, "outside"));
	for (size_t i = 0; i < tree->nsections; i++)
		if (tree->sections[i].kind == SECTION_CHAIN && check_title(tree, i))
			ret = -1;
		else if (tree->sections[i].kind == SECTION_CHAIN)
			ret |= add_chain(policy, &tree->sections[i], &texts);
	ret |= set_publish(tree, policy, &texts);
	set_unlisted(tree, policy, &texts);
	set_direct(tree, policy);
	ret |= check_follows(tree, policy);
	/* A wrong name is reported once, not again for every rule that leads to it. */
	if (config_chain_names(policy))
		ret = -1;
	else
		ret |= config_rules(policy, &texts, meanwhile, left_out);
	rule_sources_clear(&texts);
	return ret;
}

/*
 * Reports what is wrong in itself although an included file is missing or wrong. What may be in
 * that file is not judged: the chain that a rule leads to, or the interfaces of a section.
 */
static void check_words(struct config_tree *tree, struct policy *policy)
{
	struct rule_sources texts = { 0 };

	set_section(&tree->top, NULL, policy);
	for (size_t i = 0; i < tree->nsections; i++) {
		struct publish publish = { 0 };

		if (tree->sections[i].kind == SECTION_PUBLISH)
			read_publish(policy, &tree->sections[i], &publish);
		else if (!check_title(tree, i))
			add_chain(policy, &tree->sections[i], &texts);
		publish_clear(&publish);
	}
	config_chain_names(policy);
	rule_sources_clear(&texts);
}

void config_sources_clear(struct config_sources *sources)
{
	free(sources->flat);
	strings_clear(&sources->sought);
	*sources = (struct config_sources){ 0 };
}

/* Takes the tree that was parsed, if it was, and clears it. */
static struct policy *take_tree(struct config_tree *tree, int parsed,
				const struct config_meanwhile *meanwhile,
				struct config_sources *sources, size_t *left_out)
{
	struct policy *policy = setting_default_policy();

	if (parsed && tree->lacks_files)
		check_words(tree, policy);
	if (parsed || set_policy(tree, policy, meanwhile, left_out)) {
		policy_free(policy);
		policy = NULL;
	}
	diag_sort_end(&tree->files);
	if (sources) {
		*sources = (struct config_sources){ policy ? tree->flat : NULL, tree->sought };
		tree->flat = policy ? NULL : tree->flat;
		tree->sought = (struct strings){ 0 };
	}
	config_tree_clear(tree);
	return policy;
}

struct policy *config_read_most(const char *file, const char *copy,
				const struct config_meanwhile *meanwhile,
				struct config_sources *sources, size_t *left_out)
{
	struct config_tree tree;
	int parsed;

	deadline_step("reading the configuration");
	diag_sort_begin();
	parsed = config_parse(file, copy, &tree);
	return take_tree(&tree, parsed, meanwhile, sources, left_out);
}

struct policy *config_read(const char *file)
{
	return config_read_most(file, NULL, NULL, NULL, NULL);
}

struct policy *config_read_stored(const struct config_file *stored)
{
	struct config_tree tree;
	size_t left_out;
	int parsed;

	diag_sort_begin();
	parsed = config_parse_stored(stored, &tree);
	return take_tree(&tree, parsed, NULL, NULL, &left_out);
}
