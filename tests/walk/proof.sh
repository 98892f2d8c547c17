#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The walk of packets against the kernel: generated rulesets, real packets from
# a namespace outside, and where they come out. WALK_FIRST and WALK_RULESETS
# choose others, and more.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

first=${WALK_FIRST:-1} rulesets=${WALK_RULESETS:-250}

prove() { # RULESETS PACKETS [maybe]
	# Each starts anew: what one backend holds filters beside the other, and a
	# packet that was sent before is no new connection.
	net_down
	net_up
	"${routes[@]}"
	"$PROOF" "$family" "$KIND" "$client" "$host" "$box" "$GENERATE" "$first" "$@" 2>&1 |
		tail -40
	return "${PIPESTATUS[0]}"
}

routed() { # the same behind policy routing
	routes=(routes_up "$family")
	prove "$@"
	local status=$?
	routes=(true)
	return "$status"
}

routes=(true)
for KIND in nft legacy; do
	for family in ipv4 ipv6; do
		try "$KIND $family: rules without state, each verdict as the kernel's" \
			prove "$rulesets" 120
		tail -n 1 "$WORK/said"
		try "$KIND $family: rules with state, no verdict that the kernel contradicts" \
			prove "$((rulesets / 3))" 120 maybe
		tail -n 1 "$WORK/said"
		try "$KIND $family: policy routing and filters of the way back" routed "$((rulesets / 3))" 120
		tail -n 1 "$WORK/said"
	done
done
finish
