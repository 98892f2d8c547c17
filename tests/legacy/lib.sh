# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced first by each test of the ip_tables backend, see tests/backend.sh.

TOOL=legacy-backend NEEDED=(iptables-legacy ip6tables-legacy flock python3 ps strace)
# shellcheck source=tests/backend.sh
. "${BASH_SOURCE[0]%/*}/../backend.sh"

# A kernel may have no legacy tables; this registers one, only in this namespace.
need_legacy() {
	iptables-legacy -t raw -S >/dev/null 2>&1 || skip "this kernel has no ip_tables"
}

# One packet over loopback.
packet() { echo x >/dev/udp/127.0.0.1/9; }
