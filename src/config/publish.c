/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "publish.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "proto.h"

void publish_clear(struct publish *publish)
{
	free(publish->interface);
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
	(void)before;
	if (!*text || strlen(text) >= IFNAMSIZ)
		return "is not an interface name: it must have 1 to 15 characters";
	/* A rule would not read these as one name. */
	if (strpbrk(text, " \t\"'\\/!") || *text == '-')
		return "is not an interface name: it must not contain blanks, quotes, '\\', '/' "
		       "or '!', or begin with '-'";
	return NULL;
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

static const char any[] = "any";

const char *publish_allow_fault(const struct strings *before, const char *text)
{
	if (strings_has(before, any) || (!strcmp(text, any) && before->n))
		return "is listed along with \"any\", which already lets everyone in: "
		       "remove one of them";
	if (!strcmp(text, any))
		return NULL;
	if (!is_source(text, AF_INET) && !is_source(text, AF_INET6))
		return "is neither an address such as \"203.0.113.123\" or \"2001:db8::/48\" "
		       "nor \"any\" (names are not looked up)";
	return strings_has(before, text) ? "is in the list twice" : NULL;
}

bool publish_is_any(const struct publish *publish)
{
	return strings_has(&publish->allow, any);
}

bool publish_overlap(const struct publish *first, const struct publish *second)
{
	if (first->proto != second->proto || first->last < second->port ||
	    second->last < first->port)
		return false;
	if (!first->interface)
		return true;
	return second->interface && !strcmp(first->interface, second->interface);
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

void publish_rules(const struct publish *publish, struct strings *texts)
{
	char *match, *ports;

	if (publish->port == publish->last)
		ports = xasprintf("%u", publish->port);
	else
		ports = xasprintf("%u:%u", publish->port, publish->last);
	match = xasprintf("%s%s%s-p %s -m conntrack --ctstate DNAT --ctorigdstport %s "
			  "--ctdir ORIGINAL",
			  publish->interface ? "-i " : "",
			  publish->interface ? publish->interface : "",
			  publish->interface ? " " : "", proto_name(publish->proto), ports);
	if (publish_is_any(publish)) {
		add_rule_text(texts, NULL, match, "RETURN");
	} else {
		for (size_t i = 0; i < publish->allow.n; i++)
			add_rule_text(texts, publish->allow.v[i], match, "RETURN");
		add_rule_text(texts, NULL, match,
			      publish->otherwise == OTHERWISE_DROP ? "DROP" : "REJECT");
	}
	free(ports);
	free(match);
}
