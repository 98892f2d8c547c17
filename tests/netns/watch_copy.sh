#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch where a table with an owner does not outlive it: the guard has a copy, which nobody
# else can flush, and which goes with the watch.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/own.sh
. "$TESTS/own.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

if [ "$(printf '%s\n' 5.12 "$(uname -r)" | sort -V | head -n 1)" != 5.12 ]; then
	echo "ok 1 - the whole suite # SKIP needs tables with an owner (Linux 5.12)"
	exit 77
fi
cc -shared -fPIC -D_GNU_SOURCE -O1 -o "$WORK/unowned.so" "$TESTS/host/unowned.c" || exit 1
program=$DOCKFW
# as_before COMMAND…: its watch sees a kernel from before Linux 6.9.
as_before() {
	local DOCKFW=$WORK/before
	"$@"
}
cat >"$WORK/before" <<-END
	#!/bin/sh
	# A build with sanitizers has to accept that this library comes before its own.
	ASAN_OPTIONS=\$ASAN_OPTIONS:verify_asan_link_order=0 LD_PRELOAD='$WORK/unowned.so' exec '$program' "\$@"
END
chmod +x "$WORK/before"

# published ADDRESSES [LINE]: port 80, for these.
published() {
	write_conf <<-END
	outside = { "ens3" }
	$2
	publish "80/tcp" { allow = { $1 } }
	END
}
# rules FAMILY TABLE: without what the copy has other than the guard.
rules() { nft -s list table "$1" "$2" | sed -e '/flags owner/d; /^$/d; s/^table.*/table/; s/filter + 6/filter + 5/'; }
has_copy() { nft list table ip dockfw-watch | grep -q 'flags owner$' && nft list table ip6 dockfw-watch | grep -q 'flags owner$'; }
no_copy() { ! nft list tables | grep 'dockfw-watch$'; }
has_guard() { nft list table ip dockfw && nft list table ip6 dockfw; }
no_guard() { ! nft list tables | grep 'dockfw$'; }
is_same() { diff <(rules ip dockfw) <(rules ip dockfw-watch) && diff <(rules ip6 dockfw) <(rules ip6 dockfw-watch); }
paused() { kill -STOP "$watch"; }
# Everything that others can flush.
flush_all() {
	local command
	nft flush ruleset
	[ "$KIND" = nft ] || for command in iptables ip6tables; do
		"$command-legacy" -F && "$command-legacy" -t nat -F
	done
}
# Both say whether they could. The packets of a port that Docker does not translate are the host's.
gets_in() { ask "$1" 198.51.100.10 && ask "$1" 2001:db8:51::10; }
stays_out() { refused "$1" 198.51.100.10 && refused "$1" 2001:db8:51::10; }
ours='"203.0.113.123", "2001:db8:113::123"' theirs='"203.0.113.200", "2001:db8:113::200"'

hosts_up
# As docker-proxy does.
serve_here() {
	local said
	exec {said}< <(exec python3 "$PEERS/answer.py" 80 </dev/null 2>/dev/null)
	read -r -u "$said" && exec {said}<&-
}
serve_here
for KIND in nft legacy; do
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	published "$ours"
	try "$KIND: the watch starts" as_before watch
	try "$KIND: the guard has a copy" until_true has_copy
	try "$KIND: it holds the same" is_same
	try "$KIND: a check by hand finds nothing" dockfw 0
	try "$KIND: nobody else can delete it" gives 1 nft delete table ip dockfw-watch
	paused
	flush_all
	try "$KIND: all is flushed, and the watch cannot run: the guard is gone" no_guard
	try "$KIND: the copy is not" has_copy
	try "$KIND: who is not allowed does not get in" stays_out "$outsider"
	try "$KIND: who is allowed does" gets_in "$allowed"
	kill -CONT "$watch"
	try "$KIND: the guard is restored" until_true has_guard
	published "$theirs"
	kill -HUP "$watch"
	try "$KIND: another configuration: the copy has it" until_true gets_in "$outsider"
	try "$KIND: for nobody else" until_true stays_out "$allowed"
	try "$KIND: it holds the same again" until_true is_same
	published "$theirs" 'guard = "off"'
	kill -HUP "$watch"
	try "$KIND: without a guard there is no copy" until_true no_copy
	published "$ours"
	kill -HUP "$watch"
	try "$KIND: with one there is one" until_true has_copy
	try "$KIND: the watch ends" stop
	try "$KIND: the copy goes with it" no_copy
	try "$KIND: the guard stays" has_guard
	try "$KIND: another watch" as_before watch
	try "$KIND: has a copy again" until_true has_copy
	kill -KILL "$watch"
	wait "$watch" 2>/dev/null
	try "$KIND: a watch is killed: no copy stays" until_true no_copy
	try "$KIND: the guard does" has_guard
