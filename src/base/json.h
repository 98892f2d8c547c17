/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_JSON_H
#define DOCKFW_JSON_H

#include <jansson.h>
#include <stdio.h>

/* Jansson with this program's manners: no memory ends it, any bytes are valid. */

/* Returns value; ends the program where it is NULL, which is out of memory. */
json_t *json_made(json_t *value);
/*
 * A string, null for NULL. Bytes that are no UTF-8 become U+FFFD, since a chain
 * name or a comment may hold any.
 */
json_t *json_text(const char *text);
/* Both take over value. */
void json_set_checked(json_t *object, const char *key, json_t *value);
void json_append_checked(json_t *array, json_t *value);
/* Writes the document and a newline, and frees it. ferror(out) tells of a failure. */
void json_write(json_t *root, FILE *out);

#endif
