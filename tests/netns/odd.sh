#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tables as nft makes them and iptables never does: what looks correct there but is
# never evaluated by the kernel is not correct.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
GUARD=off # the guard has a suite of its own

KIND=nft
write_conf <<-'END'
chain "DOCKER-USER" { rules = { "-i ens3 -s 203.0.113.123 -j RETURN", "-i ens3 -j DROP" } }
END
right() { clear_tables; load docker-28.5 && dockfw 0 --repair; }
# told ID PATTERN: the finding has a message like that, and is not repairable.
told() {
	jq -e --arg id "$1" --arg part "$2" \
		'any(.findings[]; .id == $id and (.message | contains($part)) and (.repairable | not))' "$WORK/out" &&
		return
	cat "$WORK/out"
	return 1
}
# forward BASE: loads FORWARD as it is now, with another line for its hook.
forward() {
	nft list table ip filter | sed "/chain FORWARD/,/}/ s/type filter hook.*/$1/" >"$WORK/made" &&
		nft delete table ip filter && nft -f "$WORK/made"
}
# A snooping bridge sends a packet of its own (IGMP) some time later, which OUTPUT would count.
ip link delete ens3 && ip link add ens3 type veth peer name outside && ip link set outside up && ip addr add 198.51.100.10/24 dev ens3 && ip link set ens3 up &&
	ip link add docker0 type bridge mcast_snooping 0 && ip addr add 172.17.0.1/16 dev docker0 && ip link set docker0 up &&
	ip route add default dev ens3 && echo 1 >/proc/sys/net/ipv4/ip_forward
# verdict WORD: the verdict on a packet for the published port.
verdict() {
	dockfw 0 --trace 'from 203.0.113.200 in ens3 tcp 80' || return 1
	grep "verdict: $1" "$WORK/out" || { cat "$WORK/out"; return 1; }
}

try "a correct host" right
nft 'add table ip filter { flags dormant; }'
try "a dormant table: found" finds 2 'critical user-jump-missing'
try "a dormant table: reported" told user-jump-missing dormant
try "a dormant table: a repair writes nothing" silent dockfw 2 --repair
try "a dormant table: no packet is dropped by it" verdict forwarded
ipt -D FORWARD -j DOCKER-USER
try "a dormant table: what is wrong in it is repaired" dockfw 2 --repair
nft add table ip filter
try "a dormant table: so it is correct once it is active again" finds 0 ''
try "a dormant table: and drops" verdict dropped

right
try "FORWARD is not a base chain" forward ''
try "FORWARD is not a base chain: found" finds 2 'critical user-jump-missing'
try "FORWARD is not a base chain: reported" told user-jump-missing 'base chain'
try "FORWARD is not a base chain: a repair writes nothing" silent dockfw 2 --repair
right
try "FORWARD at another hook" forward 'type filter hook input priority 0; policy accept;'
try "FORWARD at another hook: found" finds 2 'critical user-jump-missing'
right
try "FORWARD of another type" forward 'type route hook output priority 0; policy accept;'
try "FORWARD of another type: found" finds 2 'critical user-jump-missing'

# Without Docker everything that is wrong is one finding: what a repair changes may come
# before what it cannot change.
clear_tables
nft 'add table ip filter; add chain ip filter DOCKER-USER; add chain ip filter FORWARD
	add rule ip filter FORWARD counter jump DOCKER-USER; add rule ip filter FORWARD counter jump DOCKER-USER'
write_conf <<<'families = { "ipv4" }'
try "no Docker, a FORWARD without a hook that jumps twice: found" finds 3 'unknown docker-absent'
mendable() { jq -e '[.findings[].repairable] == [true]' "$WORK/out"; }
try "no Docker, a FORWARD without a hook that jumps twice: the finding is repairable" mendable
two_rules

clear_tables
load docker-28.5
ipt -D FORWARD -j DOCKER-USER
ipt -X DOCKER-USER
nft 'add chain ip filter DOCKER-USER { type filter hook forward priority -5; }'
try "DOCKER-USER is a base chain: found" finds 2 'critical user-chain-missing'
try "DOCKER-USER is a base chain: reported" told user-chain-missing 'base chain'
try "DOCKER-USER is a base chain: nothing is written" silent dockfw 2 --repair
sed -i 's/^guard = "off"/guard = "auto"/' "$CONF"
try "DOCKER-USER is a base chain: the guard is put in" dockfw 2 --repair
try "DOCKER-USER is a base chain: and holds" verdict refused

# Nobody's rule that no chain of FORWARD can have: the kernel takes no jump to it.
clear_tables
load docker-28.5
ipt -D FORWARD -j DOCKER-USER
ipt -A DOCKER-USER -m owner --uid-owner 5 -j DROP
try "a rule that the kernel refuses in FORWARD: the port is open" verdict forwarded
try "… the repair fails" dockfw 3 --repair
try "… and reports which edit" grep -q "insert rule 1 of the chain 'FORWARD'.*of this batch, nothing was written" "$WORK/out"
try "… the guard is put in all the same" grep -q '; apart from that, repaired with' "$WORK/out"
try "… and holds" verdict refused

# One that would accept: the guard cannot hold it either, and does without it. The ban keeps the
# configured rules after it.
clear_tables
load docker-28.5
ipt -D FORWARD -j DOCKER-USER
ipt -F DOCKER-USER
ipt -A DOCKER-USER -m owner --uid-owner 0 -j ACCEPT
ipt -A DOCKER-USER -s 203.0.113.123 -j DROP
try "such a rule that accepts: the port is open" verdict forwarded
try "… the repair fails" dockfw 3 --repair
try "… the guard is put in without it" grep -q '; apart from that, repaired with' "$WORK/out"
try "… the reason is reported" grep -q "'DOCKER-USER' has or leads to may not be used" "$WORK/out"
try "… and holds" verdict refused
kept() { ipt -S DOCKER-USER | grep -q -- '--uid-owner 0 -j ACCEPT'; }
try "… the rule is left where it is" kept
nft list table ip dockfw >"$WORK/guard"
again() { dockfw 3 --repair && nft list table ip dockfw | diff "$WORK/guard" -; }
try "… a second repair changes nothing" again
# ---- a host without /dev/null ----

# without COMMANDS ARGUMENT…: in a mount namespace where these commands have run first.
without() {
	local program=$DOCKFW DOCKFW=$WORK/without
	printf '#!/bin/sh\nunshare --mount sh -c '\''%s && exec "$@"'\'' - %s "$@"\n' "$1" "$program" >"$DOCKFW"
	chmod +x "$DOCKFW"
	dockfw "${@:2}"
}
errors() { grep -qF -- "$1" "$WORK/err" || { cat "$WORK/err"; return 1; }; }
write_conf <<-'END'
outside = { "ens3" }
publish "80/tcp" { allow = { "203.0.113.123" } }
unlisted = "refuse"
END
try "without /dev/null" without 'mount -t tmpfs none /dev' 3 --check
try "the error names that file" errors "a process for reading rules failed: cannot open '/dev/null': No such file or directory"
finish
