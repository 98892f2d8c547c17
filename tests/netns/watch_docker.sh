#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch brings Docker's own chains back: whichever part of them is lost, and whatever has
# been written meanwhile.
# shellcheck disable=SC2086 # the words of a rule
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

# Docker's rules and FORWARD's policy, without the program's own.
docker_rules() {
	local command table
	for command in iptables ip6tables; do
		for table in filter nat; do
			"$command-$KIND" -t "$table" -S | grep -E "DOCKER|docker0|^-P FORWARD" | grep -v DOCKER-USER
		done
	done
}
# same [FILE]: as they were then.
same() { docker_rules | diff "$WORK/${1:-before}" -; }
# lose NAME COMMAND…: what the command breaks comes back.
lose() {
	local name=$1
	shift
	no_events
	"$@"
	try "$KIND: $name: brought back" event '.event == "restored"'
	try "$KIND: $name: as it was" until_true same
	try "$KIND: $name: the port works" until_true reaches "$allowed" 198.51.100.10
	try "$KIND: $name: for nobody else" refused "$outsider" 198.51.100.10
	compared
}
# A copy is taken a second after the last write.
compared() { until_true holds && sleep 2; }

docker_chains() { ipt -F DOCKER && ipt -t nat -F DOCKER; }
# dockerd was in the middle of writing.
half() {
	ipt -F && ipt -P FORWARD ACCEPT
	ipt -A DOCKER ! -i docker0 -o docker0 -j DROP
	ipt -A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
}

# swap ONE OTHER: both containers were restarted, and now have these addresses.
swap() {
	local name
	end "${proxies[@]}"
	proxies=()
	for name in filter nat; do
		"iptables-$KIND-save" -t $name |
			sed -E 's/(-d|to-destination) 172\.17\.0\.2/\1 X/; s/172\.17\.0\.3/172.17.0.2/; s/X/172.17.0.3/' |
			"iptables-$KIND-restore" || return 1
	done
	port=80 proxy_of 80 "$1" && port=81 proxy_of 81 "$2"
}
# The other container's rule in filter.
third="-d 172.17.0.3 ! -i docker0 -o docker0 -p tcp --dport 80 -j ACCEPT"

hosts_up
proxy_of() { proxy -proto tcp -host-ip 0.0.0.0 -host-port "$1" -container-ip "$2" -container-port 80; }
for KIND in nft legacy; do
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	two_rules
	listen=0.0.0.0 port=80 proxies=()
	try "$KIND: dockerd" dockerd
	try "$KIND: a docker-proxy" proxy_of 80 172.17.0.2
	try "$KIND: the watch starts" watch
	compared
	docker_rules >"$WORK/before"
	lose "-F, half of it written again, and the policy" half
	[ "$KIND" = legacy ] || lose "the rules of DOCKER, but no jump" docker_chains

	# ---- what dockerd removes itself ----
	ipt -t nat -A DOCKER ! -i docker0 -p tcp --dport 81 -j DNAT --to-destination 172.17.0.3:80
	ipt -I DOCKER $third
	port=81
	try "$KIND: another container" proxy_of 81 172.17.0.3
	compared
	try "$KIND: two containers swap their addresses" swap 172.17.0.3 172.17.0.2
	docker_rules >"$WORK/swapped"
	# Longer than dockerd has to write its rules again itself.
	sleep 7
	try "$KIND: no rule of their old addresses comes back" same swapped
	no_events
	ipt -t nat -F
	try "$KIND: the rules of both are lost" event '.event == "restored"'
	try "$KIND: only those of their addresses now come back" same swapped
	try "$KIND: they swap again" swap 172.17.0.2 172.17.0.3
	first=("${proxies[0]}")
	compared
	no_events
	end "${proxies[@]:1}"
	ipt -D DOCKER $third
	ipt -t nat -F
	try "$KIND: a container ends while its rules are lost" event '.event == "restored"'
	try "$KIND: its rule does not come back" until_true same
	end "${first[@]}" "$dockerd"
	try "$KIND: the watch ends" stop
done

# The backend is found, and may be another one than the iptables command's: after a flush of
# all, the copy comes back to where it was, and to nowhere else.
flush_all() {
	local command table
	for command in iptables ip6tables; do
		for table in filter nat; do
			"$command-$KIND" -t "$table" -F && "$command-$KIND" -t "$table" -X || return 1
		done
	done
}
nowhere_else() { ! KIND=$other docker_rules | grep DOCKER; }
for KIND in nft legacy; do
	other=legacy
	[ "$KIND" = nft ] || other=nft
	for left in '' ', DOCKER-USER in the other'; do
		clear_tables
		load docker-28.5 && load docker-28.5.ipv6 ip6tables
		[ -z "$left" ] || "iptables-$other" -N DOCKER-USER
		two_rules
		echo 'ignore = { "backend-split" }' >>"$CONF" # of the DOCKER-USER
		listen=0.0.0.0 port=80
		try "found, $KIND$left: dockerd" dockerd
		try "found, $KIND$left: a docker-proxy" proxy_of 80 172.17.0.2
		try "found, $KIND$left: the watch starts" eval 'KIND=auto watch'
		sleep 2
		docker_rules >"$WORK/before"
		no_events
		flush_all
		try "found, $KIND$left: all is flushed: brought back" event '.event == "restored"'
		try "found, $KIND$left: as it was" until_true same
		try "found, $KIND$left: and nowhere else" nowhere_else
		try "found, $KIND$left: the port works" until_true reaches "$allowed" 198.51.100.10
		try "found, $KIND$left: for nobody else" refused "$outsider" 198.51.100.10
		try "found, $KIND$left: a check finds nothing" eval 'KIND=auto until_true holds'
		end "$dockerd" "$started"
		try "found, $KIND$left: the watch ends" stop
	done
done
finish
