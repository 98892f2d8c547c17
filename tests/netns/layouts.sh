#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every layout of Docker's, in both backends: it is correct once repaired, and each
# fault is found and repaired; what was correct keeps its counters.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

ipset create docker-ext-bridges-v4 hash:net 2>/dev/null

# The rules of a chain as iptables lists them, without -N and -P.
rules() { ipt -S "$1" | grep '^-A'; }

mark='-m comment --comment dockfw'
wanted="-A DOCKER-USER -s 203.0.113.123/32 -i ens3 -p tcp -m tcp --dport 80 $mark -j RETURN
-A DOCKER-USER -i ens3 -p tcp -m tcp --dport 80 $mark -j REJECT --reject-with icmp-port-unreachable"

is_mended() {
	dockfw 0 --repair || return 1
	[ "$(rules FORWARD | head -1)" = '-A FORWARD -j DOCKER-USER' ] || { rules FORWARD; return 1; }
	# A rule that was put back by hand is adopted without the mark.
	[ "$(rules DOCKER-USER | head -2 | sed "s/ $mark//")" = "${wanted//" $mark"/}" ] ||
		{ rules DOCKER-USER; return 1; }
	finds 0 '' && silent dockfw 0 --repair
}

start() { clear_tables; load "$1"; dockfw 0 --repair; }

# broken NAME LAYOUT STATUS FINDINGS COMMAND: breaks a correct host and repairs it.
broken() {
	local name=$1 layout=$2 status=$3 findings=$4
	shift 4
	start "$layout" >"$WORK/said" 2>&1 || { not_ok "$KIND $layout: the correct host"; return; }
	if ! eval "$*" >"$WORK/said" 2>&1; then not_ok "$KIND $layout: $name: breaking it"; return; fi
	try "$KIND $layout: $name is found" finds "$status" "$findings"
	try "$KIND $layout: $name, a dry run writes nothing" silent dockfw "$status" --repair --dry-run
	if [ "$status" != 1 ] || [ "$findings" != 'warning rule-unreachable' ]; then
		try "$KIND $layout: $name is repaired" is_mended
	fi
}

two_rules
for KIND in nft legacy; do
	for layout in docker-17.06 docker-26 docker-27-swarm docker-28.0.0 docker-28.1 docker-28.5 docker-29; do
		clear_tables
		try "$KIND $layout: loads" load "$layout"
		try "$KIND $layout: its rules are missing" finds 2 'critical rule-missing,warning guard-missing'
		try "$KIND $layout: repaired" is_mended
	done
	for layout in docker-26 docker-28.5 docker-29; do
		broken 'no chain' "$layout" 2 'critical user-chain-missing,critical user-jump-missing,critical rule-missing' \
			'ipt -F DOCKER-USER; ipt -D FORWARD -j DOCKER-USER; ipt -X DOCKER-USER'
		broken 'no jump' "$layout" 2 'critical user-jump-missing' 'ipt -D FORWARD -j DOCKER-USER'
		broken 'a late jump' "$layout" 2 \
			"$([ "$layout" = docker-26 ] && echo 'critical accept-before-user,')critical user-jump-late" \
			'ipt -D FORWARD -j DOCKER-USER; ipt -A FORWARD -j DOCKER-USER'
		broken 'an accept first' "$layout" 2 'critical accept-before-user' 'ipt -I FORWARD -i ens3 -j ACCEPT'
		broken 'an accept of established connections first' "$layout" 1 'warning accept-before-user' \
			'ipt -I FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'
		broken 'a conditional jump' "$layout" 2 'critical user-jump-conditional' \
			'ipt -D FORWARD -j DOCKER-USER; ipt -I FORWARD -i ens3 -j DOCKER-USER'
		broken 'two jumps' "$layout" 1 'warning user-jump-duplicate' 'ipt -I FORWARD -j DOCKER-USER'
		broken 'a missing rule' "$layout" 2 'critical rule-missing' 'ipt -D DOCKER-USER 1'
		broken 'the wrong order' "$layout" 2 'critical rule-order' \
			'ipt -D DOCKER-USER 1; ipt -I DOCKER-USER 2 -i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN'
		broken 'a foreign return first' "$layout" 2 'critical rule-bypassed' 'ipt -I DOCKER-USER -s 192.0.2.1 -j RETURN'
		broken 'a stale rule' "$layout" 1 'warning rule-stale' "ipt -I DOCKER-USER -s 192.0.2.1 $mark -j DROP"
		broken 'both chains flushed' "$layout" 2 'critical user-jump-missing,critical rule-missing' \
			'ipt -F FORWARD; ipt -F DOCKER-USER'
	done
	broken 'an unreachable rule' docker-26 1 'warning rule-unreachable' 'ipt -A DOCKER-USER -s 192.0.2.1 -j DROP'

	# Everything that was correct keeps its counters, and so does the moved jump.
	clear_tables
	load docker-26
	dockfw 0 --repair >/dev/null
	iptables-"$KIND"-save -c | sed 's/^\[0:0\]/[7:77]/' | iptables-"$KIND"-restore -c
	ipt -D FORWARD -j DOCKER-USER
	ipt -A FORWARD -j DOCKER-USER -c 5 55
	ipt -D DOCKER-USER 2
	dockfw 0 --repair >"$WORK/said" 2>&1
	counters_kept() {
		iptables-"$KIND"-save -c -t filter | grep '^\[' >"$WORK/c"
		cat "$WORK/c"
		grep -qx '\[5:55\] -A FORWARD -j DOCKER-USER' "$WORK/c" &&
			[ "$(grep -c '^\[0:0\]' "$WORK/c")" = 1 ] &&
			grep -q '^\[0:0\] -A DOCKER-USER .*REJECT' "$WORK/c"
	}
	try "$KIND: correct and moved rules keep their counters" counters_kept

	# Foreign rules stay where they are, in their order.
	clear_tables
	load docker-28.5
	ipt -N f2b
	ipt -A f2b -s 192.0.2.9 -j REJECT
	ipt -A DOCKER-USER -j f2b
	ipt -A DOCKER-USER -s 192.0.2.1 -j ACCEPT
	ipt -A DOCKER-USER -s 192.0.2.2 -j DROP
	foreign_kept() {
		dockfw 0 --repair || return 1
		rules DOCKER-USER | cut -d' ' -f3- | cut -c1-20 >"$WORK/order"
		diff "$WORK/order" - <<-'END'
		-j f2b
		-s 203.0.113.123/32 
		-i ens3 -p tcp -m tc
		-s 192.0.2.1/32 -j A
		-s 192.0.2.2/32 -j D
		END
	}
	try "$KIND: foreign rules stay" foreign_kept
	write_conf <<<'foreign-rules = "remove"
	chain "DOCKER-USER" { rules = { "-s 192.0.2.2 -j DROP" } }'
	removed() {
		dockfw 0 --repair || return 1
		[ "$(rules DOCKER-USER)" = '-A DOCKER-USER -s 192.0.2.2/32 -j DROP' ] || { rules DOCKER-USER; return 1; }
	}
	try "$KIND: foreign-rules = remove" removed

	write_conf <<<'trusted-chains = { "ts-forward" }'
	clear_tables
	load docker-29
	ipt -N ts-forward
	ipt -A ts-forward -i tailscale0 -j ACCEPT
	ipt -I FORWARD -j ts-forward
	try "$KIND: a trusted chain may come first" finds 0 ''
	write_conf </dev/null
	try "$KIND: another may not" finds 2 'critical accept-before-user'

	# A user-defined chain is created, held exactly, and removed with its section.
	write_conf <<<'chain "DOCKER-USER" { rules = { "-i ens3 -j OFFICE" } }
	chain "OFFICE" { rules = { "-s 192.0.2.0/24 -j RETURN", "-j DROP" } }'
	clear_tables
	load docker-29
	own_chain() {
		dockfw 0 --repair && ipt -A OFFICE -j ACCEPT && finds 1 'warning rule-stale' &&
			dockfw 0 --repair && [ "$(rules OFFICE | wc -l)" = 2 ]
	}
	try "$KIND: a user-defined chain is held" own_chain
	write_conf <<<'chain "DOCKER-USER" { rules = { } }'
	ipt -I DOCKER-FORWARD -s 192.0.2.0/24 -j OFFICE
	own_called() { dockfw 0 --repair && ipt -S OFFICE && finds 0 ''; }
	still_called() { jq -e 'any(.findings[]; .id == "rule-stale" and .severity == "ok" and .chain == "OFFICE" and (.message | endswith("so it stays")))' "$WORK/out"; }
	try "$KIND: it stays while any rule jumps to it, even in one of Docker's chains" own_called
	try "$KIND: which is a fact" still_called
	ipt -D DOCKER-FORWARD 1
	ipt -A DOCKER-USER -m comment --comment dockfw -j OFFICE
	own_gone() { dockfw 0 --repair && ! ipt -S OFFICE 2>/dev/null && finds 0 ''; }
	try "$KIND: and is removed once it is no longer configured" own_gone

	# What is left outside of the configured chains is reported, and only --remove takes it out.
	has_fact() { dockfw 0 --format=json && jq -e 'any(.findings[]; .id == "rule-stale")' "$WORK/out"; }
	left_here() { # CHAIN TEXT
		jq -e --arg chain "$1" --arg text "$2" 'any(.findings[]; .id == "rule-stale" and
			.severity == "ok" and .chain == $chain and (.repairable | not) and (.message | contains($text)))' "$WORK/out" ||
			{ cat "$WORK/out"; return 1; }
	}
	write_conf <<<'chain "DOCKER-USER" { rules = { "-j OFFICE" } } chain "OFFICE" { rules = { "-j SUB" } } chain "SUB" { rules = { "-p udp -j DROP" } }'
	try "$KIND: chains" dockfw 0 -4 --repair
	write_conf <<<'families = { "ipv4" } chain "DOCKER-USER" { rules = { } }'
	sed -i '1i ignore = { "family-left-out" }' "$CONF"
	will_go() { finds 1 'warning rule-stale,warning guard-differs' && ! jq -e 'any(.findings[]; .chain == "OFFICE" or .chain == "SUB")' "$WORK/out"; }
	try "$KIND: those that a repair deletes are not called left" will_go
	ipt -F DOCKER-USER
	try "$KIND: after a flush they are left: a repair does not touch them" dockfw 0 --repair
	try "$KIND: they are facts" has_fact
	try "$KIND: the first, with the commands" left_here OFFICE "delete it with: iptables-$KIND -F OFFICE; iptables-$KIND -X OFFICE"
	ipt -F OFFICE && ipt -X OFFICE
	try "$KIND: then the next" has_fact
	try "$KIND: with its commands" left_here SUB "iptables-$KIND -X SUB"
	ipt -A INPUT -i lo -j ACCEPT
	ipt -A INPUT -p udp -m comment --comment dockfw -j DROP
	ipt -N MINE
	ipt -A MINE -p udp -m comment --comment dockfw-like -j DROP
	try "$KIND: a marked rule in INPUT" has_fact
	try "$KIND: is reported at its place" left_here INPUT 'the first is rule 2'
	seen_by_eye() { dockfw 0 -v && grep 'rule-stale.*INPUT' "$WORK/out"; }
	try "$KIND: and by a check with -v" seen_by_eye
	try "$KIND: a repair leaves it" dockfw 0 --repair
	try "$KIND: there it is" grep -q -- '--comment dockfw -j DROP' <(ipt -S INPUT)
	try "$KIND: --remove takes it out, with the chain" dockfw 0 --remove
	stays() { ! ipt -S | grep -e 'comment dockfw ' -e SUB && ipt -S MINE | grep dockfw-like && ipt -S INPUT | grep 'lo -j ACCEPT'; }
	try "$KIND: and nothing of others" stays

	# Before Docker starts: everything configured is installed, and nothing else.
	two_rules
	clear_tables
	before_docker() {
		finds 3 'unknown docker-absent,warning guard-missing' && dockfw 0 --repair &&
			[ "$(rules FORWARD)" = '-A FORWARD -j DOCKER-USER' ] && [ "$(rules DOCKER-USER)" = "$wanted" ] &&
			ip6tables-"$KIND" -S DOCKER-USER | grep -q 'icmp6-port-unreachable' && finds 0 ''
	}
	try "$KIND: installed before Docker starts" before_docker

	for layout in docker-26 docker-28.5 docker-29; do
		two_rules
		clear_tables
		load "$layout" && load "$layout.ipv6" ip6tables
		ip6tables-"$KIND" -D FORWARD -j DOCKER-USER
		both() {
			finds 2 'critical user-jump-missing,critical rule-missing,warning guard-missing' && dockfw 0 --repair &&
				ip6tables-"$KIND" -S FORWARD | sed -n 2p | grep -qx -- '-A FORWARD -j DOCKER-USER' &&
				[ "$(ip6tables-"$KIND" -S DOCKER-USER | grep -c dockfw)" = 1 ] &&
				silent dockfw 0 --repair
		}
		try "$KIND $layout: IPv6 with IPv4" both
		ip6tables-"$KIND" -D FORWARD -j DOCKER-USER
		try "$KIND $layout: -4 checks only IPv4" dockfw 0 -4
		try "$KIND $layout: -6 checks only IPv6" dockfw 2 -6
	done
done

KIND=auto
two_rules
for kind in nft legacy; do
	clear_tables
	KIND=$kind load docker-26
	auto() { dockfw 2 --format=json; jq -e --arg kind "$kind" '.backend == $kind' "$WORK/out"; }
	try "auto finds $kind" auto
done
finish
