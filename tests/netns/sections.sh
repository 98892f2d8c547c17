#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What sections can say, with real clients, in both backends: several sections for one
# port, the interfaces that lead outside, ports without a section, and a chain that
# another program fills, as fail2ban does.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

says() {
	grep -qE -- "$1" "$WORK/out" "$WORK/err" && return
	echo "not reported: $1"
	cat "$WORK/out" "$WORK/err"
	return 1
}
# A repair leaves nothing to find, and nothing to do.
mended() { dockfw 0 --repair && finds 0 '' && [ "$(jq -c .edits "$WORK/out")" = '[]' ]; }
both() { "$1" "$2" 198.51.100.10 && "$1" "$2" 2001:db8:51::10; }
vpn=vpn

hosts_up
bridge wg0 10.9.0.1/24 fd00:9::1/64
join "$vpn" wg0 10.9.0.2/24 fd00:9::2/64 10.9.0.1 fd00:9::1
for KIND in nft legacy; do
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables

	# ---- several sections, and ports without one ----
	write_conf <<-'END'
	outside  = { "ens3" }
	unlisted = "refuse"

	publish "80/tcp" {
	    allow = { "203.0.113.123", "2001:db8:113::123" }
	}
	publish "80/tcp" {
	    interface = { "wg0", "docker0" }
	    allow     = { "any" }
	}
	END
	try "$KIND: two sections for one port" mended
	try "$KIND: the first lets its client in" both reaches "$allowed"
	try "$KIND: and refuses another one" both refused "$outsider"
	try "$KIND: the second is for other interfaces" both reaches "$vpn"

	sed -i '/^publish/,$d' "$CONF"
	echo 'end()' >>"$CONF" # or it would be cut off
	try "$KIND: no section" mended
	try "$KIND: then the port is closed to the outside" both refused "$allowed"
	try "$KIND: but not to a VPN" both reaches "$vpn"
	try "$KIND: and containers reach the outside" outgoing
	ipt -D DOCKER-USER 2 # after the one for ICMP errors
	try "$KIND: the closing rule is missing" finds 2 'critical rule-missing'
	try "$KIND: the setting is named" dockfw 2
	try "$KIND: with its place" says "DOCKER-USER does not hold '-i ens3 .*-j REJECT' \($CONF:2\)"
	sed -i 1d "$CONF"
	try "$KIND: without outside" mended
	try "$KIND: everyone is outside" both refused "$vpn"
	try "$KIND: but not what nobody translated" outgoing

	# ---- fail2ban ----
	write_conf <<-'END'
	chain "DOCKER-USER" {
	    rules = {
	        "-p tcp -m multiport --dports 80,443 -j f2b-web",
	        "-i wg0 -j DROP"
	    }
	}
	chain "f2b-web" {
	    filled-by = "others"
	    verdicts  = "refuse"
	}
	END
	try "$KIND: a chain of fail2ban's is missing" finds 2 'critical rule-missing,warning rule-stale,warning guard-differs'
	try "$KIND: it is created" mended
	empty() { [ "$(ipt -S f2b-web)" = '-N f2b-web' ] && [ "$(ip6tables-"$KIND" -S f2b-web)" = '-N f2b-web' ]; }
	try "$KIND: empty" empty
	try "$KIND: and shown" dockfw 0 -v
	try "$KIND: without what is in it" says '^ +\(filled by others\)$'
	# What fail2ban runs when it starts and when it bans; -N fails, and it goes on.
	ipt -N f2b-web 2>/dev/null
	ipt -A f2b-web -j RETURN
	ipt -I DOCKER-USER -p tcp -j f2b-web
	ipt -I f2b-web 1 -s 203.0.113.200 -j REJECT --reject-with icmp-port-unreachable
	ipt -I f2b-web 1 -s 203.0.113.201 -j DROP
	ipt -S f2b-web >"$WORK/bans"
	try "$KIND: its own jump may come first" finds 0 ''
	try "$KIND: a ban works" refused "$outsider" 198.51.100.10
	try "$KIND: for that address only" reaches "$allowed" 198.51.100.10
	ipt -F DOCKER-USER
	bans_kept() { ipt -S f2b-web | diff "$WORK/bans" -; }
	try "$KIND: after a reload the jump is back" mended
	try "$KIND: the bans are kept" bans_kept
	try "$KIND: and in force" refused "$outsider" 198.51.100.10
	ipt -A f2b-web -s 203.0.113.202 -m comment --comment dockfw -j DROP
	ipt -A f2b-web -s 203.0.113.200 -m conntrack --ctstate ESTABLISHED -j RETURN
	try "$KIND: no rule in it that refuses or returns is judged" finds 0 ''
	ipt -A f2b-web -j ACCEPT
	ipt -S f2b-web >"$WORK/bans"
	try "$KIND: one that accepts breaks what the section states" finds 2 'critical rule-bypassed'
	try "$KIND: which is reported with its place" dockfw 2
	try "$KIND: and with that of the section" says "rule [0-9]+ of f2b-web can accept, though its section has verdicts = \"refuse\" \($CONF:7\)"
	two_rules
	try "$KIND: a chain that is no longer configured" mended
	try "$KIND: stays with its bans" bans_kept
