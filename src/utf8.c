/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "utf8.h"

#include "util.h"

size_t utf8_length(const unsigned char *text, const unsigned char *end)
{
	static const struct {
		unsigned char mask, lead, low, high; /* the range of the second byte */
		size_t length;
	} forms[] = {
		{ 0x80, 0x00, 0x00, 0x00, 1 }, { 0xff, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xff, 0xed, 0x80, 0x9f, 3 }, { 0xff, 0xf0, 0x90, 0xbf, 4 },
		{ 0xff, 0xf4, 0x80, 0x8f, 4 }, { 0xe0, 0xc0, 0x80, 0xbf, 2 },
		{ 0xf0, 0xe0, 0x80, 0xbf, 3 }, { 0xfc, 0xf0, 0x80, 0xbf, 4 },
	};

	if (*text == 0xc0 || *text == 0xc1)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if ((*text & forms[i].mask) != forms[i].lead)
			continue;
		if ((size_t)(end - text) < forms[i].length)
			return 0;
		if (forms[i].length > 1 && (text[1] < forms[i].low || text[1] > forms[i].high))
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}
