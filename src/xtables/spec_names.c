/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_names.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#ifdef __GLIBC__
#include <nss.h>
#endif

#include "spec_address.h"

/*
 * Names are not looked up: at boot there may be no DNS, and a rule must not
 * depend on who answers. libxtables and its extensions resolve names with
 * getaddrinfo() and getnetbyname(), so the definitions here override those of
 * the C library.
 */
static struct {
	enum family family;
	void (*bad)(const char *why, bool other_family);
} names;

void spec_names_forbid(enum family family, void (*bad)(const char *why, bool other_family))
{
	names.family = family;
	names.bad = bad;
#ifdef __GLIBC__
	/* Ports and protocols may have names, but only from the local files. */
	__nss_configure_lookup("services", "files");
	__nss_configure_lookup("protocols", "files");
	__nss_configure_lookup("networks", "files");
	__nss_configure_lookup("hosts", "files");
#endif
}

static void refuse_name(const char *name)
{
	bool other;
	char *why = spec_bad_address(names.family, name, &other);

	names.bad(why, other);
	free(why);
}

int getaddrinfo(const char *restrict node, const char *restrict service,
		const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct addrinfo numeric = { 0 };
	int result;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (!real)
		return EAI_SYSTEM;
	if (!names.bad || !node)
		return real(node, service, hints, found);
	if (hints)
		numeric = *hints;
	numeric.ai_flags |= AI_NUMERICHOST;
	result = real(node, service, &numeric, found);
	/* A mask is first tried as an address, which may fail. */
	if (result && !(hints && hints->ai_flags & AI_NUMERICHOST))
		refuse_name(node);
	return result;
}

struct netent *getnetbyname(const char *name)
{
	if (names.bad)
		refuse_name(name);
	return NULL;
}
