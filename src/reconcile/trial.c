/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "docker_chains.h"
#include "patience.h"
#include "read_set.h"
#include "session.h"
#include "snapshot_read.h"
#include "util.h"

#define FILTER "filter"

/* The edits, and for each the configured rule that it inserts, or NULL. */
struct attempt {
	struct edits edits;
	struct wanted_rule **wanted; /* owned */
	size_t room;
};

static void note_wanted(struct attempt *attempt, struct wanted_rule *wanted)
{
	size_t n = attempt->edits.n - 1;

	GROW(attempt->wanted, n, attempt->room);
	attempt->wanted[n] = wanted;
}

static void add_rules(struct attempt *attempt, enum family family, struct wanted_rules *rules,
		      size_t *position)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct rule *rule;

		if (rules->v[i].refused)
			continue;
		rule = rule_copy(rules->v[i].rule);
		rule_add_mark(rule);
		edits_rule(&attempt->edits, EDIT_INSERT, family, FILTER, DOCKER_USER, ++*position,
			   rule);
		note_wanted(attempt, &rules->v[i]);
		rule_free(rule);
	}
}

static void add_chain(struct attempt *attempt, const struct table *table, enum family family,
		      const char *name)
{
	if (table_chain(table, name))
		return;
	edits_chain(&attempt->edits, EDIT_CREATE, family, FILTER, name);
	note_wanted(attempt, NULL);
}

/* Some extensions are not for FORWARD: the kernel looks at the hooks that lead to a rule. */
static void add_jump(struct attempt *attempt, enum family family)
{
	struct rule *jump = rule_new(family);

	rule_set_chain(jump, VERDICT_JUMP, DOCKER_USER);
	edits_rule(&attempt->edits, EDIT_INSERT, family, FILTER, "FORWARD", 1, jump);
	note_wanted(attempt, NULL);
	rule_free(jump);
}

static void add_family(struct attempt *attempt, struct policy *policy,
		       const struct table *table, enum family family)
{
	size_t position = 0;

	for (size_t c = 0; c < policy->nchains; c++)
		add_chain(attempt, table, family, policy->chains[c]->name);
	for (size_t c = 0; c < policy->nchains; c++)
		add_rules(attempt, family, &policy->chains[c]->rules[family], &position);
	add_rules(attempt, family, &policy->closing[family], &position);
	/* At the end, as in a plan. */
	add_chain(attempt, table, family, "FORWARD");
	add_jump(attempt, family);
}

/* Reports the rules that were refused and marks them. Returns whether there are any. */
static bool report(const struct attempt *attempt, const struct refused_edits *refused)
{
	bool any = false;

	for (size_t i = 0; i < refused->n; i++) {
		const struct refused_edit *edit = &refused->v[i];
		struct wanted_rule *wanted = attempt->wanted[edit->edit];
		const char *family = family_title(attempt->edits.v[edit->edit].family);

		if (!wanted || !edit->rule || edit->suspect)
			continue;
		any = true;
		wanted->refused = xstrdup(edit->why);
		if (*wanted->file)
			diag_error_at(wanted->file, wanted->line,
				      "the kernel does not take '%s' (%s): %s", wanted->text, family,
				      edit->why);
		else
			diag_error("on-error = \"close\": the kernel does not take '%s' (%s): %s",
				   wanted->text, family, edit->why);
	}
	return any;
}

static int try_policy(const struct session *session, const struct snapshot *snapshot,
		      struct refused_edits *refused, struct attempt *attempt)
{
	struct policy *policy = session->policy;
	struct backend *backend;
	int status;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		const struct table *table = snapshot_table(snapshot, (enum family)family, FILTER);

		if (!(policy->families & 1U << family))
			continue;
		if (session->ops->kind == BACKEND_NFT || table)
			add_family(attempt, policy, table, (enum family)family);
		else
			diag_step(1, "the kernel was not consulted about the %s rules: ip_tables has no "
				  "table '" FILTER "' yet", family_title((enum family)family));
	}
	if (!attempt->edits.n)
		return BACKEND_OK;
	backend = session->ops->open(false);
	if (!backend)
		return BACKEND_FAILED;
	status = session->ops->try(backend, snapshot, &attempt->edits, refused);
	session->ops->close(backend);
	return status;
}

/* Returns enum backend_result; BACKEND_REFUSED after reporting rules, or if none is to blame. */
static int try_once(const struct session *session, bool *any)
{
	static const char *const tables[] = { FILTER, NULL };
	struct refused_edits refused = { 0 };
	struct attempt attempt = { 0 };
	struct snapshot *snapshot = NULL;
	int result = BACKEND_FAILED;

	*any = false;
	if (!snapshot_read(session->ops, session->policy, tables, select_all, &snapshot))
		result = try_policy(session, snapshot, &refused, &attempt);
	if (result == BACKEND_REFUSED)
		*any = report(&attempt, &refused);
	refused_edits_clear(&refused);
	edits_clear(&attempt.edits);
	free(attempt.wanted);
	snapshot_free(snapshot);
	return result;
}

/* Tries again without what was refused. Returns 0 or -1 as trial_run() does, or 1: not tried. */
static int try_rules(const struct session *session)
{
	unsigned int tries = 0;
	int result, status = 0;
	bool any;

	do {
		result = try_once(session, &any);
		status |= any ? -1 : 0;
	} while ((any && !deadline_check()) ||
		 (result == BACKEND_CHANGED && backend_try_again(&tries)));
	return status ? status : result == BACKEND_OK ? 0 : 1;
}

/* SO_RCVBUFFORCE needs CAP_NET_ADMIN, and nothing else; it says nothing and changes nothing. */
bool trial_may(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 4096;
	bool may = fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));

	if (fd >= 0)
		close(fd);
	return may && !geteuid();
}

int trial_run(backend_list backends, const struct policy *policy)
{
	struct session session = { 0 };
	int status;

	if (!trial_may()) {
		diag_step(1, "the kernel was not consulted: that needs root (CAP_NET_ADMIN)");
		return 0;
	}
	deadline_step("trying the rules");
	status = session_open(&session, backends, policy) ? 1 : 0;
	if (!status)
		status = try_rules(&session);
	session_close(&session);
	if (status <= 0 || deadline_check())
		return status <= 0 ? status : -1;
	diag_forget();
	diag_warning("the kernel was not consulted about the rules");
	return 0;
}
