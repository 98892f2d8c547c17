/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dlfcn.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "diag.h"
#include "fuzz.h"
#include "lib/child.h"
#include "libxtables.h"
#include "spec_names.h"
#include "spec_parse.h"
#include "spec_print.h"
#include "spec_wire.h"
#include "spec_words.h"

/*
 * The texts of rules, one per line: each is accepted, or refused with a reason, and the
 * printed form of a rule is read as the same rule. A first line "6" selects IPv6.
 *
 * One process reads many texts. Where libxtables would end the process, it is left with
 * a jump, and its state is put back as far as it can be.
 *
 * Some extensions print what they do not read back, and some fail; that is their fault.
 * So the second property holds for the rule's own options and the extensions named here.
 */

#define TEXTS 64
#define REASON_MAX 1024
#define OUTPUT_MAX (1 << 20)

static const char *const trusted[] = {
	"tcp", "udp", "comment", "multiport", "mark", "limit", "conntrack", "addrtype", "iprange",
	"pkttype", "physdev", "state", "icmp", "icmp6", "REJECT", "LOG", "NFLOG", "MARK",
};

static enum family family; /* of this process */
static char *chain_names[] = { "USER", "OTHER" };
static const struct strings chains = { chain_names, 2, 2 };

/* ---- the library's exits ---- */

static struct {
	jmp_buf back;
	volatile bool inside;
	char reason[REASON_MAX];
} library;

static void leave(const char *why)
{
	snprintf(library.reason, sizeof(library.reason), "%s", why);
	library.inside = false;
	longjmp(library.back, 1);
}

static void leave_for_name(const char *why, bool other_family)
{
	(void)other_family;
	leave(why);
}

/* The library calls this in some places; libFuzzer ends with it. */
void exit(int status)
{
	void (*real)(int) __attribute__((noreturn));

	if (library.inside)
		leave("exit");
	*(void **)&real = dlsym(RTLD_NEXT, "exit");
	real(status);
}

/* What was in use is lost; libxt_begin() and the next rule begin anew. */
static void put_back(void)
{
	for (struct xtables_match *m = xtables_matches; m; m = m->next) {
		m->m = NULL;
		m->udata = NULL;
		m->mflags = 0;
	}
	for (struct xtables_target *t = xtables_targets; t; t = t->next) {
		t->t = NULL;
		t->udata = NULL;
		t->tflags = 0;
		t->used = 0;
	}
	xtables_free_opts(1);
	optind = 0;
}

/* Any revision that is installed: asking the kernel could load modules. */
static bool known(const struct revision_question *question)
{
	(void)question;
	return true;
}

static void start(void)
{
	int output = memfd_create("output", MFD_CLOEXEC);

	if (output < 0 || dup2(output, STDOUT_FILENO) < 0)
		_exit(1);
	unsetenv("XTABLES_LIBDIR");
	spec_names_forbid(family, leave_for_name);
	libxt_start(family, spec_options, known, leave);
}

/* What is left unfreed is what a jump left. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static bool is_trusted(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(trusted); i++)
		if (!strcmp(name, trusted[i]))
			return true;
	return false;
}

/* iptables lists names without the quotes that they need; the program reports it if it matters. */
static bool is_word(const struct interface *iface)
{
	return !strpbrk(iface->name, " \t\"");
}

static bool is_never(const uint16_t ports[2], bool invert)
{
	return invert && !ports[0] && ports[1] == UINT16_MAX;
}

/* "! --dport 0:65535" never matches, and is printed as nothing, which always does. */
static bool is_lost(const struct ext *ext)
{
	struct xt_tcp tcp;
	struct xt_udp udp;

	if (!strcmp(ext->name, "tcp") && ext->size >= sizeof(tcp)) {
		memcpy(&tcp, ext->data, sizeof(tcp));
		return is_never(tcp.spts, tcp.invflags & XT_TCP_INV_SRCPT) ||
		       is_never(tcp.dpts, tcp.invflags & XT_TCP_INV_DSTPT);
	}
	if (!strcmp(ext->name, "udp") && ext->size >= sizeof(udp)) {
		memcpy(&udp, ext->data, sizeof(udp));
		return is_never(udp.spts, udp.invflags & XT_UDP_INV_SRCPT) ||
		       is_never(udp.dpts, udp.invflags & XT_UDP_INV_DSTPT);
	}
	return false;
}

static bool is_plain(const struct rule *rule)
{
	if (!is_word(&rule->in) || !is_word(&rule->out))
		return false;
	for (size_t i = 0; i < rule->nmatches; i++)
		if (!is_trusted(rule->matches[i].name) || is_lost(&rule->matches[i]))
			return false;
	return rule->verdict != VERDICT_EXT || is_trusted(rule->target.name);
}

