#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the fuzz targets, runs each with its corpus and then fuzzes it, two at a
# time: run.sh BUILD-FOLDER SECONDS [TARGET…]; with 0 seconds it runs only the corpora.
# The results go to BUILD-FOLDER/fuzz: NAME.new has inputs that reach more code,
# NAME.found those that fail. Everything runs in a network namespace of its own.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ $# -lt 2 ]; then
	echo "usage: run.sh BUILD-FOLDER SECONDS [TARGET...]" >&2
	exit 1
fi
if [ "$(id -u)" = 0 ] && [ -z "${FUZZ_NAMESPACE:-}" ]; then
	FUZZ_NAMESPACE=1 exec unshare --net "$0" "$@"
fi
build=$1 time=$2
shift 2
sanitize="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
make -s -j"$(nproc)" BUILD="$build" CC=clang HARDENING=-fPIE \
	CFLAGS="-O1 -g -fno-omit-frame-pointer $sanitize" fuzz-programs || exit 1
build=$(realpath "$build")
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
	for source in tests/fuzz/*.c; do targets+=("$(basename "$source" .c)"); done
fi
export UBSAN_OPTIONS=print_stacktrace=1

# The largest input size that is worth its time.
longest() {
	case $1 in
	capture_again | include | packet_text | plan | proxy_words | walk) echo 512 ;;
	legacy_entry | nft_rule | rule_text) echo 2048 ;;
	docker_copy) echo 8192 ;;
	*) echo 4096 ;;
	esac
}

fuzz() { # TARGET
	local name=$1 corpus=tests/fuzz/corpus/$1 found=$build/fuzz/$1.found new=$build/fuzz/$1.new
	local log=$build/fuzz/$1.log limit=(-max_total_time="$time") inputs runs status
	mkdir -p "$found" "$new"
	inputs=$(find "$corpus" -type f 2>/dev/null | wc -l)
	if [ "$inputs" = 0 ]; then
		echo "not ok - $name: no corpus in $corpus"
		return 1
	fi
	[ "$time" -gt 0 ] || limit=(-runs=0)
	[ ! -e "tests/fuzz/$name.dict" ] || limit+=(-dict="tests/fuzz/$name.dict")
	# Inputs that an earlier run found are tried again; the time limit is for everything.
	timeout -k 10 $((time + 300)) "$build/fuzz/$name" "${limit[@]}" -max_len="$(longest "$name")" \
		-timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=512 -print_final_stats=1 \
		-artifact_prefix="$found/" "$new" "$corpus" >"$log" 2>&1 </dev/null
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	if [ "$status" = 0 ] && [ "${runs:-0}" -ge "$inputs" ]; then
		echo "ok - $name: $inputs inputs, $runs runs"
		return 0
	fi
	echo "not ok - $name: status $status after ${runs:-no} runs; the input is in $found"
	grep -avE '^#[0-9]+	|NEW_FUNC|^INFO:' "$log" | tail -n 80 | cut -c1-400 | sed 's/^/  | /'
	return 1
}

results=$(mktemp -d) || exit 1
trap 'rm -rf "$results"' EXIT
for target in "${targets[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
	# Written at once, so that the lines of two targets do not mix.
	{ fuzz "$target" >"$results/$target"; cat "$results/$target"; } &
done
wait
passed=$(cat "$results"/* | grep -c '^ok - ')
failed=$((${#targets[@]} - passed))
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
