/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "legacy_try.h"

/* Before the kernel's headers, which then leave out what it defines. */
#include <netinet/in.h>

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "legacy_jumps.h"
#include "patience.h"
#include "text.h"
#include "util.h"
#include "xt_entry.h"
#include "xt_target.h"

/* The structures of both families differ only in their names. */
_Static_assert(sizeof(struct ipt_replace) == sizeof(struct ip6t_replace) &&
	       sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo) &&
	       offsetof(struct ipt_replace, entries) == offsetof(struct ip6t_replace, entries),
	       "one layout");
_Static_assert(IPT_SO_SET_REPLACE == IP6T_SO_SET_REPLACE, "one option to replace a table");
_Static_assert(IPT_SO_GET_INFO == IP6T_SO_GET_INFO, "one option to read about a table");

/* A rule as an entry of ip_tables, without what it leads to. */
struct tried {
	void *entry; /* owned */
	size_t size;
	bool has_target;
	unsigned int hooks; /* from which packets come to it, bits 1U << NF_INET_… */
};

/* What is tried: the rules of some edits. */
struct trial {
	enum family family;
	const char *table;
	unsigned int hooks; /* of the table */
	int socket;
	struct candidate {
		size_t edit;
		struct tried rule;
		/*
		 * Of a jump: the rules that are in force, not for some hook, and that packets of
		 * this hook come to with it.
		 */
		struct tried *along; /* owned */
		size_t nalong, room;
	} *v;        /* owned */
	size_t n;
	size_t *taken; /* owned; indexes of candidates that the kernel takes together */
	size_t ntaken;
};

/* ---- a table of its own ---- */

struct blob {
	uint8_t *v; /* owned; struct ipt_replace, then the entries */
	size_t n, room;
	uint32_t entries;
};

static size_t blob_offset(const struct blob *blob)
{
	return blob->n - sizeof(struct ipt_replace);
}

static void put_bytes(struct blob *blob, const void *bytes, size_t size)
{
	while (blob->room - blob->n < size) {
		blob->room = blob->room ? 2 * blob->room : 4096;
		blob->v = xreallocarray(blob->v, blob->room, 1);
	}
	memcpy(blob->v + blob->n, bytes, size);
	blob->n += size;
}

/* Ends the entry in the kernel's own verdict, an offset in the table if it is not negative. */
static void set_verdict(struct blob *blob, int verdict)
{
	const size_t size = XT_ALIGN(sizeof(struct xt_standard_target));

	memcpy(blob->v + blob->n - size + offsetof(struct xt_standard_target, verdict), &verdict,
	       sizeof(verdict));
}

static void put_entry(struct blob *blob, const void *entry, size_t size)
{
	put_bytes(blob, entry, size);
	blob->entries++;
}

/* An entry without conditions that ends in ACCEPT, or the one that ends the table. */
static void put_end(struct blob *blob, enum family family, bool of_table)
{
	char name[XT_FUNCTION_MAXNAMELEN] = XT_ERROR_TARGET;
	struct rule *rule = rule_new(family);
	size_t size;
	void *entry;

	if (of_table)
		rule_set_target(rule, XT_ERROR_TARGET, 0, name, sizeof(name));
	entry = xt_entry_encode(rule, &size);
	put_entry(blob, entry, size);
	if (!of_table)
		set_verdict(blob, -NF_ACCEPT - 1);
	free(entry);
	rule_free(rule);
}

/* A rule without a target of its own continues with the next entry. */
static void put_tried(struct blob *blob, const struct tried *tried)
{
	put_entry(blob, tried->entry, tried->size);
	if (!tried->has_target)
		set_verdict(blob, (int)blob_offset(blob));
}

/* ---- one trial ---- */

/* Those that packets of the hooks come to, or with 0 those that none come to. */
static void put_candidates(struct blob *blob, const struct trial *trial, size_t first, size_t n,
			   unsigned int hooks)
{
	for (size_t i = 0; i < trial->ntaken + n; i++) {
		const struct candidate *candidate = &trial->v[i < trial->ntaken ?
			trial->taken[i] : first + i - trial->ntaken];

		if (hooks ? candidate->rule.hooks & hooks : !candidate->rule.hooks)
			put_tried(blob, &candidate->rule);
		for (size_t j = 0; j < candidate->nalong; j++)
			if (candidate->along[j].hooks & hooks)
				put_tried(blob, &candidate->along[j]);
	}
}

