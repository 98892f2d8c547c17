#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 10,000 published ports and 1,000 rules in DOCKER-USER: the memory for the exposure
# grows with their sum, not with their product.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

ports=10000
# A sanitizer keeps freed memory for a while, and pads every allocation.
export ASAN_OPTIONS=quarantine_size_mb=1:${ASAN_OPTIONS:-}
limit=65536
! grep -q __asan_init "$SHOW" || limit=$((4 * limit))

listing() { # KIND-OF-RULES
	awk -v ports="$ports" -v kind="$1" 'BEGIN {
		print "*nat\n:PREROUTING ACCEPT\n:DOCKER -"
		print "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"
		for (i = 0; i < ports; i++)
			printf "-A DOCKER ! -i docker0 -p tcp -m tcp --dport %d -j DNAT --to-destination 172.17.%d.%d:%d\n",
				10000 + i, 1 + int(i / 1000), 1 + int(i / 5) % 200, 80 + i % 5
		print "COMMIT\n*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:DOCKER -\n:DOCKER-USER -"
		print "-A FORWARD -j DOCKER-USER\n-A FORWARD -o docker0 -j DOCKER"
		for (i = 0; i < ports; i++)
			printf "-A DOCKER -d 172.17.%d.%d/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport %d -j ACCEPT\n",
				1 + int(i / 1000), 1 + int(i / 5) % 200, 80 + i % 5
		for (i = 0; i < 1000; i++) {
			source = (1 + i % 200) "." int(i / 200) * 16 ".0.0/16"
			if (kind == "members")
				break
			if (kind == "sources")
				printf "-A DOCKER-USER -s %s -j DROP\n", source
			else if (kind == "ports")
				printf "-A DOCKER-USER -p tcp -m conntrack --ctorigdstport %d --ctdir ORIGINAL -s %s -j DROP\n",
					10000 + 7 * i, source
			else if (i % 2)
				printf "-A DOCKER-USER -p tcp -m multiport --dports %d,%d -s %s -j %s\n",
					80 + i % 5, 80 + i % 3, source, i % 4 == 1 ? "RETURN" : "DROP"
			else
				printf "-A DOCKER-USER -m limit --limit 5/sec -s %s -j DROP\n", source
		}
		print "COMMIT"
	}'
}

bounded() { # KIND-OF-RULES: a set for each port would take ten times as much
	listing "$1" | on_host "iptables-$KIND-restore" || return 1
	gives 2 on_host "$SHOW" "$KIND" times || return 1
	cat "$WORK/out"
	awk -v ports="$ports" -v limit="$limit" '{ exit !($1 == ports && $8 < limit) }' "$WORK/out"
}

# A list of a thousand networks, which 2,000 ports and their containers share, is more text than may be kept in
# memory.
shared() {
	ports=2000
	write_conf </dev/null
	listing sources | on_host "iptables-$KIND-restore" || return 1
	on_host "$BUILD/tools/peak" "$DOCKFW" -f "$CONF" -b "$KIND" --exposure --format=json 2>&1 >"$WORK/json" |
		tee "$WORK/peak"
	ports=10000
	[ "$(stat -c %s "$WORK/json")" -gt 100000000 ] && [ "$(grep -oE '[0-9]+' "$WORK/peak" | tail -n 1)" -lt "$limit" ]
}

# A set of 50,000 addresses in a rule for each of 500 containers: the addresses are kept once, and what
# is left of all others, too.
members() {
	awk 'BEGIN {
		print "create bad hash:ip maxelem 50000"
		for (i = 0; i < 50000; i++) printf "add bad %d.%d.%d.9\n", 20 + i / 2500, i / 10 % 250, i % 10
	}' | on_host ipset restore || return 1
	ports=500
	{
		listing members
		echo '*filter'
		awk 'BEGIN { for (i = 0; i < 500; i++)
			printf "-A DOCKER-USER -d 172.17.1.%d/32 -p tcp --dport %d -m set --match-set bad src -j DROP\n",
				1 + int(i / 5), 80 + i % 5 }'
		echo COMMIT
	} | on_host "iptables-$KIND-restore" --noflush || return 1
	write_conf </dev/null
	on_host "$BUILD/tools/peak" "$DOCKFW" -f "$CONF" -b "$KIND" --exposure -q 2>&1 | tee "$WORK/peak"
	on_host "$DOCKFW" -f "$CONF" -b "$KIND" --exposure >"$WORK/out"
	ports=10000
	[ "$(grep -c 'answers dnat .* open to ANYONE but members of set bad ' "$WORK/out")" = 500 ] &&
		[ "$(grep -oE '[0-9]+' "$WORK/peak" | tail -n 1)" -lt "$limit" ]
}

for KIND in nft legacy; do
	net_down
	net_up
	for rules in sources ports both; do
		try "$KIND: $ports ports, rules by $rules" bounded "$rules"
		cat "$WORK/said"
	done
done
KIND=nft
net_down
net_up
try "$KIND: the JSON is never kept as one text" shared
net_down
net_up
try "$KIND: a large set in many rules" members
finish
