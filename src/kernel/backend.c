/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend.h"

#include "deadline.h"
#include "diag.h"
#include "patience.h"
#include "util.h"

bool backend_try_again(unsigned int *tries)
{
	unsigned int shift = *tries / 4;

	if (deadline_check())
		return false;
	if (++*tries >= LOST_RACES) {
		diag_error("the tables changed %d times while they were read; nothing was written; "
			   "run it again when the other program is done", LOST_RACES);
		return false;
	}
	sleep_ms(shift < 6 ? 1U << shift : LOST_RACE_PAUSE_MS);
	return true;
}