/*
 * The table with what was taken so far and with n more candidates. Some extensions are only
 * for some hooks. So what packets of a hook come to is there, perhaps several times, and all
 * else is where no packet comes.
 */
static void make_blob(struct blob *blob, const struct trial *trial, size_t first, size_t n)
{
	struct ipt_replace head = { .valid_hooks = trial->hooks, .num_counters = 1 };

	put_bytes(blob, &head, sizeof(head));
	for (int hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
		if (!(trial->hooks & 1U << hook))
			continue;
		head.hook_entry[hook] = (unsigned int)blob_offset(blob);
		put_candidates(blob, trial, first, n, 1U << hook);
		head.underflow[hook] = (unsigned int)blob_offset(blob);
		put_end(blob, trial->family, false);
	}
	put_candidates(blob, trial, first, n, 0);
	put_end(blob, trial->family, true);
	head.num_entries = blob->entries;
	head.size = (unsigned int)blob_offset(blob);
	memcpy(head.name, trial->table, strlen(trial->table));
	memcpy(blob->v, &head, sizeof(head));
}

static int level_of(const struct trial *trial)
{
	return trial->family == FAMILY_IPV4 ? IPPROTO_IP : IPPROTO_IPV6;
}

/* Returns the kernel's errno, of which EAGAIN means that it would take the rules. */
static int try_once(const struct trial *trial, const struct blob *blob)
{
	struct ipt_replace head;
	struct xt_counters counter;

	memcpy(&head, blob->v, sizeof(head));
	head.counters = &counter;
	memcpy(blob->v, &head, sizeof(head));
	return setsockopt(trial->socket, level_of(trial), IPT_SO_SET_REPLACE, blob->v,
			  (socklen_t)blob->n) < 0 ? errno : 0;
}

/* Sets error: 0 if the kernel takes them. Returns -1 after reporting that time is over. */
static int try_some(const struct trial *trial, size_t first, size_t n, int *error)
{
	uint64_t patient = clock_ms() + SHORTAGE_OF_RULE_MS;
	struct blob blob = { 0 };
	int status;

	make_blob(&blob, trial, first, n);
	do {
		status = deadline_check();
		*error = status ? 0 : try_once(trial, &blob);
		if (*error == EAGAIN) {
			*error = 0;
			break;
		}
		if (backend_error_passes(*error))
			sleep_ms(1);
	} while (!status && backend_error_passes(*error) && clock_ms() < patient);
	free(blob.v);
	return status;
}

/* ---- the culprits ---- */

/* "match 'ah', target 'REJECT'"; the caller frees it. */
static char *extensions_of(const struct rule *rule)
{
	const char *between = "";
	struct text text;

	text_open(&text);
	for (size_t i = 0; i < rule->nmatches; i++) {
		if (!strcmp(rule->matches[i].name, "comment"))
			continue;
		fprintf(text.out, "%smatch '%s'", between, rule->matches[i].name);
		between = ", ";
	}
	if (rule->verdict == VERDICT_EXT)
		fprintf(text.out, "%starget '%s'", between, rule->target.name);
	return text_take(&text);
}

/* What ENOENT may mean: an extension, or what one of them names. The caller frees it. */
static char *what_is_missing(const struct rule *rule)
{
	char *extensions = extensions_of(rule);
	struct text text;

	text_open(&text);
	fprintf(text.out, "this kernel has no %s (load or install its module)", extensions);
	free(extensions);
	for (size_t i = 0; i <= rule->nmatches; i++) {
		const struct ext *ext = i < rule->nmatches ? &rule->matches[i] : &rule->target;
		const char *object = i < rule->nmatches || rule->verdict == VERDICT_EXT ?
				     xt_object_missing(ext->name) : NULL;

		if (object)
			fprintf(text.out, ", or %s", object);
	}
	return text_take(&text);
}

