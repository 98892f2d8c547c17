#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034 # for the scripts that are sourced
# --watch finds what no table announces: a docker-proxy, an interface that goes, and a ban in a
# set of ipset, which a published port follows with the host's own firewall.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

# The stand-in listens, and accepts nothing: what gets in waits for an answer.
closed() { refused "$outsider" 198.51.100.10 5432; }
# Looks that an earlier change has caused are over, since the watch has reported nothing for a while.
quiet() { sleep 5; }

hosts_up
for KIND in nft legacy; do
	clear_tables
	write_conf <<-'END'
	outside  = { "ens3" }
	unlisted = "refuse"
	chain "DOCKER-USER" { rules = { "-i wg7 -p tcp --dport 22 -j DROP" } }
	END
	ip link add wg7 type bridge
	proxies=()
	listen=0.0.0.0 port=5432
	try "$KIND: dockerd without iptables" dockerd --iptables=false --ip6tables=false
	try "$KIND: the watch starts" watch
	quiet
	no_events
	try "$KIND: a docker-proxy starts" proxy -proto tcp -host-ip 0.0.0.0 -host-port 5432 -container-ip 172.17.0.2 -container-port 80
	try "$KIND: the port, which no section names, is closed" until_true closed
	try "$KIND: that is reported" event '.event == "repaired" and .culprit == null and (.findings | any(.id == "guard-differs"))'
	ip link delete wg7
	try "$KIND: an interface goes, which is reported" event '.event == "wrong" and (.findings | any(.id == "interface-missing"))'
	ip link add wg7 type bridge
	try "$KIND: it comes back, which is reported" event '.event == "right"'
	try "$KIND: the watch ends" stop
	ip link delete wg7
	end "${proxies[@]}" "$dockerd"

	if ! ipset create bans hash:ip; then
		echo "ok $((tests += 1)) - $KIND: bans # SKIP this kernel has no ipset"
		continue
	fi
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	write_conf <<-'END'
	outside  = { "ens3" }
	unlisted = "host-firewall"
	END
	ipt -A INPUT -i ens3 -m set --match-set bans src -j REJECT
	ip6tables-"$KIND" -A INPUT -i ens3 -s 2001:db8:113::99 -j REJECT
	try "$KIND: a watch of the host's own firewall" watch
	quiet
	try "$KIND: nobody is banned" reaches "$outsider" 198.51.100.10
	ipset add bans 203.0.113.200
	try "$KIND: a ban holds" until_true refused "$outsider" 198.51.100.10
	try "$KIND: for nobody else" reaches "$allowed" 198.51.100.10
	ipset del bans 203.0.113.200
	try "$KIND: and ends" until_true reaches "$outsider" 198.51.100.10
	try "$KIND: that watch ends" stop
	clear_tables
	ipset destroy bans
done

# ---- the host's own firewall in ip_tables, and Docker in nf_tables ----
KIND=nft
clear_tables
load docker-28.5 && load docker-28.5.ipv6 ip6tables
iptables-legacy -A INPUT -i ens3 -s 203.0.113.123 -j REJECT
ip6tables-legacy -A INPUT -i ens3 -s 2001:db8:113::99 -j REJECT
write_conf <<-'END'
outside  = { "ens3" }
unlisted = "host-firewall"
END
# Sooner than the next look that has no reason.
soon() {
	local since=$EPOCHREALTIME
	until_true "$@" && [ $((${EPOCHREALTIME/./} - ${since/./})) -lt 3500000 ]
}
try "a watch of the other backend" watch
quiet
try "who is not banned there gets in" reaches "$outsider" 198.51.100.10
iptables-legacy -A INPUT -i ens3 -s 203.0.113.200 -j REJECT
try "a ban there holds soon" soon refused "$outsider" 198.51.100.10
quiet
iptables-legacy -D INPUT 1
try "and ends as soon" soon reaches "$allowed" 198.51.100.10
try "that watch ends as well" stop

# ---- a new network of a Docker that writes no rules, whose containers nobody may address directly ----
KIND=nft
clear_tables
write_conf <<-'END'
outside = { "ens3" }
direct  = "refuse"
END
new_network() {
	bridge br-0123456789ab 172.30.0.1/24 fd00:30::1/64 &&
		join second br-0123456789ab 172.30.0.2/24 fd00:30::2/64 172.30.0.1 fd00:30::1
}
closed() { refused "$outsider" 172.30.0.2 && refused "$outsider" fd00:30::2; }
open() { reaches "$outsider" 172.30.0.2 && reaches "$outsider" fd00:30::2; }
listen=0.0.0.0 port=5432
try "dockerd writes no rules" dockerd --iptables=false --ip6tables=false
try "a watch of direct = refuse" watch
quiet
no_events
try "a network is made" new_network
serve second 80
try "its containers are closed" until_true closed
try "which is reported" event '.event == "repaired" and .culprit == null'
try "that watch ends" stop
clear_tables
try "without it they are open" open
end "$dockerd"
ip netns delete second
ip link delete br-0123456789ab

# ---- an interface is renamed: its rules match nothing any more ----
KIND=nft
clear_tables
load docker-28.5 && load docker-28.5.ipv6 ip6tables
write_conf <<-'END'
outside = { "ens3" }
publish "80/tcp" { allow = { "203.0.113.123" } }
END
renamed() { ip link set "$1" down && ip link set "$1" name "$2" && ip link set "$2" up; }
holds() { refused "$outsider" 198.51.100.10; }
try "a watch of a publish section" watch
sleep 2
no_events
try "the outside interface is renamed" renamed ens3 wan0
try "which is reported" event '.event == "wrong" and (.findings | any(.id == "interface-missing"))'
no_events
try "its name comes back" renamed wan0 ens3
try "which is reported as well" event '.event == "right"'
try "that watch of it ends" stop
holds() { dockfw 0 --check; }

# Without these settings, there is no look without news; ip_tables is compared every second.
KIND=nft
idle() {
	local looks
	looks=$(looks) && sleep 12 && [ "$looks" -ge 1 ] && [ "$(looks)" = "$looks" ]
}
# What the watch has counted, as it was at its last look.
looks() { sed -n "s/^dockfw_watch_looks_total //p" "$WORK/prom"; }
counts() {
	"$DOCKFW" -f "$CONF" -b nft --watch --format=prometheus -o "$WORK/prom" >"$WORK/events" 2>"$WORK/err" &
	watch=$!
	until_true holds
}
clear_tables
load docker-28.5 && two_rules
try "a watch of rules only" counts
quiet
try "looks only after changes" idle
try "it ends" stop
finish
