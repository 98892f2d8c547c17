/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dockerd_find.h"

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
#include "process.h"
#include "process_walk.h"
#include "read_file.h"
#include "trust_path.h"
#include "util.h"

/* Command lines and configurations are far smaller than this. */
#define FILE_MAX (16U * 1024 * 1024)
#define PID_FILE_MAX 4096

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

/* The last value of an option that takes one, "--name=value" or "--name value"; NULL: none. */
static const char *word_of(const char *words, size_t size, const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;

	for (size_t at = 0; at < size; at += strnlen(words + at, size - at) + 1) {
		const char *word = words + at, *next = word + strnlen(word, size - at) + 1;

		if (strncmp(word, name, length))
			continue;
		if (word[length] == '=')
			value = word + length + 1;
		else if (!word[length] && next < words + size)
			value = next;
	}
	return value;
}

/* Returns false if dockerd knows no such value. "" is the default. */
static bool read_firewall(struct dockerd *dockerd, const char *value)
{
	if (!strcmp(value, "nftables"))
		dockerd->firewall = FIREWALL_NFTABLES;
	else if (!strcmp(value, "iptables"))
		dockerd->firewall = FIREWALL_IPTABLES;
	else
		return !*value;
	return true;
}

/* Reads the flags from a command line of NUL-terminated words. */
static void read_arguments(struct dockerd *dockerd, const char *words, size_t size)
{
	const char *text;

	for (size_t at = 0; at < size; at += strnlen(words + at, size - at) + 1) {
		read_flag(&dockerd->iptables, words + at, "--iptables");
		read_flag(&dockerd->ip6tables, words + at, "--ip6tables");
	}
	text = word_of(words, size, "--firewall-backend");
	if (text)
		read_firewall(dockerd, text);
}

static bool read_key(enum flag *flag, const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);

	if (*flag == FLAG_UNSET && json_is_boolean(value))
		*flag = json_is_true(value) ? FLAG_ON : FLAG_OFF;
	return !value || json_is_boolean(value);
}

/* The command line comes first: dockerd does not start if both set it. */
static bool read_firewall_key(struct dockerd *dockerd, const json_t *root)
{
	const json_t *value = json_object_get(root, "firewall-backend");

	if (!value || dockerd->firewall != FIREWALL_UNSET)
		return true;
	return json_is_string(value) && read_firewall(dockerd, json_string_value(value));
}

/*
 * Opens a settings file of dockerd's: a regular one of root's, on a way that nobody else
 * can change, and never anything else, since opening a device has effects. Returns a
 * descriptor. Otherwise -1; then *doubt, if it is set, says why, and errno is ENOENT if
 * there is no such file.
 */
