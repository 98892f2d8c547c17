#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Static analysis: no tool may report anything about the sources, the tests' programs
# and the scripts. Where a tool is wrong, the reason is given beside the exception in
# the code, or in .clang-tidy.
set -u
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export work PYTHONPYCACHEPREFIX=$work/python
passed=0 failed=0

mapfile -t folders < <(find src -type d)
includes=${folders[*]/#/-I}
flags="-std=gnu11 -D_GNU_SOURCE -DVERSION='\"0\"' $includes $(sed -n 's/^WARNINGS := //p' Makefile)"
flags+=" -DLIBRARY_JANSSON='\"\"' -DLIBRARY_IP4TC='\"\"' -DLIBRARY_IP6TC='\"\"'"
flags+=" $(pkg-config --cflags libnftnl libmnl libiptc xtables libconfuse jansson)" || exit 1

# try_file COMMAND FILE: runs the command on one file; its output is kept if it fails.
# shellcheck disable=SC2317 # xargs calls it
try_file() {
	local log=$work/logs/${2//\//,}
	bash -c "$1" try "$2" >"$log" 2>&1 </dev/null && rm "$log"
	return 0
}
export -f try_file

# all NAME COMMAND FILE…: the command with each file as $1, two at a time.
all() {
	local name=$1 command=$2
	shift 2
	rm -rf "$work/logs" && mkdir "$work/logs" || exit 1
	# shellcheck disable=SC2016 # expanded by the shell that xargs starts
	printf '%s\0' "$@" | xargs -0 -P2 -n1 bash -c 'try_file "$0" "$1"' "$command"
	verdict "$name" "$#"
}

# Prints each protection against exploits that a plain make left out.
# shellcheck disable=SC2317 # called below
hardened() { BUILD="$work/plain" DOCKFW="$work/plain/dockfw-check" bash tests/docs/hardening.sh | grep -v '^ok'; }

# verdict NAME FILES: prints the result, and the logs without the lines that tools always print.
verdict() {
	local log name=$1
	log=$(find "$work/logs" -type f -exec cat {} + |
		grep -vE '^([0-9]+ warnings? generated|Suppressed|Use -)')
	if [ "$2" -gt 0 ] && [ -z "$(find "$work/logs" -type f)" ]; then
		passed=$((passed + 1)) && echo "ok - $name"
	else
		failed=$((failed + 1)) && echo "not ok - $name"
		head -n 60 <<<"$log"
	fi
}

mapfile -t sources < <(find src completion -name '*.c' | sort)
mapfile -t tests < <(find tests -name '*.c' | sort)
mapfile -t scripts < <(find tests .ci systemd -type f \
	-exec grep -lE '^#!/bin/(ba)?sh|^# shellcheck shell=' {} + | sort)
mapfile -t python < <(find tests -name '*.py' | sort)

# With the warnings of a build; cmocka's macros leave members of structures uninitialized. gcc
# compiles the program in the plain make below, where a warning is a failure.
compile="gcc $flags -O2 -D_FORTIFY_SOURCE=2 -Werror -c -o /dev/null"
all "gcc: the tests, and what a plain make leaves out" "$compile -Wno-missing-field-initializers \"\$1\"" \
	"${tests[@]}" src/kernel/legacy/without_legacy.c completion/*.c
# clang's warnings do not depend on the code that it generates.
compile="clang $flags -O2 -D_FORTIFY_SOURCE=2 -Werror -fsyntax-only"
all "clang: the program" "$compile \"\$1\"" "${sources[@]}"
all "clang: the tests" "$compile -Wno-missing-field-initializers \"\$1\"" "${tests[@]}"
# Since gcc 13 it takes opening descriptors 0 to 2 for a leak.
all 'gcc -fanalyzer' "gcc $flags -O1 -fanalyzer -Wno-analyzer-fd-leak -Werror -c -o /dev/null \"\$1\"" "${sources[@]}"
# The analyzer gives a function up after so many states, by default after 225000. Of 2,000 blocks
# of code, that many come to one more than a third of them, in two and a half times the time.
states="-Xclang -analyzer-config -Xclang max-nodes=${STATES:-75000}"
all 'clang-tidy' "clang-tidy --quiet \"\$1\" -- $flags $states" "${sources[@]}"
all 'cppcheck' "cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr \
	--suppress=normalCheckLevelMaxBranches --error-exitcode=1 -D_GNU_SOURCE -DVERSION='\"0\"' \
	$includes \"\$1\"" "${sources[@]}" tests/tools/*.c
# Without warnings about sourced files that are not found and about optional arguments.
all 'shellcheck' "shellcheck -x -e SC1090,SC1091,SC2119,SC2120 \"\$1\"" "${scripts[@]}"
all 'python' "python3 -W error -m py_compile \"\$1\"" "${python[@]}"
# one NAME COMMAND…: passes if the command prints nothing.
one() {
	local name=$1
	shift
	rm -rf "$work/logs" && mkdir "$work/logs" || exit 1
	"$@" >"$work/logs/one" 2>&1
	find "$work/logs" -type f -empty -delete
	verdict "$name" 1
}

# Prints only warnings and errors.
plain_make() { { env -u MAKEFLAGS -u CFLAGS -u LDFLAGS -u HARDENING make -j2 "$@" >/dev/null; } 2>&1; }

# Which file may use which in src/, by their includes and by the names that they use.
# shellcheck disable=SC2317 # called below
layout() { python3 tests/layout.py "$work/plain" >"$work/layout" || cat "$work/layout"; }

# found FAULT LINE FILE…: the layout check reports FAULT once the line is appended to the files.
# shellcheck disable=SC2317 # called below
found() {
	local fault=$1 line=$2
	shift 2
	rm -rf "$work/faulty" && mkdir "$work/faulty" && cp -r src tests Makefile VERSION "$work/faulty" || exit 1
	(
		cd "$work/faulty" && tee -a "$@" <<<"$line" >/dev/null || exit 1
		if python3 tests/layout.py "$work/plain" >layout || ! grep -q "$fault" layout; then
			echo "not found: $fault"
			cat layout
		fi
	)
}
# A wrong include does not even compile.
# shellcheck disable=SC2317 # called below
wall_holds() {
	(
		cd "$work/faulty" && echo '#include "backend.h"' >>src/decide/plan.c || exit 1
		if plain_make BUILD="$work/walled" "$work/walled/decide/plan.o" >log ||
			! grep -q 'backend.h: No such file' log; then
			echo "it compiles, or fails for another reason"
			cat log
		fi
	)
}

one 'gcc: a plain make' plain_make BUILD="$work/plain" "$work/plain/dockfw-check"
one 'hardening' hardened
one 'the layout of src/' layout
one 'a wrong include is found' found "plan.c:[0-9]*: include of 'backend.h'" '#include "backend.h"' src/decide/plan.c
one 'a wrong use is found' found 'base/util uses model/edit' 'extern struct edit *wrong;' src/base/util.h
one 'a circle is found' found 'a circle: .*model/edit .*model/rule' 'extern struct edit *wrong;' src/model/rule.h
one 'a use of a folder above is found' found 'model may use walk, which is not below it' 'USES_model := base walk' Makefile
one 'a wrong include does not compile' wall_holds
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
