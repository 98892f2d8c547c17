#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the suites, two at a time, and counts: run.sh BUILD-FOLDER [SUITE…]
# A suite is a script of tests/*/ or a cmocka program of BUILD-FOLDER/unit. It
# passes with 0 and is skipped with 77; where it prints lines "ok …", "not ok …" or
# "ok … # SKIP …", or cmocka's, these are what is counted. With CI=true or
# MUST_RUN=1 a skip is a failure: the set-up installs all that is needed. A suite
# that has not ended after SUITE_SECONDS (900) hangs, and has failed. Where no suites are
# named, those of LEAVE_OUT are not run.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "$1") || exit 1
shift
export BUILD="$build" DOCKFW="${DOCKFW:-$build/dockfw-check}"
logs=$(mktemp -d) || exit 1
trap 'rm -rf "$logs"' EXIT

# The long ones first, so that none is left over at the end.
suites=("$@")
if [ ${#suites[@]} = 0 ]; then
	for suite in tests/{walk,rules,netns,nft,legacy,config,docs}/*.sh "$build"/unit/*; do
		[[ " ${LEAVE_OUT:-} " != *" $suite "* ]] || continue
		case ${suite##*/} in
		lib.sh | net.sh | compare.sh | '*.sh' | '*' | *.d | *.gcno | *.gcda) ;;
		*) suites+=("$suite") ;;
		esac
	done
fi

count() { grep -cE "$1" "$log"; }

# One line for the suite, and all that it said where it did not pass; its counts
# go to a file.
report() { # SUITE STATUS SECONDS
	local ok bad skip word=pass
	skip=$(count '^(ok .*# SKIP|\[  SKIPPED \])')
	ok=$(($(count '^(ok |\[       OK \])') - $(count '^ok .*# SKIP')))
	bad=$(count '^(not ok |\[  FAILED  \] [a-zA-Z0-9])')
	case $2 in
	0) [ $((ok + bad + skip)) -gt 0 ] || ok=1 ;;
	77) [ "$skip" -gt 0 ] || skip=1 ;;
	*) [ "$bad" -gt 0 ] || bad=1 ;;
	esac
	if [ "${CI:-}" = true ] || [ -n "${MUST_RUN:-}" ]; then
		bad=$((bad + skip)) skip=0
	fi
	[ "$skip" = 0 ] || word=skip
	[ "$bad" = 0 ] || word=FAIL
	printf '%s  %4d  %s (%d s)\n' "$word" "$ok" "${1#"$PWD"/}" "$3"
	[ $word = pass ] || grep -vE '^ok [^#]*$' "$log" | tail -n 80 | sed 's/^/      | /'
	echo "$ok $bad $skip" >"$log.count"
}

run() { # SUITE LOG
	local log=$2 began=$SECONDS
	case $1 in
	*.sh) timeout "${SUITE_SECONDS:-900}" bash "$1" ;;
	*) timeout "${SUITE_SECONDS:-900}" "$1" ;;
	esac >"$log" 2>&1 </dev/null
	# Written in one go, so that two suites do not mix their lines.
	report "$1" $? $((SECONDS - began)) >"$log.report"
	cat "$log.report"
}

for i in "${!suites[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
	run "${suites[i]}" "$logs/$i" &
done
wait

cat "$logs"/*.count | awk -v suites="${#suites[@]}" '
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		# A suite that left no count has not been run.
		failed += suites - NR
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || !passed
	}'
