#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch, on a host in a namespace: what others break is repaired at once, and the report
# names who broke it.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

has_table() { nft list table "$1" dockfw; }
guard_counts() { nft list table ip dockfw | grep -o 'packets [0-9]* bytes [0-9]*'; }
owned() { nft -j list table "$1" dockfw | jq -e '[.. | .flags? // empty | tostring] | any(test("owner"))'; }

# Rules that depend on what the host has.
closing_rules() {
	write_conf <<-'END'
	outside  = { "ens3" }
	unlisted = "refuse"
	direct   = "refuse"
	publish "80/tcp" { allow = { "203.0.113.123" } }
	END
}

# A system bus of the test's own: /run is.
bus() {
	mkdir -p /run/dbus && cat >"$WORK/bus.conf" <<-'END'
	<busconfig>
	  <type>system</type>
	  <listen>unix:path=/run/dbus/system_bus_socket</listen>
	  <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
	    <allow send_type="signal"/><allow send_requested_reply="true"/><allow receive_sender="*"/></policy>
	</busconfig>
	END
	start dbus-daemon --config-file="$WORK/bus.conf" --nofork --nopidfile --print-address=1
}
reloaded() {
	dbus-send --system --type=signal /org/fedoraproject/FirewallD1 org.fedoraproject.FirewallD1.Reloaded &&
		grep 'firewalld has reloaded' "$WORK/reported"
}

hosts_up
try "a system bus" bus
KIND=nft
load docker-28.5 && load docker-28.5.ipv6 ip6tables
closing_rules
nft 'add table ip dockfw; add table ip6 dockfw { flags dormant; }'
try "tables with the guard's name, without chains: a watch" watch
try "without chains: IPv4 has its guard" until_true owned ip
try "without chains: IPv6 has its guard" until_true owned ip6
try "without chains: another client is refused" refused "$outsider" 198.51.100.10
try "without chains: it ends" stop
# Nor does a table with another name keep the watch from owning the guard.
nft 'add table ip dockfw-probe; delete table ip dockfw; delete table ip6 dockfw'
try "a table dockfw-probe: a watch" watch
try "a table dockfw-probe: the guard belongs to it" until_true owned ip
try "a table dockfw-probe: it ends" stop
for KIND in nft legacy; do
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	for rules in closing_rules two_rules; do
		$rules
		try "$KIND, $rules: a repair by hand" dockfw 0 --repair
		try "$KIND, $rules: a watch where all is right" watch
		try "$KIND, $rules: the guard of the repair belongs to it" until_true owned ip
		try "$KIND, $rules: it ends" stop
		try "$KIND, $rules: and had nothing to report" [ ! -s "$WORK/events" ]
	done
	ipt -F DOCKER-USER
	try "$KIND: a watch repairs at its start" watch -v
	try "$KIND: and reports it" event '.event == "repaired" and (.findings | any(.id == "rule-missing"))'
	try "$KIND: a client that may is served" reaches "$allowed" 198.51.100.10
	try "$KIND: another one is not" refused "$outsider" 198.51.100.10

	: >"$WORK/events"
	ipt -F DOCKER-USER
	try "$KIND: a flush is repaired" until_true holds
	if [ "$KIND" = nft ]; then
		try "nft: the culprit is named" event '.culprit.name == "iptables-nft" or (.culprit.name | startswith("iptables"))'
		try "nft: and what it did" event '.culprit.removed == 2 and (.culprit.chains | index("ip filter DOCKER-USER"))'
		try "nft: the guard belongs to the watch" owned ip
		try "nft: nobody else can delete it" gives 1 nft delete table ip dockfw
		nft flush ruleset
		try "nft: it outlives a flush of everything" has_table ip6
		load docker-28.5 && load docker-28.5.ipv6 ip6tables
		try "nft: and the rest is repaired" until_true holds
		try "nft: a check beside the watch finds nothing" holds
		ipt -I FORWARD -j ACCEPT
		try "nft: a rule before DOCKER-USER" until_true holds
		ipt -D FORWARD -j ACCEPT
	fi
	# ---- Docker's own chains ----
	try "$KIND: dockerd runs" dockerd
	ipt -N probe && ipt -X probe
	docker_rules() {
		local command table
		for command in iptables ip6tables; do
			for table in filter nat raw; do
				"$command-$KIND" -t "$table" -S | grep -E "DOCKER|docker0" | grep -v DOCKER-USER
			done
		done
	}
	docker_rules >"$WORK/before"
	try "$KIND: with rules to keep" grep -q "DNAT" "$WORK/before"
	sleep 3 # it keeps them once they have been quiet
	: >"$WORK/events"
	clear_tables
	try "$KIND: Docker's chains are brought back" event '.event == "restored"'
	try "$KIND: and the port works again" until_true reaches "$allowed" 198.51.100.10
	try "$KIND: for nobody else" refused "$outsider" 198.51.100.10
	same() { docker_rules | diff "$WORK/before" -; }
	try "$KIND: with the same rules" same
	try "$KIND: and the container reaches the outside" outgoing
	end "$dockerd"

	if [ "$KIND" = legacy ]; then
		try "legacy: firewalld's signal is taken" until_true reloaded
	else
		try "nft: the bus is not needed" gives 1 grep bus "$WORK/reported"
	fi
	try "$KIND: steps are not repeated" gives 0 test -z "$(sort "$WORK/reported" | uniq -d | grep backend)"

	try "$KIND: a second watch ends" gives 3 "$DOCKFW" -f "$CONF" -b "$KIND" --watch
	try "$KIND: and names the first" grep -q "another watch already runs (pid $watch)" "$WORK/err"

	try "$KIND: a removal beside it is refused" dockfw 3 --remove
	try "$KIND: with the reason" grep -q "a watch runs (pid $watch)" "$WORK/err"

	: >"$WORK/events"
	sed -i 's/203.0.113.123/203.0.113.200/' "$CONF"
	try "$KIND: a new configuration is in force" until_true reaches "$outsider" 198.51.100.10
	sed -i 's/-j REJECT/-j REJCT/' "$CONF"
	kill -HUP "$watch"
	try "$KIND: a broken one is reported" until_true grep -q REJCT "$WORK/reported"
	try "$KIND: and the last one stays in force" reaches "$outsider" 198.51.100.10
	try "$KIND: SIGTERM ends the watch" stop
	try "$KIND: the rules stay" reaches "$outsider" 198.51.100.10
	# ---- the next watch ----
	if [ "$KIND" = nft ]; then
		ipt -I DOCKER-USER -j ACCEPT
		try "nft: without it, the guard refuses" refused "$allowed" 198.51.100.10
		ipt -D DOCKER-USER -j ACCEPT
		guard_counts >"$WORK/counts"
		try "nft: and counts" grep -q 'packets [1-9]' "$WORK/counts"
		two_rules && sed -i 's/203.0.113.123/203.0.113.200/' "$CONF"
		try "nft: the next watch takes the guard over" watch
		try "nft: it is its own" until_true owned ip
		counts_on() { guard_counts | diff "$WORK/counts" -; }
		try "nft: it goes on counting" counts_on
		try "nft: and ends" stop
	fi

	# ---- what no repair mends ----
	write_conf <<<'chain "DOCKER-USER" { rules = { "-i nosuch0 -j DROP" } }'
	holds() { dockfw 1 --check; }
	try "$KIND: a rule for an interface that is missing" watch
	for rule in 1 2 3; do
		ipt -A DOCKER-USER -s 192.0.2.$rule -j DROP
		sleep 1.2
	done
	try "$KIND: is reported" event '.event == "wrong" and (.findings | any(.id == "interface-missing"))'
	not_right() { ! grep '"event":"right"' "$WORK/events"; }
	try "$KIND: and never called right" not_right
	try "$KIND: the end of that watch" stop
	sed -i '1i ignore = { "interface-missing" }' "$CONF"
	holds() { dockfw 0 --check; }
	try "$KIND: the same, ignored" watch
	not_wrong() { ! grep interface-missing "$WORK/events"; }
	ipt -A DOCKER-USER -s 192.0.2.9 -j DROP
	sleep 1.2
	try "$KIND: is in no event" not_wrong
	try "$KIND: and that ends as well" stop