/* In the middle of a sentence, if the hooks may be why. */
static const char *place_of(const struct candidate *candidate)
{
	if (candidate->nalong)
		return "perhaps a rule that it leads to, which is not for each place from which packets "
		       "come to it; ";
	if (candidate->rule.hooks & ~(1U << NF_INET_FORWARD))
		return "packets come to its chain from elsewhere than FORWARD as well; ";
	return "";
}

static char *why_of(const struct candidate *candidate, const struct rule *rule, int error)
{
	const char *table = rule->verdict == VERDICT_EXT ? xt_target_table(rule->target.name) : NULL;
	char *extensions = extensions_of(rule), *why, *missing;

	if (error == ENOENT) {
		missing = what_is_missing(rule);
		why = xasprintf("%s; %s", strerror(error), missing);
		free(missing);
	} else if (error == EINVAL && table)
		why = xasprintf("%s; target '%s' is only for the table %s", strerror(error),
				rule->target.name, table);
	else if (error == EINVAL)
		why = xasprintf("%s; %s%s%sdmesg may say more", strerror(error), extensions,
				*extensions ? " was refused, " : "", place_of(candidate));
	else
		why = xstrdup(strerror(error));
	free(extensions);
	return why;
}

/*
 * All at once at first; while a part is refused, half of it, down to the rule that is why.
 * A rule that needs one before it is tried together with that one.
 */
static int find_culprits(struct trial *trial, const struct edits *edits,
			 struct refused_edits *refused)
{
	size_t first = 0, step = trial->n;

	while (first < trial->n) {
		size_t left = trial->n - first;
		int error;

		step = step < left ? step : left;
		if (try_some(trial, first, step, &error))
			return -1;
		if (error == EPERM) {
			diag_error("cannot try rules in ip_tables: %s; run as root (CAP_NET_ADMIN); "
				   "nothing was written", strerror(error));
			return -1;
		}
		if (!error) {
			for (size_t i = 0; i < step; i++)
				trial->taken[trial->ntaken++] = first + i;
			first += step;
			step *= 2;
		} else if (step > 1) {
			step /= 2;
		} else {
			const struct candidate *candidate = &trial->v[first];

			refused_edits_add(refused, candidate->edit, true,
					  why_of(candidate, edits->v[candidate->edit].rule, error));
			first++;
		}
	}
	return 0;
}

static bool is_of(const struct trial *trial, const struct edit *edit)
{
	return edit->op == EDIT_INSERT && edit->family == trial->family &&
	       !strcmp(edit->table, trial->table);
}

/* What a rule leads to, or its verdict, is not tried so, only its conditions. */
static bool make_tried(struct tried *tried, const struct rule *rule, unsigned int hooks)
{
	struct rule *copy = rule_copy(rule);

	*tried = (struct tried){ .hooks = hooks, .has_target = rule->verdict == VERDICT_EXT };
	if (!tried->has_target)
		copy->verdict = VERDICT_NONE;
	tried->entry = xt_entry_encode(copy, &tried->size);
	rule_free(copy);
	return tried->entry != NULL;
}

static void add_along(struct candidate *candidate, const struct chain *chain, unsigned int hooks)
{
	for (size_t i = 0; i < chain->nrules; i++) {
		struct tried tried;

		/* The kernel knows the others for every hook. */
		if (chain->rules[i]->opaque ||
		    (!chain->rules[i]->nmatches && chain->rules[i]->verdict != VERDICT_EXT) ||
		    !make_tried(&tried, chain->rules[i], hooks))
			continue;
		GROW(candidate->along, candidate->nalong, candidate->room);
		candidate->along[candidate->nalong++] = tried;
	}
}

/* Where the jump of an edit leads. Returns false if it closes a loop, which is then noted. */
static bool follow(struct candidate *candidate, struct jumps *jumps, const struct table *live,
		   const struct edit *edit, struct refused_edits *refused)
{
	const char *to = edit->rule->chain;

	if (!jumps_add(jumps, edit->chain, to)) {
		refused_edits_add(refused, candidate->edit, true,
				  xasprintf("%s leads back to %s, in a loop", to, edit->chain));
		return false;
	}
	/* FORWARD's jump is needed in any case, and it is not to blame for what it leads to. */
	for (size_t c = 0; live && strcmp(edit->chain, "FORWARD") && c < live->nchains; c++) {
		const struct chain *chain = live->chains[c];
		unsigned int hooks = jumps_new_hooks(jumps, edit->chain, to, chain->name);

		if (hooks)
			add_along(candidate, chain, hooks);
	}
	return true;
}

