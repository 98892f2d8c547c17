/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule_source.h"

#include <stdlib.h>

#include "util.h"

struct rule_source *rule_sources_add(struct rule_sources *texts, struct wanted_chain *chain,
				     char *text, const char *file, unsigned int line,
				     size_t section)
{
	GROW(texts->v, texts->n, texts->room);
	texts->v[texts->n] = (struct rule_source){ .chain = chain, .text = text, .file = file,
						   .line = line, .section = section };
	return &texts->v[texts->n++];
}

void rule_sources_clear(struct rule_sources *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->v[i].text);
	free(texts->v);
	*texts = (struct rule_sources){ 0 };
}
