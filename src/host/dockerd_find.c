/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dockerd_find.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diag.h"
#include "paths.h"
#include "read_file.h"
#include "util.h"

/* Files in /proc and a configuration are far smaller than this. */
#define FILE_MAX (16U * 1024 * 1024)

/* Returns the first line of a file, without its newline; the caller frees it. NULL: unreadable. */
static char *first_line(const char *path)
{
	size_t size;
	char *text = read_file(path, FILE_MAX, &size);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static bool is_dockerd(const char *pid)
{
	char path[64], *comm;
	bool is;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	comm = first_line(path);
	is = comm && !strcmp(comm, "dockerd");
	free(comm);
	return is;
}

static int namespace_is_ours(const char *pid, const char *kind)
{
	struct stat own, other;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	if (stat(path, &own) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%.20s/ns/%s", pid, kind);
	if (stat(path, &other) < 0)
		return -1;
	return own.st_ino == other.st_ino && own.st_dev == other.st_dev;
}

/* The text after the key, or NULL if there is none. */
static const char *after(const char *text, const char *key)
{
	const char *found = strstr(text, key);

	return found ? found + strlen(key) : NULL;
}

/*
 * Anyone can give a process any name, but only root can run it as root. A process in a
 * container also has a PID there, which shows even if its namespaces do not.
 */
static int shares_network(const char *pid, const char *status)
{
	const char *user = after(status, "\nUid:\t");
	const char *numbers = after(status, "\nNSpid:\t");
	const char *state = after(status, "\nState:\t");
	int network, users;

	if (!user || !numbers || !state)
		return -1;
	/* A zombie has exited, even if its parent has not noticed. */
	if (strncmp(user, "0\t", 2) || *state == 'Z')
		return 0;
	network = namespace_is_ours(pid, "net");
	users = namespace_is_ours(pid, "user");
	if (network < 0 || users < 0)
		return strcspn(numbers, "\t") > strcspn(numbers, "\n");
	return network && users;
}

int dockerd_shares_network(const char *pid)
{
	char path[64], *status;
	size_t size;
	int shares;

	snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
	status = read_file(path, FILE_MAX, &size);
	shares = status ? shares_network(pid, status) : -1;
	free(status);
	return shares;
}

/* "--name=true", "--name=false", "--name"; Go's flags also accept t, T, 1, f, F, 0. */
static void read_flag(enum flag *flag, const char *word, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(word, name, length))
		return;
	if (!word[length])
		*flag = FLAG_ON;
	else if (word[length] == '=')
		*flag = strchr("tT1", word[length + 1]) ? FLAG_ON : FLAG_OFF;
}

/* Reads the flags from a command line of NUL-terminated words. */
static void read_arguments(struct dockerd *dockerd, const char *words, size_t size)
{
	for (size_t at = 0; at < size; at += strnlen(words + at, size - at) + 1) {
		read_flag(&dockerd->iptables, words + at, "--iptables");
		read_flag(&dockerd->ip6tables, words + at, "--ip6tables");
	}
}

/* The settings file that the arguments name, a part of words, or else the default one. */
static const char *settings_file(const char *words, size_t size)
{
	static const char name[] = "--config-file";
	const char *file = DAEMON_JSON;
	size_t length = sizeof(name) - 1;

	for (size_t at = 0; at < size; at += strnlen(words + at, size - at) + 1) {
		const char *word = words + at, *next = word + strnlen(word, size - at) + 1;

		if (strncmp(word, name, length))
			continue;
		if (word[length] == '=')
			file = word + length + 1;
		else if (!word[length] && next < words + size)
			file = next;
	}
	return file;
}

static bool read_key(enum flag *flag, const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);

	if (*flag == FLAG_UNSET && json_is_boolean(value))
		*flag = json_is_true(value) ? FLAG_ON : FLAG_OFF;
	return !value || json_is_boolean(value);
}

/*
 * Reads what the command line leaves unset. dockerd does not start with a file that it
 * cannot read, so such a file was changed since, and dockerd's settings are not known.
 * Only the default file may be missing.
 */
static void read_settings(struct dockerd *dockerd, const char *file, bool usual)
{
	json_error_t error = { .text = "" };
	size_t size = 0;
	char *text;
	json_t *root;
	bool known;

	if (dockerd->iptables != FLAG_UNSET && dockerd->ip6tables != FLAG_UNSET)
		return;
	text = read_file(file, FILE_MAX, &size);
	if (!text) {
		if (errno != ENOENT || !usual)
			dockerd->doubt = xasprintf("its settings '%s' cannot be read: %s", file,
						   strerror(errno));
		return;
	}
	root = json_loadb(text, size, 0, &error);
	known = read_key(&dockerd->iptables, root, "iptables");
	known &= read_key(&dockerd->ip6tables, root, "ip6tables");
	if (!root)
		dockerd->doubt = xasprintf("its settings '%s' are not JSON: line %d: %s", file,
					   error.line, error.text);
	else if (!known)
		dockerd->doubt = xasprintf("its settings '%s' set iptables or ip6tables to neither true nor false",
					   file);
	json_decref(root);
	free(text);
}

static void found(struct dockerd *dockerd, const char *pid)
{
	char path[64], *words;
	const char *file;
	size_t size = 0;

	dockerd->running = true;
	dockerd->pid = (pid_t)strtol(pid, NULL, 10);
	snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	words = read_file(path, FILE_MAX, &size);
	if (!words || !size) {
		dockerd->doubt = xasprintf("its command line '%s' cannot be read: %s", path,
					   words ? "it is empty" : strerror(errno));
	} else {
		read_arguments(dockerd, words, size);
		file = settings_file(words, size);
		read_settings(dockerd, file, !strcmp(file, DAEMON_JSON));
	}
	if (dockerd->doubt)
		diag_step(1, "dockerd: %s", dockerd->doubt);
	free(words);
}

/*
 * Whether a unix socket in this network namespace has "docker" in its name. A running
 * dockerd always has several, including some below its exec root /run/docker; if there
 * is none, no process needs to be inspected. True if it is not known.
 */
static bool has_socket(void)
{
	FILE *sockets = fopen("/proc/net/unix", "re");
	char line[512];
	bool found_one = !sockets;

	while (!found_one && fgets(line, sizeof(line), sockets))
		found_one = strstr(line, "docker") != NULL;
	if (sockets)
		fclose(sockets);
	return found_one;
}

int dockerd_find(struct dockerd *dockerd)
{
	struct dirent *entry;
	unsigned long number;
	char *pid;
	DIR *proc;

	*dockerd = (struct dockerd){ 0 };
	pid = first_line(DOCKER_PID_FILE);
	/* The PID file is in this file system, so it is trusted unless the process is
	 * known to be in another network namespace. */
	if (pid && parse_number(pid, 1, 1UL << 22, &number) && is_dockerd(pid) &&
	    dockerd_shares_network(pid))
		found(dockerd, pid);
	free(pid);
	if (dockerd->running || !has_socket())
		return 0;
	proc = opendir("/proc");
	if (!proc) {
		diag_error("cannot search '/proc' for dockerd: %s", strerror(errno));
		return -1;
	}
	while (!dockerd->running && (entry = readdir(proc)))
		if (parse_number(entry->d_name, 1, 1UL << 22, &number) &&
		    is_dockerd(entry->d_name) && dockerd_shares_network(entry->d_name) == 1)
			found(dockerd, entry->d_name);
	closedir(proc);
	return 0;
}
