#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compares the walk with the kernel on hosts where other tables mark, translate, drop and
# exempt from tracking: nf_tables of every family and hook, and the other backend; with
# and without two uplinks that marks choose between. WALK_FIRST and WALK_OTHERS choose
# the first seed and the number of rulesets.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

first=${WALK_FIRST:-1} rulesets=${WALK_OTHERS:-8}

for KIND in nft legacy; do
	for family in ipv4 ipv6; do
		routes=(true)
		try "$KIND $family: beside other tables, the kernel contradicts no verdict" \
			prove "$rulesets" 120 others
		tail -n 1 "$WORK/said"
		routes=(routes_up "$family")
		try "$KIND $family: and with two uplinks and marks" prove "$rulesets" 120 others
		tail -n 1 "$WORK/said"
	done
done
finish
