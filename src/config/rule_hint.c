/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_hint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "docker_chains.h"
#include "nearest.h"
#include "spec_words.h"
#include "text.h"

/* A rule that was refused. */
struct refused_text {
	const char *text;
	const struct words *words;
	const char *chain;
	const struct strings *chains;
};

/* The word at that place, or "". */
static const char *word_at(const struct refused_text *r, int i)
{
	return i > 0 && i < r->words->n ? r->words->v[i] : "";
}

static bool all_digits(const char *text, size_t length)
{
	return length && strspn(text, "0123456789") >= length;
}

/* Whether the text is a number and greater than limit. */
static bool is_above(const char *text, unsigned long limit)
{
	return all_digits(text, strlen(text)) && strtoul(text, NULL, 10) > limit;
}

static bool is_one_of(const char *word, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, names[i]))
			return true;
	return false;
}

/* ---- a whole command ---- */

/* Whether the word is before the options of a command, or of a line of iptables-save. */
static bool is_prompt(const char *word)
{
	static const char *const names[] = { "sudo", "doas", "$", "#" };

	return is_one_of(word, names, ARRAY_SIZE(names)) || (*word != '-' && strstr(word, "tables")) ||
	       (*word == '[' && word[strlen(word) - 1] == ']');
}

/*
 * How many words come before the options of the rule, of a command that adds it to its chain in
 * filter; 0: it is no such command.
 */
static int command_length(const struct refused_text *r)
{
	bool added = false;
	int i = 1;

	for (;; i++) {
		const char *word = word_at(r, i), *next = word_at(r, i + 1);
		bool inserts = !strcmp(word, "-I") || !strcmp(word, "--insert");

		if (inserts || !strcmp(word, "-A") || !strcmp(word, "--append")) {
			if (strcmp(next, r->chain))
				return 0;
			added = true;
			i++;
			next = word_at(r, i + 1);
			i += inserts && all_digits(next, strlen(next));
		} else if (!strcmp(word, "-t") || !strcmp(word, "--table")) {
			if (strcmp(next, "filter"))
				return 0;
			i++;
		} else if (!strcmp(word, "-w") || !strcmp(word, "--wait")) {
			i += all_digits(next, strlen(next));
		} else if (!is_prompt(word)) {
			return added ? i - 1 : 0;
		}
	}
}

/* The text after so many words, or NULL if one of them is quoted. */
static const char *text_after(const struct refused_text *r, int n)
{
	const char *rest = r->text + strspn(r->text, " \t\n");

	for (int i = 1; i <= n; i++) {
		size_t length = strcspn(rest, " \t\n");

		if (strlen(word_at(r, i)) != length || strncmp(word_at(r, i), rest, length))
			return NULL;
		rest += length;
		rest += strspn(rest, " \t\n");
	}
	return rest;
}

static char *hint_command(const struct refused_text *r, int i)
{
	int n = i == 1 ? command_length(r) : 0;
	const char *rest = n ? text_after(r, n) : NULL, *first = word_at(r, 1);
	bool ipv6 = false;

	if (!rest || !*rest)
		return NULL;
	for (int k = 1; k <= n; k++)
		ipv6 |= strstr(word_at(r, k), "ip6tables") != NULL;
	/* The refusal of a command and of its options ends with the same words. */
	return xasprintf("%s: '%s%s'", *first == '-' || strstr(first, "tables") ?
			 "" : "; write only the rule's options", ipv6 ? "-6 " : "", rest);
}

/* ---- options ---- */

/* Long options that people write with one dash, or without any. */
static const char *const long_options[] = {
	"dport", "sport", "dports", "sports", "ctstate", "state", "destination-port", "source-port",
	"destination-ports", "source-ports", "ports", "port", "source", "destination", "src", "dst",
	"protocol", "in-interface", "out-interface", "jump", "goto", "match", "comment", "limit",
	"limit-burst", "reject-with", "log-prefix", "log-level", "icmp-type", "icmpv6-type", "syn",
	"tcp-flags", "src-range", "dst-range", "match-set", "mac-source", "uid-owner", "ctorigdstport",
	"ctorigdst", "ctdir", "src-type", "dst-type",
};

/* The length of the hyphens and dashes of typography that the word begins with. */
static size_t dashes_length(const char *word)
{
	static const char *const dashes[] = {
		"-", "\xe2\x80\x90", "\xe2\x80\x91", "\xe2\x80\x92", "\xe2\x80\x93", "\xe2\x80\x94",
		"\xe2\x80\x95", "\xe2\x88\x92",
	};
	size_t length = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dashes);) {
		bool here = !strncmp(word + length, dashes[i], strlen(dashes[i]));

		length += here ? strlen(dashes[i]) : 0;
		i = here ? 0 : i + 1;
	}
	return length;
}

