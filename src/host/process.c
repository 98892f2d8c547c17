/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read_file.h"
#include "util.h"

/* The status of a process with 65,536 groups has less than 1 MiB. */
#define STATUS_MAX (4U * 1024 * 1024)
#define CGROUPS_MAX (64U * 1024)
/* pid_max is at most 2^22, proc_sys_kernel(5). */
#define PID_LIMIT (1UL << 22)

bool process_open(struct process *process, const char *name)
{
	unsigned long pid;
	char path[32];

	*process = (struct process){ .folder = -1 };
	if (!parse_number(name, 1, PID_LIMIT, &pid))
		return false;
	snprintf(path, sizeof(path), "/proc/%lu", pid);
	process->pid = (pid_t)pid;
	process->folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return process->folder >= 0;
}

void process_close(struct process *process)
{
	if (process->folder >= 0)
		close(process->folder);
	process->folder = -1;
}

char *process_read(const struct process *process, const char *name, size_t most, size_t *size)
{
	return read_file_at(process->folder, name, most, size);
}

bool process_has_name(const struct process *process, const char *name)
{
	size_t size, length = strlen(name);
	char *comm = process_read(process, "comm", STATUS_MAX, &size);
	bool has = comm && size == length + 1 && !strncmp(comm, name, length) && comm[length] == '\n';

	free(comm);
	return has;
}

/* The 22nd field of its stat; the second one, the name, may hold anything and ends with ")". */
uint64_t process_started(const struct process *process)
{
	size_t size;
	char *stat = process_read(process, "stat", STATUS_MAX, &size), *at = stat ? strrchr(stat, ')') : NULL;
	unsigned long started = 0;

	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at) {
		at[1 + strcspn(at + 1, " \n")] = '\0';
		parse_number(at + 1, 1, ULONG_MAX, &started);
	}
	free(stat);
	return started;
}

/* ---- its status ---- */

/* The text after the key at the start of a line, or NULL if there is none. */
static const char *after(const char *text, const char *key)
{
	const char *found = strstr(text, key);

	return found ? found + strlen(key) : NULL;
}

/* Whether a line of numbers, with tabs between them, is that number n times and no more. */
static bool is_all(const char *line, unsigned long wanted, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		char *end;

		if (!isdigit((unsigned char)*line) || strtoul(line, &end, 10) != wanted ||
		    *end != (i + 1 < n ? '\t' : '\n'))
			return false;
		line = end + 1;
	}
	return true;
}

/*
 * Alive, and not in a PID namespace below that of /proc: such a process has a number
 * there as well. A zombie has ended, even if its parent has not noticed. (Name is the
 * first line; a newline in it is escaped.)
 */
static bool is_alive_here(const struct process *process, const char *status)
{
	const char *state = status ? after(status, "\nState:\t") : NULL;
	const char *numbers = status ? after(status, "\nNSpid:\t") : NULL;

	return state && numbers && *state != 'Z' && *state != 'X' &&
	       is_all(numbers, (unsigned long)process->pid, 1);
}

static bool is_roots_here(const struct process *process)
{
	size_t size;
	char *status = process_read(process, "status", STATUS_MAX, &size);
	const char *users = status ? after(status, "\nUid:\t") : NULL;
	bool is = users && is_alive_here(process, status) && is_all(users, 0, 4);

	free(status);
	return is;
}

/* ---- namespaces and program ---- */

enum certain { NO, YES, UNKNOWN };

static enum certain shares(const struct process *process, const char *kind)
{
	struct stat own, other;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	if (stat(path, &own) < 0 || fstatat(process->folder, path + strlen("/proc/self/"), &other, 0) < 0)
		return UNKNOWN;
	return own.st_ino == other.st_ino && own.st_dev == other.st_dev ? YES : NO;
}

static bool is_roots_program(const struct process *process)
{
	struct stat program;

	return fstatat(process->folder, "exe", &program, 0) == 0 && S_ISREG(program.st_mode) &&
	       !program.st_uid && !(program.st_mode & 022);
}

/* ---- control groups ---- */

#define SYSTEMD_SELF "/init.scope"
#define DOCKER_UNIT "/docker.service"

/*
 * The path of a line "NUMBER:CONTROLLERS:PATH" of /proc/PID/cgroup, without its newline;
 * NULL at the end. *next goes to the next line. *systemds: the hierarchy in which systemd
 * puts its units, "0::" or, beside version 1, "N:name=systemd:".
 */
static const char *next_group(char **next, bool *systemds, bool *named)
{
	char *line = *next, *end = strchr(line, '\n'), *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!end || !path || path > end)
		return NULL;
	*end = '\0';
	*next = end + 1;
	*named = !strncmp(controllers, ":name=systemd:", 14);
	*systemds = *named || !strncmp(line, "0::", 3);
	return path + 1;
}

