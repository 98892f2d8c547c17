# SPDX-License-Identifier: GPL-2.0-or-later
# dockfw-check. Every variable below can be set on the command line.

PREFIX ?= /usr
SBINDIR ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
SYSCONFDIR ?= /etc
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
DOCDIR ?= $(DATADIR)/doc/dockfw
DESTDIR ?=
BUILD ?= build
PKG_CONFIG ?= pkg-config
SYSUSERSDIR ?= $(or $(shell $(PKG_CONFIG) --variable=sysusersdir systemd 2>/dev/null),$(PREFIX)/lib/sysusers.d)
UNITDIR ?= $(or $(shell $(PKG_CONFIG) --variable=systemdsystemunitdir systemd 2>/dev/null),$(PREFIX)/lib/systemd/system)

# Debian's zsh looks only below /usr/local for site-functions.
ZSHDIR ?= $(DATADIR)/zsh/$(if $(and $(filter /usr,$(PREFIX)),$(wildcard /etc/debian_version)),vendor-completions,site-functions)

VERSION := $(shell cat VERSION)
# With LEGACY=no, the program is built without the legacy backend and without libiptc.
LEGACY ?= yes
ifeq ($(filter yes no,$(LEGACY)),)
$(error LEGACY is '$(LEGACY)': yes or no)
endif
# What each run needs, what only the build needs, and what the program loads at its first use
# (base/library.h).
LINKED := libnftnl libmnl xtables libconfuse
BUILDING := libseccomp
LOADED := jansson $(if $(filter yes,$(LEGACY)),libip4tc libip6tc)
PACKAGES := $(LINKED) $(BUILDING) $(LOADED)

CFLAGS ?= -O2 -g
# The protections that the compiler has, found out once for each compiler; see below.
HARDENING ?= $(file <$(BUILD)/hardening)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
ALL_CPPFLAGS = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DSYSCONFDIR='"$(SYSCONFDIR)"' \
	$(file <$(BUILD)/loaded) $(CPPFLAGS)
ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(filter-out -Wp%,$(HARDENING)) \
	$(shell $(PKG_CONFIG) --cflags $(PACKAGES)) $(CFLAGS) $(filter -Wp%,$(HARDENING))
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)
LIBS = $(shell $(PKG_CONFIG) --libs $(LINKED)) -ldl $(LDLIBS)