done

# ---- signals that come before anything else ----
# pending SIGNAL OPTION…: starts the program with the signal pending.
pending() {
	"$(command -v python3)" -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
os.execv(sys.argv[2], sys.argv[2:])' "$1" "$DOCKFW" -f "$CONF" -b nft "${@:2}" >"$WORK/events" 2>"$WORK/reported" &
	watch=$!
}
# ends_with STATUS SIGNAL OPTION…
ends_with() { pending "${@:2}" && gives "$1" wait "$watch"; }
reloads() { pending SIGHUP --watch && until_true holds && sleep 1 && kill -0 "$watch"; }
KIND=nft
clear_tables
load docker-28.5 && two_rules
try "SIGTERM before the watch is ready ends it as later" ends_with 0 SIGTERM --watch
try "without a word" [ ! -s "$WORK/reported" ]
try "so does SIGINT" ends_with 0 SIGINT --watch
try "SIGHUP does not" reloads
try "that watch ends" stop
try "a check is ended by it" ends_with 1 SIGTERM --check

# ---- where Docker filters in tables of its own ----
KIND=nft
clear_tables
bridges() { nft "add table ip docker-bridges; add chain ip docker-bridges filter-FORWARD { type filter hook forward priority 0; }"; }
try "docker-bridges" bridges
write_conf <<<'publish "80/tcp" { interface = "ens3" allow = { "203.0.113.123" } }'
holds() { nft list chain ip dockfw forward | grep reject; }
try "docker-bridges: the watch makes the guard" watch
try "docker-bridges: and owns it" owned ip
sleep 1
no_events
nft add rule ip docker-bridges filter-FORWARD counter
try "docker-bridges: what Docker writes causes a look" event '.culprit.chains == ["ip docker-bridges filter-FORWARD"]'
clear_tables
try "docker-bridges: the guard outlives a flush" holds
try "docker-bridges: the end" stop
finish
