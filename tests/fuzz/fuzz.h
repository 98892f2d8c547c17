/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FUZZ_H
#define DOCKFW_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called by libFuzzer: once, and for each input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Shows details of an input that failed; a target may define it. */
#ifndef FUZZ_SHOW
#define FUZZ_SHOW
#endif

/* A property that must hold; the message is as for printf(). */
#define REQUIRE(holds, ...)                                                    \
	do {                                                                   \
		if (!(holds)) {                                                \
			fprintf(stderr, "not so: %s: ", #holds);               \
			fprintf(stderr, __VA_ARGS__);                          \
			fputc('\n', stderr);                                   \
			FUZZ_SHOW;                                             \
			abort();                                               \
		}                                                              \
	} while (0)

/* The input as a sequence of decisions; after its end all of them are 0. */
struct input {
	const uint8_t *v;
	size_t n;
};

static inline uint8_t input_byte(struct input *in)
{
	if (!in->n)
		return 0;
	in->n--;
	return *in->v++;
}

static inline uint32_t input_u32(struct input *in)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | input_byte(in);
	return value;
}

/* A number from 0 to n - 1; n is at most 256. */
static inline unsigned int input_below(struct input *in, unsigned int n)
{
	return input_byte(in) % n;
}

/* Up to size bytes, the rest zeroes. */
static inline void input_bytes(struct input *in, void *to, size_t size)
{
	size_t n = size < in->n ? size : in->n;

	memset(to, 0, size);
	if (n)
		memcpy(to, in->v, n);
	in->v += n;
	in->n -= n;
}

#endif