/* The group of a process in one of the hierarchies that can be systemd's; the caller frees it. */
static char *group_in(const struct process *process, bool in_named)
{
	size_t size;
	char *text = process_read(process, "cgroup", CGROUPS_MAX, &size), *next = text, *found = NULL;
	bool systemds, named;
	const char *path;

	while (text && !found && (path = next_group(&next, &systemds, &named)))
		if (systemds && named == in_named)
			found = xstrdup(path);
	free(text);
	return found;
}

/* Whether the path is a unit's group in slices: "/a.slice/a-b.slice/docker.service". */
static bool is_unit_in_slices(const char *path)
{
	static const char slice[] = ".slice";
	const size_t suffix = sizeof(slice) - 1;

	while (strcmp(path, DOCKER_UNIT) != 0) {
		size_t length = *path == '/' ? 1 + strcspn(path + 1, "/") : 0;

		if (length <= suffix + 1 || strncmp(path + length - suffix, slice, suffix))
			return false;
		path += length;
	}
	return true;
}

/* Whether the path is that folder, or one that it is in. */
static bool leads_to(const char *path, const char *folder)
{
	size_t length = strlen(path);

	return !strcmp(path, "/") ||
	       (!strncmp(path, folder, length) && (!folder[length] || folder[length] == '/'));
}

/* Whether no hierarchy has the process anywhere but in the unit's group or above it. */
static bool all_lead_to(const struct process *process, const char *unit)
{
	size_t size;
	char *text = process_read(process, "cgroup", CGROUPS_MAX, &size), *next = text;
	bool systemds, named, lead = text != NULL;
	const char *path;

	while (lead && (path = next_group(&next, &systemds, &named)))
		lead = leads_to(path, unit);
	lead = lead && !*next;
	free(text);
	return lead;
}

/* Whether the group is docker.service's, where process 1 is in the group first. */
static bool is_dockers_group(const char *group, const char *first)
{
	size_t length = strlen(first), suffix = sizeof(SYSTEMD_SELF) - 1;

	return length >= suffix && !strcmp(first + length - suffix, SYSTEMD_SELF) &&
	       !strncmp(group, first, length - suffix) && is_unit_in_slices(group + length - suffix);
}

static bool is_below(const struct process *process, const struct process *first, bool named)
{
	char *theirs = group_in(first, named), *group = theirs ? group_in(process, named) : NULL;
	bool is = group && is_dockers_group(group, theirs) && all_lead_to(process, group);

	free(theirs);
	free(group);
	return is;
}

/*
 * systemd itself, process 1, is in init.scope at the root of what it manages, in one of
 * the two hierarchies or in both. Where that is not the case, no unit is known.
 * (systemd.special(7); cgroups(7).)
 */
static bool is_in_unit(const struct process *process)
{
	struct process first;
	bool is = process_open(&first, "1") &&
		  (is_below(process, &first, false) || is_below(process, &first, true));

	process_close(&first);
	return is;
}

bool process_is_dockers(const struct process *process)
{
	enum certain network, users;

	if (!is_roots_here(process))
		return false;
	network = shares(process, "net");
	users = shares(process, "user");
	if (network == NO || users == NO)
		return false;
	return is_in_unit(process) ||
	       (network == YES && users == YES && shares(process, "mnt") == YES &&
		shares(process, "pid") == YES && is_roots_program(process));
}

/* ---- elsewhere ---- */

#define MAP_MAX (64U * 1024)

/* Whether the user IDs are mapped as this process's are, as far as can be seen from here. */
static enum certain shares_map(const struct process *process)
{
	size_t size;
	char *theirs = process_read(process, "uid_map", MAP_MAX, &size);
	char *own = read_file("/proc/self/uid_map", MAP_MAX, &size);
	enum certain shared = theirs && own && *theirs ? strcmp(theirs, own) ? NO : YES : UNKNOWN;

	free(theirs);
	free(own);
	return shared;
}

static enum certain shares_net(const struct process *process)
{
	struct stat own, other;

	if (stat("/proc/self/net/dev", &own) < 0 || fstatat(process->folder, "net/dev", &other, 0) < 0)
		return UNKNOWN;
	return own.st_ino == other.st_ino && own.st_dev == other.st_dev ? YES : NO;
}

static bool is_alive(const struct process *process)
{
	size_t size;
	char *status = process_read(process, "status", STATUS_MAX, &size);
	bool is = is_alive_here(process, status);

	free(status);
	return is;
}

bool process_is_elsewhere(const struct process *process, bool *user)
{
	enum certain users = shares(process, "user"), network = shares(process, "net");

	if (users == UNKNOWN)
		users = shares_map(process);
	if (network == UNKNOWN)
		network = shares_net(process);
	*user = users == NO;
	return (users == NO || network == NO) && is_alive(process);
}
