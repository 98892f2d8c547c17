/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "publish.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "proto.h"
#include "rule.h"

void publish_clear(struct publish *publish)
{
	strings_clear(&publish->interfaces);
	strings_clear(&publish->allow);
	*publish = (struct publish){ 0 };
}

const char *publish_set_port(struct publish *publish, const char *text)
{
	static const char shape[] = "is not a port and protocol such as \"80/tcp\" or "
				    "\"8000-8010/udp\" (tcp, udp, sctp)";
	char copy[sizeof("65535-65535/sctp")], *slash, *dash;
	size_t length = strlen(text);
	unsigned long first, last;

	if (length >= sizeof(copy))
		return shape;
	memcpy(copy, text, length + 1);
	slash = strchr(copy, '/');
	if (!slash)
		return shape;
	*slash++ = '\0';
	dash = strchr(copy, '-');
	if (dash)
		*dash++ = '\0';
	if (!proto_by_name(slash, &publish->proto) || !proto_is_published(publish->proto) ||
	    !parse_number(copy, 1, 65535, &first) ||
	    !parse_number(dash ? dash : copy, 1, 65535, &last))
		return shape;
	if (first > last)
		return "has a port range that runs backwards";
	publish->port = (uint16_t)first;
	publish->last = (uint16_t)last;
	return NULL;
}

const char *publish_interface_fault(const struct strings *before, const char *text)
{
	bool several = strchr(text, ',');

	if (!*text || strlen(text) >= IFNAMSIZ)
		return several ? "is not an interface name; a list is written { \"a\", \"b\" }"
			       : "is not an interface name: it must have 1 to 15 characters";
	/* A rule would not read these as one name. */
	if (strpbrk(text, " \t\"'\\/!") || *text == '-')
		return several ? "is not an interface name; a list is written { \"a\", \"b\" }"
			       : "is not an interface name: it must not contain blanks, quotes, "
				 "'\\', '/' or '!', or begin with '-'";
	return strings_has(before, text) ? "is in the list twice" : NULL;
}

/* An address with or without a prefix length; family is AF_INET or AF_INET6. */
static bool is_source(const char *text, int family)
{
	char host[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "/");
	unsigned long prefix;
	struct in6_addr addr;

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (inet_pton(family, host, &addr) != 1)
		return false;
	return !text[length] ||
	       parse_number(text + length + 1, 0, family == AF_INET ? 32 : 128, &prefix);
}

static const char any[] = "any", host_firewall[] = "host-firewall";

const char *publish_allow_fault(const struct strings *before, const char *text)
{
	if (strings_has(before, text))
		return "is in the list twice";
	if (!strcmp(text, any))
		return before->n ? "already lets everyone in: remove it, or all else in the list" : NULL;
	if (strcmp(text, host_firewall) && !is_source(text, AF_INET) && !is_source(text, AF_INET6))
		return "is neither an address such as \"203.0.113.123\" or \"2001:db8::/48\" "
		       "nor \"any\" nor \"host-firewall\" (names are not looked up)";
	if (strings_has(before, any))
		return "is listed along with \"any\", which already lets everyone in: "
		       "remove one of them";
	return NULL;
}

bool publish_is_any(const struct publish *publish)
{
	return strings_has(&publish->allow, any);
}

bool publish_is_by_host(const struct publish *publish)
{
	return strings_has(&publish->allow, host_firewall);
}

/* Whether every interface that other matches also matches name ("eth+": all with that beginning). */
static bool covers(const char *name, const char *other)
{
	size_t length = strlen(name);

	return name[length - 1] == '+' ? !strncmp(name, other, length - 1) : !strcmp(name, other);
}

/*
 * Whether no packet of an interface of second gets past first. A section without
 * interfaces is about all of them, so one of second's must be covered as a whole.
 */
