/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deadline.h"

#include <limits.h>

#include "diag.h"
#include "util.h"

static struct {
	uint64_t end;
	uint64_t whole; /* the end of the run, during a slice; 0: there is none */
	uint64_t started; /* 0: not yet */
	unsigned int seconds;
	const char *step;
	bool reported;
} deadline = { .end = UINT64_MAX, .step = "starting" };

void deadline_start(unsigned int seconds)
{
	deadline.seconds = seconds;
	deadline.end = clock_ms() + (uint64_t)seconds * 1000;
	deadline.whole = 0;
	deadline.reported = false;
	if (!deadline.started)
		deadline.started = clock_ms();
}

void deadline_step(const char *step)
{
	deadline.step = step;
	diag_step(3, "%u ms: %s", (unsigned int)(clock_ms() - deadline.started), step);
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
	if (deadline.whole)
		return -1;
	/* Again if that was taken back: whatever else was done without, time cannot be. */
	if (!deadline.reported || !diag_first_error())
		diag_error("timed out after %u s while %s; raise the limit with --timeout",
			   deadline.seconds, deadline.step);
	deadline.reported = true;
	return -1;
}

void deadline_told(void)
{
	deadline.reported = true;
}

void deadline_slice(unsigned int ms)
{
	unsigned int half = deadline_left() / 2;

	deadline.whole = deadline.end;
	deadline.end = clock_ms() + (ms < half ? ms : half);
}

bool deadline_slice_end(void)
{
	bool over = !deadline_left();

	deadline.end = deadline.whole;
	deadline.whole = 0;
	return over;
}
