/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_names.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "spec_address.h"
#include "util.h"

/* At boot there may be no DNS, and a rule must not depend on who answers. */
static struct {
	enum family family;
	void (*bad)(const char *why, bool other_family);
} names;

void spec_names_forbid(enum family family, void (*bad)(const char *why, bool other_family))
{
	names.family = family;
	names.bad = bad;
}

static void refuse_name(const char *name)
{
	bool other;
	char *why = spec_bad_address(names.family, name, &other);

	names.bad(why, other);
	free(why);
}

/* ---- /etc/services and /etc/protocols ---- */

#define ALIASES 32

/* A line of one of them: a name, a number and, for a service, a protocol; aliases. */
struct named {
	char *line; /* owned; holds all strings */
	char *name, *protocol;
	char *aliases[ALIASES + 1];
	unsigned long number;
};

/* What to find: a name, or a number if that is NULL; protocol may be NULL. */
struct sought {
	const char *name, *protocol;
	unsigned long number;
};

static bool named_split(struct named *entry)
{
	char *rest = entry->line, *number, *slash;
	size_t n = 0;

	rest[strcspn(rest, "#\n")] = '\0';
	entry->name = strtok_r(rest, " \t", &rest);
	number = strtok_r(NULL, " \t", &rest);
	if (!number)
		return false;
	slash = strchr(number, '/');
	if (slash)
		*slash++ = '\0';
	entry->protocol = slash;
	while (n < ALIASES && (entry->aliases[n] = strtok_r(NULL, " \t", &rest)))
		n++;
	entry->aliases[n] = NULL;
	return parse_number(number, 0, UINT16_MAX, &entry->number);
}

static bool named_is(const struct named *entry, const struct sought *sought)
{
	if (sought->protocol && (!entry->protocol || strcmp(entry->protocol, sought->protocol) != 0))
		return false;
	if (!sought->name)
		return entry->number == sought->number;
	if (!strcmp(entry->name, sought->name))
		return true;
	for (char **alias = (char **)entry->aliases; *alias; alias++)
		if (!strcmp(*alias, sought->name))
			return true;
	return false;
}

/* Finds the first such line. entry keeps it until the next call. */
static bool named_find(const char *path, const struct sought *sought, struct named *entry)
{
	FILE *file = fopen(path, "re");
	size_t room = 0;
	bool found = false;

	free(entry->line);
	entry->line = NULL;
	if (!file)
		return false;
	while (!found && getline(&entry->line, &room, file) > 0)
		found = named_split(entry) && named_is(entry, sought);
	fclose(file);
	return found;
}

static struct servent *service(const struct sought *sought)
{
	static struct named entry;
	static struct servent found;

	if (!named_find("/etc/services", sought, &entry) || !entry.protocol)
		return NULL;
	found = (struct servent){ .s_name = entry.name, .s_aliases = entry.aliases,
				  .s_port = htons((uint16_t)entry.number),
				  .s_proto = entry.protocol };
	return &found;
}

struct servent *getservbyname(const char *name, const char *protocol)
{
	return service(&(struct sought){ .name = name, .protocol = protocol });
}

struct servent *getservbyport(int port, const char *protocol)
{
	return service(&(struct sought){ .number = ntohs((uint16_t)port), .protocol = protocol });
}

static struct protoent *protocol(const struct sought *sought)
{
	static struct named entry;
	static struct protoent found;

	if (!named_find("/etc/protocols", sought, &entry))
		return NULL;
	found = (struct protoent){ .p_name = entry.name, .p_aliases = entry.aliases,
				   .p_proto = (int)entry.number };
	return &found;
}

struct protoent *getprotobyname(const char *name)
{
	return protocol(&(struct sought){ .name = name });
}

struct protoent *getprotobynumber(int number)
{
	return protocol(&(struct sought){ .number = (unsigned long)number });
}

/* ---- /etc/passwd and /etc/group ---- */

