#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch reports what becomes wrong while something else is wrong that stays, and what of it
# goes, also where nobody can be named.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

reports() { event ".event == \"wrong\" and .culprit == null and (.findings | any(.id == \"$1\")) and (.findings | any(.id == \"interface-missing\"))"; }
# What is left is the warning, which was reported before.
only_warns() { event '.event == "wrong" and (.findings | map(.id) | unique == ["interface-missing"])'; }
number() { grep -c '"event":"wrong"' "$WORK/events"; }
# It comes and goes: some reports at once, and then one in a while.
turns() {
	for _ in {1..10}; do
		ipt -F DOCKER-USER && sleep 1.1 && load docker-28.5 && two_again && sleep 1.1
	done
	[ "$(number)" -ge 4 ] && [ "$(number)" -le 12 ]
}
two_again() {
	ipt -A DOCKER-USER -i ens9 -p tcp --dport 80 -s 203.0.113.123 -j RETURN &&
		ipt -A DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT
}

# ip_tables announces nothing, so nobody is named.
KIND=legacy
if ! iptables-legacy -t raw -S >/dev/null 2>&1; then
	echo "ok 1 - the whole suite # SKIP this kernel has no ip_tables"
	exit 77
fi
GUARD=off write_conf <<-'END'
	families = { "ipv4" }
	docker-recovery = "none"
	chain "DOCKER-USER" {
	    rules = {
	        "-i ens9 -p tcp --dport 80 -s 203.0.113.123 -j RETURN",
	        "-i ens3 -p tcp --dport 80 -j REJECT"
	    }
	}
END
holds() { dockfw 1 --check; }
clear_tables
load docker-28.5 && two_again
try "dry run: where an interface is missing" watch --dry-run
try "dry run: that is reported" only_warns
sleep 1.5
no_events
ipt -F DOCKER-USER
try "dry run: a flush of DOCKER-USER is reported" reports rule-missing
no_events
try "dry run: its rules come back" two_again
try "dry run: that is reported as well" only_warns
sleep 2.5
no_events
sleep 2.5
try "dry run: nothing is reported twice" [ ! -s "$WORK/events" ]
try "dry run: what comes and goes is not reported each time" turns
try "dry run: the end" stop

try "dockerd runs" dockerd
clear_tables
load docker-28.5
try "a watch that repairs" watch
try "reports the interface" only_warns
sleep 1.5
no_events
ipt -t nat -F && ipt -t nat -X
try "Docker's chains of nat go, which is reported" reports docker-chains-missing
no_events
try "they come back" load docker-28.5
try "which is reported" only_warns
try "the end" stop
end "$dockerd"
finish
