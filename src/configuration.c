/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "configuration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_read.h"
#include "deadline.h"
#include "diag.h"
#include "paths.h"
#include "settings.h"
#include "shrink.h"

static const struct remedy restore_file = {
	"restore the file, or state that this is meant, as the message says", RUN_NONE, NULL,
};

/* The first error, and how many more there are. The caller frees it. */
static char *errors_so_far(void)
{
	unsigned int errors = diag_error_count();

	return errors > 1 ? xasprintf("%s (and %u more)", diag_first_error(), errors - 1)
			  : xstrdup(diag_first_error());
}

/*
 * Whether something is missing from the file that was in force. Returns NULL, or what, which
 * the caller frees.
 */
static char *find_shrunk(const struct configuration *configuration, const char *file)
{
	const struct last_good *last = &configuration->last;
	const struct policy *policy = configuration->policy;
	const struct whole now = { configuration->sources.flat, policy_has_rules(policy), config_is_void(policy) };
	const struct whole before = { last->flat, last->has_rules, false };
	char *why = now.flat ? config_shrunk(file, &now, &before) : NULL;

	if (why)
		diag_error("%s", why);
	return why;
}

/* What is put in force, or checked, in place of the file; NULL if nothing can be. */
static const char *find_other(struct configuration *configuration)
{
	struct policy *last = NULL;

	diag_once(true);
	if (configuration->last.flat)
		last = config_read_stored(&configuration->last.file);
	diag_once(false);
	if (last) {
		policy_free(configuration->policy);
		configuration->policy = last;
		return configuration->last.date;
	}
	/* Of a file that is wrong as a whole, nothing was read. */
	if (configuration->shrunk) {
		policy_free(configuration->policy);
		configuration->policy = NULL;
	}
	return NULL;
}

/* The file is broken, and its errors have been printed: finds something to go by. */
static void go_on(struct configuration *configuration, const char *why, const struct options *options)
{
	bool writes = options->mode == MODE_REPAIR || options->mode == MODE_TRY || options->mode == MODE_WATCH;
	const char *done = writes && !options->dry_run ? "in force" : "checked";
	const char *date = find_other(configuration);

	if (date)
		configuration->broken =
			xasprintf("%s; the last good configuration (%s, %s) is %s instead", why,
				  date, configuration->last.file.name, done);
	else if (configuration->policy)
		configuration->broken = xasprintf("%s; no last good configuration can be used: the other "
						  "rules are %s in chains that hold none of this program",
						  why, done);
	if (configuration->broken)
		diag_forget();
	else if (!configuration->last.flat)
		diag_warning("no last good configuration of '%s' %s: what the kernel holds stays as "
			     "it is", options->config,
			     configuration->last.unusable ? "can be used" : "is stored");
}

/* What was put in force by this process is newer than what was stored last. */
static bool stays(const struct configuration *now)
{
	return now && now->policy && (!now->broken || now->kept);
}

static void keep(struct configuration *configuration, const char *why)
{
	configuration->broken = xasprintf("%s; the configuration that is in force stays", why);
	configuration->kept = true;
	policy_free(configuration->policy);
	configuration->policy = NULL;
	diag_forget();
}

struct policy *configuration_read(const struct options *options,
				  const struct config_meanwhile *meanwhile,
				  struct config_sources *sources, size_t *left_out)
{
	char *stored = last_good_stored(options->state_folder, options->config);
	struct policy *policy;

	config_file_last_good(stored);
	policy = config_read_most(options->config, options->config_copy, meanwhile, sources, left_out);
	config_file_last_good(NULL);
	free(stored);
	return policy;
}

static int load(struct configuration *configuration, const struct configuration *now,
		const struct options *options, const struct config_meanwhile *meanwhile)
{
	size_t left_out = 0;
	char *why = NULL;

	*configuration = (struct configuration){ 0 };
	configuration->policy = configuration_read(options, meanwhile, &configuration->sources,
						   &left_out);
	/* What was not read in time is not broken. */
	if (deadline_check())
		return -1;
	if (!configuration->policy || left_out)
		why = errors_so_far();
	if (last_good_read(options->state_folder, options->config, &configuration->last) && !why) {
		why = find_shrunk(configuration, options->config);
		configuration->shrunk = why;
	}
	if (why && stays(now))
		keep(configuration, why);
	else if (why)
		go_on(configuration, why, options);
	/* Without a last good one, only the rules in the kernel show that there was more. */
	if (configuration->policy && config_is_void(configuration->policy))
		configuration->policy->keep_rules = true;
	free(why);
	return configuration->policy ? 0 : -1;
}

