/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_FUZZ_THROUGH_NFT_H
#define DOCKFW_FUZZ_THROUGH_NFT_H

#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>

#include <string.h>

#include "fuzz.h"
#include "guard_names.h"
#include "nft_canonical.h"
#include "nft_decode.h"
#include "nft_listed_rule.h"
#include "nft_encode.h"
#include "nft_guard_encode.h"
#include "util.h"

/* Returns the rule as nf_tables would hold and dump it; NULL, with *why, if it cannot. */
static inline struct rule *through_nft(const struct rule *rule, const char *table, const char **why)
{
	struct nftnl_rule *encoded = nft_encode(rule, table, "FORWARD", why);
	uint8_t *message;
	struct nlmsghdr *nlh;
	struct rule *again;

	if (!encoded)
		return NULL;
	nftnl_rule_set_u64(encoded, NFTNL_RULE_HANDLE, 7);
	/* A dump does not have these. */
	nftnl_rule_unset(encoded, NFTNL_RULE_COMPAT_PROTO);
	nftnl_rule_unset(encoded, NFTNL_RULE_COMPAT_FLAGS);
	message = xcalloc(1, 131072);
	nlh = nftnl_nlmsg_build_hdr((char *)message, NFT_MSG_NEWRULE,
				    (uint16_t)family_af(rule->family), 0, 1);
	nftnl_rule_nlmsg_build_payload(nlh, encoded);
	nftnl_rule_free(encoded);
	REQUIRE(nft_is_rule_of(nlh, table, "FORWARD"), "a rule of another chain");
	again = nft_decode(rule->family, nlh);
	free(message);
	return again;
}

/*
 * A rule that nf_tables can hold comes back as nft_canonical() says, with its counters if
 * the table has them.
 */
static inline void require_nft_holds(const struct rule *rule, const char *table)
{
	struct rule *read = nft_canonical(rule), *twice = nft_canonical(read), *again;
	const char *why = NULL;

	again = through_nft(rule, table, &why);
	REQUIRE((again == NULL) == (why != NULL), "%s", why ? why : "no reason");
	if (again) {
		REQUIRE(!again->opaque, "%s", again->opaque);
		REQUIRE(rule_equal(read, again), "another rule");
		REQUIRE(rule_hash(read) == rule_hash(again), "another hash");
		REQUIRE((rule->packets == again->packets && rule->bytes == again->bytes) ||
			(!strcmp(table, GUARD_TABLE) && !rule_refuses(rule) && !again->packets),
			"other counters");
		/* If it can be held, its form is final. */
		REQUIRE(rule_equal(read, twice), "read twice it is another rule");
	}
	rule_free(read);
	rule_free(twice);
	rule_free(again);
}

#endif
