#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks while others prepare long transactions that the kernel refuses in the end. Their rules
# are for a moment in the lists that the kernel numbers its rules by, without a new generation:
# a listing then has rules twice, or lacks some. A check sees the chain as it is, or says that it
# could not be read; so does a trace, which reads a table of others.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
KIND=nft RULES=2000 ROUNDS=${ROUNDS:-40}

source_of() { echo "10.$1.$(($2 / 250)).$(($2 % 250))"; }
many_rules() {
	local i
	printf 'guard = "off"\nfamilies = { "ipv4" }\nchain "DOCKER-USER" { rules = {\n'
	for ((i = 0; i < RULES; i++)); do
		printf '\t"-s %s -j DROP"%s\n' "$(source_of 1 $i)" "$([ $i = $((RULES - 1)) ] || echo ,)"
	done
	printf '} }\n'
}
# The last command fails, and so does all of it.
in_vain() { # FAMILY TABLE CHAIN
	local i
	for ((i = 0; i < RULES; i++)); do
		echo "insert rule $1 $2 $3 ip saddr $(source_of 9 $i) accept"
	done
	echo "delete rule $1 $2 $3 handle 999999"
}
table_of_others() {
	local i
	printf 'table inet fence {\n chain in {\n type filter hook forward priority -1;\n'
	for ((i = 0; i < RULES; i++)); do echo "ip saddr $(source_of 2 $i) drop"; done
	printf '}\n}\n'
}
disturb() { # FILE
	while [ ! -e "$WORK/done" ]; do nft -f "$1" >/dev/null 2>&1 && echo written >>"$WORK/written"; done
}
# Each run gives what a run in peace gives, or says why not.
always() { # STATUS OPTION…
	local i status
	"$DOCKFW" -f "$CONF" -b nft "${@:2}" >"$WORK/peace" 2>&1
	[ $? = "$1" ] || { cat "$WORK/peace"; return 1; }
	rm -f "$WORK"/{done,written}
	disturb "$WORK/vain.user" & others=$!
	disturb "$WORK/vain.fence" & others+=" $!"
	for ((i = 0; i < ROUNDS; i++)); do
		"$DOCKFW" -f "$CONF" -b nft "${@:2}" >"$WORK/out" 2>&1
		status=$?
		[ "$status" != 3 ] || ! grep -q 'changed .* while they were read' "$WORK/out" || continue
		cmp -s "$WORK/peace" "$WORK/out" && continue
		echo "run $i: status $status" && head -n 5 "$WORK/out"
		break
	done
	touch "$WORK/done"
	# shellcheck disable=SC2086 # process ids
	wait $others
	[ "$i" = "$ROUNDS" ] && [ ! -e "$WORK/written" ]
}

write_conf < <(many_rules)
load docker-26
table_of_others | nft -f -
in_vain ip filter DOCKER-USER >"$WORK/vain.user"
in_vain inet fence in >"$WORK/vain.fence"
try "a repair" dockfw 0 --repair
try "a check sees the rules as they are" always 0
try "and so does a trace of a packet that the last rule of others drops" \
	always 0 --trace from "$(source_of 2 $((RULES - 1)))" in lo to 172.17.0.2 tcp 80
finish
