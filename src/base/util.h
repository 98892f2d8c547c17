/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_UTIL_H
#define DOCKFW_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Memory. Each returns memory that the caller frees, and never NULL: if memory runs
 * out, the program reports that and exits with status 3. That is safe at any point,
 * since every write to the kernel is a single system call.
 */
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *old, size_t count, size_t size);
void *xmemdup(const void *data, size_t size);
char *xstrdup(const char *text);
/* Returns p, which came from a library; NULL means out of memory. */
void *xgiven(void *p);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Makes room for one more element in an array that grows by doubling. */
#define GROW(array, count, room)                                               \
	do {                                                                   \
		if ((count) == (room)) {                                       \
			(room) = (room) ? 2 * (room) : 8;                      \
			(array) = xreallocarray((array), (room), sizeof(*(array))); \
		}                                                              \
	} while (0)

/* A list of strings that it owns. */
struct strings {
	char **v;
	size_t n, room;
};

void strings_add(struct strings *list, const char *text);
/* Takes ownership of text, which came from malloc. */
void strings_take(struct strings *list, char *text);
bool strings_has(const struct strings *list, const char *text);
/* Whether both have the same strings in the same order. */
bool strings_equal(const struct strings *a, const struct strings *b);
void strings_clear(struct strings *list);

/*
 * Parses text as a decimal number from min to max, without sign, blanks or trailing
 * characters. Otherwise returns false and leaves *value unchanged.
 */
bool parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *value);

/* CLOCK_MONOTONIC in milliseconds, and a sleep that signals do not cut short. */
uint64_t clock_ms(void);
/* The processor time that this process has used, in microseconds. */
uint64_t clock_cpu_us(void);
void sleep_ms(unsigned int ms);

#endif