static int open_settings(const char *file, char **doubt)
{
	struct stat st;
	char *why = NULL;
	int fd, error;

	if (*file != '/') {
		*doubt = xasprintf("its settings '%s' are in a folder that is not known", file);
		errno = EINVAL;
		return -1;
	}
	fd = trust_path_open(file, TRUST_WAY | TRUST_NO_LAST_LINK, &why);
	if (fd >= 0 && fstat(fd, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			why = xstrdup("it is not a regular file");
		else if (st.st_uid)
			why = xasprintf("it belongs to user %lu", (unsigned long)st.st_uid);
		else if (st.st_mode & 022)
			why = xasprintf("others may write it (mode %04o)",
					(unsigned int)st.st_mode & 07777);
		if (!why)
			fd = trust_path_reopen(fd);
	}
	error = why ? EACCES : errno;
	if (why || fd < 0)
		*doubt = xasprintf("its settings '%s' cannot be %s: %s", file,
				   why ? "trusted" : "read", why ? why : strerror(error));
	if (why && fd >= 0) {
		close(fd);
		fd = -1;
	}
	free(why);
	errno = error;
	return fd;
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
	bool known, known_firewall;
	int fd;

	if (dockerd->iptables != FLAG_UNSET && dockerd->ip6tables != FLAG_UNSET &&
	    dockerd->firewall != FIREWALL_UNSET)
		return;
	fd = open_settings(file, &dockerd->doubt);
	if (fd < 0) {
		if (errno == ENOENT && usual) {
			free(dockerd->doubt);
			dockerd->doubt = NULL;
		}
		return;
	}
	text = read_to_end(fd, FILE_MAX, &size);
	if (!text)
		dockerd->doubt = xasprintf("its settings '%s' cannot be read: %s", file,
					   strerror(errno));
	close(fd);
	if (!text)
		return;
	root = json_loadb(text, size, 0, &error);
	known = read_key(&dockerd->iptables, root, "iptables");
	known &= read_key(&dockerd->ip6tables, root, "ip6tables");
	known_firewall = read_firewall_key(dockerd, root);
	if (!root)
		dockerd->doubt = xasprintf("its settings '%s' are not JSON: line %d: %s", file,
					   error.line, error.text);
	else if (!known)
		dockerd->doubt = xasprintf("its settings '%s' set iptables or ip6tables to neither true nor false",
					   file);
	else if (!known_firewall)
		dockerd->doubt = xasprintf("its settings '%s' set firewall-backend to neither \"iptables\" nor \"nftables\"",
					   file);
	json_decref(root);
	free(text);
}

static void read_process(struct dockerd *dockerd, const struct process *process)
{
	const char *file;
	size_t size = 0;
	char *words = process_read(process, "cmdline", FILE_MAX, &size);

	dockerd->running = true;
	dockerd->pid = process->pid;
	dockerd->started = process_started(process);
	if (!words || !size) {
		dockerd->doubt = xasprintf("its command line '/proc/%ld/cmdline' cannot be read: %s",
					   (long)process->pid, words ? "it is empty" : strerror(errno));
	} else {
		read_arguments(dockerd, words, size);
		file = word_of(words, size, "--config-file");
		read_settings(dockerd, file ? file : DAEMON_JSON,
			      !file || !strcmp(file, DAEMON_JSON));
	}
	if (dockerd->doubt)
		diag_step(1, "dockerd: %s", dockerd->doubt);
	free(words);
}

/* Looks whether the process with that PID is the host's dockerd. */
static void look_at(struct dockerd *dockerd, const char *pid)
{
	struct process process;

	if (process_open(&process, pid) && process_has_name(&process, "dockerd") &&
	    process_is_dockers(&process))
		read_process(dockerd, &process);
	process_close(&process);
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

/* The backend of the next dockerd, if daemon.json says so; nothing else counts before it runs. */
static void read_next_start(struct dockerd *dockerd)
{
	struct dockerd next = { 0 };

	read_settings(&next, DAEMON_JSON, true);
	dockerd->firewall = next.firewall;
	dockerd_clear(&next);
}

int dockerd_find(struct dockerd *dockerd)
{
	struct process_walk walk;
	size_t size;
	char *pid;
	bool socket = false;

	*dockerd = (struct dockerd){ 0 };
	/* The PID file only saves the search: the process is judged as any other. */
	pid = read_file(DOCKER_PID_FILE, PID_FILE_MAX, &size);
	if (pid) {
		pid[strcspn(pid, "\n")] = '\0';
		look_at(dockerd, pid);
	}
	free(pid);
	if (!dockerd->running)
		socket = has_socket();
	if (socket) {
		if (process_walk_begin(&walk)) {
			diag_error("cannot search '/proc' for dockerd: %s", strerror(errno));
			return -1;
		}
		while (!dockerd->running && process_walk_next(&walk, "comm"))
			if (!strcmp(walk.start, "dockerd\n"))
				look_at(dockerd, walk.pid);
		process_walk_end(&walk);
	}
	if (!dockerd->running) {
		read_next_start(dockerd);
		dockerd->hidden = process_walk_is_blind();
		dockerd->may_run = dockerd->hidden && socket;
	}
	return 0;
}

static void look_elsewhere(struct docker_elsewhere *elsewhere, const char *pid)
{
	struct process process;
	bool user;

	if (process_open(&process, pid) && process_has_name(&process, "dockerd") &&
	    process_is_elsewhere(&process, &user) && !elsewhere->n++) {
		elsewhere->pid = process.pid;
		elsewhere->rootless = user;
	}
	process_close(&process);
}

int docker_elsewhere_find(struct docker_elsewhere *elsewhere)
{
	struct process_walk walk;

	*elsewhere = (struct docker_elsewhere){ .hidden = process_walk_is_blind() };
	if (process_walk_begin(&walk)) {
		diag_error("cannot search '/proc' for dockerd: %s", strerror(errno));
		return -1;
	}
	while (process_walk_next(&walk, "comm"))
		if (!strcmp(walk.start, "dockerd\n"))
			look_elsewhere(elsewhere, walk.pid);
	process_walk_end(&walk);
	return 0;
}
