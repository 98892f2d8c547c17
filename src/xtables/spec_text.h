/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_SPEC_TEXT_H
#define DOCKFW_SPEC_TEXT_H

#include "rule.h"

/* A text, and the family in which it is to be parsed. */
struct spec_text {
	enum family family;
	const char *text;
};

#endif
