/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deadline.h"
#include "diag.h"
#include "fuzz.h"
#include "lib/child.h"
#include "rulespec.h"
#include "spec_words.h"

/*
 * The texts of rules, one per line: each is accepted, or refused with a reason, and the
 * printed form of a rule is read as the same rule. A first line "6" selects IPv6.
 *
 * Some extensions print what they do not read back, and some fail; that is their fault.
 * So the second property holds for the rule's own options and the extensions named here.
 */

#define TEXTS 64

static const char *const trusted[] = {
	"tcp", "udp", "comment", "multiport", "mark", "limit", "conntrack", "addrtype", "iprange",
	"pkttype", "physdev", "state", "icmp", "icmp6", "REJECT", "LOG", "NFLOG", "MARK",
};

/* The kernel is not asked which revisions it has: that could load modules. */
struct mnl_socket;
struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags);

struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return NULL;
}

static bool is_trusted(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(trusted); i++)
		if (!strcmp(name, trusted[i]))
			return true;
	return false;
}

/* iptables lists names without the quotes that they need; the program reports it if it matters. */
static bool is_word(const struct interface *iface)
{
	return !strpbrk(iface->name, " \t\"");
}

static bool is_plain(const struct rule *rule)
{
	if (!is_word(&rule->in) || !is_word(&rule->out))
		return false;
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!is_trusted(rule->matches[i].name))
			return false;
	return rule->verdict != VERDICT_EXT || is_trusted(rule->target.name);
}

static void parse(enum family family, char *const *texts, size_t n, const struct strings *chains,
		  struct spec *specs)
{
	int result = rulespec_parse(family, (const char *const *)texts, n, chains, specs);

	child_check();
	REQUIRE(!result, "%s", diag_first_error());
}

static void require_same_again(enum family family, const struct rule *const *rules, size_t n,
			       const struct strings *chains)
{
	struct spec *specs = xcalloc(n, sizeof(*specs));
	char **texts = xcalloc(n, sizeof(*texts));
	int result = rulespec_print(family, rules, n, texts);

	child_check();
	REQUIRE(!result, "%s", diag_first_error());
	parse(family, texts, n, chains, specs);
	for (size_t i = 0; i < n; i++) {
		if (is_plain(rules[i]) && *texts[i] != '[') {
			REQUIRE(!specs[i].error, "'%s': %s", texts[i], specs[i].error);
			REQUIRE(specs[i].nrules == 1, "'%s': %zu rules", texts[i], specs[i].nrules);
			REQUIRE(rule_equal(rules[i], specs[i].rules[0]), "'%s'", texts[i]);
			REQUIRE(rule_hash(rules[i]) == rule_hash(specs[i].rules[0]), "'%s'", texts[i]);
		}
		spec_clear(&specs[i]);
		free(texts[i]);
	}
	free(texts);
	free(specs);
}

/* The words of a text are the same words when each is put into quotes. */
static void require_same_words(const char *text)
{
	struct words words = { 0 }, again = { 0 };
	char *error = words_split(text, &words), *quoted = xcalloc(1, 4 * strlen(text) + 8);
	size_t n = 0;

	REQUIRE(!error == (words.v != NULL), "%s", error ? error : "no words");
	for (int i = 1; !error && i < words.n; i++) {
		quoted[n++] = '"';
		for (const char *c = words.v[i]; *c; c++) {
			if (strchr("\"\\", *c))
				quoted[n++] = '\\';
			quoted[n++] = *c;
		}
		quoted[n++] = '"';
	}
	if (!error)
		REQUIRE(!words_split(quoted, &again) && again.n == words.n, "%s", quoted);
	for (int i = 0; i < again.n; i++)
		REQUIRE(!strcmp(words.v[i], again.v[i]), "%s, not %s", again.v[i], words.v[i]);
	words_clear(&words);
	words_clear(&again);
	free(quoted);
	free(error);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	child_setup();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *all = xcalloc(1, size + 1), *rest = all, *line;
	struct strings chains = { 0 };
	char *texts[TEXTS];
	struct spec specs[TEXTS];
	const struct rule **rules = NULL;
	enum family family = FAMILY_IPV4;
	size_t n = 0, nrules = 0, room = 0;

	memcpy(all, data, size);
	diag_setup(0, true);
	deadline_start(60);
	strings_add(&chains, "USER");
	strings_add(&chains, "OTHER");
	if (!strncmp(all, "6\n", 2)) {
		family = FAMILY_IPV6;
		rest += 2;
	}
	while (n < TEXTS && (line = strsep(&rest, "\n")))
		texts[n++] = line;
	for (size_t i = 0; i < n; i++)
		require_same_words(texts[i]);
	parse(family, texts, n, &chains, specs);
	for (size_t i = 0; i < n; i++) {
		REQUIRE(!specs[i].error == (specs[i].nrules > 0), "'%s': %zu rules", texts[i],
			specs[i].nrules);
		/* A list of addresses gives hundreds of rules that differ only in the address. */
		for (size_t k = 0; k < specs[i].nrules && k < 4; k++) {
			GROW(rules, nrules, room);
			rules[nrules++] = specs[i].rules[k];
		}
	}
	if (nrules)
		require_same_again(family, rules, nrules, &chains);
	for (size_t i = 0; i < n; i++)
		spec_clear(&specs[i]);
	free(rules);
	strings_clear(&chains);
	diag_cleanup();
	free(all);
	return 0;
}
