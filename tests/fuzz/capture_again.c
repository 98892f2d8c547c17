/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "config_read.h"
#include "diag.h"
#include "docker_chains.h"
#include "fuzz.h"
#include "rulespec.h"
#include "spec_wire.h"

/*
 * A host is captured, and the configuration is read: it has the rules of the host, in
 * their order. A host with these rules gives the same configuration.
 *
 * A rule's text is a substitute for libxtables': the bytes of the rule as the child would
 * send it. With an address it belongs to one family.
 */

static const char *const names[] = { DOCKER_USER, "OFFICE", "HOME", "f2b-x", "DOCKER", "two words" };
#define NAMES ARRAY_SIZE(names)

int __wrap_rulespec_parse(enum family family, const char *const *texts, size_t n,
			  const struct strings *chains, struct spec *specs);
struct spec_batch *__wrap_rulespec_begin(const struct spec_text *texts, size_t n,
					 const struct strings *chains, struct spec *specs);
int __wrap_rulespec_end(struct spec_batch *batch, unsigned int most);
int __wrap_rulespec_print(const struct rule *const *rules, size_t n, char **texts);

static bool has_address(const struct rule *rule)
{
	static const struct address none;

	return memcmp(&rule->src, &none, sizeof(none)) || memcmp(&rule->dst, &none, sizeof(none));
}

int __wrap_rulespec_print(const struct rule *const *rules, size_t n, char **texts)
{
	for (size_t i = 0; i < n; i++) {
		struct bytes bytes = { 0 };
		char *at;

		if (rules[i]->opaque) {
			texts[i] = xasprintf("[opaque: %s]", rules[i]->opaque);
			continue;
		}
		record_put_rule(&bytes, 0, rules[i]);
		texts[i] = at = xcalloc(2 * bytes.n + 2, 1);
		*at++ = !has_address(rules[i]) ? 'a' : rules[i]->family == FAMILY_IPV4 ? 'b' : 'c';
		for (size_t k = 0; k < bytes.n; k++) {
			*at++ = (char)('a' + (bytes.v[k] >> 4));
			*at++ = (char)('a' + (bytes.v[k] & 15));
		}
		free(bytes.v);
	}
	return 0;
}

static void parse_text(enum family family, const char *text, const struct strings *chains,
		       struct spec *spec)
{
	struct bytes bytes = { 0 };
	struct record record;

	*spec = (struct spec){ 0 };
	if (*text == '[') {
		spec->error = xstrdup("not an option");
		return;
	}
	if (!strncmp(text, family == FAMILY_IPV4 ? "-4 " : "-6 ", 3))
		text += 3;
	spec->other_family = *text == '-' || *text == (family == FAMILY_IPV4 ? 'c' : 'b');
	if (spec->other_family) {
		spec->error = xstrdup("for the other family");
		return;
	}
	for (text++; text[0] && text[1]; text += 2)
		bytes_add(&bytes, &(uint8_t){ (uint8_t)((text[0] - 'a') << 4 | (text[1] - 'a')) }, 1);
	spec->rules = xcalloc(1, sizeof(*spec->rules));
	if (record_get(&bytes, &record) > 0)
		spec->rules[0] = record_rule(&record, family);
	REQUIRE(spec->rules[0], "not a rule: %s", text);
	free(bytes.v);
	spec->nrules = 1;
	if (spec->rules[0]->chain && !strings_has(chains, spec->rules[0]->chain)) {
		spec_clear(spec);
		spec->error = xstrdup("no such chain");
	}
}

int __wrap_rulespec_parse(enum family family, const char *const *texts, size_t n,
			  const struct strings *chains, struct spec *specs)
{
	for (size_t i = 0; i < n; i++)
		parse_text(family, texts[i], chains, &specs[i]);
	return 0;
}

struct spec_batch *__wrap_rulespec_begin(const struct spec_text *texts, size_t n,
					 const struct strings *chains, struct spec *specs)
{
	for (size_t i = 0; i < n; i++) {
		specs[i] = (struct spec){ 0 };
		if (!texts[i].target)
			parse_text(texts[i].family, texts[i].text, chains, &specs[i]);
	}
	return NULL;
}

int __wrap_rulespec_end(struct spec_batch *batch, unsigned int most)
{
	(void)most;
	(void)batch;
	return 0;
}

/* ---- hosts ---- */

static struct rule *make_rule(struct input *in, enum family family, size_t chain)
{
	struct rule *rule = rule_new(family);
	uint8_t bits = input_byte(in), to = input_byte(in);

	if (bits & 1)
		rule->proto = 6;
	if (bits & 2)
		interface_set(&rule->in, bits & 4 ? "ens3" : "br-+");
	if (bits & 8)
		rule_add_match(rule, "comment", 0, bits & 4 ? "dockfw-\0" : "a word\0\0", 8);
	if ((bits & 0x30) == 0x30) {
		memset(rule->src.mask, 0xff, family_addr_size(family));
		rule->src.addr[0] = 1 + (bits & 3);
	}
	if (bits & 0x40)
		rule_add_mark(rule);
	if (bits >= 0xfc) {
		rule->opaque = xstrdup("expression 'lookup'");
		return rule;
	}
	/* As in the kernel, no jumps form a loop. */
	if (to % 8 < 3 && chain + 1 + to / 8 % 2 < NAMES)
		rule_set_chain(rule, to & 0x80 ? VERDICT_GOTO : VERDICT_JUMP, names[chain + 1 + to / 8 % 2]);
	else if (to % 8 == 3)
		rule_set_target(rule, "REJECT", 0, "\0\0\0\0\0\0\0", 8);
	else
		rule->verdict = to & 8 ? VERDICT_DROP : VERDICT_RETURN;
	return rule;
}