static char *hint_dash(const struct refused_text *r, int i)
{
	const char *word = word_at(r, i), *name = word + dashes_length(word);

	if (strspn(word, "-") == (size_t)(name - word) || !isalnum((unsigned char)*name))
		return NULL;
	return xasprintf("; a dash of '%s' is not the '-' of the keyboard: write '-%s%s'", word,
			 name[1] ? "-" : "", name);
}

static char *hint_one_dash(const struct refused_text *r, int i)
{
	const char *word = word_at(r, i);

	if (*word != '-' || !is_one_of(word + 1, long_options, ARRAY_SIZE(long_options)))
		return NULL;
	return xasprintf("; '%s' needs two dashes: write '-%s'", word, word);
}

static char *hint_no_dash(const struct refused_text *r, int i)
{
	static const char *const options[] = { "dport", "sport", "dports", "sports", "ctstate" };
	static const char *const verdicts[] = { "ACCEPT", "DROP", "REJECT", "RETURN" };
	const char *word = word_at(r, i), *last = word_at(r, i - 1);

	if (*last == '-')
		return NULL;
	if (is_one_of(word, options, ARRAY_SIZE(options)))
		return xasprintf("; write '--%s' for '%s'", word, word);
	if (is_one_of(word, verdicts, ARRAY_SIZE(verdicts)) && strcmp(last, "!"))
		return xasprintf("; write '-j %s' for '%s'", word, word);
	return NULL;
}

static char *hint_quote(const struct refused_text *r, int i)
{
	static const char *const quotes[] = {
		"\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a", "\xe2\x80\x9c", "\xe2\x80\x9d",
		"\xe2\x80\x9e", "\xc2\xab", "\xc2\xbb",
	};

	const char *word = word_at(r, i);
	size_t length = strlen(word);

	/* Words with a blank are in quotes of the keyboard. */
	for (size_t k = 0; k < ARRAY_SIZE(quotes) && !strchr(word, ' '); k++) {
		size_t size = strlen(quotes[k]);

		if (length >= size && (!strncmp(word, quotes[k], size) ||
				       !strcmp(word + length - size, quotes[k])))
			return xasprintf("; '%s' holds no words together: write \\\" in its place",
					 quotes[k]);
	}
	return NULL;
}

/* "-i ! docker0" and "-i !docker0", which iptables took up to 1.4. */
static char *hint_inversion(const struct refused_text *r, int i)
{
	const char *option = word_at(r, i), *value = word_at(r, i + 1);

	if (*option != '-' || *value != '!' || !strcmp(option, "-m") || !strcmp(option, "-j"))
		return NULL;
	value = value[1] ? value + 1 : word_at(r, i + 2);
	/* "--syn ! -i docker0" is as it should be. */
	if (!*value || *value == '-' || *value == '!')
		return NULL;
	return xasprintf("; a ! comes before its option: '! %s %s'", option, value);
}

/* ---- what has to come before an option ---- */

static bool takes_port(const char *option)
{
	static const char *const names[] = {
		"--dport", "--sport", "--destination-port", "--source-port",
	};

	return is_one_of(option, names, ARRAY_SIZE(names));
}

/* Whether it is one of multiport's. */
static bool takes_ports(const char *option)
{
	static const char *const names[] = {
		"--dports", "--sports", "--destination-ports", "--source-ports", "--ports",
	};

	return is_one_of(option, names, ARRAY_SIZE(names));
}

static bool comes_before(const struct refused_text *r, int i, char letter, const char *name,
			 const char *value)
{
	for (int k = 1; k < i; k++) {
		const char *given = words_argument(r->words, k, letter, name);

		if (given && !strcasecmp(given, value))
			return true;
	}
	return false;
}

/* "-p tcp" and the others whose packets have ports, and their numbers. */
static bool has_ports_before(const struct refused_text *r, int i)
{
	static const char *const protocols[] = {
		"tcp", "udp", "udplite", "sctp", "dccp", "6", "17", "33", "132", "136",
	};

	for (size_t k = 0; k < ARRAY_SIZE(protocols); k++)
		if (comes_before(r, i, 'p', "protocol", protocols[k]))
			return true;
	return false;
}