done

# Docker filters in tables of its own: only the guard counts, once for each packet.
KIND=nft
clear_tables
docker_native
write_conf <<-'END'
	chain "DOCKER-USER" {
	    rules = {
	        "-i ens3 -p tcp --dport 80 -m limit --limit 100/second -j RETURN",
	        "-i ens3 -p tcp --dport 81 -m limit --limit 100/second -j DROP",
	        "-i ens3 -p tcp --dport 80 -j REJECT"
	    }
	}
END
has_limits() { [ "$(nft list table ip "$1" | grep -c limit)" = "$2" ]; }
try "native: the watch starts" as_before watch
try "native: the guard has both limits" has_limits dockfw 2
try "native: the copy is there" until_true nft list table ip dockfw-watch
try "native: without the rule that refuses by one, or the other's limit" has_limits dockfw-watch 0
try "native: with the others" grep -q 'dport 80.*reject' <(nft list table ip dockfw-watch)
try "native: who is allowed gets in" reaches "$allowed" 198.51.100.10
try "native: the watch ends" stop

# The guard follows the host's own firewall, with sets of addresses; so does the copy.
clear_tables
load docker-28.5 && load docker-28.5.ipv6 ip6tables
write_conf <<-'END'
	outside = { "ens3" }
	unlisted = "host-firewall"
END
ipt -A INPUT -i ens3 -m conntrack --ctstate ESTABLISHED -j ACCEPT
ipt -A INPUT -i ens3 -s 203.0.113.123,203.0.113.77,203.0.113.9 -p tcp --dport 80 -j ACCEPT
ipt -A INPUT -i ens3 -j REJECT
ip6tables-nft -A INPUT -i ens3 -j REJECT
try "host-firewall: the watch starts" as_before watch
try "host-firewall: the copy is there" until_true has_copy
try "host-firewall: it has a set" grep -q 'set from-' <(nft list table ip dockfw-watch)
try "host-firewall: it holds the same" is_same
ipt -I INPUT -i ens3 -s 203.0.113.200,203.0.113.99 -p tcp --dport 80 -j ACCEPT
try "host-firewall: others are let in: so does the copy" until_true reaches "$outsider" 198.51.100.10
ipt -D INPUT -i ens3 -s 203.0.113.200 -p tcp --dport 80 -j ACCEPT
try "host-firewall: not any more" until_true refused "$outsider" 198.51.100.10
try "host-firewall: it holds the same again" until_true is_same
paused
ipt -I INPUT -i ens3 -s 203.0.113.200,203.0.113.99 -p tcp --dport 80 -j ACCEPT
try "host-firewall: a repair by hand changes the guard before the watch does" dockfw 0 --repair
kill -CONT "$watch"
try "host-firewall: the copy follows that as well" until_true reaches "$outsider" 198.51.100.10
try "host-firewall: the watch ends" stop

clear_tables
published "$ours"
nft add table ip dockfw-watch
nft add chain ip dockfw-watch theirs
nft add rule ip dockfw-watch theirs counter
try "a table of others has that name" as_before watch
try "it stays" grep -q counter <(nft list table ip dockfw-watch)
try "a warning says so" until_true grep -q "a table 'dockfw-watch' is another program's" "$WORK/reported"
try "IPv6 has its copy" until_true grep -q 'flags owner' <(nft list table ip6 dockfw-watch)
try "the watch ends" stop
nft delete table ip dockfw-watch
UNOWNED=never try "no kernel before 5.12 has a copy" as_before watch
ipt -F DOCKER-USER
try "it has looked twice" until_true holds
try "there is none" no_copy
try "the guard is there" has_guard
try "that watch ends" stop
try "where the guard itself can have an owner" watch
ipt -F DOCKER-USER
try "it has looked twice as well" until_true holds
try "it has no copy" no_copy
finish
