/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libnftnl/common.h>
#include <libnftnl/rule.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backend.h"
#include "backend_nft.h"
#include "deadline.h"
#include "diag.h"
#include "nft-asm.h"
#include "nft-forms.h"
#include "nft_canonical.h"
#include "nft_socket.h"
#include "rulespec.h"
#include "show-rule.h"
#include "util.h"

/*
 * Commands for the nf_tables backend, for the tests in tests/nft:
 *
 *   dump TABLE                     both families, as in the snapshot, data in hex
 *   texts FAMILY TABLE CHAIN       its rules as iptables would list them
 *   load FAMILY TABLE CHAIN RULE…  appends rules in the syntax of nft-asm.h
 *   forms FAMILY TABLE WHOLE OPAQUE  loads the rules of nft-forms.h into two chains, reads
 *                                  them and compares them with what they should be
 *   copy FAMILY TABLE FROM TO      creates TO with copies of FROM's rules and counters
 *   put FAMILY TABLE CHAIN AT TEXT…  inserts rules of option text at AT
 *   has FAMILY TABLE CHAIN TEXT    prints how many rules equal that text
 *   is FAMILY TABLE CHAIN TEXT…    whether its rules are exactly these; prints the first that is not
 *   script FAMILY TABLE WORD…      edits: +CHAIN -CHAIN CHAIN@N=TEXT CHAIN@N; - deletes the table
 *   between FAMILY TABLE COMMAND   reads, runs COMMAND in a shell, inserts a rule
 *                                  into FORWARD; prints the result of the commit
 *   many FAMILY TABLE CHAIN N AT   inserts N rules at AT (from 1)
 *   churn FAMILY TABLE CHAIN N     inserts and deletes a rule N times, retrying if others wrote
 *   generation                     prints the generation of the tables
 *   bench FAMILY TABLE CHAIN N     N sessions that read this chain
 */

static struct backend *backend;
static struct snapshot *snapshot;

static void stop(void)
{
	backend_nft.close(backend);
	snapshot_free(snapshot);
	backend = NULL;
	snapshot = NULL;
}

/* Reads complete tables; chain NULL: all chains. */
static int start(enum family family, const char *name, const char *chain)
{
	struct table *table;
	int status;

	snapshot = snapshot_new(BACKEND_NFT);
	backend = backend_nft.open(true);
	if (!backend)
		return -1;
	status = backend_nft.read_table(backend, snapshot, family, name);
	table = snapshot_table(snapshot, family, name);
	for (size_t i = 0; !status && table && i < table->nchains; i++)
		if (!chain || !strcmp(chain, table->chains[i]->name))
			status = backend_nft.read_chain(backend, snapshot, table,
							table->chains[i]);
	return status ? status : backend_nft.verify(backend, snapshot);
}

static int dump(char **args)
{
	int status = 0;

	for (enum family family = 0; family < FAMILY_COUNT && !status; family++) {
		const struct table *table;

		status = start(family, args[0], NULL);
		table = snapshot_table(snapshot, family, args[0]);
		if (table)
			printf("%s %s%s\n", family_name(family), table->name,
			       table->marked ? " marked" : "");
		for (size_t c = 0; table && !status && c < table->nchains; c++) {
			const struct chain *chain = table->chains[c];

			printf(" %s%s%s\n", chain->name,
			       !chain->builtin ? "" :
			       chain->policy == VERDICT_DROP ? " DROP" : " ACCEPT",
			       chain->foreign_base ? " foreign" : "");
			for (size_t r = 0; r < chain->nrules; r++)
				print_rule(chain->rules[r]);
		}
		stop();
	}
	return status;
}

static int texts(char **args)
{
	enum family family = family_of(args[0]);
	const struct chain *chain;
	char **lines;
	int status = start(family, args[1], args[2]);

	chain = table_chain(snapshot_table(snapshot, family, args[1]), args[2]);
	if (status || !chain)
		return -1;
	lines = xcalloc(chain->nrules, sizeof(*lines));
	status = rulespec_print((const struct rule *const *)chain->rules, chain->nrules,
				lines);
	for (size_t i = 0; !status && i < chain->nrules; i++)
		printf("-A %s %s\n", chain->name, lines[i]);
	for (size_t i = 0; i < chain->nrules; i++)
		free(lines[i]);
	free(lines);
	return status;
}

