/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deadline.h"

#include <limits.h>
#include <stdbool.h>

#include "diag.h"
#include "util.h"

static struct {
	uint64_t end;
	unsigned int seconds;
	const char *step;
	bool reported;
} deadline = { .end = UINT64_MAX, .step = "starting" };

void deadline_start(unsigned int seconds)
{
	deadline.seconds = seconds;
	deadline.end = clock_ms() + (uint64_t)seconds * 1000;
	deadline.reported = false;
}

void deadline_step(const char *step)
{
	deadline.step = step;
}

unsigned int deadline_left(void)
{
	uint64_t now = clock_ms();

	if (now >= deadline.end)
		return 0;
	return deadline.end - now < UINT_MAX ? (unsigned int)(deadline.end - now) : UINT_MAX;
}

int deadline_poll(unsigned int step)
{
	unsigned int left = deadline_left();

	if (left > step)
		left = step;
	return left < INT_MAX ? (int)left : INT_MAX;
}

int deadline_check(void)
{
	if (deadline_left())
		return 0;
	if (!deadline.reported)
		diag_error("timed out after %u s while %s; raise the limit with --timeout",
			   deadline.seconds, deadline.step);
	deadline.reported = true;
	return -1;
}
