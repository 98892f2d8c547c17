/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TESTS_RANDOM_H
#define DOCKFW_TESTS_RANDOM_H

#include <stdint.h>

static uint32_t seed = 1;

/* xorshift32: the same cases on every run. */
static unsigned int below(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

#endif