done

# ---- a rule that accepts in a chain whose section states that none does ----
for KIND in nft legacy; do
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	write_conf <<-'END'
	guard = "off"
	chain "DOCKER-USER" { rules = { "-p tcp -j f2b-web", "-i ens3 -p tcp --dport 80 -j REJECT" } }
	chain "f2b-web" { filled-by = "others" verdicts = "refuse" }
	END
	for chain in f2b-web deeper; do
		try "$KIND: $chain: a repair" mended
		try "$KIND: $chain: nobody gets in" refused "$outsider" 198.51.100.10
		ipt -N deeper 2>/dev/null
		[ $chain = f2b-web ] || ipt -I f2b-web -j deeper
		try "$KIND: $chain: a chain that does not accept" finds 0 ''
		ipt -I $chain -s 203.0.113.200 -j ACCEPT
		try "$KIND: $chain: with a rule that accepts, one gets in" reaches "$outsider" 198.51.100.10
		try "$KIND: $chain: it is found" finds 2 'critical rule-bypassed'
		try "$KIND: $chain: a dry run" dockfw 2
		try "$KIND: $chain: names who gets in" says 'port 80/tcp is open to 203\.0\.113\.200 on ens3'
		try "$KIND: $chain: a repair does not touch it" dockfw 2 --repair
		ipt -D $chain 1
	done
	ipt -F f2b-web && ipt -A FORWARD -p tcp -j f2b-web && ipt -A f2b-web -j ACCEPT &&
		ipt -D FORWARD -j DOCKER-USER && ipt -A FORWARD -j DOCKER-USER
	try "$KIND: before DOCKER-USER" reaches "$outsider" 198.51.100.10
	try "$KIND: it can accept before the jump" finds 2 'critical user-jump-late,critical rule-bypassed'
	ipt -F
done

# ---- interfaces that the host does not have ----

write_conf <<-'END'
outside = { "ens3",
            "ens9" }
publish "80/tcp" { interface = "ens3,wg0" }
publish "81/tcp" { interface = "wg+" }
chain "DOCKER-USER" { rules = { "-i wg0 ! -o br+ -j DROP" } }
END
noted() {
	gives 0 "$@" --check-config -f "$CONF" && diff - "$WORK/err" <<-END
	dockfw-check: $CONF:2: this host has no interface 'ens9'
	dockfw-check: $CONF:3: this host has no interface 'ens3,wg0'; a list is written { "a", "b" }
	dockfw-check: $CONF:5: this host has no interface that matches 'br+'
	END
}
try "interfaces that are not there are noted" noted "$DOCKFW"
chmod 711 "$WORK"
try "for everyone" noted setpriv --reuid 65534 --regid 65534 --clear-groups "$DOCKFW"
sed -i '1i ignore = { "interface-missing" }' "$CONF"
ignored() { gives 0 "$DOCKFW" --check-config -f "$CONF" && [ ! -s "$WORK/err" ]; }
try "unless that is ignored" ignored
try "a check ignores it too" dockfw 0 --repair
sed -i 1d "$CONF"
try "otherwise it is a finding" finds 1 'warning interface-missing'
names() { [ "$(jq '[.findings[] | select(.id == "interface-missing")] | length' "$WORK/out")" = 3 ]; }
try "one for each name" names
finish