/* Parses a text as the child of the program does; an error is the reason for a refusal. */
static void parse(const char *text, struct spec_result *result)
{
	const struct spec_text one = { .family = family, .text = text };

	if (setjmp(library.back)) {
		put_back();
		*result = (struct spec_result){ .error = xstrdup(library.reason) };
		return;
	}
	library.inside = true;
	spec_parse_text(&one, &chains, result);
	library.inside = false;
}

/* Returns the printed rule, or NULL if it cannot be printed. */
static char *print(const struct rule *rule)
{
	char *volatile why = NULL;
	char *volatile text = NULL;
	off_t size;

	if (setjmp(library.back)) {
		put_back();
		why = xstrdup(library.reason);
	} else {
		library.inside = true;
		why = spec_print_rule(rule);
		library.inside = false;
	}
	fflush(stdout);
	size = lseek(STDOUT_FILENO, 0, SEEK_CUR);
	if (!why && size >= 0 && size < OUTPUT_MAX) {
		text = xcalloc(1, (size_t)size + 1);
		REQUIRE(pread(STDOUT_FILENO, text, (size_t)size, 0) == size, "no output");
	}
	REQUIRE(!ftruncate(STDOUT_FILENO, 0) && !lseek(STDOUT_FILENO, 0, SEEK_SET), "no file");
	free(why);
	return text;
}

/* A rule is the same after it is sent to the parent, and after it is printed and read. */
static void require_same_again(const struct rule *rule)
{
	struct bytes bytes = { 0 };
	struct record record;
	struct spec_result again;
	struct rule *sent;
	char *text;

	record_put_rule(&bytes, 0, rule);
	REQUIRE(record_get(&bytes, &record) == (long)bytes.n, "%zu bytes", bytes.n);
	sent = record_rule(&record, family);
	REQUIRE(sent && rule_equal(rule, sent), "the rule that is sent is another one");
	text = print(sent);
	if (text && is_plain(rule)) {
		parse(text, &again);
		REQUIRE(!again.error, "'%s': %s", text, again.error);
		REQUIRE(again.nrules == 1, "'%s': %zu rules", text, again.nrules);
		REQUIRE(rule_equal(rule, again.rules[0]), "'%s'", text);
		REQUIRE(rule_hash(rule) == rule_hash(again.rules[0]), "'%s'", text);
		spec_result_clear(&again);
	}
	free(text);
	rule_free(sent);
	free(bytes.v);
}

/* The words of a text are the same words when each is put into quotes. */
static void require_same_words(const char *text)
{
	struct words words = { 0 }, again = { 0 };
	char *error = words_split(text, &words), *quoted = xcalloc(1, 4 * strlen(text) + 8);
	size_t n = 0;

	REQUIRE(!error == (words.v != NULL), "%s", error ? error : "no words");
	for (int i = 1; !error && i < words.n; i++) {
		quoted[n++] = '"';
		for (const char *c = words.v[i]; *c; c++) {
			if (strchr("\"\\", *c))
				quoted[n++] = '\\';
			quoted[n++] = *c;
		}
		quoted[n++] = '"';
	}
	if (!error)
		REQUIRE(!words_split(quoted, &again) && again.n == words.n, "%s", quoted);
	for (int i = 0; i < again.n; i++)
		REQUIRE(!strcmp(words.v[i], again.v[i]), "%s, not %s", again.v[i], words.v[i]);
	words_clear(&words);
	words_clear(&again);
	free(quoted);
	free(error);
}

static void run_text(const char *text)
{
	struct spec_result result;

	require_same_words(text);
	parse(text, &result);
	REQUIRE(!result.error == (result.nrules > 0), "'%s': %zu rules", text, result.nrules);
	REQUIRE(!result.error || *result.error, "'%s' is refused without a reason", text);
	/* A list of addresses gives hundreds of rules that differ only in the address. */
	for (size_t i = 0; i < result.nrules && i < 4; i++)
		require_same_again(result.rules[i]);
	spec_result_clear(&result);
}

static void run(const uint8_t *data, size_t size)
{
	char *all = xcalloc(1, size + 1), *rest = all, *line;

	memcpy(all, data, size);
	for (size_t n = 0; n < TEXTS && (line = strsep(&rest, "\n")); n++)
		run_text(line);
	free(all);
}

static struct child children[2] = { { .start = start, .run = run }, { .start = start, .run = run } };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	child_setup();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool six = size >= 2 && !memcmp(data, "6\n", 2);

	/* For the child that is started with it. */
	family = six ? FAMILY_IPV6 : FAMILY_IPV4;
	child_run(&children[six], six ? data + 2 : data, six ? size - 2 : size);
	return 0;
}
