#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every rule of the lists here, by the installed iptables and by this program:
# accepted or refused alike, listed alike.
here=$(dirname "$(readlink -f "$0")")
if [ "$(id -u)" != 0 ]; then
	echo "ok 1 - rules # SKIP needs root"
	exit 77
fi
n=0
for backend in nft legacy; do
	n=$((n + 1))
	if "$here/compare.sh" "${BUILD:-$here/../../build}/tools/spec-tool" "$backend"; then
		echo "ok $n - $backend"
	else
		echo "not ok $n - $backend"
	fi
done | tee /dev/stderr | grep -q '^not ok' && exit 1
exit 0
