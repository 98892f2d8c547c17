#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compares the walk of packets through the guard with the kernel, as proof.sh does:
# generated rules in the table dockfw beside those of iptables, with either backend.
# WALK_FIRST and WALK_RULESETS choose the first seed and the number of rulesets.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

first=${WALK_FIRST:-1} rulesets=${WALK_RULESETS:-60}

for KIND in nft legacy; do
	for family in ipv4 ipv6; do
		try "$KIND $family: with a guard, every verdict is the kernel's" prove "$rulesets" 120 guard
		tail -n 2 "$WORK/said"
	done
done
finish
