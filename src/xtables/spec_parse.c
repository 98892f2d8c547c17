/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docker_chains.h"
#include "libxtables.h"
#include "spec_address.h"
#include "spec_words.h"
#include "xt_target.h"

/*
 * The options of iptables, including its commands: whether an abbreviation of a
 * long option is unique depends on the whole table.
 */
struct option spec_options[] = {
	{ "append", required_argument, NULL, 'A' },
	{ "delete", required_argument, NULL, 'D' },
	{ "check", required_argument, NULL, 'C' },
	{ "insert", required_argument, NULL, 'I' },
	{ "replace", required_argument, NULL, 'R' },
	{ "list", optional_argument, NULL, 'L' },
	{ "list-rules", optional_argument, NULL, 'S' },
	{ "flush", optional_argument, NULL, 'F' },
	{ "zero", optional_argument, NULL, 'Z' },
	{ "new-chain", required_argument, NULL, 'N' },
	{ "delete-chain", optional_argument, NULL, 'X' },
	{ "rename-chain", required_argument, NULL, 'E' },
	{ "policy", required_argument, NULL, 'P' },
	{ "source", required_argument, NULL, 's' },
	{ "destination", required_argument, NULL, 'd' },
	{ "src", required_argument, NULL, 's' },
	{ "dst", required_argument, NULL, 'd' },
	{ "protocol", required_argument, NULL, 'p' },
	{ "in-interface", required_argument, NULL, 'i' },
	{ "jump", required_argument, NULL, 'j' },
	{ "table", required_argument, NULL, 't' },
	{ "match", required_argument, NULL, 'm' },
	{ "numeric", no_argument, NULL, 'n' },
	{ "out-interface", required_argument, NULL, 'o' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "wait", optional_argument, NULL, 'w' },
	{ "wait-interval", optional_argument, NULL, 'W' },
	{ "exact", no_argument, NULL, 'x' },
	{ "fragments", no_argument, NULL, 'f' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", optional_argument, NULL, 'h' },
	{ "line-numbers", no_argument, NULL, '0' },
	{ "modprobe", required_argument, NULL, 'M' },
	{ "set-counters", required_argument, NULL, 'c' },
	{ "goto", required_argument, NULL, 'g' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ 0 },
};

/* '-': words that are not options are returned in order; ':': no messages. */
#define SHORT_OPTIONS "-:A:C:D:E:F::I:L::M:N:P:R:S::VW::X::Z::46c:d:fg:h::i:j:m:no:p:s:t:vw::x"

struct parse {
	enum family family;
	const struct strings *chains;
	struct words words;
	struct rule *rule; /* all but the addresses */
	struct spec_result *result;
	struct xtables_rule_match *matches;
	struct xtables_target *target;
	const char *src, *dst;
	const char *protocol; /* as written */
	bool protocol_used;   /* its match was loaded for an option */
	bool invert;          /* a ! comes before the current word */
	bool seen[UINT8_MAX + 1];
	union libxt_entry entry; /* for extensions to read */
};

static int parse_refuse(struct parse *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int parse_refuse(struct parse *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	p->result->error = xvasprintf(format, args);
	va_end(args);
	return -1;
}

/* Notes an option that may be given only once. flag is what ! means for it; 0: no ! allowed. */
static int option_once(struct parse *p, char option, unsigned int flag)
{
	if (p->seen[(unsigned char)option])
		return parse_refuse(p, "-%c is given more than once", option);
	p->seen[(unsigned char)option] = true;
	if (p->invert && !flag)
		return parse_refuse(p, "-%c cannot have a ! before it", option);
	if (p->invert)
		p->rule->invert |= flag;
	return 0;
}

static int set_protocol(struct parse *p, char *name)
{
	if (option_once(p, 'p', INV_PROTO) < 0)
		return -1;
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	p->protocol = name;
	p->rule->proto = xtables_parse_protocol(name);
	p->rule->any_proto = !p->rule->proto;
	if (!p->rule->proto && p->rule->invert & INV_PROTO)
		return parse_refuse(p, "'! -p %s' can never match", name);
	/* multiport and others look at it while their options are read. */
	libxt_entry_set(&p->entry, p->rule);
	return 0;
}

static int set_interface(struct parse *p, char option, struct interface *iface, unsigned int flag,
			 const char *name)
{
	if (!*name)
		return parse_refuse(p, "-%c has an empty interface name", option);
	if (option_once(p, option, flag) < 0)
		return -1;
	if (!interface_set(iface, name))
		return parse_refuse(p, "interface name '%s' is longer than %d characters", name,
				    IFNAMSIZ - 1);
	return 0;
}

static int check_target_name(struct parse *p, const char *name)
{
	if (!*name)
		return parse_refuse(p, "-j has an empty target");
	if (strlen(name) > CHAIN_NAME_MAX)
		return parse_refuse(p, "target '%s' is longer than %d characters", name,
				    CHAIN_NAME_MAX);
	for (const char *c = name; *c; c++)
		if (isspace((unsigned char)*c) || *c == '/')
			return parse_refuse(p, "'%s' is not a target name", name);
	return 0;
}

static bool is_base_chain(const char *name)
{
	static const char *const names[] = {
		"INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static int unknown_chain(struct parse *p, char option, const char *name)
{
	if (is_base_chain(name))
		return parse_refuse(p, "-%c %s: no rule may lead to a base chain", option, name);
	if (docker_owns_chain(name))
		return parse_refuse(p, "-%c %s: the chain belongs to Docker, which flushes and removes it; "
				    "a rule may lead only to a chain with a section of its own",
				    option, name);
	return parse_refuse(p, "-%c %s: there is no chain '%s'%s; a user-defined chain needs a "
			    "section chain \"%s\"", option, name, name,
			    option == 'j' ? " and no target of that name" : "", name);
}

static int set_jump(struct parse *p, const char *name)
{
	static const struct {
		const char *name;
		enum verdict verdict;
	} verdicts[] = {
		{ "ACCEPT", VERDICT_ACCEPT },
		{ "DROP", VERDICT_DROP },
		{ "RETURN", VERDICT_RETURN },
		{ "QUEUE", VERDICT_QUEUE },
	};

	if (option_once(p, 'j', 0) < 0 || check_target_name(p, name) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		if (!strcmp(name, verdicts[i].name)) {
			p->rule->verdict = verdicts[i].verdict;
			return 0;
		}
	}
	/* A chain's name must not be looked up: the library would remember the miss. */
	if (strings_has(p->chains, name)) {
		rule_set_chain(p->rule, VERDICT_JUMP, name);
		return 0;
	}
	/* The library keeps the verdicts in "standard". */
	p->target = strcmp(name, "standard") ? libxt_find_target(name) : NULL;
	if (!p->target)
		return unknown_chain(p, 'j', name);
	libxt_use_target(p->target);
	return 0;
}

static int set_goto(struct parse *p, const char *name)
{
	/* For iptables, -j and -g are one option. */
	if (option_once(p, 'j', 0) < 0 || check_target_name(p, name) < 0)
		return -1;
	if (!strings_has(p->chains, name))
		return unknown_chain(p, 'g', name);
	rule_set_chain(p->rule, VERDICT_GOTO, name);
	return 0;
}

static int set_counters(struct parse *p, const char *text)
{
	const char *packets = text, *bytes = *text ? strchr(text + 1, ',') : NULL;
	char **next = &p->words.v[optind];
	unsigned long long value;

	if (option_once(p, 'c', 0) < 0)
		return -1;
	if (bytes)
		bytes++;
	else if (optind < p->words.n && **next != '-' && **next != '!')
		bytes = p->words.v[optind++];
	if (!bytes)
		return parse_refuse(p, "-c needs two numbers, packets and bytes");
	/* NOLINTBEGIN(cert-err34-c): as iptables reads them, with what follows the digits */
	if (sscanf(packets, "%llu", &value) != 1)
		return parse_refuse(p, "-c: '%s' is not a number of packets", packets);
	p->rule->packets = value;
	if (sscanf(bytes, "%llu", &value) != 1)
		return parse_refuse(p, "-c: '%s' is not a number of bytes", bytes);
	/* NOLINTEND(cert-err34-c) */
	p->rule->bytes = value;
	return 0;
}

static int load_match(struct parse *p, const char *name)
{
	struct xtables_match *match;

	if (p->invert)
		return parse_refuse(p, "-m %s cannot have a ! before it; put it before an option of "
				    "the match", name);
	if (strlen(name) >= XT_EXTENSION_MAXNAMELEN || !*name || strchr(name, '/'))
		return parse_refuse(p, "'%s' is not a match name", name);
	match = libxt_find_match(name, &p->matches);
	if (!match)
		return parse_refuse(p, "-m %s: no such match is installed for %s", name,
				    family_title(p->family));
	libxt_use_match(match, false);
	return 0;
}

/* Finds the match of the protocol by its own name, whatever -p called it. */
static struct xtables_match *protocol_match(struct parse *p)
{
	const char *name = p->protocol;
	unsigned int number;

	if (!name || p->protocol_used)
		return NULL;
	p->protocol_used = true;
	if (xtables_strtoui(name, NULL, &number, 0, UINT8_MAX))
		name = libxt_protocol((uint16_t)number);
	if (!name || strlen(name) >= XT_EXTENSION_MAXNAMELEN || strchr(name, '/'))
		return NULL;
	return libxt_find_match(name, &p->matches);
}

static int unknown_option(struct parse *p, int c, const char *word)
{
	char letter[] = { '-', (char)optopt, '\0' };

	if (c == ':')
		return parse_refuse(p, "option '%s' needs an argument", word);
	if (c != '?')
		return parse_refuse(p,
				    "option '%s' belongs to an extension that does not accept it here",
				    word);
	if (optopt > ' ' && optopt < 0x7f)
		word = letter;
	return parse_refuse(p, "unknown option '%s'%s", word,
			    p->protocol || p->matches ?
			      "" : " (options of a protocol or a match come after -p or -m)");
}

/* Whether the option belongs to the extension with that offset; 0: it has no options. */
static bool ours(int c, unsigned int offset)
{
	return offset && (unsigned int)c >= offset && (unsigned int)c < offset + LIBXT_OPTIONS_SCALE;
}

/*
 * Handles an option that is not one of the rule's own: the target's, a match's,
 * or one of the protocol's match, which is loaded for it. Returns 1 if getopt
 * must look at the word again.
 */
static int extension_option(struct parse *p, int c)
{
	struct xtables_match *match;

	if (p->target && ours(c, p->target->option_offset) &&
	    (p->target->parse || p->target->x6_parse)) {
		xtables_option_tpcall((unsigned int)c, p->words.v, p->invert, p->target, &p->entry);
		return 0;
	}
	for (struct xtables_rule_match *i = p->matches; i; i = i->next) {
		match = i->match;
		if (i->completed || !ours(c, match->option_offset) ||
		    !(match->parse || match->x6_parse))
			continue;
		xtables_option_mpcall((unsigned int)c, p->words.v, p->invert, match, &p->entry);
		return 0;
	}
	match = protocol_match(p);
	if (!match)
		return unknown_option(p, c, p->words.v[optind - 1]);
	libxt_use_match(match, true);
	optind--;
	return 1;
}

/* Handles a word that is neither an option nor an argument of one. */
static int stray_word(struct parse *p, char *word)
{
	if (!strcmp(word, "!")) {
		if (p->invert)
			return parse_refuse(p, "two ! in a row");
		p->invert = true;
		return 1;
	}
	if (strstr(word, "tables"))
		return parse_refuse(p, "'%s' is a command; write only the rule's options", word);
	return parse_refuse(p, "'%s' is not an option%s", word,
			    strchr(word, '\'') ?
				    " (only \"double quotes\" hold words together)" : "");
}

/* Refuses options of the iptables command that are not part of a rule. */
static int foreign_option(struct parse *p, int c)
{
	if (c == 't')
		return parse_refuse(p, "'-t %s' names a table; write only the rule's options",
				    optarg);
	if (strchr("ACDEFILNPRSXZ", c))
		return parse_refuse(p, "'-%c' is a command; write only the rule's options", c);
	return parse_refuse(p, "'%s' is not part of a rule; write only the rule's options",
			    p->words.v[optind - 1]);
}

static int set_family(struct parse *p, enum family family)
{
	if (p->family == family)
		return 0;
	p->result->other_family = true;
	return parse_refuse(p, "-%c: the rule is for %s", family == FAMILY_IPV4 ? '4' : '6',
			    family_title(family));
}

/* Returns 1 if a ! before this word carries over to the next. */
static int option(struct parse *p, int c)
{
	switch (c) {
	case 1:
		return stray_word(p, optarg);
	case 'p':
		return set_protocol(p, optarg);
	case 's':
		p->src = optarg;
		return option_once(p, 's', INV_SRC);
	case 'd':
		p->dst = optarg;
		return option_once(p, 'd', INV_DST);
	case 'i':
		return set_interface(p, 'i', &p->rule->in, INV_IN, optarg);
	case 'o':
		return set_interface(p, 'o', &p->rule->out, INV_OUT, optarg);
	case 'f':
		if (p->family == FAMILY_IPV6)
			return parse_refuse(p, "-f is not for IPv6; write -m frag");
		p->rule->frag = true;
		return option_once(p, 'f', INV_FRAG);
	case 'j':
		return set_jump(p, optarg);
	case 'g':
		return set_goto(p, optarg);
	case 'm':
		return load_match(p, optarg);
	case 'c':
		return set_counters(p, optarg);
	case '4':
		return set_family(p, FAMILY_IPV4);
	case '6':
		return set_family(p, FAMILY_IPV6);
	case 'v': /* iptables accepts it; it does not affect the rule */
		return 0;
	default:
		if (c > 0 && c < 0x7f && strchr("ACDEFILMNPRSVWXZhntwx0", c))
			return foreign_option(p, c);
		return extension_option(p, c);
	}
}

static int parse_options(struct parse *p)
{
	int c, result;

	optind = 0; /* restarts getopt in glibc and musl */
	opterr = 0;
	while ((c = getopt_long(p->words.n, p->words.v, SHORT_OPTIONS, libxt_options(), NULL)) !=
	       -1) {
		result = option(p, c);
		if (result < 0)
			return -1;
		if (!result)
			p->invert = false;
	}
	for (struct xtables_rule_match *i = p->matches; i; i = i->next)
		xtables_option_mfcall(i->match);
	if (p->target)
		xtables_option_tfcall(p->target);
	if (optind < p->words.n)
		return parse_refuse(p, "'%s' comes after the last option", p->words.v[optind]);
	if (p->invert)
		return parse_refuse(p, "a ! stands at the end, before nothing");
	return 0;
}

/*
 * Checks the two protocol matches that iptables-nft writes as native expressions:
 * it refuses them itself without their -p. With "! -p" it accepts them, and they
 * match bytes of every other protocol; older releases and ip_tables refuse that,
 * and so does this program. For all other matches the kernel decides.
 */
static int check_protocol(struct parse *p, const char *match)
{
	static const struct {
		const char *name;
		uint16_t proto;
	} bound[] = { { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP } };

	for (size_t i = 0; i < ARRAY_SIZE(bound); i++)
		if (!strcmp(match, bound[i].name) &&
		    (p->rule->proto != bound[i].proto || p->rule->invert & INV_PROTO))
			return parse_refuse(p, "-m %s needs -p %s", match, match);
	return 0;
}

/* Takes a prefix that x_tables has no room for; the library keeps it whole in udata. */
static void take_long_prefix(struct rule *rule, const struct xtables_target *target)
{
	struct ext *ext = &rule->target;
	const char *prefix = target->udata;
	union {
		char bytes[NFLOG_LONG_SIZE];
		struct nflog_long nflog;
	} data = { { 0 } };

	if (strcmp(ext->name, "NFLOG") || ext->revision || target->udata_size != NF_LOG_PREFIXLEN ||
	    ext->size < sizeof(data.nflog.info) ||
	    strnlen(prefix, NF_LOG_PREFIXLEN) < sizeof(data.nflog.info.prefix))
		return;
	memcpy(&data.nflog.info, ext->data, sizeof(data.nflog.info));
	memcpy(data.bytes + offsetof(struct xt_nflog_info, prefix), prefix, NF_LOG_PREFIXLEN);
	rule_set_target(rule, "NFLOG", 0, data.bytes, sizeof(data.bytes));
	rule->target.usersize = sizeof(data.nflog);
}

/* Moves the matches and the target that libxtables made into the rule. */
static int take_extensions(struct parse *p)
{
	size_t total = sizeof(p->entry), size;
	const struct xt_entry_match *m;
	const struct xt_entry_target *t;
	struct ext *ext;

	for (struct xtables_rule_match *i = p->matches; i; i = i->next) {
		m = i->match->m;
		if (check_protocol(p, m->u.user.name) < 0)
			return -1;
		size = m->u.match_size - XT_ALIGN(sizeof(*m));
		ext = rule_add_match(p->rule, m->u.user.name, m->u.user.revision, m->data,
				     (uint16_t)size);
		ext->usersize = (uint16_t)(i->match->userspacesize < size ?
					   i->match->userspacesize : size);
		total += m->u.match_size;
	}
	if (p->target) {
		t = p->target->t;
		size = t->u.target_size - XT_ALIGN(sizeof(*t));
		rule_set_target(p->rule, t->u.user.name, t->u.user.revision, t->data,
				(uint16_t)size);
		p->rule->target.usersize = (uint16_t)(p->target->userspacesize < size ?
						      p->target->userspacesize : size);
		take_long_prefix(p->rule, p->target);
		total += t->u.target_size;
	}
	if (p->rule->nmatches > SPEC_MATCHES_MAX)
		return parse_refuse(p, "the rule has %zu matches; at most %d can be installed",
				    p->rule->nmatches, SPEC_MATCHES_MAX);
	if (total > UINT16_MAX)
		return parse_refuse(p, "the rule is too big for the kernel");
	return 0;
}

/* Makes the rule once for each pair of source and destination, by source first. */
static int make_rules(struct parse *p)
{
	struct spec_addresses src, dst;
	struct spec_result *result = p->result;

	result->error = spec_addresses_check(p->family, p->src, &result->other_family);
	if (!result->error)
		result->error = spec_addresses_check(p->family, p->dst, &result->other_family);
	if (result->error)
		return -1;
	spec_addresses_parse(p->family, p->src, &src);
	spec_addresses_parse(p->family, p->dst, &dst);
	if ((src.n > 1 || dst.n > 1) && p->rule->invert & (INV_SRC | INV_DST))
		parse_refuse(p, "a list of addresses cannot have a ! before it");
	else if (src.n * dst.n > SPEC_RULES_MAX)
		parse_refuse(p, "the lists of addresses make %zu rules; at most %d are allowed",
			     src.n * dst.n, SPEC_RULES_MAX);
	else
		result->rules = xcalloc(src.n * dst.n, sizeof(*result->rules));
	for (size_t i = 0; i < src.n && !result->error; i++) {
		for (size_t j = 0; j < dst.n; j++) {
			p->rule->src = src.v[i];
			p->rule->dst = dst.v[j];
			result->rules[result->nrules++] = rule_copy(p->rule);
		}
	}
	free(src.v);
	free(dst.v);
	return result->error ? -1 : 0;
}

void spec_parse_text(const struct spec_text *text, const struct strings *chains,
		     struct spec_result *result)
{
	struct parse p = { .family = text->family, .chains = chains, .result = result };

	*result = (struct spec_result){ 0 };
	result->error = words_split(text->text, &p.words);
	if (result->error)
		return;
	p.rule = rule_new(text->family);
	libxt_begin();
	if (!parse_options(&p) && !take_extensions(&p))
		make_rules(&p);
	libxt_end(&p.matches, p.target);
	rule_free(p.rule);
	words_clear(&p.words);
}

void spec_result_clear(struct spec_result *result)
{
	for (size_t i = 0; i < result->nrules; i++)
		rule_free(result->rules[i]);
	free(result->rules);
	free(result->error);
	*result = (struct spec_result){ 0 };
}