static char *hint_port_without(const struct refused_text *r, int i)
{
	const char *option = word_at(r, i);
	bool list = takes_ports(option);

	if (!list && !takes_port(option))
		return NULL;
	if (!has_ports_before(r, i))
		return xasprintf("; write '-p tcp' or '-p udp'%s before '%s'",
				 list ? ", and '-m multiport'," : "", option);
	if (list && !comes_before(r, i, 'm', "match", "multiport"))
		return xasprintf("; write '-m multiport' before '%s'", option);
	return NULL;
}

static char *hint_without(const struct refused_text *r, int i)
{
	static const struct {
		const char *option;
		char letter;
		const char *name, *value;
	} rows[] = {
		{ "--ctstate", 'm', "match", "conntrack" }, { "--state", 'm', "match", "state" },
		{ "--ctorigdstport", 'm', "match", "conntrack" },
		{ "--src-range", 'm', "match", "iprange" }, { "--dst-range", 'm', "match", "iprange" },
		{ "--match-set", 'm', "match", "set" }, { "--mac-source", 'm', "match", "mac" },
		{ "--limit", 'm', "match", "limit" }, { "--comment", 'm', "match", "comment" },
		{ "--uid-owner", 'm', "match", "owner" }, { "--src-type", 'm', "match", "addrtype" },
		{ "--dst-type", 'm', "match", "addrtype" }, { "--syn", 'p', "protocol", "tcp" },
		{ "--tcp-flags", 'p', "protocol", "tcp" }, { "--icmp-type", 'p', "protocol", "icmp" },
		{ "--reject-with", 'j', "jump", "REJECT" }, { "--log-prefix", 'j', "jump", "LOG" },
	};

	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		if (!strcmp(word_at(r, i), rows[k].option) &&
		    !comes_before(r, i, rows[k].letter, rows[k].name, rows[k].value) &&
		    !comes_before(r, i, 'm', "match", rows[k].value))
			return xasprintf("; write '-%c %s' before '%s'", rows[k].letter, rows[k].value,
					 rows[k].option);
	return NULL;
}

/* ---- values ---- */

/* The place of the dash of "80-90" in a list of ports, or NULL. */
static const char *port_dash(const char *ports)
{
	const char *dash = strchr(ports, '-');

	return dash && dash > ports && isdigit((unsigned char)dash[-1]) &&
	       isdigit((unsigned char)dash[1]) ? dash : NULL;
}

static char *hint_port(const struct refused_text *r, int i)
{
	const char *option = word_at(r, i), *value = word_at(r, i + 1), *dash = port_dash(value);
	size_t digits = strspn(value, "0123456789");

	if (!digits || !(takes_port(option) || takes_ports(option)))
		return NULL;
	if (value[digits] == '/' && isalpha((unsigned char)value[digits + 1]))
		return xasprintf("; write '-p %s %s %.*s'", value + digits + 1, option, (int)digits, value);
	if (is_above(value, UINT16_MAX))
		return xasprintf("; the highest port is %d", UINT16_MAX);
	if (dash)
		return xasprintf("; a range of ports is written '%.*s:%s'", (int)(dash - value), value,
				 dash + 1);
	if (takes_port(option) && value[digits] == ',' && value[digits + 1])
		return xasprintf("; a list of ports is written '-m multiport %ss %s'", option, value);
	return NULL;
}

/* "-p 80/tcp", "-p tcp/80", "-p tcp,udp" */
static char *hint_protocol(const struct refused_text *r, int i)
{
	const char *value = words_argument(r->words, i, 'p', "protocol"), *slash;
	size_t digits;

	if (!value)
		return NULL;
	slash = strchr(value, '/');
	digits = strspn(value, "0123456789");
	if (slash && digits && slash == value + digits && slash[1])
		return xasprintf("; write '-p %s --dport %.*s'", slash + 1, (int)digits, value);
	if (slash && slash > value && all_digits(slash + 1, strlen(slash + 1)))
		return xasprintf("; write '-p %.*s --dport %s'", (int)(slash - value), value, slash + 1);
	if (value[strcspn(value, ",+|")] && isalpha((unsigned char)*value))
		return xstrdup("; a rule has one protocol: write one rule for each");
	return NULL;
}

/* "10.1.*" as a network, or NULL. */
static char *starred(const char *value)
{
	unsigned int numbers = 0;
	struct text text;
	const char *c;

	if (strspn(value, "0123456789.*") != strlen(value))
		return NULL;
	for (c = value; isdigit((unsigned char)*c); c++) {
		c += strspn(c, "0123456789");
		numbers++;
		if (*c != '.')
			return NULL;
	}
	if (*c != '*' || !numbers || numbers > 3)
		return NULL;
	text_open(&text);
	fprintf(text.out, "%.*s", (int)(c - value - 1), value);
	for (unsigned int i = numbers; i < 4; i++)
		fputs(".0", text.out);
	fprintf(text.out, "/%u", 8 * numbers);
	return text_take(&text);
}

