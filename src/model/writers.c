/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "writers.h"

#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* A day of storms must not fill the memory: a person reads the first few. */
#define WRITERS_MAX 64
#define CHAINS_MAX 8

static void writer_clear(struct writer *writer)
{
	free(writer->parent);
	strings_clear(&writer->chains);
}

void writers_clear(struct writers *writers)
{
	for (size_t i = 0; i < writers->n; i++)
		writer_clear(&writers->v[i]);
	free(writers->v);
	*writers = (struct writers){ 0 };
}

/* The same process; its PID may be another process's by now, with another name. */
static struct writer *writer_of(struct writers *writers, const struct table_change *change,
				char *(*parent)(pid_t pid))
{
	struct writer *made;

	for (size_t i = writers->n; i--;)
		if (writers->v[i].pid == change->pid && !strcmp(writers->v[i].name, change->name))
			return &writers->v[i];
	if (writers->n == WRITERS_MAX) {
		writers->more++;
		return NULL;
	}
	GROW(writers->v, writers->n, writers->room);
	made = &writers->v[writers->n++];
	*made = (struct writer){ .pid = change->pid, .parent = parent(change->pid) };
	memcpy(made->name, change->name, sizeof(made->name));
	return made;
}

static void add_chain(struct writer *writer, const struct chain_change *of)
{
	char *name = xasprintf("%s %s%s%s", of->family == NFPROTO_IPV4 ? "ip" :
			       of->family == NFPROTO_IPV6 ? "ip6" : "inet", of->table,
			       *of->chain ? " " : "", of->chain);

	if (writer->chains.n < CHAINS_MAX && !strings_has(&writer->chains, name))
		strings_add(&writer->chains, name);
	free(name);
}

static void writer_add(struct writer *writer, const struct chain_change *of)
{
	bool harmed = of->removed || of->deleted;

	/* What was lost is of more interest than what came. */
	if (harmed && !writer->removed && !writer->deleted)
		strings_clear(&writer->chains);
	writer->removed += of->removed;
	writer->added += of->added;
	writer->deleted |= of->deleted;
	if (harmed || (!writer->removed && !writer->deleted))
		add_chain(writer, of);
}

void writers_add(struct writers *writers, const struct table_change *change,
		 bool (*matters)(const void *data, const struct chain_change *of), const void *data,
		 char *(*parent)(pid_t pid))
{
	struct writer *writer = NULL;

	for (size_t i = 0; i < change->n; i++) {
		if (!matters(data, &change->v[i]))
			continue;
		if (!writer && !(writer = writer_of(writers, change, parent)))
			return;
		writer_add(writer, &change->v[i]);
	}
}

const struct writer *writers_culprit(const struct writers *writers)
{
	const struct writer *worst = writers->n ? &writers->v[writers->n - 1] : NULL;

	for (size_t i = writers->n; i--;) {
		const struct writer *writer = &writers->v[i];

		if (writer->deleted > worst->deleted ||
		    (writer->deleted == worst->deleted && writer->removed &&
		     writer->removed >= worst->removed))
			worst = writer;
	}
	return worst;
}

char *writer_text(const struct writer *writer)
{
	struct text text;

	text_open(&text);
	if (writer->pid)
		fprintf(text.out, "%s (pid %d)", writer->name, (int)writer->pid);
	else
		fprintf(text.out, "an unknown process");
	if (writer->parent)
		fprintf(text.out, ", started by %s,", writer->parent);
	if (writer->removed || writer->deleted) {
		fprintf(text.out, " removed ");
		if (writer->removed)
			fprintf(text.out, "%zu rule%s from ", writer->removed, writer->removed == 1 ? "" : "s");
	} else if (writer->chains.n) {
		fprintf(text.out, " wrote to ");
	}
	for (size_t i = 0; i < writer->chains.n; i++)
		fprintf(text.out, "%s%s", i ? ", " : "", writer->chains.v[i]);
	return text_take(&text);
}
