/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The findings and the plan, for hand-made snapshots of every Docker layout. */
#include "check_interfaces.h"
#include "docker_chains.h"
#include "docker_layout.h"
#include "dockerd.h"
#include "model.h"
#include "read_set.h"
#include "report_findings.h"
#include "settings.h"

#define ALLOW "-i ens3 -p 6 -s 203.0.113.123 m:tcp -j RETURN"
#define REJECT "-i ens3 -p 6 m:tcp ext:REJECT"

#define DOCKER26_CHAINS                                                        \
	"DOCKER -o docker0 -p 6 m:tcp -j ACCEPT",                              \
	"DOCKER-ISOLATION-STAGE-1 -i docker0 -j DOCKER-ISOLATION-STAGE-2",     \
	"DOCKER-ISOLATION-STAGE-1 -j RETURN",                                  \
	"DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP",                         \
	"DOCKER-ISOLATION-STAGE-2 -j RETURN"
#define DOCKER26_BRIDGE                                                        \
	"FORWARD -o docker0 est -j ACCEPT", "FORWARD -o docker0 -j DOCKER",    \
	"FORWARD -i docker0 -o docker0 -j ACCEPT"
#define DOCKER28_CHAINS                                                        \
	"DOCKER -o docker0 -p 6 m:tcp -j ACCEPT", "DOCKER -o docker0 -j DROP", \
	"DOCKER-BRIDGE -o docker0 -j DOCKER", "DOCKER-CT -o docker0 est -j ACCEPT", \
	"DOCKER-FORWARD -j DOCKER-CT", "DOCKER-FORWARD -j DOCKER-BRIDGE",      \
	"DOCKER-FORWARD -i docker0 -j ACCEPT"

struct expected {
	enum finding_id id;
	enum severity severity;
};

/* One case: the two rules are configured unless bare is set; findings in any order. */
struct test_case {
	const char *name;
	const char *live[24];
	struct expected findings[6];
	size_t nfindings;
	size_t edits;  /* number of edits of the plan */
	bool bare;     /* nothing is configured */
	enum foreign_rules foreign_rules;
	bool open;     /* FORWARD's policy is ACCEPT */
	const char *trusted;
	const char *more_wanted; /* a chain OFFICE with this rule */
	/* "any", "refuse": others fill the chain f2b, and DOCKER-USER jumps to it first. */
	const char *others;
	size_t left; /* findings that remain after a repair */
};

#define CRIT SEVERITY_CRITICAL
#define WARN SEVERITY_WARNING

