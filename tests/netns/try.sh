#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # scripts for other shells
# --try on a terminal: kept after a yes, otherwise undone, whatever ends the wait.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
export XTABLES_LOCKFILE=$WORK/xtables.lock

sanitized=no options=()
! ldd "$DOCKFW" 2>/dev/null | grep -q libasan || sanitized=yes
question='Without an answer it is undone in'
# tries STATUS SECONDS [PATTERN ACTION]…: --try on a terminal.
tries() {
	local wanted=$1 seconds=$2
	shift 2
	gives "$wanted" "$TESTS/dialogue.py" "$@" -- "$DOCKFW" -f "$CONF" -b "$KIND" --try "$seconds" "${options[@]}"
}
says() { grep -qF -- "$1" "$WORK/out" || { cat "$WORK/out" "$WORK/err"; return 1; }; }
# The tables, without counters, handles, and the ways in which nft lists the same rule.
held() {
	local command
	for command in iptables ip6tables; do
		[ "$KIND" = legacy ] && [ -z "$(registered "$command")" ] && continue
		"$command-$KIND-save"
	done 2>/dev/null | sed -E 's/\[[0-9]+:[0-9]+\]//; /^#/d'
	for family in ip ip6; do
		nft list table $family dockfw 2>/dev/null |
			sed -E 's/counter packets [0-9]+ bytes [0-9]+ //; s/meta l4proto tcp //; s/  */ /g'
	done
}
as_before() { held | diff "$WORK/held" -; }
# The keeper runs on for a moment after the one whose terminal is gone.
soon() {
	local tries=0
	until "$@" >"$WORK/soon" 2>&1; do
		[ $((tries += 1)) -lt 200 ] || { cat "$WORK/soon"; return 1; }
		sleep 0.05
	done
}
in_force() { gives 0 "$DOCKFW" -f "$CONF" -b "$KIND"; }

not_left() { ! { tables; nft list ruleset; } | grep -E "DOCKER-USER|OFFICE|dockfw"; }

broken_hosts() {
	clear_tables && load docker-28.5 && load docker-28.5.ipv6 ip6tables
	case $1 in
	jump) # a late jump, rules of others and rules of an earlier configuration
		ipt -D FORWARD -j DOCKER-USER && ipt -A FORWARD -j DOCKER-USER &&
			ipt -A DOCKER-USER -s 192.0.2.7 -j DROP &&
			ipt -A DOCKER-USER -i ens3 -p tcp --dport 22 -m comment --comment dockfw -j DROP &&
			ipt -A DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT &&
			ipt -A DOCKER-USER -s 192.0.2.8 -j ACCEPT ;;
	missing) # no DOCKER-USER in one family
		ipt -D FORWARD -j DOCKER-USER && ipt -F DOCKER-USER && ipt -X DOCKER-USER ;;
	guard) # a guard that differs
		"$DOCKFW" -f "$CONF" -b "$KIND" --repair -q && nft add rule ip dockfw forward tcp dport 9 drop &&
			nft insert rule ip6 dockfw forward counter drop && ipt -F DOCKER-USER ;;
	frame) # a guard whose base chain is another one
		nft add table ip dockfw '{ comment "dockfw"; }' &&
			nft add chain ip dockfw forward '{ type filter hook forward priority 7; }' ;;
	none) # before the first start of Docker
		clear_tables ;;
	esac
}

lock_free() { flock -n -x /var/lib/dockfw/watch.lock true; }
stored() { compgen -G "/var/lib/dockfw/*.conf" >/dev/null; }
not() { ! "$@"; }

