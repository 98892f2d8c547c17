/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "docker_copy.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "util.h"

/* What another number means is not known here. */
#define FORMAT 1
/* A chain of ip_tables has a name of 28 bytes, one of nf_tables of 255. */
#define NAME_LIMIT 256
/* Of one match or target: struct ext has 16 bits for it. */
#define DATA_LIMIT 65535
#define MATCHES_LIMIT 256

enum rule_flag {
	HAS_ANY_PROTO = 1,
	HAS_FRAG = 2,
	HAS_EITHER_PORT = 4,
	HAS_ALL = 7,
};

/* ---- to JSON ---- */

static json_t *bytes_json(const void *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;
	char *text = xcalloc(2 * size + 1, 1);
	json_t *value;

	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	value = json_made(json_string(text));
	free(text);
	return value;
}

static void set_name(json_t *object, const char *key, const char *name)
{
	if (name)
		json_set_checked(object, key, bytes_json(name, strlen(name)));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	json_set_checked(object, key, json_made(json_integer((json_int_t)number)));
}

static json_t *ext_json(const struct ext *ext)
{
	json_t *object = json_made(json_object());

	set_name(object, "name", ext->name);
	set_number(object, "revision", ext->revision);
	set_number(object, "usersize", ext->usersize);
	json_set_checked(object, "data", bytes_json(ext->data, ext->size));
	return object;
}

/* docker_kept() leaves out what could not be decoded. */
static json_t *rule_json(const struct rule *rule)
{
	json_t *object = json_made(json_object()), *matches = json_made(json_array());
	unsigned int flags = (rule->any_proto ? HAS_ANY_PROTO : 0U) | (rule->frag ? HAS_FRAG : 0U) |
			     (rule->either_port ? HAS_EITHER_PORT : 0U);

	set_number(object, "invert", rule->invert);
	set_number(object, "flags", flags);
	set_number(object, "proto", rule->proto);
	json_set_checked(object, "src", bytes_json(&rule->src, sizeof(rule->src)));
	json_set_checked(object, "dst", bytes_json(&rule->dst, sizeof(rule->dst)));
	json_set_checked(object, "in", bytes_json(&rule->in, sizeof(rule->in)));
	json_set_checked(object, "out", bytes_json(&rule->out, sizeof(rule->out)));
	for (size_t i = 0; i < rule->nmatches; i++)
		json_append_checked(matches, ext_json(&rule->matches[i]));
	json_set_checked(object, "matches", matches);
	set_number(object, "verdict", rule->verdict);
	set_name(object, "chain", rule->chain);
	if (rule->verdict == VERDICT_EXT)
		json_set_checked(object, "target", ext_json(&rule->target));
	if (rule->form)
		json_set_checked(object, "form", rule_json(rule->form));
	return object;
}

static json_t *chain_json(const struct chain *chain)
{
	json_t *object = json_made(json_object()), *rules = json_made(json_array());

	set_name(object, "name", chain->name);
	json_set_checked(object, "builtin", json_made(chain->builtin ? json_true() : json_false()));
	set_number(object, "policy", chain->policy);
	for (size_t i = 0; i < chain->nrules; i++)
		json_append_checked(rules, rule_json(chain->rules[i]));
	json_set_checked(object, "rules", rules);
	return object;
}

static json_t *snapshot_json(const struct snapshot *kept)
{
	json_t *object = json_made(json_object()), *tables = json_made(json_array());

	json_set_checked(object, "backend", json_made(json_string(backend_kind_name(kept->backend))));
	for (size_t t = 0; t < kept->ntables; t++) {
		const struct table *table = kept->tables[t];
		json_t *one = json_made(json_object()), *chains = json_made(json_array());

		set_name(one, "name", table->name);
		for (size_t c = 0; c < table->nchains; c++)
			json_append_checked(chains, chain_json(table->chains[c]));
		json_set_checked(one, "chains", chains);
		json_append_checked(tables, one);
	}
	json_set_checked(object, "tables", tables);
	return object;
}