# Which directories each directory of src/ may use, from the bottom layer up. Its objects
# get -I options only for these, so that a wrong include does not compile; "make analyse"
# checks the same for each name used. The files of src/ itself may use all of them.
FOLDERS := base model xtables config kernel kernel/nft kernel/legacy host walk decide reconcile report
USES_base :=
USES_model := base
USES_xtables := base model
USES_config := base model xtables
USES_kernel := base model
USES_kernel/nft := base model kernel
USES_kernel/legacy := base model xtables kernel
USES_host := base model
USES_walk := base model
USES_decide := base model walk
USES_reconcile := base model kernel host decide
USES_report := base model xtables walk
# may-use FOLDER: that directory and those it may use, as -I options.
may-use = $(if $(filter src,$(1)),$(INCLUDES),$(patsubst %,-Isrc/%,$(1:src/%=%) $(USES_$(1:src/%=%))))
# Either the backend, or what takes its place.
WITHOUT := src/kernel/legacy/without_legacy.c
ABSENT := $(if $(filter yes,$(LEGACY)),$(WITHOUT),$(filter-out $(WITHOUT),$(wildcard src/kernel/legacy/*.c)))
SOURCES := $(filter-out $(ABSENT),$(sort $(wildcard src/*.c $(FOLDERS:%=src/%/*.c))))
INCLUDES := -Isrc $(FOLDERS:%=-Isrc/%)
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/%.o) $(BUILD)/config/sample_text.o \
	$(BUILD)/xtables/filters.o $(BUILD)/explanations.o
# Everything except main(), for the tests to link.
PARTS := $(filter-out $(BUILD)/main.o,$(OBJECTS))
UNITS := $(sort $(wildcard tests/unit/*.c))
UNIT_PROGRAMS := $(UNITS:tests/unit/%.c=$(BUILD)/unit/%)
TOOLS := $(sort $(wildcard tests/tools/*.c))
TOOL_PROGRAMS := $(TOOLS:tests/tools/%.c=$(BUILD)/tools/%)
EXTENSION := $(BUILD)/tools/libxt_evil.so
FUZZERS := $(sort $(wildcard tests/fuzz/*.c))
FUZZ_PROGRAMS := $(FUZZERS:tests/fuzz/%.c=$(BUILD)/fuzz/%)

# filled FILE: prints a text file with the actual directories filled in.
filled = sed -e 's|@SBINDIR@|$(SBINDIR)|g; s|@LIBEXECDIR@|$(LIBEXECDIR)|g' \
	-e 's|/usr/sbin/dockfw-check|$(SBINDIR)/dockfw-check|g; s|/etc/dockfw|$(SYSCONFDIR)/dockfw|g' $(1)

ifndef V
Q = @
SAY = @echo "  $(1)	$@";
endif

# What each shell calls the file with its completion, and where it looks for it.
COMPLETIONS := bash/dockfw-check zsh/_dockfw-check fish/dockfw-check.fish
COMPLETED_bash = $(DATADIR)/bash-completion/completions
COMPLETED_zsh = $(ZSHDIR)
COMPLETED_fish = $(DATADIR)/fish/vendor_completions.d
COMPLETION_FILES := $(COMPLETIONS:%=$(BUILD)/completion/%)

all: $(BUILD)/dockfw-check $(COMPLETION_FILES)

$(BUILD)/dockfw-check: $(OBJECTS)
	$(call SAY,LD)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: src/%.c Makefile VERSION $(BUILD)/sysconfdir $(BUILD)/hardening $(BUILD)/loaded | $(BUILD)/libraries $(FOLDERS:%=$(BUILD)/%)
	$(call SAY,CC)$(CC) $(ALL_CPPFLAGS) $(call may-use,$(<D)) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# SYSCONFDIR is compiled into the program: another value rebuilds it.
ifneq ($(file <$(BUILD)/sysconfdir),$(SYSCONFDIR))
.PHONY: $(BUILD)/sysconfdir
endif
$(BUILD)/sysconfdir: | $(BUILD)
	@echo '$(SYSCONFDIR)' >$@

# So is the name of the file of each library that is loaded later. The linker takes it from the
# library that it finds.
ifneq ($(file <$(BUILD)/legacy),$(LEGACY))
.PHONY: $(BUILD)/legacy
endif
$(BUILD)/legacy: | $(BUILD)
	@echo '$(LEGACY)' >$@
$(BUILD)/loaded: Makefile $(BUILD)/legacy | $(BUILD)/libraries
	@echo 'int main(void) { return 0; }' | $(CC) -o $@.probe -x c - -Wl,--no-as-needed \
		$(shell $(PKG_CONFIG) --libs $(LOADED) 2>/dev/null)
	@readelf -dW $@.probe | sed -n -e '/NEEDED/ { s/.*\[\(.*\)\]/\1/' \
		-e 's/^libjansson\.so.*/-DLIBRARY_JANSSON=\x27"&"\x27/p' \
		-e 's/^libip4tc\.so.*/-DLIBRARY_IP4TC=\x27"&"\x27/p' \
		-e 's/^libip6tc\.so.*/-DLIBRARY_IP6TC=\x27"&"\x27/p' -e '}' >$@.new
	@rm $@.probe; [ "$$(wc -l <$@.new)" = $(words $(LOADED)) ] || \
		{ echo "make: readelf shows no file name of $(LOADED)" >&2; exit 1; }
	@$(if $(filter no,$(LEGACY)),echo -DWITHOUT_LEGACY >>$@.new;) echo $$(cat $@.new) >$@; rm $@.new

# Whether a compiler takes a flag depends on its version and on the processor. It does not
# have a flag that makes it print more than it does without.
PROTECTIONS := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-mbranch-protection=standard -ftrivial-auto-var-init=zero
# A distribution sets _FORTIFY_SOURCE in CPPFLAGS or CFLAGS, or in its compiler. The higher
# level of theirs and ours counts. Only -Wp comes after every other -D, if it comes after
# theirs; undefining it first gives no warning. Without optimization there is no level.
FORTIFY = -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=
define PROBE
compile() { $(CC) $(CPPFLAGS) $(CFLAGS) -o $@.probe "$$@" -x c - 2>&1; }; \
main='int main(void) { return 0; }' found=; \
plain=$$(echo "$$main" | compile); \
takes() { said=$$(compile "$$@") && [ "$$said" = "$$plain" ]; }; \
for flag in $(PROTECTIONS); do ! echo "$$main" | takes $$flag -pie || found="$$found $$flag"; done; \
theirs=$$(compile -dM -E -o - </dev/null | sed -n 's/^#define _FORTIFY_SOURCE //p'); \
for level in 3 2; do \
	[ "$${theirs:-0}" -lt $$level ] || break; \
	printf '%s\n' '#include <stdio.h>' "#if __USE_FORTIFY_LEVEL < $$level" '#error' '#endif' "$$main" | \
		takes $(FORTIFY)$$level && theirs=$$level && break; \
done; \
rm -f $@.probe; echo $$found $${theirs:+$(FORTIFY)$$theirs}
endef
# Another compiler, or other flags, are probed again; what they do not change is not rebuilt.
COMPILER := $(strip $(CC) $(CPPFLAGS) $(CFLAGS))
ifneq ($(file <$(BUILD)/compiler),$(COMPILER))
.PHONY: $(BUILD)/new-compiler
$(BUILD)/hardening: $(BUILD)/new-compiler
endif
$(BUILD)/hardening: Makefile | $(BUILD)
	@{ $(PROBE); } >$@.new
	@if cmp -s $@.new $@ && [ $@ -nt Makefile ]; then rm $@.new; else mv $@.new $@; fi
	@echo '$(subst ','\'',$(COMPILER))' >$(BUILD)/compiler

# The sample as it is installed, for --capture, which replaces it only if nobody has changed it.
$(BUILD)/config/sample_text.c: conf/dockfw.conf Makefile $(BUILD)/sysconfdir | $(BUILD)/config $(BUILD)/libraries
	$(call SAY,GEN){ echo '#include "sample.h"' && echo 'const char sample_text[] =' && \
		$(call filled,$<) | sed -e 's/[\"?]/\\&/g; s/.*/"&\\n"/' && echo ';'; } >$@.new && mv $@.new $@
$(BUILD)/config/sample_text.o: $(BUILD)/config/sample_text.c $(BUILD)/hardening $(BUILD)/loaded
	$(call SAY,CC)$(CC) $(ALL_CPPFLAGS) $(call may-use,src/config) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The filters of system calls of the process that parses rules.
$(BUILD)/xtables/filters/generate: src/xtables/filters/generate.c Makefile $(BUILD)/hardening $(BUILD)/loaded | $(BUILD)/xtables/filters $(BUILD)/libraries
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(call may-use,src/xtables) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $< \
		$(shell $(PKG_CONFIG) --libs $(BUILDING)) $(LDLIBS)
$(BUILD)/xtables/filters.c: $(BUILD)/xtables/filters/generate | $(BUILD)/xtables
	$(call SAY,GEN)$< >$@.new && mv $@.new $@
$(BUILD)/xtables/filters.o: $(BUILD)/xtables/filters.c
	$(call SAY,CC)$(CC) $(ALL_CPPFLAGS) $(call may-use,src/xtables) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# What the man page says about each finding, for --explain.
$(BUILD)/explanations.c: man/dockfw-check.8 man/explain.awk | $(BUILD) $(BUILD)/libraries
	$(call SAY,GEN)awk -f man/explain.awk $< >$@.new && mv $@.new $@
$(BUILD)/explanations.o: $(BUILD)/explanations.c $(BUILD)/hardening
	$(call SAY,CC)$(CC) $(ALL_CPPFLAGS) $(call may-use,src) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Missing libraries are reported once, with the command that installs them, before
# the compiler reports a missing header in every file.
$(BUILD)/libraries: Makefile | $(BUILD)
	@missing=; for library in $(PACKAGES); do \
		$(PKG_CONFIG) --exists $$library 2>/dev/null || missing="$$missing $$library"; done; \
	[ -z "$$missing" ] || { echo "make: $(PKG_CONFIG) finds no$$missing; install as root:"; \
		tests/setup.sh --show build; exit 1; } >&2
	@touch $@

# Test programs: cmocka tests of the pure parts, and tools for the suites.
$(BUILD)/unit/%: tests/unit/%.c $(PARTS) | $(BUILD)/unit
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(INCLUDES) $(ALL_CFLAGS) -Wno-missing-field-initializers $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(PARTS) $(LIBS) \
		$(shell $(PKG_CONFIG) --libs jansson) -lcmocka

$(BUILD)/tools/iptc-fetch: LIBS += $(shell $(PKG_CONFIG) --libs libip4tc)
$(BUILD)/tools/%: tests/tools/%.c $(PARTS) | $(BUILD)/tools
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(INCLUDES) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(PARTS) $(LIBS)

# A client, of which no part of the program is: targets that need no other test program have it as well.
ASK := $(BUILD)/tools/ask
$(ASK): tests/tools/ask.c Makefile $(BUILD)/hardening | $(BUILD)/tools
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $<

# An extension of libxtables that tries to escape.
$(EXTENSION): tests/tools/extension/evil.c | $(BUILD)/tools
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) -std=gnu11 $(WARNINGS) -O1 -fPIC -shared -o $@ $<

