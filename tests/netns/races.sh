#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Repairs without pause, on tables that others write to without pause: real iptables
# processes in FORWARD, in DOCKER-USER and in chains of their own, nft in another
# table, and a process that breaks the host again and again, guard included. None of
# their changes is lost or undone, and a concurrent reader sees either the broken host
# or the repaired one, nothing in between.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
ROUNDS=${ROUNDS:-350}
export XTABLES_LOCKFILE=$WORK/xtables.lock

restore() { "iptables-$KIND-restore" ${WAIT:+-w} --noflush; }
commit() { printf '*filter\n%s\nCOMMIT\n' "$1"; }

# writer N CHAIN: transactions of one process. It removes half of what it adds to
# CHAIN, and it fills and flushes a chain of its own.
writer() {
	local i rule
	for ((i = 1; i <= ROUNDS; i++)); do
		rule="-s 10.$1.$((i / 250)).$((i % 250))/32"
		commit "-I $2 $rule"
		[ $((i % 2)) = 0 ] || commit "-D $2 $rule"
		commit "-A SCRATCH$1 $rule"
		[ $((i % 10)) != 0 ] || commit "-F SCRATCH$1"
		# A gap as between processes: without one no repair could ever commit.
		sleep 0.004
	done | restore
}

# Removes the configured rules and moves the jump to the end, in one transaction, each
# time a repair has put them right; and then the guard.
breaker() {
	while [ ! -e "$WORK/done" ]; do
		commit '-D DOCKER-USER -i ens3 -p tcp -m tcp --dport 80 -s 203.0.113.123 -m comment --comment dockfw -j RETURN
-D DOCKER-USER -i ens3 -p tcp -m tcp --dport 80 -m comment --comment dockfw -j REJECT
-D FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-USER' | restore 2>/dev/null && echo broken >>"$WORK/broken" &&
			nft delete table ip dockfw 2>/dev/null
	done
}

# Writes elsewhere in nf_tables, which increments the generation.
elsewhere() {
	while [ ! -e "$WORK/done" ]; do
		echo 'add table inet elsewhere; add chain inet elsewhere c; delete table inet elsewhere'
		sleep 0.01
	done | nft -i >/dev/null
}

# repairer: records every status but 0, but 2 where the breaker undid every round of a
# repair at once, and but 3 for tables that others changed without a gap.
repairer() {
	while [ ! -e "$WORK/done" ]; do
		"$DOCKFW" -f "$CONF" -b "$KIND" -4 --repair >"$WORK/repair" 2>"$WORK/err"
		case $? in
		0) ;;
		2) grep -q '^critical  *contested  .*another writer undid' "$WORK/repair" ||
			cat "$WORK/repair" "$WORK/err" >>"$WORK/failed" ;;
		3) grep -q 'the tables changed .* while they were read' "$WORK/err" ||
			cat "$WORK/err" >>"$WORK/failed" ;;
		*) cat "$WORK/repair" "$WORK/err" >>"$WORK/failed" ;;
		esac
		cat "$WORK/repair" >>"$WORK/repairs"
	done
}

