/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FINDING_LINES_H
#define DOCKFW_FINDING_LINES_H

#include "report.h"
#include "rule_texts.h"

/* Findings as lines of a report: equal ones are folded, and those about a rule have its text. */

/* So many equal findings still have a line each; of more, the first few are named in one. */
#define FOLD_FROM 4
#define FOLD_NAMED 3

struct finding_line {
	const struct finding *finding; /* the first of them */
	size_t n;      /* how many they are */
	char *message; /* owned */
};

struct finding_lines {
	struct finding_line *v; /* owned; in the order of the findings */
	size_t n, room;
};

/* Where the rules of findings are. */
struct finding_place {
	const struct snapshot *snapshot;  /* NULL: no finding has a text */
	const struct policy *policy;      /* that was compared; NULL: not known */
	const struct named_rules *texts;  /* NULL: none */
};

/*
 * The rule that the finding is about, if it is somebody's whose text the message needs;
 * else NULL. Borrowed from the snapshot, which may be NULL.
 */
const struct rule *finding_rule(const struct snapshot *snapshot, const struct finding *finding);
/*
 * Makes the texts of the rules that the lines of a report name; fold as below. Returns 0, or
 * -1 after reporting why; the caller clears texts in any case.
 */
int finding_lines_texts(const struct report *report, bool fold, struct named_rules *texts);
/* Where the rules of the report's findings are: those that are left, or that a repair found. */
struct finding_place finding_place_of(const struct report *report, bool left,
				      const struct named_rules *texts);
/* findings may be NULL. fold: equal ones are one line, "2000 of 2000 rules are missing from …". */
void finding_lines_make(struct finding_lines *lines, const struct findings *findings,
			const struct finding_place *place, bool fold);
void finding_lines_clear(struct finding_lines *lines);

#endif