# The completions, generated from the option table of the program.
$(BUILD)/completion/generate: completion/generate.c $(PARTS) | $(BUILD)/completion
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(INCLUDES) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(PARTS) $(LIBS)

$(COMPLETION_FILES): $(BUILD)/completion/generate
	$(call SAY,GEN)mkdir -p $(@D) && $< $(notdir $(@D)) >$@.new && mv $@.new $@

# The fuzz targets: tests/fuzz/run.sh builds them with clang and libFuzzer.
$(BUILD)/fuzz/config: FUZZ_WRAPS := open glob globfree trust_path_check rulespec_parse rulespec_begin rulespec_end rulespec_print \
	cfg_parse_fp xcalloc xreallocarray xstrdup xvasprintf
$(BUILD)/fuzz/capture_again: FUZZ_WRAPS := trust_path_check rulespec_parse rulespec_begin rulespec_end rulespec_print
$(BUILD)/fuzz/rule_text: tests/fuzz/lib/child.c
$(BUILD)/fuzz/framing: FUZZ_WRAPS := recvmsg poll $(addprefix mnl_socket_,open2 bind get_portid get_fd close \
	sendto setsockopt)
$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.h tests/fuzz/through_nft.h tests/unit/apply.h $(PARTS) | $(BUILD)/fuzz
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(INCLUDES) $(ALL_CFLAGS) -fsanitize=fuzzer $(ALL_LDFLAGS) $(FUZZ_WRAPS:%=-Wl,--wrap=%) \
		-o $@ $(filter %.c,$^) $(PARTS) $(LIBS)