static json_t *proxy_json(const struct proxy *proxy)
{
	json_t *object = json_made(json_object());

	set_number(object, "family", proxy->family);
	set_number(object, "proto", proxy->proto);
	if (!proxy->any)
		json_set_checked(object, "host", bytes_json(&proxy->host, sizeof(proxy->host)));
	set_number(object, "port", proxy->port);
	set_number(object, "container_family", proxy->container_family);
	json_set_checked(object, "container", bytes_json(&proxy->container, sizeof(proxy->container)));
	set_number(object, "container_port", proxy->container_port);
	set_number(object, "pid", (uint64_t)proxy->pid);
	return object;
}

json_t *docker_copy_to_json(const struct docker_keep *keep)
{
	json_t *root = json_made(json_object()), *proxies = json_made(json_array());

	set_number(root, "format", FORMAT);
	set_number(root, "dockerd", (uint64_t)keep->dockerd);
	set_number(root, "started", keep->started);
	for (int family = 0; family < FAMILY_COUNT; family++)
		if (keep->kept[family])
			json_set_checked(root, family_name((enum family)family), snapshot_json(keep->kept[family]));
	for (size_t i = 0; i < keep->proxies.n; i++)
		json_append_checked(proxies, proxy_json(&keep->proxies.v[i]));
	json_set_checked(root, "proxies", proxies);
	return root;
}

/* ---- from JSON ---- */

static bool take_number(const json_t *object, const char *key, uint64_t most, uint64_t *number)
{
	const json_t *value = json_object_get(object, key);
	json_int_t integer = json_is_integer(value) ? json_integer_value(value) : -1;

	*number = (uint64_t)integer;
	return integer >= 0 && *number <= most;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Returns the bytes and a NUL, which the caller frees, and sets *size; NULL if it is not such a text. */
static unsigned char *take_bytes(const json_t *object, const char *key, size_t most, size_t *size)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_is_string(value) ? json_string_value(value) : NULL;
	size_t length = text ? strlen(text) : 1;
	unsigned char *bytes;

	if (length % 2 || length / 2 > most)
		return NULL;
	*size = length / 2;
	bytes = xcalloc(*size + 1, 1);
	for (size_t i = 0; i < *size; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			free(bytes);
			return NULL;
		}
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return bytes;
}

static bool take_exactly(const json_t *object, const char *key, void *to, size_t wanted)
{
	size_t size;
	unsigned char *bytes = take_bytes(object, key, wanted, &size);
	bool is = bytes && size == wanted;

	if (is)
		memcpy(to, bytes, wanted);
	free(bytes);
	return is;
}

/* A name without a NUL, which the caller frees; NULL if it is none. */
static char *take_name(const json_t *object, const char *key, size_t most)
{
	size_t size;
	char *name = (char *)take_bytes(object, key, most, &size);

	if (name && (!size || strlen(name) != size)) {
		free(name);
		return NULL;
	}
	return name;
}

/* The same for a name that may be missing: then *name is NULL, and that is right. */
static bool take_name_if(const json_t *object, const char *key, size_t most, char **name)
{
	*name = NULL;
	if (!json_object_get(object, key))
		return true;
	*name = take_name(object, key, most);
	return *name != NULL;
}

static bool take_interface(const json_t *object, const char *key, struct interface *iface)
{
	return take_exactly(object, key, iface, sizeof(*iface)) && memchr(iface->name, '\0', sizeof(iface->name));
}

/* Data that userspace sets is a part of all data. */
static bool take_ext(const json_t *object, struct ext *ext)
{
	char *name = take_name(object, "name", sizeof(ext->name) - 1);
	uint64_t revision, usersize;
	size_t size;

	*ext = (struct ext){ 0 };
	if (name)
		memcpy(ext->name, name, strlen(name));
	free(name);
	if (!*ext->name || !take_number(object, "revision", UINT8_MAX, &revision) ||
	    !take_number(object, "usersize", DATA_LIMIT, &usersize))
		return false;
	ext->revision = (uint8_t)revision;
	ext->usersize = (uint16_t)usersize;
	ext->data = take_bytes(object, "data", DATA_LIMIT, &size);
	ext->size = ext->data ? (uint16_t)size : 0;
	return ext->data && ext->usersize <= ext->size;
}

