/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_WIRE_H
#define DOCKFW_SPEC_WIRE_H

#include "rule.h"
#include "spec_revision.h"

/* The records on the pipe from the child. */

enum record_kind {
	RECORD_READY,   /* libxtables is set up; what the child's confinement is without */
	RECORD_RULE,    /* another rule of the text at index */
	RECORD_DONE,    /* the text at index was accepted; no payload */
	RECORD_REFUSED, /* it was refused: why */
	RECORD_REFUSED_OTHER, /* the same, but the other family may hold it */
	RECORD_TEXT,    /* the printed rule at index */
	RECORD_OPAQUE,  /* it cannot be printed: why */
	RECORD_QUESTION, /* whether the kernel has a revision: the parent answers with a byte */
	RECORD_KINDS,
};

struct record {
	enum record_kind kind;
	uint32_t index;
	const uint8_t *payload;
	size_t size;
};

/* Bytes that were read and not yet consumed, or that will be written. */
struct bytes {
	uint8_t *v;
	size_t n, room;
};
void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_drop(struct bytes *bytes, size_t size);

/* Appends a record. */
void record_put(struct bytes *bytes, enum record_kind kind, size_t index, const void *payload,
		size_t size);
void record_put_rule(struct bytes *bytes, size_t index, const struct rule *rule);

/*
 * Reads the first record of bytes without consuming it. Returns its size in
 * bytes, 0 if it is not complete yet, -1 if this is not a record.
 */
long record_get(const struct bytes *bytes, struct record *record);

/* Reads the question of a RECORD_QUESTION; false if it is invalid. */
bool record_question(const struct record *record, struct revision_question *question);

/* The rule of a RECORD_RULE, checked to the last byte; NULL if it is invalid. */
struct rule *record_rule(const struct record *record, enum family family);

#endif