fuzz-programs: $(FUZZ_PROGRAMS)

$(BUILD) $(FOLDERS:%=$(BUILD)/%) $(BUILD)/unit $(BUILD)/tools $(BUILD)/completion $(BUILD)/xtables/filters $(BUILD)/fuzz:
	@mkdir -p $@

test-programs: test-tools $(UNIT_PROGRAMS)

# What the scripts call.
test-tools: all $(TOOL_PROGRAMS) $(EXTENSION)

# The tests, complete on a fresh machine: packages, programs, suites.
# As many jobs as processors, unless make was given a number.
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
# Suites that take long, and seldom find what no other one finds: test-slow runs them.
SLOW := $(addprefix tests/netns/,close_first.sh docker_bridges.sh dockerd.sh faults.sh layouts.sh limits.sh \
	unconnected.sh watch_docker.sh watch_unannounced.sh) tests/rules/laid.sh tests/walk/proof.sh
test:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) test-programs
	LEAVE_OUT="$(SLOW)" tests/run.sh $(BUILD)

# The same under AddressSanitizer and UndefinedBehaviorSanitizer, without some
# suites: injected faults and delays would hit the sanitizers' own calls, limits their
# memory, and the confined process may not make their calls. Some long ones, which others cover as
# far as memory goes, are left out as well.
LEFT_OUT := $(addprefix netns/,confined.sh faults.sh limits.sh truth.sh layouts.sh neighbours.sh races.sh) \
	rules/laid.sh walk/many.sh walk/proof.sh docs/hardening.sh docs/install.sh
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
test-asan:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) BUILD=build-asan CFLAGS="$(SANITIZE)" HARDENING=-fPIE test-programs
	SUITE_SECONDS=800 LEAVE_OUT="$(addprefix tests/,$(LEFT_OUT))" tests/run.sh build-asan

