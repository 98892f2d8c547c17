/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec_confine.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spec_landlock.h"
#include "spec_seccomp.h"
#include "util.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/*
 * The user and group that root's child becomes: systemd's list of numbers keeps it
 * unused, so no other process can signal or trace it. "nobody" has other processes.
 */
#define UNUSED_ID 65533

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* A printed rule is at most 1 MiB; all others of the child's files are smaller. */
#define FILE_SIZE_MAX (16UL << 20)
#define MEMORY_MAX (4ULL << 30)

/*
 * Whether the kernel does not have it, or the sandbox of the caller (a unit's
 * SystemCallFilter=) forbids it.
 */
static bool not_here(void)
{
	return errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL || errno == EPERM;
}

static void note(char **missing, const char *what)
{
	char *longer = **missing ? xasprintf("%s, %s", *missing, what) : xstrdup(what);

	free(*missing);
	*missing = longer;
}

/* Notes a part that is not available; returns -1 with errno if it failed. */
static int part(int result, char **missing, const char *what)
{
	if (!result)
		return 0;
	if (!not_here())
		return -1;
	note(missing, what);
	return 0;
}

/* ---- descriptors ---- */

static void close_listed(DIR *folder, unsigned int first)
{
	const struct dirent *entry;
	unsigned long number;

	while ((entry = readdir(folder)))
		if (parse_number(entry->d_name, first, INT_MAX, &number) &&
		    (int)number != dirfd(folder))
			close((int)number);
	closedir(folder);
}

/* The kernel has close_range() since 5.9. */
static void close_from(unsigned int first)
{
	struct rlimit limit;
	DIR *folder;

	if (!syscall(SYS_close_range, first, UINT_MAX, 0))
		return;
	folder = opendir("/proc/self/fd");
	if (folder)
		close_listed(folder, first);
	else if (!getrlimit(RLIMIT_NOFILE, &limit))
		for (rlim_t fd = first; fd < limit.rlim_cur && fd < 65536; fd++)
			close((int)fd);
}

/*
 * Clears the strings as well, which would otherwise stay in memory. No XTABLES_LIBDIR is
 * left, so extensions always come from the system's folder.
 */
static void empty_environment(void)
{
	for (char **variable = environ; variable && *variable; variable++)
		memset(*variable, 0, strlen(*variable));
	clearenv();
}

/* ---- limits ---- */

/* Sets a limit unless it is already lower. */
static int limit(int resource, rlim_t value)
{
	struct rlimit now;

	if (getrlimit(resource, &now))
		return -1;
	if (now.rlim_max > value)
		now.rlim_max = value;
	if (now.rlim_cur > now.rlim_max)
		now.rlim_cur = now.rlim_max;
	return setrlimit(resource, &now);
}

static int limit_all(const struct confinement *keep)
{
	/* Addresses of the sanitizer's own take terabytes. */
	if (!SANITIZED && sizeof(rlim_t) > 4 && limit(RLIMIT_AS, MEMORY_MAX))
		return -1;
	return limit(RLIMIT_CPU, keep->seconds) || limit(RLIMIT_FSIZE, FILE_SIZE_MAX) ||
	       limit(RLIMIT_NOFILE, keep->descriptors + 16) || limit(RLIMIT_NPROC, 0) ||
	       limit(RLIMIT_CORE, 0) ? -1 : 0;
}

/* ---- user and capabilities ---- */

/* Up to the last one that the kernel has. Without CAP_SETPCAP nothing can be dropped. */
static void empty_bounding_set(void)
{
	for (unsigned long i = 0; !prctl(PR_CAPBSET_DROP, i, 0, 0, 0); i++)
		;
}

/* Becomes a user that has nothing. Capabilities outlive it until set_capabilities(). */
static int leave_root(void)
{
	if (geteuid() && getuid())
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgroups(0, NULL) ||
	    setresgid(UNUSED_ID, UNUSED_ID, UNUSED_ID) || setresuid(UNUSED_ID, UNUSED_ID, UNUSED_ID))
		return -1;
	/* The kernel forgets this when the user changes. */
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/*
 * Keeps no capability, or with sets the one that these questions need (xt_socket.h). The
 * ambient set follows the permitted one.
 */
static int set_capabilities(bool sets)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t wanted = sets ? 1U << CAP_NET_ADMIN : 0;

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capget, &head, data))
		return -1;
	data[0].permitted &= wanted;
	data[0].effective = data[0].permitted;
	data[0].inheritable = 0;
	data[1] = (struct __user_cap_data_struct){ 0 };
	return syscall(SYS_capset, &head, data) ? -1 : 0;
}

char *spec_confine(const struct confinement *keep)
{
	char *missing = xstrdup("");
	int error;

	close_from(keep->descriptors);
	empty_environment();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    part(limit_all(keep), &missing, "limits of its own") ||
	    part(spec_landlock(), &missing, "Landlock"))
		goto failed;
	empty_bounding_set();
	if (part(leave_root(), &missing, "a user of its own") ||
	    part(set_capabilities(keep->sets), &missing, "giving up capabilities") ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		goto failed;
	/* Last, since it forbids all of the above. The sanitizer needs calls that it forbids. */
	if (!SANITIZED && part(spec_seccomp(keep->sets), &missing, "a filter of system calls"))
		goto failed;
	return missing;
failed:
	error = errno;
	free(missing);
	errno = error;
	return NULL;
}
