/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch_told.h"

#include <stdlib.h>

#include "patience.h"

unsigned int watch_pause(unsigned int rounds)
{
	unsigned int pause = WATCH_PAUSE_MS;

	if (rounds < WATCH_ROUNDS)
		return 0;
	for (unsigned int i = WATCH_ROUNDS; i < rounds && pause < WATCH_PAUSE_MAX_MS; i++)
		pause *= 2;
	return pause < WATCH_PAUSE_MAX_MS ? pause : WATCH_PAUSE_MAX_MS;
}

/* All of it that a report shows. */
static char *text_of(const struct finding *finding)
{
	return xasprintf("%d %d %d %s %s", (int)finding->id, (int)finding->severity, (int)finding->family,
			 finding->chain ? finding->chain : "", finding->message);
}

bool watch_told_differs(const struct watch_told *told, const struct findings *findings)
{
	bool differs = false;
	size_t n = 0;

	for (size_t i = 0; i < findings->n && !differs; i++) {
		char *text;

		if (findings->v[i].severity == SEVERITY_OK)
			continue;
		text = text_of(&findings->v[i]);
		differs = !strings_has(&told->findings, text);
		n++;
		free(text);
	}
	return differs || n != told->findings.n;
}

uint64_t watch_told_next(const struct watch_told *told)
{
	/* What is wrong after all was right is never kept back: the last word was "right". */
	if (!told->findings.n || !told->at_ms)
		return 0;
	return told->at_ms + watch_pause(told->rounds);
}

void watch_told_note(struct watch_told *told, const struct findings *findings, uint64_t now)
{
	strings_clear(&told->findings);
	for (size_t i = 0; i < findings->n; i++)
		if (findings->v[i].severity != SEVERITY_OK)
			strings_take(&told->findings, text_of(&findings->v[i]));
	if (!now)
		return;
	if (told->at_ms && now < told->at_ms + watch_pause(told->rounds) + WATCH_TOLD_MS)
		told->rounds++;
	else
		told->rounds = 0;
	told->at_ms = now;
}

void watch_told_forget(struct watch_told *told)
{
	strings_clear(&told->findings);
	told->due_ms = 0;
}
