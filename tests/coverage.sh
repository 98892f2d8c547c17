#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which lines the tests execute: coverage.sh BUILD-FOLDER [SUITE…]
# Prints a table by file, and writes the lines that were not executed to
# BUILD-FOLDER/uncovered.txt. The lines that a killed program executed are not counted.
set -u
cd "$(dirname "$0")/.." || exit 1
mkdir -p "$1" || exit 1
build=$(realpath "$1")
shift
find "$build" -name '*.gcda' -delete

# Exported for the tests as well: one of them runs make.
export CC=gcc CFLAGS='-O0 -g --coverage' HARDENING=-fPIE COVERAGE=1
export LDFLAGS="-Wl,--wrap=_exit,--wrap=spec_landlock,--wrap=spec_seccomp $build/dump.o"
gcc -O1 -c -o "$build/dump.o" tests/coverage/dump.c &&
	make -s -j2 BUILD="$build" test-programs >"$build/make.log" || exit 1

# Tests also run the program as other users, who must be able to add their counts.
find "$build" -name '*.gcno' | while read -r notes; do
	: >>"${notes%.gcno}.gcda" && chmod 666 "${notes%.gcno}.gcda"
done

tests/run.sh "$build" "$@" >"$build/run.log"
status=$?
grep -v '^pass' "$build/run.log" | head -n -1
python3 tests/coverage/report.py "$build" || status=1
tail -n 1 "$build/run.log"
exit "$status"
