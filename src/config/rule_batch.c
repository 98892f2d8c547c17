/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_batch.h"

#include <stdlib.h>

#include "publish.h"

bool rule_accepted(const struct spec *spec)
{
	return spec->nrules && !spec->error;
}

static void ask(struct rule_batch *batch, enum family family, const char *text, bool target,
		struct spec *answer)
{
	batch->asked[batch->nasked] = (struct spec_text){ family, target, text };
	batch->answer_of[batch->nasked++] = answer;
}

/* The texts of a family follow one another, as rulespec_begin() wants them. */
static void ask_family(struct rule_batch *batch, enum family family)
{
	bool configured = batch->policy->families & 1U << family;

	for (size_t i = 0; i < batch->n && configured; i++)
		ask(batch, family, batch->texts[i].text, false, &batch->specs[family][i]);
	if (batch->closes && configured)
		ask(batch, family, publish_closing_rule, false, &batch->closing[family]);
	/* A family that is configured later must not refuse the names. */
	for (size_t i = 0; i < batch->nnames; i++)
		ask(batch, family, batch->policy->chains[i + 1]->name, true,
		    &batch->names[family][i]);
}

void rule_batch_begin(struct rule_batch *batch, const struct policy *policy,
		      const struct rule_source *texts, size_t n, const struct strings *chains,
		      bool first)
{
	size_t all;

	*batch = (struct rule_batch){
		.policy = policy, .texts = texts, .n = n, .chains = chains,
		.nnames = first ? policy->nchains - 1 : 0,
		.closes = first && policy->on_error == ON_ERROR_CLOSE,
	};
	all = FAMILY_COUNT * (n + batch->nnames + batch->closes);
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		batch->specs[family] = xcalloc(n, sizeof(**batch->specs));
		batch->names[family] = xcalloc(batch->nnames, sizeof(**batch->names));
	}
	batch->asked = xcalloc(all, sizeof(*batch->asked));
	batch->answers = xcalloc(all, sizeof(*batch->answers));
	batch->answer_of = xcalloc(all, sizeof(struct spec *));
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		ask_family(batch, family);
	batch->running = rulespec_begin(batch->asked, batch->nasked, chains, batch->answers);
}

/*
 * Parses the texts that no family of the policy accepts but that may be for the
 * other one, to distinguish a rule of an unconfigured family from a wrong one.
 */
static int parse_rest(struct rule_batch *batch, enum family other)
{
	size_t n = batch->n, rest = 0;
	const char **texts = xcalloc(n, sizeof(*texts));
	size_t *from = xcalloc(n, sizeof(*from));
	struct spec *specs = xcalloc(n, sizeof(*specs));
	int ret = 0;

	for (size_t i = 0; i < n; i++) {
		const struct spec *own = &batch->specs[other == FAMILY_IPV4][i];

		if (!rule_accepted(own) && own->other_family) {
			from[rest] = i;
			texts[rest++] = batch->texts[i].text;
		}
	}
	if (rest)
		ret = rulespec_parse(other, texts, rest, batch->chains, specs);
	for (size_t i = 0; i < rest; i++)
		batch->specs[other][from[i]] = specs[i];
	free(specs);
	free(from);
	free(texts);
	return ret;
}

int rule_batch_end(struct rule_batch *batch, unsigned int most)
{
	int ret = rulespec_end(batch->running, most);

	batch->running = NULL;
	for (size_t i = 0; i < batch->nasked; i++)
		*batch->answer_of[i] = batch->answers[i];
	for (enum family family = 0; family < FAMILY_COUNT && !ret; family++)
		if (!(batch->policy->families & 1U << family))
			ret = parse_rest(batch, family);
	return ret;
}

void rule_batch_clear(struct rule_batch *batch)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		for (size_t i = 0; i < batch->n; i++)
			spec_clear(&batch->specs[family][i]);
		for (size_t i = 0; i < batch->nnames; i++)
			spec_clear(&batch->names[family][i]);
		spec_clear(&batch->closing[family]);
		free(batch->specs[family]);
		free(batch->names[family]);
	}
	free(batch->asked);
	free(batch->answers);
	free(batch->answer_of);
	*batch = (struct rule_batch){ 0 };
}
