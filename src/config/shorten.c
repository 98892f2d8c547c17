/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shorten.h"

#include <stdlib.h>
#include <string.h>

#include "rulespec.h"
#include "text.h"

#define OPTIONS_MAX 16 /* of one text that are tried */
#define ROUNDS_MAX 4   /* leaving out one option may make another one needless */

/* An option with its values and the blank before it. */
struct option_span {
	size_t from, to;
};

struct trial {
	struct shortening *shortening;
	struct option_span options[OPTIONS_MAX];
	size_t n;
	bool needless[OPTIONS_MAX];
	bool changed; /* in the last round */
};

static const char *text_of(const struct trial *trial)
{
	return trial->shortening->shortest ? trial->shortening->shortest : trial->shortening->text;
}

/* The long options: those of matches and targets. */
static void find_options(struct trial *trial)
{
	const char *text = text_of(trial);
	bool quoted = false, inside = false;
	size_t i;

	trial->n = 0;
	for (i = 0; text[i]; i++) {
		bool option, mark;

		if (text[i] == '\\' && text[i + 1]) {
			i++;
			continue;
		}
		quoted ^= text[i] == '"';
		if (quoted || text[i] != ' ')
			continue;
		option = text[i + 1] == '-' || !strncmp(text + i, " ! ", 3);
		mark = !strncmp(text + i, " --", 3) || !strncmp(text + i, " ! --", 5);
		if (inside && option) {
			trial->options[trial->n++].to = i;
			inside = false;
		}
		if (mark && trial->n < OPTIONS_MAX) {
			trial->options[trial->n].from = i;
			inside = true;
		}
		/* The option after the ! is the same one. */
		if (inside && text[i + 1] == '!')
			i += 2;
	}
	if (inside)
		trial->options[trial->n++].to = i;
}

/* The text without one option, or without all needless ones if which is OPTIONS_MAX. */
static char *text_without(const struct trial *trial, size_t which)
{
	const char *text = text_of(trial);
	struct text rest;
	size_t at = 0;

	text_open(&rest);
	for (size_t k = 0; k < trial->n; k++) {
		if (which == OPTIONS_MAX ? !trial->needless[k] : which != k)
			continue;
		fwrite(text + at, 1, trial->options[k].from - at, rest.out);
		at = trial->options[k].to;
	}
	fputs(text + at, rest.out);
	return text_take(&rest);
}

/* The candidates of one batch, each with its trial. */
struct batch {
	struct {
		struct trial *trial;
		size_t which;
		bool result; /* a final text, not the test of one option */
	} *of;
	size_t n, room;
	struct strings texts;
};

static void batch_add(struct batch *batch, struct trial *trial, size_t which, bool result)
{
	GROW(batch->of, batch->n, batch->room);
	batch->of[batch->n].trial = trial;
	batch->of[batch->n].which = which;
	batch->of[batch->n++].result = result;
	strings_take(&batch->texts, text_without(trial, which));
}

/* Accepts a candidate that gives exactly this rule. */
static void judge_trial(struct batch *batch, size_t i, const struct spec *spec)
{
	struct trial *trial = batch->of[i].trial;

	if (spec->error || spec->nrules != 1 || !rule_equal(spec->rules[0], trial->shortening->rule))
		return;
	if (!batch->of[i].result) {
		trial->needless[batch->of[i].which] = true;
		return;
	}
	free(trial->shortening->shortest);
	trial->shortening->shortest = batch->texts.v[i];
	batch->texts.v[i] = NULL;
	trial->changed = true;
}

static int batch_run(struct batch *batch, enum family family, const struct strings *chains)
{
	struct spec *specs = xcalloc(batch->n, sizeof(*specs));
	int ret = 0;

	if (batch->n)
		ret = rulespec_parse(family, (const char *const *)batch->texts.v, batch->n, chains,
				     specs);
	for (size_t i = 0; i < batch->n && !ret; i++)
		judge_trial(batch, i, &specs[i]);
	for (size_t i = 0; i < batch->n; i++)
		spec_clear(&specs[i]);
	free(specs);
	strings_clear(&batch->texts);
	free(batch->of);
	*batch = (struct batch){ 0 };
	return ret;
}

/* Tries each option by itself; then the first that can be left out, and all such at once. */
static int round_of(enum family family, const struct strings *chains, struct trial *trials, size_t n)
{
	struct batch batch = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (!trials[i].changed)
			continue;
		find_options(&trials[i]);
		memset(trials[i].needless, 0, sizeof(trials[i].needless));
		for (size_t k = 0; k < trials[i].n; k++)
			batch_add(&batch, &trials[i], k, false);
	}
	if (batch_run(&batch, family, chains))
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t first = 0;

		while (trials[i].changed && first < trials[i].n && !trials[i].needless[first])
			first++;
		if (trials[i].changed && first < trials[i].n) {
			/* The shorter one comes last, so it is kept. */
			batch_add(&batch, &trials[i], first, true);
			batch_add(&batch, &trials[i], OPTIONS_MAX, true);
		}
		trials[i].changed = false;
	}
	return batch_run(&batch, family, chains);
}

int shorten(enum family family, const struct strings *chains, struct shortening *shortenings,
	    size_t n)
{
	struct trial *trials = xcalloc(n, sizeof(*trials));
	int ret = 0;

	for (size_t i = 0; i < n; i++) {
		shortenings[i].shortest = NULL;
		trials[i].shortening = &shortenings[i];
		trials[i].changed = true;
	}
	for (int round = 0; round < ROUNDS_MAX && !ret; round++)
		ret = round_of(family, chains, trials, n);
	free(trials);
	return ret;
}