static bool is_address(const char *text, size_t length)
{
	char host[INET6_ADDRSTRLEN];
	uint8_t address[16];

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* One address of the list of -s or -d. */
static char *hint_one_address(const char *value, size_t length, bool source)
{
	char *one = xasprintf("%.*s", (int)length, value), *network = starred(one), *hint = NULL;
	const char *dash = strchr(one, '-'), *slash = strchr(one, '/');
	bool ipv6 = strchr(one, ':') != NULL;

	if (network)
		hint = xasprintf("; write '%s' for '%s'", network, one);
	else if (dash && is_address(one, (size_t)(dash - one)) && is_address(dash + 1, strlen(dash + 1)))
		hint = xasprintf("; a range of addresses is written '-m iprange --%s-range %s'",
				 source ? "src" : "dst", one);
	else if (slash && is_above(slash + 1, ipv6 ? 128 : 32))
		hint = xasprintf("; the longest prefix of %s is /%d", ipv6 ? "IPv6" : "IPv4",
				 ipv6 ? 128 : 32);
	free(network);
	free(one);
	return hint;
}

static char *hint_address(const struct refused_text *r, int i)
{
	const char *source = words_argument(r->words, i, 's', "source");
	const char *value = source ? source : words_argument(r->words, i, 'd', "destination");
	char *hint = NULL;

	while (value && *value && !hint) {
		size_t length = strcspn(value, ",");

		hint = hint_one_address(value, length, source != NULL);
		value += length + (value[length] == ',');
	}
	return hint;
}

/* "80, 81": a blank ends the list. */
static char *hint_list(const struct refused_text *r, int i)
{
	const char *word = word_at(r, i), *next = word_at(r, i + 1);
	size_t length = strlen(word);

	if (length < 2 || word[length - 1] != ',' || !*next || *next == '-' || *next == '!')
		return NULL;
	return xasprintf("; a list has no blank after a comma: '%s%s'", word, next);
}

/* "-j drop": names of targets and chains are written as they are. */
static char *hint_target(const struct refused_text *r, int i)
{
	static const char *const targets[] = {
		"ACCEPT", "DROP", "REJECT", "RETURN", "LOG", "NFLOG", "NFQUEUE", "MARK", "CONNMARK", "SET",
	};
	const char *name = words_argument(r->words, i, 'j', "jump"), *meant = NULL, **names;
	size_t n = 0;

	if (!name || docker_owns_chain(name))
		return NULL;
	names = xcalloc(ARRAY_SIZE(targets) + r->chains->n, sizeof(*names));
	for (size_t k = 0; k < ARRAY_SIZE(targets); k++)
		names[n++] = targets[k];
	/* No rule may lead to DOCKER-USER. */
	for (size_t k = 0; k < r->chains->n; k++)
		if (strcmp(r->chains->v[k], DOCKER_USER))
			names[n++] = r->chains->v[k];
	for (size_t k = 0; k < n; k++)
		if (!strcasecmp(name, names[k]) && (!meant || !strcmp(name, names[k])))
			meant = names[k];
	meant = meant ? meant : nearest(name, names, n);
	free(names);
	return meant && strcmp(meant, name) ? xasprintf("; did you mean '-j %s'?", meant) : NULL;
}

static char *hint_comment(const struct refused_text *r, int i)
{
	if (i == 1 || *word_at(r, i) != '#' || *word_at(r, i - 1) == '-')
		return NULL;
	return xstrdup("; a comment comes after the quotes of the rule");
}

/* ---- the table ---- */

char *rule_hint(const char *text, const char *chain, const struct strings *chains)
{
	static char *(*const hints[])(const struct refused_text *r, int i) = {
		hint_command, hint_dash, hint_one_dash, hint_quote, hint_inversion, hint_port_without,
		hint_without, hint_list, hint_port, hint_protocol, hint_address, hint_target,
		hint_no_dash, hint_comment,
	};
	struct words words;
	const struct refused_text r = { text, &words, chain, chains };
	char *error = words_split(text, &words), *hint = NULL;

	/* The first mistake is the one that the rule was refused for, as far as it is known. */
	for (int i = 1; i < words.n && !hint; i++)
		for (size_t k = 0; k < ARRAY_SIZE(hints) && !hint; k++)
			hint = hints[k](&r, i);
	free(error);
	words_clear(&words);
	return hint ? hint : xstrdup("");
}
