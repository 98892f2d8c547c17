#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Libraries that are loaded at their first use: a run that does not need one does not load it,
# and one that needs a missing one says which.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "${0%/*}/../hosts.sh"
GUARD=off

file_of() { realpath "$(ldconfig -p | sed -n "s|.*$1.* => ||p" | head -n 1)"; }
# hide LIBRARY: its file cannot be loaded, until show LIBRARY.
hide() { mount --bind "$WORK/empty" "$(file_of "$1")"; }
show() { umount "$(file_of "$1")"; }
opens() { strace -f -o "$WORK/trace" -e trace=openat "$DOCKFW" -f "$CONF" -b nft "${@:2}" >/dev/null; grep -q "/$1.*= [0-9]" "$WORK/trace"; }
leaves() { ! opens "$@"; }
says() { grep -qE -- "$1" "$WORK/err" || { echo "not reported: $1"; cat "$WORK/out" "$WORK/err"; return 1; }; }

: >"$WORK/empty"
KIND=nft
load docker-28.5
two_rules
try "a repair" dockfw 0 --repair
try "a report as json loads libjansson" opens libjansson --format=json
for library in libjansson libip4tc libip6tc; do
	try "a check does not load $library" leaves $library
done
hide libjansson
try "without libjansson, a check as text" dockfw 0
try "as json it ends with an error" dockfw 3 --format=json
try "which names the library" says "cannot read or write JSON: .*; install the library 'libjansson.so"
show libjansson

clear_tables
KIND=legacy
load docker-28.5
try "a repair with libiptc" opens libip4tc --backend=legacy --repair
try "it leaves nothing to do" dockfw 0
hide libip4tc
try "without libip4tc, a check ends with an error" dockfw 3
try "which names the library" says "cannot read tables of ip_tables: .*; install the library 'libip4tc.so"
try "a search for Docker does not take it for absent" gives 3 "$DOCKFW" -f "$CONF"
finish
