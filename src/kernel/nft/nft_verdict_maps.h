/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_NFT_VERDICT_MAPS_H
#define DOCKFW_NFT_VERDICT_MAPS_H

#include "nft_socket.h"
#include "rule.h"

/*
 * What the maps of verdicts do that end opaque rules. A message about a rule only names its
 * map; the elements are read once all rules of the chain are listed.
 */

struct nft_verdict_map {
	struct rule *rule; /* borrowed */
	char *name;        /* owned */
};

struct nft_verdict_maps {
	struct nft_verdict_map *v; /* owned */
	size_t n, room;
};

/* Notes the map that decides on an opaque rule, which nlh is the message of, and marks it. */
void nft_verdict_maps_note(struct nft_verdict_maps *maps, struct rule *rule,
			   const struct nlmsghdr *nlh);
/*
 * Gives each of the rules its end as far as the elements have it now: a map that only drops,
 * or is empty. Any other leaves the end unknown, as one does that cannot be read. Returns enum
 * backend_result after reporting what failed.
 */
int nft_verdict_maps_read(const struct nft_verdict_maps *maps, struct nft_socket *nft,
			  uint8_t family, const char *table);
void nft_verdict_maps_clear(struct nft_verdict_maps *maps);

#endif
