/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dockerd_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "paths.h"
#include "util.h"

/* Reads up to size - 1 bytes and ends them with NUL; returns how many. */
static size_t read_file(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t got = 0;
	ssize_t length;

	while (fd >= 0 && got < size - 1 &&
	       (length = read(fd, buffer + got, size - 1 - got)) > 0)
		got += (size_t)length;
	if (fd >= 0)
		close(fd);
	buffer[got] = '\0';
	return got;
}

/* The first line of a small file, without its newline. */
static bool read_small(const char *path, char *buffer, size_t size)
{
	bool any = read_file(path, buffer, size) > 0;

	buffer[strcspn(buffer, "\n")] = '\0';
	return any;
}

static bool is_dockerd(const char *pid)
{
	char path[64], comm[32];

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	return read_small(path, comm, sizeof(comm)) && !strcmp(comm, "dockerd");
}

static int shares(const char *pid, const char *kind)
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

/* Where the text behind a key begins; NULL where there is none. */
static const char *behind(const char *text, const char *key)
{
	const char *found = strstr(text, key);

	return found ? found + strlen(key) : NULL;
}

/*
 * Everybody may name a process as they like, but not be root with it. One in a
 * container has a number there, too, which shows where its namespaces do not.
 */
int dockerd_shares_network(const char *pid)
{
	char path[64], text[4096];
	const char *user, *numbers, *state;
	int network, users;

	snprintf(path, sizeof(path), "/proc/%.20s/status", pid);
	read_file(path, text, sizeof(text));
	user = behind(text, "\nUid:\t");
	numbers = behind(text, "\nNSpid:\t");
	state = behind(text, "\nState:\t");
	if (!user || !numbers || !state)
		return -1;
	/* A zombie has ended, whoever did not notice. */
	if (strncmp(user, "0\t", 2) || *state == 'Z')
		return 0;
	network = shares(pid, "net");
	users = shares(pid, "user");
	if (network < 0 || users < 0)
		return strcspn(numbers, "\t") > strcspn(numbers, "\n");
	return network && users;
}

/* "--name=true", "--name=false", "--name"; Go's flags also know t, T, 1, f, F, 0. */
static void read_flag(enum flag *setting, const char *word, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(word, name, length))
		return;
	if (!word[length])
		*setting = FLAG_ON;
	else if (word[length] == '=')
		*setting = strchr("tT1", word[length + 1]) ? FLAG_ON : FLAG_OFF;
}

/* Of a command line of NUL-ended words. */
static void read_arguments(struct dockerd *docker, const char *words, size_t size)
{
	for (size_t at = 0; at < size; at += strnlen(words + at, size - at) + 1) {
		read_flag(&docker->iptables, words + at, "--iptables");
		read_flag(&docker->ip6tables, words + at, "--ip6tables");
	}
}

/* Which file of settings those arguments name: a part of words, or the usual one. */
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

static void read_key(enum flag *setting, const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);

	if (*setting == FLAG_UNSET && json_is_boolean(value))
		*setting = json_is_true(value) ? FLAG_ON : FLAG_OFF;
}

/* For what the command line leaves unsaid. dockerd does not start with a file that is no JSON. */
static void read_settings(struct dockerd *docker, const char *json)
{
	json_t *root = json_loads(json, 0, NULL);

	read_key(&docker->iptables, root, "iptables");
	read_key(&docker->ip6tables, root, "ip6tables");
	json_decref(root);
}

static void found(struct dockerd *docker, const char *pid)
{
	char path[64], text[16384], json[16384];
	size_t size;

	docker->running = true;
	docker->pid = (pid_t)strtol(pid, NULL, 10);
	snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	size = read_file(path, text, sizeof(text));
	read_arguments(docker, text, size);
	if (read_file(settings_file(text, size), json, sizeof(json)))
		read_settings(docker, json);
}

/*
 * Whether a unix socket of this network namespace has Docker's name. dockerd
 * has several as long as it runs, below its exec root /run/docker among
 * them; without any, no process needs to be looked at. True where that cannot
 * be told.
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

int dockerd_find(struct dockerd *docker)
{
	char pid[32];
	struct dirent *entry;
	unsigned long number;
	DIR *proc;

	*docker = (struct dockerd){ 0 };
	/* The pid file is of this file system, so it is believed unless the
	 * process is known to be in another network namespace. */
	if (read_small(DOCKER_PID_FILE, pid, sizeof(pid)) &&
	    parse_number(pid, 1, 1UL << 22, &number) && is_dockerd(pid) &&
	    dockerd_shares_network(pid)) {
		found(docker, pid);
		return 0;
	}
	if (!has_socket())
		return 0;
	proc = opendir("/proc");
	if (!proc) {
		diag_error("cannot look for dockerd in '/proc': %s", strerror(errno));
		return -1;
	}
	while (!docker->running && (entry = readdir(proc)))
		if (parse_number(entry->d_name, 1, 1UL << 22, &number) &&
		    is_dockerd(entry->d_name) && dockerd_shares_network(entry->d_name) == 1)
			found(docker, entry->d_name);
	closedir(proc);
	return 0;
}
