/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>

#include "docker_proxies.h"
#include "fuzz.h"
#include "proto.h"

/*
 * The arguments of docker-proxy: any process may have any. What is taken for a listener
 * has all that one has, and is the same after it is written as arguments. A newline is the
 * end of a word here, as a NUL is.
 */

static char *words_of(const struct proxy *proxy, size_t *size)
{
	char host[INET6_ADDRSTRLEN], container[INET6_ADDRSTRLEN], *text;
	int n;

	addr_text(proxy->family, proxy->host, host);
	addr_text(proxy->container_family, proxy->container, container);
	n = asprintf(&text, "/usr/bin/docker-proxy\n-proto=%s\n--host-ip\n%s\n-host-port\n%u\n"
		     "-container-ip=%s\n--container-port=%u\n-use-listen-fd\n",
		     proto_name(proxy->proto), host, proxy->port, container, proxy->container_port);
	REQUIRE(n > 0, "no memory");
	*size = (size_t)n;
	return text;
}

static void end_words(char *words, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (words[i] == '\n')
			words[i] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words = malloc(size + 1), *text;
	struct proxy proxy, again;
	size_t length;

	if (!words)
		return 0;
	memcpy(words, data, size);
	/* Reading past the end is an error, so there is no NUL after it. */
	words = realloc(words, size ? size : 1);
	end_words(words, size);
	if (proxies_parse(words, size, &proxy)) {
		REQUIRE(proxy.port && proxy.container_port, "no port");
		REQUIRE(proto_is_published(proxy.proto), "protocol %u", proxy.proto);
		REQUIRE(proxy.any == !proxy.host, "any");
		text = words_of(&proxy, &length);
		end_words(text, length);
		REQUIRE(proxies_parse(text, length, &again), "not a proxy: %s", text);
		REQUIRE(again.family == proxy.family && again.proto == proxy.proto &&
			again.host == proxy.host && again.port == proxy.port &&
			again.container_family == proxy.container_family &&
			again.container == proxy.container &&
			again.container_port == proxy.container_port, "another proxy");
		free(text);
	}
	free(words);
	return 0;
}
