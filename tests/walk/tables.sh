#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compares the walk with the kernel on hosts with nf_tables that an administrator wrote: by
# themselves, beside docker-bridges and the guard, beside iptables rules of either backend, and
# with two uplinks that marks choose between. WALK_FIRST and WALK_TABLES choose the first seed
# and the number of rulesets.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

first=${WALK_FIRST:-1} rulesets=${WALK_TABLES:-6}

agrees() { # WHAT PART…
	try "$KIND $family: $1" prove "$rulesets" 120 "${@:2}"
	tail -n 1 "$WORK/said"
}

both_up() {
	bridges_up
	routes_up "$family"
}

for family in ipv4 ipv6; do
	KIND=nft routes=(bridges_up)
	agrees "an administrator's tables, the kernel contradicts no verdict" own
	agrees "with rules that need time or chance" own vague
	agrees "beside docker-bridges" docker own
	agrees "beside docker-bridges and the guard" docker own guard
	routes=(both_up)
	agrees "with two uplinks and marks" docker own
	routes=(bridges_up)
	for KIND in nft legacy; do
		agrees "beside docker-bridges, the guard and iptables rules" docker own guard beside
	done
done
finish
