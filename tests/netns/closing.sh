#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2119 # dockerd needs no option
# direct = "refuse" and unlisted = "refuse", with real clients: what the configuration
# closes without naming it.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"

hosts_up
docker26() { clear_tables && load docker-26 && load docker-26.ipv6 ip6tables; }
both() { "iptables-$KIND" "$@" && "ip6tables-$KIND" "$@"; }
# The outsider has a route to the container's own address, as a neighbour can have.
direct() { reaches "$outsider" 172.17.0.2 && reaches "$outsider" fd00:17::2; }
direct_refused() { refused "$outsider" 172.17.0.2 && refused "$outsider" fd00:17::2; }
published() { reaches "$outsider" 198.51.100.10 && reaches "$outsider" 2001:db8:51::10; }
# Nothing answers there, but the connection is made.
open_to() { ! refused "$1" 2001:db8:51::10 5432; }
open_here() { "$BUILD/tools/ask" 2001:db8:51::10 5432; [ $? != 1 ]; }
names() { # BRIDGE: both chains refuse what leads to it
	ipt -S DOCKER-USER | grep -q -- "-i ens3 -o $1 " &&
		nft list chain ip dockfw forward | grep -q "iifname \"ens3\" oifname \"$1\""
}
untracked() {
	nft -f - <<-'END'
	table inet raw-test {
		chain pre {
			type filter hook prerouting priority raw;
			tcp dport 80 notrack
			tcp sport 80 notrack
		}
	}
	END
}
# The guard as it was before it had rules for packets without a connection.
older_guard() {
	local family handle found=1
	for family in ip ip6; do
		while read -r handle; do
			nft delete rule $family dockfw forward handle "$handle" && found=0
		done < <(nft -a list chain $family dockfw forward | sed -n '/untracked/s/.*# handle //p')
	done
	return $found
}
loads_again() {
	nft list table ip dockfw >"$WORK/listed" && nft delete table ip dockfw && nft -f "$WORK/listed" &&
		finds 0 ''
}
for KIND in nft legacy; do
	docker26
	write_conf <<-'END'
	outside = { "ens3" }
	direct = "refuse"
	publish "80/tcp" { allow = { "any" } }
	END
	try "$KIND direct: open at first" direct
	try "$KIND direct: a repair" dockfw 0 --repair
	try "$KIND direct: all is right" finds 0 ''
	try "$KIND direct: refused" direct_refused
	try "$KIND direct: the published port is not" published
	try "$KIND direct: nor what the container starts" outgoing
	packets_end
	try "$KIND direct: a second repair is silent" silent dockfw 0 --repair
	both -F DOCKER-USER
	try "$KIND direct: DOCKER-USER flushed: still refused" direct_refused
	try "$KIND direct: and the published port not" published
	untracked
	try "$KIND direct: nor do packets without a connection get through" direct_refused
	older_guard || not_ok "$KIND direct: the guard has rules for them"
	try "$KIND direct: they do, past a guard without a rule for them" direct
	try "$KIND direct: which is a finding" finds 2 'critical rule-missing,warning guard-differs'
	nft delete table inet raw-test
	try "$KIND direct: and mended" dockfw 0 --repair
	try "$KIND direct: what nft has listed is the same again" loads_again
	both -F && both -P FORWARD ACCEPT
	try "$KIND direct: Docker's rules are gone: the bridge is remembered" dockfw 0 --repair
	try "$KIND direct: refused without them" direct_refused
	docker26
	dockfw 0 --repair
	bridge br-0123456789ab 172.30.0.1/16
	ipt -A FORWARD -o br-0123456789ab -j DOCKER
	try "$KIND direct: a new network is found" finds 2 'critical rule-missing,warning guard-differs'
	try "$KIND direct: and closed" dockfw 0 --repair
	try "$KIND direct: by name" names br-0123456789ab
	ipt -D FORWARD -o br-0123456789ab -j DOCKER
	try "$KIND direct: without Docker's rule it stays" finds 0 ''
	ip link delete br-0123456789ab
	try "$KIND direct: without the bridge it is stale" finds 1 'warning rule-stale,warning guard-differs'
	try "$KIND direct: and goes" dockfw 0 --repair
	try "$KIND direct: all is right again" finds 0 ''
	# Without outside, only the bridge itself is inside.
	sed -i 1d "$CONF"
	try "$KIND direct from anywhere: a repair" dockfw 0 --repair
	try "$KIND direct from anywhere: refused" direct_refused
	try "$KIND direct from anywhere: what the container starts" outgoing
