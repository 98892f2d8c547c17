# SPDX-License-Identifier: GPL-2.0-or-later
# dockfw-check. Every variable below can be set on the command line.

PREFIX ?= /usr
SBINDIR ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
SYSCONFDIR ?= /etc
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
DESTDIR ?=
BUILD ?= build
PKG_CONFIG ?= pkg-config
UNITDIR ?= $(or $(shell $(PKG_CONFIG) --variable=systemdsystemunitdir systemd 2>/dev/null),$(PREFIX)/lib/systemd/system)

VERSION := $(shell cat VERSION)
PACKAGES := libnftnl libmnl libiptc xtables libconfuse jansson

CFLAGS ?= -O2 -g
HARDENING ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
ALL_CPPFLAGS = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DSYSCONFDIR='"$(SYSCONFDIR)"' $(CPPFLAGS)
ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(HARDENING) $(shell $(PKG_CONFIG) --cflags $(PACKAGES)) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -ldl $(LDLIBS)

# Which directories each directory of src/ may use, from the bottom layer up. Its objects
# get -I options only for these, so that a wrong include does not compile; "make analyse"
# checks the same for each name used. The files of src/ itself may use all of them.
FOLDERS := base model xtables config kernel kernel/nft kernel/legacy host decide walk reconcile report
USES_base :=
USES_model := base
USES_xtables := base model
USES_config := base model xtables
USES_kernel := base model
USES_kernel/nft := base model kernel
USES_kernel/legacy := base model xtables kernel
USES_host := base model
USES_decide := base model
USES_walk := base model
USES_reconcile := base model kernel host decide
USES_report := base model xtables walk
# may-use FOLDER: that directory and those it may use, as -I options.
may-use = $(if $(filter src,$(1)),$(INCLUDES),$(patsubst %,-Isrc/%,$(1:src/%=%) $(USES_$(1:src/%=%))))
SOURCES := $(sort $(wildcard src/*.c $(FOLDERS:%=src/%/*.c)))
INCLUDES := -Isrc $(FOLDERS:%=-Isrc/%)
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/%.o)
# Everything except main(), for the tests to link.
PARTS := $(filter-out $(BUILD)/main.o,$(OBJECTS))
UNITS := $(sort $(wildcard tests/unit/*.c))
UNIT_PROGRAMS := $(UNITS:tests/unit/%.c=$(BUILD)/unit/%)
TOOLS := $(sort $(wildcard tests/tools/*.c))
TOOL_PROGRAMS := $(TOOLS:tests/tools/%.c=$(BUILD)/tools/%)
FUZZERS := $(sort $(wildcard tests/fuzz/*.c))
FUZZ_PROGRAMS := $(FUZZERS:tests/fuzz/%.c=$(BUILD)/fuzz/%)

ifndef V
Q = @
SAY = @echo "  $(1)	$@";
endif

all: $(BUILD)/dockfw-check $(BUILD)/completion/dockfw-check

$(BUILD)/dockfw-check: $(OBJECTS)
	$(call SAY,LD)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: src/%.c Makefile VERSION $(BUILD)/sysconfdir | $(BUILD)/libraries $(FOLDERS:%=$(BUILD)/%)
	$(call SAY,CC)$(CC) $(ALL_CPPFLAGS) $(call may-use,$(<D)) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# SYSCONFDIR is compiled into the program: another value rebuilds it.
ifneq ($(file <$(BUILD)/sysconfdir),$(SYSCONFDIR))
.PHONY: $(BUILD)/sysconfdir
endif
$(BUILD)/sysconfdir: | $(BUILD)
	@echo '$(SYSCONFDIR)' >$@

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
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(INCLUDES) $(ALL_CFLAGS) -Wno-missing-field-initializers $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(PARTS) $(LIBS) -lcmocka

$(BUILD)/tools/%: tests/tools/%.c $(PARTS) | $(BUILD)/tools
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(INCLUDES) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(PARTS) $(LIBS)

# The bash completion, generated from the option table of the program.
$(BUILD)/completion/generate: completion/generate.c $(PARTS) | $(BUILD)/completion
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(INCLUDES) $(ALL_CFLAGS) $(ALL_LDFLAGS) -MMD -MP -o $@ $< $(PARTS) $(LIBS)

$(BUILD)/completion/dockfw-check: $(BUILD)/completion/generate
	$(call SAY,GEN)$< >$@.new && mv $@.new $@

# The fuzz targets: tests/fuzz/run.sh builds them with clang and libFuzzer.
$(BUILD)/fuzz/config: FUZZ_WRAPS := open glob globfree rulespec_parse rulespec_print \
	cfg_parse_fp xcalloc xreallocarray xstrdup xvasprintf
$(BUILD)/fuzz/rule_text: tests/fuzz/lib/child.c
$(BUILD)/fuzz/rule_text: FUZZ_WRAPS := _exit mnl_socket_open2
$(BUILD)/fuzz/framing: FUZZ_WRAPS := recvmsg poll $(addprefix mnl_socket_,open2 bind get_portid get_fd close \
	sendto setsockopt)
$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.h tests/fuzz/through_nft.h tests/unit/apply.h $(PARTS) | $(BUILD)/fuzz
	$(call SAY,LD)$(CC) $(ALL_CPPFLAGS) $(INCLUDES) $(ALL_CFLAGS) -fsanitize=fuzzer $(ALL_LDFLAGS) $(FUZZ_WRAPS:%=-Wl,--wrap=%) \
		-o $@ $(filter %.c,$^) $(PARTS) $(LIBS)

fuzz-programs: $(FUZZ_PROGRAMS)

$(BUILD) $(FOLDERS:%=$(BUILD)/%) $(BUILD)/unit $(BUILD)/tools $(BUILD)/completion $(BUILD)/fuzz:
	@mkdir -p $@

test-programs: all $(UNIT_PROGRAMS) $(TOOL_PROGRAMS)

# The tests, complete on a fresh machine: packages, programs, suites.
# As many jobs as processors, unless make was given a number.
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
test:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) test-programs
	tests/run.sh $(BUILD)

# The same under AddressSanitizer and UndefinedBehaviorSanitizer, without faults.sh:
# the injected faults would hit the sanitizers' own calls.
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
test-asan:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) BUILD=build-asan CFLAGS="$(SANITIZE)" HARDENING=-fPIE test-programs
	LEAVE_OUT=tests/netns/faults.sh tests/run.sh build-asan

# The slow suites: repairs that are killed, or fail, at each of their system calls.
test-slow:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) test-programs
	SUITE_SECONDS=2400 tests/run.sh $(BUILD) $(filter-out %/lib.sh,$(wildcard tests/kill/*.sh))

# The namespace suites with every run of the program under valgrind.
test-valgrind:
	tests/setup.sh build test ci
	$(MAKE) $(PARALLEL) test-programs
	tests/valgrind.sh $(BUILD)

# Booted Debian hosts, with their systemd, Docker and firewalld.
test-host:
	tests/setup.sh build test host
	tests/host/run.sh

# Each fuzz target for SECONDS; fuzz-ci: the corpora, and half a minute of each target.
SECONDS ?= 600
fuzz:
	tests/setup.sh build test ci
	tests/fuzz/run.sh build-fuzz $(SECONDS)

fuzz-ci:
	$(MAKE) fuzz SECONDS=30

analyse:
	tests/setup.sh build test ci
	tests/analyse.sh

coverage:
	tests/setup.sh build test ci
	tests/coverage.sh build-coverage

demo:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) all
	tests/demo.sh $(BUILD)/dockfw-check

BENCHED := $(addprefix $(BUILD)/,dockfw-check tools/iptc-fetch tools/peak)
bench:
	tests/setup.sh build test
	$(MAKE) $(PARALLEL) $(BENCHED)
	tests/bench.py $(BENCHED)

UNITS_INSTALLED := $(notdir $(wildcard systemd/*.service systemd/*.timer))
HELPERS := load-legacy wait-firewalld
EXAMPLES := $(notdir $(filter-out conf/dockfw.conf,$(wildcard conf/*)))

# put FILE,FOLDER,NAME: installs a text file with the actual directories filled in.
put = sed -e 's|@SBINDIR@|$(SBINDIR)|g; s|@LIBEXECDIR@|$(LIBEXECDIR)|g' \
	-e 's|/usr/sbin/dockfw-check|$(SBINDIR)/dockfw-check|g; s|/etc/dockfw|$(SYSCONFDIR)/dockfw|g' \
	$(1) >$(BUILD)/put && install -m 0644 $(BUILD)/put "$(DESTDIR)$(2)/$(3)"

install: all
	install -d "$(DESTDIR)$(SBINDIR)" "$(DESTDIR)$(SYSCONFDIR)/dockfw/conf.d" "$(DESTDIR)$(UNITDIR)" \
		"$(DESTDIR)$(LIBEXECDIR)/dockfw" "$(DESTDIR)$(DATADIR)/doc/dockfw" \
		"$(DESTDIR)$(MANDIR)/man8" "$(DESTDIR)$(MANDIR)/man5" \
		"$(DESTDIR)$(DATADIR)/bash-completion/completions"
	install -m 0755 $(BUILD)/dockfw-check "$(DESTDIR)$(SBINDIR)/dockfw-check"
	for helper in $(HELPERS); do \
		install -m 0755 systemd/$$helper "$(DESTDIR)$(LIBEXECDIR)/dockfw/$$helper" || exit 1; done
	for unit in $(UNITS_INSTALLED); do $(call put,systemd/$$unit,$(UNITDIR),$$unit) || exit 1; done
	@# Never overwrites an existing configuration.
	[ -e "$(DESTDIR)$(SYSCONFDIR)/dockfw/dockfw.conf" ] || \
		{ $(call put,conf/dockfw.conf,$(SYSCONFDIR)/dockfw,dockfw.conf); }
	for file in $(EXAMPLES); do $(call put,conf/$$file,$(DATADIR)/doc/dockfw,$$file) || exit 1; done
	$(call put,README.md,$(DATADIR)/doc/dockfw,README.md)
	$(call put,man/dockfw-check.8,$(MANDIR)/man8,dockfw-check.8)
	$(call put,man/dockfw.conf.5,$(MANDIR)/man5,dockfw.conf.5)
	install -m 0644 $(BUILD)/completion/dockfw-check \
		"$(DESTDIR)$(DATADIR)/bash-completion/completions/dockfw-check"

# The configuration stays: it belongs to the administrator.
uninstall:
	@echo "The rules in the kernel stay: 'dockfw-check --remove' removes them ($(BUILD)/dockfw-check, once the installed one is gone)."
	rmdir --ignore-fail-on-non-empty "$(DESTDIR)$(SYSCONFDIR)/dockfw/conf.d" 2>/dev/null || :
	rm -rf "$(DESTDIR)$(LIBEXECDIR)/dockfw" "$(DESTDIR)$(DATADIR)/doc/dockfw"
	for unit in $(UNITS_INSTALLED); do rm -f "$(DESTDIR)$(UNITDIR)/$$unit" || exit 1; done
	rm -f "$(DESTDIR)$(SBINDIR)/dockfw-check" \
		"$(DESTDIR)$(MANDIR)/man8/dockfw-check.8" "$(DESTDIR)$(MANDIR)/man5/dockfw.conf.5" \
		"$(DESTDIR)$(DATADIR)/bash-completion/completions/dockfw-check"

clean:
	rm -rf $(BUILD) build-asan build-fuzz build-coverage

.PHONY: all clean test-programs test test-asan test-slow test-valgrind test-host fuzz fuzz-ci fuzz-programs analyse \
	coverage demo bench install uninstall
-include $(OBJECTS:.o=.d) $(BUILD)/completion/generate.d $(UNIT_PROGRAMS:=.d) $(TOOL_PROGRAMS:=.d)
