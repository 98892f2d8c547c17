#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What only reads, with each of its system calls failing in turn: it gives the answer that
# it gives without, or none, with exit 3 and a message. (Repairs: tests/kill.)
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
export XTABLES_LOCKFILE=$WORK/xtables.lock LSAN_OPTIONS=detect_leaks=0

# run WHAT… COMMAND…: sets status; $WORK/what holds what was made to fail.
run() {
	"$BUILD/tools/fault" "$@" >"$WORK/out" 2>"$WORK/err" 3>"$WORK/what" </dev/null
	status=$?
}
# The same answer; the text of a rule may be lacking where that is said.
answers() { # STATUS
	[ "$status" = "$1" ] || return 1
	cmp -s "$WORK/out" "$WORK/answer" || diff "$WORK/answer" "$WORK/out" | grep -q '^> .*\[opaque: '
}
# None, with a message, unless it is the message that cannot be written.
refuses() {
	[ "$status" = 3 ] && { [ -s "$WORK/err" ] || grep -qE '^0 [0-9]+ [0-9]+ 2$' "$WORK/what"; }
}

# each_call OPTION…: one of the two errors at each call, the other one in the next run of
# all. The processes 1 and 2 read the configuration, for every mode alike. Where coverage
# is measured, each run takes long, and its last calls write the counts, which a fault would
# spoil: some calls alone, of those before.
turn=0
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
		error=ENOMEM
		[ $(((number + turn) % 2)) = 0 ] || error=EINTR
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

# More routes than one message of the kernel's holds; asked for is what the last one leads to.
bridge() { ip link add "$1" type bridge && ip address add "$2" dev "$1" && ip link set "$1" up; }
bridge ens3 198.51.100.10/24
bridge docker0 172.17.0.1/16
# A switch that cannot be read counts as one that lets packets in: as these are.
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.all.accept_local=1 net.ipv4.conf.all.rp_filter=0
for ((i = 0; i < 900; i++)); do
	echo "route add 10.$((i / 250)).$((i % 250)).0/24 via 198.51.100.1"
done | ip -batch -

two_rules
packet='from 198.51.100.77 in ens3 to 10.3.149.9 tcp 80'
# interrupted COMMAND…: each answer of the kernel's that a signal cuts off is read, or asked for, again.
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
KIND=nft
load docker-28.5
try "interrupted reads" interrupted "$DOCKFW" -f "$CONF" -b nft --trace "$packet"
try "exposure" each_call -4 --exposure --format=json
try "capture" each_call --capture
# A listing or a rule's text that is missing is not passed off as the whole report.
clear_tables
load docker-28.5
try "a check with its listing" each_call -4 -v
try "a check as json, with edits" each_call -4 --format=json
finish
