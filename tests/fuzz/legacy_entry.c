/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xt_entry.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "fuzz.h"
#include "through_nft.h"

/*
 * An entry of ip_tables or ip6_tables. A rule that is decoded completely is the same
 * after encoding and decoding it, and in nf_tables if that can hold it.
 *
 * The first byte: bit 0 is the family, bits 1 and 2 the target of an offset, bit 3 says
 * that the size in the entry is correct.
 */

static struct xt_standard_target *end_of(enum family family, uint8_t *entry)
{
	uint16_t offset = family == FAMILY_IPV4 ? ((struct ipt_entry *)entry)->target_offset :
						  ((struct ip6t_entry *)entry)->target_offset;

	return (struct xt_standard_target *)(entry + offset);
}

/* Turns the names that libiptc uses into the kernel's verdicts. */
static const char *install(const struct rule *rule, uint8_t *entry)
{
	struct xt_standard_target *target = end_of(rule->family, entry);
	const char *leads_to = NULL;
	int verdict;

	switch (rule->verdict) {
	case VERDICT_NONE:
		verdict = 500;
		leads_to = "";
		break;
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		verdict = 1000;
		leads_to = "CHAIN";
		break;
	case VERDICT_ACCEPT:
		verdict = -NF_ACCEPT - 1;
		break;
	case VERDICT_DROP:
		verdict = -NF_DROP - 1;
		break;
	case VERDICT_QUEUE:
		verdict = -NF_QUEUE - 1;
		break;
	case VERDICT_RETURN:
		verdict = XT_RETURN;
		break;
	default:
		return NULL;
	}
	memset(target->target.u.user.name, 0, sizeof(target->target.u.user.name));
	target->verdict = verdict;
	return leads_to;
}

static void require_same_again(const struct rule *rule, size_t size)
{
	size_t written;
	uint8_t *entry = xt_entry_encode(rule, &written);
	const char *leads_to;
	struct rule *again, *copy;

	REQUIRE(entry && written == size, "%zu bytes", entry ? written : 0);
	leads_to = install(rule, entry);
	REQUIRE(xt_entry_has_offset(rule->family, entry, size) == (leads_to != NULL), "an offset");
	again = xt_entry_decode(rule->family, entry, size, leads_to);
	REQUIRE(!again->opaque, "%s", again->opaque);
	copy = rule_copy(again);
	REQUIRE(rule_equal(rule, copy), "another rule");
	REQUIRE(rule_hash(rule) == rule_hash(copy), "another hash");
	REQUIRE(rule->packets == copy->packets && rule->bytes == copy->bytes, "other counters");
	rule_free(copy);
	rule_free(again);
	free(entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t choice = size ? data[0] : 0, *entry;
	enum family family = choice & 1;
	const char *leads_to = choice & 2 ? "CHAIN" : choice & 4 ? "" : NULL;
	struct rule *rule;
	size_t unused;

	if (!size--)
		return 0;
	entry = xmemdup(data + 1, size);
	if (choice & 8 && family == FAMILY_IPV4 && size >= sizeof(struct ipt_entry))
		((struct ipt_entry *)entry)->next_offset = (uint16_t)size;
	if (choice & 8 && family == FAMILY_IPV6 && size >= sizeof(struct ip6t_entry))
		((struct ip6t_entry *)entry)->next_offset = (uint16_t)size;
	rule = xt_entry_decode(family, entry, size, leads_to);
	if (xt_entry_has_offset(family, entry, size) && !leads_to)
		REQUIRE(rule->opaque, "not opaque, though its target is not known");
	if (rule->opaque) {
		REQUIRE(!xt_entry_encode(rule, &unused), "written: %s", rule->opaque);
	} else {
		require_same_again(rule, size);
		/* Data longer than the kernel's stands for a prefix that only nf_tables can hold. */
		if (strcmp(rule->target.name, "NFLOG") || rule->target.size <= 80) {
			require_nft_holds(rule, "filter");
			require_nft_holds(rule, GUARD_TABLE);
		}
	}
	rule_free(rule);
	free(entry);
	return 0;
}