static void make_table(struct input *in, struct snapshot *snapshot, enum family family)
{
	uint8_t present = input_byte(in);
	struct table *table;

	if (!(present & 1))
		return;
	table = snapshot_add_table(snapshot, family, "filter");
	for (size_t i = 0; i < NAMES; i++) {
		struct chain *chain = table_add_chain(table, names[i]);

		chain->loaded = true;
		for (unsigned int n = input_below(in, 6); n; n--)
			chain_add_rule(chain, make_rule(in, family, i));
	}
	table_sort(table);
}

/* As older releases of Docker end DOCKER-USER; a capture leaves it out. */
static struct rule *closing_rule(enum family family)
{
	struct rule *rule = rule_new(family);

	rule->verdict = VERDICT_RETURN;
	return rule;
}

/* The host that has exactly what is configured, and the other chains as they were. */
static struct snapshot *host_of(const struct policy *policy, const struct snapshot *before)
{
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);

	for (size_t t = 0; t < before->ntables; t++) {
		const struct table *old = before->tables[t];
		struct table *table = snapshot_add_table(snapshot, old->family, "filter");

		for (size_t c = 0; c < old->nchains; c++) {
			struct chain *chain = table_add_chain(table, old->chains[c]->name);
			const struct wanted_chain *wanted =
				policy_chain_in(policy, chain->name, old->family);

			chain->loaded = true;
			if (wanted && wanted->filled_by == FILLED_BY_DOCKFW) {
				const struct wanted_rules *rules = &wanted->rules[old->family];

				for (size_t k = 0; k < rules->n; k++)
					chain_add_rule(chain, rule_copy(rules->v[k].rule));
			} else {
				for (size_t k = 0; k < old->chains[c]->nrules; k++)
					chain_add_rule(chain, rule_copy(old->chains[c]->rules[k]));
			}
			if (!strcmp(chain->name, DOCKER_USER))
				chain_add_rule(chain, closing_rule(old->family));
		}
		table_sort(table);
	}
	return snapshot;
}

/* ---- captures ---- */

/* NULL if there is nothing to capture. */
static char *capture_text(const struct snapshot *snapshot)
{
	struct policy *policy = policy_new();
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	enum captured result;

	policy->families = 3;
	result = capture(policy, snapshot, out);
	fclose(out);
	policy_free(policy);
	/* What is left out is a comment. */
	if (result == CAPTURED_WHOLE || result == CAPTURED_UNSAFE)
		return text;
	free(text);
	return NULL;
}

/* The captured text is in no folder. */
int __wrap_trust_path_check(const char *path, unsigned int how, const struct stat *is, char **why);
int __wrap_trust_path_check(const char *path, unsigned int how, const struct stat *is, char **why)
{
	(void)path;
	(void)how;
	(void)is;
	*why = NULL;
	return 0;
}

static struct policy *read_text(const char *text)
{
	int fd = memfd_create("captured", 0);
	/* Nobody is writing it any more, so it need not be read again. */
	const struct timespec long_ago[2] = { { 0 }, { 0 } };
	char path[64];
	struct policy *policy;

	REQUIRE(fd >= 0 && !fchmod(fd, 0600), "no file");
	REQUIRE(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "no space");
	REQUIRE(!futimens(fd, long_ago), "no time");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	policy = config_read(path);
	close(fd);
	return policy;
}

/* Without the comments, which hold what a configuration cannot. */
static void drop_comments(char *text)
{
	static const char empty[] = "    rules = { }\n", left[] = "    rules = {\n    }\n";
	char *to = text, *end, *list;

	for (char *line = text; *line; line = end) {
		end = line + strcspn(line, "\n");
		end += *end == '\n';
		if (line[strspn(line, " ")] == '#' || *line == '\n')
			continue;
		memmove(to, line, (size_t)(end - line));
		to += end - line;
	}
	*to = '\0';
	/* A list of comments only. */
	while ((list = strstr(text, left))) {
		end = list + strlen(left);
		memcpy(list, empty, strlen(empty));
		memmove(list + strlen(empty), end, strlen(end) + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT), *other;
	struct policy *policy;
	char *text, *again;

	diag_setup(0, true);
	make_table(&in, snapshot, FAMILY_IPV4);
	make_table(&in, snapshot, FAMILY_IPV6);
	text = capture_text(snapshot);
	if (text) {
		REQUIRE(!diag_error_count(), "%s", diag_first_error());
		policy = read_text(text);
		REQUIRE(policy, "%s\n%s", diag_first_error(), text);
		other = host_of(policy, snapshot);
		again = capture_text(other);
		REQUIRE(again, "%s", diag_first_error());
		drop_comments(text);
		drop_comments(again);
		REQUIRE(!strcmp(text, again), "\n%s\n---\n%s", text, again);
		free(again);
		snapshot_free(other);
		policy_free(policy);
	}
	free(text);
	snapshot_free(snapshot);
	diag_forget();
	return 0;
}
