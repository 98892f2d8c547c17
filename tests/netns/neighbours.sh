#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Random hosts on which other programs have rules (fail2ban, CrowdSec, ufw, libvirt,
# Tailscale, kube-proxy, native nft, an administrator): captured, repaired, written to by a
# neighbour, flushed, repaired. Nobody gets in, and nobody is shut out, because this program
# runs: the same day without it is the judge. HOSTS is how many, SEED the first.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
HOSTS=${HOSTS:-2} SEED=${SEED:-1}
export DOCKFW LAYOUTS WORK

hosts_up && join ordinary ens3 203.0.113.50/24 2001:db8:113::50/64 203.0.113.1 2001:db8:113::1 || exit 1
exec {said}< <(exec python3 "$TESTS/answer.py" 22 </dev/null 2>/dev/null)
read -r -u "$said" && exec {said}<&-
if ! ipset create probe hash:ip || ! ipset destroy probe; then
	echo "ok 1 - the whole suite # SKIP this kernel has no sets"
	exit 77
fi
for KIND in nft legacy; do
	for ((host = SEED; host < SEED + HOSTS; host++)); do
		try "$KIND: host $host" python3 "$TESTS/neighbours.py" "$KIND" "$host"
	done
done
finish