# The slow suites, and repairs that are killed at each of their system calls, or in which one
# fails, which take longest; a day of a watch; a build without the legacy backend.
test-slow:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) test-programs
	SUITE_SECONDS=2400 FAULTS_EVERY=2 tests/run.sh $(BUILD) $(filter-out %/lib.sh,$(wildcard tests/kill/*.sh tests/slow/*.sh)) $(SLOW)

# Some namespace suites with every run of the program under valgrind.
test-valgrind:
	tests/setup.sh build test ci
	$(MAKE) $(PARALLEL) test-programs
	tests/valgrind.sh $(BUILD)

# Booted Debian hosts, with their systemd, Docker and firewalld.
test-host:
	tests/setup.sh build test host
	$(MAKE) $(PARALLEL) BUILD=build all
	tests/host/run.sh

# Other releases of Debian, in root file systems under this kernel: the suites that depend on a
# release's libraries and commands, and rules that their iptables has written.
test-releases:
	tests/setup.sh build test host
	$(MAKE) $(PARALLEL) test-programs
	tests/releases/run.sh $(BUILD)

# How fast the watch repairs there. One host at a time: they would wait for each other.
bench-host:
	tests/setup.sh build test host
	tests/host/run.sh -j 1 distribution

# The packages, built twice, and tried on fresh root file systems.
test-packages:
	tests/setup.sh build test host packages
	$(MAKE) $(PARALLEL) all
	BUILD=$(BUILD) tests/packages/run.sh

# Packages of this source in PACKAGES_TO, and the source that they are built of.
PACKAGES_TO ?= $(BUILD)/packages
deb:
	tests/setup.sh build deb
	packaging/deb.sh "$(PACKAGES_TO)"

rpm:
	tests/setup.sh rpm
	packaging/rpm.sh "$(PACKAGES_TO)"

# The sources of a release, as they are committed; twice the same bytes.
dist:
	@! git ls-files --error-unmatch VERSION >/dev/null 2>&1 || git diff --quiet HEAD -- || { echo "make dist: commit what has changed first" >&2; exit 1; }
	packaging/source.sh dockfw-check-$(VERSION).tar.gz

# Each fuzz target for SECONDS; fuzz-ci: the corpora, and ten seconds of each target.
SECONDS ?= 600
fuzz:
	tests/setup.sh build test ci
	tests/fuzz/run.sh build-fuzz $(SECONDS)

fuzz-ci:
	$(MAKE) fuzz SECONDS=10

analyse:
	tests/setup.sh build test ci
	tests/analyse.sh

coverage:
	tests/setup.sh build test ci
	tests/coverage.sh build-coverage

demo:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) all $(ASK)
	tests/demo.sh $(BUILD)/dockfw-check

BENCHED := $(addprefix $(BUILD)/,dockfw-check tools/iptc-fetch tools/peak)
bench:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) $(BENCHED)
	tests/bench.py $(BENCHED)

UNITS_INSTALLED := $(notdir $(wildcard systemd/*.service systemd/*.timer systemd/*.path))
HELPERS := grant-access load-legacy restart-docker wait-firewalld
# The sample as well: the installed one becomes the configuration.
EXAMPLES := $(notdir $(filter-out conf/ansible,$(wildcard conf/*)))
# They link to each other, and name the examples as conf/NAME.
PAGES := README.md README.ja.md CHANGELOG.md HACKING.md SECURITY.md $(sort $(wildcard doc/*))
ROLE := $(patsubst conf/%,%,$(sort $(wildcard conf/ansible/*.md conf/ansible/*/*)))

# put FILE,FOLDER,NAME: installs a text file with the actual directories filled in.
put = $(call filled,$(1)) >$(BUILD)/put && install -m 0644 $(BUILD)/put "$(DESTDIR)$(2)/$(3)"