done

for KIND in nft legacy; do
	docker26
	ipt -t nat -A DOCKER ! -i docker0 -p tcp --dport 3306 -j DNAT --to-destination 172.17.0.2:80
	write_conf <<-'END'
	outside = { "ens3" }
	unlisted = "refuse"
	publish "80/tcp" { allow = { "203.0.113.123", "2001:db8:113::123" } }
	END
	try "$KIND unlisted: open at first" reaches "$outsider" 198.51.100.10 3306
	try "$KIND unlisted: a repair" dockfw 0 --repair
	try "$KIND unlisted: all is right" finds 0 ''
	try "$KIND unlisted: refused" refused "$outsider" 198.51.100.10 3306
	try "$KIND unlisted: for everyone" refused "$allowed" 198.51.100.10 3306
	try "$KIND unlisted: the listed port is not" reaches "$allowed" 198.51.100.10
	try "$KIND unlisted: nor what the container starts" outgoing
	both -F DOCKER-USER
	try "$KIND unlisted: DOCKER-USER flushed: still refused" refused "$outsider" 198.51.100.10 3306
	dockfw 0 --repair

	# A port that only docker-proxy answers, and one of the host's own.
	proxies=()
	# shellcheck disable=SC2034 # for proxy
	listen=:: port=5432
	dockerd
	proxy -proto tcp -host-ip :: -host-port 5432 -container-ip 172.17.0.2 -container-port 80
	start python3 "$PEERS/answer.py" 9000
	own=$started
	try "$KIND unlisted proxy: open at first" open_to "$outsider"
	try "$KIND unlisted proxy: found" finds 2 'critical guard-differs,critical proxy-bypass'
	try "$KIND unlisted proxy: a repair" dockfw 0 --repair
	try "$KIND unlisted proxy: all is right" finds 0 ''
	try "$KIND unlisted proxy: refused" refused "$outsider" 2001:db8:51::10 5432
	try "$KIND unlisted proxy: the host's own service is not" reaches "$outsider" 2001:db8:51::10 9000
	try "$KIND unlisted proxy: nor the host itself" open_here
	end "$dockerd"
	try "$KIND unlisted proxy: remembered while Docker is stopped" finds 0 ''
	end "${proxies[@]}"
	dockerd
	try "$KIND unlisted proxy: no longer published: stale" finds 1 'warning guard-differs'
	try "$KIND unlisted proxy: a repair" dockfw 0 --repair
	end "$dockerd" "$own"
	write_conf <<<'direct = "refuse"'
	try "$KIND direct by itself: a repair" dockfw 0 --repair
	dockfw 0
	try "$KIND direct by itself: is what is held" grep -q '^OK: DOCKER-USER comes first and holds direct = "refuse" (' "$WORK/out"
done

# ---- no chain names Docker's bridges ----

only_direct() {
	write_conf <<-'END'
	outside = { "ens3" }
	direct = "refuse"
	publish "80/tcp" { allow = { "any" } }
	END
}
# ---- a bridge of Docker's that is itself the way outside ----

