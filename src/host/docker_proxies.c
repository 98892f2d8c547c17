/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_proxies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "dual_stack.h"
#include "process.h"
#include "process_walk.h"
#include "proto.h"
#include "util.h"

#define TCP_LISTEN_STATE 0x0a
#define UDP_UNCONNECTED_STATE 0x07
/* A longer command line is not one of docker-proxy's. */
#define COMMAND_LINE_MAX 4096

/* The value of a Go flag: "-name value" or "-name=value", with one or two dashes. */
static const char *flag_value(const char *word, const char *next, const char *name)
{
	size_t length = strlen(name);

	if (*word != '-')
		return NULL;
	word += word[1] == '-' ? 2 : 1;
	if (strncmp(word, name, length))
		return NULL;
	if (word[length] == '=')
		return word + length + 1;
	return word[length] ? NULL : next;
}

static bool parse_port(const char *text, uint16_t *port)
{
	unsigned long value;

	if (!parse_number(text, 1, 65535, &value))
		return false;
	*port = (uint16_t)value;
	return true;
}

/* Whether the first word names the program. */
static bool is_docker_proxy(const char *words)
{
	const char *name = strrchr(words, '/');

	return !strcmp(name ? name + 1 : words, "docker-proxy");
}

bool proxies_parse(const char *words, size_t size, struct proxy *proxy)
{
	const char *end = words + size;
	bool host = false, container = false, good = true;

	*proxy = (struct proxy){ .proto = IPPROTO_TCP };
	/* Without a final NUL the last word has no end. */
	if (!size || end[-1] || !is_docker_proxy(words))
		return false;
	for (const char *word = words + strlen(words) + 1; word < end && good;) {
		const char *next = word + strlen(word) + 1, *value;

		if (next >= end)
			next = "";
		if ((value = flag_value(word, next, "proto")))
			good = proto_by_name(value, &proxy->proto) &&
			       proto_is_published(proxy->proto);
		else if ((value = flag_value(word, next, "host-ip")))
			good = host = addr_parse(value, &proxy->family, &proxy->host);
		else if ((value = flag_value(word, next, "host-port")))
			good = parse_port(value, &proxy->port);
		else if ((value = flag_value(word, next, "container-ip")))
			good = container = addr_parse(value, &proxy->container_family,
						      &proxy->container);
		else if ((value = flag_value(word, next, "container-port")))
			good = parse_port(value, &proxy->container_port);
		word += strlen(word) + 1;
	}
	proxy->any = !proxy->host;
	return good && host && container && proxy->port && proxy->container_port;
}

/* Adds the process if its command line is docker-proxy's, and it is the host's. */
static void look_at(struct proxies *proxies, const char *pid)
{
	struct process process;
	struct proxy proxy;
	size_t size = 0;
	char *words = process_open(&process, pid) ?
		      process_read(&process, "cmdline", COMMAND_LINE_MAX, &size) : NULL;

	if (words && proxies_parse(words, size, &proxy) && process_is_dockers(&process)) {
		proxy.pid = process.pid;
		GROW(proxies->v, proxies->n, proxies->room);
		proxies->v[proxies->n++] = proxy;
	}
	free(words);
	process_close(&process);
}

/* Reads the ports with a listener on every address, one bit each, from /proc/net/NAME. */
static void read_listeners(const char *name, unsigned int state, uint8_t ports[8192])
{
	char *path = xasprintf("/proc/self/net/%s", name), line[512];
	FILE *file = fopen(path, "re");

	free(path);
	memset(ports, 0, 8192);
	while (file && fgets(line, sizeof(line), file)) {
		char addr[33];
		unsigned int port, is;

		/* NOLINTNEXTLINE(cert-err34-c): the widths bound the numbers */
		if (sscanf(line, " %*u: %32[0-9A-F]:%4x %*[0-9A-F]:%*x %2x", addr, &port, &is) == 3 &&
		    is == state && strspn(addr, "0") == strlen(addr))
			ports[port / 8] |= (uint8_t)(1U << port % 8);
	}
	if (file)
		fclose(file);
}

static bool listens(const uint8_t ports[8192], uint16_t port)
{
	return ports[port / 8] & 1U << port % 8;
}

static bool has_own(const struct proxies *proxies, const struct proxy *proxy, enum family family)
{
	for (size_t i = 0; i < proxies->n; i++) {
		const struct proxy *other = &proxies->v[i];

		if (other->family == family && other->any && other->proto == proxy->proto &&
		    other->port == proxy->port)
			return true;
	}
	return false;
}

/*
 * For 0.0.0.0, docker-proxy of older releases listens on a dual-stack socket, which the
 * kernel lists only under IPv6; and so did that for "::".
 */
static void add_dual(struct proxies *proxies)
{
	static uint8_t four[2][8192], six[2][8192];
	size_t n = proxies->n;

	if (!n)
		return;
	read_listeners("tcp", TCP_LISTEN_STATE, four[0]);
	read_listeners("tcp6", TCP_LISTEN_STATE, six[0]);
	read_listeners("udp", UDP_UNCONNECTED_STATE, four[1]);
	read_listeners("udp6", UDP_UNCONNECTED_STATE, six[1]);
	for (size_t i = 0; i < n; i++) {
		struct proxy proxy = proxies->v[i];
		int udp = proxy.proto == IPPROTO_UDP;

		enum family other = proxy.family == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;

		if (!proxy.any || proxy.proto == IPPROTO_SCTP ||
		    listens(four[udp], proxy.port) || !listens(six[udp], proxy.port) ||
		    has_own(proxies, &proxy, other) ||
		    (other == FAMILY_IPV4 && !takes_ipv4(proxy.proto, proxy.port)))
			continue;
		proxy.family = other;
		GROW(proxies->v, proxies->n, proxies->room);
		proxies->v[proxies->n++] = proxy;
	}
}

int proxies_read(struct proxies *proxies)
{
	struct process_walk walk;

	*proxies = (struct proxies){ 0 };
	if (process_walk_begin(&walk)) {
		diag_error("cannot read /proc: %s", strerror(errno));
		return -1;
	}
	while (process_walk_next(&walk, "cmdline"))
		if (is_docker_proxy(walk.start))
			look_at(proxies, walk.pid);
	process_walk_end(&walk);
	add_dual(proxies);
	proxies_sort(proxies);
	return 0;
}
