/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend.h"
#include "detect.h"
#include "util.h"

static void the_choice(void **state)
{
	(void)state;
	/* Docker's chains decide, whatever the iptables command is. */
	for (enum backend_kind otherwise = 0; otherwise < BACKEND_KINDS; otherwise++) {
		assert_int_equal(backend_choose(true, false, otherwise), BACKEND_NFT);
		assert_int_equal(backend_choose(false, true, otherwise), BACKEND_LEGACY);
	}
	for (int both = 0; both < 2; both++) {
		assert_int_equal(backend_choose(both, both, BACKEND_NFT), BACKEND_NFT);
		assert_int_equal(backend_choose(both, both, BACKEND_LEGACY), BACKEND_LEGACY);
		/* Docker's own tables are in nf_tables; a DOCKER-USER that was left may be elsewhere. */
		assert_int_equal(backend_choose_native(true, both), BACKEND_NFT);
		assert_int_equal(backend_choose_native(false, both), both ? BACKEND_LEGACY : BACKEND_NFT);
	}
}

/* A folder with a link "iptables", which leads through "alternative" to a file of that name. */
static enum iptables_kind kind_of(const char *file)
{
	char folder[] = "/tmp/dockfw-test-XXXXXX";
	char *target, *command, *alternative;
	enum iptables_kind kind;
	FILE *made;

	assert_non_null(mkdtemp(folder));
	target = xasprintf("%s/%s", folder, file);
	command = xasprintf("%s/iptables", folder);
	alternative = xasprintf("%s/alternative", folder);
	made = fopen(target, "w");
	assert_non_null(made);
	fclose(made);
	assert_int_equal(symlink(file, alternative), 0);
	assert_int_equal(symlink(alternative, command), 0);
	kind = iptables_kind((const char *[]){ "/nonexistent/iptables", command, target }, 3);
	unlink(command);
	unlink(alternative);
	unlink(target);
	rmdir(folder);
	free(command);
	free(alternative);
	free(target);
	return kind;
}

static void the_command(void **state)
{
	(void)state;
	assert_int_equal(kind_of("xtables-nft-multi"), IPTABLES_NFT);
	assert_int_equal(kind_of("iptables-nft"), IPTABLES_NFT);
	assert_int_equal(kind_of("xtables-legacy-multi"), IPTABLES_LEGACY);
	assert_int_equal(kind_of("iptables-legacy"), IPTABLES_LEGACY);
	assert_int_equal(kind_of("xtables-multi"), IPTABLES_LEGACY);
	assert_int_equal(kind_of("a-wrapper"), IPTABLES_UNKNOWN);
	assert_int_equal(iptables_kind((const char *[]){ "/nonexistent" }, 1), IPTABLES_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_choice),
		cmocka_unit_test(the_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