install: all
	$(Q)install -d "$(DESTDIR)$(SBINDIR)" "$(DESTDIR)$(SYSCONFDIR)/dockfw/conf.d" "$(DESTDIR)$(UNITDIR)" \
		"$(DESTDIR)$(SYSUSERSDIR)" "$(DESTDIR)$(LIBEXECDIR)/dockfw" "$(DESTDIR)$(DOCDIR)" \
		"$(DESTDIR)$(MANDIR)/man8" "$(DESTDIR)$(MANDIR)/man5" \
		"$(DESTDIR)$(COMPLETED_bash)" "$(DESTDIR)$(COMPLETED_zsh)" "$(DESTDIR)$(COMPLETED_fish)"
	$(Q)install -m 0755 $(BUILD)/dockfw-check "$(DESTDIR)$(SBINDIR)/dockfw-check"
	$(Q)for helper in $(HELPERS); do \
		install -m 0755 systemd/$$helper "$(DESTDIR)$(LIBEXECDIR)/dockfw/$$helper" || exit 1; done
	$(Q)for unit in $(UNITS_INSTALLED); do $(call put,systemd/$$unit,$(UNITDIR),$$unit) || exit 1; done
	$(Q)$(call put,systemd/dockfw.sysusers,$(SYSUSERSDIR),dockfw.conf)
	@# Never overwrites an existing configuration.
	$(Q)[ -e "$(DESTDIR)$(SYSCONFDIR)/dockfw/dockfw.conf" ] || \
		{ $(call put,conf/dockfw.conf,$(SYSCONFDIR)/dockfw,dockfw.conf); }
	$(Q)install -d $(foreach file,$(ROLE),"$(DESTDIR)$(DOCDIR)/conf/$(dir $(file))")
	$(Q)for file in $(EXAMPLES) $(ROLE); do $(call put,conf/$$file,$(DOCDIR)/conf,$$file) || exit 1; done
	$(Q)install -d "$(DESTDIR)$(DOCDIR)/doc"
	$(Q)for page in $(PAGES); do $(call put,$$page,$(DOCDIR),$$page) || exit 1; done
	$(Q)$(call put,man/dockfw-check.8,$(MANDIR)/man8,dockfw-check.8)
	$(Q)$(call put,man/dockfw.conf.5,$(MANDIR)/man5,dockfw.conf.5)
	$(Q)install -m 0644 $(BUILD)/completion/bash/dockfw-check "$(DESTDIR)$(COMPLETED_bash)/dockfw-check"
	$(Q)install -m 0644 $(BUILD)/completion/zsh/_dockfw-check "$(DESTDIR)$(COMPLETED_zsh)/_dockfw-check"
	$(Q)install -m 0644 $(BUILD)/completion/fish/dockfw-check.fish "$(DESTDIR)$(COMPLETED_fish)/dockfw-check.fish"
	@# A package does this when it is installed.
	@[ -n "$(DESTDIR)" ] || getent passwd dockfw >/dev/null || systemd-sysusers "$(SYSUSERSDIR)/dockfw.conf" || \
		echo "The units need a user: useradd --system --user-group --no-create-home --shell /usr/sbin/nologin dockfw"
	@[ -n "$(DESTDIR)" ] || echo "Installed. Nothing is started or changed: 'dockfw-check --exposure' shows what is open now."

# The configuration stays: it belongs to the administrator. So do the user of the units and
# its files in /var/lib/dockfw, which no other user may get.
# Where systemd runs, its units end first: the watch would put back what --remove takes out.
SYSTEMD := $(if $(DESTDIR),,$(wildcard /run/systemd/system))
uninstall:
	$(Q)$(if $(SYSTEMD),for unit in $(UNITS_INSTALLED); do systemctl disable --quiet --now $$unit 2>/dev/null || :; done)
	$(Q)rmdir --ignore-fail-on-non-empty "$(DESTDIR)$(SYSCONFDIR)/dockfw/conf.d" 2>/dev/null || :
	$(Q)rm -rf "$(DESTDIR)$(LIBEXECDIR)/dockfw" "$(DESTDIR)$(DOCDIR)"
	$(Q)for unit in $(UNITS_INSTALLED); do rm -f "$(DESTDIR)$(UNITDIR)/$$unit" || exit 1; done
	$(Q)rm -f "$(DESTDIR)$(SBINDIR)/dockfw-check" "$(DESTDIR)$(SYSUSERSDIR)/dockfw.conf" \
		"$(DESTDIR)$(MANDIR)/man8/dockfw-check.8" "$(DESTDIR)$(MANDIR)/man5/dockfw.conf.5" \
		"$(DESTDIR)$(COMPLETED_bash)/dockfw-check" "$(DESTDIR)$(COMPLETED_zsh)/_dockfw-check" \
		"$(DESTDIR)$(COMPLETED_fish)/dockfw-check.fish"
	$(Q)$(if $(SYSTEMD),systemctl daemon-reload || :)
	@echo "The rules and the guard stay in the kernel until the next boot: '$(BUILD)/dockfw-check --remove' removes them."
	@echo "These stay as well: $(SYSCONFDIR)/dockfw, /var/lib/dockfw, the user dockfw."

clean:
	rm -rf $(BUILD) build-asan build-fuzz build-coverage build-nolegacy

.PHONY: all clean test-programs test-tools test test-asan test-slow test-valgrind test-host bench-host test-releases test-packages deb rpm dist fuzz fuzz-ci fuzz-programs analyse \
	coverage demo bench install uninstall
-include $(OBJECTS:.o=.d) $(BUILD)/completion/generate.d $(BUILD)/xtables/filters/generate.d $(UNIT_PROGRAMS:=.d) $(TOOL_PROGRAMS:=.d)
