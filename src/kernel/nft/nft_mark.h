/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_MARK_H
#define DOCKFW_NFT_MARK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "mark.h"

/*
 * The mark as the comment of a table or rule. nft stores a comment in the user data, a list
 * of a type, a length and that many bytes each; type 0 is a text with its NUL.
 */
struct nft_mark {
	uint8_t type, length;
	char text[sizeof(RULE_MARK)];
};
extern const struct nft_mark nft_mark;

/*
 * Whether a table's user data (NULL: none) has the mark as its comment, among what else nft
 * stores there: newer releases add their version.
 */
bool nft_is_marked(const struct nlattr *userdata);

#endif