static void candidate_clear(struct candidate *candidate)
{
	free(candidate->rule.entry);
	for (size_t i = 0; i < candidate->nalong; i++)
		free(candidate->along[i].entry);
	free(candidate->along);
}

static void add_candidate(struct trial *trial, const struct edits *edits, size_t index,
			  const struct table *live, struct jumps *jumps,
			  struct refused_edits *refused)
{
	const struct edit *edit = &edits->v[index];
	struct candidate *candidate = &trial->v[trial->n];

	*candidate = (struct candidate){ .edit = index };
	if (!make_tried(&candidate->rule, edit->rule, jumps_hooks(jumps, edit->chain)))
		refused_edits_add(refused, index, true, xstrdup("ip_tables cannot hold it"));
	else if (!rule_jumps(edit->rule) || follow(candidate, jumps, live, edit, refused))
		trial->n++;
	else
		candidate_clear(candidate);
}

static bool makes_estimator(const struct edit *edit)
{
	return edit->rule->verdict == VERDICT_EXT && !strcmp(edit->rule->target.name, "RATEEST");
}

static int by_chain(const void *a, const void *b, void *data)
{
	const struct candidate *one = a, *other = b;
	const struct edits *edits = data;
	int order = strcmp(edits->v[one->edit].chain, edits->v[other->edit].chain);

	return order ? order : (one->edit > other->edit) - (one->edit < other->edit);
}

/* The kernel must have an estimator before it is used, and libiptc sorts new chains by name. */
static void sort_candidates(struct trial *trial, const struct edits *edits)
{
	bool needed = false;

	for (size_t i = 0; i < trial->n; i++)
		needed |= makes_estimator(&edits->v[trial->v[i].edit]);
	if (needed)
		qsort_r(trial->v, trial->n, sizeof(*trial->v), by_chain, (void *)edits);
}

/* A table with a single entry would be replaced: each has one for every hook, and its end. */
static bool can_be_tried(struct trial *trial)
{
	struct ipt_getinfo info = { 0 };
	socklen_t size = sizeof(info);

	memcpy(info.name, trial->table, strlen(trial->table));
	if (getsockopt(trial->socket, level_of(trial), IPT_SO_GET_INFO, &info, &size) < 0)
		return false;
	trial->hooks = info.valid_hooks;
	return info.num_entries > 1;
}

static int try_all(struct trial *trial, const struct edits *edits, struct refused_edits *refused)
{
	int status = 0;

	trial->socket = socket(family_af(trial->family), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (trial->socket < 0) {
		diag_error("cannot open a socket for ip_tables: %s", strerror(errno));
		return -1;
	}
	if (can_be_tried(trial))
		status = find_culprits(trial, edits, refused);
	close(trial->socket);
	return status;
}

int legacy_try(const struct table *live, enum family family, const char *table,
	       const struct edits *edits, struct refused_edits *refused)
{
	struct trial trial = { .family = family, .table = table };
	struct jumps *jumps;
	int status;

	if (strlen(table) >= XT_TABLE_MAXNAMELEN)
		return 0;
	jumps = jumps_new(live, family, table, edits);
	trial.v = xcalloc(edits->n, sizeof(*trial.v));
	for (size_t i = 0; i < edits->n; i++)
		if (is_of(&trial, &edits->v[i]))
			add_candidate(&trial, edits, i, live, jumps, refused);
	sort_candidates(&trial, edits);
	trial.taken = xcalloc(trial.n, sizeof(*trial.taken));
	status = trial.n ? try_all(&trial, edits, refused) : 0;
	for (size_t i = 0; i < trial.n; i++)
		candidate_clear(&trial.v[i]);
	free(trial.v);
	free(trial.taken);
	jumps_free(jumps);
	return status;
}
