#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "host-firewall": a ban that comes in INPUT before what lets open connections pass holds in
# those, for a published port as for a service of the host.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

hosts_up
serves() { # SCRIPT…: in the container
	local said
	exec {said}< <(exec ip netns exec container python3 "$@" </dev/null)
	read -r -u "$said" && exec {said}<&-
}
serves "$TESTS/echo.py" 81 && serves "$TESTS/datagrams.py" answer 53 || exit 1
both() { "iptables-$KIND" "$@" && "ip6tables-$KIND" "$@"; }
publish() { # PROTOCOL PORT
	ipt -t nat -A DOCKER ! -i docker0 -p "$1" --dport "$2" -j DNAT --to-destination "172.17.0.2:$2" &&
		"ip6tables-$KIND" -t nat -A DOCKER ! -i docker0 -p "$1" --dport "$2" -j DNAT --to-destination "[fd00:17::2]:$2" &&
		both -I DOCKER ! -i docker0 -o docker0 -p "$1" --dport "$2" -j ACCEPT
}
# opens NAMESPACE: a connection to the port 81; its ends are $from_NAMESPACE and $to_NAMESPACE.
opens() {
	local from to said
	coproc TALK { exec ip netns exec "$1" python3 "$TESTS/echo.py" 198.51.100.10 81 2>/dev/null; }
	exec {from}<&"${TALK[0]}" {to}>&"${TALK[1]}"
	printf -v "from_$1" %s "$from" && printf -v "to_$1" %s "$to"
	read -r -t 6 -u "$from" said && [ "$said" = ready ]
}
closes() { # NAMESPACE
	local to=to_$1
	to=${!to}
	exec {to}>&-
}
answered() { # NAMESPACE
	local from=from_$1 to=to_$1 said
	echo hello >&"${!to}" && read -r -t 6 -u "${!from}" said && [ "$said" = hello ]
}
unanswered() { ! answered "$1"; }
asks() { ip netns exec outsider python3 "$TESTS/datagrams.py" ask "$1" 53; }
silent_to() { ! asks "$1"; }
# Whether the guard refuses anybody in open connections.
cuts() { nft list ruleset | grep 'ct state ! new.*\(drop\|reject\)'; }
cuts_nothing() { ! cuts; }
unreached() { ! ip netns exec outsider python3 "$TESTS/echo.py" 198.51.100.10 81 </dev/null 2>/dev/null; }
again() {
	nft list table ip dockfw >"$WORK/listed" && nft delete table ip dockfw && nft -f "$WORK/listed" &&
		finds 0 ''
}

for KIND in nft legacy; do
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables && publish tcp 81 && publish udp 53
	both -N f2b && both -A f2b -j RETURN
	both -P INPUT DROP && both -A INPUT -j f2b
	both -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
	"ip6tables-$KIND" -A INPUT -p ipv6-icmp -j ACCEPT
	ipt -A INPUT -s 203.0.113.0/24 -j ACCEPT && "ip6tables-$KIND" -A INPUT -s 2001:db8:113::/64 -j ACCEPT
	write_conf <<-'END'
	outside  = { "ens3" }
	unlisted = "host-firewall"
	END
	dockfw 0 --repair
	try "$KIND: nobody is banned: no rule about open connections" cuts_nothing
	try "$KIND: a connection of one who will be banned" opens outsider
	try "$KIND: … and of another" opens allowed
	try "$KIND: it is answered" answered outsider
	try "$KIND: so is the other" answered allowed
	try "$KIND: and UDP" asks 198.51.100.10
	try "$KIND: and UDP over IPv6" asks 2001:db8:51::10

	ipt -I f2b -s 203.0.113.200 -j REJECT
	"ip6tables-$KIND" -I f2b -s 2001:db8:113::200 -j DROP
	try "$KIND: a ban" finds 2 'critical guard-differs'
	dockfw 0 --repair
	try "$KIND: it holds in the open connection" unanswered outsider
	try "$KIND: in that of nobody else" answered allowed
	try "$KIND: it holds for UDP" silent_to 198.51.100.10
	try "$KIND: and over IPv6" silent_to 2001:db8:51::10
	try "$KIND: not for what the container opens" outgoing
	try "$KIND: nothing is left to repair" finds 0 ''
	try "$KIND: what nft has listed is the same again" again
	ipt -I f2b -s 192.0.2.7 -p tcp --dport 80:81 -j DROP
	dockfw 0 --repair
	try "$KIND: two bans" unanswered outsider
	try "$KIND: nothing is left to repair then" finds 0 ''

	both -F f2b
	dockfw 0 --repair
	try "$KIND: after the last ban there is no such rule" cuts_nothing
	ipt -D INPUT 1 && ipt -I INPUT 2 -s 203.0.113.200 -j DROP
	dockfw 0 --repair
	try "$KIND: a ban after the rule for open connections" unreached
	try "$KIND: is not about them" cuts_nothing
	closes outsider
	closes allowed
	both -P INPUT ACCEPT
done

# ---- in a section, beside addresses; and by a table of nft ----
KIND=nft
clear_tables
load docker-28.5 && load docker-28.5.ipv6 ip6tables && publish tcp 81
both -A INPUT -p tcp --tcp-flags ALL NONE -j DROP
both -A INPUT -p tcp --dport 22 -j DROP
write_conf <<-'END'
outside  = { "ens3" }
publish "81/tcp" { allow = { "203.0.113.123", "host-firewall" } }
END
ban=(ip saddr 203.0.113.0/24 drop)
passes='ct state vmap { established : accept, related : accept, invalid : drop }'
nft add table inet own && nft add chain inet own in '{ type filter hook input priority 10; }'
nft add rule inet own in "$passes" && nft add rule inet own in "${ban[@]}"
dockfw 0 --repair
try "a ban after nft's rule for open connections is not about them" cuts_nothing
nft insert rule inet own in "${ban[@]}"
dockfw 0 --repair
try "one before it is" cuts
try "whom a section allows" opens allowed
try "passes, whatever INPUT drops" answered allowed
try "the others are refused" unreached
finish
