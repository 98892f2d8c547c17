/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_JSON_H
#define DOCKFW_JSON_H

#include <jansson.h>
#include <stdio.h>

/* Wrappers of jansson: out of memory ends the program, and strings may hold any bytes. */

/* Returns value; ends the program if it is NULL, which means out of memory. */
json_t *json_made(json_t *value);
/*
 * Returns a string, or null for NULL. Bytes that are not UTF-8 become U+FFFD, since
 * a chain name or a comment may hold any bytes.
 */
json_t *json_text(const char *text);
/* Both take ownership of value. */
void json_set_checked(json_t *object, const char *key, json_t *value);
void json_append_checked(json_t *array, json_t *value);
/* Writes the document and a newline, and frees it. Check ferror(out) for write errors. */
void json_write(json_t *root, FILE *out);

#endif
