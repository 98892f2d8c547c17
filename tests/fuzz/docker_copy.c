/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_copy.h"
#include "fuzz.h"

/*
 * A stored copy of Docker's chains: nothing in it can be trusted. What is accepted is the same
 * after it is stored again.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct docker_keep keep, again;
	json_t *root = json_loadb((const char *)data, size, 0, NULL), *stored;

	if (docker_copy_from_json(root, &keep)) {
		stored = docker_copy_to_json(&keep);
		REQUIRE(docker_copy_from_json(stored, &again), "refused the second time");
		REQUIRE(keep.dockerd == again.dockerd && keep.started == again.started, "another process");
		REQUIRE(keep.proxies.n == again.proxies.n, "%zu proxies", again.proxies.n);
		for (int family = 0; family < FAMILY_COUNT; family++) {
			struct snapshot *before = keep.kept[family], *after = again.kept[family];

			REQUIRE(!before == !after, "family %d", family);
			REQUIRE(!before || before->ntables == after->ntables, "family %d", family);
		}
		docker_keep_clear(&again);
		json_decref(stored);
	}
	docker_keep_clear(&keep);
	json_decref(root);
	return 0;
}