static struct passwd *user(const char *name, uid_t id)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry = NULL;

	while (file && (entry = fgetpwent(file)))
		if (name ? !strcmp(entry->pw_name, name) : entry->pw_uid == id)
			break;
	if (file)
		fclose(file);
	return entry;
}

struct passwd *getpwnam(const char *name)
{
	return user(name, 0);
}

struct passwd *getpwuid(uid_t id)
{
	return user(NULL, id);
}

static struct group *group(const char *name, gid_t id)
{
	FILE *file = fopen("/etc/group", "re");
	struct group *entry = NULL;

	while (file && (entry = fgetgrent(file)))
		if (name ? !strcmp(entry->gr_name, name) : entry->gr_gid == id)
			break;
	if (file)
		fclose(file);
	return entry;
}

struct group *getgrnam(const char *name)
{
	return group(name, 0);
}

struct group *getgrgid(gid_t id)
{
	return group(NULL, id);
}

/* ---- addresses ---- */

/* One result in one piece of memory, for freeaddrinfo() below. */
struct address_info {
	struct addrinfo info;
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address;
};

/* An address with a zone ("fe80::1%lo"): a rule holds only the address. */
static bool read_ipv6(const char *text, struct in6_addr *address)
{
	const char *zone = strchr(text, '%');
	char *number = strndup(text, zone ? (size_t)(zone - text) : strlen(text));
	bool good = number && inet_pton(AF_INET6, number, address) == 1;

	free(number);
	return good && (!zone || (zone[1] && (IN6_IS_ADDR_LINKLOCAL(address) ||
					     IN6_IS_ADDR_MC_LINKLOCAL(address))));
}

static bool read_address(const char *text, int family, struct address_info *to)
{
	if (family != AF_INET6 && inet_aton(text, &to->address.ipv4.sin_addr)) {
		to->address.ipv4.sin_family = AF_INET;
		to->info.ai_addrlen = sizeof(to->address.ipv4);
	} else if (family != AF_INET && read_ipv6(text, &to->address.ipv6.sin6_addr)) {
		to->address.ipv6.sin6_family = AF_INET6;
		to->info.ai_addrlen = sizeof(to->address.ipv6);
	} else {
		return false;
	}
	return true;
}

/* A service's port, by number or by name for any protocol. */
static bool read_port(const char *text, struct address_info *to)
{
	const struct servent *found;
	unsigned long number;
	in_port_t port;

	if (parse_number(text, 0, UINT16_MAX, &number)) {
		port = htons((uint16_t)number);
	} else {
		found = getservbyname(text, NULL);
		if (!found)
			return false;
		port = (in_port_t)found->s_port;
	}
	if (to->address.any.sa_family == AF_INET6)
		to->address.ipv6.sin6_port = port;
	else
		to->address.ipv4.sin_port = port;
	return true;
}

/* Of the hints only the family and AI_NUMERICHOST are used: libxtables sets no other. */
int getaddrinfo(const char *restrict node, const char *restrict service_name,
		const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
	int family = hints ? hints->ai_family : AF_UNSPEC;
	struct address_info *result;

	if (!node && !service_name)
		return EAI_NONAME;
	result = xcalloc(1, sizeof(*result));
	if (!read_address(node ? node : family == AF_INET6 ? "::1" : "127.0.0.1", family, result)) {
		free(result);
		/* A mask is first tried as an address, which may fail. */
		if (names.bad && !(hints && hints->ai_flags & AI_NUMERICHOST))
			refuse_name(node);
		return EAI_NONAME;
	}
	if (service_name && !read_port(service_name, result)) {
		free(result);
		return EAI_SERVICE;
	}
	result->info.ai_family = result->address.any.sa_family;
	result->info.ai_addr = &result->address.any;
	if (hints) {
		result->info.ai_socktype = hints->ai_socktype;
		result->info.ai_protocol = hints->ai_protocol;
	}
	*found = &result->info;
	return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
	free(info);
}

struct netent *getnetbyname(const char *name)
{
	if (names.bad)
		refuse_name(name);
	return NULL;
}
