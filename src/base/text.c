/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include "util.h"

void text_open(struct text *text)
{
	*text = (struct text){ 0 };
	text->out = xgiven(open_memstream(&text->v, &text->size));
}

char *text_take(struct text *text)
{
	/* The only possible error of such a stream is that memory runs out. */
	char *v = fclose(text->out) ? NULL : text->v;

	*text = (struct text){ 0 };
	return xgiven(v);
}
