#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a run leaves: a check leaves nothing, in either backend; a repair makes one
# transaction, or none if nothing is wrong; and neither runs another program.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
export LSAN_OPTIONS=detect_leaks=0 # LeakSanitizer cannot run under strace

# Everything that exists: tables, base chains, and the tables that the kernel registered.
everything() {
	nft -a list ruleset
	registered iptables
	registered ip6tables
}
# untouched STATUS OPTION…: the program writes nothing and creates no table.
untouched() {
	everything >"$WORK/everything"
	silent dockfw_status "$@" && everything | diff "$WORK/everything" -
}
dockfw_status() { dockfw "$@"; }

# traced OPTION…: the system calls of a run, in $WORK/trace.
traced() {
	strace -f -qq -s 64 -e trace=setsockopt,execve -o "$WORK/trace" \
		"$DOCKFW" -f "$CONF" -b "$KIND" "$@" >"$WORK/out" 2>&1
}
# SO_SET_REPLACE is 64 in both families; strace may print its name. One that is only tried fails.
replaces() { grep -cE '(IP6?T_SO_SET_REPLACE|SOL_IP(V6)?, 64|SOL_IPV6, 0x40).* = 0$' "$WORK/trace"; }
no_replace() {
	traced "$@"
	[ "$(replaces)" = 0 ] || { cat "$WORK/trace"; return 1; }
}
runs_no_program() {
	traced "$@"
	[ "$(grep -c execve "$WORK/trace")" = 1 ] || { cat "$WORK/trace"; return 1; }
}

# one_transaction: a repair of both families is one generation of nf_tables.
one_transaction() {
	local monitor number
	: >"$WORK/monitor"
	nft monitor >"$WORK/monitor" 2>&1 &
	monitor=$!
	mark begun && dockfw 0 --repair && mark ended || return 1
	kill -KILL "$monitor" && wait "$monitor" 2>/dev/null
	number=$(grep '^# new generation' "$WORK/monitor" | grep -vc '(nft)$')
	[ "$number" = 1 ] && return
	cat "$WORK/monitor"
	return 1
}

both() { load "$1" && load "$1.ipv6" ip6tables; }

two_rules
for KIND in auto nft legacy; do
	for mode in --check '--repair --dry-run' '--check -v' '--check -vvv' '--check --format=json'; do
		# shellcheck disable=SC2086 # words
		try "$KIND, no table at all: $mode creates none" untouched 3 $mode
	done
	try "$KIND, no table at all: --check-config" untouched 0 --check-config
done
try "nothing is registered" [ -z "$(everything)" ]

KIND=nft
both docker-28.5
KIND=auto
try "Docker by nft: a check loads no legacy table" untouched 2 --check
try "Docker by nft: nor does a dry run" untouched 2 --repair --dry-run
try "Docker by nft: --capture writes nothing" untouched 1 --capture
KIND=nft
try "Docker by nft: a repair loads none either" dockfw 0 --repair
try "Docker by nft: none is registered" [ -z "$(registered iptables; registered ip6tables)" ]
both docker-28.5
try "both families are repaired in one transaction" one_transaction
try "and nothing is written after that" untouched 0 --repair
both docker-28.5
try "nft: a repair runs no other program" runs_no_program --repair

clear_tables
KIND=legacy
both docker-28.5
KIND=auto
try "Docker by legacy: a check creates nothing" untouched 2 --check
try "Docker by legacy: nor does a dry run" untouched 2 --repair --dry-run
KIND=legacy
try "Docker by legacy: a check replaces no table" no_replace --check
try "Docker by legacy: nor does a dry run" no_replace --repair --dry-run
try "Docker by legacy: a repair runs no other program" runs_no_program --repair
# One for each family; a second system call of each restores the counters.
try "and replaces the table of each family once" [ "$(replaces)" = 2 ]
try "it is repaired" finds 0 ''
try "a second repair replaces none" no_replace --repair
try "of nf_tables it creates only the guard" [ "$(nft list tables | xargs)" = 'table ip dockfw table ip6 dockfw' ]

# ---- another writer, while the tables are read ----

# Whichever read is cut short, also one of those that detect the backend: it is repeated.
cut_short() # OPTION…
{
	local n=0
	dockfw 2 "$@"
	cp "$WORK/out" "$WORK/undisturbed"
	: >"$WORK/trace"
	while [ "$n" = 0 ] || grep -q INJECTED "$WORK/trace"; do
		n=$((n + 1))
		gives 2 strace -qq -o "$WORK/trace" -e trace=recvmsg -e "inject=recvmsg:error=ENOBUFS:when=$n" \
			"$DOCKFW" -f "$CONF" -b "$KIND" "$@" || return 1
		diff "$WORK/undisturbed" "$WORK/out" || return 1
	done
	[ "$n" -gt 5 ] || { echo "only $n reads"; return 1; }
}
clear_tables
KIND=nft
both docker-28.5
KIND=auto
try "a check that is cut short reports the same" cut_short
try "and so does a longer report" cut_short -v --format=json
# The process that parses the rules does not answer in time.
too_late() {
	gives 3 strace -qq -o "$WORK/trace" -e trace=poll -e inject=poll:error=EINTR \
		"$DOCKFW" -f "$CONF" --check-config -t 1 &&
		grep -q 'timed out after 1 s while reading the configuration; raise the limit' "$WORK/err"
}
try "a timeout names the step" too_late
finish
