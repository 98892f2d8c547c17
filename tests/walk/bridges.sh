#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compares the walk with the kernel on hosts where Docker filters in docker-bridges: every form
# of these tables that dockerd 29 has, random ones, and ones with pieces missing. WALK_FIRST,
# WALK_FORMS and WALK_RULESETS choose the first seed and the number of rulesets; 128 are all
# forms.
# shellcheck source=tests/walk/lib.sh
. "${0%/*}/lib.sh"

first=${WALK_FIRST:-1} KIND=nft
forms=${WALK_FORMS:-16} rulesets=${WALK_RULESETS:-8}
routes=(bridges_up)

# agrees WHAT RULESETS PACKETS PART…
agrees() {
	try "$family: $1" prove "${@:2}"
	tail -n 1 "$WORK/said"
}

for family in ipv4 ipv6; do
	agrees "every form of docker-bridges, every verdict is the kernel's" "$forms" 60 docker forms exact
	agrees "random networks, likewise" "$rulesets" 120 docker exact
	agrees "tables with pieces missing, likewise" "$rulesets" 120 docker broken exact
done
finish
