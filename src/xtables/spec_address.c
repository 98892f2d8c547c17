/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "libxtables.h"
#include "util.h"

/* Whether this was meant as an address and not as a name. */
static bool looks_numeric(const char *text)
{
	return strchr(text, ':') || !text[strspn(text, "0123456789.")];
}

char *spec_bad_address(enum family family, const char *name, bool *other)
{
	const char *kind = family_title(family);
	uint8_t address[16];

	*other = inet_pton(family == FAMILY_IPV4 ? AF_INET6 : AF_INET, name, address) == 1;
	if (*other || looks_numeric(name))
		return xasprintf("'%s' is not an %s address", name, kind);
	return xasprintf("'%s' is a name, and names are not looked up; write its %s address", name,
			 kind);
}

/* With a mask of zeros the library accepts anything as an address: "any/0". */
static bool mask_is_null(enum family family, const char *mask)
{
	static const struct in6_addr zero;
	const struct in_addr *ipv4 = NULL;
	const struct in6_addr *ipv6 = NULL;
	unsigned int bits;

	if (family == FAMILY_IPV4)
		ipv4 = xtables_numeric_to_ipmask(mask);
	else
		ipv6 = xtables_numeric_to_ip6addr(mask);
	if (ipv4)
		return !ipv4->s_addr;
	if (ipv6)
		return !memcmp(ipv6, &zero, sizeof(zero));
	return xtables_strtoui(mask, NULL, &bits, 0, 128) && !bits;
}

/* As the library reads it, without looking up what it cannot read. */
static bool is_numeric_address(enum family family, const char *name)
{
	if (family == FAMILY_IPV4)
		return xtables_numeric_to_ipaddr(name) != NULL;
	/* getaddrinfo() reads an address with a zone. */
	return xtables_numeric_to_ip6addr(name) || strchr(name, '%');
}

char *spec_addresses_check(enum family family, const char *list, bool *other)
{
	char *copy, *rest, *name, *mask, *error = NULL;

	if (!list)
		return NULL;
	copy = rest = xstrdup(list);
	while (!error && (name = strsep(&rest, ","))) {
		name += strspn(name, " \t\n\v\f\r");
		mask = strrchr(name, '/');
		if (mask)
			*mask++ = '\0';
		if (!is_numeric_address(family, name) && !(mask && mask_is_null(family, mask)))
			error = spec_bad_address(family, name, other);
	}
	free(copy);
	return error;
}

void spec_addresses_parse(enum family family, const char *list, struct spec_addresses *addresses)
{
	size_t size = family_addr_size(family);
	struct in_addr *addr4, *mask4;
	struct in6_addr *addr6, *mask6;
	const uint8_t *addr, *mask;
	unsigned int n;

	if (family == FAMILY_IPV4) {
		xtables_ipparse_multiple(list ? list : "0.0.0.0/0", &addr4, &mask4, &n);
		addr = (const uint8_t *)addr4;
		mask = (const uint8_t *)mask4;
	} else {
		xtables_ip6parse_multiple(list ? list : "::/0", &addr6, &mask6, &n);
		addr = (const uint8_t *)addr6;
		mask = (const uint8_t *)mask6;
	}
	addresses->n = n;
	addresses->v = xcalloc(n, sizeof(*addresses->v));
	for (size_t i = 0; i < n; i++) {
		memcpy(addresses->v[i].addr, addr + i * size, size);
		memcpy(addresses->v[i].mask, mask + i * size, size);
	}
	free((void *)addr);
	free((void *)mask);
}