/* What iptables sends to the kernel for a rule whose match depends on its protocol. */
static void put_compat(struct nlmsghdr *nlh, const char *rule)
{
	uint32_t proto = strstr(rule, "match tcp") ? 6 : strstr(rule, "match udp") ? 17 : 0;
	struct nlattr *nest;

	if (!proto)
		return;
	nest = mnl_attr_nest_start(nlh, NFTA_RULE_COMPAT);
	asm_u32(nlh, NFTA_RULE_COMPAT_PROTO, proto);
	asm_u32(nlh, NFTA_RULE_COMPAT_FLAGS, 0);
	mnl_attr_nest_end(nlh, nest);
}

/* Appends rules; *refused gets the number of the rule that the kernel refuses. */
static int append(enum family family, const char *table, const char *chain, char **rules,
		  uint32_t *refused)
{
	struct nft_socket *nft = nft_socket_open();
	struct nft_refusals refusals = { 0 };
	struct nft_batch batch;
	uint32_t generation = 0;
	int status = nft ? nft_generation(nft, &generation) : -1;

	if (status)
		return status;
	nft_batch_begin(&batch, nft, generation);
	for (; *rules; rules++) {
		struct nlmsghdr *nlh = nft_batch_open(&batch, NFT_MSG_NEWRULE, family_af(family),
						      NLM_F_CREATE | NLM_F_APPEND);

		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table);
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
		put_compat(nlh, *rules);
		asm_rule(nlh, *rules);
		nft_batch_close(&batch, nlh);
	}
	status = nft_batch_send(&batch, nft, false, &refusals);
	*refused = refusals.n ? refusals.v[0].message : 0;
	nft_refusals_clear(&refusals);
	nft_batch_free(&batch);
	nft_socket_close(nft);
	return status;
}

static int load(char **args)
{
	uint32_t refused = 0;
	int status = append(family_of(args[0]), args[1], args[2], args + 3, &refused);

	if (refused)
		printf("%s: refused\n", args[2 + refused]);
	return status;
}

static struct rule *rule_of(enum family family, const char *text)
{
	struct strings chains = { 0 };
	struct spec spec = { 0 };
	struct rule *rule = NULL;

	strings_add(&chains, "OTHER");
	strings_add(&chains, "DOCKER-USER");
	if (!rulespec_parse(family, &text, 1, &chains, &spec) && spec.nrules == 1)
		rule = rule_copy(spec.rules[0]);
	else
		fprintf(stderr, "%s: %s\n", text, spec.error);
	spec_clear(&spec);
	strings_clear(&chains);
	return rule;
}

/*
 * Whether the last rule of the chain is as the form says. A text that the installed libxtables
 * refuses gives no rule to compare with: since 1.8.10 it refuses "--dport 4:3".
 */
static bool check_form(const struct nft_form *form, const struct rule *rule)
{
	struct rule *wanted, *read;
	bool good;

	if (!form->text)
		return rule->opaque && strstr(rule->opaque, form->opaque);
	wanted = rule_of(rule->family, form->text);
	if (!wanted)
		return !rule->opaque;
	read = nft_canonical(wanted);
	good = rule_equal(read, rule);
	rule_free(read);
	rule_free(wanted);
	return good;
}

static int forms(char **args)
{
	enum family family = family_of(args[0]);
	size_t good = 0;

	for (size_t i = 0; i < ARRAY_SIZE(nft_forms); i++) {
		const struct nft_form *form = &nft_forms[i];
		char *rules[] = { (char *)(uintptr_t)form->expressions, NULL };
		const char *name = form->text ? args[2] : args[3];
		const struct chain *chain;
		uint32_t refused = 0;

		if (form->ipv6 != (family == FAMILY_IPV6))
			continue;
		if (append(family, args[1], name, rules, &refused)) {
			if (!form->refused)
				return fprintf(stderr, "refused: %s\n", form->expressions);
			continue;
		}
		if (start(family, args[1], name))
			return -1;
		chain = table_chain(snapshot_table(snapshot, family, args[1]), name);
		if (!check_form(form, chain->rules[chain->nrules - 1]) && !form->refused)
			return fprintf(stderr, "not '%s': %s\n",
				       form->text ? form->text : form->opaque, form->expressions);
		good++;
		stop();
	}
	printf("%zu\n", good);
	return 0;
}