# sample_of: one moment, as "HANDLE WORD" for each of the configured rules of DOCKER-USER and for
# the jumps to it and to Docker's first chain, in the order of the rules.
sample_of() {
	local -
	set -o pipefail
	case $KIND in
	nft) nft -a list table ip filter | awk '
		/^\tchain / { chain = $2 }
		chain == "DOCKER-USER" && /203\.0\.113\.123 .* return # handle/ { print $NF, "return" }
		chain == "DOCKER-USER" && / reject # handle/ { print $NF, "reject" }
		chain == "FORWARD" && / jump DOCKER-USER # handle/ { print $NF, "jump" }
		chain == "FORWARD" && / jump DOCKER-ISOLATION-STAGE-1 # handle/ { print $NF, "docker" }' ;;
	legacy) iptables-legacy-save -t filter | awk '
		/^-A DOCKER-USER .*dockfw -j RETURN/ { print NR, "return" }
		/^-A DOCKER-USER .*dockfw -j REJECT/ { print NR, "reject" }
		/^-A FORWARD -j DOCKER-USER$/ { print NR, "jump" }
		/^-A FORWARD -j DOCKER-ISOLATION-STAGE-1$/ { print NR, "docker" }' ;;
	esac
}
# reader: a table that is read whole shows one moment. nft lists a rule twice if somebody has
# inserted another one, which is not committed yet, while it reads: that is not a sample.
reader() {
	while [ ! -e "$WORK/done" ]; do
		sample_of >"$WORK/sample" 2>/dev/null || continue
		[ -z "$(cut -d' ' -f1 "$WORK/sample" | sort | uniq -d)" ] || continue
		cut -d' ' -f2 "$WORK/sample" | tr '\n' ' ' >>"$WORK/samples"
		echo >>"$WORK/samples"
	done
}

# The same of the guard: a sample has its rules, and is empty without the table.
guard_reader() {
	while [ ! -e "$WORK/done" ]; do
		nft list table ip dockfw 2>/dev/null | awk '/type filter hook forward .* policy accept;/ { printf "forward " }
			/ip saddr 203.0.113.123 .* accept / { printf "accept " }
			/ counter packets .* reject / { printf "reject " }
			END { print "" }' >>"$WORK/guard-samples"
	done
}

# The changes of the others are there, each in its place.
kept() {
	local n chain i
	for n in 1 2 3; do
		chain=$(cut -d' ' -f"$n" <<<"FORWARD DOCKER-USER THEIRS")
		for ((i = ROUNDS - ROUNDS % 2; i > 0; i -= 2)); do
			echo "-A $chain -s 10.$n.$((i / 250)).$((i % 250))/32"
		done
	done >"$WORK/wanted"
	for chain in FORWARD DOCKER-USER THEIRS; do ipt -S "$chain" | grep -E -- '-s 10\.[123]\.'; done >"$WORK/is"
	diff "$WORK/wanted" "$WORK/is" && ! ipt -S | grep -- '-A SCRATCH'
}
# states FILE STATE OTHER: both states were seen, and no other.
states() {
	sort "$1" | uniq -c >"$WORK/states"
	cat "$WORK/states"
	grep -qE "^ *[0-9]+ $2\$" "$WORK/states" && grep -qE "^ *[0-9]+ $3\$" "$WORK/states" &&
		! grep -vE "^ *[0-9]+ ($2|$3)\$" "$WORK/states"
}
# FORWARD is listed before DOCKER-USER.
whole() { states "$WORK/samples" 'jump docker return reject ' 'docker jump '; }
guard_whole() { states "$WORK/guard-samples" 'forward accept reject ' ''; }
without_failure() { [ ! -s "$WORK/failed" ] || { head -n 30 "$WORK/failed"; return 1; }; }
often() { [ "$(wc -l <"$WORK/broken")" -ge 10 ] && [ "$(grep -c '^OK: repaired' "$WORK/repairs")" -ge 10 ]; }

# ---- several runs at once: a timer's, one by hand, one that stays; and checks ----

