#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Without the privileges that it needs: one line that names them.
. "$(dirname "$0")/lib.sh"
need_legacy
command -v setpriv >/dev/null || skip "no setpriv"
iptables-legacy -S >/dev/null
chmod 755 "$WORK"
: >"$XTABLES_LOCKFILE"
chmod 600 "$XTABLES_LOCKFILE"
cp "$TOOL" "$WORK/tool"

nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$WORK/tool" "$@"; }
without() { setpriv --bounding-set "-$1" --inh-caps "-$1" "$TOOL" "${@:2}"; }
one_line() { [ "$(wc -l <"$WORK/out")" = 1 ] || fail "more than one line"; }

expect 3 "cannot open '/proc/net/ip_tables_names': Permission denied; run as root" \
	nobody dump filter
one_line
expect 3 "'$XTABLES_LOCKFILE': Permission denied; run as root" nobody idle
one_line
expect 3 'Operation not permitted; run as root (CAP_NET_ADMIN)' without net_admin dump filter
one_line
expect 0 '' without net_raw dump filter
