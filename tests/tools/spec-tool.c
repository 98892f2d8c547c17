/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "diag.h"
#include "rulespec.h"

/*
 * Reads rules, one per line, and prints one line for each: "ok", a tab, and the rule
 * as iptables -S would list it (address lists give several, separated by tabs), or
 * "refused", a tab, and the reason; "other" instead of "refused" if the other family
 * might accept the rule.
 */
static void usage(void)
{
	fputs("usage: spec-tool -4|-6 [-c CHAIN]... [-q] <RULES\n", stderr);
	exit(3);
}

static int print_spec(const struct spec *spec)
{
	char **texts;

	if (spec->error) {
		printf("%s\t%s\n", spec->other_family ? "other" : "refused", spec->error);
		return 0;
	}
	texts = xcalloc(spec->nrules, sizeof(*texts));
	if (rulespec_print((const struct rule *const *)spec->rules, spec->nrules, texts) < 0)
		return -1;
	printf("ok");
	for (size_t i = 0; i < spec->nrules; i++) {
		printf("\t%s", texts[i]);
		free(texts[i]);
	}
	printf("\n");
	free(texts);
	return 0;
}

int main(int argc, char **argv)
{
	enum family family = FAMILY_IPV4;
	struct strings chains = { 0 }, lines = { 0 };
	struct spec *specs;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int option, result;
	bool quiet = false;

	while ((option = getopt(argc, argv, "46c:q")) != -1) {
		switch (option) {
		case '4':
			family = FAMILY_IPV4;
			break;
		case '6':
			family = FAMILY_IPV6;
			break;
		case 'c':
			strings_add(&chains, optarg);
			break;
		case 'q':
			quiet = true;
			break;
		default:
			usage();
		}
	}
	while ((length = getline(&line, &room, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		strings_add(&lines, line);
	}
	deadline_start(120);
	specs = xcalloc(lines.n, sizeof(*specs));
	result = rulespec_parse(family, (const char *const *)lines.v, lines.n, &chains, specs);
	for (size_t i = 0; i < lines.n && !result; i++) {
		if (!quiet)
			result = print_spec(&specs[i]);
		spec_clear(&specs[i]);
	}
	free(specs);
	free(line);
	strings_clear(&lines);
	strings_clear(&chains);
	return result ? 3 : 0;
}