static bool decides_interface(const struct publish *first, const struct publish *second)
{
	static char all[] = "+";
	static char *const every[] = { all };
	char *const *names = second->interfaces.n ? second->interfaces.v : every;
	size_t n = second->interfaces.n ? second->interfaces.n : 1;

	if (!first->interfaces.n)
		return true;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < first->interfaces.n; k++)
			if (covers(first->interfaces.v[k], names[i]))
				return true;
	return false;
}

bool publish_overlap(const struct publish *first, const struct publish *second)
{
	return first->proto == second->proto && first->last >= second->port &&
	       second->last >= first->port && decides_interface(first, second);
}

/* A /0 does not tie a rule to its family: iptables accepts either one in both families. */
static const char *tie(const char *source)
{
	const char *prefix = strchr(source, '/');
	unsigned long length;

	if (!prefix || !parse_number(prefix + 1, 0, 0, &length))
		return "";
	return strchr(source, ':') ? "-6 " : "-4 ";
}

static void add_rule_text(struct strings *texts, const char *source, const char *match,
			  const char *target)
{
	if (source)
		strings_take(texts, xasprintf("%s-s %s %s -j %s", tie(source), source, match,
					      target));
	else
		strings_take(texts, xasprintf("%s -j %s", match, target));
}

/* The rules for one interface, or for all if it is NULL. */
static void add_interface_rules(const struct publish *publish, const char *interface,
				const char *match, struct strings *texts)
{
	char *text = interface ? xasprintf("-i %s %s", interface, match) : xstrdup(match);

	if (publish_is_any(publish)) {
		add_rule_text(texts, NULL, text, "RETURN");
	} else {
		for (size_t i = 0; i < publish->allow.n; i++)
			if (strcmp(publish->allow.v[i], host_firewall))
				add_rule_text(texts, publish->allow.v[i], text, "RETURN");
		add_rule_text(texts, NULL, text,
			      publish_is_by_host(publish) ? "RETURN" :
			      publish->otherwise == OTHERWISE_DROP ? "DROP" : "REJECT");
	}
	free(text);
}

void publish_rules(const struct publish *publish, struct strings *texts)
{
	char *match, *ports;

	if (publish->port == publish->last)
		ports = xasprintf("%u", publish->port);
	else
		ports = xasprintf("%u:%u", publish->port, publish->last);
	match = xasprintf("-p %s -m conntrack --ctstate DNAT --ctorigdstport %s --ctdir ORIGINAL",
			  proto_name(publish->proto), ports);
	if (!publish->interfaces.n)
		add_interface_rules(publish, NULL, match, texts);
	for (size_t i = 0; i < publish->interfaces.n; i++)
		add_interface_rules(publish, publish->interfaces.v[i], match, texts);
	free(ports);
	free(match);
}

void publish_unlisted_rules(const struct strings *outside, unsigned int families, bool by_host,
			    struct strings *texts)
{
	static const char match[] = "-m conntrack --ctstate DNAT --ctdir ORIGINAL";
	static const char *const errors[] = {
		[FAMILY_IPV4] = "-4 -p icmp -m conntrack --ctstate RELATED -j RETURN",
		[FAMILY_IPV6] = "-6 -p ipv6-icmp -m conntrack --ctstate RELATED -j RETURN",
	};
	const char *target = by_host ? "RETURN" : "REJECT";

	for (int family = 0; family < FAMILY_COUNT && !by_host; family++)
		if (families & 1U << family)
			strings_add(texts, errors[family]);
	if (!outside->n)
		add_rule_text(texts, NULL, match, target);
	for (size_t i = 0; i < outside->n; i++)
		strings_take(texts, xasprintf("-i %s %s -j %s", outside->v[i], match, target));
}

/* Each --ctstate is a list of which one must hold; so there are two. */
const char publish_closing_rule[] =
	"-m conntrack --ctstate NEW -m conntrack --ctstate DNAT --ctdir ORIGINAL -j REJECT";
