/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address sets against plain bits, over a few addresses at each end of both families. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "addrset.h"

#define WORLD 96

/* The addresses under test are at the low or at the high end of the family. */
static addr_t at(enum family family, bool high, unsigned int i)
{
	return high ? addr_max(family) - (WORLD - 1 - i) : i;
}

static void check_set(const struct addrset *set, const bool *bits, enum family family, bool high)
{
	for (unsigned int i = 0; i < WORLD; i++)
		assert_int_equal(addrset_has(set, at(family, high, i)), bits[i]);
	for (size_t i = 0; i < set->n; i++) {
		assert_true(set->v[i].lo <= set->v[i].hi);
		if (i)
			assert_true(set->v[i].lo > set->v[i - 1].hi + 1);
	}
}

static void random_set(struct addrset *set, bool *bits, enum family family, bool high)
{
	memset(bits, 0, WORLD);
	for (int n = (int)(random() % 9); n > 0; n--) {
		unsigned int a = (unsigned int)random() % WORLD, b = a + (unsigned int)random() % 12;

		if (b >= WORLD)
			b = WORLD - 1;
		addrset_add(set, at(family, high, a), at(family, high, b));
		memset(bits + a, 1, b - a + 1);
	}
}

static void operations(void **state)
{
	(void)state;
	srandom(7);
	for (int round = 0; round < 20000; round++) {
		enum family family = random() % 2 ? FAMILY_IPV4 : FAMILY_IPV6;
		bool high = random() % 2, a_bits[WORLD], b_bits[WORLD];
		struct addrset a = { 0 }, b = { 0 }, c = { 0 };

		random_set(&a, a_bits, family, high);
		random_set(&b, b_bits, family, high);
		check_set(&a, a_bits, family, high);
		addrset_copy(&c, &a);
		switch (round % 4) {
		case 0:
			addrset_unite(&a, &b);
			break;
		case 1:
			addrset_intersect(&a, &b);
			break;
		case 2:
			addrset_subtract(&a, &b);
			break;
		case 3:
			addrset_complement(&a, family);
			break;
		}
		for (unsigned int i = 0; i < WORLD; i++)
			a_bits[i] = round % 4 == 0   ? a_bits[i] | b_bits[i]
				    : round % 4 == 1 ? a_bits[i] & b_bits[i]
				    : round % 4 == 2 ? a_bits[i] & !b_bits[i] : !a_bits[i];
		check_set(&a, a_bits, family, high);
		if (round % 4 == 3) {
			addrset_complement(&a, family);
			assert_true(addrset_equal(&a, &c));
		}
		addrset_clear(&a);
		addrset_clear(&b);
		addrset_clear(&c);
	}
}

/* Enough intervals that equal sets share them, and that results are kept. */
#define LARGE 4096

static void large_set(struct addrset *set, bool *bits, enum family family, unsigned int seed)
{
	srandom(seed);
	for (unsigned int i = 0; i < LARGE; i++) {
		bits[i] = random() % 3 == 0;
		if (bits[i])
			addrset_add(set, at(family, false, i), at(family, false, i));
	}
}

static void check_large(const struct addrset *set, const bool *bits, enum family family)
{
	struct addrset plain = { 0 };
	double size = 0;

	for (unsigned int i = 0; i < LARGE; i++) {
		assert_int_equal(addrset_has(set, at(family, false, i)), bits[i]);
		if (bits[i])
			addrset_add(&plain, at(family, false, i), at(family, false, i));
		size += bits[i];
	}
	assert_true(addrset_equal(set, &plain) && addrset_hash(set) == addrset_hash(&plain));
	assert_true(addrset_size(set) == size);
	assert_false(addrset_is_world(set, family));
	addrset_clear(&plain);
}

