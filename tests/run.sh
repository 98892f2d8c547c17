#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the suites, some at a time, and counts the results: run.sh BUILD-FOLDER [SUITE…]
# A suite is a script in tests/*/ or a cmocka program in BUILD-FOLDER/unit. Exit status
# 0 is a pass and 77 a skip; if the suite prints lines "ok …", "not ok …" or
# "ok … # SKIP …", or cmocka's, those are counted. With CI=true or MUST_RUN=1 a skip is
# a failure, since the set-up installs everything that is needed. A suite that has not
# ended after SUITE_SECONDS (600) hangs, and fails. The suites in LEAVE_OUT run only if
# they are named.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "$1") || exit 1
shift
export BUILD="$build" DOCKFW="${DOCKFW:-$build/dockfw-check}"
logs=$(mktemp -d) || exit 1
trap 'rm -rf "$logs"' EXIT

# Long suites first, so that none of them runs by itself at the end.
suites=("$@")
if [ ${#suites[@]} = 0 ]; then
	for suite in tests/netns/watch_unannounced.sh tests/{walk,rules}/*.sh "$build"/unit/* \
		tests/{netns,nft,legacy,config,docs}/*.sh; do
		[[ " ${LEAVE_OUT:-} ${suites[*]} " != *" $suite "* ]] || continue
		case ${suite##*/} in
		lib.sh | net.sh | compare.sh | '*.sh' | '*' | *.d | *.gcno | *.gcda) ;;
		*) suites+=("$suite") ;;
		esac
	done
fi

# Suites wait for two thirds of their time.
at_a_time=$((3 * $(nproc)))

# Where python3 is a script that looks for the interpreter of a version, as pyenv's is, each call
# would take four times as long.
if [ "$(head -c 2 "$(command -v python3)" 2>/dev/null | tr -d '\0')" = '#!' ]; then
	mkdir "$logs/bin" && ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$logs/bin/python3" || exit 1
	chmod 755 "$logs" # for suites that run as another user
	PATH=$logs/bin:$PATH
fi

count() { grep -cE "$1" "$log"; }

# Prints one line for the suite, and its output if it did not pass; its counts go to
# a file.
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
	*.sh) timeout "${SUITE_SECONDS:-600}" bash "$1" ;;
	*) timeout "${SUITE_SECONDS:-600}" "$1" ;;
	esac >"$log" 2>&1 </dev/null
	# Written at once, so that the lines of two suites do not mix.
	report "$1" $? $((SECONDS - began)) >"$log.report"
	cat "$log.report"
}

for i in "${!suites[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge $at_a_time ]; do wait -n; done
	run "${suites[i]}" "$logs/$i" &
done
wait

cat "$logs"/*.count | awk -v suites="${#suites[@]}" '
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		# A suite without a count did not run.
		failed += suites - NR
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit failed > 0 || !passed
	}'
