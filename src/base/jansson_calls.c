/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <jansson.h>
#include <stdlib.h>

#include "library.h"

/*
 * The functions of jansson that the program calls, under their own names: each loads the
 * library, or finds it loaded, and calls the function there. Without the library the program
 * ends like without memory. (The library does not call these: a program exports no name that
 * no library at link time refers to.)
 */
static void *jansson(const char *name)
{
	static struct library library = { .file = LIBRARY_JANSSON, .purpose = "read or write JSON" };
	void *symbol = library_symbol(&library, name);

	if (!symbol)
		exit(3);
	return symbol;
}

/* Types and lists of parameters have no parentheses of their own. NOLINTBEGIN(bugprone-macro-parentheses) */
#define FORWARD(type, name, parameters, arguments)   \
	type name parameters                         \
	{                                            \
		static __typeof__(&name) real;       \
                                                     \
		if (!real)                           \
			real = jansson(#name);       \
		return real arguments;               \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

FORWARD(json_t *, json_object, (void), ())
FORWARD(json_t *, json_array, (void), ())
FORWARD(json_t *, json_null, (void), ())
FORWARD(json_t *, json_true, (void), ())
FORWARD(json_t *, json_false, (void), ())
FORWARD(json_t *, json_string, (const char *value), (value))
FORWARD(json_t *, json_integer, (json_int_t value), (value))
FORWARD(json_t *, json_object_get, (const json_t *object, const char *key), (object, key))
FORWARD(const char *, json_string_value, (const json_t *string), (string))
FORWARD(json_int_t, json_integer_value, (const json_t *integer), (integer))
FORWARD(int, json_object_set_new, (json_t *object, const char *key, json_t *value), (object, key, value))
FORWARD(size_t, json_array_size, (const json_t *array), (array))
FORWARD(json_t *, json_array_get, (const json_t *array, size_t i), (array, i))
FORWARD(int, json_array_append_new, (json_t *array, json_t *value), (array, value))
FORWARD(int, json_array_extend, (json_t *array, json_t *other), (array, other))
FORWARD(json_t *, json_loadb, (const char *text, size_t size, size_t flags, json_error_t *error),
	(text, size, flags, error))
FORWARD(char *, json_dumps, (const json_t *json, size_t flags), (json, flags))
FORWARD(int, json_dump_callback, (const json_t *json, json_dump_callback_t take, void *data, size_t flags),
	(json, take, data, flags))

/* Called by json_decref(), which is inline. */
void json_delete(json_t *json)
{
	static __typeof__(&json_delete) real;

	if (!real)
		real = jansson("json_delete");
	real(json);
}
