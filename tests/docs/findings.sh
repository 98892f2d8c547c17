#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every finding is in the man page and in the README, with the same severity in both,
# and nothing else is.
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

sed -nE 's/^\t\[[A-Z_]+\] = \{ "([a-z-]+)".*/\1/p' src/model/finding.c >"$WORK/program"
section man/dockfw-check.8 FINDINGS | sed -nE 's/^\.It Ic ([a-z-]+) Pq ([a-z]+)$/\1 \2/p' >"$WORK/man"
# shellcheck disable=SC2016 # Markdown, not a command
sed -nE 's/^\| `([a-z-]+)` \| (critical|warning|unknown|ok)[:;| ].*/\1 \2/p' README.md >"$WORK/readme"
same_set "findings in the man page" 23 "$WORK/program" <(cut -d' ' -f1 "$WORK/man")
same_set "findings in the README" 23 "$WORK/program" <(cut -d' ' -f1 "$WORK/readme")
same_set "their severities" 23 "$WORK/man" "$WORK/readme"

# The program knows these ids.
{
	echo "ignore = {"
	sed 's/\(.*\) .*/    "\1",/; $s/,$//' "$WORK/man"
	echo "}"
} >"$WORK/all.conf"
holds "each id can be ignored" "$DOCKFW" --check-config -f "$WORK/all.conf"
# It warns of those that can be critical, as the README says.
sed -nE 's/.*ignore has .([a-z-]+).,.*/\1/p' "$WORK/out" >"$WORK/warned"
# shellcheck disable=SC2016 # Markdown, not a command
sed -nE 's/^\| `([a-z-]+)` \| [^|]*critical[^|]*\|.*/\1/p' README.md >"$WORK/critical"
same_set "ids that can be critical" 10 "$WORK/critical" "$WORK/warned"
# The list has the worst severity of each.
same_set "ids that are listed as critical" 10 "$WORK/critical" \
	<("$DOCKFW" --list-findings | awk '$1 == "critical" { print $2 }')
echo 'ignore = { "no-such-id" }' >"$WORK/none.conf"
refuses "another id cannot" "$DOCKFW" --check-config -f "$WORK/none.conf"
finish