# run_often NAME OPTION…: each status but those that the tables can have caused is recorded.
run_often() {
	local name=$1 i
	for ((i = 0; i < 12; i++)); do
		"$DOCKFW" -f "$CONF" -b "$KIND" -4 "${@:2}" --format=json -o "$WORK/report.json" 2>"$WORK/err.$name"
		status=$?
		echo "$name $status" >>"$WORK/statuses"
		case $status in
		# Every writer of the report has put a whole one in place.
		[012]) jq -e '.exit <= 3 and (.findings | type == "array")' "$WORK/report.json" >/dev/null ||
			echo "$name $i: the report is not whole" >>"$WORK/failed" ;;
		3) grep -q 'the tables changed .* while they were read' "$WORK/err.$name" ||
			cat "$WORK/err.$name" >>"$WORK/failed" ;;
		*) echo "$name: $status" >>"$WORK/failed" ;;
		esac
	done
}
together() {
	local pid runs others
	rm -f "$WORK"/{done,failed,statuses}
	breaker & others=$!
	ROUNDS=60 writer 1 FORWARD & others+=" $!"
	run_often timer --repair & runs=$!
	run_often hand --repair & runs+=" $!"
	run_often watch --repair --wait=1 & runs+=" $!"
	run_often check & runs+=" $!"
	run_often monitor -v & runs+=" $!"
	for pid in $runs; do wait "$pid"; done
	touch "$WORK/done"
	for pid in $others; do wait "$pid"; done
	# Each kind of run has ended well at least once.
	[ "$(grep -c ' 0$' "$WORK/statuses")" -ge 5 ] || sort "$WORK/statuses" | uniq -c >>"$WORK/failed"
	without_failure
}
# Each configured rule, the jump and the guard's rules are there once.
once() {
	ipt -S >"$WORK/rules"
	nft list table ip dockfw >>"$WORK/rules"
	cat "$WORK/rules"
	for rule in '^-A DOCKER-USER .*--comment dockfw -j RETURN' '^-A DOCKER-USER .*--comment dockfw -j REJECT' \
		'^-A FORWARD -j DOCKER-USER' 'ip saddr 203.0.113.123 .* accept ' ' counter packets .* reject '; do
		[ "$(grep -cE -- "$rule" "$WORK/rules")" = 1 ] || { echo "not once: $rule"; return 1; }
	done
}
# Nothing but the one that was stored, and that is whole.
stored_once() {
	[ "$(find /var/lib/dockfw -type f | wc -l)" = 1 ] && ls -lA /var/lib/dockfw &&
		"$DOCKFW" --check-config -f "$(find /var/lib/dockfw -type f)"
}

two_rules
for KIND in nft legacy; do
	WAIT=
	[ $KIND = nft ] || WAIT=1
	rm -f "$WORK"/{done,samples,guard-samples,failed}
	: >"$WORK/broken"
	: >"$WORK/repairs"
	load reload-debian-12
	for chain in THEIRS SCRATCH1 SCRATCH2 SCRATCH3; do ipt -N $chain; done
	dockfw 0 -4 --repair
	writer 1 FORWARD & writers=$!
	writer 2 DOCKER-USER & writers+=" $!"
	writer 3 THEIRS & writers+=" $!"
	breaker & others=$!
	repairer & others+=" $!"
	reader & others+=" $!"
	guard_reader & others+=" $!"
	elsewhere & others+=" $!"
	written=0
	for pid in $writers; do wait "$pid" || written=1; done
	# On a busy machine the breaker may not have had its turn often enough.
	for ((i = 0; i < 300; i++)); do
		often && break
		sleep 0.1
	done
	touch "$WORK/done"
	for pid in $others; do wait "$pid"; done
	try "$KIND: the others could write" [ $written = 0 ]
	try "$KIND: no repair failed" without_failure
	try "$KIND: the host was broken and repaired $(wc -l <"$WORK/broken") times" often
	try "$KIND: each change of the others is there" kept
	try "$KIND: nothing in between was seen in $(wc -l <"$WORK/samples") samples" whole
	try "$KIND: nor of the guard in $(wc -l <"$WORK/guard-samples")" guard_whole
	dockfw 0 --repair
	try "$KIND: correct at the end" finds 0 ''
	try "$KIND: several runs at once, each with a status that the tables explain" together
	try "$KIND: after that, a repair" dockfw 0 -4 --repair
	try "$KIND: everything is there once" once
	try "$KIND: nothing is left to repair" dockfw 0 -4
	try "$KIND: one configuration is stored" stored_once
	clear_tables
done
finish
