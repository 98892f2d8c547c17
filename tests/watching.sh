# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced after lib.sh: one watch that runs beside a test. Its events go to $WORK/events, what it
# reports besides to $WORK/reported; its PID is $watch.

# watch OPTION…: starts one that prints JSON. Returns when it has looked once.
watch() {
	: >"$WORK/events"
	"$DOCKFW" -f "$CONF" -b "$KIND" --watch --format=json "$@" >>"$WORK/events" 2>"$WORK/reported" &
	watch=$!
	until_true holds
}
stop() { kill -TERM "$watch" && gives 0 wait "$watch"; }
# until_true COMMAND…: waits until the command succeeds, for at most 20 s.
until_true() {
	local _
	for _ in {1..400}; do
		"$@" && return
		sleep 0.05
	done >/dev/null 2>&1
	echo "not so after 20 s: $*"
	cat "$WORK/events" "$WORK/reported"
	return 1
}
holds() { dockfw 0 --check; }
# event FILTER: an event with that was reported.
event() { until_true jq -es "any(.[]; $1)" "$WORK/events"; }
no_events() { : >"$WORK/events"; }