# A neighbour on the bridge of the containers, by a port that is a network card.
join neighbour docker0 172.17.0.9/16 fd00:17::9/64 172.17.0.1 fd00:17::1
both_answer() { reaches neighbour 172.17.0.2 && reaches neighbour fd00:17::2; }
leads() { # OUTSIDE WORDS: one finding says so, and what is outside
	printf 'outside = { %s }\ndirect = "refuse"\npublish "80/tcp" { allow = { "any" } }\n' "$1" >"$CONF"
	dockfw 1 --repair && finds 1 'warning rule-not-evaluated' || return 1
	message "a port of the bridge 'docker0', $2, passes to Docker's containers on that bridge ($CONF:2)"
}
by_itself() {
	docker26
	for called in 0 1; do
		ip link set docker0 type bridge nf_call_iptables $called nf_call_ip6tables $called
		try "$KIND bridge of the uplink, $called: what it passes on is not refused" both_answer
		try "$KIND bridge of the uplink, $called: its name" leads '"docker0"' 'which outside names'
		try "$KIND bridge of the uplink, $called: a pattern" leads '"ens3", "docker+"' 'which may lead outside'
		try "$KIND bridge of the uplink, $called: a pattern of its port" leads '"et+"' 'which may lead outside'
		try "$KIND bridge of the uplink, $called: every interface" leads '"+"' 'which may lead outside'
		try "$KIND bridge of the uplink, $called: none is named" leads '' 'which may lead outside'
		try "$KIND bridge of the uplink, $called: nothing is refused" both_answer
	done
	sed -i '1s/.*/outside = { "ens3" }/' "$CONF"
	try "$KIND bridge of the uplink: not if another interface is outside" dockfw 0 --repair
	try "$KIND bridge of the uplink: then all is right" finds 0 ''
	printf '%s\n' 'outside = { "eth1" }' 'direct = "refuse"' >"$CONF"
	try "$KIND bridge of the uplink: its port" dockfw 1 --repair
	try "$KIND bridge of the uplink: two findings" finds 1 'warning rule-not-evaluated,warning rule-not-evaluated'
	try "$KIND bridge of the uplink: of which one says so" message "'docker0', whose port 'eth1' outside names, passes"
	# What the remedy proposes, with a bridge that shows netfilter its packets.
	printf '%s\n' 'outside = { "docker0" }' 'direct = "refuse"' \
		'chain "DOCKER-USER" { rules = { "-m physdev --physdev-in eth1 -p tcp -j REJECT" } }' >"$CONF"
	try "$KIND bridge of the uplink: a rule for the port" dockfw 1 --repair
	try "$KIND bridge of the uplink: refuses" refused neighbour 172.17.0.2
	ip link set docker0 type bridge nf_call_iptables 0 nf_call_ip6tables 0
	clear_tables
}
message() { jq -e --arg text "$1" 'any(.findings[]; .message | contains($text))' "$WORK/out"; }
renamed() { ip link set "$1" down && ip link set "$1" name "$2" && ip link set "$2" up; }
renamed v-neighbour eth1
for KIND in nft legacy; do
	by_itself
done
renamed eth1 v-neighbour
for KIND in nft legacy; do
	docker26
	printf '%s\n' 'direct = "refuse"' >"$CONF"
	dockfw 0 --repair
	try "$KIND containers of the bridge do not lead outside" finds 0 ''
done
ip netns delete neighbour

exposes() { # STATUS TEXT: the report or a warning has it
	dockfw "$1" --exposure --fail-if-open && { grep -qF -- "$2" "$WORK/out" "$WORK/err" || { cat "$WORK/out" "$WORK/err"; return 1; }; }
}
not() { ! "$@"; }

