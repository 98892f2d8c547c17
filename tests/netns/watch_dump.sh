#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch while the kernel is short of buffers: a listing that breaks off costs a moment, and not
# all later ones on the socket that owns the guard.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"
export LSAN_OPTIONS=detect_leaks=0 # LeakSanitizer cannot run under strace

if ! strace -qq -o /dev/null true 2>/dev/null; then
	echo "ok 1 - the whole suite # SKIP strace cannot run here"
	exit 77
fi
# A chain that FORWARD leads to, which is listed in many parts.
many() {
	local a b
	{
		echo '*filter' && echo ':BANS - [0:0]'
		for a in {0..7}; do
			for b in {0..249}; do echo "-A BANS -s 10.9.$a.$b -j DROP"; done
		done
		echo '-I FORWARD -j BANS' && echo COMMIT
	} | iptables-nft-restore -n
}
# Of what is received after the start, one in so many breaks off.
short_of_buffers() {
	strace -qq -o "$WORK/trace" -e trace=recvmsg -e inject=recvmsg:error=ENOBUFS:when=20+197 -p "$watch" \
		>"$WORK/traced" 2>&1 &
	sleep 1
	cat "$WORK/traced"
	[ -e "$WORK/trace" ]
}
broke_off() { grep -q 'ENOBUFS.*INJECTED' "$WORK/trace"; }
repairs() {
	local _
	for _ in {1..8}; do
		no_events
		ipt -F DOCKER-USER
		event '.event == "repaired"' && sleep 1.3 || return
	done
}
never_busy() { ! grep -i busy "$WORK/reported" "$WORK/trace"; }

# shellcheck disable=SC2034 # for lib.sh
KIND=nft
load docker-28.5 && two_rules
try "many rules" many
try "the watch starts" watch
try "the kernel is short of buffers" short_of_buffers
try "what others break is repaired" repairs
try "although listings have broken off" broke_off
try "and the kernel began each of the next ones" never_busy
try "the end" stop
finish
