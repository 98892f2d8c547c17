/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_UTIL_H
#define DOCKFW_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Memory. Each returns memory that the caller frees, and never NULL: where
 * there is none left the program says so and exits 3. That is safe at any
 * point, since every write to the kernel is one system call.
 */
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *old, size_t count, size_t size);
void *xmemdup(const void *data, size_t size);
char *xstrdup(const char *text);
/* What a library gave; NULL where it had no memory left. */
void *xgiven(void *p);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Makes room for one element more in an array that grows by doubling. */
#define GROW(array, count, room)                                               \
	do {                                                                   \
		if ((count) == (room)) {                                       \
			(room) = (room) ? 2 * (room) : 8;                      \
			(array) = xreallocarray((array), (room), sizeof(*(array))); \
		}                                                              \
	} while (0)

/* A list of strings of one's own. */
struct strings {
	char **v;
	size_t n, room;
};

void strings_add(struct strings *list, const char *text);
/* Takes over text, which came from malloc. */
void strings_take(struct strings *list, char *text);
bool strings_has(const struct strings *list, const char *text);
void strings_clear(struct strings *list);

/*
 * Reads a whole decimal number between min and max, with no sign, blank or
 * trailing character. Returns false, and leaves *value alone, otherwise.
 */
bool parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *value);

/* Milliseconds of CLOCK_MONOTONIC, and a sleep that a signal does not cut. */
uint64_t clock_ms(void);
void sleep_ms(unsigned int ms);

#endif
