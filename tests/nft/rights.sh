#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Without the capability that it needs: one line that names it.
. "$(dirname "$0")/lib.sh"
command -v setpriv >/dev/null || skip "no setpriv"
chmod 755 "$WORK"
cp "$TOOL" "$WORK/tool"

one_line() { [ "$(wc -l <"$WORK/out")" = 1 ] || fail "more than one line"; }

expect 1 'cannot read nf_tables: Operation not permitted; run as root (CAP_NET_ADMIN)$' \
	setpriv --reuid 65534 --regid 65534 --clear-groups "$WORK/tool" dump filter
one_line
expect 1 'Operation not permitted; run as root (CAP_NET_ADMIN)$' \
	setpriv --bounding-set -net_admin --inh-caps -net_admin "$TOOL" dump filter
one_line
# It needs no other.
expect 0 '' setpriv --bounding-set -all,+net_admin --inh-caps -all "$TOOL" dump filter
