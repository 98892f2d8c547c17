/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copy of Docker's chains is the same after it was stored, and is refused where a part is wrong. */
#include "docker_copy.h"
#include "model_text.h"

static const char *const lines[] = {
	"FORWARD -j DOCKER-FORWARD", "DOCKER -d 172.17.0.2 -p 6 -j ACCEPT", "DOCKER ! -i docker0 -o docker0 -j DROP",
	"DOCKER-FORWARD est -o docker0 -j ACCEPT", "DOCKER-FORWARD -g DOCKER", "DOCKER-FORWARD -p 6 to:80 ext:REJECT", NULL,
};

static void copy(struct docker_keep *keep)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	static struct proxy proxies[] = {
		{ .family = FAMILY_IPV4, .proto = 6, .any = true, .port = 80, .container = 0xac110002,
		  .container_port = 8080, .pid = 12 },
		{ .family = FAMILY_IPV6, .proto = 17, .host = (addr_t)0x20010db8 << 96, .port = 80,
		  .container_family = FAMILY_IPV6, .container = (addr_t)0xfd00 << 112, .container_port = 53, .pid = 13 },
	};

	model_table(snapshot, FAMILY_IPV4, lines);
	*keep = (struct docker_keep){ .dockerd = 99, .started = 123456 };
	keep->kept[FAMILY_IPV4] = docker_kept(snapshot, FAMILY_IPV4);
	assert_true(keep->kept[FAMILY_IPV4]->tables[0]->nchains >= 3);
	keep->proxies = (struct proxies){ xmemdup(proxies, sizeof(proxies)), ARRAY_SIZE(proxies), ARRAY_SIZE(proxies) };
	proxies_sort(&keep->proxies);
	snapshot_free(snapshot);
}

static void is_the_same(void **state)
{
	struct docker_keep keep, again;
	json_t *root;

	(void)state;
	copy(&keep);
	root = docker_copy_to_json(&keep);
	assert_true(docker_copy_from_json(root, &again));
	assert_int_equal(again.dockerd, 99);
	assert_int_equal(again.started, 123456);
	assert_true(snapshot_same(keep.kept[FAMILY_IPV4], again.kept[FAMILY_IPV4]));
	assert_null(again.kept[FAMILY_IPV6]);
	assert_true(proxies_same(&keep.proxies, &again.proxies));
	json_decref(root);
	docker_keep_clear(&keep);
	docker_keep_clear(&again);
}

/* The text with one part of it replaced, as another program might leave it. */
static void is_refused(const char *text, const char *part, const char *with)
{
	const char *at = strstr(text, part);
	char *other;
	struct docker_keep keep;
	json_t *root;

	if (!at)
		fail_msg("no '%s'", part);
	other = xasprintf("%.*s%s%s", (int)(at - text), text, with, at + strlen(part));
	root = json_loadb(other, strlen(other), 0, NULL);
	if (!root)
		fail_msg("'%s' is not JSON", with);
	if (docker_copy_from_json(root, &keep))
		fail_msg("'%s' in place of '%s' was taken", with, part);
	assert_null(keep.kept[FAMILY_IPV4]);
	json_decref(root);
	free(other);
}

static void what_is_wrong_is_refused(void **state)
{
	struct docker_keep keep;
	json_t *root;
	char *text;

	(void)state;
	copy(&keep);
	root = docker_copy_to_json(&keep);
	text = json_dumps(root, JSON_COMPACT);
	is_refused(text, "\"format\":1", "\"format\":2");
	is_refused(text, "\"format\":1", "\"format\":\"1\"");
	is_refused(text, "\"dockerd\":99", "\"dockerd\":-1");
	is_refused(text, "\"dockerd\":99", "\"dockerd\":4294967296");
	is_refused(text, "\"dockerd\"", "\"docker\"");
	is_refused(text, "\"backend\":\"nft\"", "\"backend\":\"other\"");
	/* "filter" in hexadecimal: a table that dockerd does not write to; not a text; a NUL in it. */
	is_refused(text, "66696c746572", "6d616e676c65");
	is_refused(text, "66696c746572", "66696c74657");
	is_refused(text, "66696c746572", "66696C746572");
	is_refused(text, "66696c746572", "66696c7400");
	is_refused(text, "66696c746572", "");
	is_refused(text, "\"builtin\":true", "\"builtin\":1");
	is_refused(text, "\"policy\":2", "\"policy\":7");
	is_refused(text, "\"rules\":[", "\"rules\":[1,");
	is_refused(text, "\"rules\":[", "\"rules\":{},\"other\":[");
	is_refused(text, "\"chains\":[", "\"chains\":[{},");
	is_refused(text, "\"invert\":0", "\"invert\":64");
	is_refused(text, "\"flags\":0", "\"flags\":8");
	is_refused(text, "\"proto\":0", "\"proto\":65536");
	is_refused(text, "\"src\":\"00", "\"src\":\"");
	is_refused(text, "\"src\":\"00", "\"src\":\"0000");
	is_refused(text, "\"src\":\"00", "\"src\":\"0x");
	is_refused(text, "\"in\":\"", "\"in\":\"00");
	is_refused(text, "\"verdict\":5", "\"verdict\":8");
	is_refused(text, "\"verdict\":5", "\"verdict\":1");
	is_refused(text, "\"verdict\":5", "\"verdict\":7");
	is_refused(text, "\"revision\":0", "\"revision\":256");
	is_refused(text, "\"revision\":0", "\"revision\":0.0");
	is_refused(text, "\"usersize\":0", "\"usersize\":65535");
	is_refused(text, "\"proxies\":[", "\"proxies\":[{},");
	is_refused(text, "\"proxies\":[", "\"proxies\":null,\"x\":[");
	is_refused(text, "\"port\":80", "\"port\":65536");
	is_refused(text, "\"pid\":12", "\"pid\":-12");
	free(text);
	json_decref(root);
	docker_keep_clear(&keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_same),
		cmocka_unit_test(what_is_wrong_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
