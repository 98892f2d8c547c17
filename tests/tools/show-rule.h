/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TEST_SHOW_RULE_H
#define DOCKFW_TEST_SHOW_RULE_H

/* Prints a rule as a backend has decoded it, to the last byte; for the tools of both backends. */

#include <stdio.h>
#include <string.h>

#include "rule.h"

static inline enum family family_of(const char *name)
{
	return !strcmp(name, "ipv6") ? FAMILY_IPV6 : FAMILY_IPV4;
}

static inline void print_hex(const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		printf("%02x", ((const uint8_t *)data)[i]);
}

static inline void print_ext(const char *what, const struct ext *ext)
{
	printf(" %s=%s/%u:", what, ext->name, ext->revision);
	print_hex(ext->data, ext->size);
}

static inline void print_rule(const struct rule *rule)
{
	static const char *const verdicts[] = {
		"none", "ACCEPT", "DROP", "RETURN", "QUEUE", "jump", "goto", "target",
	};
	size_t size = family_addr_size(rule->family);

	printf("  [%llu:%llu] inv=%x src=", (unsigned long long)rule->packets,
	       (unsigned long long)rule->bytes, rule->invert);
	print_hex(rule->src.addr, size);
	putchar('/');
	print_hex(rule->src.mask, size);
	printf(" dst=");
	print_hex(rule->dst.addr, size);
	putchar('/');
	print_hex(rule->dst.mask, size);
	printf(" in=%s out=%s proto=%u frag=%d", rule->in.name, rule->out.name, rule->proto,
	       rule->frag);
	for (size_t i = 0; i < rule->nmatches; i++)
		print_ext("match", &rule->matches[i]);
	/* "?": an opaque rule that may do other things as well. */
	printf(" %s%s", verdicts[rule->verdict], rule_is_unknown(rule) ? "?" : "");
	if (rule->chain)
		printf(" %s", rule->chain);
	if (rule->verdict == VERDICT_EXT)
		print_ext("is", &rule->target);
	if (rule->opaque)
		printf(" opaque: %s", rule->opaque);
	putchar('\n');
}

#endif