static int commit(struct edits *edits)
{
	int status = backend_nft.commit(backend, snapshot, edits, NULL);

	puts(status == BACKEND_OK ? "ok" : status == BACKEND_CHANGED ? "changed" : "failed");
	edits_clear(edits);
	return status;
}

static int copy(char **args)
{
	enum family family = family_of(args[0]);
	struct edits edits = { 0 };
	const struct chain *from;

	if (start(family, args[1], args[2]))
		return -1;
	from = table_chain(snapshot_table(snapshot, family, args[1]), args[2]);
	if (!from)
		return -1;
	edits_chain(&edits, EDIT_CREATE, family, args[1], args[3]);
	for (size_t i = 0; i < from->nrules; i++)
		edits_rule(&edits, EDIT_INSERT, family, args[1], args[3], i + 1, from->rules[i]);
	return commit(&edits);
}

static int put(char **args)
{
	enum family family = family_of(args[0]);
	size_t at = strtoul(args[3], NULL, 10);
	struct edits edits = { 0 };

	if (start(family, args[1], args[2]))
		return -1;
	for (char **text = args + 4; *text; text++) {
		struct rule *rule = rule_of(family, *text);

		if (!rule)
			return -1;
		edits_rule(&edits, EDIT_INSERT, family, args[1], args[2], at++, rule);
		rule_free(rule);
	}
	return commit(&edits);
}

static int has(char **args)
{
	enum family family = family_of(args[0]);
	struct rule *rule = rule_of(family, args[3]), *read;
	const struct chain *chain;
	size_t n = 0;

	if (!rule || start(family, args[1], args[2]))
		return -1;
	read = nft_canonical(rule);
	chain = table_chain(snapshot_table(snapshot, family, args[1]), args[2]);
	for (size_t i = 0; chain && i < chain->nrules; i++)
		n += rule_equal(read, chain->rules[i]);
	printf("%zu\n", n);
	rule_free(read);
	rule_free(rule);
	return 0;
}

static int is(char **args)
{
	enum family family = family_of(args[0]);
	const struct chain *chain;
	size_t i = 0;

	if (start(family, args[1], args[2]))
		return -1;
	chain = table_chain(snapshot_table(snapshot, family, args[1]), args[2]);
	if (!chain)
		return -1;
	for (char **text = args + 3; *text; text++, i++) {
		struct rule *rule = rule_of(family, *text), *read = rule ? nft_canonical(rule) : NULL;
		bool same = read && i < chain->nrules && rule_equal(read, chain->rules[i]);

		rule_free(rule);
		rule_free(read);
		if (same)
			continue;
		printf("not '%s':\n", *text);
		if (i < chain->nrules)
			print_rule(chain->rules[i]);
		return -1;
	}
	return i == chain->nrules ? 0 : printf("%zu rules\n", chain->nrules);
}

static int script(char **args)
{
	enum family family = family_of(args[0]);
	struct edits edits = { 0 };

	if (start(family, args[1], NULL))
		return -1;
	for (char **word = args + 2; *word; word++) {
		char *text = xstrdup(*word), *at = strchr(text, '@');

		if (!strcmp(text, "-")) {
			edits_table(&edits, EDIT_DROP_TABLE, family, args[1]);
		} else if (*text == '+' || *text == '-') {
			edits_chain(&edits, *text == '+' ? EDIT_CREATE : EDIT_DROP, family, args[1],
				    text + 1);
		} else if (at) {
			char *option = strchr(at, '=');
			size_t position = strtoul(at + 1, NULL, 10);
			struct rule *rule;

			*at = '\0';
			rule = option ? rule_of(family, option + 1) : rule_new(family);
			if (!rule)
				return -1;
			edits_rule(&edits, option ? EDIT_INSERT : EDIT_DELETE, family, args[1],
				   text, position, rule);
			rule_free(rule);
		}
		free(text);
	}
	return commit(&edits);
}