for KIND in nft legacy; do
	two_rules
	sed -i '1i chain "OFFICE" { rules = { "-s 192.0.2.0/24 -j RETURN", "-j DROP" } }' "$CONF"
	sed -i 's/^        "-i ens3 -p tcp --dport 80 -j REJECT"/        "-i ens3 -p tcp --dport 443 -j OFFICE",\n&/' "$CONF"
	for host in jump missing guard; do
		broken_hosts $host
		held >"$WORK/held"
		rm -f /var/lib/dockfw/*.conf
		try "$KIND $host: no" tries 2 60 "$question" send:no
		try "$KIND $host: it says so" says 'The repair was undone, since the answer is no.'
		try "$KIND $host: as before" as_before
		try "$KIND $host: nothing is stored" not stored
	done
	broken_hosts frame
	held >"$WORK/held"
	try "$KIND: refused if it could not be undone" tries 3 60
	try "$KIND: it says why" says 'could not be put back exactly'
	try "$KIND: nothing is written" as_before
	broken_hosts none
	# With ip_tables, FORWARD and its table stay, empty.
	try "$KIND: before Docker's first start" tries 3 60 "$question" send:n
	try "$KIND: nothing of it is left" not_left

	broken_hosts jump
	held >"$WORK/held"
	# Who answers does not depend on the kind of tables.
	for end in hangup $([ "$KIND" = legacy ] || echo signal:TERM signal:KILL signal:INT signal:HUP); do
		case $end in *KILL) status=137 ;; hangup) status=0 ;; *) status=2 ;; esac
		try "$KIND: $end" tries $status 60 "$question" "$end"
		try "$KIND: $end: as before" soon as_before
		soon lock_free || not_ok "$KIND: the lock is free"
	done
	try "$KIND: nothing to read" gives 2 "$DOCKFW" -f "$CONF" -b "$KIND" --try 60 </dev/null
	try "$KIND: nothing to read: as before" as_before
	if [ "$KIND" = nft ]; then
		try "$KIND: no answer" tries 2 5 "$question" send:perhaps "yes or no:" shell:true
		try "$KIND: no answer: it says so" says 'since nobody has confirmed it in time'
		try "$KIND: no answer: as before" as_before
	fi
	# The keeper is the only other process of that name.
	try "$KIND: SIGTERM for the keeper" tries 2 60 "$question" 'shell:kill $(pgrep -n -x dockfw-check)'
	try "$KIND: SIGTERM for the keeper: as before" as_before

	for fault in $([ "$KIND" = legacy ] || echo KILL SEGV ABRT BUS); do
		try "$KIND: SIG$fault for the keeper" tries 3 60 "$question" "shell:kill -$fault \$(pgrep -n -x dockfw-check)"
		try "$KIND: SIG$fault: it says that it may be in force" \
			says 'has ended before it could; what it wrote, if anything, is in force: run dockfw-check'
		# Sanitizers have messages of their own.
		[ "$fault" = KILL ] || [ "$sanitized" = yes ] ||
			try "$KIND: SIG$fault: it says why" says 'terminated by a fault'
		broken_hosts jump
	done

	others="iptables-$KIND -I DOCKER-USER -s 192.0.2.9 -j DROP && iptables-$KIND -A OFFICE -s 192.0.2.10 -j DROP"
	try "$KIND: others write meanwhile" tries 2 60 "$question" "shell:$others" 's: ' send:no
	try "$KIND: their rules stay" grep -q -- '-A OFFICE -s 192.0.2.10/32 -j DROP' <(held)
	ipt -F OFFICE && ipt -X OFFICE && ipt -D DOCKER-USER -s 192.0.2.9 -j DROP
	try "$KIND: the rest is as before" as_before
	if [ "$KIND" = nft ]; then
		others="nft 'add map ip filter m { type ipv4_addr : verdict; elements = { 192.0.2.9 : jump OFFICE } }'"
		try "$KIND: a map leads to a chain meanwhile" tries 2 60 "$question" "shell:$others" 's: ' send:no
		try "$KIND: it is undone all the same" says 'The repair was undone, since the answer is no.'
		nft delete map ip filter m
		try "$KIND: the chain is left, empty" ipt -X OFFICE
		try "$KIND: the rest is as before the map" as_before
	fi

	try "$KIND: yes" tries 0 60 "$question" send:yes
	try "$KIND: it says so" says 'The repair stays.'
	try "$KIND: in force" in_force
	try "$KIND: stored" stored
	held >"$WORK/held"
	try "$KIND: nothing to do, no question" tries 0 60
	try "$KIND: nothing is written" as_before
	# A publish section needs another chain of the guard.
	cp "$CONF" "$WORK/without"
	echo 'publish "8443/tcp" { interface = "ens3" allow = { "203.0.113.123" } }' >>"$CONF"
	try "$KIND: a section more: no" tries 2 60 "$question" send:no
	try "$KIND: a section more: as before" as_before
	cp "$WORK/without" "$CONF"
	try "$KIND: a section more: the old configuration is in force" in_force
done

"$DOCKFW" -f "$CONF" -b nft --watch >"$WORK/watch" 2>&1 &
watch=$!
soon grep -qx "$watch" /var/lib/dockfw/watch.lock
KIND=nft
try "a watch runs" tries 3 60
try "it says so" says 'would put back at once what --try undoes'
try "and how to have it again" says 'stop it first, and start it afterwards: systemctl stop dockfw-watch.service'
try "a watch that reports beside it" dockfw 3 --watch -n
try "is told where to read that" \
	grep -F "a watch already runs (pid $watch), and repairs what this one would report" "$WORK/err"
kill $watch && wait $watch
broken_hosts jump
"$DOCKFW" -f "$CONF" -b nft --watch -n >"$WORK/watch" 2>&1 &
watch=$!
soon grep -qx "$watch --dry-run" /var/lib/dockfw/watch.lock
for mode in '--try 60' --watch; do
	# shellcheck disable=SC2086 # an option with its value
	try "$mode beside a watch that only reports" dockfw 3 $mode
	try "$mode: names it" \
		grep -F "a watch that only reports already runs (pid $watch); end it first: kill $watch" "$WORK/err"
done
try "--remove beside a watch that only reports" dockfw 0 --remove
kill $watch && wait $watch
broken_hosts jump
for mode in --watch --remove '--try 60'; do
	try "$mode during a --try" tries 2 60 "$question" \
		"shell:'$DOCKFW' -f '$CONF' -b nft $mode >'$WORK/second' 2>&1 || true" 's: ' send:no
	try "$mode: names it" grep -E '^dockfw-check: a repair by --try waits for its confirmation \(pid [0-9]+\): answer it there' "$WORK/second"
done

# ---- the answer ----

broken_hosts jump
held >"$WORK/held"
try "yes before the question" tries 2 60 '' send:yes "$question" send:no
try "yes before the question: as before" as_before
try "other words" tries 0 60 "$question" send:yesterday "yes or no:" send:ye "yes or no:" send: "yes or no:" \
	send:'yes no' "yes or no:" send:' YES '

# ---- a repair by somebody else meanwhile ----

other_rule() { two_rules && sed -i 's/--dport 80 /--dport 8443 /' "$CONF" && touch -d '1 minute ago' "$CONF"; }
newer_file() { sed -i 's/--dport 8443 /--dport 80 /' "$CONF" && touch -d '1 minute ago' "$CONF"; }
# stored_port PORT: the last good configuration has it, and no other one.
stored_port() { [ "$(grep -ho 'dport [0-9]*' /var/lib/dockfw/*.conf | sort -u)" = "dport $1" ]; }
second="'$DOCKFW' -f '$WORK/dockfw.conf' -b nft --repair >'$WORK/second' 2>&1"
broken_hosts jump
other_rule
try "a configuration in force" dockfw 0 --repair
try "is stored" stored_port 8443
newer_file
try "a repair during a --try of another one" tries 2 60 "$question" "shell:$second" 's: ' send:no
try "it says that it stores nothing" \
	grep -E 'a repair by --try is not confirmed \(pid [0-9]+\), .*: the configuration is not stored' "$WORK/second"
try "what was refused is not stored" stored_port 8443
try "another repair" dockfw 0 --repair
try "stores it" stored_port 80

# ---- output that blocks ----

# The guard comes, and goes again, each within some seconds: scripts for another shell.
come='n=0; until nft list table ip dockfw; do [ $((n += 1)) -lt 200 ] || exit 1; sleep 0.1; done >/dev/null 2>&1'
go=${come/until/while}
broken_hosts jump
held >"$WORK/held"
try "Ctrl-S: no answer" tries 2 5 '' $'type:\023' '' "shell:$come; $go" '' $'type:\021'
try "Ctrl-S: it says so afterwards" says 'since nobody has confirmed it in time'
try "Ctrl-S: as before" as_before
try "Ctrl-S, then Ctrl-Q: yes" tries 0 60 '' $'type:\023' '' "shell:$come; sleep 1" '' $'type:\021' \
	"$question" send:yes
try "Ctrl-S, then Ctrl-Q: it says so" says 'The repair stays.'

# A pipe that is full, and that nobody reads.
mkfifo "$WORK/full" && exec 7<>"$WORK/full" && head -c "$(python3 -c 'import fcntl; print(fcntl.fcntl(7, 1032))' 7>&7)" /dev/zero >&7
# full SECONDS: --try; the asker is $asker, and its keeper $keeper.
full() {
	broken_hosts jump || return
	"$DOCKFW" -f "$CONF" -b nft --try "$1" >&7 2>&1 &
	asker=$!
	bash -c "$come" && keeper=$(pgrep -P "$asker" -x dockfw-check)
}
undone() { bash -c "$go" && as_before; }
ends() { soon not kill -0 "$asker" || kill -KILL "$asker"; wait "$asker"; [ $? = "$1" ]; }
try "a full pipe: a repair" full 5
try "a full pipe: no answer: as before" undone
kill -TERM "$asker"
try "a full pipe: the asker ends" ends 2
try "a full pipe: SIGTERM: a repair" full 60
kill -TERM "$asker"
try "a full pipe: SIGTERM: as before" undone
try "a full pipe: SIGTERM: the asker ends" ends 2
try "a full pipe: SIGTERM for the keeper: a repair" full 60
kill -TERM "$keeper"
try "a full pipe: SIGTERM for the keeper: as before" undone
kill -TERM "$asker"
try "a full pipe: SIGTERM for the keeper: the asker ends" ends 2
try "a full pipe: SIGKILL: a repair" full 60
kill -KILL "$asker" && wait "$asker" 2>/dev/null
try "a full pipe: SIGKILL: as before" undone
exec 7>&-

# ---- another program holds the lock of ip_tables ----

KIND=legacy options=(-t 1)
hold="flock -x $XTABLES_LOCKFILE sleep 30 & echo \$! >'$WORK/holder'; sleep 0.3"
release="pkill -KILL -P \$(cat '$WORK/holder')"
again='Ctrl-C leaves it to that process.'
undoing="'$DOCKFW' -f '$CONF' -b legacy --remove >'$WORK/second' 2>&1; ! nft list table ip dockfw"
broken_hosts jump
held >"$WORK/held"
# Three times the limit.
try "it is tried again until it works" tries 2 60 "$question" "shell:$hold" 's: ' send:no \
	"$again" "shell:sleep 5; $undoing && $release"
try "it says what is in force so far" says 'what it wrote in ip_tables is in force'
try "and that it was undone in the end" says 'The repair was undone, since the answer is no.'
try "as before the lock was held" as_before
try "--remove meanwhile names it" grep -E '^dockfw-check: a repair by --try is being undone \(pid [0-9]+\)' "$WORK/second"
broken_hosts jump
try "left to the keeper" tries 3 60 "$question" "shell:$hold" 's: ' send:no "$again" signal:INT
try "the lock of the watch is held" not lock_free
bash -c "$release"
try "left to the keeper: as before" soon as_before
soon lock_free || not_ok "left to the keeper: the lock is free"
broken_hosts jump
try "SIGTERM ends it" tries 3 60 "$question" "shell:$hold" 's: ' send:no \
	"$again" 'shell:kill $(pgrep -n -x dockfw-check)'
try "it says what is in force" says 'could NOT be undone: what it wrote in ip_tables is in force.'
bash -c "$release"
options=() KIND=nft

# ---- the guard's sets ----

two_sources() {
	clear_tables && load docker-26 && load docker-26.ipv6 ip6tables &&
		ipt -F INPUT && ipt -P INPUT DROP && "ip6tables-$KIND" -P INPUT DROP &&
		ipt -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT &&
		ipt -A INPUT -i ens3 -p tcp --dport 80 -s 203.0.113.123 -j ACCEPT &&
		ipt -A INPUT -i ens3 -p tcp --dport 80 -s 198.51.100.1 -j ACCEPT
}
follows_host() {
	write_conf <<<$'outside = { "ens3" }\nunlisted = "host-firewall"'
	two_sources && dockfw 0 --repair && nft list sets ip | grep -q '203\.0\.113\.123' && held >"$WORK/held"
}
closes() { write_conf <<<$'outside = { "ens3" }\nunlisted = "refuse"'; }
lets_in() { reaches "$allowed" 198.51.100.10 && refused "$outsider" 198.51.100.10; }

hosts_up
for KIND in nft legacy; do
	for how in "in its place" "with a table that is made anew"; do
		try "$KIND $how: a set lets in" follows_host
		try "$KIND $how: whom it is for" lets_in
		closes
		# A chain of the guard that is not configured costs the whole table.
		[ "$how" = "in its place" ] || { nft add chain ip dockfw more && held >"$WORK/held"; }
		try "$KIND $how: closed meanwhile" tries 2 60 "$question" \
			"shell:! ip netns exec allowed '$BUILD/tools/ask' 198.51.100.10 80" 's: ' send:no
		try "$KIND $how: it is undone" says 'The repair was undone, since the answer is no.'
		try "$KIND $how: as before, with the set" as_before
		try "$KIND $how: whom it is for gets in again" lets_in
	done
	try "$KIND a set more: a repair" follows_host
	ipt -A INPUT -i ens3 -p tcp --dport 80 -s 203.0.113.200 -j ACCEPT
	held >"$WORK/held"
	try "$KIND a set more: it is undone" tries 1 60 "$question" send:no
	try "$KIND a set more: as before, with one set" as_before
	ipt -D INPUT -i ens3 -p tcp --dport 80 -s 203.0.113.200 -j ACCEPT
	try "$KIND a set more: and no finding" finds 0 ''
	ipt -F INPUT && ipt -P INPUT ACCEPT && "ip6tables-$KIND" -P INPUT ACCEPT
done

try "a number of seconds" gives 3 "$DOCKFW" --try 4
try "with --dry-run" gives 3 "$DOCKFW" --try 60 --dry-run
finish
