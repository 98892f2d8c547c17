#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compares the walk of packets with the kernel: generated rulesets, real packets from
# an outside namespace, and where they come out. WALK_FIRST and WALK_RULESETS choose
# the first seed and the number of rulesets.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

first=${WALK_FIRST:-1} rulesets=${WALK_RULESETS:-120}

routed() { # the same with policy routing
	routes=(routes_up "$family")
	prove "$@"
	local status=$?
	routes=(true)
	return "$status"
}

for KIND in nft legacy; do
	for family in ipv4 ipv6; do
		try "$KIND $family: rules without state, every verdict is the kernel's" \
			prove "$rulesets" 120
		tail -n 1 "$WORK/said"
		try "$KIND $family: rules with state, the kernel contradicts no verdict" \
			prove "$((rulesets / 3))" 120 maybe
		tail -n 1 "$WORK/said"
		try "$KIND $family: policy routing and reverse path filters" routed "$((rulesets / 3))" 120
		tail -n 1 "$WORK/said"
	done
done
finish