static int between(char **args)
{
	enum family family = family_of(args[0]);
	struct edits edits = { 0 };
	struct rule *rule = rule_of(family, "-i between0 -j DROP");

	if (!rule || start(family, args[1], NULL))
		return -1;
	if (!snapshot_table(snapshot, family, args[1]))
		edits_chain(&edits, EDIT_CREATE, family, args[1], "FORWARD");
	edits_rule(&edits, EDIT_INSERT, family, args[1], "FORWARD", 1, rule);
	rule_free(rule);
	if (system(args[2]))
		return -1;
	return commit(&edits);
}

static int many(char **args)
{
	enum family family = family_of(args[0]);
	size_t n = strtoul(args[3], NULL, 10), at = strtoul(args[4], NULL, 10);
	struct rule *rule = rule_of(family, "-p tcp --dport 80 -m comment --comment many -j DROP");
	struct edits edits = { 0 };

	if (!rule || start(family, args[1], args[2]))
		return -1;
	for (size_t i = 0; i < n; i++) {
		rule->packets = i;
		edits_rule(&edits, EDIT_INSERT, family, args[1], args[2], at + i, rule);
	}
	rule_free(rule);
	return commit(&edits);
}

static int churn(char **args)
{
	enum family family = family_of(args[0]);
	size_t n = strtoul(args[3], NULL, 10), changed = 0;
	struct rule *rule = rule_of(family, "-i churn0 -j DROP");

	for (size_t i = 0; rule && i < 2 * n;) {
		struct edits edits = { 0 };
		const struct chain *chain;
		int status = start(family, args[1], args[2]);
		size_t at = 0;

		chain = table_chain(snapshot_table(snapshot, family, args[1]), args[2]);
		while (!status && at < chain->nrules && !rule_equal(rule, chain->rules[at]))
			at++;
		if (!status && i % 2)
			edits_rule(&edits, EDIT_DELETE, family, args[1], args[2], at + 1,
				   chain->rules[at]);
		else if (!status)
			edits_rule(&edits, EDIT_INSERT, family, args[1], args[2],
				   chain->nrules / 2 + 1, rule);
		if (!status)
			status = backend_nft.commit(backend, snapshot, &edits, NULL);
		edits_clear(&edits);
		stop();
		if (status && status != BACKEND_CHANGED)
			return -1;
		i += status == BACKEND_OK;
		changed += status == BACKEND_CHANGED;
	}
	rule_free(rule);
	printf("%zu changed\n", changed);
	return 0;
}

static int generation(char **args)
{
	struct nft_socket *nft = nft_socket_open();
	uint32_t number = 0;

	(void)args;
	if (!nft || nft_generation(nft, &number))
		return -1;
	nft_socket_close(nft);
	printf("%u\n", number);
	return 0;
}

static int bench(char **args)
{
	size_t n = strtoul(args[3], NULL, 10);
	uint64_t begin = clock_ms();

	for (size_t i = 0; i < n; i++) {
		if (start(family_of(args[0]), args[1], args[2]))
			return -1;
		stop();
	}
	printf("%.3f ms each\n", (double)(clock_ms() - begin) / (double)n);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int args;
		int (*run)(char **args);
	} commands[] = {
		{ "dump", 1, dump },   { "texts", 3, texts }, { "load", 4, load },
		{ "forms", 4, forms },
		{ "copy", 4, copy },   { "put", 5, put },     { "has", 4, has },
		{ "is", 3, is },
		{ "script", 3, script }, { "between", 3, between }, { "many", 5, many },
		{ "churn", 4, churn }, { "bench", 4, bench },
		{ "generation", 0, generation },
	};

	diag_setup(getenv("NFT_TEST_VERBOSE") ? 3 : 0, false);
	deadline_start(600);
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
		int status;

		if (strcmp(argv[1], commands[i].name) || argc - 2 < commands[i].args)
			continue;
		status = commands[i].run(argv + 2);
		stop();
		diag_cleanup();
		return status ? 1 : 0;
	}
	fprintf(stderr, "see the head of tests/tools/nft-backend.c\n");
	return 2;
}