static bool take_matches(const json_t *array, struct rule *rule)
{
	size_t n = json_is_array(array) ? json_array_size(array) : MATCHES_LIMIT + 1;

	if (n > MATCHES_LIMIT)
		return false;
	rule->matches = xcalloc(n ? n : 1, sizeof(*rule->matches));
	for (; rule->nmatches < n; rule->nmatches++)
		if (!take_ext(json_array_get(array, rule->nmatches), &rule->matches[rule->nmatches])) {
			free(rule->matches[rule->nmatches].data);
			return false;
		}
	return true;
}

/* A jump has a chain, and nothing else has one; the same with a target. */
static bool take_end(const json_t *object, struct rule *rule)
{
	uint64_t verdict;
	bool jumps;

	if (!take_number(object, "verdict", VERDICT_EXT, &verdict) ||
	    !take_name_if(object, "chain", NAME_LIMIT, &rule->chain))
		return false;
	rule->verdict = (enum verdict)verdict;
	jumps = rule->verdict == VERDICT_JUMP || rule->verdict == VERDICT_GOTO;
	if (jumps != (rule->chain != NULL))
		return false;
	return rule->verdict != VERDICT_EXT || take_ext(json_object_get(object, "target"), &rule->target);
}

static struct rule *take_rule(const json_t *object, enum family family, bool may_have_form)
{
	struct rule *rule = rule_new(family);
	uint64_t invert, flags, proto;
	const json_t *form = json_object_get(object, "form");
	bool right = take_number(object, "invert", 63, &invert) &&
		     take_number(object, "flags", HAS_ALL, &flags) &&
		     take_number(object, "proto", UINT16_MAX, &proto) &&
		     take_exactly(object, "src", &rule->src, sizeof(rule->src)) &&
		     take_exactly(object, "dst", &rule->dst, sizeof(rule->dst)) &&
		     take_interface(object, "in", &rule->in) && take_interface(object, "out", &rule->out) &&
		     take_matches(json_object_get(object, "matches"), rule) && take_end(object, rule);

	if (right) {
		rule->invert = (unsigned int)invert;
		rule->proto = (uint16_t)proto;
		rule->any_proto = flags & HAS_ANY_PROTO;
		rule->frag = flags & HAS_FRAG;
		rule->either_port = flags & HAS_EITHER_PORT;
	}
	if (right && form)
		right = may_have_form && (rule->form = take_rule(form, family, false));
	if (right)
		return rule;
	rule_free(rule);
	return NULL;
}

static bool take_chain(const json_t *object, struct table *table)
{
	const json_t *rules = json_object_get(object, "rules"), *builtin = json_object_get(object, "builtin");
	char *name = take_name(object, "name", NAME_LIMIT);
	struct chain *chain;
	uint64_t policy;
	bool right = name && json_is_boolean(builtin) && json_is_array(rules) &&
		     take_number(object, "policy", VERDICT_DROP, &policy);

	if (right) {
		chain = table_add_chain(table, name);
		chain->builtin = json_is_true(builtin);
		chain->policy = (enum verdict)policy;
		chain->loaded = true;
	}
	for (size_t i = 0; right && i < json_array_size(rules); i++) {
		struct rule *rule = take_rule(json_array_get(rules, i), table->family, true);

		right = rule != NULL;
		if (rule)
			chain_add_rule(chain, rule);
	}
	free(name);
	return right;
}

