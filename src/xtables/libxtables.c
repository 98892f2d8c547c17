/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libxtables.h"

#include <dlfcn.h>
#include <link.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"
#include "xt_entry.h"

static int revision_asked(const char *name, uint8_t revision, int opt);
static int revision_collected(const char *name, uint8_t revision, int opt);
static void library_failed(enum xtables_exittype status, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/*
 * opts must be NULL at first: libxtables up to 1.8.10 frees it only if it is not
 * orig_opts, later releases always do.
 */
static struct xtables_globals globals = {
	.program_name = "dockfw-check",
	.program_version = VERSION,
	.exit_err = library_failed,
};

static struct {
	enum family family;
	void (*failed)(const char *why);
	bool (*ask)(const struct revision_question *question);
	/* While an extension is loaded for printing: the revisions that it has. */
	bool found[UINT8_MAX + 1];
	int wanted; /* the one to register, -1: none */
	bool missed; /* one was not found, which the library may remember for both families */
	bool insists; /* find_target() waits for the refusal */
	jmp_buf refused;
} lib;

void libxt_fail(const char *why)
{
	lib.failed(why);
	_exit(1);
}

static void library_failed(enum xtables_exittype status, const char *format, ...)
{
	va_list args;
	char *text;

	(void)status;
	if (lib.insists)
		longjmp(lib.refused, 1);
	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	/* Its messages end in no, one or two newlines. */
	for (size_t n = strlen(text); n && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	libxt_fail(text);
}

static uint8_t libxt_nfproto(void)
{
	return lib.family == FAMILY_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

void libxt_start(enum family family, struct option *options,
		 bool (*ask)(const struct revision_question *question),
		 void (*failed)(const char *why))
{
	lib.family = family;
	lib.failed = failed;
	lib.ask = ask;
	globals.orig_opts = options;
	globals.compat_rev = ask ? revision_asked : revision_collected;
	xtables_init_all(&globals, libxt_nfproto());
}

/* ---- which revision ---- */

static int revision_asked(const char *name, uint8_t revision, int opt)
{
	struct revision_question question = {
		.revision = revision,
		.target = opt == IPT_SO_GET_REVISION_TARGET || opt == IP6T_SO_GET_REVISION_TARGET,
		.ipv6 = opt == IP6T_SO_GET_REVISION_MATCH || opt == IP6T_SO_GET_REVISION_TARGET,
	};

	strncpy(question.name, name, sizeof(question.name) - 1);
	return !revision || lib.ask(&question);
}

/*
 * For printing, every installed revision is wanted, not only the best: the first
 * search accepts none, and each of the next ones accepts one revision, lowest
 * first. (The library forgets the revisions below the one it has taken.)
 */
static int revision_collected(const char *name, uint8_t revision, int opt)
{
	(void)name;
	(void)opt;
	lib.found[revision] = true;
	return lib.wanted == revision;
}

static bool of_family(uint16_t family)
{
	return family == NFPROTO_UNSPEC || family == libxt_nfproto();
}

static const struct xtables_match *listed_match(const char *name, int revision)
{
	for (const struct xtables_match *m = xtables_matches; m; m = m->next)
		if (!strcmp(m->name, name) && of_family(m->family) &&
		    (revision < 0 || m->revision == revision))
			return m;
	return NULL;
}

static const struct xtables_target *listed_target(const char *name, int revision)
{
	for (const struct xtables_target *t = xtables_targets; t; t = t->next)
		if (!strcmp(t->name, name) && of_family(t->family) &&
		    (revision < 0 || t->revision == revision))
			return t;
	return NULL;
}

/* A name from the kernel becomes part of a file name. */
static bool good_name(const char *name)
{
	return *name && strlen(name) < XT_EXTENSION_MAXNAMELEN && !strchr(name, '/');
}

/*
 * As xtables_find_target(), but the library does not remember a miss for both families, as
 * it does since 1.8.8 if it may return without the target. It refuses instead, with nothing
 * half done.
 */
static bool find_target(const char *name)
{
	lib.insists = true;
	if (setjmp(lib.refused)) {
		lib.insists = false;
		return false;
	}
	(void)xtables_find_target(name, XTF_LOAD_MUST_SUCCEED);
	lib.insists = false;
	return true;
}

static bool found_any(void)
{
	return memchr(lib.found, 1, sizeof(lib.found)) != NULL;
}

const struct xtables_match *libxt_match(const char *name, uint8_t revision)
{
	if (!good_name(name))
		return NULL;
	if (!listed_match(name, -1)) {
		memset(lib.found, 0, sizeof(lib.found));
		lib.wanted = -1;
		xtables_find_match(name, XTF_TRY_LOAD, NULL);
		for (lib.wanted = 0; lib.wanted <= UINT8_MAX; lib.wanted++)
			if (lib.found[lib.wanted])
				xtables_find_match(name, XTF_TRY_LOAD, NULL);
	}
	return listed_match(name, revision);
}

const struct xtables_target *libxt_target(const char *name, uint8_t revision)
{
	if (!good_name(name))
		return NULL;
	if (!listed_target(name, -1)) {
		memset(lib.found, 0, sizeof(lib.found));
		lib.wanted = -1;
		/*
		 * While it loads the object of a family, the library remembers the miss all the
		 * same, and then does not look into that of the other one. The second search
		 * does.
		 */
		if (!find_target(name) && !found_any())
			find_target(name);
		for (lib.wanted = 0; lib.wanted <= UINT8_MAX; lib.wanted++)
			if (lib.found[lib.wanted])
				find_target(name);
	}
	return listed_target(name, revision);
}

static int count_loads(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	*(unsigned long long *)data = info->dlpi_adds;
	return 1;
}

/* How many objects have been loaded so far. */
static unsigned long long loads(void)
{
	unsigned long long n = 0;

	dl_iterate_phdr(count_loads, &n);
	return n;
}

bool libxt_has_target(const char *name)
{
	unsigned long long before = loads();
	bool found;

	/* The library keeps the verdicts in "standard". */
	if (!good_name(name) || !strcmp(name, "standard"))
		return false;
	found = find_target(name);
	/* An object that has a match of that name keeps only this family's. */
	lib.missed = lib.missed || (!found && loads() != before);
	return found;
}

/* ---- the other family ---- */

struct xtables_target *libxt_find_target(const char *name)
{
	struct xtables_target *found = xtables_find_target(name, XTF_TRY_LOAD);

	lib.missed = lib.missed || !found;
	return found;
}

struct xtables_match *libxt_find_match(const char *name, struct xtables_rule_match **matches)
{
	struct xtables_match *found = xtables_find_match(name, XTF_TRY_LOAD, matches);

	lib.missed = lib.missed || !found;
	return found;
}

/*
 * An object registers its extensions once, when it is loaded, and the library then forgets those
 * of the other family: it would not find them later. These are for every family and have one
 * revision, or they are in an object of their own for each family (REJECT).
 */
static bool serves_both(const char *name)
{
	static const char *const both[] = { "standard", "tcp", "udp", "comment", "REJECT" };

	for (size_t i = 0; i < ARRAY_SIZE(both); i++)
		if (!strcmp(name, both[i]))
			return true;
	return false;
}

/*
 * Each publish section has one. The object has it for each family, with the same parser and the
 * same options: they differ only in how they print.
 */
static bool parses_both(const struct xtables_match *match)
{
	return lib.ask && !strcmp(match->name, "conntrack") && match->revision == 3;
}

bool libxt_switch(enum family family)
{
	bool same = !lib.missed;

	for (const struct xtables_match *m = xtables_matches; m && same; m = m->next)
		same = parses_both(m) || (serves_both(m->name) && !m->revision);
	for (const struct xtables_target *t = xtables_targets; t && same; t = t->next)
		same = serves_both(t->name) && !t->revision;
	lib.family = family;
	if (!same)
		return false;
	for (struct xtables_match *m = xtables_matches; m; m = m->next)
		if (parses_both(m))
			m->family = libxt_nfproto();
	xtables_set_nfproto(libxt_nfproto());
	return true;
}

/* ---- one rule ---- */

void libxt_begin(void)
{
	for (struct xtables_match *m = xtables_matches; m; m = m->next)
		m->mflags = 0;
	for (struct xtables_target *t = xtables_targets; t; t = t->next) {
		t->tflags = 0;
		t->used = 0;
	}
}

const struct option *libxt_options(void)
{
	return globals.opts ? globals.opts : globals.orig_opts;
}

/* NULL x6_options crash 1.8.11, and NULL extra_opts must not be merged. */
static void merge_options(const struct xt_option_entry *x6, const struct option *extra,
			  unsigned int *offset)
{
	struct option *merged;

	if (x6)
		merged = xtables_options_xfrm(globals.orig_opts, globals.opts, x6, offset);
	else if (extra)
		merged = xtables_merge_options(globals.orig_opts, globals.opts, extra, offset);
	else
		return;
	if (!merged)
		libxt_fail("out of memory");
	globals.opts = merged;
}

void libxt_use_match(struct xtables_match *match, bool merge)
{
	const char *name = match->real_name ? match->real_name : match->name;
	size_t size = XT_ALIGN(sizeof(struct xt_entry_match)) + match->size;

	match->m = xcalloc(1, size);
	match->m->u.match_size = (uint16_t)size;
	strncpy(match->m->u.user.name, name, sizeof(match->m->u.user.name) - 1);
	match->m->u.user.revision = match->revision;
	if (match->udata_size) {
		free(match->udata);
		match->udata = xcalloc(1, match->udata_size);
	}
	if (match->init)
		match->init(match->m);
	if (merge || match->next != match)
		merge_options(match->x6_options, match->extra_opts, &match->option_offset);
}

void libxt_use_target(struct xtables_target *target)
{
	const char *name = target->real_name ? target->real_name : target->name;
	size_t size = XT_ALIGN(sizeof(struct xt_entry_target)) + target->size;

	target->t = xcalloc(1, size);
	target->t->u.target_size = (uint16_t)size;
	strncpy(target->t->u.user.name, name, sizeof(target->t->u.user.name) - 1);
	target->t->u.user.revision = target->revision;
	if (target->udata_size) {
		free(target->udata);
		target->udata = xcalloc(1, target->udata_size);
	}
	if (target->init)
		target->init(target->t);
	merge_options(target->x6_options, target->extra_opts, &target->option_offset);
}

void libxt_end(struct xtables_rule_match **matches, struct xtables_target *target)
{
	/* Releases up to 1.8.10 leak a clone's udata. */
	for (struct xtables_rule_match *i = *matches; i; i = i->next) {
		if (i->match->next == i->match) {
			free(i->match->udata);
			i->match->udata = NULL;
		}
	}
	xtables_rule_matches_free(matches);
	if (target) {
		free(target->t);
		target->t = NULL;
		free(target->udata);
		target->udata = NULL;
		if (target->next == target)
			free(target);
	}
	xtables_free_opts(1);
}

void libxt_entry_set(union libxt_entry *entry, const struct rule *rule)
{
	memset(entry, 0, sizeof(*entry));
	xt_entry_put_head(entry, rule, 0, 0);
}

/*
 * The source of iptables' protocol names changed twice. Up to 1.8.7 it was
 * /etc/protocols, then libxtables' own table; from 1.8.8 on, the table first;
 * from 1.8.11 on, only the table. The table shows which: it gained
 * "mobility-header" with the first change and "dccp" with the second. It is
 * found with dlsym(), since a direct reference would be a copy of the size that
 * it had at build time.
 */
const char *libxt_protocol(uint16_t proto)
{
	const struct xtables_pprot *known = dlsym(RTLD_DEFAULT, "xtables_chain_protos");
	const struct protoent *entry;
	const char *own = NULL, *filed;
	bool own_first = false, own_alone = false;

	for (; known && known->name; known++) {
		if (known->num == proto && !own)
			own = known->name;
		own_first = own_first || !strcmp(known->name, "mobility-header");
		own_alone = own_alone || !strcmp(known->name, "dccp");
	}
	if (own_alone || (own && own_first))
		return own;
	entry = getprotobynumber(proto);
	filed = entry ? entry->p_name : NULL;
	return filed ? filed : own;
}
