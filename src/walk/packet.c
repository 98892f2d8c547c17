/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

#define ECHO_REQUEST 8
#define ECHO_REQUEST6 128

static bool mark_equal(struct mark a, struct mark b)
{
	return a.unknown == b.unknown && (a.unknown || a.value == b.value);
}

bool packet_equal(const struct packet *a, const struct packet *b)
{
	return a->family == b->family && !memcmp(a->in, b->in, IFNAMSIZ) &&
	       !memcmp(a->out, b->out, IFNAMSIZ) && a->proto == b->proto &&
	       a->dst.lo == b->dst.lo && a->dst.hi == b->dst.hi && a->to_host == b->to_host &&
	       span_equal(a->sport, b->sport) && span_equal(a->dport, b->dport) &&
	       span_equal(a->icmp_type, b->icmp_type) && span_equal(a->icmp_code, b->icmp_code) &&
	       mark_equal(a->mark, b->mark) && mark_equal(a->ctmark, b->ctmark) &&
	       a->ct == b->ct && a->established == b->established && a->invalid == b->invalid &&
	       a->tracked == b->tracked &&
	       a->ct_template == b->ct_template &&
	       a->dnat == b->dnat && a->dnat_unsure == b->dnat_unsure &&
	       a->nat_settled == b->nat_settled &&
	       a->ttl_set == b->ttl_set &&
	       a->orig_dst.lo == b->orig_dst.lo && a->orig_dst.hi == b->orig_dst.hi &&
	       span_equal(a->orig_dport, b->orig_dport);
}

void packet_init(struct packet *packet, enum family family, const struct netif *in, uint8_t proto,
		 addr_t dst, uint16_t dport)
{
	memset(packet, 0, sizeof(*packet));
	packet->family = family;
	memcpy(packet->in, in->name, IFNAMSIZ);
	packet->in_index = in->index;
	packet->in_bridge = in->bridge;
	packet->proto = proto;
	packet->dst = (struct addrrange){ dst, dst };
	packet->orig_dst = packet->dst;
	if (proto_has_ports(proto)) {
		packet->sport = (struct span){ 1, 65535 };
		packet->dport = (struct span){ dport, dport };
		packet->orig_dport = packet->dport;
	} else {
		/* An ICMP id, a GRE key, or nothing: not known. */
		packet->sport = (struct span){ 0, 65535 };
		packet->dport = packet->orig_dport = packet->sport;
	}
}

void packet_establish(struct packet *packet)
{
	packet->established = true;
	packet->ctmark.unknown = true;
}

void packet_icmp(struct packet *packet, uint8_t type, uint8_t code)
{
	packet->icmp_type = (struct span){ type, type };
	packet->icmp_code = (struct span){ code, code };
	/* Connection tracking takes these as the destination port. */
	packet->orig_dport.lo = packet->orig_dport.hi = (uint16_t)(type << 8 | code);
}

void packet_forget(struct packet *packet)
{
	packet->dst = (struct addrrange){ 0, addr_max(packet->family) };
	packet->to_host = false;
	packet->dport = SPAN_ALL;
	packet->dnat = packet->dnat_unsure = true;
	packet->mark.unknown = packet->ctmark.unknown = true;
}

bool packet_goes_anywhere(const struct packet *packet)
{
	return !packet->dst.lo && packet->dst.hi == addr_max(packet->family);
}

/*
 * What connection tracking makes of a first ICMP packet: only requests start a
 * connection; neighbour discovery and multicast reports are never tracked.
 */
static enum conntrack track_icmp(enum family family, unsigned int type)
{
	if (family == FAMILY_IPV4)
		return type == ECHO_REQUEST || type == 13 || type == 15 || type == 17 ? CT_NEW
										      : CT_NONE;
	if (type == ECHO_REQUEST6 || type == 139)
		return CT_NEW;
	return (type >= 130 && type <= 136) || type == 143 ? CT_UNTRACKED : CT_NONE;
}

void packet_notrack(struct packet *packet)
{
	if (packet->ct == CT_NONE && !packet->ct_template)
		packet->ct = CT_UNTRACKED;
}

void packet_ct_template(struct packet *packet, bool over)
{
	if (packet->tracked || (packet->ct == CT_UNTRACKED && !over))
		return;
	packet->ct = CT_NONE;
	packet->ct_template = true;
}

