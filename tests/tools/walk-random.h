/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the generators of rules share: random choices that the seed determines. A program
 * includes it once.
 */
#ifndef WALK_RANDOM_H
#define WALK_RANDOM_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t state;

static inline unsigned int below(unsigned int n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(state >> 33) % n;
}

/* Nearby seeds begin alike, so the first choices are thrown away. */
static inline void choices_start(uint64_t seed, uint64_t add)
{
	state = seed * 2654435761u + add;
	for (int i = 0; i < 4; i++)
		below(2);
}

static inline bool one_in(unsigned int n)
{
	return below(n) == 0;
}

static inline const char *pick(const char *const *from, size_t n)
{
	return from[below((unsigned int)n)];
}

#endif