static const struct test_case cases[] = {
	{ "Docker 26, correct, before its closing RETURN",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-ISOLATION-STAGE-1", DOCKER26_BRIDGE,
	    DOCKER26_CHAINS, "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "DOCKER-USER -j RETURN" } },
	{ "Docker 28, correct, marked rules",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW " #", "DOCKER-USER " REJECT " #" } },
	{ "an empty DOCKER-USER is legal",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true },
	{ "a jump with only a comment is unconditional",
	  { "FORWARD -j DOCKER-USER #", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true },
	{ "a drop may come first",
	  { "FORWARD -p 17 -j DROP", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true },
	{ "Debian 12 after firewall-cmd --reload",
	  { "FORWARD -j DOCKER-ISOLATION-STAGE-1", "FORWARD -j DOCKER-USER", DOCKER26_BRIDGE,
	    DOCKER26_CHAINS, "DOCKER-USER -j RETURN" },
	  { { USER_JUMP_LATE, WARN }, { RULE_MISSING, CRIT }, { RULE_MISSING, CRIT } }, 3, 4 },
	{ "the same with networks created since the start: everything comes first",
	  { "FORWARD -j DOCKER-ISOLATION-STAGE-1", DOCKER26_BRIDGE, "FORWARD -j DOCKER-USER",
	    DOCKER26_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_LATE, CRIT }, { ACCEPT_BEFORE_USER, CRIT } }, 2, 2, .bare = true },
	{ "DOCKER-FORWARD first",
	  { "FORWARD -j DOCKER-FORWARD", "FORWARD -j DOCKER-USER", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_LATE, CRIT } }, 1, 2, .bare = true },
	{ "a foreign chain that jumps to Docker's first",
	  { "FORWARD -j wrap", "FORWARD -j DOCKER-USER", "wrap -i x -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_LATE, CRIT } }, 1, 2, .bare = true },
	{ "no chain and no jump",
	  { "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS },
	  { { USER_CHAIN_MISSING, CRIT }, { USER_JUMP_MISSING, CRIT } }, 2, 2, .bare = true },
	{ "no jump",
	  { "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true },
	{ "a goto is not a jump",
	  { "FORWARD -g DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true, .left = 1 },
	{ "and is reported after the jump",
	  { "FORWARD -j DOCKER-USER", "FORWARD -i x -g DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_GOTO, WARN } }, 1, 0, .bare = true, .left = 1 },
	{ "with the policy ACCEPT it lets packets in",
	  { "FORWARD -j DOCKER-USER", "FORWARD -i x -g DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_GOTO, CRIT } }, 1, 0, .bare = true, .open = true, .left = 1 },
	{ "unless they are not for containers",
	  { "FORWARD -j DOCKER-USER", "FORWARD -o x -g DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_GOTO, WARN } }, 1, 0, .bare = true, .open = true, .left = 1 },
	{ "or nothing after it refuses any",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", "FORWARD -g DOCKER-USER",
	    "FORWARD -i x -j ACCEPT", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_GOTO, WARN } }, 1, 0, .bare = true, .open = true, .left = 1 },
	{ "a goto that no other rule comes after does no harm",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", "FORWARD -g DOCKER-USER",
	    "FORWARD -g DOCKER-USER", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true, .open = true },
	{ "nor one that is never evaluated",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", "FORWARD -j DROP",
	    "FORWARD -g DOCKER-USER", "FORWARD -i x -j DROP", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true, .open = true },
	{ "only a conditional jump",
	  { "FORWARD -i ens3 -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER" },
	  { { USER_JUMP_CONDITIONAL, CRIT } }, 1, 2, .bare = true },
	{ "two jumps",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_DUPLICATE, WARN } }, 1, 1, .bare = true },
	{ "established traffic accepted first is a warning",
	  { "FORWARD est -j ACCEPT", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, WARN } }, 1, 2, .bare = true },
	{ "any accept first is critical",
	  { "FORWARD -i ens3 -j ACCEPT", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "one towards an interface that is not a bridge of Docker's is a warning",
	  { "FORWARD -o virbr0 -j ACCEPT", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, WARN } }, 1, 2, .bare = true },
	{ "one through a chain is followed",
	  { "FORWARD -j ts-forward", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    "ts-forward -i tailscale0 -j ACCEPT", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "FORWARD may get to DOCKER-USER through a chain",
	  { "FORWARD -j mine", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true },
	{ "through two, after drops, by a goto",
	  { "FORWARD -i x -j DROP", "FORWARD -j mine", "mine -s 192.0.2.1 -j DROP", "mine -j more", "more est -j DROP", "more -g DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true },
	{ "after a chain that only returns",
	  { "FORWARD -j mine", "mine -j more", "mine -j DOCKER-USER", "more est -j RETURN",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true },
	{ "and on to Docker's chains",
	  { "FORWARD -j mine", "mine -j DOCKER-USER", "mine -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -p 6 -j ACCEPT" },
	  .bare = true },
	{ "dockerd's own jump after it stays",
	  { "FORWARD -j mine", "FORWARD -j DOCKER-USER", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true },
	{ "and before it",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j mine", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true },
	{ "but not two of them",
	  { "FORWARD -j mine", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-USER", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_DUPLICATE, WARN } }, 1, 1, .bare = true },
	{ "not if the chain does it for some packets only",
	  { "FORWARD -j mine", "mine -i ens3 -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_CONDITIONAL, CRIT } }, 1, 1, .bare = true },
	{ "or FORWARD does",
	  { "FORWARD -i ens3 -j mine", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_CONDITIONAL, CRIT } }, 1, 1, .bare = true },
	{ "or some return before",
	  { "FORWARD -j mine", "mine est -j RETURN", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_CONDITIONAL, CRIT } }, 1, 1, .bare = true },
	{ "or it is left by a goto",
	  { "FORWARD -j mine", "mine -p 17 -g more", "mine -j DOCKER-USER", "more",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_CONDITIONAL, CRIT } }, 1, 1, .bare = true },
	{ "or an opaque rule may do that",
	  { "FORWARD -j mine", "mine ?", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_CONDITIONAL, CRIT } }, 1, 1, .bare = true },
	{ "nor after the end of the chain",
	  { "FORWARD -j mine", "mine -j RETURN", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true },
	{ "nor if it can accept before",
	  { "FORWARD -j mine", "mine -i ens3 -j ACCEPT", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 1, .bare = true },
	{ "which is a warning where it cannot be for a container",
	  { "FORWARD -j mine", "mine -o virbr0 -j ACCEPT", "mine -j DOCKER-USER", "mine -j ACCEPT",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, WARN } }, 1, 1, .bare = true },
	{ "and no finding if it is trusted",
	  { "FORWARD -j mine", "mine -i ens3 -j ACCEPT", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true, .trusted = "mine" },
	{ "nor if Docker's chains come before",
	  { "FORWARD -j mine", "mine -j DOCKER-FORWARD", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_LATE, CRIT } }, 1, 1, .bare = true },
	{ "a trusted one does not change that",
	  { "FORWARD -j mine", "mine -j DOCKER-FORWARD", "mine -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_LATE, CRIT } }, 1, 1, .bare = true, .trusted = "mine" },
	{ "nor if Docker may remove that rule",
	  { "FORWARD -j DOCKER-CT", "DOCKER-CT -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true },
	{ "an accept for other interfaces in a chain is a warning as well",
	  { "FORWARD -j net", "FORWARD -j DOCKER-USER", "net -i virbr0 -o virbr0 -j ACCEPT",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, WARN } }, 1, 2, .bare = true },
	{ "it is critical for one of Docker's",
	  { "FORWARD -j net", "FORWARD -j DOCKER-USER", "net -i virbr0 -o docker0 -j ACCEPT",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "the conditions of the jump count too",
	  { "FORWARD -o virbr0 -j net", "FORWARD -j DOCKER-USER", "net -i ens3 -j deep", "deep -j ACCEPT",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, WARN } }, 1, 2, .bare = true },
	{ "two that exclude each other",
	  { "FORWARD -i ens3 -j net", "FORWARD ! -o docker0 -j net", "FORWARD -j DOCKER-USER", "net -i ens4 -o docker0 -j ACCEPT",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, WARN } }, 1, 2, .bare = true },
	{ "names that begin alike do not exclude each other",
	  { "FORWARD -i ens+ -j net", "FORWARD -j DOCKER-USER", "net -i ens4 -o docker+ -j ACCEPT",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "in every way to the rule",
	  { "FORWARD -i ens3 -j net", "FORWARD ! -o docker0 -j deep", "FORWARD -j DOCKER-USER", "net -i ens4 -j ACCEPT", "deep -o docker0 -j ACCEPT",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, WARN } }, 1, 2, .bare = true },
	{ "what a chain accepts after DOCKER-USER is not before it",
	  { "FORWARD -o virbr0 -j ACCEPT", "FORWARD -j mine", "mine -j DOCKER-USER", "mine -j ACCEPT",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, WARN } }, 1, 1, .bare = true },
	{ "unless it is trusted",
	  { "FORWARD -j ts-forward", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    "ts-forward -i tailscale0 -j ACCEPT", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true, .trusted = "ts-forward" },
	{ "the repaired jump stays after a jump to a trusted chain",
	  { "FORWARD -j ts-forward", "FORWARD -j DOCKER-FORWARD", "FORWARD -j DOCKER-USER",
	    "ts-forward -i tailscale0 -j ACCEPT", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { USER_JUMP_LATE, CRIT } }, 1, 2, .bare = true, .trusted = "ts-forward" },
	{ "but not after one that leads to Docker's chains",
	  { "FORWARD -j wrap", "FORWARD -j DOCKER-USER", "wrap -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER" },
	  { { USER_JUMP_LATE, CRIT } }, 1, 2, .bare = true, .trusted = "wrap" },
	{ "a goto to a trusted chain leaves the rest to the policy",
	  { "FORWARD -g ts-forward", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    "ts-forward -i tailscale0 -j ACCEPT", DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true, .trusted = "ts-forward", .open = true },
	{ "which may drop it",
	  { "FORWARD -g ts-forward", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    "ts-forward -i tailscale0 -j ACCEPT", DOCKER28_CHAINS, "DOCKER-USER" },
	  .bare = true, .trusted = "ts-forward" },
	{ "a return first is decided by the policy as well",
	  { "FORWARD -i ens3 -j RETURN", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true, .open = true },
	{ "an unknown target may accept",
	  { "FORWARD ext:NFQUEUE", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "an opaque rule first may accept",
	  { "FORWARD ?", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT }, { RULE_OPAQUE, WARN } }, 2, 2, .bare = true },
	{ "not if it can only drop, or jump to a chain that does not accept",
	  { "FORWARD ?= -j DROP", "FORWARD ?= ext:REJECT", "FORWARD ?=", "FORWARD ?= -j mine",
	    "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER",
	    "mine -j DROP" },
	  { { RULE_OPAQUE, WARN }, { RULE_OPAQUE, WARN }, { RULE_OPAQUE, WARN },
	    { RULE_OPAQUE, WARN } }, 4, 0, .bare = true, .left = 4 },
	{ "and if that accepts, it may accept",
	  { "FORWARD ?= -j mine", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER", "mine -j ACCEPT" },
	  { { ACCEPT_BEFORE_USER, CRIT }, { RULE_OPAQUE, WARN } }, 2, 2, .bare = true },
	{ "the jump does not pass a ban if DOCKER-USER accepts",
	  { "FORWARD -i x -j ACCEPT", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 0, .bare = true, .left = 1 },
	{ "nor through a chain",
	  { "FORWARD -i x -j ACCEPT", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -j mine",
	    "FORWARD -j DOCKER-FORWARD", "FORWARD -j DOCKER-USER", DOCKER28_CHAINS,
	    "DOCKER-USER -i y -j ACCEPT", "mine -j DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 0, .bare = true, .left = 1 },
	{ "but if Docker's chains come first in that",
	  { "FORWARD -i x -j ACCEPT", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -j mine",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT",
	    "mine -j DOCKER-FORWARD", "mine -j DOCKER-USER" },
	  { { USER_JUMP_LATE, CRIT }, { ACCEPT_BEFORE_USER, CRIT } }, 2, 1, .bare = true },
	{ "nor a rule that may do anything",
	  { "FORWARD ?", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -i y -j ACCEPT" },
	  { { ACCEPT_BEFORE_USER, CRIT }, { RULE_OPAQUE, WARN } }, 2, 0, .bare = true, .left = 2 },
	{ "it does if DOCKER-USER only returns",
	  { "FORWARD -i x -j ACCEPT", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER -i y -j RETURN" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "or if Docker's chains come before it",
	  { "FORWARD -j DOCKER-FORWARD", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -j DOCKER-USER",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT" },
	  { { USER_JUMP_LATE, CRIT } }, 1, 2, .bare = true },
	{ "a new jump comes after a ban",
	  { "FORWARD est -j ACCEPT", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true, .left = 1 },
	{ "so does one that takes the place of a conditional one",
	  { "FORWARD est -j ACCEPT", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -i y -j DOCKER-USER",
	    "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT" },
	  { { USER_JUMP_CONDITIONAL, CRIT } }, 1, 2, .bare = true, .left = 1 },
	{ "or of one after Docker's chains",
	  { "FORWARD est -j ACCEPT", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -j DOCKER-FORWARD",
	    "FORWARD -j DOCKER-USER", DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT" },
	  { { USER_JUMP_LATE, CRIT }, { ACCEPT_BEFORE_USER, WARN } }, 2, 2, .bare = true, .left = 1 },
	{ "after a chain of bans as well",
	  { "FORWARD -o virbr0 -j ACCEPT", "FORWARD -j f2b", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT", "f2b -j RETURN" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true, .left = 1 },
	{ "but not after a rule that lets in new connections",
	  { "FORWARD -i x -j ACCEPT", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true },
	{ "nor for a ban of what DOCKER-USER does not accept",
	  { "FORWARD est -j ACCEPT", "FORWARD -i z -j DROP", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true },
	{ "nor for any if it only returns",
	  { "FORWARD est -j ACCEPT", "FORWARD -s 192.0.2.1 -j DROP", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j RETURN" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true },
	{ "nor after a rule that refuses all",
	  { "FORWARD est -j ACCEPT", "FORWARD -j DROP", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true },
	{ "a chain with a ban that leads to DOCKER-USER may come before",
	  { "FORWARD -i y -j mine", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT", "mine -j more", "mine -p 6 -j DOCKER-USER",
	    "more -s 192.0.2.1 -j DROP" },
	  .bare = true },
	{ "not if it accepts as well",
	  { "FORWARD -i y -j mine", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT", "mine -p 6 -j DOCKER-USER",
	    "mine -j ACCEPT" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "nor by a goto, after which FORWARD's policy accepts",
	  { "FORWARD -i y -g mine", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT", "mine -p 6 -j DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true, .open = true },
	{ "a jump after a ban in a chain that accepts as well stays",
	  { "FORWARD -j mine", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT", "mine -j more", "mine -i x -j ACCEPT",
	    "more -s 192.0.2.1 -j DROP", "more -j RETURN" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 0, .bare = true, .left = 1 },
	{ "so does one in the chain itself",
	  { "FORWARD -j mine", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -i y -j ACCEPT", "mine -s 192.0.2.1 -j DROP", "mine -i x -j ACCEPT",
	    "mine -j DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 0, .bare = true, .left = 1 },
	{ "not for one after it there",
	  { "FORWARD -j mine", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -i y -j ACCEPT", "mine -i x -j ACCEPT", "mine -j DOCKER-USER",
	    "mine -s 192.0.2.1 -j DROP" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 1, .bare = true },
	{ "nor for a chain that refuses what DOCKER-USER does not accept",
	  { "FORWARD -j mine", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT", "mine -i x -j ACCEPT", "mine -i z -j DROP" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "nor for one that leads there for other packets",
	  { "FORWARD -i z -j mine", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT", "mine -p 6 -j ACCEPT", "mine -j DROP" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "nor for one that refuses what is not for containers",
	  { "FORWARD -j mine", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -i y -j ACCEPT", "mine -o tailscale0 -s 192.0.2.1 -j DROP",
	    "mine -i x -j ACCEPT" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "a new jump comes after a chain that bans, and accepts open connections",
	  { "FORWARD -j mine", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -i y -j ACCEPT", "mine est -j ACCEPT", "mine -s 192.0.2.1 -j DROP" },
	  { { USER_JUMP_MISSING, CRIT } }, 1, 1, .bare = true, .left = 1 },
	{ "rules in the wrong order",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " REJECT, "DOCKER-USER " ALLOW },
	  { { RULE_ORDER, CRIT } }, 1, 2 },
	{ "a foreign RETURN first",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j RETURN", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_BYPASSED, CRIT } }, 1, 4 },
	{ "a foreign jump that can accept first",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j mine", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT,
	    "mine -i wg0 -j ACCEPT" },
	  { { RULE_BYPASSED, CRIT } }, 1, 4 },
	{ "foreign bans at the head stay there",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT,
	    "f2b -s 192.0.2.1 -j DROP", "f2b -j RETURN" } },
	{ "one rule of two is missing",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " REJECT " #" },
	  { { RULE_MISSING, CRIT } }, 1, 1 },
	{ "a marked rule that is not configured",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "DOCKER-USER -s 192.0.2.7 -j DROP #" },
	  { { RULE_STALE, WARN } }, 1, 1 },
	{ "a second copy",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_STALE, WARN } }, 1, 1 },
	{ "a ban that equals a configured rule stays before one that allows",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " REJECT, "DOCKER-USER " ALLOW " #", "DOCKER-USER " REJECT " #" } },
	{ "so does one before rules that were adopted",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " REJECT, "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT } },
	{ "but not with the mark",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " REJECT " #", "DOCKER-USER " ALLOW " #", "DOCKER-USER " REJECT " #" },
	  { { RULE_STALE, WARN } }, 1, 1 },
	{ "of rules that were restored twice, only the one that allows",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_STALE, WARN } }, 1, 1 },
	{ "and all where only configured rules may be",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " REJECT, "DOCKER-USER " ALLOW " #", "DOCKER-USER " REJECT " #" },
	  { { RULE_STALE, WARN } }, 1, 1, .foreign_rules = FOREIGN_REMOVE },
	{ "a foreign rule that is never evaluated",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "DOCKER-USER -j RETURN",
	    "DOCKER-USER -s 192.0.2.7 -j DROP" },
	  { { RULE_UNREACHABLE, WARN } }, 1, 0, .left = 1 },
	{ "foreign rules are removed if configured so",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -s 192.0.2.7 -j DROP", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT,
	    "DOCKER-USER -j RETURN" },
	  { { RULE_STALE, WARN } }, 1, 1, .foreign_rules = FOREIGN_REMOVE },
	{ "an opaque rule in DOCKER-USER that may accept and drop stays first",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER ?", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_BYPASSED, CRIT }, { RULE_OPAQUE, WARN } }, 2, 0, .left = 2 },
	{ "one that can only drop lets nothing past",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER ?= -j DROP", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_OPAQUE, WARN } }, 1, 0, .left = 1 },
	{ "one that can only accept comes after them",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER ?= -j ACCEPT", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_BYPASSED, CRIT }, { RULE_OPAQUE, WARN } }, 2, 4, .left = 1 },
	{ "open connections only: a warning, and it stays",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER est -j RETURN", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_BYPASSED, WARN } }, 1, 0, .left = 1 },
	{ "but not from another interface, or after the rules",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -i docker0 est -j RETURN", "DOCKER-USER -i virbr0 -j ACCEPT",
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "DOCKER-USER est -j RETURN" } },
	{ "an unconditional drop first: the rules are never evaluated",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j DROP", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_NOT_EVALUATED, WARN } }, 1, 0, .left = 1 },
	{ "a user-defined chain is held exactly",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "OFFICE -s 192.0.2.7 -j DROP",
	    "OFFICE -s 10.0.0.1 -j RETURN" },
	  { { RULE_STALE, WARN } }, 1, 1, .more_wanted = "-s 10.0.0.1 -j RETURN" },
	{ "and created",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_MISSING, CRIT } }, 1, 2, .more_wanted = "-s 10.0.0.1 -j RETURN" },
	{ "one that is no longer configured is removed with the jump to it",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "DOCKER-USER -j OLD #",
	    "OLD -s 192.0.2.7 -j DROP #" },
	  { { RULE_STALE, WARN } }, 1, 3 },
	{ "but not a chain of Docker's, which was never configured",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "DOCKER-USER -j DOCKER-INGRESS #",
	    "DOCKER-INGRESS -s 192.0.2.7 -j DROP #" },
	  { { RULE_STALE, WARN } }, 1, 1 },
	{ "one whose name only begins like theirs is removed too",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "DOCKER-USER -j DOCKER-MINE #",
	    "DOCKER-MINE -s 192.0.2.7 -j DROP #" },
	  { { RULE_STALE, WARN } }, 1, 3 },
	{ "such a chain may come first if it only drops",
	  { "FORWARD -j DOCKER-BLOCK", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-BLOCK -i ens3 -j DROP", "DOCKER-USER" },
	  .bare = true },
	{ "not if it accepts",
	  { "FORWARD -j DOCKER-LATER", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-LATER -i ens3 -j ACCEPT", "DOCKER-USER" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .bare = true },
	{ "nor if it leads to Docker's",
	  { "FORWARD -j DOCKER-LATER", "FORWARD -j DOCKER-USER", DOCKER28_CHAINS,
	    "DOCKER-LATER -j DOCKER-FORWARD", "DOCKER-USER" },
	  { { USER_JUMP_LATE, CRIT } }, 1, 2, .bare = true },
	{ "and if it is trusted it may accept",
	  { "FORWARD -j DOCKER-MINE", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-MINE -i ens3 -j ACCEPT", "DOCKER-USER" },
	  .bare = true, .trusted = "DOCKER-MINE" },
	{ "a chain that others fill is created empty",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_MISSING, CRIT } }, 1, 1, .others = "refuse" },
	{ "with the jump to it",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  { { RULE_MISSING, CRIT }, { RULE_MISSING, CRIT } }, 2, 2, .others = "any" },
	{ "whatever is in it stays, with a mark and without",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT,
	    "f2b -s 192.0.2.1 -j DROP", "f2b -s 192.0.2.1 -j DROP", "f2b -j RETURN", "f2b ?",
	    "f2b -j ACCEPT #" },
	  .others = "any" },
	{ "another jump to it stays, though its rules may accept: they may also refuse",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -p 6 -j f2b", "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW,
	    "DOCKER-USER " REJECT, "f2b -s 192.0.2.1 -j DROP" },
	  { { RULE_BYPASSED, CRIT } }, 1, 0, .others = "any", .left = 1 },
	{ "one for other packets does not matter",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -i x -j f2b", "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW,
	    "DOCKER-USER " REJECT, "f2b -s 192.0.2.1 -j DROP" },
	  .others = "any" },
	{ "but not if they only refuse: one that accepts all the same is reported, and stays",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -i x -j f2b", "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW,
	    "DOCKER-USER " REJECT, "f2b -s 192.0.2.1 -j ACCEPT" },
	  { { RULE_BYPASSED, CRIT } }, 1, 0, .others = "refuse", .left = 1 },
	{ "nor one that the kernel has and that cannot be read",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "f2b ?" },
	  .others = "refuse" },
	{ "what it accepts after the configured rules is not in question",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j f2b", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT, "f2b -j RETURN" },
	  .others = "refuse" },
	{ "FORWARD may jump to it first under the same condition",
	  { "FORWARD -j f2b", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT,
	    "f2b" },
	  { { ACCEPT_BEFORE_USER, CRIT } }, 1, 2, .others = "any" },
	{ "which holds for refusals",
	  { "FORWARD -j f2b", "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
	    DOCKER28_CHAINS, "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT,
	    "f2b -j ACCEPT" },
	  { { RULE_BYPASSED, CRIT } }, 1, 0, .others = "refuse", .left = 1 },
	{ "a chain that is no longer configured stays while it jumps there",
	  { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j f2b", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT,
	    "DOCKER-USER -j OLD #", "f2b -j OLD #", "OLD -s 192.0.2.7 -j DROP #" },
	  { { RULE_STALE, WARN } }, 1, 1, .others = "any" },
	{ "a rule that is removed hides no accept from a goto to its chain",
	  { "FORWARD -p 17 -g DOCKER-USER", "FORWARD -j DOCKER-FORWARD", DOCKER28_CHAINS,
	    "DOCKER-USER -j RETURN #", "DOCKER-USER est -j ACCEPT" },
	  { { USER_JUMP_MISSING, CRIT }, { RULE_STALE, WARN } }, 2, 2, .bare = true, .left = 1 },
	{ "neither dockerd nor its chains, nothing installed",
	  { "FORWARD" }, { { DOCKER_ABSENT, SEVERITY_UNKNOWN } }, 1, 4 },
	{ "neither dockerd nor its chains, everything installed",
	  { "FORWARD -j DOCKER-USER", "DOCKER-USER " ALLOW, "DOCKER-USER " REJECT },
	  },
};

static struct policy *policy_of(const struct test_case *test)
{
	struct policy *policy = policy_new();

	policy->families = 1U << FAMILY_IPV4;
	policy->foreign_rules = test->foreign_rules;
	if (test->trusted)
		strings_add(&policy->trusted_chains, test->trusted);
	if (test->others) {
		struct wanted_chain *chain = policy_add_chain(policy, "f2b", "test.conf", 1);

		chain->filled_by = FILLED_BY_OTHERS;
		chain->verdicts = strcmp(test->others, "any") ? VERDICTS_REFUSE : VERDICTS_ANY;
		model_want(policy, DOCKER_USER, "-j f2b");
	}
	if (!test->bare) {
		model_want(policy, DOCKER_USER, ALLOW);
		model_want(policy, DOCKER_USER, REJECT);
	}
	if (test->more_wanted)
		model_want(policy, "OFFICE", test->more_wanted);
	return policy;
}

static void print_findings(const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		print_error("  %s %s: %s\n", severity_name(findings->v[i].severity),
			    finding_name(findings->v[i].id), findings->v[i].message);
}

static void expect(const struct test_case *test, const struct findings *findings)
{
	bool right = findings->n == test->nfindings;

	for (size_t e = 0; e < test->nfindings && right; e++) {
		bool found = false;

		for (size_t i = 0; i < findings->n; i++)
			found |= findings->v[i].id == test->findings[e].id &&
				 findings->v[i].severity == test->findings[e].severity;
		right = found;
	}
	if (!right) {
		print_error("%s:\n", test->name);
		print_findings(findings);
		fail_msg("other findings than expected");
	}
}

static void one_case(const struct test_case *test)
{
	struct policy *policy = policy_of(test);
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct dockerd docker = { 0 };
	struct findings findings = { 0 }, left = { 0 };
	struct edits edits = { 0 }, again = { 0 };
	struct table *table;

	table = model_table(snapshot, FAMILY_IPV4, test->live);
	if (test->open)
		table_chain(table, "FORWARD")->policy = VERDICT_ACCEPT;
	check(policy, snapshot, &docker, &findings);
	report_findings(&findings, policy, NULL);
	expect(test, &findings);
	plan(policy, snapshot, &edits);
	if (edits.n != test->edits)
		fail_msg("%s: %zu edits", test->name, edits.n);
	assert_true(edits_apply(snapshot, &edits));
	check(policy, snapshot, &docker, &left);
	report_findings(&left, policy, NULL);
	if (left.n != test->left) {
		print_findings(&left);
		fail_msg("%s: not repaired", test->name);
	}
	plan(policy, snapshot, &again);
	assert_int_equal(again.n, 0);
	findings_clear(&findings);
	findings_clear(&left);
	edits_clear(&edits);
	edits_clear(&again);
	snapshot_free(snapshot);
	policy_free(policy);
}

static void test_case_runs(void **state)
{
	one_case(*state);
}

/* Findings of two families, with ignored ids. */
static void test_families_and_ignore(void **state)
{
	const char *const four[] = { "FORWARD -j DOCKER-FORWARD", "DOCKER-FORWARD", NULL };
	const char *const six[] = { "FORWARD", NULL };
	struct policy *policy = setting_default_policy();
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct dockerd docker = { 0 };
	struct findings findings = { 0 };

	(void)state;
	model_table(snapshot, FAMILY_IPV4, four);
	model_table(snapshot, FAMILY_IPV6, six);
	assert_int_equal(families_in_force(policy, snapshot), 1U << FAMILY_IPV4);
	check(policy, snapshot, &docker, &findings);
	report_findings(&findings, policy, NULL);
	assert_int_equal(findings.n, 2);
	assert_int_equal(findings.v[0].family, FAMILY_IPV4);
	assert_int_equal(findings_severity(&findings), SEVERITY_CRITICAL);
	findings_clear(&findings);
	strings_add(&policy->ignore, "user-jump-missing");
	check(policy, snapshot, &docker, &findings);
	report_findings(&findings, policy, NULL);
	assert_int_equal(findings.n, 1);
	findings_clear(&findings);
	snapshot_free(snapshot);
	policy_free(policy);
}

static void test_moved_rules_keep_counters(void **state)
{
	const char *const live[] = { "FORWARD -j DOCKER-FORWARD", "FORWARD -j DOCKER-USER",
				     "DOCKER-FORWARD -j ACCEPT", "DOCKER-USER -j RETURN",
				     "DOCKER-USER " ALLOW, NULL };
	struct policy *policy = setting_default_policy();
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *table = model_table(snapshot, FAMILY_IPV4, live);
	struct edits edits = { 0 };

	(void)state;
	table_chain(table, "FORWARD")->rules[1]->packets = 41;
	table_chain(table, DOCKER_USER)->rules[1]->packets = 42;
	model_want(policy, DOCKER_USER, ALLOW);
	plan(policy, snapshot, &edits);
	assert_true(edits_apply(snapshot, &edits));
	assert_int_equal(table_chain(table, "FORWARD")->rules[0]->packets, 41);
	assert_int_equal(table_chain(table, DOCKER_USER)->rules[0]->packets, 42);
	assert_true(rule_is_marked(table_chain(table, DOCKER_USER)->rules[0]));
	assert_false(rule_is_marked(table_chain(table, "FORWARD")->rules[0]));
	edits_clear(&edits);
	snapshot_free(snapshot);
	policy_free(policy);
}

/* A check of a correct host does not read what others put into their chain. */
static void test_others_are_not_read(void **state)
{
	const char *const live[] = { "FORWARD -j DOCKER-USER", "FORWARD -j DOCKER-FORWARD",
				     "DOCKER-FORWARD -j ACCEPT", "DOCKER-USER -j f2b",
				     "DOCKER-USER -i x -j f2b", "f2b -j mine", "mine -j DROP", NULL };
	struct policy *policy = setting_default_policy();
	struct snapshot *snapshot = snapshot_new(BACKEND_NFT);
	struct table *table = model_table(snapshot, FAMILY_IPV4, live), *of;
	struct chain *chain;

	(void)state;
	policy->families = 1U << FAMILY_IPV4;
	policy_add_chain(policy, "f2b", "test.conf", 1)->filled_by = FILLED_BY_OTHERS;
	model_want(policy, DOCKER_USER, "-j f2b");
	for (size_t c = 0; c < table->nchains; c++)
		table->chains[c]->loaded = false;
	while ((chain = select_judged(policy, snapshot, &of)))
		chain->loaded = true;
	assert_true(table_chain(table, "FORWARD")->loaded);
	assert_true(table_chain(table, DOCKER_USER)->loaded);
	assert_false(table_chain(table, "f2b")->loaded);
	assert_false(table_chain(table, "mine")->loaded);
	snapshot_free(snapshot);
	policy_free(policy);
}

/* The names that no interface has, each once and with the place of the first. */
static void test_interfaces(void **state)
{
	static const char *const wanted[] = {
		"this host has no interface 'ens4' (a.conf:3)",
		"this host has no interface 'ens3,wg0' (a.conf:4); a list is written { \"a\", \"b\" }",
		"this host has no interface that matches 'wg+' (a.conf:5)",
		"this host has no interface 'br0' (test.conf:1)",
		("this host has no interface 'a,b' (test.conf:1); a rule has one interface: write one "
		 "rule for each"),
		"this host has no interface '!ens3' (test.conf:1); a ! comes before -i or -o",
		"this host has no interface 'wg*' (test.conf:1); all names that begin so are written 'wg+'",
		("this host has no interface 'ens3:1' (test.conf:1); an alias is an address of its "
		 "interface: write 'ens3'"),
	};
	struct policy *policy = setting_default_policy();
	struct strings present = { 0 };
	struct links links = { 0 };
	const struct interface_facts facts = { &present, &links, policy->families, NULL };
	struct findings findings = { 0 };

	(void)state;
	assert_false(interfaces_named(policy));
	policy_add_named(policy, "+", "a.conf", 1);
	model_want(policy, DOCKER_USER, "-j DROP");
	assert_false(interfaces_named(policy));
	policy_add_named(policy, "ens3", "a.conf", 2);
	policy_add_named(policy, "ens4", "a.conf", 3);
	policy_add_named(policy, "ens3,wg0", "a.conf", 4);
	policy_add_named(policy, "wg+", "a.conf", 5);
	policy_add_named(policy, "eth+", "a.conf", 6);
	policy_add_named(policy, "ens4", "a.conf", 7);
	model_want(policy, DOCKER_USER, "-i ens4 -o br0 -j DROP");
	model_want(policy, "OFFICE", "-i ens3 -o br0 -j DROP");
	model_want(policy, "OFFICE", "-i a,b -j DROP");
	model_want(policy, "OFFICE", "-i !ens3 -o wg* -j DROP");
	model_want(policy, "OFFICE", "-i ens3:1 -j DROP");
	assert_true(interfaces_named(policy));
	strings_add(&present, "ens3");
	strings_add(&present, "ens44");
	strings_add(&present, "eth0");
	check_interfaces(policy, &facts, &findings);
	assert_int_equal(findings.n, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < findings.n; i++) {
		assert_int_equal(findings.v[i].id, INTERFACE_MISSING);
		assert_int_equal(findings.v[i].severity, SEVERITY_WARNING);
		assert_int_equal(findings.v[i].family, FAMILY_COUNT);
		assert_string_equal(findings.v[i].message, wanted[i]);
	}
	findings_clear(&findings);
	strings_clear(&present);
	policy_free(policy);
}

static void add_link(struct links *links, const char *name, const char *own, const char *kind,
		     const char *master)
{
	struct link *link = links_add(links, name);

	strncpy(link->name, own, sizeof(link->name) - 1);
	strncpy(link->master_kind, kind, sizeof(link->master_kind) - 1);
	strncpy(link->master, master, sizeof(link->master) - 1);
	link->bridge = *name == 'b';
}

/* What netfilter never shows, also of kinds that a test host may not have. */
static void test_unseen_interfaces(void **state)
{
	static const char *const wanted[] = {
		("no packet has the interface 'slave' in a rule, since it is a part of the bond 'bond0' "
		 "(test.conf:1); write 'bond0'"),
		("no packet has the interface 'member' in a rule, since it is a part of the VRF 'red' "
		 "(test.conf:1); write 'red'"),
		("no packet has the interface 'other' in a rule, since it is another name of 'ens3' "
		 "(test.conf:1); write 'ens3'"),
		("'-i br0 -o br0 -j ACCEPT' and 1 more do not see packets that the bridge 'br0' passes "
		 "between its ports (test.conf:1): the module br_netfilter is not loaded; load it, and "
		 "set net.bridge.bridge-nf-call-iptables to 1 if it should"),
	};
	struct policy *policy = setting_default_policy();
	struct strings present = { 0 };
	struct links links = { 0 };
	const struct interface_facts facts = { &present, &links, 1U << FAMILY_IPV4, NULL };
	struct findings findings = { 0 };

	(void)state;
	model_want(policy, DOCKER_USER, "-i slave -j DROP");
	model_want(policy, DOCKER_USER, "-i member -j DROP");
	model_want(policy, DOCKER_USER, "-o other -j DROP");
	model_want(policy, DOCKER_USER, "-i br0 -o br0 -j ACCEPT");
	model_want(policy, DOCKER_USER, "-i br1 -o br1 -j ACCEPT");
	model_want(policy, "OFFICE", "-i br0 -o br0 -j DROP");
	model_want(policy, "OFFICE", "-i br0 ! -o br0 -j DROP");
	for (const char *const *name = (const char *const[]){ "slave", "member", "br0", "br1", NULL };
	     *name; name++)
		strings_add(&present, *name);
	add_link(&links, "slave", "slave", "bond", "bond0");
	add_link(&links, "member", "member", "vrf", "red");
	add_link(&links, "other", "ens3", "", "");
	add_link(&links, "br0", "br0", "", "");
	add_link(&links, "br1", "br1", "", "");
	links.v[links.n - 1].calls[FAMILY_IPV4] = true;
	check_interfaces(policy, &facts, &findings);
	assert_int_equal(findings.n, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < findings.n; i++) {
		assert_int_equal(findings.v[i].id, RULE_NOT_EVALUATED);
		assert_string_equal(findings.v[i].message, wanted[i]);
	}
	assert_int_equal(findings.v[3].family, FAMILY_IPV4);
	findings_clear(&findings);
	strings_clear(&present);
	links_clear(&links);
	policy_free(policy);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 5];
	size_t n = 0;

	for (; n < ARRAY_SIZE(cases); n++)
		tests[n] = (struct CMUnitTest){
			.name = cases[n].name,
			.test_func = test_case_runs,
			.initial_state = (void *)&cases[n],
		};
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_families_and_ignore);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_moved_rules_keep_counters);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_others_are_not_read);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_interfaces);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_unseen_interfaces);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