ip address add 2001:db8:17::1/64 dev docker0
ip -n container address add 2001:db8:17::2/64 dev eth0
global() { reaches "$outsider" 2001:db8:17::2; }
for KIND in nft legacy; do
	clear_tables
	only_direct
	try "$KIND no chains: dockerd makes none" dockerd --iptables=false --ip6tables=false
	try "$KIND no chains: open at first" direct
	try "$KIND no chains: to the internet" global
	try "$KIND no chains: which --exposure knows" exposes 2 '[2001:db8:17::/64]:*/*'
	bridge virbr0 192.168.122.1/24
	bridge lxcbr0 10.0.3.1/24
	try "$KIND no chains: a repair" dockfw 0 --repair
	try "$KIND no chains: all is right" finds 0 ''
	try "$KIND no chains: refused" direct_refused
	try "$KIND no chains: from the internet" refused "$outsider" 2001:db8:17::2
	try "$KIND no chains: --exposure agrees" exposes 0 '[2001:db8:17::/64]:*/*'
	try "$KIND no chains: what the container starts is not" outgoing
	try "$KIND no chains: no other bridge is taken for Docker's" not grep -E 'virbr0|lxcbr0' \
		<(tables; nft list ruleset)
	ip link delete virbr0
	ip link delete lxcbr0
	# A network may have a name of its own: then docker-proxy leads to it.
	bridge mine 172.20.0.1/16
	proxies=()
	# shellcheck disable=SC2034 # for proxy
	listen=127.0.0.1 port=8443
	proxy -proto tcp -host-ip 127.0.0.1 -host-port 8443 -container-ip 172.20.0.2 -container-port 80
	try "$KIND no chains: a bridge of another name is found" finds 2 'critical guard-differs,critical rule-missing'
	try "$KIND no chains: and closed" dockfw 0 --repair
	try "$KIND no chains: by name" names mine
	end "${proxies[@]}"
	ip link delete mine
	try "$KIND no chains: it goes" dockfw 0 --repair
	renamed docker0 mine
	try "$KIND no chains, no name: nothing is refused" dockfw 1 --repair
	try "$KIND no chains, no name: which is a finding" finds 1 'warning docker-chains-missing'
	try "$KIND no chains, no name: it says so" message 'direct = "refuse" refuses nothing'
	try "$KIND no chains, no name: --exposure does not know" exposes 1 'its networks are not known'
	try "$KIND no chains, no name: also for a program" dockfw 0 --exposure --format=json
	try "$KIND no chains, no name: it is told" jq -e '.unknown[] | test("its networks")' "$WORK/out"
	renamed mine docker0
	ip address add 172.17.0.1/16 dev docker0 2>/dev/null
	ip address add fd00:17::1/64 dev docker0
	ip address add 2001:db8:17::1/64 dev docker0
	end "$dockerd"

	# A flush takes what named them, and what remembered them.
	docker26
	dockerd
	try "$KIND flush: a repair before" dockfw 0 --repair
	clear_tables
	both -P FORWARD ACCEPT
	try "$KIND flush: --exposure knows the network" exposes 2 '[2001:db8:17::/64]:*/*'
	try "$KIND flush: and says that chains are missing" exposes 2 'dockerd runs without'
	try "$KIND flush: a repair" dockfw 2 --repair
	try "$KIND flush: what is left" finds 2 'critical docker-chains-missing'
	try "$KIND flush: refused" direct_refused
	try "$KIND flush: chains are still missing" exposes 1 'dockerd runs without'
	try "$KIND flush: a monitor" dockfw 1 --exposure --format=nagios
	try "$KIND flush: is told" grep -q '^DOCKFW WARNING - IPv4: dockerd runs without' "$WORK/out"
	end "$dockerd"
	try "$KIND flush: unless Docker is stopped" exposes 0 '0 published ports'
done

# ---- a link on the way to the client takes smaller packets than all others ----

