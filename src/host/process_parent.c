/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process_parent.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_file.h"
#include "util.h"

#define STAT_MAX 4096
/* A script that runs a script that runs iptables. */
#define DEPTH 8

struct parent {
	pid_t pid;
	char name[16];
};

/*
 * The name and the parent of a process, from "PID (NAME) STATE PPID …" in /proc/PID/stat;
 * the name may hold anything.
 */
static bool read_stat(pid_t pid, char name[16], pid_t *parent)
{
	char path[40], *text, *open, *close;
	unsigned long number;
	size_t size;
	bool whole;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	text = read_file_at(AT_FDCWD, path, STAT_MAX, &size);
	if (!text)
		return false;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	whole = open && close && close > open && close - open <= 16 && strlen(close) > 4;
	if (whole) {
		char *end = strchr(close + 4, ' ');

		*close = '\0';
		memcpy(name, open + 1, (size_t)(close - open));
		if (end)
			*end = '\0';
		whole = end && parse_number(close + 4, 0, 1UL << 22, &number);
		*parent = whole ? (pid_t)number : 0;
	}
	free(text);
	return whole;
}

/* What is run on the way from a program to the tables, and tells nothing about it. */
static bool is_between(const char *name)
{
	static const char *const between[] = { "sh", "bash", "dash", "xtables-nft-mul", "env", "sudo" };

	for (size_t i = 0; i < ARRAY_SIZE(between); i++)
		if (!strcmp(name, between[i]))
			return true;
	return !strncmp(name, "iptables", 8) || !strncmp(name, "ip6tables", 9);
}

char *process_parent(pid_t pid)
{
	struct parent above = { 0 };
	char own[16];

	if (pid <= 0 || !read_stat(pid, own, &above.pid))
		return NULL;
	for (int depth = 0; depth < DEPTH && above.pid > 0; depth++) {
		pid_t next;

		if (!read_stat(above.pid, above.name, &next))
			return NULL;
		if (!is_between(above.name) || next <= 1)
			return xasprintf("%s (pid %d)", above.name, (int)above.pid);
		above.pid = next;
	}
	return NULL;
}
