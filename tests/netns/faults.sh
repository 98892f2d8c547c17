#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The modes that only read, with each of their system calls failing in turn: the answer is
# the same as without a fault, or there is none, with exit status 3 and a message. (Repairs:
# tests/kill.)
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
export XTABLES_LOCKFILE=$WORK/xtables.lock LSAN_OPTIONS=detect_leaks=0

# run FAULT… COMMAND…: sets status; $WORK/what names the call that was made to fail.
run() {
	"$BUILD/tools/fault" "$@" >"$WORK/out" 2>"$WORK/err" 3>"$WORK/what" </dev/null
	status=$?
}
# The same answer; the text of a rule, or what is open, may be missing if the report says so.
answers() { # STATUS
	[ "$status" = "$1" ] || return 1
	cmp -s "$WORK/out" "$WORK/answer" || diff "$WORK/answer" "$WORK/out" |
		grep -qE '^> (.*\[opaque: |which ports are open is not known: |    "complete": false,)'
}
# No answer, but a message, unless the message is what cannot be written. A check of a
# configuration whose rules cannot be parsed says that it is broken.
refuses() {
	[ "$status" = 2 ] && [ -s "$WORK/err" ] && grep -q configuration-broken "$WORK/out" && return
	[ "$status" = 3 ] && { [ -s "$WORK/err" ] || grep -qE '^0 [0-9]+ [0-9]+ 2$' "$WORK/what"; }
}

# each_call OPTION…: one of two errors at each call, and the other one in the next turn.
# Processes 1 and 2 read the configuration, which is the same in every mode. When coverage
# is measured, a run takes long and its last calls write the counts, which a fault would
# spoil: then only some of the calls before those. Of the rest, one in FAULTS_EVERY.
turn=0 every=${FAULTS_EVERY:-6}
each_call() {
	local command=("$DOCKFW" -f "$CONF" -b "$KIND" "$@") wanted process number error runs=0 refused=0 wrong=0
	turn=$((turn + 1))
	run list "${command[@]}"
	wanted=$status
	[ "$wanted" != 3 ] || { cat "$WORK/err"; return 1; }
	cp "$WORK/out" "$WORK/answer"
	cp "$WORK/what" "$WORK/calls"
	while read -r process number _; do
		[ "$turn" = 1 ] || [ "$process" = 0 ] || [ "$process" -gt 2 ] || continue
		[ -z "${COVERAGE:-}" ] || { [ $((number % 5)) = 0 ] && [ "$number" -le $((process ? 40 : 180)) ]; } || continue
		[ $(((number + turn) % every)) = 0 ] || continue
		error=ENOMEM
		[ $(((number / every + turn) % 2)) = 0 ] || error=EINTR
		run "$process" "$number" "$error" "${command[@]}"
		runs=$((runs + 1))
		answers "$wanted" && continue
		refused=$((refused + 1))
		refuses && continue
		wrong=$((wrong + 1))
		echo "$error at call $(cat "$WORK/what") (process, number, system call, first argument): status $status"
		head -n 3 "$WORK/err"
		diff "$WORK/answer" "$WORK/out" | head -n 6
	done <"$WORK/calls"
	echo "$runs calls, $refused refused, $wrong wrong"
	[ "$wrong" = 0 ] && [ "$refused" -gt 0 ] && [ "$runs" -gt "$refused" ]
}

# More routes than fit into one message of the kernel; the packet takes the last one.
bridge() { ip link add "$1" type bridge && ip address add "$2" dev "$1" && ip link set "$1" up; }
bridge ens3 198.51.100.10/24
bridge docker0 172.17.0.1/16
# A setting that cannot be read counts as one that lets packets in, as these do.
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.all.accept_local=1 net.ipv4.conf.all.rp_filter=0
for ((i = 0; i < 900; i++)); do
	echo "route add 10.$((i / 250)).$((i % 250)).0/24 via 198.51.100.1"
done | ip -batch -

two_rules
packet='from 198.51.100.77 in ens3 to 10.3.149.9 tcp 80'
# interrupted COMMAND…: an answer of the kernel that a signal cuts off is read or requested again.
interrupted() {
	local n=0
	gives 0 "$@" && cp "$WORK/out" "$WORK/answer" || return 1
	until [ "$n" -gt 0 ] && ! grep -q INJECTED "$WORK/trace"; do
		gives 0 strace -qq -o "$WORK/trace" -e trace=recvmsg \
			-e "inject=recvmsg:error=EINTR:when=$((n += 1))" "$@" || return 1
		cmp "$WORK/out" "$WORK/answer" || return 1
	done
	[ "$n" -gt 10 ]
}

for KIND in nft legacy; do
	load docker-28.5
	dockfw 0 -4 --repair
	dockerd
	try "$KIND: a check" each_call -4
	end "$dockerd"
	try "$KIND: a trace" each_call --trace "$packet"
	clear_tables
done
# short COMMAND…: the kernel has no memory or buffer for a message: it is sent again.
short() {
	local n=0 error
	until [ "$n" -gt 0 ] && ! grep -q INJECTED "$WORK/trace"; do
		n=$((n + 1))
		for error in ENOMEM ENOBUFS EAGAIN; do
			clear_tables
			load docker-28.5
			gives 0 strace -qq -o "$WORK/trace" -e trace=sendto -e "inject=sendto:error=$error:when=$n" "$@" || return 1
			ipt -S DOCKER-USER | grep -q -- '-j REJECT' || return 1
		done
	done
	[ "$n" -gt 5 ]
}
# If it never has any, the time limit ends it.
never() { gives 3 strace -qq -o "$WORK/trace" -e trace=sendto -e inject=sendto:error=ENOBUFS:when=2+ "$@" && grep -q 'timed out' "$WORK/err"; }

KIND=nft
try "a shortage of the kernel passes" short "$DOCKFW" -f "$CONF" -b nft -4 --repair
try "one that stays ends at the time limit" never "$DOCKFW" -f "$CONF" -b nft -4 --repair -t 1
clear_tables
load docker-28.5
try "interrupted reads" interrupted "$DOCKFW" -f "$CONF" -b nft --trace "$packet"
try "exposure" each_call -4 --exposure --format=json
try "capture" each_call --capture
# A report without a listing or a rule's text is not passed off as complete.
clear_tables
load docker-28.5
try "a check with its listing" each_call -4 -v
try "a check as JSON, with edits" each_call -4 --format=json
finish