# The router reports this to the server, in an ICMP error about a reply of a connection.
# shellcheck disable=SC2086 # a list
far_up() {
	ip netns add far && ip netns exec far sysctl -qw $hosts_settings &&
		ip link add far0 netns outsider mtu 1300 type veth peer name eth0 netns far &&
		ip -n outsider address add 203.0.114.1/24 dev far0 &&
		ip -n outsider address add 2001:db8:114::1/64 dev far0 && ip -n outsider link set far0 up &&
		ip -n far address add 203.0.114.5/24 dev eth0 &&
		ip -n far address add 2001:db8:114::5/64 dev eth0 && ip -n far link set eth0 up &&
		ip -n far route add default via 203.0.114.1 &&
		ip -n far -6 route add default via 2001:db8:114::1 &&
		ip route add 203.0.114.0/24 via 203.0.113.200 &&
		ip route add 2001:db8:114::/64 via 2001:db8:113::200
}
# Port 8443 is port 83 of the container, which sends much.
much() {
	docker26 && ipt -t nat -A DOCKER ! -i docker0 -p tcp --dport 8443 -j DNAT --to-destination 172.17.0.2:83 &&
		"ip6tables-$KIND" -t nat -A DOCKER ! -i docker0 -p tcp --dport 8443 \
			-j DNAT --to-destination '[fd00:17::2]:83' &&
		ipt -A DOCKER -d 172.17.0.2 ! -i docker0 -o docker0 -p tcp --dport 83 -j ACCEPT &&
		"ip6tables-$KIND" -A DOCKER -d fd00:17::2 ! -i docker0 -o docker0 -p tcp --dport 83 -j ACCEPT
}
fetches() { # PORT ADDRESS…: all of it, though the container does not know yet which packets are too big
	local port=$1 to
	shift
	for to; do
		ip -n container route flush cache && ip -n container -6 route flush cache &&
			ip netns exec far python3 "$PEERS/push.py" "$to" "$port" || return 1
	done
}
echoed() { # ADDRESS: it answers an echo request of the client
	ip netns exec far python3 - "$1" <<-'END'
	import socket, sys
	icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
	icmp.settimeout(1)
	icmp.sendto(bytes([8, 0, 0xf7, 0xff]) + bytes(4), (sys.argv[1], 0))
	sys.exit(icmp.recv(100)[20] != 0)
	END
}
fetches_published() { fetches 8443 198.51.100.10 2001:db8:51::10; }
fetches_direct() { fetches 83 172.17.0.2 fd00:17::2; }

try "far: a client beyond a smaller link" far_up
exec {said}< <(exec ip netns exec container python3 "$PEERS/push.py" 83 </dev/null 2>/dev/null)
read -r -u "$said"
for KIND in nft legacy; do
	much
	try "$KIND far: all of it arrives at first" fetches_published
	try "$KIND far: also directly" fetches_direct
	for GUARD in off auto; do
		write_conf <<-'END'
		outside = { "ens3" }
		unlisted = "refuse"
		publish "8443/tcp" { allow = { "any" } }
		END
		try "$KIND far, unlisted, guard $GUARD: a repair" dockfw 0 --repair
		try "$KIND far, unlisted, guard $GUARD: all of it arrives" fetches_published
	done
	both -F DOCKER-USER
	try "$KIND far, unlisted: also past the guard only" fetches_published
	try "$KIND far, unlisted: which refuses a port without a section" refused far 198.51.100.10
	dockfw 0 --repair
	# What has no connection is not let in: here all protocols are translated.
	ip address add 198.51.100.11/24 dev ens3
	ipt -t nat -I PREROUTING -d 198.51.100.11 -j DNAT --to-destination 172.17.0.2
	ipt -I FORWARD 2 -d 172.17.0.2 -p icmp -j ACCEPT
	try "$KIND far, unlisted: an echo request is refused" not echoed 198.51.100.11
	ipt -D FORWARD -j DOCKER-USER
	nft delete table ip dockfw
	try "$KIND far, unlisted: it is answered without the rules" echoed 198.51.100.11
	ip address delete 198.51.100.11/24 dev ens3
	much
	write_conf <<-'END'
	outside = { "ens3" }
	direct = "refuse"
	chain "DOCKER-USER" { rules = { "-i ens3 -p tcp --dport 83 -j RETURN" } }
	END
	try "$KIND far, direct: a repair" dockfw 0 --repair
	try "$KIND far, direct: all of it arrives" fetches_direct
	both -F DOCKER-USER
	try "$KIND far, direct: also past the guard only" fetches_direct
	try "$KIND far, direct: which refuses the other port" refused far 172.17.0.2
done
finish
