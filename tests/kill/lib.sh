# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # used by the caller
#
# Sourced by the scripts of this folder: kills a repair at each of its system calls,
# and makes each of them fail with each error, in turn (tools/fault). The tables must
# then be as they were or as a repair leaves them, in both families together (nft) or
# in each (legacy); the guard is never there without the rest; status 0 is only for
# repaired tables; no process holds the lock; the last good configuration is stored whole
# or not at all; and the next repair succeeds.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

export XTABLES_LOCKFILE=$WORK/xtables.lock
FAULT=$BUILD/tools/fault
STATE=/var/lib/dockfw
# A kill comes at every call of the program itself, an error at one in STEP, and with the next
# error at the next one. The processes that read rules make some 250 calls each, nearly the
# same: of the first two one in 8 times as many, of the others in 32. STEP=1 is all of them.
STEP=${STEP:-6}
turn=0
MODES=${MODES:-kill ENOMEM EPERM EINTR EAGAIN ENOBUFS}

write_conf <<-'END'
	chain "DOCKER-USER" {
	    rules = {
	        "-i ens3 -p tcp --dport 80 -m conntrack --ctstate NEW -j OURS",
	        "-i ens3 -p tcp --dport 80 -j REJECT"
	    }
	}
	chain "OURS" { rules = { "-m limit --limit 5/min -j LOG", "-j DROP" } }
END

# The jump comes too late, one configured rule is there but in the wrong place, one
# rule is stale, and there are foreign rules.
broken() { # iptables
	"$1-$KIND-restore" <<-'END'
	*filter
	:INPUT ACCEPT [0:0]
	:FORWARD DROP [0:0]
	:OUTPUT ACCEPT [0:0]
	:DOCKER - [0:0]
	:DOCKER-FORWARD - [0:0]
	:DOCKER-USER - [0:0]
	:THEIRS - [0:0]
	-A FORWARD -j DOCKER-FORWARD
	-A FORWARD -j DOCKER-USER
	-A FORWARD -j THEIRS
	-A DOCKER -i ens3 -p tcp --dport 8080 -j ACCEPT
	-A DOCKER-FORWARD -j DOCKER
	-A DOCKER-USER -p udp --dport 53 -j DROP
	-A DOCKER-USER -i ens3 -p tcp --dport 80 -m comment --comment dockfw -j REJECT
	-A DOCKER-USER -p tcp --dport 22 -m comment --comment dockfw -j DROP
	-A DOCKER-USER -p udp --dport 54 -j DROP
	-A THEIRS -p udp --dport 55 -m comment --comment theirs -j DROP
	COMMIT
	END
}

# state PART: iptables or ip6tables, or the guard of ip or ip6, without counters.
state() {
	case $1 in
	ip | ip6) nft list table "$1" dockfw 2>/dev/null | sed 's/packets [0-9]* bytes [0-9]*//' ;;
	*) "$1-$KIND-save" -t filter | grep -v '^#' | sed 's/\[[0-9:]*\]//' ;;
	esac
}
restore() {
	rm -rf "$STATE"
	for command in $commands; do broken "$command" || return 1; done
	for part in $guards; do
		[ -z "$(state "$part")" ] || nft delete table "$part" dockfw || return 1
	done
}

# fault PROCESS NUMBER MODE: runs a repair with that fault. Sets status and what.
fault() {
	# shellcheck disable=SC2086 # no family is no argument
	"$FAULT" "$1" "$2" "$3" "$DOCKFW" -f "$CONF" -b "$KIND" $family --repair \
		>"$WORK/out" 2>"$WORK/err" 3>"$WORK/what" </dev/null
	status=$?
	what=$(cat "$WORK/what")
}

wrong() {
	problems=$((problems + 1))
	{
		echo "$mode at call $what (process, number, system call, first argument): $*"
		sed 's/^/    /' "$WORK/err"
	} >>"$WORK/said"
}

# The state of each part after the fault, as letters: b before, a after, ? neither; first
# of the families, then of their guards.
states() {
	local part
	seen=
	for part in $commands $guards; do
		state "$part" >"$WORK/now.$part"
		if cmp -s "$WORK/now.$part" "$WORK/before.$part"; then
			seen+=b
		elif cmp -s "$WORK/now.$part" "$WORK/after.$part"; then
			seen+=a
		else
			seen+='?'
			cp "$WORK/now.$part" "$WORK/err"
		fi
	done
}

