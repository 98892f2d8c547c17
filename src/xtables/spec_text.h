/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_TEXT_H
#define DOCKFW_SPEC_TEXT_H

#include "rule.h"

/* A text, and the family in which it is to be parsed. */
struct spec_text {
	enum family family;
	bool target; /* not a rule but a name: whether libxtables has a target of that name */
	const char *text;
};

#endif