/* A few sets in every combination, so that most results are known from an earlier round. */
static void large_operations(void **state)
{
	static bool a_bits[LARGE], b_bits[LARGE], made[LARGE];

	(void)state;
	for (unsigned int round = 0; round < 300; round++) {
		enum family family = round % 2 ? FAMILY_IPV4 : FAMILY_IPV6;
		struct addrset a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };

		large_set(&a, a_bits, family, 1 + round % 3);
		large_set(&b, b_bits, family, 1 + round % 5);
		if (round % 4 == 3)
			addrset_share(&a);
		addrset_copy(&c, &a);
		addrset_copy(&d, &c);
		if (round % 3 == 0)
			addrset_unite(&a, &b);
		else if (round % 3 == 1)
			addrset_intersect(&a, &b);
		else
			addrset_subtract(&a, &b);
		for (unsigned int i = 0; i < LARGE; i++)
			made[i] = round % 3 == 0   ? a_bits[i] | b_bits[i]
				  : round % 3 == 1 ? a_bits[i] & b_bits[i] : a_bits[i] & !b_bits[i];
		check_large(&a, made, family);
		/* What becomes of one does not become of its copies. */
		addrset_add(&c, at(family, false, 7), at(family, false, 9));
		check_large(&d, a_bits, family);
		memset(a_bits + 7, 1, 3);
		check_large(&c, a_bits, family);
		addrset_complement(&c, family);
		assert_true(addrset_is_world(&c, family));
		addrset_complement(&c, family);
		check_large(&c, a_bits, family);
		addrset_clear(&a);
		addrset_clear(&b);
		addrset_clear(&c);
		addrset_clear(&d);
		if (round % 100 == 99)
			addrset_forget();
	}
}

static void masks(void **state)
{
	(void)state;
	for (unsigned int mask = 0; mask < 64; mask++) {
		struct addrset set = { 0 };
		addr_t whole = (addr_max(FAMILY_IPV4) & ~(addr_t)63) | mask;

		assert_true(addrset_add_masked(&set, FAMILY_IPV4, 0x2a, whole));
		for (unsigned int i = 0; i < 64; i++)
			assert_int_equal(addrset_has(&set, i), !((i ^ 0x2a) & mask));
		addrset_clear(&set);
	}
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct addrset set = { 0 };

		assert_true(addrset_add_masked(&set, family, 5, 0));
		assert_true(set.n == 1 && !set.v[0].lo && set.v[0].hi == addr_max(family));
		addrset_clear(&set);
		assert_true(addrset_add_masked(&set, family, 5, addr_max(family)));
		assert_true(addrset_is_one(&set) && addrset_has(&set, 5));
		addrset_clear(&set);
		/* Every second address would be too many intervals. */
		assert_false(addrset_add_masked(&set, family, 1, 1));
		assert_int_equal(set.n, 0);
	}
}

static void filled(const char *set_lo, const char *set_hi, const char *spare_lo, const char *spare_hi,
		   const char *wanted)
{
	enum family family;
	addr_t a, b, c, d;
	struct addrset set = { 0 }, spare = { 0 };
	struct strings list = { 0 };

	assert_true(addr_parse(set_lo, &family, &a));
	assert_true(addr_parse(set_hi, &family, &b));
	assert_true(addr_parse(spare_lo, &family, &c));
	assert_true(addr_parse(spare_hi, &family, &d));
	addrset_add(&set, a, b);
	addrset_add(&spare, c, d);
	addrset_subtract(&set, &spare);
	addrset_fill(&set, family, &spare);
	addrset_texts(&set, family, &list);
	assert_int_equal(list.n, 1);
	assert_string_equal(list.v[0], wanted);
	strings_clear(&list);
	addrset_clear(&set);
	addrset_clear(&spare);
}