void packet_track(struct packet *packet)
{
	packet->tracked = true;
	if (packet->ct != CT_NONE || packet->invalid)
		return;
	if (packet->proto == (packet->family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		packet->ct = track_icmp(packet->family, packet->icmp_type.lo);
	else
		packet->ct = CT_NEW;
}

/* A text that is split into words. */
struct packet_words {
	char *text, *rest;
	const char *word; /* NULL at the end */
};

static const char *next_word(struct packet_words *words)
{
	words->word = strtok_r(NULL, " \t\n", &words->rest);
	return words->word;
}

#define TRACE_USAGE "write it as 'from 203.0.113.200 in ens3 tcp 80'"

static int bad(const char *what, const char *word)
{
	if (word)
		diag_error("--trace: %s '%s'; " TRACE_USAGE, what, word);
	else
		diag_error("--trace: %s; " TRACE_USAGE, what);
	return -1;
}

struct request {
	enum family family, to_family;
	const char *from, *in, *to, *proto_word;
	addr_t src, dst;
	uint8_t proto;
	unsigned long port, sport, type, code;
	bool has_sport, has_type;
};

static int parse_icmp_type(struct request *request, const char *word)
{
	char *text = xstrdup(word), *slash = strchr(text, '/');
	bool good;

	if (slash)
		*slash++ = '\0';
	request->code = 0;
	good = parse_number(text, 0, 255, &request->type) &&
	       (!slash || parse_number(slash, 0, 255, &request->code));
	free(text);
	request->has_type = good;
	return good ? 0 : bad("not an ICMP type", word);
}

static int parse_proto(struct request *request, struct packet_words *words)
{
	const char *name = words->word;
	unsigned long n;
	bool known = proto_by_name(name, &request->proto);

	if (!known && strcmp(name, "proto"))
		return bad("unknown word", name);
	if (request->proto_word)
		return bad("a second protocol", name);
	request->proto_word = name;
	if (!known) {
		if (!next_word(words))
			return bad("no number after", "proto");
		if (!parse_number(words->word, 1, 255, &n))
			return bad("not a protocol number", words->word);
		request->proto_word = words->word;
		request->proto = (uint8_t)n;
	}
	next_word(words);
	if (proto_has_ports(request->proto)) {
		if (!words->word)
			return bad("no port after", request->proto_word);
		if (!parse_number(words->word, 1, 65535, &request->port))
			return bad("not a port", words->word);
		next_word(words);
	} else if ((request->proto == IPPROTO_ICMP || request->proto == IPPROTO_ICMPV6) &&
		   words->word && words->word[0] >= '0' && words->word[0] <= '9') {
		if (parse_icmp_type(request, words->word) < 0)
			return -1;
		next_word(words);
	}
	return 0;
}

/* Each may be given only once: of two, it would not be clear which is meant. */
static bool is_second(const struct request *request, const char *key)
{
	return (!strcmp(key, "from") && request->from) || (!strcmp(key, "to") && request->to) ||
	       (!strcmp(key, "in") && request->in) || (!strcmp(key, "sport") && request->has_sport);
}

static int parse_words(struct request *request, struct packet_words *words)
{
	words->word = strtok_r(words->text, " \t\n", &words->rest);
	while (words->word) {
		const char *key = words->word;

		if (is_second(request, key))
			return bad("a second", key);
		if (!strcmp(key, "from") || !strcmp(key, "to")) {
			bool from = *key == 'f';
			const char *value = next_word(words);

			if (!value)
				return bad("no address after", key);
			if (!addr_parse(value, from ? &request->family : &request->to_family,
					from ? &request->src : &request->dst))
				return bad("not an address", value);
			*(from ? &request->from : &request->to) = value;
		} else if (!strcmp(key, "in")) {
			request->in = next_word(words);
			if (!request->in)
				return bad("no interface after", key);
		} else if (!strcmp(key, "sport")) {
			if (!next_word(words))
				return bad("no port after", key);
			if (!parse_number(words->word, 0, 65535, &request->sport))
				return bad("not a port", words->word);
			request->has_sport = true;
		} else {
			if (parse_proto(request, words) < 0)
				return -1;
			continue;
		}
		next_word(words);
	}
	return 0;
}

static int check_request(struct request *request, const struct netinfo *info,
			 const struct netif *in)
{
	const struct netif *master;
	uint8_t icmp = request->family == FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	if (!in) {
		diag_error("--trace: there is no interface '%s'; 'ip link' lists them", request->in);
		return -1;
	}
	master = in->port ? netinfo_if_index(info, in->master) : NULL;
	if (master) {
		diag_error("--trace: '%s' is a port of '%s', where rules see its packets come in; "
			   "write 'in %s'", in->name, master->name, master->name);
		return -1;
	}
	/* "icmp" means the ICMP of either family. */
	if (!strcmp(request->proto_word, "icmp"))
		request->proto = icmp;
	if (request->proto == IPPROTO_ICMPV6 && request->family == FAMILY_IPV4)
		return bad("not an IPv4 protocol:", request->proto_word);
	if (request->has_sport && !proto_has_ports(request->proto))
		return bad("'sport' needs a protocol with ports, not", request->proto_word);
	if (request->to && request->to_family != request->family)
		return bad("not in the address family of the source:", request->to);
	if (!request->to) {
		if (!in->has_addr[request->family]) {
			diag_error("--trace: interface '%s' has no %s address; "
				   "name the destination with 'to ADDRESS'",
				   in->name, family_name(request->family));
			return -1;
		}
		request->dst = in->addr[request->family];
	}
	return 0;
}

int packet_parse(const char *text, const struct netinfo *info, struct packet *packet, addr_t *src)
{
	struct packet_words words = { .text = xstrdup(text) };
	struct request request = { 0 };
	const struct netif *in;
	int status = -1;

	if (parse_words(&request, &words) < 0)
		goto out;
	if (!request.from || !request.in || !request.proto_word) {
		bad(!request.from ? "no 'from ADDRESS'"
		    : !request.in ? "no 'in INTERFACE'" : "no protocol, such as 'tcp 80'", NULL);
		goto out;
	}
	in = netinfo_if(info, request.in);
	if (check_request(&request, info, in) < 0)
		goto out;
	packet_init(packet, request.family, in, request.proto, request.dst, (uint16_t)request.port);
	if (request.has_sport)
		packet->sport.lo = packet->sport.hi = (uint16_t)request.sport;
	if (request.proto == IPPROTO_ICMP || request.proto == IPPROTO_ICMPV6) {
		if (!request.has_type)
			request.type = request.family == FAMILY_IPV4 ? ECHO_REQUEST : ECHO_REQUEST6;
		packet_icmp(packet, (uint8_t)request.type, (uint8_t)request.code);
	}
	*src = request.src;
	status = 0;
out:
	free(words.text);
	return status;
}
