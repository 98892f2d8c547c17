/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_UTF8_H
#define DOCKFW_UTF8_H

#include <stddef.h>

/* The bytes of the UTF-8 character at text (before end), 0 where there is none. */
size_t utf8_length(const unsigned char *text, const unsigned char *end);

#endif