static bool take_table(const json_t *object, enum family family, struct snapshot *kept)
{
	const json_t *chains = json_object_get(object, "chains");
	char *name = take_name(object, "name", NAME_LIMIT);
	bool known = false, right;
	struct table *table;

	for (const char *const *one = docker_tables; name && *one; one++)
		known |= !strcmp(name, *one);
	right = known && !snapshot_table(kept, family, name) && json_is_array(chains);
	if (right) {
		table = snapshot_add_table(kept, family, name);
		for (size_t i = 0; right && i < json_array_size(chains); i++)
			right = take_chain(json_array_get(chains, i), table);
		table_sort(table);
		for (size_t i = 1; right && i < table->nchains; i++)
			right = strcmp(table->chains[i - 1]->name, table->chains[i]->name) != 0;
	}
	free(name);
	return right;
}

/* Returns NULL if it is not such a value. */
static struct snapshot *take_snapshot(const json_t *object, enum family family)
{
	const json_t *tables = json_object_get(object, "tables"), *backend = json_object_get(object, "backend");
	const char *kind = json_is_string(backend) ? json_string_value(backend) : "";
	bool legacy = !strcmp(kind, backend_kind_name(BACKEND_LEGACY));
	bool right = (legacy || !strcmp(kind, backend_kind_name(BACKEND_NFT))) && json_is_array(tables);
	struct snapshot *kept = snapshot_new(legacy ? BACKEND_LEGACY : BACKEND_NFT);

	for (size_t i = 0; right && i < json_array_size(tables); i++)
		right = take_table(json_array_get(tables, i), family, kept);
	if (right)
		return kept;
	snapshot_free(kept);
	return NULL;
}

static bool take_proxy(const json_t *object, struct proxy *proxy)
{
	uint64_t family, proto, port, container_family, container_port, pid;

	*proxy = (struct proxy){ .any = !json_object_get(object, "host") };
	if (!take_number(object, "family", FAMILY_COUNT - 1, &family) ||
	    !take_number(object, "proto", UINT8_MAX, &proto) ||
	    !take_number(object, "port", UINT16_MAX, &port) ||
	    !take_number(object, "container_family", FAMILY_COUNT - 1, &container_family) ||
	    !take_number(object, "container_port", UINT16_MAX, &container_port) ||
	    !take_number(object, "pid", INT32_MAX, &pid) ||
	    (!proxy->any && !take_exactly(object, "host", &proxy->host, sizeof(proxy->host))) ||
	    !take_exactly(object, "container", &proxy->container, sizeof(proxy->container)))
		return false;
	proxy->family = (enum family)family;
	proxy->proto = (uint8_t)proto;
	proxy->port = (uint16_t)port;
	proxy->container_family = (enum family)container_family;
	proxy->container_port = (uint16_t)container_port;
	proxy->pid = (pid_t)pid;
	return true;
}

static bool take_proxies(const json_t *array, struct proxies *proxies)
{
	bool right = json_is_array(array);

	for (size_t i = 0; right && i < json_array_size(array); i++) {
		GROW(proxies->v, proxies->n, proxies->room);
		right = take_proxy(json_array_get(array, i), &proxies->v[proxies->n++]);
	}
	if (right)
		proxies_sort(proxies);
	return right;
}

bool docker_copy_from_json(const json_t *root, struct docker_keep *keep)
{
	uint64_t format, dockerd;
	bool right;

	*keep = (struct docker_keep){ 0 };
	right = take_number(root, "format", FORMAT, &format) && format == FORMAT &&
		take_number(root, "dockerd", INT32_MAX, &dockerd) &&
		take_number(root, "started", INT64_MAX, &keep->started) &&
		take_proxies(json_object_get(root, "proxies"), &keep->proxies);
	for (int family = 0; right && family < FAMILY_COUNT; family++) {
		const json_t *kept = json_object_get(root, family_name((enum family)family));

		if (kept)
			right = (keep->kept[family] = take_snapshot(kept, (enum family)family)) != NULL;
	}
	if (right)
		keep->dockerd = (pid_t)dockerd;
	else
		docker_keep_clear(keep);
	return right;
}