judge_tables() {
	states
	local half=$((${#seen} / 2))
	case $KIND,${seen:0:half},${seen:half} in
	*'?'*) wrong "the tables are neither as before nor as after" ;;
	nft,ab,* | nft,ba,* | nft,*,ab | nft,*,ba) wrong "one family was written without the other" ;;
	# What ip_tables cannot write, the guard refuses by itself.
	nft,*b*,*a*) wrong "the guard was written without the rest" ;;
	nft,*a*,*b*) wrong "the rest was written without the guard" ;;
	esac
}

judge_status() {
	case $status in
	0)
		case $seen in *[!a]*) wrong "status 0, but the tables are not repaired ($seen)" ;; esac
		grep -q '^OK: ' "$WORK/out" || wrong "status 0, but no report"
		;;
	1 | 2) case $seen in *b*) ;; *) wrong "status $status, but the tables are correct" ;; esac ;;
	3) # The write of the message may be what failed.
		[ -s "$WORK/err" ] || [[ $what =~ ^0\ [0-9]+\ $WRITE\ 2$ ]] ||
			wrong "status 3 without a message"
		;;
	137) [ "$mode" = kill ] || wrong "killed" ;;
	124) wrong "a process was left behind" ;;
	*) wrong "status $status" ;;
	esac
}

# What is stored, without the date.
stored() { cat "$STATE"/* 2>/dev/null | grep -v '^# In force since'; }
judge_stored() {
	[ -z "$(stored)" ] || stored | cmp -s - "$WORK/stored" || wrong "what is stored is not whole"
}

mends() {
	# shellcheck disable=SC2086
	"$DOCKFW" -f "$CONF" -b "$KIND" $family --repair >"$WORK/out" 2>"$WORK/err" ||
		wrong "the next repair exited with $?"
	states
	case $seen in *[!a]*) wrong "the next repair did not repair ($seen)" ;; esac
	[ -n "$family" ] || { stored | cmp -s - "$WORK/stored" && [ ! -e "$STATE/.new" ]; } ||
		wrong "the next repair did not store"
}

# each_call MODE: the fault at every call, or some of them. Tables that it left unchanged are those that
# the very first repair repaired, so only one in ten of them is repaired again.
each_call() {
	local process number at intact='' step=$STEP
	mode=$1 problems=0 runs=0 turn=$((turn + 1))
	[ "$mode" != kill ] || step=1
	: >"$WORK/said"
	while read -r process number _; do
		at=$step
		case $STEP,$process in
		1,* | *,0) ;;
		*,[12]) at=$((8 * step)) ;;
		*) at=$((32 * step)) ;;
		esac
		[ $(((number + process + turn) % at)) = 0 ] || continue
		[ -n "$intact" ] || restore || return 1
		intact=
		fault "$process" "$number" "$mode"
		# Two processes do not always share their work the same way: no call was made to fail.
		if [ -z "$what" ]; then
			[ "$status" = 0 ] || wrong "status $status without a fault"
			continue
		fi
		runs=$((runs + 1))
		judge_tables
		judge_status
		judge_stored
		flock -n "$XTABLES_LOCKFILE" true || wrong "the lock is held"
		case $seen in
		*[!ab]*) mends ;;
		*b*) if [ $((runs % 10)) = 0 ] || [[ $seen == *a* ]]; then mends; else intact=1; fi ;;
		esac
	done <"$WORK/calls"
	echo "  # $mode: $runs of $(wc -l <"$WORK/calls") calls, $problems problems"
	[ "$problems" = 0 ] && [ "$runs" -gt 0 ]
}

# kills NAME [-4]: with both families, or only IPv4.
kills() {
	local part
	family=${2:-}
	commands="iptables ip6tables" guards="ip ip6"
	[ -z "$family" ] || commands=iptables guards=ip
	: >"$XTABLES_LOCKFILE"
	clear_tables
	restore || return 1
	for part in $commands $guards; do state "$part" >"$WORK/before.$part"; done
	# shellcheck disable=SC2086
	"$FAULT" list "$DOCKFW" -f "$CONF" -b "$KIND" $family --repair \
		3>"$WORK/calls" >"$WORK/out" 2>"$WORK/err" || { not_ok "$1: a repair"; return; }
	for part in $commands $guards; do
		state "$part" >"$WORK/after.$part"
		! cmp -s "$WORK/before.$part" "$WORK/after.$part" || not_ok "$1: the repair changed nothing of $part"
	done
	stored >"$WORK/stored"
	# The number of write() on this machine: the last call but one writes the report.
	WRITE=$(awk '$1 == 0 { last = now; now = $3 } END { print last }' "$WORK/calls")
	for mode in $MODES; do
		if each_call "$mode"; then
			ok "$1: $mode at the system calls"
		else
			not_ok "$1: $mode at the system calls"
		fi
	done
}