int configuration_load(struct configuration *configuration, const struct options *options,
		       const struct config_meanwhile *meanwhile)
{
	return load(configuration, NULL, options, meanwhile);
}

int configuration_reload(struct configuration *configuration, const struct configuration *now,
			 const struct options *options)
{
	return load(configuration, now, options, NULL);
}

void configuration_keep(struct configuration *now, char *broken, bool shrunk)
{
	free(now->broken);
	now->broken = broken;
	now->shrunk = shrunk;
	now->kept = true;
}

/* Of a file that is wrong as a whole. */
static void view_without(struct configuration *configuration, const struct options *options)
{
	configuration->unknown = true;
	if (!options->fail_if_open &&
	    last_good_read(options->state_folder, options->config, &configuration->last))
		configuration->policy = config_read_stored(&configuration->last.file);
	if (configuration->policy) {
		diag_warning("the answer is from the tables; the settings and publish sections are "
			     "those of the last good configuration (%s)", configuration->last.date);
		return;
	}
	configuration->policy = setting_default_policy();
	diag_warning("the answer is from the tables; the publish sections are not known, and every "
		     "interface counts as outside");
}

int configuration_view(struct configuration *configuration, const struct options *options)
{
	size_t left_out = 0;

	*configuration = (struct configuration){ 0 };
	if (access(options->config, F_OK) < 0 && errno == ENOENT &&
	    !strcmp(options->config, CONFIG_FILE)) {
		configuration->policy = setting_default_policy();
		return 0;
	}
	configuration->policy = configuration_read(options, NULL, &configuration->sources, &left_out);
	if (configuration->policy && !left_out)
		return 0;
	/* What the system lacks, such as memory, the next step would lack as well. */
	if (deadline_check() || !diag_error_in_file())
		return -1;
	/* From here on, it is a warning. */
	diag_forget();
	if (configuration->policy)
		diag_warning("the answer is from the tables, and from the rest of '%s'",
			     options->config);
	else
		view_without(configuration, options);
	return 0;
}

void configuration_clear(struct configuration *configuration)
{
	policy_free(configuration->policy);
	free(configuration->broken);
	config_sources_clear(&configuration->sources);
	last_good_clear(&configuration->last);
	*configuration = (struct configuration){ 0 };
}

void configuration_report(const struct configuration *configuration, struct findings *findings)
{
	struct finding *finding;

	if (!configuration->broken)
		return;
	finding = findings_add(findings, CONFIGURATION_BROKEN, SEVERITY_CRITICAL, FAMILY_COUNT,
			       xstrdup(configuration->broken));
	if (configuration->shrunk)
		finding->remedy = &restore_file;
}

/* Whether what is left shows that not every rule is in force. */
static bool is_in_force(const struct findings *left)
{
	static const enum finding_id ids[] = {
		CONFIGURATION_BROKEN, USER_CHAIN_MISSING, USER_JUMP_MISSING, USER_JUMP_LATE,
		USER_JUMP_CONDITIONAL, ACCEPT_BEFORE_USER, RULE_MISSING, RULE_ORDER, RULE_BYPASSED,
		CONTESTED,
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		n += findings_count(left, ids[i], FAMILY_COUNT);
	return !n;
}

bool configuration_store(const struct configuration *configuration, const struct options *options,
			 const struct findings *left)
{
	const struct last_good *last = &configuration->last;
	/* A part of it that the kernel refuses is better than nothing, but not than all of it. */
	bool whole = !findings_count(left, RULE_REFUSED, FAMILY_COUNT) || !last->flat;

	if (configuration->broken || options->families || !whole ||
	    !is_in_force(left))
		return false;
	last_good_store(options->state_folder, options->config, last, configuration->sources.flat,
			policy_has_rules(configuration->policy));
	return true;
}
