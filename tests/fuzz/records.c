/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "spec_wire.h"

/*
 * Records that a corrupted child sends to its parent: no length, count or string in them
 * can be trusted. A rule that is accepted is the same after it is sent again. The first
 * byte is the family.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum family family = size ? data[0] & 1 : 0;
	struct bytes bytes = { 0 }, sent = { 0 };
	struct record record, other;
	struct rule *rule, *again;
	long used;

	if (!size)
		return 0;
	bytes_add(&bytes, data + 1, size - 1);
	while ((used = record_get(&bytes, &record)) > 0) {
		REQUIRE((size_t)used <= bytes.n && record.size < (size_t)used, "%ld bytes", used);
		rule = record_rule(&record, family);
		if (rule) {
			record_put_rule(&sent, record.index, rule);
			REQUIRE(record_get(&sent, &other) == (long)sent.n, "%zu bytes", sent.n);
			again = record_rule(&other, family);
			REQUIRE(again && other.index == record.index, "index %u", other.index);
			REQUIRE(rule_equal(rule, again), "another rule");
			rule_free(again);
			bytes_drop(&sent, sent.n);
		}
		rule_free(rule);
		bytes_drop(&bytes, (size_t)used);
	}
	free(bytes.v);
	free(sent.v);
	return 0;
}
