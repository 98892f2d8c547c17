/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_print.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_set.h"
#include "libxtables.h"
#include "util.h"
#include "xt_target.h"

/* The number of ones in a mask of ones followed by zeros; -1 for any other mask. */
static int prefix_length(const uint8_t *mask, size_t size)
{
	unsigned int bits = 0;

	while (bits < 8 * size && mask[bits / 8] & 0x80 >> bits % 8)
		bits++;
	for (size_t i = bits; i < 8 * size; i++)
		if (mask[i / 8] & 0x80 >> i % 8)
			return -1;
	return (int)bits;
}

static void print_address(const struct rule *rule, char option, const struct address *address,
			  unsigned int flag)
{
	size_t size = family_addr_size(rule->family);
	int af = family_af(rule->family);
	int length = prefix_length(address->mask, size);
	char text[INET6_ADDRSTRLEN] = "";
	bool any = !length;

	/* An IPv4 address under a mask of zeros is shown; an IPv6 one is not. */
	for (size_t i = 0; rule->family == FAMILY_IPV4 && i < size; i++)
		any = any && !address->addr[i];
	if (any && !(rule->invert & flag))
		return;
	inet_ntop(af, address->addr, text, sizeof(text));
	printf("%s -%c %s/", rule->invert & flag ? " !" : "", option, text);
	if (length < 0)
		printf("%s", inet_ntop(af, address->mask, text, sizeof(text)));
	else
		printf("%d", length);
}

/*
 * iptables lists a name with a double quote as it is, and then does not read the line as the
 * same rule. It does with the name in quotes.
 */
static void print_name(const char *name, size_t size)
{
	if (!memchr(name, '"', size)) {
		printf("%.*s", (int)size, name);
		return;
	}
	putchar('"');
	for (size_t i = 0; i < size; i++) {
		if (name[i] == '"' || name[i] == '\\')
			putchar('\\');
		putchar(name[i]);
	}
	putchar('"');
}

/*
 * "-i +" is every interface and is not printed. Its negation, which never matches,
 * is printed as by iptables-nft 1.8.9 and every iptables from 1.8.11 on;
 * iptables-legacy up to 1.8.10 drops it, and so lists the opposite.
 */
static void print_interface(const struct rule *rule, char option, const struct interface *iface,
			    unsigned int flag)
{
	bool invert = rule->invert & flag;

	if (!*iface->name || (!strcmp(iface->name, "+") && !invert))
		return;
	printf("%s -%c ", invert ? " !" : "", option);
	print_name(iface->name, strnlen(iface->name, IFNAMSIZ));
}

static void print_protocol(const struct rule *rule)
{
	const char *name;

	if (!rule->proto)
		return;
	name = libxt_protocol(rule->proto);
	printf("%s -p ", rule->invert & INV_PROTO ? " !" : "");
	if (name)
		printf("%s", name);
	else
		printf("%u", rule->proto);
}

/*
 * A blob to pass to an extension. Zeros follow the data, so that an unterminated
 * string or a count that is too big reads those.
 */
#define BLOB_MARGIN 4096

static void *blob(const struct ext *ext, size_t head)
{
	uint8_t *bytes = xcalloc(1, head + ext->size + BLOB_MARGIN);

	if (ext->size)
		memcpy(bytes + head, ext->data, ext->size);
	return bytes;
}

static bool has_options(const struct xt_option_entry *x6, const struct option *extra)
{
	return (x6 && x6->name) || (extra && extra->name);
}

static char *not_installed(const struct ext *ext, const char *kind)
{
	return xasprintf("%s '%s' revision %u is not installed", kind, ext->name, ext->revision);
}

/*
 * Returns any other reason why the kernel's blob cannot be printed, or NULL.
 * complete: the extension has a save callback, or no options to save.
 */
static char *unprintable(const struct ext *ext, const char *kind, size_t size, bool complete)
{
	if (ext->size != XT_ALIGN(size))
		return xasprintf("%s '%s' has %u bytes, not %zu", kind, ext->name, ext->size,
				 XT_ALIGN(size));
	if (size && !complete)
		return xasprintf("%s '%s' cannot be written as options", kind, ext->name);
	return NULL;
}

static char *print_match(const struct ext *ext, const union libxt_entry *entry)
{
	const struct xtables_match *match = libxt_match(ext->name, ext->revision);
	struct xt_entry_match *m;
	enum guard_field field;
	const char *set;
	char *why;

	/* No option of iptables: only the guard has such a match. */
	if (guard_match_read(ext, &field, &set)) {
		printf(" --in @%s", set);
		return NULL;
	}
	if (!match)
		return not_installed(ext, "match");
	why = unprintable(ext, "match", match->size,
			  match->save || !has_options(match->x6_options, match->extra_opts));
	if (why)
		return why;
	m = blob(ext, XT_ALIGN(sizeof(*m)));
	m->u.match_size = (uint16_t)(XT_ALIGN(sizeof(*m)) + ext->size);
	memcpy(m->u.user.name, ext->name, sizeof(m->u.user.name));
	m->u.user.revision = ext->revision;
	printf(" -m %s", match->alias ? match->alias(m) : ext->name);
	if (match->save)
		match->save(entry, m);
	free(m);
	return NULL;
}

static char *print_target(const struct ext *ext, const union libxt_entry *entry)
{
	const struct xtables_target *target = libxt_target(ext->name, ext->revision);
	struct xt_entry_target *t;
	char *why;

	if (!target)
		return not_installed(ext, "target");
	/* The library reads a prefix up to its end. */
	why = unprintable(ext, "target", nflog_is_long(ext) ? ext->size : target->size,
			  target->save || !has_options(target->x6_options, target->extra_opts));
	if (why)
		return why;
	t = blob(ext, XT_ALIGN(sizeof(*t)));
	t->u.target_size = (uint16_t)(XT_ALIGN(sizeof(*t)) + ext->size);
	memcpy(t->u.user.name, ext->name, sizeof(t->u.user.name));
	t->u.user.revision = ext->revision;
	printf(" -j %s", target->alias ? target->alias(t) : ext->name);
	if (target->save)
		target->save(entry, t);
	free(t);
	return NULL;
}

static char *print_verdict(const struct rule *rule, const union libxt_entry *entry)
{
	static const char *const names[] = {
		[VERDICT_ACCEPT] = "ACCEPT",
		[VERDICT_DROP] = "DROP",
		[VERDICT_RETURN] = "RETURN",
		[VERDICT_QUEUE] = "QUEUE",
	};

	switch (rule->verdict) {
	case VERDICT_NONE:
		return NULL;
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		printf(" -%c %s", rule->verdict == VERDICT_JUMP ? 'j' : 'g', rule->chain);
		return NULL;
	case VERDICT_EXT:
		return print_target(&rule->target, entry);
	default:
		printf(" -j %s", names[rule->verdict]);
		return NULL;
	}
}

char *spec_print_rule(const struct rule *rule)
{
	union libxt_entry entry;
	char *why;

	libxt_entry_set(&entry, rule);
	print_address(rule, 's', &rule->src, INV_SRC);
	print_address(rule, 'd', &rule->dst, INV_DST);
	print_interface(rule, 'i', &rule->in, INV_IN);
	print_interface(rule, 'o', &rule->out, INV_OUT);
	print_protocol(rule);
	if (rule->frag)
		printf("%s -f", rule->invert & INV_FRAG ? " !" : "");
	for (size_t i = 0; i < rule->nmatches; i++) {
		why = print_match(&rule->matches[i], &entry);
		if (why)
			return why;
	}
	return print_verdict(rule, &entry);
}