/* "Don't care" addresses make the text of a set shorter, and never longer. */
static void fill(void **unused)
{
	(void)unused;
	filled("10.2.0.0", "10.2.0.255", "10.2.0.1", "10.2.0.1", "10.2.0.0/24");
	filled("10.2.0.0", "10.2.0.255", "10.2.0.255", "10.2.0.255", "10.2.0.0/24");
	filled("10.2.0.0", "10.2.0.255", "10.2.0.0", "10.2.0.0", "10.2.0.0/24");
	filled("10.2.0.9", "10.2.0.9", "10.2.0.10", "10.2.0.10", "10.2.0.9");
	filled("10.2.0.11", "10.2.0.11", "10.2.0.10", "10.2.0.10", "10.2.0.11");
	filled("10.2.0.9", "10.2.0.9", "192.0.2.1", "192.0.2.1", "10.2.0.9");
	filled("0.0.0.0", "255.255.255.255", "0.0.0.0", "0.0.0.0", "0.0.0.0/0");
	filled("0.0.0.0", "255.255.255.255", "224.0.0.0", "255.255.255.255", "0.0.0.0/0");
	filled("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::",
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0");
}

static void text(const char *lo, const char *hi, const char *wanted)
{
	struct strings list = { 0 };
	struct addrset set = { 0 };
	enum family family;
	addr_t a, b;
	char all[256] = "";

	assert_true(addr_parse(lo, &family, &a));
	assert_true(addr_parse(hi, &family, &b));
	addrset_add(&set, a, b);
	addrset_texts(&set, family, &list);
	for (size_t i = 0; i < list.n; i++) {
		strcat(all, i ? " " : "");
		strcat(all, list.v[i]);
	}
	assert_string_equal(all, wanted);
	strings_clear(&list);
	addrset_clear(&set);
}

static void texts(void **state)
{
	(void)state;
	text("0.0.0.0", "255.255.255.255", "0.0.0.0/0");
	text("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0");
	text("192.0.2.7", "192.0.2.7", "192.0.2.7");
	text("192.0.2.0", "192.0.2.255", "192.0.2.0/24");
	text("192.0.2.0", "192.0.2.2", "192.0.2.0/31 192.0.2.2");
	text("192.0.2.1", "192.0.2.6", "192.0.2.1-192.0.2.6");
	text("128.0.0.0", "255.255.255.255", "128.0.0.0/1");
	text("255.255.255.255", "255.255.255.255", "255.255.255.255");
	text("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/32");
	text("8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "8000::/1");
}

static void world(void **state)
{
	struct addrset set = { 0 };

	(void)state;
	addrset_all(&set, FAMILY_IPV4);
	assert_true(addrset_is_world(&set, FAMILY_IPV4));
	addrset_subtract(&set, &(struct addrset){ .v = &(struct addrrange){ 5, 1000 }, .n = 1 });
	assert_true(addrset_is_world(&set, FAMILY_IPV4));
	addrset_clear(&set);
	addrset_add(&set, 0, 0xffffff);
	assert_false(addrset_is_world(&set, FAMILY_IPV4));
	addrset_clear(&set);
	/* Only 2000::/3 is routed, though it is an eighth of the addresses. */
	addrset_add(&set, (addr_t)1 << 125, ((addr_t)1 << 126) - 1);
	assert_true(addrset_is_world(&set, FAMILY_IPV6));
	addrset_clear(&set);
}

static void pool(void **state)
{
	struct addrpool kept = { 0 };
	const struct addrset *first[500];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 500; i++) {
			struct addrset set = { 0 };
			const struct addrset *own;

			addrset_add(&set, i, 2 * i);
			own = addrpool_keep(&kept, &set);
			assert_true(addrset_equal(own, &set));
			if (round)
				assert_ptr_equal(own, first[i]);
			first[i] = own;
			addrset_clear(&set);
		}
	}
	assert_int_equal(kept.n, 500);
	addrpool_clear(&kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fill), cmocka_unit_test(operations),
		cmocka_unit_test(large_operations), cmocka_unit_test(masks), cmocka_unit_test(texts),
		cmocka_unit_test(world), cmocka_unit_test(pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
