#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The keys of JSON and the names of metrics and perfdata are in the man page.
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

section man/dockfw-check.8 OUTPUT | awk '/^\.Ss / { which = $2 } { print which, $0 }' >"$WORK/output"
in_output() # FORMAT: the names in its lists
{
	sed -nE "s/^$1 \.It Ic (.*)/\1/p" "$WORK/output" | tr -d ' ' | tr ',' '\n'
}

grep -hoE '\<(set|json_set_checked)\([a-z._]+, "[a-z_]+"' src/report/report_json.c src/report/report_walk_json.c src/report/report_removal.c src/cmd_*.c | sed 's/.*"\(.*\)"/\1/' >"$WORK/keys"
same_set "keys of the json reports" 40 "$WORK/keys" <(in_output json)

grep -hoE 'describe\(out, "[a-z_]+"' src/report/report_prometheus.c | sed 's/.*"\(.*\)"/dockfw_\1/' >"$WORK/metrics"
same_set "metrics" 9 "$WORK/metrics" <(in_output prometheus)
grep -ohE '\<dockfw_[a-z_]+' conf/prometheus-dockfw.yml >"$WORK/used"
subset "metrics of the alert rules" 2 "$WORK/used" "$WORK/metrics"
if command -v promtool >/dev/null; then
	holds "promtool accepts the alert rules" promtool check rules conf/prometheus-dockfw.yml
else
	echo "ok - promtool accepts the alert rules # SKIP no promtool"
fi

grep -oE "'[a-z_]*(%s)?[a-z_]*'=" src/report/report_nagios.c | sed -e "s/'//g" -e 's/=//' -e 's/%s/ipv4/' >"$WORK/perfdata"
subset "labels of the perfdata" 4 "$WORK/perfdata" <(sed -nE 's/^nagios \.Ql ([a-z0-9_]+)( ,)?$/\1/p' "$WORK/output")

# The keys that the program itself prints, in a case that does not need root.
"$DOCKFW" --format=json -f "$WORK/none" 2>/dev/null | sed -nE 's/^  "([a-z]+)":.*/\1/p' >"$WORK/printed"
subset "keys that are printed" 8 "$WORK/printed" "$WORK/keys"
"$DOCKFW" --format=prometheus -f "$WORK/none" 2>/dev/null | sed -nE 's/^(dockfw_[a-z_]+).*/\1/p' >"$WORK/printed"
subset "metrics that are printed" 3 "$WORK/printed" "$WORK/metrics"
finish
