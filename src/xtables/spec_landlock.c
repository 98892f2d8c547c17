/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_landlock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

/*
 * From the kernel's linux/landlock.h, since the installed one may know less than the
 * running kernel. The numbers of the system calls are the same on all architectures
 * that have Landlock except alpha.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define CREATE_RULESET_VERSION 1
#define RULE_PATH_BENEATH 1

#define FS_READ_FILE (1U << 2)
#define FS_READ_DIR (1U << 3)
#define FS_FIRST ((1U << 13) - 1)
#define FS_REFER (1U << 13)     /* version 2 */
#define FS_TRUNCATE (1U << 14)  /* version 3 */
#define FS_IOCTL_DEV (1U << 15) /* version 5 */
#define NET_TCP 3U              /* version 4: bind and connect */
#define SCOPED 3U               /* version 6: abstract sockets and signals */

struct ruleset {
	uint64_t fs, net, scoped;
};
struct path_beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

/* What the extensions read. A folder includes what is below it. */
static const struct {
	const char *path;
	bool folder;
} readable[] = {
	{ "/lib", true },
	{ "/lib64", true },
	{ "/usr/lib", true },
	{ "/usr/lib64", true },
	{ "/usr/local/lib", true },
	{ "/etc/ld.so.cache", false },
	{ "/etc/protocols", false },
	{ "/etc/services", false },
	{ "/etc/passwd", false },         /* owner */
	{ "/etc/group", false },
	{ "/etc/iproute2", true },        /* devgroup, realm */
	{ "/usr/share/iproute2", true },
	{ "/etc/xtables", true },         /* connlabel */
	{ "/etc/localtime", false },      /* time */
	{ "/usr/share/zoneinfo", true },
};

/* Since 4: how many bytes of the structure that version knows. */
static size_t ruleset_size(int version)
{
	if (version < 4)
		return offsetof(struct ruleset, net);
	return version < 6 ? offsetof(struct ruleset, scoped) : sizeof(struct ruleset);
}

static int add_path(int rules, const char *path, bool folder)
{
	struct path_beneath rule = { .access = FS_READ_FILE };
	int result, error;

	if (folder)
		rule.access |= FS_READ_DIR;
	rule.fd = open(path, O_PATH | O_CLOEXEC);
	/* What does not exist, or is not to be seen, cannot be read either. */
	if (rule.fd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? 0 : -1;
	result = (int)syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0);
	error = errno;
	close(rule.fd);
	errno = error;
	return result;
}

/* The folder of the library that has this function: it may be none of the usual ones. */
static int add_library_of(int rules, void *function)
{
	char path[PATH_MAX];
	Dl_info info;
	char *slash;

	if (!dladdr(function, &info) || !info.dli_fname ||
	    snprintf(path, sizeof(path), "%s", info.dli_fname) >= (int)sizeof(path))
		return 0;
	slash = strrchr(path, '/');
	if (!slash || slash == path)
		return 0;
	*slash = '\0';
	return add_path(rules, path, true);
}

static int add_all(int rules)
{
	for (size_t i = 0; i < ARRAY_SIZE(readable); i++)
		if (add_path(rules, readable[i].path, readable[i].folder))
			return -1;
	return add_library_of(rules, dlsym(RTLD_DEFAULT, "xtables_init_all")) ||
	       add_library_of(rules, dlsym(RTLD_DEFAULT, "gnu_get_libc_version")) ? -1 : 0;
}

int spec_landlock(void)
{
	struct ruleset ruleset = { .fs = FS_FIRST, .net = NET_TCP, .scoped = SCOPED };
	int version, rules, result, error;

	version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	if (version < 0)
		return -1;
	if (version >= 2)
		ruleset.fs |= FS_REFER;
	if (version >= 3)
		ruleset.fs |= FS_TRUNCATE;
	if (version >= 5)
		ruleset.fs |= FS_IOCTL_DEV;
	rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, ruleset_size(version), 0);
	if (rules < 0)
		return -1;
	result = add_all(rules);
	if (!result)
		result = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	error = errno;
	close(rules);
	errno = error;
	return result;
}
